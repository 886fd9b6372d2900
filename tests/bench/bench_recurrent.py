"""A step of a paper's recurrent network: our layer against ``keras.layers.SimpleRNN``.

Batch 32, 256 steps of 256 or 768 inputs; layers of 256, 128 and 64 units with dropout after each; Adam; float32. With
Dense layers in place of the recurrent ones the same network shows what a step costs without loops: the products with
the inputs, the dropout, the optimiser.
"""

import functools
import time

import keras
import numpy as np

from shared.layers import backend
from shared.layers.recurrent import SimpleRNN

BATCH, N_STEPS, N_CLASSES = 32, 256, 10
TRAINING_STEPS, TEST_STEPS = 75, 19  # an epoch over 2,400 clips, and one over 600
UNITS = (256, 128, 64)
WARM_UP, TURNS = 3, 20


def run() -> list[dict]:
    """The median of several turns, taken in turns."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32")
    try:
        return rows_of(256) + rows_of(768)
    finally:
        keras.config.set_dtype_policy(before)


def rows_of(n_inputs: int) -> list[dict]:
    """Rows of the training step, the step without loops, the test step, and an epoch of such steps."""
    x = np.random.default_rng(0).standard_normal((BATCH, N_STEPS, n_inputs), "float32")
    y = np.eye(N_CLASSES, dtype="float32")[np.arange(BATCH) % N_CLASSES]
    ours, theirs, dense = (build(layer, n_inputs) for layer in (SimpleRNN, keras.layers.SimpleRNN, without_loop))
    calls = [functools.partial(model.train_on_batch, x, y) for model in (ours, theirs, dense)]
    calls += [functools.partial(model.test_on_batch, x, y) for model in (ours, theirs)]
    our_training, their_training, training_without, our_test, their_test = median_ms(calls)
    epochs = [
        (TRAINING_STEPS * training + TEST_STEPS * test) / 1000
        for training, test in ((our_training, our_test), (their_training, their_test))
    ]
    unit = f"ms a batch of {BATCH}"
    return [
        row(f"training step, {n_inputs} inputs / keras.layers.SimpleRNN", unit, our_training, their_training),
        row(f"training step without loops, {n_inputs} inputs", unit, training_without),
        row(f"test step, {n_inputs} inputs / keras.layers.SimpleRNN", unit, our_test, their_test),
        row(f"{TRAINING_STEPS} training and {TEST_STEPS} test steps, {n_inputs} inputs / SimpleRNN", "s", *epochs),
    ]


def build(layer, n_inputs: int) -> keras.Model:
    """The paper's network with ``layer(units, return_sequences=...)`` for its recurrent layers."""
    layers = [keras.Input((N_STEPS, n_inputs))]
    for number, units in enumerate(UNITS):
        layers += [layer(units, return_sequences=units != UNITS[-1]), keras.layers.Dropout(0.2, seed=number)]
    model = keras.Sequential([*layers, keras.layers.Dense(N_CLASSES, activation="softmax")])
    model.compile(keras.optimizers.Adam(0.001), "categorical_crossentropy", jit_compile=backend.jit_compile())
    return model


def without_loop(units: int, return_sequences: bool) -> keras.Layer:
    """tanh(x W + b) of every step, or the mean of it over the steps in place of the last state."""
    dense = keras.layers.Dense(units, activation="tanh")
    return dense if return_sequences else keras.Sequential([dense, keras.layers.GlobalAveragePooling1D()])


def median_ms(calls: list) -> list[float]:
    """Median milliseconds of each call; the first turns are not counted."""
    seconds = np.empty((WARM_UP + TURNS, len(calls)))
    for turn in range(len(seconds)):
        for number, call in enumerate(calls):
            start = time.perf_counter()
            call()
            seconds[turn, number] = time.perf_counter() - start
    return (1000 * np.median(seconds[WARM_UP:], axis=0)).tolist()


def row(what: str, unit: str, ours: float, reference: float | None = None) -> dict:
    ratio = None if reference is None else reference / ours
    return {"what": what, "ours": ours, "reference": reference, "ratio": ratio, "unit": unit}
