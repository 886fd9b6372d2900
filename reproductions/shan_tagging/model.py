"""The networks: DenseNet on log-mel or MFCC, a 1-D ResNet and SoundNet on the samples themselves.

Every builder returns a model from two seconds of samples, (batch, 88200), to the probabilities of the classes. It reads
a variant's settings from paper.toml, where what the report leaves open stands with its reason; the shapes in the
comments are those of variant ``paper``.
"""

from __future__ import annotations

import keras
from keras import layers, ops, regularizers

from reproductions.shan_tagging.settings import DenseNet, Mfcc, ResNet, SoundNet, Spectrogram
from shared.layers.normalization import BatchNormalization
from shared.layers.spectral import MFCC, LogMel
from shared.paper.loading import load_paper
from shared.paper.settings import read_settings

PAPER = "shan_tagging"
SOUNDNET, RESNET = "1D Conv (SoundNet)", "1D Conv (ResNet)"
DENSENET_MFCC, DENSENET_LOGMEL = "2D Conv (DenseNet, MFCC)", "2D Conv (DenseNet, Log-Mel)"
PROBABILITIES = "probabilities"  # name of the output layer, which depends on the corpus
POOLING = 2  # of time and, in the DenseNet, of frequency


def build(name: str, settings: dict, n_classes: int) -> keras.Model:
    """The network of a row of the report's table, with a variant's settings from paper.toml."""
    if name in (DENSENET_MFCC, DENSENET_LOGMEL):
        return build_densenet(settings, n_classes, feature_layer(name, settings))
    return {SOUNDNET: build_soundnet, RESNET: build_resnet}[name](settings, n_classes)


def settings_of(record: dict) -> dict:
    """The settings that a unit was trained under; those that its record is too old to have are paper.toml's."""
    return load_paper(PAPER).settings_for(record["variant"], record["model"]) | record["settings"]


def build_densenet(settings: dict, n_classes: int, feature: keras.layers.Layer) -> keras.Model:
    """DenseNet on a spectrogram: five dense blocks of four BN-ReLU-convolution units, global max-pooling.

    `feature` turns samples into (frames, bands). Between two blocks an average pooling halves time and frequency.
    1,898,665 parameters with 41 classes, 1,884,393 of them trained.
    """
    net = read_settings(DenseNet, settings)
    inputs = keras.Input((net.length,))  # (batch, 88200)
    x = feature(inputs)  # (batch, 173, 80)
    # Decibels in bfloat16 would be rounded to half of one, so they are standardised in float32.
    x = normalised(x, net, center=False, scale=False, dtype="float32", name="input_scaling")
    x = layers.Reshape((*x.shape[1:], 1))(x)  # (batch, 173, 80, 1)
    regularizer = regularizers.L2(net.l2)

    def convolution(x, filters):
        weights = {"kernel_initializer": net.initializer, "kernel_regularizer": regularizer}
        return layers.Conv2D(filters, net.kernel, padding="same", use_bias=False, **weights)(x)

    x = convolution(x, net.stem_filters)  # (batch, 173, 80, 16)
    for block in range(net.dense_blocks):
        if block:
            x = layers.AveragePooling2D(POOLING)(x)
        for _ in range(net.units_per_block):
            new = layers.ReLU()(normalised(x, net))
            x = layers.Concatenate()([x, convolution(new, net.growth_rate)])
        # (batch, 173, 80, 144), (86, 40, 272), (43, 20, 400), (21, 10, 528), (10, 5, 656)
    x = layers.ReLU()(normalised(x, net))
    x = layers.GlobalMaxPooling2D()(x)  # (batch, 656)
    return keras.Model(inputs, softmax(x, n_classes, regularizer), name="densenet")


def build_resnet(settings: dict, n_classes: int) -> keras.Model:
    """1-D ResNet on samples: ten blocks of two convolutions, and max-poolings that halve time while channels double.

    The blocks are spread evenly over the numbers of channels: ten of them with ten, or two each with five. The way
    around a block adds channels of zeros where their number grows, so that no convolution is there but those of the
    report. 6,350,017 parameters with 41 classes, 6,341,833 of them trained.
    """
    net = read_settings(ResNet, settings)
    inputs = keras.Input((net.length,))  # (batch, 88200)
    x = layers.Reshape((*inputs.shape[1:], 1))(inputs)  # (batch, 88200, 1)
    channels = net.resnet_channels
    for stage, filters in enumerate(channels):
        if stage:
            x = layers.MaxPooling1D(POOLING)(x)
            x = layers.Dropout(net.resnet_dropout)(x)
        for block in range(net.resnet_blocks // len(channels)):
            around = _widened(x, filters)
            kernel = net.resnet_first_kernel if stage == block == 0 else net.resnet_kernel
            for last in (False, True):
                weights = {"use_bias": False, "kernel_initializer": net.initializer}
                x = normalised(layers.Conv1D(filters, kernel, padding="same", **weights)(x), net)
                x = layers.ReLU()(layers.Add()([x, around]) if last else x)
        # (batch, 88200, 2), (44100, 4), (22050, 8), (11025, 16), (5512, 32), (2756, 64), …, (172, 1024)
    x = layers.GlobalMaxPooling1D()(x)  # (batch, 1024)
    return keras.Model(inputs, softmax(x, n_classes), name="resnet")


def _widened(x, channels: int):
    """`x` with channels of zeros after its own."""
    missing = channels - x.shape[-1]
    return ops.pad(x, ((0, 0), (0, 0), (0, missing))) if missing else x


def build_soundnet(settings: dict, n_classes: int) -> keras.Model:
    """SoundNet up to its seventh convolution, then global max-pooling; 2,920,409 parameters with 41 classes.

    Each convolution is padded by half its kernel on both sides: ``same`` would pad less, and with stride 2 unevenly.
    """
    net = read_settings(SoundNet, settings)
    inputs = keras.Input((net.length,))  # (batch, 88200)
    x = layers.Rescaling(net.soundnet_full_scale)(inputs)
    x = layers.Reshape((*x.shape[1:], 1))(x)  # (batch, 88200, 1)
    initializer, norm = net.soundnet_initializer, {"momentum": net.norm_momentum, "epsilon": net.soundnet_norm_epsilon}
    for number, (filters, kernel, pooling) in enumerate(net.soundnet_layers, 1):
        x = layers.ZeroPadding1D(kernel // 2)(x)
        x = layers.Conv1D(filters, kernel, strides=2, kernel_initializer=initializer, name=f"conv{number}")(x)
        # (batch, 44101, 16), (2757, 32), (173, 64), (87, 128), (44, 256), (6, 512), (4, 1024)
        x = BatchNormalization(name=f"norm{number}", **norm)(x)
        x = layers.ReLU()(x)
        if pooling:
            x = layers.MaxPooling1D(pooling)(x)  # (batch, 5512, 16), (344, 32), (11, 256)
    x = layers.GlobalMaxPooling1D()(x)  # (batch, 1024)
    return keras.Model(inputs, softmax(x, n_classes), name="soundnet")


def normalised(x, net: DenseNet | ResNet, **options):
    """Batch normalisation with the network's momentum and epsilon."""
    return BatchNormalization(momentum=net.norm_momentum, epsilon=net.norm_epsilon, **options)(x)


def softmax(x, n_classes: int, regularizer=None):
    """The output layer, in float32 whatever the precision, so that the loss is not rounded."""
    return layers.Dense(
        n_classes, activation="softmax", dtype="float32", kernel_regularizer=regularizer, name=PROBABILITIES
    )(x)


def feature_layer(name: str, settings: dict) -> keras.layers.Layer:
    """The layer that turns samples into what a DenseNet sees: (frames, 80)."""
    layer, group = (MFCC, Mfcc) if name == DENSENET_MFCC else (LogMel, Spectrogram)
    return layer(**vars(read_settings(group, settings)))
