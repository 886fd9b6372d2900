"""A recording that is decoded a window after another gives what the whole signal gives."""

import tracemalloc

import numpy as np
import pytest
import soundfile

from shared.audio import files
from shared.audio.long_recordings import hear
from shared.audio.signals import AudioError, load_audio, segments

RATE_HZ = 16000


@pytest.fixture(params=["WAV", "MP3"])
def path(tmp_path, request, monkeypatch):
    """Three seconds in stereo, which are decoded in blocks of 617 samples."""
    monkeypatch.setattr(files, "STREAMED_SAMPLES", 1234)
    signal = 0.1 * np.random.default_rng(0).standard_normal((3 * RATE_HZ + 5, 2))
    soundfile.write(tmp_path / "a", signal, RATE_HZ, format=request.param)
    return tmp_path / "a"


@pytest.mark.parametrize(("n_samples", "hop"), [(3000, None), (3000, 1000), (1000, 3000), (RATE_HZ, 700), (90_000, 1)])
def test_windows_are_cut_from_the_signal(path, n_samples, hop):
    signal, heard = load_audio(path, 22050), hear(path, 22050)
    assert heard.n_samples == signal.size
    assert heard.seconds == signal.size / 22050
    starts = range(0, signal.size - n_samples + 1, hop or n_samples)
    found = list(heard.windows(n_samples, hop))
    assert len(found) == len(starts)
    for start, window in zip(starts, found, strict=True):
        np.testing.assert_array_equal(window, signal[start : start + n_samples])
    if hop is None:
        np.testing.assert_array_equal(found, segments(signal, 22050, n_samples / 22050))


def test_crops_are_cut_from_the_signal(path):
    signal = load_audio(path, 8000)
    starts = [20_000, 0, 11, 11, signal.size - 5, signal.size]
    found = hear(path, 8000).crops(starts, 900)
    padded = np.pad(signal, (0, 900))
    np.testing.assert_array_equal(found, [padded[start : start + 900] for start in starts])


def test_what_is_refused(tmp_path, path):
    with pytest.raises(AudioError, match=r"a: lasts 3 s; at least 3\.5 s are needed"):
        hear(path, RATE_HZ, least_seconds=3.5)
    with pytest.raises(AudioError, match=r"a: lasts more than 2\.5 s"):
        hear(path, RATE_HZ, most_seconds=2.5)
    soundfile.write(tmp_path / "b.wav", np.zeros(3 * RATE_HZ), RATE_HZ)
    with pytest.raises(AudioError, match=r"b\.wav: is silent"):
        hear(tmp_path / "b.wav", RATE_HZ)


def test_memory_does_not_grow_with_the_recording(tmp_path):
    second = 0.1 * np.random.default_rng(0).standard_normal(RATE_HZ)
    soundfile.write(tmp_path / "a.wav", np.tile(second, 300), RATE_HZ)
    tracemalloc.start()
    heard = hear(tmp_path / "a.wav", 8000)
    n_windows = sum(1 for _ in heard.windows(4000))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert n_windows == 600
    assert peak < 300 * 8000 * 4  # bytes of the signal
