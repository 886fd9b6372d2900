"""The three networks: an ANN on 57 features, a 1-D CNN on two seconds of samples, ResNet-18 on their log-mel image.

The report prints the second and the third layer by layer; everything it does not say is in paper.toml with its reason.
Every builder returns a model from what a clip has become to the probabilities of the genres.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import keras
import numpy as np
from keras import layers, ops

from reproductions.verma_genres.gammatone import Bank
from reproductions.verma_genres.settings import Ann, Cnn1d, Gammatone, ResNet
from shared.layers.convolutions import PooledConv1D
from shared.layers.normalization import BatchNormalization
from shared.paper.settings import read_settings

ANN, CNN_1D, CNN_2D = "Feature Extraction", "1-D Convolutional NN", "2-D Convolutional NN"
SCALING = "input_scaling"  # name of the layer that has the training rows' mean and deviation
FIRST = "convolution_1"
LOWEST = -1e9  # around a max-pooling, so that the border never is the maximum, as in PyTorch
STRIDE = 2  # of every convolution of the 1-D CNN
CONVOLUTIONS = (  # filters, kernel, pooling (0: none), as in the report's table
    (16, 64, 8),
    (32, 32, 8),
    (64, 16, 0),
    (128, 8, 0),
    (256, 4, 4),
)
FOLDS = {0: 4, 1: 2}  # of the layers that are worth another arrangement
STAGES = ((64, 1), (128, 2), (256, 2), (512, 2))  # filters and first stride of ResNet-18's stages of two blocks each


def softmax(x, n_classes: int, kernels: str = "glorot uniform"):
    """The output layer, in float32 whatever the precision, so that the loss is not rounded."""
    return layers.Dense(n_classes, activation="softmax", kernel_initializer=initializer(kernels), dtype="float32")(x)


def initializer(name: str):
    """What kernels begin as: Keras's default, or uniform within 1 / sqrt(fan in), as PyTorch's layers do by default."""
    known = {"glorot uniform": keras.initializers.GlorotUniform}
    known["uniform, fan in"] = functools.partial(keras.initializers.VarianceScaling, 1 / 3, "fan_in", "uniform")
    return known[name]()  # each draws a seed when it is made


def fit_scaling(model: keras.Model, features: np.ndarray, scaling: str) -> None:
    """Fit Mode 1's scaling to the training rows, (n, 57): ``standard`` or ``min-max``.

    That layer subtracts a mean and divides by a deviation; of the two rows that it is given for ``min-max``, they are
    the features' least values and their ranges.
    """
    if scaling == "min-max":
        low, high = features.min(axis=0), features.max(axis=0)
        features = np.stack([2 * low - high, high])
    model.get_layer(SCALING).adapt(features)


def build_ann(
    input_shape=(57,), n_classes: int = 10, *, units=(256, 128, 64), kernels: str = "glorot uniform"
) -> keras.Model:
    """Mode 1: three hidden layers with ReLU on scaled features; `kernels` says what they begin as."""
    inputs = keras.Input(input_shape)  # (batch, 57)
    x = layers.Normalization(name=SCALING, dtype="float32")(inputs)
    for width in units:  # (batch, 256), (batch, 128), (batch, 64)
        x = layers.Dense(width, activation="relu", kernel_initializer=initializer(kernels))(x)
    return keras.Model(inputs, softmax(x, n_classes, kernels), name="ann")


def build_cnn_1d(
    input_shape=(44100,),
    n_classes: int = 10,
    *,
    units=(128, 64),
    dropout: float = 0.25,
    first_layer: str = "learned",
    first_kernel: int = CONVOLUTIONS[0][1],
    bank: Bank | None = None,
    momentum: float = 0.99,
    epsilon: float = 1e-3,
    kernels: str = "glorot uniform",
    fast: bool = True,
) -> keras.Model:
    """Mode 2: five convolutions, each with ReLU and then batch normalisation, three poolings; 388,378 trainable.

    `first_layer` ``gammatone`` and ``gammatone-fixed`` put a filter `bank` there, which then is trained on or not;
    ``learned`` begins at random, as printed. `first_kernel` is the length of that layer's kernels in samples; the bank
    needs longer ones than the printed. `momentum` and `epsilon` are those of the batch normalisation; `kernels` says
    what kernels begin as. `fast` computes what is pooled in an arrangement of the same values that suits a processor
    better (`shared.layers.convolutions`).
    """
    if first_layer != "learned" and bank is None:
        raise ValueError(f"first_layer {first_layer!r} needs a bank of filters; received none")
    norm = {"momentum": momentum, "epsilon": epsilon}
    begin = functools.partial(initializer, kernels)
    inputs = keras.Input(input_shape)  # (batch, 44100)
    x = layers.Reshape((*input_shape, 1))(inputs)  # (batch, 44100, 1)
    for number, (filters, kernel, pooling) in enumerate(CONVOLUTIONS):
        name, kernel = f"convolution_{number + 1}", kernel if number else first_kernel
        if fast and number in FOLDS:
            options = norm | {"kernel_initializer": begin(), "name": name}
            x = PooledConv1D(filters, kernel, STRIDE, pooling, fold=FOLDS[number], **options)(x)
            continue
        x = layers.Conv1D(filters, kernel, strides=STRIDE, kernel_initializer=begin(), name=name)(x)
        # (batch, 22019, 16), (batch, 1361, 32), (batch, 78, 64), (batch, 36, 128), (batch, 17, 256)
        x = layers.ReLU()(x)
        x = BatchNormalization(**norm)(x)
        if pooling:
            x = layers.MaxPooling1D(pooling)(x)  # (batch, 2752, 16), (batch, 170, 32), (batch, 4, 256)
    x = layers.Flatten()(x)  # (batch, 1024)
    for width in units:
        x = layers.Dense(width, activation="relu", kernel_initializer=begin())(x)  # (batch, 128), (batch, 64)
        x = layers.Dropout(dropout)(x)
    model = keras.Model(inputs, softmax(x, n_classes, kernels), name="cnn_1d")
    if first_layer != "learned":
        kernel = model.get_layer(FIRST).kernel
        responses = bank.responses(CONVOLUTIONS[0][0], first_kernel)
        kernel.assign(responses.T[::-1, None, :])  # reversed: a convolution layer correlates
        kernel.trainable = first_layer == "gammatone"
    return model


def build_cnn_2d(
    input_shape=(128, 87, 3),
    n_classes: int = 10,
    *,
    order: str = "conv-bn-relu",
    pixel_divisor: int = 255,
    momentum: float = 0.9,
    epsilon: float = 1e-5,
    kernels: str = "glorot uniform",
) -> keras.Model:
    """Mode 3: ResNet-18 as PyTorch has it, the initialisation of its convolutions included; 11,181,642 trainable.

    Paddings are written out: Keras's ``same`` would pad one side only where the stride is 2. `order` ``conv-relu-bn``
    is the caption's: every convolution is followed by ReLU and then batch normalisation, and nothing by the sum. Pixels
    are divided by `pixel_divisor`; `momentum` and `epsilon` are those of the batch normalisation, in Keras's sense;
    `kernels` says what the last layer's begin as.
    """
    convolve = functools.partial(_convolution, order=order, norm={"momentum": momentum, "epsilon": epsilon})
    inputs = keras.Input(input_shape, dtype="uint8")  # (batch, 128, 87, 3)
    x = layers.Rescaling(1 / pixel_divisor)(inputs)
    x = convolve(x, 64, 7, 2)  # (batch, 64, 44, 64)
    x = ops.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), constant_values=LOWEST)
    x = layers.MaxPooling2D(3, 2)(x)  # (batch, 32, 22, 64)
    for filters, stride in STAGES:
        x = _block(x, filters, stride, order, convolve)  # (batch, 32, 22, 64), (16, 11, 128), (8, 6, 256), (4, 3, 512)
        x = _block(x, filters, 1, order, convolve)
    x = layers.GlobalAveragePooling2D()(x)  # (batch, 512)
    return keras.Model(inputs, softmax(x, n_classes, kernels), name="cnn_2d")


def _convolution(x, filters: int, kernel: int, stride: int, *, order: str, norm: dict, activated: bool = True):
    """Convolution without bias, batch normalisation and, if `activated`, ReLU, in the order asked for."""
    if kernel > 1:
        x = layers.ZeroPadding2D(kernel // 2)(x)
    initializer = keras.initializers.VarianceScaling(2.0, "fan_out", "untruncated_normal")
    x = layers.Conv2D(filters, kernel, strides=stride, use_bias=False, kernel_initializer=initializer)(x)
    if order == "conv-relu-bn":
        x = layers.ReLU()(x)
    x = BatchNormalization(**norm)(x)
    return layers.ReLU()(x) if activated and order == "conv-bn-relu" else x


def _block(x, filters: int, stride: int, order: str, convolve: Callable):
    """Basic block: two 3x3 convolutions and the way around them, a 1x1 convolution where the shape changes."""
    around = x
    if stride > 1 or x.shape[-1] != filters:
        around = convolve(x, filters, 1, stride, activated=False)
    x = convolve(x, filters, 3, stride)
    x = convolve(x, filters, 3, 1, activated=False)
    x = layers.Add()([x, around])
    return layers.ReLU()(x) if order == "conv-bn-relu" else x


def build(name: str, settings: dict, input_shape, n_classes: int = 10) -> keras.Model:
    """The network of a row of the report's table, with a variant's settings from paper.toml."""
    if name == ANN:
        return build_ann(input_shape, n_classes, **vars(read_settings(Ann, settings)))
    if name == CNN_1D:
        bank = read_settings(Gammatone, settings)
        return build_cnn_1d(input_shape, n_classes, bank=bank, **vars(read_settings(Cnn1d, settings)))
    return build_cnn_2d(input_shape, n_classes, **vars(read_settings(ResNet, settings)))
