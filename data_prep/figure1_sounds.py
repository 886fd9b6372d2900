"""Sounds of the corpus `figure1`: each genre has a timbre, and a track plays those of its genres together.

Every second is a function of genres, track and second, and of nothing else, so that any second of any of the tracks can
be made without the others. No sound is meant to be like the music of its genre: only to differ from those of the others
and to vary from track to track. All signals are float64 at 44,100 Hz.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from data_prep.label_sets import SAMPLE_RATE_HZ

SEED = 20191
TABLE_SIZE = 2048  # samples of one period, a power of two
N_HARMONICS = 12
FADE = 220  # samples, 5 ms: at both ends of a note, which lasts 0.09 s at least
RAMP = np.arange(SAMPLE_RATE_HZ, dtype=np.float64)


@dataclass(frozen=True)
class Timbre:
    """What the tracks of one genre have in common."""

    period: np.ndarray  # (2048,): one period of its tone, mean square 1
    tonic_hz: float
    notes_per_second: int
    decay_seconds: float
    noise: float  # loudness of its noise, of that of its tone
    noise_band: np.ndarray  # filter of the noise, second-order sections


@functools.lru_cache(maxsize=64)
def timbre(genre: int) -> Timbre:
    """Timbre of the genre with this number; drawn once and for all."""
    from scipy.signal import butter

    random = np.random.RandomState([SEED, 0, genre])  # NumPy promises that this generator never changes
    order = np.arange(1, N_HARMONICS + 1)
    weights = random.uniform(0.05, 1, N_HARMONICS) * order ** -random.uniform(0, 1.5)
    phase = 2 * np.pi * np.arange(TABLE_SIZE) / TABLE_SIZE
    period = np.sin(np.outer(phase, order)) @ weights
    lower_hz = 100 * 80 ** random.uniform()
    noise_hz = (lower_hz, min(lower_hz * random.uniform(1.5, 4), 0.45 * SAMPLE_RATE_HZ))
    return Timbre(
        period=period / np.sqrt(np.mean(period**2)),
        tonic_hz=60 * 12 ** random.uniform(),
        notes_per_second=int(random.randint(1, 9)),
        decay_seconds=0.04 * 15 ** random.uniform(),
        noise=random.uniform(0.02, 0.6),
        noise_band=butter(1, noise_hz, "bandpass", fs=SAMPLE_RATE_HZ, output="sos"),
    )


def second(genres: tuple[int, ...], track: int, number: int) -> np.ndarray:
    """One second of a track.

    Parameters
    ----------
    genres
        Numbers of its genres, one or two.
    track, number
        Track and second, counted from 0.

    Returns
    -------
    ndarray, float64, shape (44100,)
        Peak 0.2 to 0.9 of full scale.
    """
    of_track = np.random.RandomState([SEED, 1, track])
    loudness, pitch = of_track.uniform(0.2, 0.9), 2 ** of_track.uniform(-0.25, 0.25)
    balance, hiss = of_track.uniform(0.5, 1.0, len(genres)), 10 ** of_track.uniform(-4, -2)
    random = np.random.RandomState([SEED, 2, track, number])
    mix = hiss * random.uniform(-1, 1, SAMPLE_RATE_HZ)
    for genre, gain in zip(genres, balance, strict=True):
        sound = _tones(timbre(genre), pitch, random) + _noise(timbre(genre), random)
        mix += gain * sound / np.sqrt(np.mean(sound**2))
    return loudness * mix / np.abs(mix).max()


def _tones(own: Timbre, pitch: float, random: np.random.RandomState) -> np.ndarray:
    """Notes of a pentatonic scale, each of which dies away before the second ends."""
    out, step = np.zeros(SAMPLE_RATE_HZ), SAMPLE_RATE_HZ // own.notes_per_second
    length = min(int(5 * own.decay_seconds * SAMPLE_RATE_HZ), SAMPLE_RATE_HZ)
    decay = np.exp(-np.arange(length) / (own.decay_seconds * SAMPLE_RATE_HZ))
    for note in range(own.notes_per_second):
        start = note * step + random.randint(step // 4 + 1)
        hertz = own.tonic_hz * pitch * 2 ** ((0, 2, 4, 7, 9, 12)[random.randint(6)] / 12)
        n = min(length, SAMPLE_RATE_HZ - start)
        place = (RAMP[:n] * (hertz * TABLE_SIZE / SAMPLE_RATE_HZ)).astype(np.int32) & (TABLE_SIZE - 1)
        sound = own.period[place] * decay[:n]
        sound[:FADE] *= RAMP[:FADE] / FADE
        sound[-FADE:] *= RAMP[:FADE][::-1] / FADE
        out[start : start + n] += random.uniform(0.4, 1) * sound
    return out


def _noise(own: Timbre, random: np.random.RandomState) -> np.ndarray:
    from scipy.signal import sosfilt

    noise = sosfilt(own.noise_band, random.uniform(-1, 1, SAMPLE_RATE_HZ))
    return own.noise * noise / np.sqrt(np.mean(noise**2))
