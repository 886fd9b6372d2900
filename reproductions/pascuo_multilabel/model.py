"""The convolutional network of the report's figure 2, and the loss of variant corrected."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers, ops

CNN = "CNN"
CONSTANT = "constant predictor"  # none of the report's models: every sample gets the labels' shares in training
EPSILON = 1e-7  # Keras clips probabilities here before it takes a logarithm


def build_cnn(
    input_shape=(99, 13),
    n_classes: int = 30,
    *,
    filters=(16, 32, 64, 128),
    kernel=3,
    pooling=2,
    dropout=0.5,
    units=(128, 64),
) -> keras.Model:
    """Four convolutions without pooling between them, one pooling, three dense layers; 4,924,382 parameters.

    Parameters
    ----------
    input_shape : tuple of int
        Frames and coefficients.
    n_classes : int
        Labels; each has a probability of its own.

    Returns
    -------
    keras.Model
        From scaled MFCCs, (batch, 99, 13), to probabilities, float32 (batch, 30).
    """
    inputs = keras.Input(input_shape)  # (batch, 99, 13)
    x = layers.Reshape((*input_shape, 1))(inputs)  # (batch, 99, 13, 1)
    for n_filters in filters:
        x = layers.Conv2D(n_filters, kernel, padding="same", activation="relu")(x)
        # (batch, 99, 13, 16), (batch, 99, 13, 32), (batch, 99, 13, 64), (batch, 99, 13, 128)
    x = layers.MaxPooling2D(pooling)(x)  # (batch, 49, 6, 128)
    x = layers.Dropout(dropout)(x)
    x = layers.Flatten()(x)  # (batch, 37632)
    for width in units:
        x = layers.Dense(width, activation="relu")(x)  # (batch, 128), (batch, 64)
    outputs = layers.Dense(n_classes, activation="sigmoid", dtype="float32")(x)  # (batch, 30)
    return keras.Model(inputs, outputs, name="cnn")


def build(settings: dict, input_shape, n_classes: int) -> keras.Model:
    """The network with a variant's settings from paper.toml."""
    return build_cnn(
        tuple(input_shape),
        n_classes,
        filters=settings["filters"],
        kernel=settings["kernel"],
        pooling=settings["pooling"],
        dropout=settings["dropout"],
        units=settings["units"],
    )


def balanced_crossentropy(positive: np.ndarray, negative: np.ndarray):
    """Binary cross-entropy in which each label's ones and zeros have weights of their own.

    Parameters
    ----------
    positive, negative : ndarray, shape (n_classes,)
        As from `shared.class_weights.balanced_labels`.

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
