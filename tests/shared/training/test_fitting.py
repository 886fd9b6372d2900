"""Seeds, precision, and a fit that survives being killed."""

import json
import signal
import time

import keras
import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.util.tensor_util import make_ndarray

from shared.base.places import TENSORBOARD_VARIABLE
from shared.layers import backend
from shared.runs.units import NETWORK
from shared.training import fitting, precision
from shared.training.precision import product_seconds, resolve_precision, set_precision
from shared.training.settings import TrainingSettings
from tests.forking import forking

# A run of six short epochs in a process of its own, slow enough to be killed between and inside epochs. It writes down
# the learning rate that the optimizer has when a batch begins.
SCRIPT = """
import time, numpy as np, keras
from pathlib import Path
from shared.training import fitting
from shared.training.schedules import CyclicalOnPlateaus
from shared.layers.augmentation import ZoomShift
folder, generator = Path(folder), np.random.default_rng(0)
folder.mkdir(exist_ok=True)
x = generator.integers(0, 256, (24, 8, 12, 3)).astype("uint8")
y = np.eye(3, dtype="float32")[generator.integers(0, 3, 24)]
keras.utils.set_random_seed(0)
model = keras.Sequential([
    keras.Input((8, 12, 3), dtype="uint8"), ZoomShift(0.1, 0.1, 0.1), keras.layers.Rescaling(1 / 255),
    keras.layers.Flatten(), keras.layers.Dropout(0.5), keras.layers.Dense(8, activation="relu"),
    keras.layers.BatchNormalization(), keras.layers.Dense(3, activation="softmax"),
])
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"], jit_compile=False)
plain, train_on_batch = fitting.batches, model.train_on_batch
def noted(*arguments, **options):
    with open(folder / "rates.txt", "a") as file:
        file.write(f"{int(model.optimizer.iterations)} {float(model.optimizer.learning_rate)}\\n")
    return train_on_batch(*arguments, **options)
model.train_on_batch = noted
def slow(data, batch_size):
    for batch in plain(data, batch_size):
        time.sleep(delay)
        yield batch
fitting.batches = slow
run = fitting.fit(
    model, fitting.Subset(x, y, np.arange(16)), fitting.Subset(x, y, np.arange(16, 24)), folder=folder,
    epochs=6, batch_size=4, validation_batch_size=4, seed=3, name="test",
    schedule=CyclicalOnPlateaus(1e-4, 1e-2, patience=2, min_delta=10.0),
)
np.save(folder / "weights.npy", np.concatenate([w.ravel() for w in model.get_weights()]))
"""


@pytest.fixture(scope="module")
def start():
    """A function that starts a run in a process of its own."""
    with forking(["h5py", "keras", "shared.training.fitting", "shared.layers.augmentation"]) as start:
        yield lambda folder, delay=0.0: start(SCRIPT, names={"folder": str(folder), "delay": delay})


def kill_in_epochs_after(start, folder, epochs):
    """Start the run and kill -9 it inside an epoch, when that many have been written."""
    run, until = start(folder, delay=0.15), time.monotonic() + 120
    while not ((folder / "state.json").exists() and len(figures(folder)) >= epochs):
        assert time.monotonic() < until
        time.sleep(0.02)
    time.sleep(0.2)
    run.kill()
    assert run.wait() == -signal.SIGKILL


def figures(folder):
    rows = json.loads((folder / "state.json").read_text())["rows"]
    return [{key: value for key, value in row.items() if key != "seconds"} for row in rows]


def rates(folder):
    """The learning rate at each of the optimizer's iterations, and those that were there more than once."""
    found, repeated = {}, set()
    for line in (folder / "rates.txt").read_text().splitlines():
        iteration, rate = line.split()
        repeated |= {int(iteration)} & set(found)
        assert found.setdefault(int(iteration), rate) == rate  # a batch that is done again has the rate it had
    return found, repeated


def test_killed_and_run_again_ends_as_if_it_had_not_been(start, tmp_path):
    """Four batches an epoch; the loss never falls by 10, so plateaus end epochs 3 and 5 of the schedule."""
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert start(whole).wait() == 0
    for epochs in (1, 3):  # kill -9 once after the first epoch, once after the third, each inside a later one
        kill_in_epochs_after(start, killed, epochs)
    assert 3 <= len(figures(killed)) < 6
    assert start(killed).wait() == 0
    assert figures(killed) == figures(whole)
    assert len(figures(whole)) == 6
    assert np.array_equal(np.load(killed / "weights.npy"), np.load(whole / "weights.npy"))
    best = json.loads((whole / "state.json").read_text())["best_epoch"]
    assert sorted(path.name for path in killed.glob("*.weights.h5")) == sorted(
        {f"best-{best:03d}.weights.h5", "last-006.weights.h5"}
    )
    (expected, none), (found, repeated) = rates(whole), rates(killed)
    assert found == expected
    assert repeated
    assert not none
    by_hand = [1e-4 + 9.9e-3 * part for part in (0, 0.25, 0.5, 0.75, 1, 0.75, 0.5, 0.25)]
    by_hand = by_hand + by_hand[:4] + [rate / 10 for rate in by_hand[4:] + by_hand[:4]] + [r / 100 for r in by_hand[4:]]
    assert list(expected) == list(range(24))
    assert [float(rate) for rate in expected.values()] == pytest.approx(by_hand, rel=1e-6)
    assert [row["learning_rate"] for row in figures(whole)] == pytest.approx(by_hand[3::4])


class Doubled:
    """Inputs that are another draw in each epoch; knows what was drawn and what was read."""

    def __init__(self):
        self.drawn_factors, self.read = [], []

    def drawn(self, generator):
        self.drawn_factors.append(float(generator.random()))
        return self

    def __getitem__(self, rows):
        self.read.append(self.drawn_factors[-1])
        return np.full((len(rows), 2), self.drawn_factors[-1], "float32")


def test_inputs_may_be_another_draw_in_each_epoch(tmp_path):
    y, watched = np.eye(2, dtype="float32"), fitting.Subset(np.zeros((2, 2), "float32"), np.eye(2), np.arange(2))

    def fitted(folder, *stops):
        x = Doubled()
        for epochs in stops:
            model = small_model(2, learning_rate=0.01)
            options = {"epochs": epochs, "batch_size": 1, "validation_batch_size": 2, "seed": 7}
            fitting.fit(model, fitting.Subset(x, y, np.arange(2)), watched, folder=folder, **options)
        return x

    whole, stopped = fitted(tmp_path / "whole", 3), fitted(tmp_path / "stopped", 2, 3)
    assert len(set(whole.drawn_factors)) == 3
    assert stopped.drawn_factors == whole.drawn_factors
    assert whole.read == [factor for factor in whole.drawn_factors for _ in range(2)]


def test_a_schedule_sees_the_history_the_batch_and_their_number(tmp_path):
    asked = []

    def schedule(rows, batch, n_batches):
        asked.append((len(rows), batch, n_batches))
        return 0.25

    model = small_model()
    options = {"epochs": 2, "batch_size": 3, "validation_batch_size": 4, "seed": 0}
    run = fitting.fit(model, rows(), rows(), folder=tmp_path, schedule=schedule, **options)
    assert asked == [(epoch, batch, 3) for epoch in range(2) for batch in range(3)]
    assert float(model.optimizer.learning_rate) == 0.25
    assert set(run.rows[0]) == {"epoch", "loss", "accuracy", "val_loss", "val_accuracy", "learning_rate", "seconds"}


def small_model(n_features=4, learning_rate=0.0):
    """A network that takes its steps without graphs: tracing them would take longer than everything else here."""
    model = keras.Sequential([keras.Input((n_features,)), keras.layers.Dense(2, activation="softmax")])
    optimizer = keras.optimizers.SGD(learning_rate)
    model.compile(optimizer, "categorical_crossentropy", metrics=["accuracy"], run_eagerly=True)
    return model


def rows(n=8, n_features=4):
    generator = np.random.default_rng(0)
    x = generator.normal(size=(n, n_features)).astype("float32")
    return fitting.Subset(x, np.eye(2, dtype="float32")[np.arange(n) % 2], np.arange(n))


def test_early_stopping_after_patience_and_the_first_of_equal_epochs_is_best(tmp_path):
    """Learning rate 0: nothing improves after epoch 1, so patience 2 ends it after epoch 3."""
    options = {"epochs": 9, "batch_size": 4, "validation_batch_size": 4, "seed": 0}
    rule = fitting.EarlyStopping("val_loss", 2)
    run = fitting.fit(small_model(), rows(), rows(), folder=tmp_path, early_stopping=rule, **options)
    assert (run.epoch, run.stopped, run.best_epoch) == (3, True, 1)
    again = fitting.fit(small_model(), rows(), rows(), folder=tmp_path, early_stopping=rule, **options)
    assert (again.epoch, again.stopped) == (3, True)


def test_without_a_best_the_last_epoch_counts_and_what_is_watched_has_its_own_name(tmp_path):
    model = small_model(learning_rate=0.1)
    options = {"batch_size": 4, "validation_batch_size": 4, "seed": 0, "validation_name": "test", "monitor": None}
    run = fitting.fit(model, rows(), rows(), folder=tmp_path, epochs=3, **options)
    assert (run.epoch, run.best_epoch) == (3, 3)
    assert set(run.rows[0]) == {"epoch", "loss", "accuracy", "test_loss", "test_accuracy", "seconds"}
    assert [path.name for path in tmp_path.glob("*.h5")] == ["last-003.weights.h5"]
    last = [value.copy() for value in model.get_weights()]
    again = small_model()
    fitting.fit(again, rows(), rows(), folder=tmp_path, epochs=3, **options)
    assert all(np.array_equal(a, b) for a, b in zip(again.get_weights(), last, strict=True))


def test_more_epochs_go_on_from_the_last(tmp_path):
    options = {"batch_size": 4, "validation_batch_size": 4, "seed": 0, "folder": tmp_path}
    first = fitting.fit(small_model(), rows(), rows(), epochs=1, **options)
    assert first.epoch == 1
    (tmp_path / "last-000.weights.h5").write_text("")  # of a process that was killed before it removed it
    assert fitting.fit(small_model(), rows(), rows(), epochs=1, **options).rows == first.rows
    assert not (tmp_path / "last-000.weights.h5").exists()
    (tmp_path / NETWORK).write_text("the network as it was after one epoch")  # to predict with until there is another
    second = fitting.fit(small_model(), rows(), rows(), epochs=3, **options)
    assert [row["epoch"] for row in second.rows] == [1, 2, 3]
    assert second.seconds == sum(row["seconds"] for row in second.rows)
    assert (tmp_path / NETWORK).read_text() == "the network as it was after one epoch"


def test_the_weights_of_the_best_epoch_are_left_in_the_model(tmp_path):
    model = small_model(learning_rate=5.0)
    run = fitting.fit(model, rows(), rows(), folder=tmp_path, epochs=6, batch_size=4, validation_batch_size=4, seed=0)
    best = max(row["val_accuracy"] for row in run.rows)
    assert run.best_epoch == 1 + [row["val_accuracy"] for row in run.rows].index(best)
    everything = rows()
    predicted = fitting.predict(model, everything.x, everything.rows, 4).argmax(1)
    assert (predicted == everything.y.argmax(1)).mean() == pytest.approx(best)


def test_what_tensorboard_reads_is_what_the_history_has(tmp_path, monkeypatch):
    """The epochs that were trained while it was asked for; it counts them from 0, as `Model.fit` does."""
    options = {"folder": tmp_path, "batch_size": 4, "validation_batch_size": 4, "seed": 0}
    fitting.fit(small_model(learning_rate=0.1), rows(), rows(), epochs=1, **options)
    assert not (tmp_path / "tensorboard").exists()
    monkeypatch.setenv(TENSORBOARD_VARIABLE, "1")
    run = fitting.fit(small_model(learning_rate=0.1), rows(), rows(), epochs=3, **options)
    curves = {}
    for split in ("train", "validation"):
        events = EventAccumulator(str(tmp_path / "tensorboard" / split)).Reload()
        for name in events.Tags()["tensors"]:
            points = events.Tensors(name)
            curves[split, name] = [(point.step, float(make_ndarray(point.tensor_proto))) for point in points]
    assert curves["train", "epoch_learning_rate"] == [(1, pytest.approx(0.1)), (2, pytest.approx(0.1))]
    for name in run.rows[0].keys() - {"epoch"}:
        split = "validation" if name.startswith("val_") else "train"
        expected = [(epoch, pytest.approx(run.rows[epoch][name])) for epoch in (1, 2)]
        assert curves[split, f"epoch_{name.removeprefix('val_')}"] == expected
    assert "tensorboard" not in (tmp_path / "state.json").read_text()


def test_batches_keep_order_and_the_short_last_one():
    data = fitting.Subset(np.arange(7), np.arange(7) * 10, np.array([6, 0, 3, 3, 5]))
    got = list(fitting.batches(data, 2))
    assert [x.tolist() for x, _ in got] == [[6, 0], [3, 3], [5]]
    assert [y.tolist() for _, y in got] == [[60, 0], [30, 30], [50]]


def test_batches_have_weights_where_there_are_any():
    data = fitting.Subset(np.arange(5), np.arange(5) * 10, np.array([4, 1, 0]), np.arange(5) / 10)
    x, y, weights = next(fitting.batches(data, 2))
    assert (x.tolist(), y.tolist(), weights.tolist()) == ([4, 1], [40, 10], [0.4, 0.1])


def training(**settings) -> TrainingSettings:
    return TrainingSettings(1, 4, False, "sgd", 0.0, "binary_crossentropy", **settings)


def test_a_weight_of_two_is_a_clip_twice_in_the_loss():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, activation="sigmoid")])
    fitting.compile_model(model, training(), metric="binary_accuracy")
    generator = np.random.default_rng(0)
    x, y = generator.random((3, 2), "float32"), generator.integers(0, 2, (3, 3)).astype("float32")
    weighted = fitting.Subset(x, y, np.arange(3), np.array([2.0, 1.0, 0.0]))
    repeated = fitting.Subset(x, y, np.array([0, 0, 1]))
    ours = fitting.run_epoch(model.train_on_batch, weighted, 3)
    theirs = fitting.run_epoch(model.train_on_batch, repeated, 3)
    assert ours["loss"] == pytest.approx(theirs["loss"], rel=1e-5)
    assert ours.keys() == {"loss", "binary_accuracy"}


def test_several_scores_may_be_measured():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, activation="sigmoid")])
    metric = ("binary_accuracy", "binary_crossentropy")
    fitting.compile_model(model, training(), metric=metric)
    x, y = np.ones((4, 2), "float32"), np.ones((4, 3), "float32")
    logs = fitting.run_epoch(model.test_on_batch, fitting.Subset(x, y, np.arange(4)), 3)
    assert logs.keys() == {"loss", "binary_accuracy", "binary_crossentropy"}
    assert logs["loss"] == pytest.approx(logs["binary_crossentropy"])


def config_of(optimizer) -> dict:
    return {name: value for name, value in optimizer.get_config().items() if name != "name"}  # which is numbered


def test_the_optimiser_has_the_options_that_are_stated_and_keras_defaults_for_the_others():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, "sigmoid")])
    stated = training(optimizer_momentum=0.9, optimizer_nesterov=True, optimizer_weight_decay=5e-4)
    fitting.compile_model(model, stated)
    found, plain = config_of(model.optimizer), config_of(keras.optimizers.SGD(0.0))
    differing = {name: value for name, value in found.items() if value != plain[name]}
    assert differing == {"momentum": 0.9, "nesterov": True, "weight_decay": 5e-4}
    fitting.compile_model(model, training(), "mean_squared_error")
    assert (config_of(model.optimizer), model.loss) == (plain, "mean_squared_error")


def test_a_value_that_keras_refuses_is_named():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    with pytest.raises(ValueError, match=r"^paper\.toml's optimizer = sgd, optimizer_momentum = 9\.0: Keras says: "):
        fitting.compile_model(model, training(optimizer_momentum=9.0))


def test_a_training_without_clips_to_watch_is_refused_before_it_begins(tmp_path):
    none, options = fitting.Subset(rows().x, rows().y, np.arange(0)), {"batch_size": 4, "validation_batch_size": 4}
    with pytest.raises(ValueError, match="^unit: no val clips to evaluate after each epoch, .* monitor=None$"):
        fitting.fit(small_model(), rows(), none, folder=tmp_path, epochs=1, seed=0, name="unit", **options)
    assert not list(tmp_path.iterdir())


def test_of_a_loss_the_lowest_epoch_is_best(tmp_path):
    model = small_model(learning_rate=5.0)
    options = {"batch_size": 4, "validation_batch_size": 4, "seed": 0, "monitor": "val_loss"}
    run = fitting.fit(model, rows(), rows(), folder=tmp_path, epochs=6, **options)
    losses = [row["val_loss"] for row in run.rows]
    assert len(set(losses)) > 1
    assert run.best_epoch == 1 + losses.index(min(losses))


def test_an_epochs_metrics_are_those_of_keras_fit(tmp_path):
    """One epoch in the same order by ``fit``, with a smaller last batch."""
    data = rows(10)

    def model():
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, activation="softmax")])
        model.compile(keras.optimizers.SGD(0.1), "categorical_crossentropy", metrics=["accuracy"], jit_compile=False)
        return model

    theirs = model().fit(data.x, data.y, 4, shuffle=False, verbose=0, validation_data=(data.x, data.y)).history
    ours = fitting.fit(
        model(), data, data, folder=tmp_path, epochs=1, batch_size=4, validation_batch_size=3, seed=0, shuffle=False
    )
    for name, (value,) in theirs.items():
        assert ours.rows[0][name] == pytest.approx(value, rel=1e-5), name


def test_each_epoch_has_its_own_order():
    orders = [fitting.epoch_generator(0, epoch).permutation(50).tolist() for epoch in range(3)]
    assert orders[0] != orders[1] != orders[2]
    assert orders[1] == fitting.epoch_generator(0, 1).permutation(50).tolist()
    assert orders[0] != fitting.epoch_generator(1, 0).permutation(50).tolist()


def test_reseed_reaches_every_random_layer_also_in_a_model_in_a_model():
    inner = keras.Sequential([keras.Input((6,)), keras.layers.Dropout(0.5)])
    model = keras.Sequential([keras.Input((6,)), inner, keras.layers.Dropout(0.5)])
    seeds = []
    for epoch in (0, 1, 0):
        fitting.reseed(model, fitting.epoch_generator(0, epoch))
        layers = (inner.layers[-1], model.layers[-1])
        seeds.append([keras.ops.convert_to_numpy(layer.seed_generator.state).tolist() for layer in layers])
    assert seeds[0] == seeds[2] != seeds[1]
    assert seeds[0][0] != seeds[0][1]


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ("fpu avx2 avx512f avx512_bf16 amx_bf16", "bfloat16"),
        ("fpu avx2 avx512f avx512_bf16", "bfloat16"),
        ("fpu avx2 avx512f", "float32"),
        ("fpu avx2", "float32"),
    ],
)
def test_precision_auto_asks_the_processor(monkeypatch, flags, expected):
    monkeypatch.setattr(backend, "accelerator", lambda: "cpu")
    monkeypatch.setattr(precision.Path, "exists", lambda self: True)
    monkeypatch.setattr(precision.Path, "read_text", lambda self: f"model name\t: a processor\nflags\t\t: {flags}\n")
    assert resolve_precision("auto") == expected


def test_precision_auto_times_a_product_where_nothing_can_be_asked(monkeypatch):
    monkeypatch.setattr(backend, "accelerator", lambda: "cpu")
    monkeypatch.setattr(precision.Path, "exists", lambda self: False)
    for seconds, expected in (
        ({"bfloat16": 1.0, "float32": 2.0}, "bfloat16"),
        ({"bfloat16": 2.0, "float32": 2.0}, "float32"),
    ):
        monkeypatch.setattr(precision, "product_seconds", seconds.get)
        assert resolve_precision("auto") == expected


def test_the_product_that_is_timed_runs_in_both_precisions():
    assert product_seconds("float32", size=8, repeats=1) > 0
    assert product_seconds("bfloat16", size=8, repeats=1) > 0


def test_precision_on_a_gpu_is_bfloat16(monkeypatch):
    monkeypatch.setattr(backend, "accelerator", lambda: "NVIDIA H200")
    assert resolve_precision("auto") == "bfloat16"


def test_set_precision_sets_the_policy():
    before = keras.config.dtype_policy()
    try:
        assert set_precision("bfloat16") == "bfloat16"
        assert keras.config.dtype_policy().name == "mixed_bfloat16"
        assert set_precision("float32") == "float32"
        assert keras.config.dtype_policy().name == "float32"
    finally:
        keras.config.set_dtype_policy(before)


def test_unknown_precision():
    with pytest.raises(ValueError, match="precision 'float16': expected one of auto, float32, bfloat16"):
        resolve_precision("float16")
