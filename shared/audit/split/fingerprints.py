"""What an audit keeps of a clip: hashes, averages over time, and a fingerprint that survives another encoding.

The fingerprint is that of Haitsma and Kalker, "A Highly Robust Audio Fingerprinting System" (ISMIR 2002): differences
of band energies along frequency and then along time. A change of gain adds the same to all bands and drops out, a
change of timbre adds the same to all frames and drops out. They keep the differences' signs, which are at random where
a clip is quiet; here the differences in decibels are kept, above a floor below the clip's peak, so quiet passages weigh
nothing, and two fingerprints are compared by their correlation instead of their share of equal bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from shared.audio.signals import resample, signal_hash
from shared.base.librosa_import import import_librosa

SAMPLE_RATE_HZ = 16000
N_FFT, HOP = 1024, 256  # 64 ms and 16 ms
N_BANDS, FMIN_HZ, FMAX_HZ = 32, 50.0, 8000.0
LONGEST_SECONDS = 60  # of a clip are looked at; the hashes are of all of it
FEATURE_FLOOR_DB = 80.0  # below the clip's peak
PRINT_FLOOR_DB = 40.0  # coding noise lies below
LARGEST_STEP_DB, STEPS = 12.0, 10  # a difference beyond 12 dB counts as 12; steps of 0.1 dB fit into 8 bits
SCREEN_BANDS = 22  # below 4 kHz: above, codecs at low rates keep nothing
N_FEATURES, N_SCREEN = 2 * N_BANDS, 2 * SCREEN_BANDS
PRINT_BANDS = N_BANDS - 1
FRAMES_PER_SECOND = SAMPLE_RATE_HZ / HOP


@dataclass(frozen=True)
class Description:
    """What is kept of one clip, or why it cannot be used (``error``)."""

    file_hash: str = ""
    content_hash: str = ""
    seconds: float = 0.0
    features: np.ndarray | None = None  # float32 (N_FEATURES,), for the probe
    screen: np.ndarray | None = None  # float32 (N_SCREEN,), to find what to compare with
    print: np.ndarray | None = None  # int8 (frames, PRINT_BANDS)
    error: str = ""


@dataclass(frozen=True)
class Prints:
    """The fingerprints of n clips, one after another.

    Parameters
    ----------
    screen : ndarray, float32, shape (n, N_SCREEN)
        Means and deviations of levels, in decibels, that another encoding hardly moves.
    values : ndarray, int8, shape (frames of all clips, PRINT_BANDS)
        Differences in steps of 0.1 dB.
    starts : ndarray, int64, shape (n + 1,)
        Where each begins.
    """

    screen: np.ndarray
    values: np.ndarray
    starts: np.ndarray

    def of(self, clip: int) -> np.ndarray:
        """The fingerprint of one clip: int8 (frames, PRINT_BANDS)."""
        return self.values[self.starts[clip] : self.starts[clip + 1]]

    @classmethod
    def of_clips(cls, described: list[Description]) -> Prints:
        """The fingerprints of clips that have one."""
        starts = np.concatenate([[0], np.cumsum([len(one.print) for one in described], dtype=np.int64)])
        values = np.empty((starts[-1], PRINT_BANDS), np.int8)
        for begin, one in zip(starts, described, strict=False):
            values[begin : begin + len(one.print)] = one.print
        return cls(np.stack([one.screen for one in described]), values, starts)


@lru_cache(maxsize=1)
def _mel_bank() -> np.ndarray:
    mel = import_librosa().filters.mel
    return mel(sr=SAMPLE_RATE_HZ, n_fft=N_FFT, n_mels=N_BANDS, fmin=FMIN_HZ, fmax=FMAX_HZ)


@lru_cache(maxsize=1)
def _window() -> np.ndarray:
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(N_FFT) / N_FFT)).astype(np.float32)  # Hann, periodic


def band_levels(signal: np.ndarray, rate_hz: int) -> np.ndarray:
    """Levels in decibels of `N_BANDS` mel bands below the clip's loudest: float32 (frames, N_BANDS), at most 0.

    Parameters
    ----------
    signal : ndarray, float32, shape (n,)
        One channel; what is beyond `LONGEST_SECONDS` plays no part. One shorter than a window is filled up with zeros.
    rate_hz : int
        Its sample rate.
    """
    import scipy.fft

    signal = resample(signal[: LONGEST_SECONDS * rate_hz], rate_hz, SAMPLE_RATE_HZ)
    signal = np.pad(signal, (N_FFT // 2, max(N_FFT - signal.size, 0) + N_FFT // 2))
    frames = np.lib.stride_tricks.sliding_window_view(signal, N_FFT)[::HOP]
    spectrum = scipy.fft.rfft(frames * _window(), axis=1)
    power = np.square(spectrum.real) + np.square(spectrum.imag)
    bands = power @ _mel_bank().T
    return 10 * np.log10(np.maximum(bands / max(bands.max(), 1e-20), 1e-12))


def describe_signal(signal: np.ndarray, rate_hz: int, file_hash: str = "") -> Description:
    """Hash, averages and fingerprint of one clip's samples.

    Parameters
    ----------
    signal : ndarray, float32, shape (n,)
        One channel, n at least 1, all finite.
    rate_hz : int
        Its sample rate.
    file_hash : str
        Of the bytes that it was decoded from, if there are any.
    """
    levels = band_levels(signal, rate_hz)
    loud, heard = np.maximum(levels, -PRINT_FLOOR_DB), np.maximum(levels, -FEATURE_FLOOR_DB)
    low = loud[:, :SCREEN_BANDS]
    mean = low.mean(axis=0)
    screen = np.concatenate([mean - mean.mean(), low.std(axis=0)]).astype(np.float32)
    features = np.concatenate([heard.mean(axis=0), heard.std(axis=0)]).astype(np.float32)
    steps = np.diff(np.diff(loud, axis=1), axis=0)
    steps = np.rint(np.clip(steps, -LARGEST_STEP_DB, LARGEST_STEP_DB) * STEPS).astype(np.int8)
    return Description(file_hash, signal_hash(signal, rate_hz), signal.size / rate_hz, features, screen, steps)


def describe_file(path: Path) -> Description:
    """Describe an audio file. Raises `shared.audio.signals.AudioError` where `load_audio` does."""
    import hashlib

    from shared.audio.files import AudioFile
    from shared.audio.signals import N_HEX

    with AudioFile(path) as file:
        rate_hz = file.form.rate_hz
        signal = file.signal(rate_hz)
    with path.open("rb") as content:
        file_hash = hashlib.file_digest(content, "sha256").hexdigest()[:N_HEX]
    return describe_signal(signal, rate_hz, file_hash)
