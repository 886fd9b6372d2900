"""Standardisation that is fitted to the training rows, as a layer of the network.

What was fitted is kept with the network's weights, so predictions have the same. It is no parameter that is trained.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import keras
import numpy as np

SCALING = "scaling"  # the layer's name
AT_ONCE = 256  # rows


def standardisation(axis: int | Sequence[int] | None) -> keras.layers.Layer:
    """A layer that subtracts a mean and divides by a standard deviation, which `fit_scaling` gives it.

    Parameters
    ----------
    axis : int, sequence of int or None
        What has a mean and a deviation of its own; axis 0 is the batch. Of (batch, n_mels, n_frames, channels), (1, 3)
        is each band of each channel, -1 each channel, None all values together.
    """
    return keras.layers.Normalization(axis=axis, name=SCALING, dtype="float32")


def fit_scaling(model: keras.Model, inputs, rows: np.ndarray) -> None:
    """Give a network's `standardisation` the mean and the variance of some rows of its inputs, and of no other.

    Parameters
    ----------
    model : keras.Model
        With one input.
    inputs : array-like, shape (n, ...)
        What the network is fed; a batch at a time is read, twice.
    rows : ndarray of int
        Those to train on.

    Raises
    ------
    ValueError
        No row.
    """
    if not len(rows):
        raise ValueError("the scaling needs training rows to be fitted to; received none")
    layer, n_axes = model.get_layer(SCALING), len(model.input_shape)
    kept = {axis % n_axes for axis in layer.axis}
    summed = tuple(axis for axis in range(n_axes) if axis not in kept)
    n_values = len(rows) * math.prod(model.input_shape[axis] for axis in summed if axis)
    mean = sum(batch.sum(axis=summed, keepdims=True) for batch in _batches(inputs, rows)) / n_values
    variance = sum(np.square(batch - mean).sum(axis=summed) for batch in _batches(inputs, rows)) / n_values
    layer.adapt_mean.assign(mean.reshape(layer.adapt_mean.shape))
    layer.adapt_variance.assign(variance.reshape(layer.adapt_variance.shape))
    layer.finalize_state()


def _batches(inputs, rows: np.ndarray) -> Iterator[np.ndarray]:
    """The rows, some at once, float64: sums over many clips lose digits in single precision."""
    for start in range(0, len(rows), AT_ONCE):
        yield np.asarray(inputs[rows[start : start + AT_ONCE]], "float64")
