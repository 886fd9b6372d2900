"""The three networks of Section 4: a CNN and an RNN on the spectrogram image, an LSTM on the recognised words.

The text gives widths (256, 128, 64), kernel, pooling, batch normalisation and dropout; everything else is in
paper.toml with its reason. Every builder returns a model from what a clip has become to ten probabilities.
"""

from __future__ import annotations

import keras
from keras import layers, ops

from reproductions.pragadaraju_digits.settings import Cnn, Rnn, Scaling, Text
from shared.layers.normalization import BatchNormalization
from shared.layers.recurrent import SimpleRNN
from shared.paper.settings import read_settings

CNN, RNN, TEXT = "CNN + Spectrogram", "RNN + Spectrogram", "RNN + Textual Representation"
SCALING = "input_scaling"  # name of the layer that has the training images' mean and deviation


def scaling(kind: str, white_level: int):
    """Grey levels 0 to `white_level` to the network's input.

    ``pixel``: each pixel minus its mean over the training images, divided by its standard deviation; ``image``: one
    mean and one deviation for all pixels; ``unit``: divided by `white_level`. The first two are fitted with ``adapt``.
    """
    if kind == "unit":
        return layers.Rescaling(1 / white_level, name=SCALING)
    return layers.Normalization(axis={"pixel": (1, 2), "image": None}[kind], name=SCALING)


def softmax(x, n_classes: int):
    """The output layer, in float32 whatever the precision, so that the loss is not rounded."""
    return layers.Dense(n_classes, activation="softmax", dtype="float32")(x)


def build_cnn(
    input_shape=(256, 256), n_classes: int = 10, *, scale, units, kernel, padding, pooling, momentum, epsilon
) -> keras.Model:
    """CNN: three convolutions, each with max-pooling and batch normalisation, then flatten; 1,199,946 parameters.

    `scale` is the layer that `scaling` gives; `momentum` and `epsilon` are batch normalisation's. ReLU keeps the order
    of numbers, so it may as well follow the pooling: values and gradients are the same to the bit, on a quarter of the
    elements.
    """
    inputs = keras.Input(input_shape, dtype="uint8")  # (batch, 256, 256)
    x = layers.Reshape((*input_shape, 1))(scale(inputs))  # (batch, 256, 256, 1)
    for filters in units:
        x = layers.Conv2D(filters, kernel, padding=padding)(x)  # (batch, 253, 253, 256) … (batch, 58, 58, 64)
        x = layers.MaxPooling2D(pooling)(x)  # (batch, 126, 126, 256), (batch, 61, 61, 128), (batch, 29, 29, 64)
        x = layers.ReLU()(x)
        x = BatchNormalization(momentum=momentum, epsilon=epsilon)(x)
    x = layers.Flatten()(x)  # (batch, 53824)
    return keras.Model(inputs, softmax(x, n_classes), name="cnn")


def build_rnn(
    input_shape=(256, 256),
    n_classes: int = 10,
    *,
    scale,
    units,
    dropout,
    cell,
    activation,
    pooling,
    sequence_axis,
    readout,
) -> keras.Model:
    """RNN: three recurrent layers with dropout; 193,610 parameters.

    `scale` is the layer that `scaling` gives. `pooling` steps are made one, by their largest values, where a layer
    hands on all its steps; `sequence_axis` says which axis of the image the steps go along, `readout` whether the
    output layer sees the last step or all of them.
    """
    recurrent = {"simple": SimpleRNN, "lstm": layers.LSTM}[cell]
    inputs = keras.Input(input_shape, dtype="uint8")  # (batch, 256, 256): coefficients, then time
    x = scale(inputs)
    if sequence_axis == "time":
        x = layers.Permute((2, 1))(x)  # (batch, 256 steps, 256 inputs)
    for i, width in enumerate(units):
        every_step = i < len(units) - 1 or readout == "all steps"
        x = recurrent(width, activation=activation, return_sequences=every_step)(x)
        # (batch, 256, 256), (batch, 256, 128), (batch, 64)
        if every_step and pooling > 1:
            x = layers.MaxPooling1D(pooling)(x)  # of 2: (batch, 128, 256), (batch, 64, 128)
        x = layers.Dropout(dropout)(x)
    if readout == "all steps":
        x = layers.Flatten()(x)  # (batch, 16384)
    return keras.Model(inputs, softmax(x, n_classes), name="rnn")


def build_text(
    input_shape=(2,),
    n_classes: int = 10,
    *,
    units,
    dropout,
    n_words: int,
    representation,
    embedding_units,
    activation="tanh",
    readout="last word",
) -> keras.Model:
    """LSTM on words: three recurrent layers with dropout, over words as numbers from 1 to `n_words` - 1; 0 is no word.

    `representation` ``embedding`` looks a vector up for each word, ``number`` feeds the number itself; `readout` says
    whether the output layer sees the last word or all of them. The sequences are short, so the loop over their steps is
    written out, which is several times faster.
    """
    inputs = keras.Input(input_shape, dtype="int32")  # (batch, words)
    if representation == "embedding":
        x = layers.Embedding(n_words, embedding_units)(inputs)  # (batch, words, 256)
    else:
        x = ops.expand_dims(ops.cast(inputs, keras.config.floatx()), -1)  # (batch, words, 1)
    there = ops.not_equal(inputs, 0)  # (batch, words)
    for i, width in enumerate(units):
        every_word = i < len(units) - 1 or readout == "all words"
        lstm = layers.LSTM(width, activation=activation, return_sequences=every_word, unroll=True)
        x = lstm(x, mask=there)  # (batch, words, 256), (batch, words, 128), (batch, 64)
        x = layers.Dropout(dropout)(x)
    if readout == "all words":
        x = layers.Flatten()(x)  # (batch, words * 64)
    return keras.Model(inputs, softmax(x, n_classes), name="text")


def build(name: str, settings: dict, input_shape, n_classes: int = 10, n_words: int = 0) -> keras.Model:
    """The network of a row of the paper's table, with a variant's settings from paper.toml."""
    if name == TEXT:
        return build_text(input_shape, n_classes, n_words=n_words, **vars(read_settings(Text, settings)))
    builder, group = {CNN: (build_cnn, Cnn), RNN: (build_rnn, Rnn)}[name]
    scale = scaling(**vars(read_settings(Scaling, settings)))
    return builder(input_shape, n_classes, scale=scale, **vars(read_settings(group, settings)))
