"""A paper of the tests: its work is quick, can be told to fail, to hang or to wait, and trains a small network."""

import json
import os
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from shared.paper.settings import read_settings
from shared.runs import units
from shared.runs.plan import Task
from shared.runs.units import Unit
from shared.training.settings import TrainingSettings

FINGERPRINT = "0123456789abcdef"
SETTINGS = {
    "epochs": 3,
    "batch_size": 4,
    "shuffle": True,
    "optimizer": "adam",
    "learning_rate": 0.01,
    "loss": "categorical_crossentropy",
}
CLASSES = ("a", "b")


@dataclass
class Data:
    """Where the tests' files are, and a fingerprint."""

    place: Path
    fingerprint: str = FINGERPRINT

    def note(self, name: str, word: str) -> None:
        """Write down that something happened."""
        with (self.place / name).open("a") as file:
            file.write(f"{word}\n")


class Inputs:
    """Noise with a mean a class; reading its 8th batch hangs once where a file ``hang`` says so."""

    def __init__(self, place: Path, labels: np.ndarray):
        generator = np.random.default_rng(0)
        self.values = (generator.standard_normal((len(labels), 6)) + labels[:, :1]).astype("float32")
        self.place, self.shape, self.n_read = place, self.values.shape, 0

    def __getitem__(self, rows) -> np.ndarray:
        self.n_read += 1
        if self.n_read == 8 and (self.place / "hang").exists():
            (self.place / "pid").write_text(str(os.getpid()))
            (self.place / "hang").rename(self.place / "hung")
            time.sleep(300)
        return self.values[rows]


def task(place: Path, seed: int = 0, work: str = "write", **more) -> Task:
    """A task whose files are below a folder."""
    unit = Unit("small", "Net", "paper", "published", 0, seed, "float32", "made", FINGERPRINT)
    return Task(unit, SETTINGS, {"place": str(place)}, "tests.shared.runs.small_paper", work=work, **more)


def open_data(place: str) -> Data:
    """The folder; how often it was opened stands in its file ``opened``."""
    data = Data(Path(place))
    data.note("opened", str(os.getpid()))
    return data


def write(task: Task, data: Data) -> None:
    """Write a record, and that it was done."""
    data.note("done", task.unit.key)
    units.write_record(task.unit, status="complete", epochs=0, seconds=0.0, settings=task.settings, classes=CLASSES)


def write_slowly(task: Task, data: Data) -> None:
    """The same, with time for another process to come to it."""
    time.sleep(0.2)
    write(task, data)


def refuse(task: Task, data: Data) -> None:
    """Fail."""
    raise ValueError("the clip is too short")


def die(task: Task, data: Data) -> None:
    """End the process."""
    data.note("died", task.key)
    os._exit(9)


def hang(task: Task, data: Data) -> None:
    """Say so, and sleep."""
    (data.place / "pid").write_text(json.dumps(os.getpid()))
    time.sleep(300)


def count(task: Task, data: Data) -> None:
    """Count to three in a file of the unit's folder, from where the last attempt came to; after one, perhaps hang."""
    counted = task.folder / "counted"
    while (n := len(counted.read_text()) if counted.exists() else 0) < 3:
        if n == 1 and (data.place / "hang").exists():
            (data.place / "pid").write_text(str(os.getpid()))
            (data.place / "hang").rename(data.place / "hung")
            time.sleep(300)
        data.note("counts", str(n + 1))
        counted.write_text("x" * (n + 1))
    write(task, data)


def train(task: Task, data: Data) -> None:
    """Train a network on noise."""
    import keras
    import pandas as pd

    from shared.runs.networks import write_network, write_unit
    from shared.training import fitting

    settings = read_settings(TrainingSettings, task.settings)
    labels = np.eye(2, dtype="float32")[np.arange(20) % 2]
    inputs, rows = Inputs(data.place, labels), np.arange(20)
    keras.utils.set_random_seed(task.unit.seed)
    layers = [keras.layers.Dense(4, "relu"), keras.layers.Dropout(0.5), keras.layers.Dense(2, "softmax")]
    model = keras.Sequential([keras.Input((6,)), *layers])
    fitting.compile_model(model, settings)
    history = fitting.fit(
        model,
        fitting.Subset(inputs, labels, rows),
        fitting.Subset(inputs.values, labels, rows),
        folder=task.folder,
        epochs=task.at_most(settings.epochs),
        batch_size=settings.batch_size,
        validation_batch_size=20,
        seed=task.unit.seed,
    )
    write_network(task.unit, model)
    clips = pd.DataFrame({"split": "test", "clip": [f"clip.{row}" for row in rows], "label": [*CLASSES] * 10})
    write_unit(task.unit, history, task.settings, CLASSES, clips, fitting.predict(model, inputs.values, rows, 20))
