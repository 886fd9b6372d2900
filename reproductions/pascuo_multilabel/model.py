"""The convolutional network of the report's figure 2, and the loss of variant corrected."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
from keras import layers, ops

from reproductions.pascuo_multilabel.settings import Cnn
from shared.paper.settings import read_settings
from shared.results.exact import MODEL

CNN = "CNN"
CONSTANT = MODEL  # answers every sample with the labels' shares in training
EPSILON = 1e-7  # Keras clips probabilities here before it takes a logarithm


def build_cnn(
    input_shape: Sequence[int],
    n_classes: int,
    *,
    filters: Sequence[int],
    kernels: Sequence[int],
    activations: Sequence[str],
    pooling: int,
    padding: str,
    dropout: float,
    units: int,
    activity_l2: float,
) -> keras.Model:
    """Five convolutions, the first four pooled, and two dense layers; 25,934 parameters with the paper's settings.

    Parameters
    ----------
    input_shape
        Frames and coefficients.
    n_classes
        Labels; each has a probability of its own.
    filters, kernels, activations
        One a convolution.
    pooling, padding
        Side of a pooling window, and how convolutions and poolings are padded.
    activity_l2
        Weight of the mean over the batch of the sum of squares of the hidden layer's answers, which is added to the
        loss, in validation as well.

    Returns
    -------
    keras.Model
        From scaled MFCCs, (batch, 19, 13), to probabilities, float32 (batch, 30).
    """
    inputs = keras.Input(tuple(input_shape))  # (batch, 19, 13)
    x = layers.Reshape((*input_shape, 1))(inputs)  # (batch, 19, 13, 1)
    *pooled, last = zip(filters, kernels, activations, strict=True)
    for n_filters, kernel, activation in pooled:
        x = layers.Conv2D(n_filters, kernel, padding=padding, activation=activation)(x)
        # (batch, 19, 13, 8), (batch, 10, 7, 16), (batch, 5, 4, 16), (batch, 3, 2, 32)
        x = layers.MaxPooling2D(pooling, padding=padding)(x)
        # (batch, 10, 7, 8), (batch, 5, 4, 16), (batch, 3, 2, 16), (batch, 2, 1, 32)
    n_filters, kernel, activation = last
    x = layers.Conv2D(n_filters, kernel, padding=padding, activation=activation)(x)  # (batch, 2, 1, 32)
    x = layers.Flatten()(x)  # (batch, 64)
    x = layers.Dropout(dropout)(x)
    penalty = keras.regularizers.L2(activity_l2) if activity_l2 else None
    x = layers.Dense(units, activation="relu", activity_regularizer=penalty)(x)  # (batch, 64)
    outputs = layers.Dense(n_classes, activation="sigmoid", dtype="float32")(x)  # (batch, 30)
    return keras.Model(inputs, outputs, name="cnn")


def build(settings: dict, input_shape: Sequence[int], n_classes: int) -> keras.Model:
    """The network with a variant's settings from paper.toml."""
    return build_cnn(input_shape, n_classes, **vars(read_settings(Cnn, settings)))


def balanced_crossentropy(positive: np.ndarray, negative: np.ndarray):
    """Binary cross-entropy in which each label's ones and zeros have weights of their own.

    Parameters
    ----------
    positive, negative : ndarray, shape (n_classes,)
        As from `shared.training.class_weights.balanced_labels`.

    Returns
    -------
    function
        Of labels and probabilities, (batch, n_classes), to the mean over the labels, (batch,).
    """
    positive, negative = (np.asarray(weights, "float32") for weights in (positive, negative))

    def loss(y_true, y_pred):
        y_true, y_pred = ops.cast(y_true, "float32"), ops.clip(y_pred, EPSILON, 1 - EPSILON)
        ones = positive * y_true * ops.log(y_pred)
        zeros = negative * (1 - y_true) * ops.log(1 - y_pred)
        return -ops.mean(ones + zeros, axis=-1)

    return loss
