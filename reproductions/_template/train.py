"""Train the network of the paper and regenerate its Table 1.

    python -m reproductions run _template --epochs 1    # does it run?
    python -m reproductions run _template

Published test accuracy: 0.80 of the windows, 0.85 of the clips that they vote for. Ours, machine and time are in
README.md, drawn from results/.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

if __name__ == "__main__":  # run as a script: the same as the command above, with the same options
    import runpy

    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    sys.argv[1:1] = ["run", "_template"]
    runpy.run_module("reproductions", run_name="__main__")

import keras
import numpy as np
import pandas as pd

import data_prep
from data_prep.common import windows
from reproductions._template.features import features_of, windows_of
from reproductions._template.model import build
from reproductions._template.settings import Training
from shared.paper.schema import Paper
from shared.paper.settings import read_settings
from shared.results.derived import SEGMENTS
from shared.runs.networks import write_network, write_unit
from shared.runs.plan import Request, Task
from shared.runs.units import Unit
from shared.training import fitting
from shared.training.precision import resolve_precision
from shared.training.scaling import fit_scaling


@dataclass(frozen=True)
class Data:
    """A corpus's module, windows of its clips in no particular split, and their features, one a row."""

    module: ModuleType
    rows: pd.DataFrame
    features: np.ndarray
    fingerprint: str


def plan(paper: Paper, request: Request) -> list[Task]:
    """A training for each model, variant, fold and seed that is asked for; each is a unit with its own folder."""
    corpus, folds = request.corpus or paper.corpus.name, request.folds or (0,)
    data_prep.with_audio(corpus)
    fingerprint, precision = data_prep.planned(corpus, request.protocol, folds), resolve_precision(request.precision)
    tasks = []
    for model, variant, fold, seed in request.combinations(paper, folds):
        unit = Unit(paper.id, model, variant, request.protocol, fold, seed, precision, corpus, fingerprint)
        settings = paper.settings_for(variant, model)
        data = {"corpus": corpus, "settings": settings}
        tasks.append(Task(unit, settings, data, __name__, epochs=request.epochs))
    return tasks


def open_data(corpus: str, settings: dict) -> Data:
    """The windows of a corpus and their features, which are computed once."""
    module = data_prep.corpus(corpus)
    index = module.index()
    fingerprint, rows = data_prep.fingerprint(index), windows_of(module, index, settings)
    return Data(module, rows, features_of(module, rows, settings, fingerprint), fingerprint)


def train(task: Task, data: Data) -> None:
    """One unit of work: split, model, scaling, fit, evaluate, write."""
    unit, settings, classes = task.unit, read_settings(Training, task.settings), data.module.CLASSES
    split = windows.with_protocol(data.module, data.rows, unit.protocol, unit.fold)
    labels = np.eye(len(classes), dtype="float32")[[classes.index(label) for label in split["label"]]]
    rows = {name: np.flatnonzero(split["split"] == name) for name in ("train", "validation", "test")}

    # Model; its inputs are scaled by the training windows alone.
    keras.utils.set_random_seed(unit.seed)
    model = build(unit.model, task.settings, data.features.shape[1:], len(classes))
    fit_scaling(model, data.features, rows["train"])
    fitting.compile_model(model, settings)

    # Fit: the epoch with the best validation accuracy counts. Where a corpus has no validation clips, the last one
    # does, and the curve is that of the test clips, which decide nothing.
    watched = "validation" if rows["validation"].size else "test"
    history = fitting.fit(
        model,
        fitting.Subset(data.features, labels, rows["train"]),
        fitting.Subset(data.features, labels, rows[watched]),
        folder=unit.folder,
        epochs=task.at_most(settings.epochs),
        batch_size=settings.batch_size,
        validation_batch_size=settings.batch_size,
        seed=unit.seed,
        shuffle=settings.shuffle,
        validation_name={"validation": "val", "test": "test"}[watched],
        monitor={"validation": "val_accuracy", "test": None}[watched],
        name=unit.key,
    )
    write_network(unit, model)

    # Evaluate: the test clips have decided nothing so far.
    probabilities = fitting.predict(model, data.features, rows["test"], settings.batch_size)

    # Write: every number of the table is computed from these predictions.
    conditions = {"clips_are": SEGMENTS} if data.rows["track"].duplicated().any() else {}  # then they vote by clip
    write_unit(unit, history, task.settings, classes, split.iloc[rows["test"]], probabilities, **conditions)
