"""Sounds of the corpora `library_labels-…`: noise whose colour is partly its track's own and partly its genres'.

A colour is a spectral envelope: cosines over the mel axis, the slow ones the largest, in decibels. Each genre has one
and each track has one of its own, drawn in the same way. The power of a track's sound is the sum of both: the share
`strength` of it has the colours of the genres, the rest the track's own. So nothing of the sound depends on the labels
at strength 0, and nothing but loudness and chance on anything else at strength 1.

A track is made in blocks of 0.2 s, each a function of labels, track, block and strength, so that any part of any track
can be made without the rest. A block is made in the frequency domain at 44,100 Hz; at half that rate it is the lower
half of the same spectrum. Nothing here is meant to sound like music.
"""

from __future__ import annotations

import functools

import numpy as np

SEED = 20200
BLOCK_SECONDS = 0.2
FULL_RATE_HZ = 44_100
N_BINS = round(BLOCK_SECONDS * FULL_RATE_HZ) // 2 + 1  # of the spectrum of a block
N_COSINES = 8
SLOWEST_DB = 10.0  # standard deviation of the slowest cosine; the k-th has a k-th of it
LEVELS_DB = (-34.0, -16.0)  # of a track, RMS below full scale
WITHIN_DB = 3.0  # a block's level lies up to so far from its track's
BALANCE = (0.3, 0.7)  # share of the first of two genres


def block(
    genres: tuple[int, ...], track: int, number: int, strength: float, sample_rate_hz: int = FULL_RATE_HZ
) -> np.ndarray:
    """One block of a track.

    Parameters
    ----------
    genres
        Numbers of its genres, one or two.
    track, number
        Track and block, counted from 0.
    strength
        0 to 1: share of the power that has the colours of the genres.
    sample_rate_hz
        44,100, or a whole part of it.

    Returns
    -------
    ndarray, float32, shape (0.2 · sample_rate_hz,)
        In [-1, 1]; RMS 13 to 37 dB below full scale at 44,100 Hz.
    """
    if FULL_RATE_HZ % sample_rate_hz:
        raise ValueError(f"the sample rate must be a whole part of {FULL_RATE_HZ} Hz; received {sample_rate_hz}")
    level_db, amplitude = _of_track(genres, track, strength)
    n_samples = round(BLOCK_SECONDS * sample_rate_hz)
    bins = n_samples // 2 + 1
    # The bits of Philox never change with NumPy: a random phase for each frequency, and a number for the level.
    phase = np.random.Philox(key=[SEED, track], counter=[0, 0, 0, number]).random_raw(N_BINS + 1) / 2.0**64
    spectrum = amplitude[:bins] * np.exp(2j * np.pi * phase[:bins])
    spectrum[0] = 0  # no constant part
    gain = 10 ** ((level_db + WITHIN_DB * (2 * phase[-1] - 1)) / 20)
    sound = np.fft.irfft(spectrum, n_samples) * (gain * n_samples / np.sqrt(2 * N_BINS))
    return np.clip(sound, -1, 1).astype(np.float32)


@functools.lru_cache(maxsize=4)
def _of_track(genres: tuple[int, ...], track: int, strength: float) -> tuple[float, np.ndarray]:
    """A track's level in decibels, and its amplitude by frequency, mean square 1."""
    random = np.random.RandomState([SEED, 1, track])  # NumPy promises that this generator never changes
    level_db, balance, own = random.uniform(*LEVELS_DB), random.uniform(*BALANCE), _colour(random)
    shares = (1.0,) if len(genres) == 1 else (balance, 1 - balance)
    theirs = sum(share * colour(genre) for share, genre in zip(shares, genres, strict=True))
    return level_db, np.sqrt(strength * theirs + (1 - strength) * own)


@functools.lru_cache(maxsize=64)
def colour(genre: int) -> np.ndarray:
    """Power by frequency of the genre with this number, float64 (4411,), mean 1; drawn once and for all."""
    return _colour(np.random.RandomState([SEED, 0, genre]))


def _colour(random: np.random.RandomState) -> np.ndarray:
    order = np.arange(1, N_COSINES + 1)
    decibels = _cosines() @ (SLOWEST_DB / order * random.standard_normal(N_COSINES))
    power = 10 ** (decibels / 10)
    return power / power.mean()


@functools.lru_cache(maxsize=1)
def _cosines() -> np.ndarray:
    """Cosines over the mel axis, (4411, 8): half a period to four from 0 Hz to 22,050."""
    hertz = np.linspace(0, FULL_RATE_HZ / 2, N_BINS)
    place = np.log1p(hertz / 700) / np.log1p(FULL_RATE_HZ / 2 / 700)
    return np.cos(np.pi * place[:, None] * np.arange(1, N_COSINES + 1))
