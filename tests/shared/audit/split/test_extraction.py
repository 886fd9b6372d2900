"""Descriptions are kept, made anew where they are damaged or the file has changed, and are the same either way."""

import errno
import os

import numpy as np
import pytest
import soundfile

from shared.audit.split import extraction
from shared.audit.split.extraction import describe_all
from shared.audit.split.fingerprints import Description
from shared.audit.split.loading import clips_of_index
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


@pytest.mark.parametrize("fault", ["a file", "read-only", "full"])
def test_a_cache_that_cannot_be_written_sets_nothing_aside(folder, cache, monkeypatch, capsys, fault):
    """Neither for files nor for samples; one note for all of them."""
    expected = clips_of_index(folder.index())
    error = {"read-only": errno.EROFS, "full": errno.ENOSPC}.get(fault)
    if fault == "a file":
        monkeypatch.setenv("AUDIO_REPRODUCTIONS_CACHE", str(folder.index()))
    else:
        monkeypatch.setenv("AUDIO_REPRODUCTIONS_CACHE", str(cache / fault))
        monkeypatch.setattr(os, "fsync", lambda descriptor: (_ for _ in ()).throw(OSError(error, "as said")))
    clips = clips_of_index(folder.index())
    assert clips.set_aside == ()
    assert clips.content_hashes == expected.content_hashes
    described = describe_all([(sound(n), RATE_HZ) for n in range(4)], "reading")
    assert not any(one.error for one in described)
    note = capsys.readouterr().err
    assert note.count("note: ") == 1
    assert f"in the cache folder {os.environ['AUDIO_REPRODUCTIONS_CACHE']} nothing can be kept: " in note


def test_what_is_described_already_stays():
    known = Description(error="no such file")
    assert describe_all([known, (sound(0), RATE_HZ)], "reading", keep=False)[0] is known


def test_a_bad_recording_is_set_aside_and_named(folder):
    """Each in its words, and the others are audited."""
    for name, fault in BAD.items():
        path = folder.root / f"{name}.wav"
        folder.add(path.name, sound(90), "label 0", "train", "g")
        fault(path)
    clips = clips_of_index(folder.index())
    assert len(clips) == 12
    reasons = dict(clips.set_aside)
    assert reasons.keys() == {f"{name}.wav" for name in BAD}
    assert "the header says 1.500 s, the file holds 1.4" in reasons["cut off.wav"]
    assert "samples reach 1e+30 times full scale" in reasons["spike.wav"]
    assert "its channels cancel each other" in reasons["cancelled.wav"]
    assert "has 1 Hz by its header" in reasons["1 Hz.wav"]
    assert "cannot be decoded beyond" in reasons["piped.wav"]


def piped(path):
    """A flac file without a length, cut off."""
    soundfile.write(path, sound(91), RATE_HZ, format="FLAC")
    content = bytearray(path.read_bytes())
    content[21:26] = bytes([content[21] & 0xF0, 0, 0, 0, 0])
    path.write_bytes(content[: len(content) // 2])


BAD = {
    "cut off": lambda path: path.write_bytes(path.read_bytes()[:-2000]),
    "spike": lambda path: soundfile.write(path, np.float32([0, 1e30] * 9000), RATE_HZ, subtype="FLOAT"),
    "cancelled": lambda path: soundfile.write(path, np.stack([sound(92), -sound(92)], axis=1), RATE_HZ),
    "1 Hz": lambda path: soundfile.write(path, sound(93), 1),
    "piped": piped,
}


def test_a_joined_recording_is_read_whole(tmp_path):
    soundfile.write(tmp_path / "a.mp3", sound(0), RATE_HZ)
    (alone,) = describe_all([tmp_path / "a.mp3"], "reading")
    (tmp_path / "b.mp3").write_bytes((tmp_path / "a.mp3").read_bytes() * 2)
    (both,) = describe_all([tmp_path / "b.mp3"], "reading")
    assert (alone.seconds, both.seconds) == (1.5, 3.0)
