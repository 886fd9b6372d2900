"""Lam and Le, *Ensemble of Convolutional Neural Networks for Audio Classification Task*: both published tables.

    python -m reproductions run lam_ensemble                    # or: python reproductions/lam_ensemble/train.py

Published test accuracy: Model 1 0.8640, Model 3 0.9080 (Model 2's 0.8840 is another network's), and in the authors'
repository, of variant authors-notebook, 0.8840, 0.9000 and 0.9320. What this script regenerates, for each variant and
with machine and time, stands in README.md beside this file, drawn from results/lam_ensemble.
"""

from __future__ import annotations

import functools
import sys
import time
from collections.abc import Callable
from pathlib import Path

if __name__ == "__main__":  # run as a script: the same as the command above, with the same options
    import runpy

    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    sys.argv[1:1] = ["run", "lam_ensemble"]
    runpy.run_module("reproductions", run_name="__main__")

import keras
import numpy as np
import pandas as pd

import data_prep
from data_prep.common import folders
from reproductions.lam_ensemble.model import build
from shared.audio.image_files import load_images
from shared.base.files import cache_root
from shared.layers.augmentation import ZoomShift
from shared.metrics import probes as probe
from shared.paper.loading import load_paper
from shared.report.files import write_outputs
from shared.report.tables import render_text
from shared.results import store
from shared.results.diff import diff_paper
from shared.runs import unit as units
from shared.runs.networks import write_network, write_unit
from shared.runs.predictions import write_predictions
from shared.runs.unit import Unit
from shared.training import fitting
from shared.training.precision import set_precision

PAPER = "lam_ensemble"
PROBE = "1-NN probe"
OF_PROBE = ("cmap", "image_height", "image_width")  # the settings that it depends on
EVALUATED = ("validation", "test")


def run(
    variants=("paper",),
    models=None,
    protocol="published",
    folds=(0,),
    seeds=(0,),
    corpus=None,
    precision="auto",
    epochs=None,
    restart=False,
) -> int:
    """Train what is asked for and not yet done, merge it into the results and print the table.

    Parameters
    ----------
    variants, models, folds, seeds : sequences
        Every combination is one unit of work, named as in paper.toml; all of a variant's models by default.
    protocol : {"published", "grouped"}
    corpus : {"vntm", "synthetic"}, optional
        The paper's own, vntm, if None.
    precision : {"auto", "float32", "bfloat16"}
    epochs : int, optional
        Stop after so many epochs; such a unit is `partial` and goes on when it is run again.
    restart : bool
        Forget what the units have done so far.
    """
    paper = load_paper(PAPER)
    precision = set_precision(precision)

    corpus = corpus or paper.corpus.name
    if corpus not in (paper.corpus.name, "synthetic"):
        raise ValueError(f"corpus {corpus} has no images of 128 x 1292; use {paper.corpus.name} or synthetic")

    # Index: clip, path, label, split, group, sha256.
    module = data_prep.corpus(corpus)
    index = module.index()
    fingerprint = data_prep.fingerprint(index)
    for note in index.attrs.get("notes", ()):
        print(f"note: {note}", file=sys.stderr)
    splits = {fold: module.with_protocol(index, protocol, fold) for fold in range(module.N_FOLDS[protocol])}
    for fold in folds:
        folders.check_protocol(protocol, fold, module.N_FOLDS)

    # Features: the published log-mel images, or our own made from audio, (clips, 128, 1292, 3) uint8.
    size = (paper.setting("image_height"), paper.setting("image_width"))
    images = load_images(list(index["path"]), size=size, cache_dir=cache_root() / "features", key=fingerprint)

    # The probe, on every fold of the protocol: what does a clip's average spectrum alone give away?
    spectra = functools.cache(lambda: probe.time_averaged(images, paper.setting("cmap")))
    probes = [Unit(paper.id, PROBE, "probe", protocol, fold, 0, "float32", corpus, fingerprint) for fold in splits]
    for unit, split in zip(probes, splits.values(), strict=True):
        work = functools.partial(run_probe, spectra=spectra, split=split, classes=module.CLASSES)
        units.do(unit, {name: paper.setting(name) for name in OF_PROBE}, work, restart, wait=True)
    store.merge(paper, [unit.key for unit in probes])

    # The networks.
    for fold in folds:
        for seed in seeds:
            for variant in variants:
                for model in [name for name in paper.models_for(variant) if not models or name in models]:
                    unit = Unit(paper.id, model, variant, protocol, fold, seed, precision, corpus, fingerprint)
                    work = functools.partial(
                        train, images=images, split=splits[fold], classes=module.CLASSES, epochs=epochs
                    )
                    units.do(unit, paper.settings_for(variant, model), work, restart)
                    store.merge(paper, [unit.key])

    # The table, regenerated beside published.
    folder = store.results_folder(paper.id, corpus)
    write_outputs(paper, folder)
    print(render_text(diff_paper(paper, folder, list(variants), protocol, corpus)), end="")
    return 0


def train(unit: Unit, settings: dict, *, images: np.ndarray, split: pd.DataFrame, classes, epochs: int | None) -> None:
    """One unit of work: model, fit, evaluate, write."""
    labels = np.eye(len(classes), dtype="float32")[[classes.index(label) for label in split["label"]]]
    rows = {name: np.flatnonzero(split["split"] == name) for name in ("train", *EVALUATED)}

    # Model: the network as printed, behind the online augmentation and the rescaling.
    keras.utils.set_random_seed(unit.seed)
    network = build(unit.model, settings, images.shape[1:], len(classes))
    model = with_augmentation(network, settings)
    fitting.compile_model(model, settings)

    # Fit: the epoch with the best validation accuracy is kept, as the authors' checkpoint does.
    history = fitting.fit(
        model,
        fitting.Rows(images, labels, rows["train"]),
        fitting.Rows(images, labels, rows["validation"]),
        folder=unit.folder,
        epochs=min(epochs or settings["epochs"], settings["epochs"]),
        batch_size=settings["batch_size"],
        watched_batch_size=settings["validation_batch_size"],
        seed=unit.seed,
        shuffle=settings["shuffle"],
        best=settings["checkpoint_monitor"],
        early_stopping=early_stopping(settings),
        name=unit.key,
    )
    write_network(unit, network)

    # Evaluate: the test split is read here and decides nothing. All tables are computed from these predictions.
    evaluated = np.concatenate([rows[name] for name in EVALUATED])
    probabilities = fitting.predict(model, images, evaluated, settings["validation_batch_size"])

    # Write.
    write_unit(unit, history, settings, classes, split.iloc[evaluated], probabilities)


def early_stopping(settings: dict) -> fitting.EarlyStopping | None:
    """The authors' rule where the variant has it; None where training lasts all its epochs, as the text says."""
    if settings["early_stopping_monitor"] == "none":
        return None
    return fitting.EarlyStopping(settings["early_stopping_monitor"], settings["early_stopping_patience"])


def with_augmentation(network: keras.Model, settings: dict) -> keras.Model:
    """The network behind the online augmentation (in training only) and the rescaling; takes uint8 images."""
    inputs = keras.Input(network.input_shape[1:], dtype="uint8")
    x = ZoomShift(
        zoom=settings["zoom_range"],
        height_shift=settings["height_shift_range"],
        width_shift=settings["width_shift_range"],
        fill_mode=settings["fill_mode"],
        semantics=settings["augmentation"],
    )(inputs)
    x = keras.layers.Rescaling(settings["rescale"])(x)
    return keras.Model(inputs, network(x))


def run_probe(unit: Unit, settings: dict, *, spectra: Callable, split: pd.DataFrame, classes) -> None:
    """The label of the training clip whose time-averaged spectrum is nearest, for each clip that is evaluated."""
    start = time.perf_counter()
    is_train = (split["split"] == "train").to_numpy()
    evaluated = np.flatnonzero(split["split"].isin(EVALUATED))
    labels = split["label"].to_numpy()
    predicted, *_ = probe.nearest_neighbour(spectra()[is_train], labels[is_train], spectra()[evaluated])
    write_predictions(unit.folder, classes, split.iloc[evaluated], np.asarray(predicted)[:, None] == classes)
    seconds = time.perf_counter() - start
    units.write_record(
        unit, status="complete", epochs=0, epochs_planned=0, seconds=seconds, settings=settings, classes=classes
    )
