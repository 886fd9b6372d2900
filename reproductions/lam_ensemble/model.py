"""The three networks of the paper's Tables I to III, and their assembly from paper.toml's settings.

Every builder returns a model from an image scaled to [0, 1], ``(batch, 128, 1292, 3)``, to five probabilities.
The text gives the width as 1290; only 1292 frames (1 + 661500 // 512) lead to the shapes that the tables print.
"""

from __future__ import annotations

import keras
from keras import layers

from reproductions.lam_ensemble.settings import Model1, Model2, Model3
from shared.paper.settings import read_settings


def convolution_block(x, filters: int, kernel: int, padding: str):
    """``Conv[kernel x kernel] @ filters - ReLU - MP [2x2]``, a row of the paper's tables.

    ReLU keeps the order of numbers, so it may as well follow the pooling: values and gradients are the same to the
    bit, on a quarter of the elements.
    """
    x = layers.Conv2D(filters, kernel, padding=padding)(x)
    x = layers.MaxPooling2D(2)(x)
    return layers.ReLU()(x)


def softmax(x, n_classes: int):
    """The last row, in float32 whatever the precision, so that the loss is not rounded."""
    return layers.Dense(n_classes, activation="softmax", dtype="float32")(x)


def build_model_1(input_shape=(128, 1292, 3), n_classes: int = 5, dropout: float = 0.2) -> keras.Model:
    """Model 1 (Table I): four convolutions, two dense layers; 7,762,021 parameters."""
    inputs = keras.Input(input_shape)  # (batch, 128, 1292, 3)
    x = convolution_block(inputs, 16, 3, "valid")  # (batch, 63, 645, 16)
    x = convolution_block(x, 32, 3, "valid")  # (batch, 30, 321, 32)
    x = convolution_block(x, 64, 3, "valid")  # (batch, 14, 159, 64)
    x = convolution_block(x, 64, 3, "valid")  # (batch, 6, 78, 64)
    x = layers.Flatten()(x)  # (batch, 29952)
    x = layers.Dropout(dropout)(x)
    x = layers.Dense(256, activation="relu")(x)  # (batch, 256); Table I's "FC 7667968" is this layer's parameters
    x = layers.Dense(128, activation="relu")(x)  # (batch, 128)
    return keras.Model(inputs, softmax(x, n_classes), name="model_1")


def build_model_2(
    input_shape=(128, 1292, 3), n_classes: int = 5, dropout: float = 0.2, hidden_units=(128, 64)
) -> keras.Model:
    """Model 2 (Table II): three padded convolutions, two dense layers; 21,141,477 parameters.

    The authors released another one: dropout 0.3 and a single dense layer of 64.
    """
    inputs = keras.Input(input_shape)  # (batch, 128, 1292, 3)
    x = convolution_block(inputs, 32, 5, "same")  # (batch, 64, 646, 32)
    x = convolution_block(x, 32, 3, "same")  # (batch, 32, 323, 32)
    x = convolution_block(x, 64, 3, "same")  # (batch, 16, 161, 64)
    x = layers.Flatten()(x)  # (batch, 164864)
    x = layers.Dropout(dropout)(x)
    for units in hidden_units:
        x = layers.Dense(units, activation="relu")(x)  # (batch, 128), then (batch, 64)
    return keras.Model(inputs, softmax(x, n_classes), name="model_2")


def build_model_3(
    input_shape=(128, 1292, 3),
    n_classes: int = 5,
    dropout: float = 0.2,
    momentum: float = 0.99,
    epsilon: float = 0.001,
) -> keras.Model:
    """Model 3 (Table III): as Model 1 with a 5 x 5 first kernel and batch normalisation; 3,904,613 parameters."""
    inputs = keras.Input(input_shape)  # (batch, 128, 1292, 3)
    x = convolution_block(inputs, 16, 5, "valid")  # (batch, 62, 644, 16); the shape forces 5 x 5
    x = convolution_block(x, 32, 3, "valid")  # (batch, 30, 321, 32)
    x = convolution_block(x, 64, 3, "valid")  # (batch, 14, 159, 64)
    x = convolution_block(x, 64, 3, "valid")  # (batch, 6, 78, 64)
    x = layers.Flatten()(x)  # (batch, 29952)
    x = layers.Dropout(dropout)(x)
    for units in (128, 64):
        x = layers.Dense(units, activation="relu")(x)  # (batch, 128), then (batch, 64)
        x = layers.Dropout(dropout)(x)
        x = layers.BatchNormalization(momentum=momentum, epsilon=epsilon)(x)
    return keras.Model(inputs, softmax(x, n_classes), name="model_3")


def build(name: str, settings: dict, input_shape=(128, 1292, 3), n_classes: int = 5) -> keras.Model:
    """The network of ``"Model 1"``, ``"Model 2"`` or ``"Model 3"`` with a variant's settings from paper.toml."""
    builder, group = {
        "Model 1": (build_model_1, Model1),
        "Model 2": (build_model_2, Model2),
        "Model 3": (build_model_3, Model3),
    }[name]
    return builder(input_shape, n_classes, **vars(read_settings(group, settings)))
