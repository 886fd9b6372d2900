"""Train the network of Pascuo Celva's report and regenerate its two numbers, each beside a constant predictor's.

    python -m reproductions run pascuo_multilabel --corpus library_labels-some    # the paper's labels, made sounds
    python -m reproductions run pascuo_multilabel --corpus mixtures               # real instruments
    python -m reproductions run pascuo_multilabel                                 # a library of your own

Published: validation loss "around 0.21", binary accuracy 0.93. Ours, machine and time are in README.md, drawn from
results/.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterable
from pathlib import Path

if __name__ == "__main__":  # run as a script: the same as the command above, with the same options
    import runpy

    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    sys.argv[1:1] = ["run", "pascuo_multilabel"]
    runpy.run_module("reproductions", run_name="__main__")

import keras
import numpy as np
import pandas as pd

import data_prep
from data_prep.common import folders
from reproductions.pascuo_multilabel import samples
from reproductions.pascuo_multilabel.data import Data, load, splits, weights_of
from reproductions.pascuo_multilabel.model import CNN, CONSTANT, balanced_crossentropy, build
from shared.metrics import multilabel, scores
from shared.paper.loading import load_paper
from shared.report.files import write_outputs
from shared.report.multilabel import render_labels
from shared.report.tables import render_text
from shared.results import store
from shared.results.diff import diff_paper
from shared.results.exact import FIRST_LABEL
from shared.runs import unit as units
from shared.runs.networks import write_network, write_unit
from shared.runs.predictions import write_predictions
from shared.runs.unit import Unit
from shared.training import class_weights, fitting
from shared.training.precision import resolve_precision, set_precision

PAPER = "pascuo_multilabel"
CORPORA = ("music_library", "fma", *samples.MADE)
METRICS = ("binary_accuracy", "binary_crossentropy")  # the loss has the penalty on the hidden layer's answers in it
AT_ONCE = 1024  # samples that are evaluated at once, which changes no score


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
        Names from paper.toml; the constant predictor is always among them, once for all seeds, since it has none.
    protocol : {"published", "stratified", "grouped"}
        The last that were drawn, as many of each set of labels, or whole tracks; each has fold 0 only.
    folds, seeds : iterable of int
    corpus : str, optional
        ``music_library`` (the default, a library of your own), ``fma``, or a stand-in: ``library_labels-none``,
        ``-little``, ``-some``, ``-all``, ``mixtures``.
    precision : {"auto", "float32", "bfloat16"}
    epochs : int, optional
        Stop after so many epochs; calling it again goes on.
    restart : bool
        Forget what the units have done so far.
    """
    paper = load_paper(PAPER)
    corpus, variants, folds, seeds = corpus or paper.corpus.name, list(variants), list(folds), list(seeds)
    models = list(models or paper.models)
    if corpus not in CORPORA:
        raise ValueError(f"corpus {corpus} has no tracks with one or two labels; {PAPER} needs {', '.join(CORPORA)}")
    for fold in folds:
        folders.check_protocol(protocol, fold, data_prep.corpus(corpus).N_FOLDS)

    # Tracks, samples of them, MFCCs. The networks.
    precision = resolve_precision(precision)
    for variant in variants:
        settings = paper.settings_for(variant)
        data = load(corpus, settings)
        for fold in folds:
            split = samples.split_of(data.module, data.rows, protocol, fold, settings)
            unit = Unit(paper.id, CONSTANT, variant, protocol, fold, 0, "float32", corpus, data.fingerprint)
            units.do(unit, settings, functools.partial(answer_all_alike, data=data, split=split), restart)
            store.merge(paper, [unit.key])
            for seed in seeds if CNN in models else ():
                unit = Unit(paper.id, CNN, variant, protocol, fold, seed, precision, corpus, data.fingerprint)
                units.do(unit, settings, functools.partial(train, data=data, split=split, epochs=epochs), restart)
                store.merge(paper, [unit.key])

    # The numbers, regenerated beside published; then what they are worth.
    folder = store.results_folder(paper.id, corpus)
    write_outputs(paper, folder)
    diff = diff_paper(paper, folder, variants, protocol, corpus)
    print(render_text(diff) + "\n" + render_labels(diff), end="")
    return 0


def train(unit: Unit, settings: dict, *, data: Data, split: pd.DataFrame, epochs: int | None) -> None:
    """One unit of work: scale, model, fit, evaluate, write."""
    rows = splits(split, unit, settings)
    scale = samples.scale_of(data.features, settings["scaling"], rows["train"])
    inputs, labels = samples.Scaled(data.features, scale), data.labels.astype("float32")

    # Weights: of the first label of each sample, as Keras's class_weight has them, or of each label's ones and zeros.
    loss = weights = None
    if settings["label_weights"] == FIRST_LABEL:
        weights = weights_of(data)
    else:
        loss = balanced_crossentropy(*class_weights.balanced_labels(data.labels[rows["train"]], data.classes))

    # Model.
    set_precision(unit.precision)
    keras.utils.set_random_seed(unit.seed)
    model = build(settings, inputs.shape[1:], len(data.classes))
    fitting.compile_model(model, settings, loss=loss, metric=METRICS)

    # Fit. In variant paper the last epoch counts, and nothing is chosen.
    watched = rows["tuning"] if settings["evaluated_epoch"] == "lowest loss on tuning samples" else rows["validation"]
    history = fitting.fit(
        model,
        fitting.Rows(inputs, labels, rows["train"], weights),
        fitting.Rows(inputs, labels, watched),
        folder=unit.folder,
        epochs=min(epochs or settings["epochs"], settings["epochs"]),
        batch_size=settings["batch_size"],
        watched_batch_size=AT_ONCE,
        seed=unit.seed,
        shuffle=settings["shuffle"],
        best=None if settings["evaluated_epoch"] == "last" else "val_loss",
        name=unit.key,
    )
    write_network(unit, model)

    # Evaluate; write. What is said of all validation samples stands in the record; of some, the predictions are kept.
    probabilities = fitting.predict(model, inputs, rows["validation"], AT_ONCE)
    thresholds = [settings["metric_threshold"]] * len(data.classes)
    if settings["thresholds"] == "per genre":
        tuned = fitting.predict(model, inputs, rows["tuning"], AT_ONCE)
        thresholds = multilabel.best_thresholds(data.labels[rows["tuning"]], tuned).tolist()
    units.write_skipped(unit.folder, data.rows.attrs["skipped"])
    kept = samples.kept_of(split, settings)
    conditions = {"thresholds": thresholds, "scale": scale}
    conditions["validation"] = scored(data.labels[rows["validation"]], probabilities)
    chosen = probabilities[np.searchsorted(rows["validation"], kept)]
    write_unit(unit, history, settings, data.classes, split.iloc[kept], chosen, **conditions)


def answer_all_alike(unit: Unit, settings: dict, *, data: Data, split: pd.DataFrame) -> None:
    """The constant predictor: each validation sample gets the share of each label among the training samples.

    Its record has the scores of hearing nothing as well: of the shares as the training's weights have them, at which a
    network ends that learns nothing else.
    """
    rows, kept = splits(split, unit, {"tuning_fraction": 0}), samples.kept_of(split, settings)
    learned_from, held_out = data.labels[rows["train"]], data.labels[rows["validation"]]
    shares = learned_from.mean(axis=0)
    write_predictions(unit.folder, data.classes, split.iloc[kept], np.tile(shares, (len(kept), 1)))
    conditions = {"settings": settings, "classes": data.classes, "validation": scored(held_out, shares)}
    if settings["label_weights"] == FIRST_LABEL:
        weighted = np.average(learned_from, axis=0, weights=weights_of(data)[rows["train"]])
        conditions["nothing_heard"] = scored(held_out, weighted)
    units.write_record(unit, status="complete", epochs=0, seconds=0.0, **conditions)


def scored(labels: np.ndarray, probabilities: np.ndarray) -> dict:
    """The scores of all validation samples, of which most leave no prediction; one answer for all, or one each."""
    answers = np.broadcast_to(probabilities, labels.shape)
    return {"n": len(labels)} | {name: round(scores.METRICS[name](labels, answers), 6) for name in METRICS}
