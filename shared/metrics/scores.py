"""Scores of a classifier, computed from kept predictions.

Conventions of every function here:

- ``y_true`` has shape (n, C) and holds 0 and 1: one 1 a row (one-hot), or any number of them (multi-hot) where the
  docstring allows it. ``y_prob`` has the same shape and holds probabilities.
- The arithmetic is float64. A tie between classes goes to the lower class index, as in ``numpy.argmax``.
- Empty input, NaN, another shape, or numbers that are no probabilities raise ``ValueError``.

Keras computes the same scores in float32 during training; these functions give the same value from a file.
scikit-learn has most of them too, but importing it takes longer than ``python -m reproductions diff`` may take
altogether, so it is the reference in the tests instead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

EPSILON = 1e-7  # Keras clips probabilities here before it takes a logarithm
THRESHOLD = 0.5  # Keras counts a probability as positive when it is greater than this, not when it is equal
ROUNDING = 1e-5  # a probability may lie this far outside 0..1: float32 and five written digits round that much


# ---- checks


def check_probabilities(y_prob: np.ndarray) -> np.ndarray:
    """Return ``y_prob`` as float64 in 0..1, or raise ``ValueError`` saying what is wrong with it.

    Parameters
    ----------
    y_prob : array_like, shape (..., C)
        Probabilities. Values up to 1e-5 outside 0..1 are rounding and are moved inside.
    """
    prob = np.asarray(y_prob, dtype=np.float64)
    if prob.size == 0:
        raise ValueError(f"expected probabilities of at least one clip, got an empty array of shape {prob.shape}")
    if not np.isfinite(prob).all():
        where = tuple(int(i) for i in np.argwhere(~np.isfinite(prob))[0])
        raise ValueError(f"expected finite probabilities, got {prob[where]} at {where}")
    if prob.min() < -ROUNDING or prob.max() > 1 + ROUNDING:
        raise ValueError(f"expected probabilities in 0..1, got values from {prob.min():.6g} to {prob.max():.6g}")
    return np.clip(prob, 0.0, 1.0)


def check_labels(y_true: np.ndarray, one_label: bool = False) -> np.ndarray:
    """Return ``y_true`` as a boolean array of shape (n, C), or raise ``ValueError`` saying what is wrong with it.

    Parameters
    ----------
    y_true : array_like, shape (n, C)
        One-hot or multi-hot labels.
    one_label : bool
        Whether every row must have exactly one label.
    """
    true = np.asarray(y_true)
    if true.ndim != 2:
        raise ValueError(f"expected labels of shape (clips, classes), got shape {true.shape}")
    if true.size == 0:
        raise ValueError(f"expected labels of at least one clip, got an empty array of shape {true.shape}")
    if not np.isin(true, (0, 1)).all():
        raise ValueError("expected labels of 0 and 1 only (one-hot or multi-hot), got other values")
    labels = true.astype(bool)
    counts = labels.sum(axis=1)
    if one_label and (counts != 1).any():
        row = int(np.argmax(counts != 1))
        raise ValueError(
            f"this score is defined for exactly one label a clip, but row {row} has {counts[row]}; "
            "for several labels a clip use binary_accuracy, binary_crossentropy, precision or recall"
        )
    return labels


def _check(y_true, y_prob, one_label: bool = False) -> tuple[np.ndarray, np.ndarray]:
    true, prob = check_labels(y_true, one_label), check_probabilities(y_prob)
    if true.shape != prob.shape:
        raise ValueError(f"labels of shape {true.shape} do not fit probabilities of shape {prob.shape}")
    return true, prob


# ---- scores that are the mean of one value a clip


def _clip_accuracy(y_true, y_prob) -> np.ndarray:
    true, prob = _check(y_true, y_prob, one_label=True)
    return (prob.argmax(axis=1) == true.argmax(axis=1)).astype(np.float64)


def _clip_loss(y_true, y_prob) -> np.ndarray:
    true, prob = _check(y_true, y_prob, one_label=True)
    total = prob.sum(axis=1)
    if (total == 0).any():
        raise ValueError(f"row {int(np.argmin(total))} of the probabilities is zero for every class")
    own = prob[true] / total
    return -np.log(np.clip(own, EPSILON, 1 - EPSILON))


def _clip_binary_accuracy(y_true, y_prob) -> np.ndarray:
    true, prob = _check(y_true, y_prob)
    return (true == (prob > THRESHOLD)).mean(axis=1)


def _clip_binary_crossentropy(y_true, y_prob) -> np.ndarray:
    true, prob = _check(y_true, y_prob)
    prob = np.clip(prob, EPSILON, 1 - EPSILON)
    return -np.where(true, np.log(prob), np.log1p(-prob)).mean(axis=1)


def _clip_precision_at_k(y_true, y_prob, k: int = 3) -> np.ndarray:
    true, prob = _check(y_true, y_prob, one_label=True)
    if k < 1:
        raise ValueError(f"expected k of at least 1, got {k}")
    order = np.argsort(-prob, axis=1, kind="stable")
    rank = 1 + np.argmax(np.take_along_axis(true, order, axis=1), axis=1)
    return np.where(rank <= k, 1.0 / rank, 0.0)


def accuracy(y_true, y_prob) -> float:
    """Share of clips whose most probable class is the true one, 0..1. One label a clip only."""
    return float(_clip_accuracy(y_true, y_prob).mean())


def loss(y_true, y_prob) -> float:
    """Mean categorical cross-entropy in nats, as ``keras.losses.CategoricalCrossentropy`` gives it on probabilities.

    Each row is scaled to the sum 1, then clipped to 1e-7 .. 1 - 1e-7, so one clip costs 16.118 at most.
    One label a clip only.
    """
    return float(_clip_loss(y_true, y_prob).mean())


def binary_accuracy(y_true, y_prob) -> float:
    """Share of the n x C decisions at threshold 0.5 that are right, 0..1, as in Keras. Any number of labels a clip."""
    return float(_clip_binary_accuracy(y_true, y_prob).mean())


def binary_crossentropy(y_true, y_prob) -> float:
    """Mean binary cross-entropy of the n x C entries in nats, clipped as in Keras. Any number of labels a clip."""
    return float(_clip_binary_crossentropy(y_true, y_prob).mean())


def map_at_k(y_true, y_prob, k: int = 3) -> float:
    """Mean average precision of the k most probable classes (MAP@k), 0..1. One label a clip only.

    With one label a clip, the average precision is 1 / rank of the true class, or 0 when the rank is above k.
    """
    return float(_clip_precision_at_k(y_true, y_prob, k).mean())


# ---- scores that count decisions


def _decisions(y_true, y_prob) -> tuple[int, int, int]:
    """Return true positives, predicted positives and positives over all n x C entries at threshold 0.5."""
    true, prob = _check(y_true, y_prob)
    predicted = prob > THRESHOLD
    return int((true & predicted).sum()), int(predicted.sum()), int(true.sum())


def precision(y_true, y_prob) -> float:
    """Share of the probabilities above 0.5 that stand at a true label, over all entries; 0 when none is above.

    The same as ``keras.metrics.Precision()``. Any number of labels a clip.
    """
    hits, predicted, _ = _decisions(y_true, y_prob)
    return hits / predicted if predicted else 0.0


def recall(y_true, y_prob) -> float:
    """Share of the true labels that get a probability above 0.5, over all entries; 0 when there is no label.

    The same as ``keras.metrics.Recall()``. Any number of labels a clip. With one label a clip and rows that sum to 1,
    recall cannot exceed accuracy: a class with more than half of the probability is the most probable one.
    """
    hits, _, positives = _decisions(y_true, y_prob)
    return hits / positives if positives else 0.0


def confusion_matrix(y_true, y_prob) -> np.ndarray:
    """Count clips by true class (row) and most probable class (column): int64, shape (C, C). One label a clip only."""
    true, prob = _check(y_true, y_prob, one_label=True)
    n_classes = true.shape[1]
    cells = true.argmax(axis=1) * n_classes + prob.argmax(axis=1)
    return np.bincount(cells, minlength=n_classes**2).reshape(n_classes, n_classes)


def per_class(y_true, y_prob, classes: Sequence[str], threshold: float | None = None) -> pd.DataFrame:
    """Precision, recall, F1 and support of each class.

    Parameters
    ----------
    y_true, y_prob : array_like, shape (n, C)
        Labels and probabilities.
    classes : sequence of str
        The C class names, in the order of the columns.
    threshold : float, optional
        Predict every class whose probability is greater. By default predict the most probable class, which needs one
        label a clip.

    Returns
    -------
    pandas.DataFrame
        One row a class, index ``class``, columns ``precision``, ``recall``, ``f1``, ``support``. A score whose
        denominator is zero is 0.
    """
    import pandas as pd

    true, prob = _check(y_true, y_prob, one_label=threshold is None)
    if len(classes) != true.shape[1]:
        raise ValueError(f"got {len(classes)} class names for {true.shape[1]} columns")
    if threshold is None:
        predicted = np.arange(prob.shape[1]) == prob.argmax(axis=1)[:, None]
    else:
        predicted = prob > threshold
    hits, n_predicted, n_true = (true & predicted).sum(axis=0), predicted.sum(axis=0), true.sum(axis=0)
    scores = {
        "precision": hits / np.maximum(n_predicted, 1),
        "recall": hits / np.maximum(n_true, 1),
        "f1": 2 * hits / np.maximum(n_predicted + n_true, 1),
        "support": n_true,
    }
    return pd.DataFrame(scores, index=pd.Index(classes, name="class"))


# ---- by name, with their uncertainty

METRICS: dict[str, Callable[..., float]] = {
    "loss": loss,
    "accuracy": accuracy,
    "precision": precision,
    "recall": recall,
    "binary_accuracy": binary_accuracy,
    "binary_crossentropy": binary_crossentropy,
    "map@3": map_at_k,
}
_PER_CLIP = {
    "loss": _clip_loss,
    "accuracy": _clip_accuracy,
    "binary_accuracy": _clip_binary_accuracy,
    "binary_crossentropy": _clip_binary_crossentropy,
    "map@3": _clip_precision_at_k,
}


def _check_name(metric: str) -> None:
    if metric not in METRICS:
        raise ValueError(f"unknown metric {metric!r}; known are {', '.join(METRICS)}")


def per_clip(metric: str, y_true, y_prob) -> np.ndarray:
    """The score of each clip, float64 (n,), whose mean is the metric.

    Raises
    ------
    ValueError
        For precision and recall, which are not means over clips.
    """
    _check_name(metric)
    if metric not in _PER_CLIP:
        raise ValueError(f"{metric} is no mean over clips; use `influence`")
    return _PER_CLIP[metric](y_true, y_prob)


def influence(metric: str, y_true, y_prob) -> np.ndarray:
    """How far each clip moves the score: float64 (n,), of sum 0.

    The standard deviation of these values over sqrt(n) is the score's standard error. For a mean over clips they are
    the clips' deviations from it; precision and recall are ratios of two means, and their values are those of the
    ratio's first-order expansion (0 throughout where its denominator is 0).
    """
    _check_name(metric)
    if metric in _PER_CLIP:
        values = per_clip(metric, y_true, y_prob)
        return values - values.mean()
    true, prob = _check(y_true, y_prob)
    predicted = prob > THRESHOLD
    hits, base = (true & predicted).sum(axis=1), (predicted if metric == "precision" else true).sum(axis=1)
    return (hits - hits.sum() / base.sum() * base) / base.mean() if base.any() else np.zeros(len(true))
