"""Another sample rate, by soxr, of a signal or of one that comes in blocks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np


def resample(signal: np.ndarray, from_hz: int, to_hz: int) -> np.ndarray:
    """Another sample rate, with soxr's "HQ" filter: what ``librosa.resample`` does by default in librosa 0.11.

    Parameters
    ----------
    signal : ndarray, float32, shape (n,) or (n, channels)
    from_hz, to_hz : int
        Its sample rate and the wanted one. If they are equal, `signal` itself is returned.

    Returns
    -------
    ndarray, float32, shape (ceil(n * to_hz / from_hz),) or (…, channels)
    """
    if from_hz == to_hz:
        return signal
    return np.concatenate(list(resampled([signal], from_hz, to_hz)))


def resampled(blocks: Iterable[np.ndarray], from_hz: int, to_hz: int) -> Iterator[np.ndarray]:
    """What `resample` gives of a whole signal, sample for sample, of one that comes in blocks.

    Parameters
    ----------
    blocks : iterable of ndarray, float32, shape (n,) or (n, channels)
    from_hz, to_hz : int
        Its sample rate and the wanted one. If they are equal, the blocks themselves are given.
    """
    if from_hz == to_hz:
        yield from blocks
        return
    import soxr

    converter, n, n_given = None, 0, 0
    for block in blocks:
        if converter is None:
            shape = block.shape[1:]
            converter = soxr.ResampleStream(from_hz, to_hz, *(shape or (1,)), dtype="float32", quality="soxr_hq")
        n += len(block)
        given = converter.resample_chunk(block)
        n_given += len(given)
        yield given
    if converter is not None:
        left = int(np.ceil(n * float(to_hz) / from_hz)) - n_given
        given = converter.resample_chunk(np.zeros((0, *shape), np.float32), last=True)[:left]
        yield np.pad(given, ((0, left - len(given)), *((0, 0) for _ in shape)))
