"""Train the network of the paper and regenerate its Table 1.

    python -m reproductions run _template --epochs 1    # does it run?
    python -m reproductions run _template

Published test accuracy: 0.85. Ours, machine and time are in README.md, drawn from results/.
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
    sys.argv[1:1] = ["run", "_template"]
    runpy.run_module("reproductions", run_name="__main__")

import keras
import numpy as np
import pandas as pd

import data_prep
from data_prep.common import folders
from reproductions._template.features import images_of, windows_of
from reproductions._template.model import build
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

PAPER = "_template"


@dataclass(frozen=True)
class Data:
    """A corpus's module, its rows in no particular split, and their images, one a row."""

    module: ModuleType
    rows: pd.DataFrame
    images: np.ndarray
    fingerprint: str


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
    protocol : str
        A protocol of the corpus, such as ``published`` or ``grouped``.
    folds, seeds : iterable of int
    corpus : str, optional
        A corpus with audio; the paper's own if None.
    precision : {"auto", "float32", "bfloat16"}
    epochs : int, optional
        Stop after so many epochs; calling it again goes on.
    restart : bool
        Forget what the units have done so far.
    """
    paper = load_paper(PAPER)
    corpus, variants, folds, seeds = corpus or paper.corpus.name, list(variants), list(folds), list(seeds)
    for fold in folds:
        folders.check_protocol(protocol, fold, data_prep.corpus(corpus).N_FOLDS)

    # Index and features, then a network for each variant, fold and seed: each is a unit of work with its own folder.
    precision = resolve_precision(precision)
    for variant in variants:
        settings = paper.settings_for(variant)
        data = load(corpus, settings)
        for model in [model for model in paper.models_for(variant) if not models or model in models]:
            for fold in folds:
                split = data.module.with_protocol(data.rows, protocol, fold)
                for seed in seeds:
                    unit = Unit(paper.id, model, variant, protocol, fold, seed, precision, corpus, data.fingerprint)
                    work = functools.partial(train, data=data, split=split, epochs=epochs)
                    units.do(unit, settings, work, restart)
                    store.merge(paper, [unit.key])

    # The table, regenerated beside published.
    folder = store.results_folder(paper.id, corpus)
    write_outputs(paper, folder)
    print(render_text(diff_paper(paper, folder, variants, protocol, corpus)), end="")
    return 0


def load(corpus: str, settings: dict) -> Data:
    """The rows of a corpus and their images; what is odd about the corpus is said."""
    module = data_prep.corpus(corpus)
    index = module.index()
    for note in index.attrs.get("notes", ()):
        print(f"note: {note}", file=sys.stderr)
    fingerprint, rows = data_prep.fingerprint(index), windows_of(module, index, settings)
    return Data(module, rows, images_of(module, rows, settings, fingerprint), fingerprint)


def train(unit: Unit, settings: dict, *, data: Data, split: pd.DataFrame, epochs: int | None) -> None:
    """One unit of work: model, fit, evaluate, write."""
    classes = data.module.CLASSES
    labels = np.eye(len(classes), dtype="float32")[[classes.index(label) for label in split["label"]]]
    rows = {name: np.flatnonzero(split["split"] == name) for name in ("train", "validation", "test")}

    # Model.
    set_precision(unit.precision)
    keras.utils.set_random_seed(unit.seed)
    model = build(unit.model, settings, data.images.shape[1:], len(classes))
    fitting.compile_model(model, settings)

    # Fit: the epoch with the best validation accuracy counts.
    history = fitting.fit(
        model,
        fitting.Rows(data.images, labels, rows["train"]),
        fitting.Rows(data.images, labels, rows["validation"]),
        folder=unit.folder,
        epochs=min(epochs or settings["epochs"], settings["epochs"]),
        batch_size=settings["batch_size"],
        watched_batch_size=settings["batch_size"],
        seed=unit.seed,
        shuffle=settings["shuffle"],
        name=unit.key,
    )
    write_network(unit, model)

    # Evaluate: the test split is read here and nowhere else.
    probabilities = fitting.predict(model, data.images, rows["test"], settings["batch_size"])

    # Write: every number of the table is computed from these predictions.
    conditions = {"clips_are": WINDOWS} if settings["windows_per_clip"] > 1 else {}
    write_unit(unit, history, settings, classes, split.iloc[rows["test"]], probabilities, **conditions)
