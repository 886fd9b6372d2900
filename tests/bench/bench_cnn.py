"""A training step of pragadaraju_digits' CNN: its share of the matrix peak, and what the cheap changes would give.

The network stays as printed throughout. ``ours`` is the step as the suite runs it, ``reference`` the same step with one
thing done otherwise, so a ratio above 1 says that the change would lose.
"""

import time

import keras
import numpy as np
from keras import layers

from reproductions.pragadaraju_digits import model as digits
from shared.paper.loading import load_paper
from shared.training.precision import set_precision
from tests.bench.bench_training import peak, training_flops

BATCH, STEPS = 32, 3


def run() -> list[dict]:
    """Rows of the share of the peak, then of the alternatives, in the precision that ``auto`` chooses."""
    before = keras.config.dtype_policy()
    try:
        return rows_of(set_precision("auto"))
    finally:
        keras.config.set_dtype_policy(before)


def rows_of(precision: str) -> list[dict]:
    settings = load_paper("pragadaraju_digits").settings_for()
    built = digits.build(digits.CNN, settings, (256, 256))
    as_run = milliseconds(built)
    rate, at_best = training_flops(built) / as_run / 1e6, peak(precision)
    what = f"CNN + Spectrogram, training step, {precision}"
    rows = [{"what": f"{what} / matrix peak", "ours": rate, "reference": at_best, "ratio": rate / at_best}]
    rows[0]["unit"] = "GFLOP/s"
    others = {
        "ReLU before the pooling": milliseconds(plain(settings)),
        "batch of 16": milliseconds(digits.build(digits.CNN, settings, (256, 256)), batch=16),
        "batch of 64": milliseconds(digits.build(digits.CNN, settings, (256, 256)), batch=64),
        "no batch normalisation, the most that fusing it could gain": milliseconds(plain(settings, normalise=False)),
        "XLA, batch of 4": milliseconds(digits.build(digits.CNN, settings, (256, 256)), 4, jit_compile=True, n_steps=1),
    }
    for name, reference in others.items():
        row = {"what": f"{what} / {name}", "ours": as_run, "reference": reference, "ratio": reference / as_run}
        rows.append(row | {"unit": "ms an image"})
    return rows


def plain(settings: dict, normalise: bool = True) -> keras.Model:
    """The network with its layers in the printed order: convolution, ReLU, pooling, batch normalisation (or none)."""
    inputs = keras.Input((256, 256), dtype="uint8")
    scale = digits.scaling(settings["input_scaling"], settings["white_level"])
    x = layers.Reshape((256, 256, 1))(scale(inputs))
    for filters in settings["units"]:
        x = layers.Conv2D(filters, settings["cnn_kernel"], padding=settings["cnn_padding"], activation="relu")(x)
        x = layers.MaxPooling2D(settings["cnn_pooling"])(x)
        x = layers.BatchNormalization()(x) if normalise else x
    return keras.Model(inputs, digits.softmax(layers.Flatten()(x), 10))


def milliseconds(model: keras.Model, batch: int = BATCH, jit_compile: bool = False, n_steps: int = STEPS) -> float:
    """The quickest of some training steps, an image."""
    x = np.random.default_rng(0).integers(0, 256, (batch, 256, 256)).astype("uint8")
    y = np.eye(10, dtype="float32")[np.arange(batch) % 10]
    model.compile("adam", "categorical_crossentropy", jit_compile=jit_compile)
    model.train_on_batch(x, y)
    seconds = []
    for _ in range(n_steps):
        start = time.perf_counter()
        model.train_on_batch(x, y)
        seconds.append(time.perf_counter() - start)
    return 1000 * min(seconds) / batch
