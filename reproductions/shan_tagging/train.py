"""Train the four networks of Shan and Ren's report on ten folds each, fuse them, and regenerate its table.

    python -m reproductions run shan_tagging                                         # all of it: needs SoX and a GPU
    python -m reproductions run shan_tagging --corpus fsdkaggle2018-subset --variant no-augmentation --fold 0

Table 1, MAP@3 on the validation folds, published: SoundNet 0.874, ResNet 0.887, DenseNet on MFCC 0.924, on log-mel
0.938. Ours, machine and time are in README.md, drawn from results/.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path

if __name__ == "__main__":  # run as a script: the same as the commands above, with the same options
    import runpy

    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    sys.argv[1:1] = ["run", "shan_tagging"]
    runpy.run_module("reproductions", run_name="__main__")

import keras
import numpy as np
import pandas as pd

import data_prep
from data_prep.common import folders
from reproductions.shan_tagging import pretraining, soundnet
from reproductions.shan_tagging.corpora import Corpus, read_corpus
from reproductions.shan_tagging.evaluation import confident, trained_as
from reproductions.shan_tagging.model import SOUNDNET, build
from reproductions.shan_tagging.settings import Augmentation, Evaluation, SoundNet, Training
from reproductions.shan_tagging.waveforms import Clips
from shared.paper.schema import Paper
from shared.paper.settings import read_settings
from shared.runs import units
from shared.runs.networks import load_network, write_network, write_unit
from shared.runs.plan import Request, Task
from shared.runs.units import Unit
from shared.training import fitting
from shared.training.precision import resolve_precision
from shared.training.schedules import CyclicalOnPlateaus

VALIDATED, EVALUATED = 1, 2  # what a generator of crops is for, besides training


@dataclass(frozen=True, eq=False)
class Data:
    """A corpus and its clips' waveforms, in memory where they fit, with SoX's copies where the variant has them."""

    corpus: Corpus
    heard: Clips

    @property
    def fingerprint(self) -> str:
        return self.corpus.fingerprint


def plan(paper: Paper, request: Request) -> list[Task]:
    """A training for each model, variant, fold and seed; all folds where none is named.

    What the variant `pretrained` begins on is, but for SoundNet, a training of its own on the other corpus, VEGAS where
    none is named. A variant that differs in the evaluation alone evaluates the network of the other again.
    """
    name, precision = request.corpus or paper.corpus.name, resolve_precision(request.precision)
    wanted = {variant: request.models_of(paper, variant) for variant in request.variants}
    pretraining.check(paper, wanted, request.pretrain, name)
    corpus = read_corpus(name)
    data_prep.say_notes(corpus.index)
    folds = range(corpus.module.N_FOLDS[request.protocol]) if request.folds is None else request.folds
    for fold in folds:
        folders.check_protocol(request.protocol, fold, corpus.module.N_FOLDS)
    begun = any(model != SOUNDNET for model in wanted.get(pretraining.VARIANT, ()))
    first = pretraining.first(paper, request.pretrain) if begun else {}

    def task(unit: Unit, own: dict, **more) -> Task:
        settings = paper.settings_for(unit.variant, unit.model) | own
        n_copies = read_settings(Augmentation, settings).n_copies
        data = {"corpus": unit.corpus, "settings": paper.settings_for() | {"n_copies": n_copies}}
        return Task(unit, settings, data, __name__, epochs=request.epochs, **more)

    tasks = []
    for model, variant, fold, seed in request.combinations(paper, folds):
        unit = Unit(paper.id, model, variant, request.protocol, fold, seed, precision, name, corpus.fingerprint)
        trained, source, own = replace(unit, variant=trained_as(paper, variant)), None, {}
        if variant == pretraining.VARIANT and model != SOUNDNET:
            source = replace(unit, **first)
            own = {"pretrained_on": first["corpus"], "pretrained_fingerprint": first["fingerprint"]}
            tasks.append(task(source, {}, asked=False))
        if trained == unit:
            tasks.append(task(unit, own, source=source))
        else:
            tasks += [task(trained, own, asked=False), task(unit, own, work="evaluate", source=trained)]
    return tasks


def open_data(corpus: str, settings: dict) -> Data:
    """The index of a corpus and its waveforms, with as many of SoX's copies as the settings say."""
    found = read_corpus(corpus)
    return Data(found, found.clips(settings))


def train(task: Task, data: Data) -> None:
    """One unit of work: split, model, fit, evaluate, write."""
    unit, settings = task.unit, read_settings(Training, task.settings)
    classes, heard = data.corpus.classes, data.heard
    split = data.corpus.module.with_protocol(data.corpus.index, unit.protocol, unit.fold)
    labels = np.eye(len(classes), dtype="float32")[[classes.index(label) for label in split["label"]]]
    rows = {name: np.flatnonzero(split["split"] == name) for name in ("train", "validation", "test")}

    # Model: from nothing, from SoundNet's published weights, or from a network of another corpus.
    keras.utils.set_random_seed(unit.seed)
    model = build(unit.model, task.settings, len(classes))
    if unit.model == SOUNDNET and read_settings(SoundNet, task.settings).soundnet_start == soundnet.PUBLISHED:
        soundnet.load_into(model, soundnet.converted_file())
    if task.source is not None:
        pretraining.begin(model, task.source.folder)
    fitting.compile_model(model, settings)

    # Fit: crops are drawn anew in each epoch; those that the validation loss is measured on stay the same.
    held_out = rows["validation"] if rows["validation"].size else rows["test"]
    same = heard.plain.drawn(np.random.default_rng([unit.seed, unit.fold, VALIDATED]))
    history = fitting.fit(
        model,
        fitting.Subset(heard, labels, rows["train"]),
        fitting.Subset(same, labels, held_out),
        folder=unit.folder,
        epochs=task.at_most(settings.epochs),
        batch_size=settings.batch_size,
        validation_batch_size=settings.batch_size,
        seed=unit.seed,
        shuffle=settings.shuffle,
        monitor={"last": None, "best on validation": "val_accuracy"}[settings.evaluated_epoch],
        schedule=CyclicalOnPlateaus(
            low=settings.learning_rate,
            high=settings.cycle_high,
            patience=settings.plateau_patience,
            divisor=settings.plateau_divisor,
            min_delta=settings.plateau_min_delta,
        ),
        name=unit.key,
    )
    write_network(unit, model)
    answer(task, data, split, model, history)


def evaluate(task: Task, data: Data) -> None:
    """Let a network that another unit has trained answer under other settings of the evaluation."""
    unit = task.unit
    split = data.corpus.module.with_protocol(data.corpus.index, unit.protocol, unit.fold)
    model = build(unit.model, task.settings, len(data.corpus.classes))
    network = keras.Model(model.inputs, model.outputs)  # kept without optimiser
    load_network(network, task.source.folder)
    write_network(unit, network)
    answer(task, data, split, model, fitting.load_history(task.source.folder))


def answer(task: Task, data: Data, split: pd.DataFrame, model: keras.Model, history: fitting.History) -> None:
    """Evaluate the clips that the fold holds out, and the test clips where there are any; write what came out."""
    unit, redraw = task.unit, read_settings(Evaluation, task.settings)
    evaluated = np.concatenate([np.flatnonzero(split["split"] == name) for name in ("validation", "test")])
    probabilities, draws = confident(
        model,
        data.heard.plain,
        evaluated,
        np.random.default_rng([unit.seed, unit.fold, EVALUATED]),
        below=redraw.redraw_below,
        limit=redraw.redraw_limit,
        batch_size=read_settings(Training, task.settings).batch_size,
    )

    units.write_skipped(unit.folder, data.corpus.index.attrs.get("skipped", ()))
    redrawn = {"redrawn": int((draws > 1).sum()), "crops_heard": int(draws.sum())}
    write_unit(unit, history, task.settings, data.corpus.classes, split.iloc[evaluated], probabilities, **redrawn)
