"""Train the three networks of Verma et al.'s report and regenerate the table of its conclusion.

    python -m reproductions run verma_genres --mode 1                                    # minutes
    python -m reproductions run verma_genres --mode 2 --corpus gtzan-subset --seeds 0-1  # on a part of the corpus

Published test accuracy: Mode 1 (features) 80.56 %, Mode 2 (1-D CNN) 81.62 %, Mode 3 (ResNet-18) 75.65 %. Ours, machine
and time are in README.md, drawn from results/.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterable
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
from reproductions.verma_genres.model import ANN, CNN_1D, CNN_2D, SCALING, build
from shared.paper.loading import load_paper
from shared.report.files import write_outputs
from shared.report.tables import render_text
from shared.results import store
from shared.results.derived import WINDOWS
from shared.results.diff import diff_paper
from shared.runs import unit as units
from shared.runs.networks import write_network, write_unit
from shared.runs.unit import Unit
from shared.training import fitting
from shared.training.precision import resolve_precision, set_precision

PAPER = "verma_genres"
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


def run(
    variants: Iterable[str] = ("paper",),
    models: Iterable[str] | None = None,
    protocol: str = "published",
    folds: Iterable[int] = (0,),
    seeds: Iterable[int] = (0,),
    corpus: str | None = None,
    precision: str = "auto",
    epochs: int | None = None,
    restart: bool = False,
) -> int:
    """Train what is not trained yet, write the results, print the table; returns the exit status.

    Parameters
    ----------
    variants, models : iterable of str
        Names from paper.toml; no models means all of a variant's.
    protocol : {"published", "grouped", "fault_filtered"}
    folds, seeds : iterable of int
        ``grouped`` has five folds, each leaves a fifth of the tracks out.
    corpus : str, optional
        ``gtzan``, a part of it, ``synthetic``, or for Mode 1 a table of its features. If None, the table of 3-second
        cuts for Mode 1 and GTZAN itself for the others.
    precision : {"auto", "float32", "bfloat16"}
        ``auto`` is float32 for Modes 1 and 2, whose time does not go into products of matrices.
    epochs : int, optional
        Stop after so many epochs; calling it again goes on.
    restart : bool
        Forget what the units have done so far.
    """
    paper = load_paper(PAPER)
    folds, seeds = list(folds), list(seeds)
    wanted = {variant: [m for m in paper.models_for(variant) if not models or m in models] for variant in variants}
    chosen = [model for model in paper.models if any(model in names for names in wanted.values())]
    corpora = {model: corpus or paper.corpus_of(model) for model in chosen}
    for model, name in corpora.items():
        check_corpus(model, name)
        for fold in folds:
            folders.check_protocol(protocol, fold, data_prep.corpus(name).N_FOLDS)

    # Index and inputs of a model: 57 features, two seconds of samples, or their image. The variants share them.
    indexed = functools.cache(read_index)
    data = functools.cache(lambda model: load(model, *indexed(corpora[model]), paper.settings_for(model=model)))

    # The networks.
    for model in chosen:
        for fold in folds:
            for seed in seeds:
                for variant in [variant for variant, names in wanted.items() if model in names]:
                    given, of_model = data(model), precision_of(model, precision)
                    place = (protocol, fold, seed, of_model, corpora[model], given.fingerprint)
                    unit = Unit(paper.id, model, variant, *place)
                    split = given.module.with_protocol(given.rows, protocol, fold)
                    work = functools.partial(train, data=given, split=split, epochs=epochs)
                    units.do(unit, paper.settings_for(variant, model), work, restart)
                    store.merge(paper, [unit.key])

    # The table, regenerated beside published.
    shown = {paper.corpus.name if paper.is_own(model, name) else name for model, name in corpora.items()}
    for name in sorted(shown):
        folder = store.results_folder(paper.id, name)
        write_outputs(paper, folder)
        print(render_text(diff_paper(paper, folder, list(wanted), protocol, name)), end="")
    return 0


def check_corpus(model: str, corpus: str) -> None:
    """Raise ValueError where a corpus has nothing for a model."""
    module = data_prep.corpus(corpus)
    if module.windows is None and not (module.features and model == ANN):
        having = [name for name in sorted(data_prep.CORPORA) if data_prep.corpus(name).windows]
        what = "is a table of features" if module.features else "has no tracks to cut into windows"
        raise ValueError(f"corpus {corpus} {what}, and {model} needs audio: {', '.join(having)}")


def read_index(corpus: str) -> tuple[ModuleType, pd.DataFrame]:
    """A corpus's module and index; what is odd about the corpus is said once."""
    module = data_prep.corpus(corpus)
    index = module.index()
    for note in index.attrs.get("notes", ()):
        print(f"note: {note}", file=sys.stderr)
    return module, index


def load(model: str, module: ModuleType, index: pd.DataFrame, settings: dict) -> Data:
    """The rows and inputs of a model."""
    fingerprint = data_prep.fingerprint(index)
    rows = rows_for(model, module, index, settings)
    return Data(module, rows, inputs_for(model, module, rows, settings, fingerprint), fingerprint)


def precision_of(model: str, precision: str) -> str:
    """``auto`` for ResNet-18 is bfloat16 where the hardware has it; the others gain nothing from it."""
    light = model != CNN_2D
    return resolve_precision("float32" if precision == "auto" and light else precision)


def train(unit: Unit, settings: dict, *, data: Data, split: pd.DataFrame, epochs: int | None) -> None:
    """One unit of work: model, fit, evaluate, write."""
    classes, batch_size = data.module.CLASSES, settings["batch_size"]
    labels = np.eye(len(classes), dtype="float32")[[classes.index(label) for label in split["label"]]]
    rows = {name: np.flatnonzero(split["split"] == name) for name in ("train", "test")}

    # Model; what is standardised, is by the training rows alone.
    set_precision(unit.precision)
    keras.utils.set_random_seed(unit.seed)
    model = build(unit.model, settings, data.inputs.shape[1:], len(classes))
    if unit.model == ANN:
        model.get_layer(SCALING).adapt(data.inputs[rows["train"]])
    fitting.compile_model(model, settings)

    # Fit: the test accuracy is watched, as the report's curves do; in variant paper it decides nothing.
    best = {"last": None, "best on test": "test_accuracy"}[settings["evaluated_epoch"]]
    history = fitting.fit(
        model,
        fitting.Rows(data.inputs, labels, rows["train"]),
        fitting.Rows(data.inputs, labels, rows["test"]),
        folder=unit.folder,
        epochs=min(epochs or settings["epochs"], settings["epochs"]),
        batch_size=batch_size,
        watched_batch_size=batch_size,
        watched_as="test",
        seed=unit.seed,
        shuffle=settings["shuffle"],
        best=best,
        name=unit.key,
    )
    write_network(unit, model)

    # Evaluate: the table and the votes by track are computed from these predictions. Of Mode 2 those of the training
    # windows are kept as well, for their accuracy: a network may learn them and not name them with running statistics.
    evaluated = ("test", "train") if unit.model == CNN_1D else ("test",)
    probabilities = [fitting.predict(model, data.inputs, rows[name], batch_size) for name in evaluated]
    probabilities[1:] = [of_train.round(TRAIN_DECIMALS) for of_train in probabilities[1:]]

    # Write.
    units.write_skipped(unit.folder, data.rows.attrs.get("skipped", ()))
    conditions = {"clips_are": WINDOWS} if data.windows else {}
    clips = split.iloc[np.concatenate([rows[name] for name in evaluated])]
    write_unit(unit, history, settings, classes, clips, np.concatenate(probabilities), **conditions)
