"""The networks of the paper's Table 2, from a window's features to the probabilities of the classes.

To be replaced by the paper's own. A shape stands after every line that changes it, and test_model.py holds shapes and
the number of parameters against paper.toml. Keras alone, without TensorFlow: the same runs on JAX.
"""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers

from reproductions._template.settings import SmallCnn
from shared.paper.settings import read_settings
from shared.training.scaling import standardisation

SMALL_CNN = "Small CNN"  # the name in paper.toml


def build_small_cnn(
    input_shape=(64, 87, 1),
    n_classes: int = 5,
    *,
    filters: Sequence[int] = (8, 16),
    kernel: int = 3,
    dropout: float = 0.25,
) -> keras.Model:
    """Two convolutions, each with ReLU and pooling, and a mean over the image; 1,333 parameters.

    Parameters
    ----------
    input_shape : tuple of int
        Mel bands, frames, channels.
    n_classes : int
    filters : sequence of int
        One convolution each.
    kernel : int
        Height and width of a filter, in cells.
    dropout : float
        Share of the means that is dropped in training.

    Returns
    -------
    keras.Model
        From features, float32 (batch, 64, 87, 1), to probabilities, float32 (batch, 5). Each band is standardised by
        the training windows, which `fit_scaling` fits; that is no parameter.
    """
    inputs = keras.Input(input_shape)  # (batch, 64, 87, 1)
    x = standardisation(axis=(1, 3))(inputs)
    for n_filters in filters:
        x = layers.Conv2D(n_filters, kernel, padding="same", activation="relu")(x)
        # (batch, 64, 87, 8), (batch, 32, 43, 16)
        x = layers.MaxPooling2D(2)(x)  # (batch, 32, 43, 8), (batch, 16, 21, 16)
    x = layers.GlobalAveragePooling2D()(x)  # (batch, 16)
    x = layers.Dropout(dropout)(x)
    outputs = layers.Dense(n_classes, activation="softmax", dtype="float32")(x)  # (batch, 5)
    return keras.Model(inputs, outputs, name="small_cnn")


def build(name: str, settings: dict, input_shape, n_classes: int) -> keras.Model:
    """The network called `name` in paper.toml, with a variant's settings from there."""
    builders = {SMALL_CNN: (build_small_cnn, SmallCnn)}
    if name not in builders:
        raise ValueError(f"model {name!r} has no builder in model.py; the known are: {', '.join(builders)}")
    builder, group = builders[name]
    return builder(tuple(input_shape), n_classes, **vars(read_settings(group, settings)))
