"""Near duplicates: the same recording in another encoding, at another level, or shifted in time.

Two steps, so that neither all pairs of fingerprints nor all of them decoded are ever in memory. First, for each clip
those with the most similar averages over time, which another encoding hardly moves and a shift hardly either. Then the
fingerprints of these pairs, at every lag that leaves enough of them to compare.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from shared.audit.split.fingerprints import Prints

SIMILARITY = 0.75  # of two fingerprints that count as the same recording; tests hold both sides against it
N_CANDIDATES = 10  # the clips with the most similar averages that each is compared with
LEAST_OVERLAP = 0.5  # of the shorter clip
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
        -1 … 1; 0 where one of them is silent throughout.
    int
        The lag in frames: ``second[t]`` sounds like ``first[t + lag]``.
    """
    import scipy.fft

    size = scipy.fft.next_fast_len(len(first) + len(second) - 1, real=True)
    return _correlate(_spectrum(first, size), _energy(first), _spectrum(second, size), _energy(second), size)


def _spectrum(fingerprint: np.ndarray, size: int) -> np.ndarray:
    import scipy.fft

    return scipy.fft.rfft(fingerprint.T.astype(np.float32), size, axis=1)  # (bands, frequencies)


def _energy(fingerprint: np.ndarray) -> np.ndarray:
    """Sum of squares of the first k frames, k = 0 … frames."""
    frames = np.square(fingerprint.astype(np.int32)).sum(axis=1)
    return np.concatenate([[0], np.cumsum(frames, dtype=np.int64)])


def _correlate(spectrum_1, energy_1, spectrum_2, energy_2, size: int) -> tuple[float, int]:
    import scipy.fft

    n_1, n_2 = len(energy_1) - 1, len(energy_2) - 1
    least = max(1, int(np.ceil(LEAST_OVERLAP * min(n_1, n_2))))
    lags = np.arange(least - n_2, n_1 - least + 1)
    if lags.size == 0:
        return 0.0, 0
    products = scipy.fft.irfft(np.einsum("bf,bf->f", spectrum_1, spectrum_2.conj()), size)[lags]
    begin, end = np.maximum(lags, 0), np.minimum(n_1, n_2 + lags)
    energy = (energy_1[end] - energy_1[begin]).astype(float) * (energy_2[end - lags] - energy_2[begin - lags])
    # An overlap that is nearly silent in one of the two says nothing: it must hold half of its energy.
    heard = (2 * (energy_1[end] - energy_1[begin]) >= LEAST_OVERLAP * energy_1[-1]) & (energy > 0)
    heard &= 2 * (energy_2[end - lags] - energy_2[begin - lags]) >= LEAST_OVERLAP * energy_2[-1]
    values = np.where(heard, products / np.sqrt(np.maximum(energy, 1.0)), 0.0)
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
    import scipy.fft

    from shared.image_files import progress

    longest = int(np.diff(prints.starts)[rows].max(initial=1))
    size = scipy.fft.next_fast_len(2 * longest, real=True)
    pairs, found, opened = candidates(prints.screen, rows), [], None
    for one, other in progress(pairs, len(pairs), "comparing fingerprints"):
        if one != opened:
            opened, spectrum, energy = one, _spectrum(prints.of(one), size), _energy(prints.of(one))
        against = prints.of(other)
        value, lag = _correlate(spectrum, energy, _spectrum(against, size), _energy(against), size)
        if value >= threshold:
            found.append(Match(one, other, round(value, 4), lag))
    return found
