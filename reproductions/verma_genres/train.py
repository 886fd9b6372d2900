"""Train the three networks of Verma et al.'s report and regenerate the table of its conclusion.

    python -m reproductions run verma_genres --mode 1                                    # minutes
    python -m reproductions run verma_genres --mode 2 --corpus gtzan-subset --seeds 0-1  # on a part of the corpus

Published test accuracy: Mode 1 (features) 80.56 %, Mode 2 (1-D CNN) 81.62 %, Mode 3 (ResNet-18) 75.65 %. Ours, machine
and time are in README.md, drawn from results/.
"""

from __future__ import annotations

import functools
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

if __name__ == "__main__":  # run as a script: the same as the command above, with the same options
    import runpy

    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    sys.argv[1:1] = ["run", "verma_genres"]
    runpy.run_module("reproductions", run_name="__main__")

import keras
import numpy as np
import pandas as pd

import data_prep
from data_prep.common import folders
from reproductions.verma_genres.features import inputs_for, rows_for
from reproductions.verma_genres.model import ANN, CNN_1D, CNN_2D, build, fit_scaling
from reproductions.verma_genres.settings import Scaling, Training
from shared.paper.schema import Paper
from shared.paper.settings import read_settings
from shared.results.derived import WINDOWS
from shared.runs import units
from shared.runs.networks import write_network, write_unit
from shared.runs.plan import Request, Task
from shared.runs.units import Unit
from shared.training import fitting
from shared.training.precision import resolve_precision

TRAIN_DECIMALS = 3  # of the probabilities of training windows, which are many


@dataclass(frozen=True)
class Data:
    """What a model is given: the corpus, its rows in no particular split, and the inputs, one a row."""

    module: ModuleType
    rows: pd.DataFrame
    inputs: object
    fingerprint: str

    @property
    def windows(self) -> bool:
        """Whether a track has several rows, so that it can be voted on."""
        return bool(self.rows["track"].duplicated().any())


def plan(paper: Paper, request: Request) -> list[Task]:
    """A training for each model, variant, fold and seed.

    Without a corpus, Mode 1 has the table of 3-second cuts and the others GTZAN itself. ``auto`` precision is float32
    for Modes 1 and 2, whose time does not go into products of matrices.
    """
    folds = request.folds or (0,)
    chosen = [m for m in paper.models if any(m in request.models_of(paper, variant) for variant in request.variants)]
    corpora = {model: request.corpus or paper.corpus_of(model) for model in chosen}
    for model, corpus in corpora.items():
        check_corpus(model, corpus)
        for fold in folds:
            folders.check_protocol(request.protocol, fold, data_prep.corpus(corpus).N_FOLDS)
    fingerprint = functools.cache(lambda corpus: data_prep.planned(corpus, request.protocol, folds))
    tasks = []
    for model, variant, fold, seed in request.combinations(paper, folds):
        corpus, precision = corpora[model], precision_of(model, request.precision)
        place = (request.protocol, fold, seed, precision, corpus, fingerprint(corpus))
        data = {"model": model, "corpus": corpus, "settings": paper.settings_for(model=model)}  # the variants share it
        unit, settings = Unit(paper.id, model, variant, *place), paper.settings_for(variant, model)
        tasks.append(Task(unit, settings, data, __name__, epochs=request.epochs))
    return tasks


def check_corpus(model: str, corpus: str) -> None:
    """Raise ValueError where a corpus has nothing for a model."""
    module = data_prep.corpus(corpus)
    if module.windows is None and not (module.features and model == ANN):
        having = [name for name in sorted(data_prep.CORPORA) if data_prep.corpus(name).windows]
        what = "is a table of features" if module.features else "has no tracks to cut into windows"
        raise ValueError(f"corpus {corpus} {what}, and {model} needs audio: {', '.join(having)}")


def open_data(model: str, corpus: str, settings: dict) -> Data:
    """The rows of a corpus for a model, and its inputs: 57 features, two seconds of samples, or their image."""
    module = data_prep.corpus(corpus)
    index = module.index()
    fingerprint, rows = data_prep.fingerprint(index), rows_for(model, module, index, settings)
    return Data(module, rows, inputs_for(model, module, rows, settings, fingerprint), fingerprint)


def precision_of(model: str, precision: str) -> str:
    """``auto`` for ResNet-18 is bfloat16 where the hardware has it; the others gain nothing from it."""
    light = model != CNN_2D
    return resolve_precision("float32" if precision == "auto" and light else precision)


def train(task: Task, data: Data) -> None:
    """One unit of work: split, model, fit, evaluate, write."""
    unit, settings, classes = task.unit, read_settings(Training, task.settings), data.module.CLASSES
    split = data.module.with_protocol(data.rows, unit.protocol, unit.fold)
    labels = np.eye(len(classes), dtype="float32")[[classes.index(label) for label in split["label"]]]
    rows = {name: np.flatnonzero(split["split"] == name) for name in ("train", "test")}

    # Model; features are scaled by the training rows alone.
    keras.utils.set_random_seed(unit.seed)
    model = build(unit.model, task.settings, data.inputs.shape[1:], len(classes))
    if unit.model == ANN:
        scaling = read_settings(Scaling, task.settings).feature_scaling
        fit_scaling(model, data.inputs[rows["train"]], scaling)
    fitting.compile_model(model, settings)

    # Fit: the test accuracy is watched, as the report's curves do; in variant paper it decides nothing.
    history = fitting.fit(
        model,
        fitting.Subset(data.inputs, labels, rows["train"]),
        fitting.Subset(data.inputs, labels, rows["test"]),
        folder=unit.folder,
        epochs=task.at_most(settings.epochs),
        batch_size=settings.batch_size,
        validation_batch_size=settings.batch_size,
        validation_name="test",
        seed=unit.seed,
        shuffle=settings.shuffle,
        monitor={"last": None, "best on test": "test_accuracy"}[settings.evaluated_epoch],
        name=unit.key,
    )
    write_network(unit, model)

    # Evaluate: the table and the votes by track are computed from these predictions. Of Mode 2 those of the training
    # windows are kept as well, for their accuracy: a network may learn them and not name them with running statistics.
    evaluated = ("test", "train") if unit.model == CNN_1D else ("test",)
    probabilities = [fitting.predict(model, data.inputs, rows[name], settings.batch_size) for name in evaluated]
    probabilities[1:] = [of_train.round(TRAIN_DECIMALS) for of_train in probabilities[1:]]

    # Write.
    units.write_skipped(unit.folder, data.rows.attrs.get("skipped", ()))
    conditions = {"clips_are": WINDOWS} if data.windows else {}
    clips = split.iloc[np.concatenate([rows[name] for name in evaluated])]
    write_unit(unit, history, task.settings, classes, clips, np.concatenate(probabilities), **conditions)
