"""Recordings: what a file is found to be, clips packed into one file, and their samples in any order."""

import hashlib

import numpy as np
import pandas as pd
import pytest
import soundfile

from data_prep.common import recordings
from shared.audio.signals import AudioError

RATE = 8000


@pytest.fixture
def integers():
    return np.random.default_rng(0).integers(-32768, 32768, 900, dtype=np.int16)


def sha256(integers):
    return hashlib.sha256(f"8000:{len(integers)}:".encode() + integers.astype("<i2").tobytes()).hexdigest()[:16]


def test_as_published(tmp_path, integers):
    soundfile.write(tmp_path / "a.wav", integers, RATE, subtype="PCM_16")
    assert recordings.read_recording(tmp_path / "a.wav", RATE) == recordings.Recording(
        tmp_path / "a.wav", 0, 900, sha256(integers)
    )


@pytest.mark.parametrize("subtype", ["PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
def test_more_bits_hold_the_same_samples(tmp_path, integers, subtype):
    soundfile.write(tmp_path / "a.wav", integers / 32768, RATE, subtype=subtype)
    found = recordings.read_recording(tmp_path / "a.wav", RATE)
    assert found.form.startswith("8,000 Hz, 1 channel, ")
    assert (found.n_samples, found.sha256) == (900, sha256(integers))


def test_stereo_is_averaged(tmp_path, integers):
    soundfile.write(tmp_path / "a.wav", np.stack([integers, integers], axis=1), RATE, subtype="PCM_16")
    found = recordings.read_recording(tmp_path / "a.wav", RATE)
    assert found.form == "8,000 Hz, 2 channels, 16 bit"
    assert (found.n_samples, found.sha256) == (900, sha256(integers))


def test_another_rate_is_converted(tmp_path, integers):
    soundfile.write(tmp_path / "a.wav", integers, 44100, subtype="PCM_U8")
    found = recordings.read_recording(tmp_path / "a.wav", RATE)
    assert found.form == "44,100 Hz, 1 channel, 8 bit"
    assert found.n_samples == 164  # ceil(900 * 8000 / 44100)


def test_bad_file_gives_a_reason(tmp_path, integers):
    soundfile.write(tmp_path / "a.wav", np.full(9, np.nan), RATE, subtype="FLOAT")
    found = recordings.read_recording(tmp_path / "a.wav", RATE)
    assert found.error.startswith("9 of 9 samples are NaN")  # without the path: the caller names the file
    assert found.sha256 == ""
    assert "no such file" in recordings.read_recording(tmp_path / "b.wav", RATE).error


@pytest.fixture
def pack(tmp_path, integers):
    """Clips of 400, 1 and 499 samples in one file, and where they lie."""
    clips = pd.DataFrame({"offset": [0, 400, 401], "n_samples": [400, 1, 499]})
    signals = [integers[a : a + n].astype(np.float32) / 32768 for a, n in clips.itertuples(index=False)]
    recordings.write_pack(tmp_path / "pack.flac", signals, RATE)
    return tmp_path / "pack.flac", clips


def test_pack_is_lossless(pack, integers):
    path, clips = pack
    written, rate = soundfile.read(path, dtype="int16")
    assert rate == RATE
    assert np.array_equal(written, integers)
    assert soundfile.info(path).format == "FLAC"
    found = recordings.read_pack(path, clips, RATE)
    assert [(r.offset, r.n_samples) for r in found] == [(0, 400), (400, 1), (401, 499)]
    assert [r.sha256 for r in found] == [sha256(integers[a : a + n]) for a, n in clips.itertuples(index=False)]


def test_clip_past_the_end_of_a_pack(pack):
    path, clips = pack
    found = recordings.read_pack(path, clips.assign(n_samples=[400, 1, 500]), RATE)
    assert [r.error for r in found] == ["", "", "the file ends after 900 samples, too early"]


def test_signals_come_in_the_frames_order(pack, integers, monkeypatch):
    path, clips = pack
    opened, load_audio = [], recordings.load_audio
    monkeypatch.setattr(recordings, "load_audio", lambda *args: opened.append(args) or load_audio(*args))
    signals = recordings.read_signals(clips.assign(path=str(path)).iloc[[2, 0]], RATE)
    assert opened == [(str(path), RATE)]  # decoded once
    assert [signal.dtype for signal in signals] == [np.float32] * 2
    assert np.array_equal(signals[0] * 32768, integers[401:])
    assert np.array_equal(signals[1] * 32768, integers[:400])
    assert all(signal.base is None and signal.flags.writeable for signal in signals)  # keep no whole file alive
    assert recordings.read_signals(clips.assign(path=str(path)).iloc[:0], RATE) == []


def test_file_that_has_become_shorter(pack):
    path, clips = pack
    with pytest.raises(AudioError, match=r"pack\.flac: has 900 samples, expected 901; it has changed since"):
        recordings.read_signals(clips.assign(path=str(path), n_samples=[400, 1, 500]), RATE)
