"""Descriptions are kept, made anew where they are damaged or the file has changed, and are the same either way."""

import numpy as np
import soundfile

from shared.audit.split import extraction
from shared.audit.split.extraction import describe_all
from tests.shared.audit.split.conftest import RATE_HZ, sound


def same(one, other):
    texts = (one.file_hash, one.content_hash, one.seconds) == (other.file_hash, other.content_hash, other.seconds)
    return texts and all(
        np.array_equal(getattr(one, name), getattr(other, name)) for name in ("features", "screen", "print")
    )


def test_kept_descriptions_are_the_same_and_damaged_ones_are_made_anew(tmp_path, cache, monkeypatch):
    path = tmp_path / "a.wav"
    soundfile.write(path, sound(0), RATE_HZ)
    (first,) = describe_all([path], "reading")
    (kept,) = cache.rglob("*.print")
    with monkeypatch.context() as patch:
        patch.setattr(extraction, "describe_file", None)  # not called
        assert same(describe_all([path], "reading")[0], first)
    whole = kept.read_bytes()
    for damaged in (b"", whole[:100], whole[:-1], whole[:-1] + bytes([whole[-1] ^ 1]), b"no json\n"):
        kept.write_bytes(damaged)
        assert same(describe_all([path], "reading")[0], first)
        assert kept.read_bytes() == whole


def test_a_changed_file_is_read_again(tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, sound(0), RATE_HZ)
    (first,) = describe_all([path], "reading")
    soundfile.write(path, sound(1, seconds=2), RATE_HZ)
    (second,) = describe_all([path], "reading")
    assert first.content_hash != second.content_hash


def test_samples_and_their_file_are_described_alike(tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, sound(0), RATE_HZ, subtype="FLOAT")
    by_file, by_samples = describe_all([path, (sound(0), RATE_HZ)], "reading", n_jobs=1, keep=False)
    assert by_file.content_hash == by_samples.content_hash
    np.testing.assert_array_equal(by_file.print, by_samples.print)
