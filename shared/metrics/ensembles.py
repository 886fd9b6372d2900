"""Fusion of several classifiers' probabilities for the same clips, or of one classifier's for a song's segments.

Every function takes probabilities with the voters (models, or segments) on the first axis and the classes on the
last: shape (S, n, C) gives (n, C), shape (S, C) gives (C,). Each result sums to 1 over the classes, so that every
score in ``shared.metrics.scores`` can be taken from it.
"""

from collections.abc import Callable, Sequence

import numpy as np

from shared.metrics.scores import EPSILON, check_labels, check_probabilities

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


def fit_weights(probabilities: Sequence[np.ndarray] | np.ndarray, y_true: np.ndarray) -> np.ndarray:
    """Weights with which `weighted_geometric_mean` has the least mean cross-entropy on given clips.

    The cross-entropy is convex in the weights, so the least one is found from wherever the search begins.

    Parameters
    ----------
    probabilities : array_like, shape (S, n, C)
        Below 1e-7 they count as that, so that one voter's zero costs something and not everything.
    y_true : array_like, shape (n, C)
        Labels, exactly one a clip.

    Returns
    -------
    numpy.ndarray, float64, shape (S,)
        Not negative, with the sum 1.
    """
    from scipy.optimize import minimize

    true = check_labels(y_true, one_label=True)
    logs = np.log(np.clip(_stack(probabilities), EPSILON, 1.0))
    if logs.shape[1:] != true.shape:
        raise ValueError(f"labels of shape {true.shape} do not fit probabilities of shape {logs.shape}")
    n_voters = len(logs)
    of_true = logs[:, true]  # (S, n)

    def cost(weights: np.ndarray) -> tuple[float, np.ndarray]:
        fused = np.tensordot(weights, logs, axes=1)
        fused -= fused.max(axis=-1, keepdims=True)
        shares = np.exp(fused)
        total = shares.sum(axis=-1, keepdims=True)
        loss = (np.log(total[:, 0]) - fused[true]).mean()
        return loss, np.tensordot(logs, shares / total, axes=2) / len(true) - of_true.mean(axis=1)

    found = minimize(
        cost,
        np.full(n_voters, 1 / n_voters),
        jac=True,
        method="SLSQP",
        bounds=[(0.0, 1.0)] * n_voters,
        constraints={"type": "eq", "fun": lambda weights: weights.sum() - 1, "jac": lambda weights: np.ones(n_voters)},
        options={"ftol": 1e-9},
    )
    weights = np.clip(found.x, 0.0, None)
    return weights / weights.sum()


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
