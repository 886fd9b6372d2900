"""What every training needs and no more: seeds, batches, and a fit that survives being killed.

The loop is plain: the batches of an epoch, then the state of the run is written to disk. Everything random in an
epoch (the order of the clips, dropout, augmentation) is drawn from (seed, epoch), so a run that was killed and
resumed draws the same numbers as one that was not.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, replace
from pathlib import Path

import keras
import numpy as np
from pydantic import TypeAdapter
from tqdm import tqdm

from shared.base.deadline import check_deadline
from shared.base.files import atomic_write
from shared.base.own_files import FileError, read_json, write_json
from shared.base.places import TENSORBOARD_VARIABLE
from shared.layers import backend
from shared.training.weights import load_weights, save_weights


# --- seeds and batches -----------------------------------------------------------------------------------------------
def epoch_generator(seed: int, epoch: int) -> np.random.Generator:
    """The generator from which everything random in one epoch is drawn."""
    return np.random.default_rng(np.random.SeedSequence([seed, epoch]))


def reseed(model: keras.Model, generator: np.random.Generator) -> None:
    """Give each of the model's random layers (dropout, augmentation) a fresh seed from ``generator``."""
    for layer in model._flatten_layers(include_self=False):
        seed_generator = getattr(layer, "seed_generator", None)
        if seed_generator is not None:
            seed_generator.state.assign(generator.integers(0, 2**32, size=2, dtype=np.uint32))


@dataclass(frozen=True)
class Subset:
    """Some rows of two arrays, in order: ``x[rows]`` and ``y[rows]`` without copying them.

    ``x`` has shape (n, ...) and may be memory-mapped, ``y`` has shape (n, n_classes), ``rows`` holds indices.
    ``weights`` has shape (n,) where clips count by a weight in the loss (Keras's ``sample_weight``). Inputs that are
    another draw in each epoch, such as crops, are an ``x`` with a method ``drawn(generator)``, which gives the array of
    one epoch.
    """

    x: np.ndarray
    y: np.ndarray
    rows: np.ndarray
    weights: np.ndarray | None = None


def batches(data: Subset, batch_size: int) -> Iterator[tuple[np.ndarray, ...]]:
    """The rows of ``data``, a batch at a time, in the order in which they stand; the last batch may be smaller.

    Each batch is x and y, and the weights where there are any.
    """
    for start in range(0, len(data.rows), batch_size):
        rows = data.rows[start : start + batch_size]
        yield (data.x[rows], data.y[rows]) + (() if data.weights is None else (data.weights[rows],))


def run_epoch(step: Callable, data: Subset, batch_size: int, what: str = "") -> dict[str, float]:
    """Call ``step`` (``model.train_on_batch`` or ``model.test_on_batch``) on each batch; the metrics' means over clips.

    ``model.fit`` would build a tf.data pipeline for each epoch, and its automatic tuning often held the end of an epoch
    back (TensorFlow 2.17: epochs of 22 s and of 30 s both ended after 40.96 s, which is 0.01 s doubled twelve times).
    Reading a batch from an array takes a hundredth of a step, so nothing is lost without it.
    """
    n_batches = -(-len(data.rows) // batch_size)
    hidden = not (what and sys.stderr.isatty())
    totals = {}
    for batch in tqdm(batches(data, batch_size), what, n_batches, leave=False, disable=hidden):
        for name, value in step(*batch, return_dict=True).items():
            totals[name] = totals.get(name, 0.0) + float(value) * len(batch[0])
    return {name: total / len(data.rows) for name, total in totals.items()}


def predict(model: keras.Model, x: np.ndarray, rows: np.ndarray, batch_size: int) -> np.ndarray:
    """The model's outputs for ``x[rows]``, float32, shape (n_rows, n_classes)."""
    predicted = [model.predict_on_batch(x[rows[i : i + batch_size]]) for i in range(0, len(rows), batch_size)]
    return np.concatenate(predicted).astype("float32")


# --- fit ------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class EarlyStopping:
    """Stop when ``monitor`` (the smaller the better) has not improved for ``patience`` epochs."""

    monitor: str = "loss"
    patience: int = 5


@dataclass
class History:
    """The state of a training between two epochs, as ``state.json`` holds it."""

    rows: list[dict[str, int | float]]
    best_epoch: int = 0
    stopped: bool = False

    @property
    def epoch(self) -> int:
        return len(self.rows)

    @property
    def seconds(self) -> float:
        return sum(row["seconds"] for row in self.rows)


HISTORY_FORM = TypeAdapter(History)
_TRAINED: ContextVar[tuple[Callable[[keras.Model], None], History] | None] = ContextVar("trained", default=None)


@contextlib.contextmanager
def already_trained(load: Callable[[keras.Model], None], history: History) -> Iterator[None]:
    """Inside, `fit` trains nothing: it lets `load` put the weights into the model, and returns `run`."""
    token = _TRAINED.set((load, history))
    try:
        yield
    finally:
        _TRAINED.reset(token)


BEGIN_AGAIN = "run with --restart to begin again"
NAMES_IT = f"it is the one that state.json names; {BEGIN_AGAIN}"


def load_history(folder: Path) -> History:
    """The state of the run in ``folder``; a run at epoch 0 where there is none."""
    path = folder / "state.json"
    if not path.exists():
        return History([])
    history = read_json(path, HISTORY_FORM, BEGIN_AGAIN)
    names = [set(row) for row in history.rows]
    if [row.get("epoch") for row in history.rows] != list(range(1, history.epoch + 1)) or names[1:] != names[:-1]:
        raise FileError(f"{path}: expected the epochs in order, each with the same values; {BEGIN_AGAIN}")
    if not 0 <= history.best_epoch <= history.epoch:
        raise FileError(
            f"{path}: expected a best_epoch of at most {history.epoch}, found {history.best_epoch}; {BEGIN_AGAIN}"
        )
    return history


def fit(
    model: keras.Model,
    train: Subset,
    validation_data: Subset,
    *,
    folder: Path,
    epochs: int,
    batch_size: int,
    validation_batch_size: int,
    seed: int,
    shuffle: bool = True,
    validation_name: str = "val",
    monitor: str | None = "val_accuracy",
    early_stopping: EarlyStopping | None = None,
    schedule: Callable[[Sequence[dict], int, int], float] | None = None,
    name: str = "",
) -> History:
    """Train a compiled model, or go on with training it, and leave it with its best (or last) epoch's weights.

    After each epoch the weights (with the optimiser's state) and then ``state.json`` are written, each under a
    temporary name first; ``state.json`` names the files that belong to it. Killed at any moment, the next call goes
    on from the last whole epoch and ends with the same history. Where `shared.base.deadline` says that the time is used
    up, OutOfTimeError is raised before the next epoch. Where AUDIO_REPRODUCTIONS_TENSORBOARD is set, Keras's callback
    writes each epoch's values into the folder's ``tensorboard/`` as well.

    Parameters
    ----------
    model : keras.Model
        Compiled, with accuracy as its metric.
    train : Subset
        Drawn anew in each epoch if its inputs are such.
    validation_data : Subset
        Evaluated after each epoch: the validation split, or, in a paper that has none and draws the test split's
        curve, the test split, which then must decide nothing (``monitor=None``, no early stopping on it).
    folder : Path
        The run's own folder.
    epochs : int
        Epochs in all, those already done included.
    shuffle : bool
        Feed the training rows in another order each epoch.
    validation_name : str
        What the history calls its values: ``val`` gives ``val_accuracy``.
    monitor : str, optional
        The logged value whose highest epoch is kept, or, of a loss, whose lowest (the first of equals, as Keras's
        checkpoint does). None: the last epoch counts.
    early_stopping : EarlyStopping, optional
    schedule : function, optional
        Gives each batch's learning rate from the history so far, the batch's number and the epoch's number of batches,
        and from nothing else, as `shared.training.schedules.CyclicalOnPlateaus`: so a resumed run gets the same rates.
        The history then has a ``learning_rate``, that of the epoch's last batch. None: the compiled rate.
    name : str
        Printed before each epoch's line.

    Returns
    -------
    History
        With the whole history, resumed epochs included.
    """
    if trained := _TRAINED.get():
        load, history = trained
        load(model)
        return history
    history = load_history(folder)
    _remove_stale(history, folder)
    if history.epoch:
        model.optimizer.build(model.trainable_variables)  # or its state would be skipped without an error
        load_weights(model, _last(folder, history.epoch), NAMES_IT)
    board = _board(model, folder) if os.environ.get(TENSORBOARD_VARIABLE) else None
    while history.epoch < epochs and not history.stopped:
        check_deadline(f"after epoch {history.epoch} of {epochs}")
        generator = epoch_generator(seed, history.epoch)
        ordered = replace(train, rows=generator.permutation(train.rows)) if shuffle else train
        if hasattr(train.x, "drawn"):
            ordered = replace(ordered, x=train.x.drawn(generator))
        reseed(model, generator)
        rates = _rates(schedule, history.rows, -(-len(ordered.rows) // batch_size))
        start = time.perf_counter()
        logs = run_epoch(_step(model, rates), ordered, batch_size, f"epoch {history.epoch + 1}")
        checked = run_epoch(model.test_on_batch, validation_data, validation_batch_size)
        row = {
            "epoch": history.epoch + 1,
            **logs,
            **{f"{validation_name}_{name}": value for name, value in checked.items()},
        }
        row |= {"learning_rate": rates[-1]} if rates else {}
        row["seconds"] = time.perf_counter() - start
        history.rows.append(row)
        if (
            monitor is None
            or history.best_epoch == 0
            or _better(row[monitor], history.rows[history.best_epoch - 1][monitor], monitor)
        ):
            history.best_epoch = row["epoch"]
        history.stopped = early_stopping is not None and _exhausted(history.rows, early_stopping)
        _save(model, history, folder, keep_best=monitor is not None)
        print(f"{name} epoch {row['epoch']}/{epochs} {_words(row)}", flush=True)
        if board:
            board.on_epoch_end(history.epoch - 1, {key: value for key, value in row.items() if key != "epoch"})
    if board:
        board.on_train_end()
    if monitor is not None and history.best_epoch:
        load_weights(model, _best(folder, history.best_epoch), NAMES_IT)
    return history


def _board(model: keras.Model, folder: Path) -> keras.callbacks.TensorBoard:
    """Keras's own callback, to be told of each epoch; it counts them from 0, as `Model.fit` does."""
    board = keras.callbacks.TensorBoard(folder / "tensorboard", write_graph=False)
    board.set_model(model)
    return board


def _better(value: float, than: float, name: str) -> bool:
    return value < than if name.endswith("loss") else value > than


def _rates(schedule: Callable | None, rows: list[dict], n_batches: int) -> list[float]:
    """The learning rate of each of the next epoch's batches; none without a schedule."""
    return [] if schedule is None else [schedule(rows, batch, n_batches) for batch in range(n_batches)]


def _step(model: keras.Model, rates: list[float]) -> Callable:
    """``model.train_on_batch``, each batch with its learning rate if there are any."""
    if not rates:
        return model.train_on_batch
    batch = itertools.count()

    def step(*of_batch, **options):
        model.optimizer.learning_rate = rates[next(batch)]
        return model.train_on_batch(*of_batch, **options)

    return step


def _words(row: dict) -> str:
    formats = {"learning_rate": ".1e"}
    shown = {key: value for key, value in row.items() if key not in ("epoch", "seconds")}
    figures = " ".join(f"{key} {value:{formats.get(key, '.4f')}}" for key, value in shown.items())
    return f"{figures} ({row['seconds']:.0f} s)"


def _exhausted(rows: list[dict], rule: EarlyStopping) -> bool:
    values = [row[rule.monitor] for row in rows]
    return len(values) - 1 - int(np.argmin(values)) >= rule.patience


def _last(folder: Path, epoch: int) -> Path:
    return folder / f"last-{epoch:03d}.weights.h5"


def _best(folder: Path, epoch: int) -> Path:
    return folder / f"best-{epoch:03d}.weights.h5"


def _save(model: keras.Model, history: History, folder: Path, keep_best: bool) -> None:
    """Write weights, then the state that names them, then remove what the state no longer names."""
    last = save_weights(model, _last(folder, history.epoch))
    if keep_best and history.best_epoch == history.epoch:
        atomic_write(_best(folder, history.epoch), lambda file: shutil.copyfile(last, file.name))
    state = {"rows": history.rows, "best_epoch": history.best_epoch, "stopped": history.stopped}
    atomic_write(folder / "state.json", lambda file: file.write(write_json(state, summed=True)))
    _remove_stale(history, folder)


def _remove_stale(history: History, folder: Path) -> None:
    """Remove the weights that the state does not name; a process may have been killed before it did."""
    named = {_last(folder, history.epoch), _best(folder, history.best_epoch)}
    for stale in {*folder.glob("last-*.weights.h5"), *folder.glob("best-*.weights.h5")} - named:
        stale.unlink()


# --- what a unit's training begins and ends with ---------------------------------------------------------------------
def compile_model(
    model: keras.Model,
    optimizer: str,
    learning_rate: float,
    loss: str | Callable,
    *,
    metric: str | Sequence[str] = "accuracy",
) -> None:
    """Compile for Keras's optimiser of that name, and a loss; `metric` is what is measured beside it, or several."""
    model.compile(
        keras.optimizers.get({"class_name": optimizer, "config": {"learning_rate": learning_rate}}),
        loss=loss,
        metrics=[metric] if isinstance(metric, str) else list(metric),
        jit_compile=backend.jit_compile(),
    )
