"""MFCCs against python_speech_features: golden values made with it, and the library itself where it is installed."""

import dataclasses
import os
from pathlib import Path

import numpy as np
import pytest

from data_prep.corpora import fsdd
from reproductions.pascuo_multilabel import mfcc as module
from reproductions.pascuo_multilabel.mfcc import PsfSettings, mel_filters, mfcc
from tests.reproductions.pascuo_multilabel import golden

# The transform is in single precision; the weakest filter that it serves lies 60 dB below its frame (module docstring).
TOLERANCE = 1e-4
EXACT = 1e-5  # in double precision only the rounding of the result to float32 is left
FULL = PsfSettings(sample_rate_hz=44100)
DATA = os.environ.get("AUDIO_REPRODUCTIONS_DATA")


@pytest.fixture(scope="module")
def library():
    """The reference; it is no requirement."""
    return pytest.importorskip("python_speech_features", reason="python_speech_features is not installed")


@pytest.mark.parametrize(("name", "frames"), [("second", 99), ("paper", 19), ("two channels", 19)])
def test_golden_values(name, frames):
    with np.load(golden.FILE, allow_pickle=False) as file:
        expected = file[name]
    found = mfcc(golden.inputs()[name][None], PsfSettings(sample_rate_hz=golden.CASES[name]))
    assert found.shape == (1, *expected.shape) == (1, frames, 13)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found[0], expected, rtol=0, atol=TOLERANCE)


def test_a_tenth_of_44100_values_is_19_frames_at_half_that_rate_or_of_two_channels():
    """At 22,050 Hz 551.25 and 220.5 samples are rounded to 551 and 221; 4,410 - 551 = 17.5 x 221, so 18 more frames."""
    settings, full = PsfSettings(), PsfSettings(sample_rate_hz=44100)
    assert (settings.window_samples, settings.hop_samples, settings.n_frames(4410)) == (551, 221, 19)
    assert (full.window_samples, full.hop_samples, full.n_frames(4410)) == (1103, 441, 9)
    assert full.n_frames(2 * 4410) == 19
    assert full.n_frames(44100) == 99


def test_two_channels_are_one_signal_of_their_values_in_turns():
    """Pre-emphasis within each channel, then left, right, left, right: by hand, without pre-emphasis of its own."""
    signal = golden.inputs()["two channels"]
    emphasised = np.concatenate([signal[:1], signal[1:] - 0.97 * signal[:-1]]).reshape(1, -1)
    assert emphasised[0, :2].tolist() == signal[0].tolist()
    settings = PsfSettings(sample_rate_hz=44100)
    expected = mfcc(emphasised, dataclasses.replace(settings, pre_emphasis=0.0))
    np.testing.assert_allclose(mfcc(signal[None], settings), expected, rtol=0, atol=EXACT)


@pytest.mark.parametrize(("n_samples", "expected"), [(1, 1), (1103, 1), (1104, 2), (1544, 2), (1545, 3), (11025, 24)])
def test_frames_of_other_lengths(n_samples, expected):
    """Worked by hand: a second frame from the first sample past the window on, a third 441 samples later."""
    assert FULL.n_frames(n_samples) == expected
    assert mfcc(np.ones((2, n_samples)), FULL).shape == (2, expected, 13)


def test_silence_has_the_smallest_number_for_its_energy():
    """All energies are 2.2e-16: the DCT of a constant is zero but for its first coefficient, the energy takes that."""
    found = mfcc(np.zeros((1, 44100)), FULL)
    assert np.allclose(found[..., 0], np.log(np.finfo(float).eps))
    assert np.allclose(found[..., 1:], 0, atol=1e-12)


def test_integers_differ_in_the_energy_only():
    signal = (8000 * golden.inputs()["second"]).astype(np.int16)[None]
    difference = mfcc(signal, FULL) - mfcc(signal / 32768, FULL)
    np.testing.assert_allclose(difference[..., 0], 2 * np.log(32768), atol=TOLERANCE)
    np.testing.assert_allclose(difference[..., 1:], 0, atol=TOLERANCE)


def test_many_samples_are_each_their_own():
    rng = np.random.default_rng(0)
    signals = rng.standard_normal((module.BLOCK + 3, 2000)) * 10.0 ** rng.integers(-4, 1, (module.BLOCK + 3, 1))
    found = mfcc(signals)
    for row in (0, 1, module.BLOCK - 1, module.BLOCK, module.BLOCK + 2):
        assert np.array_equal(found[row], mfcc(signals[[row]])[0])
    assert mfcc(signals[:0]).shape == (0, PsfSettings().n_frames(2000), 13)


def test_filters_are_triangles_over_whole_bins():
    """By hand, for 8 kHz, n_fft 256 and 3 filters: 0, 426.8, 1113.8, 2219.9 and 4000 Hz are bins 0, 13, 35, 71, 128."""
    filters = mel_filters(PsfSettings(sample_rate_hz=8000, n_fft=256, n_filters=3, n_mfcc=3))
    assert filters.shape == (129, 3)
    assert [int(column.argmax()) for column in filters.T] == [13, 35, 71]
    assert [np.flatnonzero(column)[[0, -1]].tolist() for column in filters.T] == [[1, 34], [14, 70], [36, 127]]
    assert filters[1, 0] == pytest.approx(1 / 13)
    assert filters[36, 1] == pytest.approx(35 / 36)


@pytest.mark.parametrize(
    ("signals", "words"),
    [
        (np.zeros(44100), r"or \(n, n_samples, channels\), n_samples > 0; received shape \(44100,\)"),
        (np.zeros((3, 0)), r"received shape \(3, 0\)"),
        (np.zeros((3, 9, 0)), r"received shape \(3, 9, 0\)"),
        (np.array([[0.0, np.nan]]), "NaN or infinite"),
        (np.array([[0.0, np.inf]]), "NaN or infinite"),
    ],
)
def test_bad_samples(signals, words):
    with pytest.raises(ValueError, match=words):
        mfcc(signals)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"n_fft": 1024}, "0.025 s is 1103 samples at 44100 Hz, more than n_fft = 1024"),
        ({"fmax_hz": 23000.0}, "0 <= fmin_hz < fmax_hz <= 22050"),
        ({"fmin_hz": 500.0, "fmax_hz": 400.0}, "received 500.0 and 400.0"),
        ({"n_mfcc": 27}, r"1 to 26 coefficients \(n_filters\); received 27"),
    ],
)
def test_bad_settings(options, words):
    with pytest.raises(ValueError, match=words):
        PsfSettings(**({"sample_rate_hz": 44100} | options))


# Against the library itself.

GRID = [
    ({}, {}),
    ({"sample_rate_hz": 22050}, {"samplerate": 22050}),
    ({"n_mfcc": 20, "lifter": 0}, {"numcep": 20, "ceplifter": 0}),
    ({"append_energy": False, "pre_emphasis": 0.0}, {"appendEnergy": False, "preemph": 0}),
    ({"n_filters": 40, "n_fft": 4096}, {"nfilt": 40, "nfft": 4096}),
    ({"fmin_hz": 300.0, "fmax_hz": 8000.0}, {"lowfreq": 300, "highfreq": 8000}),
    ({"sample_rate_hz": 16000, "n_fft": 512}, {"samplerate": 16000, "nfft": 512}),
    ({"sample_rate_hz": 8000, "n_fft": 256}, {"samplerate": 8000, "nfft": 256}),  # the lowest filters are empty
    ({"window_seconds": 0.0201, "hop_seconds": 0.0071}, {"winlen": 0.0201, "winstep": 0.0071}),
]


def reference(library, signals, **options):
    """The library's values for each row, given as float64."""
    options = {"samplerate": 44100, "numcep": 13, "nfilt": 26, "nfft": 2048} | options
    return np.stack([library.mfcc(np.asarray(signal, np.float64), **options) for signal in signals])


@pytest.mark.parametrize(("ours", "theirs"), GRID)
@pytest.mark.parametrize("n_samples", [44100, 900])
def test_library_over_a_grid(library, ours, theirs, n_samples):
    rng = np.random.default_rng(1)
    signals = np.cumsum(rng.standard_normal((3, n_samples)), axis=1) * 1e-3  # brown noise: weak at the top
    found = mfcc(signals, PsfSettings(**({"sample_rate_hz": 44100} | ours)))
    np.testing.assert_allclose(found, reference(library, signals, **theirs), rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize(
    "signal",
    [
        np.zeros(44100),
        np.eye(1, 44100, 30000)[0],  # one click: most frames are zero
        1e-12 * np.sin(np.arange(44100) / 7),  # energies below what single precision holds
        np.hanning(44100) * np.sin(np.arange(44100) / 40),
        np.full(44100, 1.0),
    ],
    ids=["silence", "click", "faint", "pure tone", "constant"],
)
def test_library_at_the_edges(library, signal):
    np.testing.assert_allclose(mfcc(signal[None], FULL), reference(library, signal[None]), rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("kind", ["int16", "float64"])
def test_library_on_two_channels(library, kind):
    """Of a stereo array, as scipy reads it, the library makes as many frames as of twice as many values."""
    rng = np.random.default_rng(2)
    signals = (300 * np.cumsum(rng.standard_normal((3, 4410, 2)), axis=1)).astype(kind)
    found, expected = mfcc(signals, FULL), reference(library, signals)
    assert found.shape == (3, 19, 13)
    np.testing.assert_allclose(found, expected, rtol=0, atol=TOLERANCE)


def test_library_on_speech(library):
    clips = fsdd.index().iloc[::100]
    signals = np.stack([np.resize(signal, 44100) for signal in fsdd.signals(clips)])
    np.testing.assert_allclose(mfcc(signals, FULL), reference(library, signals), rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("folder", ["fsdkaggle2018_subset", "gtzan_subset/*"])
def test_library_on_real_audio(library, folder):
    """A second of every fifth recording, at 44.1 kHz."""
    from shared.audio.signals import load_audio

    if not DATA:
        pytest.skip("AUDIO_REPRODUCTIONS_DATA is not set: no real audio to test on")
    files = sorted(Path(DATA).glob(f"{folder}/*.flac"))[::5]
    if not files:
        pytest.skip(f"no {folder}/*.flac under AUDIO_REPRODUCTIONS_DATA ({DATA})")
    signals = np.stack([np.resize(load_audio(file, 44100)[-44100:], 44100) for file in files])
    np.testing.assert_allclose(mfcc(signals, FULL), reference(library, signals), rtol=0, atol=TOLERANCE)


def test_double_precision_takes_over_where_single_is_not_enough(library, monkeypatch):
    """A tone that fades in and out within a frame leaves nothing at the top: single precision fails there."""
    signal = np.zeros((1, 44100))
    signal[0, 4410:5410] = np.hanning(1000) ** 2 * np.sin(np.arange(1000) / 20)
    expected = reference(library, signal)
    monkeypatch.setattr(module, "SINGLE_ENOUGH", 0.0)
    assert np.abs(mfcc(signal, FULL) - expected).max() > TOLERANCE
    monkeypatch.setattr(module, "SINGLE_ENOUGH", 1.0)
    np.testing.assert_allclose(mfcc(signal, FULL), expected, rtol=0, atol=EXACT)
