"""A classifier with nothing to learn: the nearest training clip by its time-averaged spectrum.

It shows how far a split can be solved by recognising the recording. A network that does not beat it has not been shown
to know more than that.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np

BLOCK = 512  # test clips whose similarities to all training clips are in memory at once
CORRELATION, EUCLIDEAN = "correlation", "euclidean"


class Neighbours(NamedTuple):
    """For each test clip: the label, the index and the similarity of its nearest training clip; shape (m,)."""

    labels: np.ndarray
    index: np.ndarray
    similarity: np.ndarray


@lru_cache(maxsize=4)
def _grey_levels(cmap: str) -> np.ndarray:
    """Table from an RGB colour, packed into 24 bits, to its level 0..255 in the colour map, or -1."""
    import matplotlib

    if cmap not in matplotlib.colormaps:
        raise ValueError(f"unknown colour map {cmap!r}; matplotlib knows names such as viridis, magma, gray")
    colours = matplotlib.colormaps[cmap](np.arange(256), bytes=True)[:, :3].astype(np.int32)
    table = np.full(1 << 24, -1, dtype=np.int16)
    packed = (colours[:, 0] << 16) | (colours[:, 1] << 8) | colours[:, 2]
    table[packed[::-1]] = np.arange(256)[::-1]  # a colour that stands twice in the map means the lower level
    return table


def time_averaged(images: np.ndarray, cmap: str = "viridis") -> np.ndarray:
    """Mean grey level of each frequency row over time.

    Parameters
    ----------
    images : numpy.ndarray, uint8, shape (n, h, w, 3)
        Spectrogram images, time along the width.
    cmap : str
        The matplotlib colour map they were drawn with.

    Returns
    -------
    numpy.ndarray, float64, shape (n, h)
        0..255, the position in the colour map.

    Raises
    ------
    ValueError
        Another shape or type, or a colour that the map does not have, which is what an interpolated image shows.
    """
    images = np.asarray(images)
    if images.ndim != 4 or images.shape[-1] != 3 or images.dtype != np.uint8 or images.size == 0:
        raise ValueError(f"expected uint8 images (n, h, w, 3), got {images.dtype} of shape {images.shape}")
    table = _grey_levels(cmap)
    averages = np.empty(images.shape[:2])
    for i, image in enumerate(images):
        colours = image.astype(np.int32)
        levels = table[(colours[..., 0] << 16) | (colours[..., 1] << 8) | colours[..., 2]]
        if levels.min() < 0:
            row, column = np.argwhere(levels < 0)[0]
            raise ValueError(
                f"image {i} has the colour {image[row, column].tolist()} at row {row}, column {column}, which is not "
                f"in {cmap}: it was drawn with another colour map or resized with interpolation"
            )
        averages[i] = levels.mean(axis=1)
    return averages


def _checked(features: np.ndarray, what: str) -> np.ndarray:
    features = np.asarray(features, dtype=np.float64)
    if features.ndim != 2 or features.size == 0:
        raise ValueError(f"expected {what} features of shape (clips, values), got shape {features.shape}")
    if not np.isfinite(features).all():
        clip = np.argwhere(~np.isfinite(features))[0][0]
        raise ValueError(f"expected finite {what} features, but clip {clip} has NaN or infinity")
    return features


def _standardised(features: np.ndarray) -> np.ndarray:
    centred = features - features.mean(axis=1, keepdims=True)
    length = np.linalg.norm(centred, axis=1, keepdims=True)
    # What is left of a constant row after centring is rounding; it must not be blown up to length 1.
    constant = length <= 1e-12 * np.linalg.norm(features, axis=1, keepdims=True)
    return np.where(constant, 0.0, centred / np.where(constant, 1.0, length))


def _correlations(test: np.ndarray, train: np.ndarray) -> np.ndarray:
    # Rounded, because equal clips may differ in the last bits of a matrix product, by machine.
    return np.clip((test @ train.T).round(12), -1.0, 1.0)


def _closeness(test: np.ndarray, train: np.ndarray) -> np.ndarray:
    from scipy.spatial.distance import cdist

    return -cdist(test, train)


def nearest_neighbour(
    train_features: np.ndarray,
    train_labels: np.ndarray,
    test_features: np.ndarray,
    barred: Callable[[slice], np.ndarray] | None = None,
    distance: str = CORRELATION,
) -> Neighbours:
    """Give each test clip the label of the nearest training clip. A tie goes to the lower training index.

    Parameters
    ----------
    train_features : array_like, shape (n, d)
    train_labels : array_like, shape (n,)
    test_features : array_like, shape (m, d)
    barred : callable, optional
        Given a slice of test clips, says which training clips are not theirs to choose: bool, (clips, n). A test clip
        that may choose none has the index -1, the least similarity and, since there must be one, the first label.
    distance : str
        `CORRELATION`: the nearest is the one with the highest Pearson correlation over the d values, as of spectra. A
        clip whose values are all equal, as in silence, has no correlation with anything: it counts as 0. Of one value
        nothing is left then, and of two only which is larger. `EUCLIDEAN`: the one at the least distance, for values
        that have nothing to do with each other; they should be standardised.

    Returns
    -------
    Neighbours
        ``labels``, ``index`` and ``similarity``, each of shape (m,). The similarity is the correlation, -1 … 1, or the
        distance with a minus sign, -inf … 0.

    Notes
    -----
    The test clips go in blocks of `BLOCK`, so the memory needed grows with n and not with n times m.
    """
    if distance not in (CORRELATION, EUCLIDEAN):
        raise ValueError(f"unknown distance {distance!r}; known are: {CORRELATION}, {EUCLIDEAN}")
    train, test = _checked(train_features, "training"), _checked(test_features, "test")
    labels = np.asarray(train_labels)
    if labels.shape != train.shape[:1]:
        raise ValueError(f"got labels of shape {labels.shape} for {len(train)} training clips")
    if train.shape[1] != test.shape[1]:
        raise ValueError(f"training clips have {train.shape[1]} values, test clips {test.shape[1]}")
    compare, least = _closeness, -np.inf
    if distance == CORRELATION:
        train, test, compare, least = _standardised(train), _standardised(test), _correlations, -1.0
    index, similarity, none = np.empty(len(test), np.intp), np.empty(len(test)), np.zeros(len(test), bool)
    for start in range(0, len(test), BLOCK):
        rows = slice(start, min(start + BLOCK, len(test)))
        alike = compare(test[rows], train)
        if barred is not None:
            bars = barred(rows)
            alike[bars] = -np.inf
            none[rows] = bars.all(axis=1)
        index[rows] = alike.argmax(axis=1)
        similarity[rows] = alike.max(axis=1)
    chosen = labels[index]
    index[none], similarity[none] = -1, least
    return Neighbours(chosen, index, similarity)


def linear(train_features: np.ndarray, train_labels: np.ndarray, test_features: np.ndarray) -> np.ndarray:
    """Logistic regression on standardised features, as scikit-learn fits it by default (L2, C = 1).

    Parameters
    ----------
    train_features : array_like, shape (n, d)
    train_labels : array_like of int, shape (n,)
        Class numbers 0 … C - 1, each at least once.
    test_features : array_like, shape (m, d)

    Returns
    -------
    ndarray, float64, shape (m, C)
        The probability of each class.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    classes = np.unique(train_labels)
    if not np.array_equal(classes, np.arange(len(classes))):
        raise ValueError(f"expected the classes 0 to {len(classes) - 1}, each at least once; got {classes.tolist()}")
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
    model.fit(np.asarray(train_features, np.float64), train_labels)
    return model.predict_proba(np.asarray(test_features, np.float64))
