"""The cyclical learning rate against its source's formula, the plateaus against Keras's callback."""

import json
import math
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from shared.training.schedules import CyclicalOnPlateaus, n_plateaus, triangular

# Triangular.


def test_triangular_by_hand():
    """Half a cycle of four batches between 1 and 3."""
    rates = [triangular(iteration, 4, 1.0, 3.0) for iteration in range(13)]
    assert rates == [1.0, 1.5, 2.0, 2.5, 3.0, 2.5, 2.0, 1.5, 1.0, 1.5, 2.0, 2.5, 3.0]


@pytest.mark.parametrize("half_cycle", [1, 7, 296])
def test_triangular_is_the_sources_formula(half_cycle):
    """Smith (2017), section 3.3: cycle = floor(1 + i / 2s), x = |i / s - 2 cycle + 1|."""
    for iteration in range(5 * half_cycle + 3):
        cycle = math.floor(1 + iteration / (2 * half_cycle))
        x = abs(iteration / half_cycle - 2 * cycle + 1)
        expected = 1e-4 + (1e-3 - 1e-4) * max(0.0, 1 - x)
        assert triangular(iteration, half_cycle, 1e-4, 1e-3) == pytest.approx(expected, rel=1e-9)


# Plateaus.


def reductions(losses, patience, min_delta):
    """How often Keras's callback has reduced a learning rate of 1 after each epoch."""
    optimizer = SimpleNamespace(learning_rate=keras.Variable(1.0))
    callback = keras.callbacks.ReduceLROnPlateau(factor=0.1, patience=patience, min_delta=min_delta, min_lr=0)
    callback.set_model(SimpleNamespace(optimizer=optimizer))
    callback.on_train_begin()
    found = []
    for epoch, loss in enumerate(losses):
        callback.on_epoch_end(epoch, {"val_loss": loss})
        rate = optimizer.learning_rate
        found.append(round(-math.log10(float(keras.ops.convert_to_numpy(rate)))))
        optimizer.learning_rate = rate if isinstance(rate, keras.Variable) else keras.Variable(rate)
    return found


@pytest.mark.parametrize("min_delta", [0.0, 1e-4, 0.05])
@pytest.mark.parametrize("patience", [1, 2, 5])
def test_plateaus_are_those_of_keras(patience, min_delta):
    generator = np.random.default_rng(patience)
    for _ in range(5):
        losses = (np.exp(-np.arange(30) / 3) + generator.normal(0, 0.1, 30)).tolist()
        ours = [n_plateaus(losses[:n], patience, min_delta) for n in range(1, 31)]
        assert ours == reductions(losses, patience, min_delta)
        assert ours[-1] > 0


@pytest.mark.parametrize(
    ("losses", "expected"),
    [
        ([], 0),
        ([1.0], 0),
        ([1, 2, 2, 2, 2], 0),  # four epochs without a fall
        ([1, 2, 2, 2, 2, 2], 1),
        ([1, 2, 2, 2, 2, 0.9, 1, 1, 1, 1], 0),
        ([1, *[2] * 9], 1),
        ([1, *[2] * 10], 2),  # the count begins anew, what must be undercut stays
        ([1, *[2] * 5, *[1.5] * 5], 2),
        ([1, math.nan, math.nan, math.nan, math.nan, math.nan], 1),
        ([1, 0.99995, 0.9999, 0.99985, 0.9998, 0.99975], 0),  # by and by more than 1e-4 below
    ],
)
def test_plateaus_by_hand(losses, expected):
    assert n_plateaus(losses, 5, 1e-4) == expected


# Both together.


def test_bounds_are_divided_and_the_phase_goes_on():
    schedule = CyclicalOnPlateaus(1.0, 5.0, patience=2)
    rows, peaks, rates = [], [], []
    for loss in (3.0, 2.0, 2.5, 2.5, 2.5, 2.5, 1.0):
        rates.append([schedule(rows, batch, 4) for batch in range(4)])
        rows.append({"epoch": len(rows) + 1, "val_loss": loss})
        peaks.append(max(rates[-1]))
    assert rates[0] == [1, 2, 3, 4]
    assert rates[1] == [5, 4, 3, 2]
    assert rates[4] == pytest.approx([0.1, 0.2, 0.3, 0.4])  # after epochs 3 and 4, which did not undercut epoch 2
    assert rates[5] == pytest.approx([0.5, 0.4, 0.3, 0.2])
    assert rates[6] == pytest.approx([0.01, 0.02, 0.03, 0.04])  # after epochs 5 and 6


def test_nothing_is_remembered():
    """Asked in any order, and from the history as it is after a visit to a file."""
    schedule = CyclicalOnPlateaus(1e-4, 1e-3)
    rows = [{"epoch": n + 1, "val_loss": abs(n - 4) / 10 + 0.1} for n in range(12)]
    forwards = [schedule(rows[:n], 3, 10) for n in range(13)]
    again = json.loads(json.dumps(rows))
    assert [schedule(again[:n], 3, 10) for n in reversed(range(13))] == forwards[::-1]
    assert forwards[10] < forwards[9] / 5  # the least loss is the fifth's


def test_wrong_settings_and_a_history_without_the_value():
    for bounds in ((0.0, 1.0), (2.0, 1.0), (-1.0, 1.0)):
        with pytest.raises(ValueError, match="expected 0 < low <= high; received low="):
            CyclicalOnPlateaus(*bounds)
    for wrong in ({"patience": 0}, {"divisor": 1.0}):
        with pytest.raises(ValueError, match="expected patience of 1 or more and divisor above 1; received patience="):
            CyclicalOnPlateaus(0.1, 1.0, **wrong)
    with pytest.raises(ValueError, match="the history has no 'val_loss'; it has epoch, loss"):
        CyclicalOnPlateaus(0.1, 1.0)([{"epoch": 1, "loss": 2.0}], 0, 1)


PROGRAM = """
import json, numpy as np, keras
from shared.training import fitting
from shared.training.schedules import CyclicalOnPlateaus
x = np.random.default_rng(0).standard_normal((12, 4)).astype("float32")
rows = fitting.Subset(x, np.eye(2, dtype="float32")[(x.sum(axis=1) > 0).astype(int)], np.arange(12))
layer = keras.layers.Dense(2, activation="softmax", kernel_initializer="zeros")
model = keras.Sequential([keras.Input((4,)), layer])
model.compile(keras.optimizers.SGD(9.0), "categorical_crossentropy", metrics=["accuracy"])
schedule = CyclicalOnPlateaus(0.01, 0.5, patience=1, min_delta=1.0)
options = {"batch_size": 4, "validation_batch_size": 12, "seed": 0, "monitor": None, "schedule": schedule}
run = fitting.fit(model, rows, rows, folder=folder, epochs=4, **options)
(folder / "weights.json").write_text(json.dumps(layer.get_weights()[0].tolist()))
"""


def here(program, folder):
    assert keras.backend.backend() == "tensorflow"
    exec(program, {"folder": folder})


def test_jax_trains_with_the_same_rates(on_jax, tmp_path):
    """Gradient descent from zeros: the weights agree only if every step had its rate."""
    weights = {}
    for backend, execute in (("tensorflow", here), ("jax", on_jax)):
        (tmp_path / backend).mkdir()
        execute(PROGRAM, tmp_path / backend)
        weights[backend] = np.array(json.loads((tmp_path / backend / "weights.json").read_text()))
    assert np.abs(weights["tensorflow"]).max() > 0.1
    assert np.allclose(weights["jax"], weights["tensorflow"], atol=1e-5)
