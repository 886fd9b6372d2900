"""Near duplicates: the same recording in another encoding, at another level, or shifted in time.

Two steps, so that neither all pairs of fingerprints nor all of them decoded are ever in memory. First, for each clip
those with the most similar averages over time, which another encoding hardly moves and a shift hardly either. Then the
fingerprints of these pairs, at every lag that leaves enough of them to compare.
"""

from __future__ import annotations

from itertools import groupby
from typing import NamedTuple

import numpy as np

from shared.audit.split.fingerprints import Prints

SIMILARITY = 0.75  # of two fingerprints that count as the same recording; tests hold both sides against it
N_CANDIDATES = 10  # the clips with the most similar averages that each is compared with
LEAST_OVERLAP = 0.5  # of the shorter clip, and of its energy
UNLIKE_ENERGY = 4.0  # the factor by which the energies of two overlapping parts may differ
COARSE_STEP, COARSE_SIMILARITY = 4, 0.4  # every fourth band is compared first; most pairs go no further
BLOCK = 512  # clips whose distances to all others are in memory at once
TOO_FAR_DB = 8.0  # root mean square of the differences of two screens: no encoding moves them so far


class Match(NamedTuple):
    """Two clips, first < second, that sound alike. `second` is heard `lag_frames` later than `first`."""

    first: int
    second: int
    similarity: float
    lag_frames: int


def candidates(screen: np.ndarray, rows: np.ndarray, n_candidates: int = N_CANDIDATES) -> list[tuple[int, int]]:
    """Pairs of clips with similar averages, each once, sorted.

    Parameters
    ----------
    screen : ndarray, float32, shape (n, d)
        In decibels.
    rows : ndarray of int
        The clips to pair.
    n_candidates : int
        Nearest clips of each.

    Returns
    -------
    list of (int, int)
        Row numbers, the lower one first.
    """
    chosen = screen[rows]
    squares = np.square(chosen).sum(axis=1)
    pairs, n_near = set(), min(n_candidates, len(rows) - 1)
    for start in range(0, len(rows) if n_near > 0 else 0, BLOCK):
        own = np.arange(start, min(start + BLOCK, len(rows)))
        distance = squares[own, None] + squares - 2 * (chosen[own] @ chosen.T)
        distance[own - start, own] = np.inf
        near = np.argpartition(distance, n_near - 1, axis=1)[:, :n_near]
        close = np.take_along_axis(distance, near, axis=1) <= TOO_FAR_DB**2 * chosen.shape[1]
        for one, place in zip(*np.nonzero(close), strict=True):
            first, second = sorted((int(rows[own[one]]), int(rows[near[one, place]])))
            pairs.add((first, second))
    return sorted(pairs)


def similarity(first: np.ndarray, second: np.ndarray) -> tuple[float, int]:
    """The highest correlation of two fingerprints over all lags that leave half of the shorter one.

    Parameters
    ----------
    first, second : ndarray, int8, shape (frames, bands)

    Returns
    -------
    float
        -1 … 1; 0 where one of them is silent throughout, and where it is below `COARSE_SIMILARITY` in every fourth
        band alone, whose correlation is returned then.
    int
        The lag in frames: ``second[t]`` sounds like ``first[t + lag]``.
    """
    return _compare(_Print(first), _Print(second))


class _Print:
    """A fingerprint's energies and spectra, computed when they are asked for."""

    def __init__(self, values: np.ndarray):
        self.values = values
        self.frames = len(values)
        self._known: dict = {}

    def spectrum(self, size: int, step: int) -> np.ndarray:
        """Of every `step`-th band over time: complex64 (bands, size // 2 + 1)."""
        import scipy.fft

        if (size, step) not in self._known:
            bands = self.values[:, ::step].T.astype(np.float32)
            self._known[size, step] = scipy.fft.rfft(bands, size, axis=1)
        return self._known[size, step]

    def energy(self, step: int) -> np.ndarray:
        """Sum of squares of the first k frames, k = 0 … frames: int64 (frames + 1,)."""
        if step not in self._known:
            frames = np.square(self.values[:, ::step], dtype=np.int32).sum(axis=1)
            self._known[step] = np.concatenate([[0], np.cumsum(frames, dtype=np.int64)])
        return self._known[step]


def _compare(first: _Print, second: _Print) -> tuple[float, int]:
    coarse = _correlate(first, second, COARSE_STEP)
    return coarse if coarse[0] < COARSE_SIMILARITY else _correlate(first, second, 1)


def _correlate(first: _Print, second: _Print, step: int) -> tuple[float, int]:
    import scipy.fft

    least = max(1, int(np.ceil(LEAST_OVERLAP * min(first.frames, second.frames))))
    lags = np.arange(least - second.frames, first.frames - least + 1)
    if not (first.frames and second.frames):
        return 0.0, 0
    size = 1 << (first.frames + second.frames - 1).bit_length()  # few sizes, so that a spectrum serves many pairs
    spectrum = np.einsum("bf,bf->f", first.spectrum(size, step), second.spectrum(size, step).conj())
    products = scipy.fft.irfft(spectrum, size)[lags]
    begin, end = np.maximum(lags, 0), np.minimum(first.frames, second.frames + lags)
    energy_1, energy_2 = first.energy(step), second.energy(step)
    part_1, part_2 = energy_1[end] - energy_1[begin], energy_2[end - lags] - energy_2[begin - lags]
    # An overlap says something if it holds half of the shorter one's energy, and about as much of the other's.
    part, whole = (part_1, energy_1[-1]) if first.frames <= second.frames else (part_2, energy_2[-1])
    alike = np.minimum(part_1, part_2) * UNLIKE_ENERGY >= np.maximum(part_1, part_2)
    heard = (part >= LEAST_OVERLAP * whole) & (part > 0) & alike
    values = np.where(heard, products / np.sqrt(np.maximum(part_1.astype(float) * part_2, 1.0)), 0.0)
    best = int(values.argmax())
    return float(np.clip(values[best], -1, 1)), int(lags[best])


def near_duplicates(prints: Prints, rows: np.ndarray, threshold: float = SIMILARITY) -> list[Match]:
    """Pairs of clips whose fingerprints are alike.

    Parameters
    ----------
    prints : Prints
        Fingerprints of n clips.
    rows : ndarray of int
        The clips to compare: one of each set of identical ones.
    threshold : float
        The least similarity.

    Returns
    -------
    list of Match
        Sorted by the clips.
    """
    import joblib

    from shared.base.progress import progress

    pairs = candidates(prints.screen, rows)
    others = [(one, [other for _, other in of_one]) for one, of_one in groupby(pairs, key=lambda pair: pair[0])]
    # Threads: the transforms let go of Python's lock.
    parallel = joblib.Parallel(-1, prefer="threads", return_as="generator")
    results = parallel(joblib.delayed(_matches)(prints, one, against, threshold) for one, against in others)
    return [match for found in progress(results, len(others), "comparing fingerprints") for match in found]


def _matches(prints: Prints, one: int, others: list[int], threshold: float) -> list[Match]:
    """Which of some clips sound like one."""
    print_one, found = _Print(prints.of(one)), []
    for other in others:
        value, lag = _compare(print_one, _Print(prints.of(other)))
        if value >= threshold:
            found.append(Match(one, other, round(value, 4), lag))
    return found
