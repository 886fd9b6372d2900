"""Weights that let rare classes count as much as frequent ones during training.

Labels are one-hot or multi-hot, shape (n, C), as everywhere in ``shared``.
"""

from collections.abc import Sequence

import numpy as np

from shared.metrics.scores import check_labels


def _counts(true: np.ndarray, names: Sequence[str] | None = None) -> np.ndarray:
    counts = true.sum(axis=0)
    if (counts == 0).any():
        missing = _named(counts == 0, names)
        raise ValueError(f"no clip has class {missing}, so it has no weight: drop the class or complete the corpus")
    return counts


def _named(which: np.ndarray, names: Sequence[str] | None) -> str:
    """The classes' names, or their numbers where they have none."""
    return ", ".join(str(i) if names is None else repr(names[i]) for i in np.flatnonzero(which))


def balanced(y_true: np.ndarray) -> dict[int, float]:
    """Weight n / (C x clips of the class) of each class, for the ``class_weight`` of ``keras.Model.fit``.

    scikit-learn's "balanced" rule: the weights of all clips add up to n, and each class gets the same share.

    Parameters
    ----------
    y_true : array_like, shape (n, C)
        Labels, exactly one a clip.

    Raises
    ------
    ValueError
        A class without a clip, or a clip with another number of labels than one.
    """
    from sklearn.utils.class_weight import compute_class_weight

    true = check_labels(y_true, one_label=True)
    _counts(true)
    weights = compute_class_weight("balanced", classes=np.arange(true.shape[1]), y=true.argmax(axis=1))
    return dict(enumerate(weights.tolist()))


def multi_label(y_true: np.ndarray, names: Sequence[str] | None = None) -> np.ndarray:
    """Weight (labels in all) / (C x clips with the label) of each label, float64, shape (C,).

    The balanced rule applied to the list of all labels, so that a clip with two labels counts once for each. With one
    label a clip the weights are those of ``balanced``.

    Parameters
    ----------
    y_true : array_like, shape (n, C)
        Labels, any number a clip.
    names : sequence of str, optional
        What the labels are called, for errors.

    Raises
    ------
    ValueError
        A label that no clip has.
    """
    counts = _counts(check_labels(y_true), names)
    return counts.sum() / (len(counts) * counts)


def balanced_labels(y_true: np.ndarray, names: Sequence[str] | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Weights n / (2 x clips with the label) and n / (2 x clips without it), float64, each of shape (C,).

    scikit-learn's "balanced" rule for each label as a problem of its own, yes or no: all its ones together weigh as
    much as all its zeros, and both together n, as without weights.

    Parameters
    ----------
    y_true : array_like, shape (n, C)
        Labels, any number a clip.
    names : sequence of str, optional
        What the labels are called, for errors.

    Raises
    ------
    ValueError
        A label that no clip has, or that all have.
    """
    true = check_labels(y_true)
    with_label, n = _counts(true, names), len(true)
    if (with_label == n).any():
        every = _named(with_label == n, names)
        raise ValueError(f"every clip has label {every}, so there is nothing to weigh it against: drop the label")
    return n / (2 * with_label), n / (2 * (n - with_label))


def first_label_weights(y_true: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weight of each clip as Keras's ``class_weight`` gives it: that of its first label, float64, shape (n,).

    Keras takes the argmax of a row of labels (its function class_weight_to_sample_weights), so a clip's other labels
    play no part, and which one is first hangs on the order of the classes. A clip without a label counts as class 0.

    Parameters
    ----------
    y_true : array_like, shape (n, C)
        Labels, any number a clip.
    weights : array_like, shape (C,)
        Weight of each label, as from ``multi_label``.
    """
    true, weights = _checked(y_true, weights)
    return weights[true.argmax(axis=1)]


def sample_weights(y_true: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weight of each clip, float64, shape (n,): the mean weight of its labels, or 1 when it has none.

    For the ``sample_weight`` of ``keras.Model.fit``. Its ``class_weight`` will not do with several labels a clip:
    Keras then takes the first label of each clip and ignores the others, without a warning.

    Parameters
    ----------
    y_true : array_like, shape (n, C)
        Labels, any number a clip.
    weights : array_like, shape (C,)
        Weight of each label, as from ``multi_label``.
    """
    true, weights = _checked(y_true, weights)
    counts = true.sum(axis=1)
    return np.where(counts == 0, 1.0, true @ weights / np.maximum(counts, 1))


def _checked(y_true: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Labels, and a weight for each of their columns."""
    true, weights = check_labels(y_true), np.asarray(weights, dtype=np.float64)
    if weights.shape != true.shape[1:]:
        raise ValueError(f"got weights of shape {weights.shape} for labels of shape {true.shape}")
    return true, weights
