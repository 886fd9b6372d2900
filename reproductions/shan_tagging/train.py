"""Train the four networks of Shan and Ren's report on ten folds each, fuse them, and regenerate its table.

    python -m reproductions run shan_tagging                                         # all of it: needs SoX and a GPU
    python -m reproductions run shan_tagging --corpus fsdkaggle2018-subset --variant no-augmentation --fold 0

Table 1, MAP@3 on the validation folds, published: SoundNet 0.874, ResNet 0.887, DenseNet on MFCC 0.924, on log-mel
0.938. Ours, machine and time are in README.md, drawn from results/.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

if __name__ == "__main__":  # run as a script: the same as the commands above, with the same options
    import runpy

    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    sys.argv[1:1] = ["run", "shan_tagging"]
    runpy.run_module("reproductions", run_name="__main__")

import keras
import numpy as np
import pandas as pd

from data_prep.common import folders
from reproductions.shan_tagging import pretraining, soundnet
from reproductions.shan_tagging.corpora import Corpus, read_corpus
from reproductions.shan_tagging.evaluation import confident, trained_as
from reproductions.shan_tagging.model import PAPER, SOUNDNET, build
from reproductions.shan_tagging.waveforms import Clips
from shared.paper.loading import load_paper
from shared.report.files import write_outputs
from shared.report.tables import render_text
from shared.results import store
from shared.results.diff import diff_paper
from shared.runs import unit as units
from shared.runs.networks import load_network, write_network, write_unit
from shared.runs.unit import Unit
from shared.training import fitting
from shared.training.precision import resolve_precision, set_precision
from shared.training.schedules import CyclicalOnPlateaus

WATCHED, EVALUATED = 1, 2  # what a generator of crops is for, besides training


def run(
    variants: Iterable[str] = ("paper",),
    models: Iterable[str] | None = None,
    protocol: str = "published",
    folds: Iterable[int] | None = None,
    seeds: Iterable[int] = (0,),
    corpus: str | None = None,
    precision: str = "auto",
    epochs: int | None = None,
    restart: bool = False,
    pretrain: str | None = None,
) -> int:
    """Train what is not trained yet, write the results, print the table; returns the exit status.

    Parameters
    ----------
    variants, models : iterable of str
        Names from paper.toml; no models means all of a variant's.
    protocol : {"published", "grouped"}
    folds, seeds : iterable of int
        All folds if None: ten of FSDKaggle2018 or a part of it, one of ``synthetic``.
    corpus : str, optional
        ``fsdkaggle2018-subset``, ``synthetic`` or another with audio; the paper's own, fsdkaggle2018, if None.
    precision : {"auto", "float32", "bfloat16"}
    epochs : int, optional
        Stop after so many epochs; calling it again goes on.
    restart : bool
        Forget what the units have done so far.
    pretrain : str, optional
        Corpus that variant ``pretrained`` begins with, VEGAS if None; its training there is run first.
    """
    paper = load_paper(PAPER)
    corpus, precision = corpus or paper.corpus.name, resolve_precision(precision)
    variants, seeds = list(variants), list(seeds)
    wanted = {variant: [m for m in paper.models_for(variant) if not models or m in models] for variant in variants}
    pretraining.check(paper, wanted, pretrain, corpus)

    # Index, and waveforms: in memory where they fit, with SoX's copies where the variant has them.
    data = read_corpus(corpus)
    folds = list(range(data.module.N_FOLDS[protocol]) if folds is None else folds)
    for fold in folds:
        folders.check_protocol(protocol, fold, data.module.N_FOLDS)
    splits = {fold: data.module.with_protocol(data.index, protocol, fold) for fold in folds}
    clips = functools.cache(lambda n_copies: data.clips(paper.settings_for() | {"n_copies": n_copies}))

    # What the variant `pretrained` begins with is, but for SoundNet, a run of its own on the other corpus.
    first = {}
    if begun := [name for name in wanted.get(pretraining.VARIANT, ()) if name != SOUNDNET]:
        first = pretraining.first(paper, pretrain)
        of_first = {"folds": [first["fold"]], "corpus": first["corpus"]}
        run([first["variant"]], begun, seeds=seeds, precision=precision, epochs=epochs, **of_first)

    # The networks: a fold is a unit of work.
    for model in [model for model in paper.models if any(model in names for names in wanted.values())]:
        for fold in folds:
            for seed in seeds:
                for variant in [variant for variant, names in wanted.items() if model in names]:
                    place = (protocol, fold, seed, precision, corpus, data.fingerprint)
                    unit = Unit(paper.id, model, variant, *place)
                    trained, begin, own = replace(unit, variant=trained_as(paper, variant)), None, {}
                    if variant == pretraining.VARIANT and model != SOUNDNET:
                        begin = replace(unit, **first).folder
                        own = {"pretrained_on": first["corpus"], "pretrained_fingerprint": first["fingerprint"]}
                    given = {"data": data, "clips": clips, "split": splits[fold], "epochs": epochs}
                    work = functools.partial(train, **given, trained=trained, begin=begin)
                    for of in dict.fromkeys((trained, unit)):
                        units.do(of, paper.settings_for(of.variant, model) | own, work, restart and of == unit)
                    store.merge(paper, [unit.key])

    # The table, regenerated beside published.
    folder = store.results_folder(paper.id, corpus)
    write_outputs(paper, folder)
    print(render_text(diff_paper(paper, folder, variants, protocol, corpus)), end="")
    return 0


def train(
    unit: Unit,
    settings: dict,
    *,
    data: Corpus,
    clips: Callable[[int], Clips],
    split: pd.DataFrame,
    epochs: int | None,
    trained: Unit,
    begin: Path | None,
) -> None:
    """One unit of work: model, fit (unless `trained`, another unit, has done it), evaluate, write."""
    classes, heard = data.classes, clips(settings["n_copies"])
    labels = np.eye(len(classes), dtype="float32")[[classes.index(label) for label in split["label"]]]
    rows = {name: np.flatnonzero(split["split"] == name) for name in ("train", "validation", "test")}

    # Model: from nothing, from SoundNet's published weights, or from a network of another corpus.
    set_precision(unit.precision)
    keras.utils.set_random_seed(unit.seed)
    model = build(unit.model, settings, len(classes))
    if unit.model == SOUNDNET and settings["soundnet_start"] == soundnet.PUBLISHED:
        soundnet.load_into(model, soundnet.converted_file())
    if begin is not None:
        pretraining.begin(model, begin)
    fitting.compile_model(model, settings)

    # Fit: crops are drawn anew in each epoch; those that the validation loss is measured on stay the same.
    if unit == trained:
        watched = rows["validation"] if rows["validation"].size else rows["test"]
        same = heard.plain.drawn(np.random.default_rng([unit.seed, unit.fold, WATCHED]))
        history = fitting.fit(
            model,
            fitting.Rows(heard, labels, rows["train"]),
            fitting.Rows(same, labels, watched),
            folder=unit.folder,
            epochs=min(epochs or settings["epochs"], settings["epochs"]),
            batch_size=settings["batch_size"],
            watched_batch_size=settings["batch_size"],
            seed=unit.seed,
            shuffle=settings["shuffle"],
            best={"last": None, "best on validation": "val_accuracy"}[settings["evaluated_epoch"]],
            schedule=CyclicalOnPlateaus(
                low=settings["learning_rate"],
                high=settings["cycle_high"],
                patience=settings["plateau_patience"],
                divisor=settings["plateau_divisor"],
                min_delta=settings["plateau_min_delta"],
            ),
            name=unit.key,
        )
        write_network(unit, model)
    else:
        history = fitting.load_run(trained.folder)
        network = keras.Model(model.inputs, model.outputs)  # kept without optimiser
        load_network(network, trained.folder)
        write_network(unit, network)

    # Evaluate: the clips that the fold holds out, and the test clips where there are any.
    evaluated = np.concatenate([rows["validation"], rows["test"]])
    probabilities, draws = confident(
        model,
        heard.plain,
        evaluated,
        np.random.default_rng([unit.seed, unit.fold, EVALUATED]),
        below=settings["redraw_below"],
        limit=settings["redraw_limit"],
        batch_size=settings["batch_size"],
    )

    # Write.
    units.write_skipped(unit.folder, data.index.attrs.get("skipped", ()))
    redrawn = {"redrawn": int((draws > 1).sum()), "crops_heard": int(draws.sum())}
    write_unit(unit, history, settings, classes, split.iloc[evaluated], probabilities, **redrawn)
