"""Scores of a classifier that may give a clip several labels, which a constant answer cannot make look good.

Conventions are those of `shared.metrics.scores`: ``y_true`` (n, C) holds 0 and 1, ``y_prob`` (n, C) probabilities;
arithmetic is float64, bad input raises ``ValueError``. A label that no clip has is left out of every mean over labels.
scikit-learn is the reference in the tests.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from shared.metrics.scores import THRESHOLD, binary_accuracy, check_labels, check_probabilities

SWEEP = tuple(round(0.05 * step, 2) for step in range(1, 11))  # thresholds 0.05, 0.10, …, 0.50
QUANTILES = {"least": 0.0, "median": 0.5, "highest 1 in 100": 0.99, "highest": 1.0}


def _check(y_true, y_prob) -> tuple[np.ndarray, np.ndarray]:
    true, prob = check_labels(y_true), check_probabilities(y_prob)
    if true.shape != prob.shape:
        raise ValueError(f"labels of shape {true.shape} do not fit probabilities of shape {prob.shape}")
    return true, prob


def _ranked(true: np.ndarray, prob: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of one label, for each of its distinct probabilities, highest first: it, clips at or above, true ones of them."""
    order = np.argsort(-prob, kind="stable")
    last = np.flatnonzero(np.append(np.diff(prob[order]) != 0, True))  # of clips with equal probabilities, the last
    return prob[order][last], last + 1, np.cumsum(true[order])[last]


def average_precision(y_true, y_prob) -> np.ndarray:
    """Average precision of each label, float64 (C,); NaN for a label that no clip has.

    The mean of the precision at each true clip's rank (recall steps times precision, without interpolation); clips of
    equal probability share a rank. A constant answer has the label's share of the clips.
    """
    true, prob = _check(y_true, y_prob)
    scores = np.full(true.shape[1], np.nan)
    for label in np.flatnonzero(true.any(axis=0)):
        _, clips, hits = _ranked(true[:, label], prob[:, label])
        scores[label] = np.sum(np.diff(hits, prepend=0) * hits / clips) / hits[-1]
    return scores


def mean_average_precision(y_true, y_prob) -> float:
    """Mean over the labels of `average_precision`, 0..1 (mAP)."""
    true, prob = _check(y_true, y_prob)
    if not true.any():
        raise ValueError("no clip has any label, so there is no average precision")
    return float(np.nanmean(average_precision(true, prob)))


def f1_scores(y_true, predicted) -> tuple[np.ndarray, float, float]:
    """F1 of each label, float64 (C,), their mean over the labels that some clip has, and F1 over all decisions.

    Parameters
    ----------
    y_true, predicted : array_like of 0 and 1, shape (n, C)

    Returns
    -------
    each, macro, micro
        A label that is neither there nor predicted has F1 0.
    """
    true, predicted = check_labels(y_true), check_labels(predicted)
    if true.shape != predicted.shape:
        raise ValueError(f"labels of shape {true.shape} do not fit predictions of shape {predicted.shape}")
    hits, either = (true & predicted).sum(axis=0), true.sum(axis=0) + predicted.sum(axis=0)
    each = 2 * hits / np.maximum(either, 1)
    there = true.any(axis=0)
    macro = float(each[there].mean()) if there.any() else 0.0
    return each, macro, float(2 * hits.sum() / max(either.sum(), 1))


def sweep(y_true, y_prob, thresholds: Sequence[float] = SWEEP) -> list[dict]:
    """What each threshold, the same for all labels, gives: labels a clip, binary accuracy, macro and micro F1."""
    true, prob = _check(y_true, y_prob)
    rows = []
    for threshold in thresholds:
        predicted = prob > threshold
        _, macro, micro = f1_scores(true, predicted)
        row = {"threshold": threshold, "labels_a_clip": float(predicted.sum(axis=1).mean())}
        row |= {"binary_accuracy": float((true == predicted).mean()), "macro_f1": macro, "micro_f1": micro}
        rows.append(row)
    return rows


def best_thresholds(y_true, y_prob) -> np.ndarray:
    """For each label the threshold with the highest F1, float64 (C,); 0.5 for a label that no clip has.

    It lies half-way between the last probability that counts and the next lower one, or between the lowest and 0. Of
    equally good ones the highest is taken. To be chosen on other clips than those that are scored with it.
    """
    true, prob = _check(y_true, y_prob)
    thresholds = np.full(true.shape[1], THRESHOLD)
    for label in np.flatnonzero(true.any(axis=0)):
        values, clips, hits = _ranked(true[:, label], prob[:, label])
        best = int(np.argmax(2 * hits / (clips + hits[-1])))
        lower = values[best + 1] if best + 1 < len(values) else 0.0
        thresholds[label] = (values[best] + lower) / 2
    return thresholds


def summary(y_true, y_prob, thresholds: Sequence[float] | None = None) -> dict[str, float]:
    """The scores side by side: those that a constant answer makes look good, and those that it does not.

    Parameters
    ----------
    thresholds : sequence of float, shape (C,), optional
        One a label, for the last two; 0.5 when not given.

    Returns
    -------
    dict
        ``binary_accuracy`` at 0.5, ``map``, ``macro_f1`` and ``micro_f1`` at 0.5, the quantiles of the probabilities
        by the names of `QUANTILES`, ``above_half`` (share of them), and ``own_macro_f1``, ``own_micro_f1``.
    """
    true, prob = _check(y_true, y_prob)
    _, macro, micro = f1_scores(true, prob > THRESHOLD)
    _, own_macro, own_micro = f1_scores(true, prob > np.asarray(THRESHOLD if thresholds is None else thresholds))
    scores = {"binary_accuracy": binary_accuracy(true, prob), "map": mean_average_precision(true, prob)}
    scores |= {"macro_f1": macro, "micro_f1": micro}
    scores |= {name: float(np.quantile(prob, share)) for name, share in QUANTILES.items()}
    return scores | {
        "above_half": float((prob > THRESHOLD).mean()),
        "own_macro_f1": own_macro,
        "own_micro_f1": own_micro,
    }
