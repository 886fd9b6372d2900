"""Mel-frequency cepstral coefficients as python_speech_features 0.6 computes them, for many samples at once.

The steps of its ``mfcc``: pre-emphasis; frames of 25 ms every 10 ms, the last one filled up with zeros, under a
rectangular window; power spectrum; triangular mel filters whose corners are rounded down to bins of the transform; log;
orthonormal DCT-II; lifter; the first coefficient replaced by the log of the frame's energy. An energy that is exactly
zero counts as 2.2e-16.

A signal of several channels, as ``scipy.io.wavfile`` reads it, goes through the library as it goes through here: the
pre-emphasis works on each channel, and then the values of the channels are taken in turns, as one signal of twice the
length. (`numpy.append` in the library's ``preemphasis`` flattens the array.)

The Fourier transform is done in single precision, and done again in double precision for frames in which a filter's
energy lies so far below the frame's that the rounding would be seen. All else is in double precision.
"""

from __future__ import annotations

import dataclasses
import functools
import math

import numpy as np

SINGLE_ENOUGH = 1e-6  # least share of a frame's energy in each filter (-60 dB) for which single precision will do
TINY = 1e-20  # energy of a frame below which single precision comes near its smallest numbers
BLOCK = 64  # samples whose energies are in memory at once
LOW_SHARE = 8  # the lowest eighth of the bins is multiplied apart: half of the filters lie within it


@dataclasses.dataclass(frozen=True)
class PsfSettings:
    """The library's settings under our names (its own in brackets).

    The defaults are the paper's (section 4.1: nfft 2048, 13 features, 26 filters; the sample rate is that of variant
    ``paper``) and, where it is silent, the library's.
    """

    sample_rate_hz: int = 22050  # (samplerate)
    window_seconds: float = 0.025  # (winlen)
    hop_seconds: float = 0.01  # (winstep)
    n_mfcc: int = 13  # (numcep)
    n_filters: int = 26  # (nfilt)
    n_fft: int = 2048  # (nfft)
    fmin_hz: float = 0.0  # (lowfreq)
    fmax_hz: float | None = None  # (highfreq): half the sample rate if None
    pre_emphasis: float = 0.97  # (preemph)
    lifter: int = 22  # (ceplifter): none if 0
    append_energy: bool = True  # (appendEnergy)

    def __post_init__(self):
        if self.window_samples > self.n_fft:
            raise ValueError(
                f"a window of {self.window_seconds} s is {self.window_samples} samples at {self.sample_rate_hz} Hz, "
                f"more than n_fft = {self.n_fft}; the library would cut it off. Raise n_fft"
            )
        if not 0 <= self.fmin_hz < (self.fmax_hz or self.sample_rate_hz / 2) <= self.sample_rate_hz / 2:
            raise ValueError(
                f"expected 0 <= fmin_hz < fmax_hz <= {self.sample_rate_hz / 2:g}, half the sample rate; received "
                f"{self.fmin_hz} and {self.fmax_hz}"
            )
        if not 1 <= self.n_mfcc <= self.n_filters:
            raise ValueError(f"expected 1 to {self.n_filters} coefficients (n_filters); received {self.n_mfcc}")

    @property
    def window_samples(self) -> int:
        """Length of a frame: 551 at 22,050 Hz, and 1,103 at 44,100, since the library rounds 1,102.5 up."""
        return math.floor(self.window_seconds * self.sample_rate_hz + 0.5)

    @property
    def hop_samples(self) -> int:
        """From one frame's start to the next: 221 at 22,050 Hz, 220.5 rounded up, and 441 at 44,100."""
        return math.floor(self.hop_seconds * self.sample_rate_hz + 0.5)

    def n_frames(self, n_samples: int) -> int:
        """Number of frames of a signal: 19 of 4,410 values at 22,050 Hz. The last may reach past the signal's end."""
        return 1 + max(0, math.ceil((n_samples - self.window_samples) / self.hop_samples))


def mfcc(signals: np.ndarray, settings: PsfSettings = PsfSettings()) -> np.ndarray:
    """``python_speech_features.mfcc`` of many samples of one length.

    Parameters
    ----------
    signals : ndarray, shape (n, n_samples) or (n, n_samples, channels), float or integer
        One sample a row; values of several channels are taken in turns. The scale enters the first coefficient only:
        16-bit integers, as ``scipy.io.wavfile`` reads them, give log energies that are 2 ln 32768 = 20.79 above those
        of the same samples in [-1, 1).
    settings
        The defaults are the paper's.

    Returns
    -------
    ndarray, float32, shape (n, n_frames, n_mfcc)
        (n, 19, 13) for samples of 4,410 values at 22,050 Hz. Within 1e-4 of the library's values for the same samples
        in float64. (It does the pre-emphasis in float32 when it is given float32, which moves its own values by 1e-4 to
        6e-4.)

    Raises
    ------
    ValueError
        Another number of dimensions, no samples, or samples that are NaN or infinite.
    """
    signals = np.asarray(signals)
    if signals.ndim not in (2, 3) or not math.prod(signals.shape[1:]):
        raise ValueError(
            "expected samples of shape (n, n_samples) or (n, n_samples, channels), n_samples > 0; received shape "
            f"{signals.shape}"
        )
    out = np.empty((len(signals), settings.n_frames(math.prod(signals.shape[1:])), settings.n_mfcc), np.float32)
    for start in range(0, len(signals), BLOCK):
        energies = _energies(signals[start : start + BLOCK], settings)
        logs = np.log(np.where(energies == 0, np.finfo(np.float64).eps, energies))
        coefficients = logs[..., :-1] @ _cosines(settings)
        if settings.append_energy:
            coefficients[..., 0] = logs[..., -1]
        out[start : start + BLOCK] = coefficients
    return out


def mel_filters(settings: PsfSettings = PsfSettings()) -> np.ndarray:
    """The library's triangular filters: float64, shape (n_fft // 2 + 1, n_filters).

    Their corners are evenly spaced in mel, 2595 log10(1 + f / 700 Hz), and are bin floor((n_fft + 1) f / rate). A
    filter whose corners fall on one bin is empty.
    """
    mel = 2595 * np.log10(1 + np.array([settings.fmin_hz, settings.fmax_hz or settings.sample_rate_hz / 2]) / 700)
    corners_hz = 700 * (10 ** (np.linspace(*mel, settings.n_filters + 2) / 2595) - 1)
    corners = np.floor((settings.n_fft + 1) * corners_hz / settings.sample_rate_hz)
    bins = np.arange(settings.n_fft // 2 + 1)[:, None]
    low, centre, high = corners[:-2], corners[1:-1], corners[2:]
    rising = (bins - low) / np.maximum(centre - low, 1)
    falling = (high - bins) / np.maximum(high - centre, 1)
    return np.where((low <= bins) & (bins < centre), rising, np.where((centre <= bins) & (bins < high), falling, 0.0))


@functools.lru_cache(maxsize=4)
def _cosines(settings: PsfSettings) -> np.ndarray:
    """DCT-II and lifter in one matrix, (n_filters, n_mfcc)."""
    from scipy.fft import dct

    cosines = dct(np.eye(settings.n_filters), type=2, norm="ortho", axis=1)[:, : settings.n_mfcc]
    if settings.lifter > 0:
        order = np.arange(settings.n_mfcc)
        cosines = cosines * (1 + settings.lifter / 2 * np.sin(np.pi * order / settings.lifter))
    return cosines


@functools.lru_cache(maxsize=4)
def _weights(settings: PsfSettings) -> np.ndarray:
    """Filters, and ones for the energy, (n_fft + 2, n_filters + 1): a row for each real and imaginary part squared."""
    filters = mel_filters(settings)
    return np.repeat(np.column_stack([filters, np.ones(len(filters))]), 2, axis=0) / settings.n_fft


@functools.lru_cache(maxsize=8)
def _bands(settings: PsfSettings, dtype: np.dtype) -> list[tuple[slice, slice, np.ndarray]]:
    """`_weights` without most of its zeros: two blocks, each with its rows and its columns."""
    weights = _weights(settings).astype(dtype)
    split = 2 * (settings.n_fft // 2 // LOW_SHARE)
    blocks = []
    for rows in (slice(0, split), slice(split, len(weights))):
        filled = np.flatnonzero(weights[rows].any(axis=0))
        columns = slice(filled[0], filled[-1] + 1)
        blocks.append((rows, columns, np.ascontiguousarray(weights[rows, columns])))
    return blocks


def _energies(signals: np.ndarray, settings: PsfSettings) -> np.ndarray:
    """Energies of the filters and of the frame, float64, shape (n, n_frames, n_filters + 1)."""
    n_frames = settings.n_frames(math.prod(signals.shape[1:]))
    weights = _weights(settings)
    filled = weights[:, :-1].any(axis=0)
    energies = np.empty((len(signals), n_frames, weights.shape[1]))
    padded = np.zeros((n_frames, settings.n_fft), np.float32)
    for signal, energy in zip(signals, energies, strict=True):  # one at a time: their frames stay in the cache
        frames = _frames(signal, settings, n_frames)
        energy[:] = _spectral(frames, padded, settings)
        least, whole = energy[:, :-1].min(axis=1, where=filled, initial=np.inf), energy[:, -1]
        weak = np.flatnonzero((least < SINGLE_ENOUGH * whole) | (whole < TINY))
        if weak.size:
            energy[weak] = _spectral(frames[weak], np.zeros((weak.size, settings.n_fft)), settings)
    return energies


def _frames(signal: np.ndarray, settings: PsfSettings, n_frames: int) -> np.ndarray:
    """Frames after pre-emphasis: a view, float64, shape (n_frames, window_samples)."""
    emphasised = signal.astype(np.float64)
    if not np.isfinite(emphasised).all():
        raise ValueError("samples are NaN or infinite; leave them out")
    emphasised[1:] -= settings.pre_emphasis * emphasised[:-1]
    padded = np.zeros((n_frames - 1) * settings.hop_samples + settings.window_samples)
    padded[: signal.size] = emphasised.ravel()
    return np.lib.stride_tricks.sliding_window_view(padded, settings.window_samples)[:: settings.hop_samples]


def _spectral(frames: np.ndarray, padded: np.ndarray, settings: PsfSettings) -> np.ndarray:
    """Energies of some frames, (n_frames, n_filters + 1).

    `padded` is room for them and for the zeros up to n_fft, (n_frames, n_fft); its precision is that of the transform.
    """
    from scipy.fft import rfft

    padded[:, : frames.shape[1]] = frames
    parts = rfft(padded).view(padded.dtype)
    np.square(parts, out=parts)
    energies = np.zeros((len(frames), settings.n_filters + 1), padded.dtype)
    for rows, columns, weights in _bands(settings, padded.dtype):
        energies[:, columns] += parts[:, rows] @ weights
    return energies
