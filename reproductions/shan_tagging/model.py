"""The networks: DenseNet on log-mel or MFCC, a 1-D ResNet and SoundNet on the samples themselves.

Every builder returns a model from two seconds of samples, (batch, 88200), to the probabilities of the classes. What the
report leaves open is in paper.toml with its reason.
"""

from __future__ import annotations

import keras
from keras import layers, ops, regularizers

from shared.normalization import BatchNormalization
from shared.spectral_layers import MFCC, LogMel

SOUNDNET, RESNET = "1D Conv (SoundNet)", "1D Conv (ResNet)"
DENSENET_MFCC, DENSENET_LOGMEL = "2D Conv (DenseNet, MFCC)", "2D Conv (DenseNet, Log-Mel)"
PROBABILITIES = "probabilities"  # name of the output layer, which depends on the corpus
POOLING = 2  # of time and, in the DenseNet, of frequency
SOUNDNET_EPSILON = 1e-5  # of its batch normalisation; Keras's default, 1e-3, would be wrong under its weights
SOUNDNET_LAYERS = (  # filters, kernel, pooling after it (0: none); stride 2, padding by half the kernel
    (16, 64, 8),
    (32, 32, 8),
    (64, 16, 0),
    (128, 8, 0),
    (256, 4, 4),
    (512, 4, 0),
    (1024, 4, 0),
)


def softmax(x, n_classes: int, regularizer=None):
    """The output layer, in float32 whatever the precision, so that the loss is not rounded."""
    return layers.Dense(
        n_classes, activation="softmax", dtype="float32", kernel_regularizer=regularizer, name=PROBABILITIES
    )(x)


def build_densenet(
    n_samples: int = 88200,
    n_classes: int = 41,
    *,
    feature: keras.layers.Layer | None = None,
    blocks: int = 5,
    units_per_block: int = 4,
    growth_rate: int = 32,
    kernel: int = 3,
    stem_filters: int = 16,
    l2: float = 1e-4,
    momentum: float = 0.99,
) -> keras.Model:
    """DenseNet on a spectrogram: five dense blocks of four BN-ReLU-convolution units, global max-pooling.

    `feature` turns samples into (frames, bands); log-mel if None. Between two blocks an average pooling halves time
    and frequency. `momentum` is that of every batch normalisation. 1,898,665 parameters with 41 classes, 1,884,393 of
    them trained.
    """
    inputs = keras.Input((n_samples,))  # (batch, 88200)
    x = (LogMel() if feature is None else feature)(inputs)  # (batch, 173, 80)
    # Decibels in bfloat16 would be rounded to half of one, so they are standardised in float32.
    x = BatchNormalization(momentum=momentum, center=False, scale=False, dtype="float32", name="input_scaling")(x)
    x = layers.Reshape((*x.shape[1:], 1))(x)  # (batch, 173, 80, 1)

    def convolution(x, filters):
        weights = {"use_bias": False, "kernel_initializer": "he_normal", "kernel_regularizer": regularizers.L2(l2)}
        return layers.Conv2D(filters, kernel, padding="same", **weights)(x)

    x = convolution(x, stem_filters)  # (batch, 173, 80, 16)
    for block in range(blocks):
        if block:
            x = layers.AveragePooling2D(POOLING)(x)
        for _ in range(units_per_block):
            new = layers.ReLU()(BatchNormalization(momentum=momentum)(x))
            x = layers.Concatenate()([x, convolution(new, growth_rate)])
        # (batch, 173, 80, 144), (86, 40, 272), (43, 20, 400), (21, 10, 528), (10, 5, 656)
    x = layers.ReLU()(BatchNormalization(momentum=momentum)(x))
    x = layers.GlobalMaxPooling2D()(x)  # (batch, 656)
    return keras.Model(inputs, softmax(x, n_classes, regularizers.L2(l2)), name="densenet")


def build_resnet(
    n_samples: int = 88200,
    n_classes: int = 41,
    *,
    channels=(16, 32, 64, 128, 256),
    blocks_per_stage: int = 2,
    first_kernel: int = 32,
    kernel: int = 3,
    dropout: float = 0.1,
    momentum: float = 0.99,
) -> keras.Model:
    """1-D ResNet on samples: ten blocks of two convolutions, four max-poolings that halve time while channels double.

    The way around a block adds channels of zeros where their number grows, so that no convolution is there but those
    of the report. 942,633 parameters with 41 classes, 938,665 of them trained.
    """
    inputs = keras.Input((n_samples,))  # (batch, 88200)
    x = layers.Reshape((n_samples, 1))(inputs)  # (batch, 88200, 1)
    for stage, filters in enumerate(channels):
        if stage:
            x = layers.MaxPooling1D(POOLING)(x)
            x = layers.Dropout(dropout)(x)
        for block in range(blocks_per_stage):
            around = _widened(x, filters)
            of_block = first_kernel if stage == block == 0 else kernel
            for last in (False, True):
                x = layers.Conv1D(filters, of_block, padding="same", use_bias=False, kernel_initializer="he_normal")(x)
                x = BatchNormalization(momentum=momentum)(x)
                x = layers.ReLU()(layers.Add()([x, around]) if last else x)
        # (batch, 88200, 16), (44100, 32), (22050, 64), (11025, 128), (5512, 256)
    x = layers.GlobalMaxPooling1D()(x)  # (batch, 256)
    return keras.Model(inputs, softmax(x, n_classes), name="resnet")


def _widened(x, channels: int):
    """`x` with channels of zeros after its own."""
    missing = channels - x.shape[-1]
    return ops.pad(x, ((0, 0), (0, 0), (0, missing))) if missing else x


def build_soundnet(
    n_samples: int = 88200, n_classes: int = 41, *, full_scale: float = 256.0, momentum: float = 0.99
) -> keras.Model:
    """SoundNet up to its seventh convolution, then global max-pooling; 2,920,409 parameters with 41 classes.

    Each convolution is padded by half its kernel on both sides: ``same`` would pad less, and with stride 2 unevenly.
    """
    inputs = keras.Input((n_samples,))  # (batch, 88200)
    x = layers.Reshape((n_samples, 1))(layers.Rescaling(full_scale)(inputs))  # (batch, 88200, 1)
    for number, (filters, kernel, pooling) in enumerate(SOUNDNET_LAYERS, 1):
        x = layers.ZeroPadding1D(kernel // 2)(x)
        x = layers.Conv1D(filters, kernel, strides=2, name=f"conv{number}")(x)
        # (batch, 44101, 16), (2757, 32), (173, 64), (87, 128), (44, 256), (6, 512), (4, 1024)
        x = BatchNormalization(momentum=momentum, epsilon=SOUNDNET_EPSILON, name=f"norm{number}")(x)
        x = layers.ReLU()(x)
        if pooling:
            x = layers.MaxPooling1D(pooling)(x)  # (batch, 5512, 16), (344, 32), (11, 256)
    x = layers.GlobalMaxPooling1D()(x)  # (batch, 1024)
    return keras.Model(inputs, softmax(x, n_classes), name="soundnet")


def build(name: str, settings: dict, n_classes: int) -> keras.Model:
    """The network of a row of the report's table, with a variant's settings from paper.toml."""
    n_samples, momentum = crop_length(settings), settings["norm_momentum"]
    if name == SOUNDNET:
        full_scale = settings["soundnet_full_scale"]
        return build_soundnet(n_samples, n_classes, full_scale=full_scale, momentum=momentum)
    if name == RESNET:
        return build_resnet(
            n_samples,
            n_classes,
            channels=settings["resnet_channels"],
            blocks_per_stage=settings["resnet_blocks"] // len(settings["resnet_channels"]),
            first_kernel=settings["resnet_first_kernel"],
            kernel=settings["resnet_kernel"],
            dropout=settings["resnet_dropout"],
            momentum=momentum,
        )
    return build_densenet(
        n_samples,
        n_classes,
        feature=feature_layer(name, settings),
        blocks=settings["dense_blocks"],
        units_per_block=settings["units_per_block"],
        growth_rate=settings["growth_rate"],
        kernel=settings["kernel"],
        stem_filters=settings["stem_filters"],
        l2=settings["l2"],
        momentum=momentum,
    )


def feature_layer(name: str, settings: dict) -> keras.layers.Layer:
    """The layer that turns samples into what a DenseNet sees: (frames, 80)."""
    shared = {key: settings[key] for key in ("sample_rate_hz", "n_fft", "hop_length", "n_mels", "top_db")}
    return MFCC(settings["n_mfcc"], **shared) if name == DENSENET_MFCC else LogMel(**shared)


def crop_length(settings: dict) -> int:
    """Samples of a crop: 88,200."""
    return round(settings["crop_seconds"] * settings["sample_rate_hz"])
