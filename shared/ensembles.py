"""Fusion of several classifiers' probabilities for the same clips, or of one classifier's for a song's segments.

Every function takes probabilities with the voters (models, or segments) on the first axis and the classes on the
last: shape (S, n, C) gives (n, C), shape (S, C) gives (C,). Each result sums to 1 over the classes, so that every
score in ``shared.metrics`` can be taken from it.
"""

from collections.abc import Callable, Sequence

import numpy as np

from shared.metrics import check_probabilities

DECIMALS = 12  # sums are compared to this many decimals, so that the voters' order never decides a tie


def _stack(probabilities) -> np.ndarray:
    shapes = [np.shape(voter) for voter in probabilities]
    if len(set(shapes)) > 1:
        raise ValueError(f"expected the same shape from every voter, got {', '.join(map(str, shapes))}")
    stacked = check_probabilities(probabilities)
    if stacked.ndim < 2:
        raise ValueError(f"expected voters on the first axis and classes on the last, got shape {stacked.shape}")
    total = stacked.sum(axis=-1, keepdims=True)
    if (total == 0).any():
        where = tuple(int(i) for i in np.argwhere(total[..., 0] == 0)[0])
        raise ValueError(f"the probabilities at {where} are zero for every class")
    return stacked / total


def _fuse(stacked: np.ndarray, exponents: np.ndarray) -> np.ndarray:
    """Product of ``stacked ** exponents`` over the voters, scaled to the sum 1; see ``product`` for zeros."""
    stacked, exponents = stacked[exponents > 0], exponents[exponents > 0]
    with np.errstate(divide="ignore"):  # log(0) = -inf is meant: one voter's zero rules the class out
        logs = np.tensordot(exponents, np.log(stacked), axes=1)
    peak = logs.max(axis=-1, keepdims=True)
    ruled_out = np.isneginf(peak)
    fused = np.exp(logs - np.where(ruled_out, 0.0, peak))
    average = np.tensordot(exponents / exponents.sum(), stacked, axes=1)
    fused = np.where(ruled_out, average, fused)
    return fused / fused.sum(axis=-1, keepdims=True)


def product(probabilities: Sequence[np.ndarray] | np.ndarray) -> np.ndarray:
    """PROD: the product of the voters' probabilities, scaled to the sum 1.

    The 1/S in front of the product is the same for every class, so scaling removes it. The product is taken as a sum
    of logarithms, so it does not underflow. A class to which one voter gives exactly 0 gets 0. Where that leaves no
    class at all, the product says nothing and the voters' mean is returned for that clip.

    Parameters
    ----------
    probabilities : array_like, shape (S, n, C) or (S, C)

    Returns
    -------
    numpy.ndarray, float64, shape (n, C) or (C,)
    """
    stacked = _stack(probabilities)
    return _fuse(stacked, np.ones(len(stacked)))


def weighted_geometric_mean(
    probabilities: Sequence[np.ndarray] | np.ndarray, weights: Sequence[float] | None = None
) -> np.ndarray:
    """Geometric mean of the voters' probabilities with weights, scaled to the sum 1.

    With equal weights (the default) it ranks classes as ``product`` does, but is less extreme. Zeros are treated as in
    ``product``, with the weighted mean as the way out; a voter of weight 0 is left out altogether.

    Parameters
    ----------
    probabilities : array_like, shape (S, n, C) or (S, C)
    weights : sequence of float, length S, optional
        Not negative, not all zero. Only their ratios matter.

    Returns
    -------
    numpy.ndarray, float64, shape (n, C) or (C,)
    """
    stacked = _stack(probabilities)
    exponents = np.ones(len(stacked)) if weights is None else np.asarray(weights, dtype=np.float64)
    if exponents.shape != (len(stacked),):
        raise ValueError(f"expected {len(stacked)} weights, one a voter, got shape {exponents.shape}")
    if not np.isfinite(exponents).all() or (exponents < 0).any() or exponents.sum() == 0:
        raise ValueError(f"expected weights that are not negative and not all zero, got {exponents.tolist()}")
    return _fuse(stacked, exponents / exponents.sum())


def mean(probabilities: Sequence[np.ndarray] | np.ndarray) -> np.ndarray:
    """Arithmetic mean of the voters' probabilities: shape (S, n, C) gives (n, C), shape (S, C) gives (C,)."""
    return _stack(probabilities).mean(axis=0)


def majority_vote(probabilities: Sequence[np.ndarray] | np.ndarray) -> np.ndarray:
    """One-hot choice of the class that most voters find most probable.

    A tie in votes goes to the class with the higher sum of probabilities, then to the lower class index. A voter's own
    tie goes to the lower class index.

    Parameters
    ----------
    probabilities : array_like, shape (S, n, C) or (S, C)

    Returns
    -------
    numpy.ndarray, float64, shape (n, C) or (C,)
        1 at the elected class, 0 elsewhere; ``argmax(axis=-1)`` gives the label.
    """
    stacked = _stack(probabilities)
    classes = np.arange(stacked.shape[-1])
    votes = (stacked.argmax(axis=-1)[..., None] == classes).sum(axis=0)
    sums = stacked.sum(axis=0).round(DECIMALS)
    leads = votes == votes.max(axis=-1, keepdims=True)
    winner = np.where(leads, sums, -1.0).argmax(axis=-1)
    return (winner[..., None] == classes).astype(np.float64)


ENSEMBLES: dict[str, Callable[..., np.ndarray]] = {
    "product": product,
    "weighted_geometric_mean": weighted_geometric_mean,
    "mean": mean,
    "majority_vote": majority_vote,
}
