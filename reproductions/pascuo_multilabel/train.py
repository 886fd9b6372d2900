"""Train the network of Pascuo Celva's report and regenerate its two numbers, each beside a constant predictor's.

    python -m reproductions run pascuo_multilabel --corpus library_labels-some    # the paper's labels, made sounds
    python -m reproductions run pascuo_multilabel --corpus mixtures               # real instruments
    python -m reproductions run pascuo_multilabel                                 # a library of your own

Published: validation loss "around 0.21", binary accuracy 0.93. Ours, machine and time are in README.md, drawn from
results/.
"""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":  # run as a script: the same as the command above, with the same options
    import runpy

    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    sys.argv[1:1] = ["run", "pascuo_multilabel"]
    runpy.run_module("reproductions", run_name="__main__")

import keras
import numpy as np

import data_prep
from data_prep.common import folders
from reproductions.pascuo_multilabel import samples
from reproductions.pascuo_multilabel.data import Data, splits, weights_of
from reproductions.pascuo_multilabel.data import open_data as open_data
from reproductions.pascuo_multilabel.model import CNN, CONSTANT, balanced_crossentropy, build
from reproductions.pascuo_multilabel.settings import Split, Training
from shared.metrics import multilabel, scores
from shared.paper.schema import Paper
from shared.paper.settings import read_settings
from shared.results.exact import FIRST_LABEL
from shared.runs import units
from shared.runs.networks import write_network, write_unit
from shared.runs.plan import Request, Task
from shared.runs.predictions import write_predictions
from shared.runs.units import Unit
from shared.training import class_weights, fitting
from shared.training.precision import resolve_precision

PAPER = "pascuo_multilabel"
CORPORA = ("music_library", "fma", *samples.MADE)
METRICS = ("binary_accuracy", "binary_crossentropy")  # the loss has the penalty on the hidden layer's answers in it
AT_ONCE = 1024  # samples that are evaluated at once, which changes no score


def plan(paper: Paper, request: Request) -> list[Task]:
    """The constant predictor, once for all seeds since it has none, and the networks, for each variant and fold."""
    corpus, folds = request.corpus or paper.corpus.name, request.folds or (0,)
    models = request.models or list(paper.models)
    if corpus not in CORPORA:
        raise ValueError(f"corpus {corpus} has no tracks with one or two labels; {PAPER} needs {', '.join(CORPORA)}")
    module, precision, tasks = data_prep.corpus(corpus), resolve_precision(request.precision), []
    for fold in folds:
        folders.check_protocol(request.protocol, fold, module.N_FOLDS)
    for variant in request.variants:
        settings = paper.settings_for(variant)
        index = samples.tracks_of(module, settings)
        data_prep.say_notes(index)
        data, place = {"corpus": corpus, "settings": settings}, (corpus, data_prep.fingerprint(index))
        for fold in folds:
            unit = Unit(paper.id, CONSTANT, variant, request.protocol, fold, 0, "float32", *place)
            tasks.append(Task(unit, settings, data, __name__, work="answer_all_alike"))
            for seed in request.seeds if CNN in models else ():
                unit = Unit(paper.id, CNN, variant, request.protocol, fold, seed, precision, *place)
                tasks.append(Task(unit, settings, data, __name__, epochs=request.epochs))
    return tasks


def train(task: Task, data: Data) -> None:
    """One unit of work: split, scale, model, fit, evaluate, write."""
    unit, settings, shares = task.unit, read_settings(Training, task.settings), read_settings(Split, task.settings)
    split = samples.split_of(data.module, data.rows, unit.protocol, unit.fold, shares)
    rows = splits(split, unit, shares.tuning_fraction)
    scale = samples.scale_of(data.features, settings.scaling, rows["train"])
    inputs, labels = samples.Scaled(data.features, scale), data.labels.astype("float32")

    # Weights: of the first label of each sample, as Keras's class_weight has them, or of each label's ones and zeros.
    loss = weights = None
    if settings.label_weights == FIRST_LABEL:
        weights = weights_of(data)
    else:
        loss = balanced_crossentropy(*class_weights.balanced_labels(data.labels[rows["train"]], data.classes))

    # Model.
    keras.utils.set_random_seed(unit.seed)
    model = build(task.settings, inputs.shape[1:], len(data.classes))
    fitting.compile_model(model, settings, loss, metric=METRICS)

    # Fit. In variant paper the last epoch counts, and nothing is chosen.
    held_out = rows["tuning"] if settings.evaluated_epoch == "lowest loss on tuning samples" else rows["validation"]
    history = fitting.fit(
        model,
        fitting.Subset(inputs, labels, rows["train"], weights),
        fitting.Subset(inputs, labels, held_out),
        folder=unit.folder,
        epochs=task.at_most(settings.epochs),
        batch_size=settings.batch_size,
        validation_batch_size=AT_ONCE,
        seed=unit.seed,
        shuffle=settings.shuffle,
        monitor=None if settings.evaluated_epoch == "last" else "val_loss",
        name=unit.key,
    )
    write_network(unit, model)

    # Evaluate; write. What is said of all validation samples stands in the record; of some, the predictions are kept.
    probabilities = fitting.predict(model, inputs, rows["validation"], AT_ONCE)
    thresholds = [settings.metric_threshold] * len(data.classes)
    if settings.thresholds == "per genre":
        tuned = fitting.predict(model, inputs, rows["tuning"], AT_ONCE)
        thresholds = multilabel.best_thresholds(data.labels[rows["tuning"]], tuned).tolist()
    units.write_skipped(unit.folder, data.rows.attrs["skipped"])
    kept = samples.kept_of(split, shares)
    conditions = {"thresholds": thresholds, "scale": scale}
    conditions["validation"] = scored(data.labels[rows["validation"]], probabilities)
    chosen = probabilities[np.searchsorted(rows["validation"], kept)]
    write_unit(unit, history, task.settings, data.classes, split.iloc[kept], chosen, **conditions)


def answer_all_alike(task: Task, data: Data) -> None:
    """The constant predictor: each validation sample gets the share of each label among the training samples.

    Its record has the scores of hearing nothing as well: of the shares as the training's weights have them, at which a
    network ends that learns nothing else.
    """
    unit, shares = task.unit, read_settings(Split, task.settings)
    split = samples.split_of(data.module, data.rows, unit.protocol, unit.fold, shares)
    rows, kept = splits(split, unit, tuning_fraction=0), samples.kept_of(split, shares)
    learned_from, held_out = data.labels[rows["train"]], data.labels[rows["validation"]]
    shares = learned_from.mean(axis=0)
    write_predictions(unit.folder, data.classes, split.iloc[kept], np.tile(shares, (len(kept), 1)))
    conditions = {"settings": task.settings, "classes": data.classes, "validation": scored(held_out, shares)}
    if read_settings(Training, task.settings).label_weights == FIRST_LABEL:
        weighted = np.average(learned_from, axis=0, weights=weights_of(data)[rows["train"]])
        conditions["nothing_heard"] = scored(held_out, weighted)
    units.write_record(unit, status="complete", epochs=0, seconds=0.0, **conditions)


def scored(labels: np.ndarray, probabilities: np.ndarray) -> dict:
    """The scores of all validation samples, of which most leave no prediction; one answer for all, or one each."""
    answers = np.broadcast_to(probabilities, labels.shape)
    return {"n": len(labels)} | {name: round(scores.METRICS[name](labels, answers), 6) for name in METRICS}
