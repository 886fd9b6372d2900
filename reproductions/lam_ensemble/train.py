"""Lam and Le, *Ensemble of Convolutional Neural Networks for Audio Classification Task*: Table IV.

    python -m reproductions run lam_ensemble                    # or: python reproductions/lam_ensemble/train.py

Published test accuracy: Model 1 0.8640, Model 2 0.8840, Model 3 0.9080. What this script regenerates, for each
variant and with machine and time, stands in README.md beside this file, drawn from results/lam_ensemble.
"""

from __future__ import annotations

import functools
import sys
from pathlib import Path

if __name__ == "__main__":  # run as a script: the project's root is two folders up
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    import reproductions  # noqa: F401  quiets TensorFlow before it is loaded

import keras
import numpy as np
import pandas as pd

import data_prep
from reproductions.lam_ensemble.model import build
from shared import backend, probe, results, training, units
from shared.augmentation import ZoomShift
from shared.cache import cache_root
from shared.diff import diff_paper
from shared.image_files import load_images
from shared.outputs import write_outputs
from shared.paper import load_paper
from shared.tables import render_text
from shared.units import Unit

PAPER = "lam_ensemble"
PROBE = "1-NN probe"
EVALUATED = ("validation", "test")


def run(
    variants=("paper",),
    models=None,
    protocol="published",
    folds=(0,),
    seeds=(0,),
    corpus="vntm",
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
    corpus : {"vntm", "synthetic"}
    precision : {"auto", "float32", "bfloat16"}
    epochs : int, optional
        Stop after so many epochs; such a unit is `partial` and goes on when it is run again.
    restart : bool
        Forget what the units have done so far.
    """
    paper = load_paper(PAPER)
    precision = training.set_precision(precision)

    # Index: clip, path, label, split, group, sha256.
    module = data_prep.corpus(corpus)
    index = module.index()
    fingerprint = data_prep.fingerprint(index)

    # Features: the published log-mel images, or our own made from audio, (clips, 128, 1292, 3) uint8.
    size = (paper.setting("image_height"), paper.setting("image_width"))
    images = load_images(list(index["path"]), size=size, cache_dir=cache_root() / "features", key=fingerprint)

    # The probe, on every fold of the protocol: what does a clip's average spectrum alone give away?
    for fold in range(module.N_FOLDS[protocol]):
        unit = Unit(paper.id, PROBE, "probe", protocol, fold, 0, "float32", corpus, fingerprint)
        split = module.with_protocol(index, protocol, fold)
        work = functools.partial(run_probe, images=images, split=split, classes=module.CLASSES)
        units.do(unit, paper.settings_for(), work, restart)

    # The networks.
    for fold in folds:
        split = module.with_protocol(index, protocol, fold)
        for seed in seeds:
            for variant in variants:
                for model in models or paper.models_for(variant):
                    unit = Unit(paper.id, model, variant, protocol, fold, seed, precision, corpus, fingerprint)
                    work = functools.partial(train, images=images, split=split, classes=module.CLASSES, epochs=epochs)
                    units.do(unit, paper.settings_for(variant), work, restart)
                    results.merge(paper)

    # The table, regenerated beside published.
    folder = results.results_folder(paper.id, corpus)
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
    model.compile(
        keras.optimizers.Adam(settings["learning_rate"]),
        loss=settings["loss"],
        metrics=["accuracy"],
        jit_compile=backend.jit_compile(),
    )

    # Fit: the epoch with the best validation accuracy is kept, as the authors' checkpoint does.
    planned = settings["epochs"]
    history = training.fit(
        model,
        training.Rows(images, labels, rows["train"]),
        training.Rows(images, labels, rows["validation"]),
        folder=unit.folder,
        epochs=min(epochs or planned, planned),
        batch_size=settings["batch_size"],
        validation_batch_size=settings["validation_batch_size"],
        seed=unit.seed,
        best=settings["checkpoint_monitor"],
        early_stopping=training.EarlyStopping(settings["early_stopping_monitor"], settings["early_stopping_patience"]),
        name=unit.key,
    )
    network.save_weights(unit.folder / units.NETWORK)

    # Evaluate: the test split is read here, once. Everything in the tables is computed from these predictions.
    evaluated = np.concatenate([rows[name] for name in EVALUATED])
    probabilities = training.predict(model, images, evaluated, settings["validation_batch_size"])

    # Write.
    units.write_predictions(unit.folder, classes, split.iloc[evaluated], probabilities)
    units.write_history(unit.folder, history.rows)
    units.write_record(
        unit,
        status="complete" if history.stopped or history.epoch >= planned else "partial",
        epochs=history.epoch,
        epochs_planned=planned,
        best_epoch=history.best_epoch,
        seconds=history.seconds,
        **backend.conditions(),
        settings=settings,
        classes=classes,
    )


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


def run_probe(unit: Unit, settings: dict, *, images: np.ndarray, split: pd.DataFrame, classes) -> None:
    """The label of the training clip whose time-averaged spectrum is nearest, for each clip that is evaluated."""
    spectra = probe.time_averaged(images, settings["cmap"])
    is_train = (split["split"] == "train").to_numpy()
    evaluated = np.flatnonzero(split["split"].isin(EVALUATED))
    predicted, *_ = probe.nearest_neighbour(spectra[is_train], split["label"].to_numpy()[is_train], spectra[evaluated])
    units.write_predictions(unit.folder, classes, split.iloc[evaluated], np.asarray(predicted)[:, None] == classes)
    units.write_record(
        unit, status="complete", epochs=0, epochs_planned=0, seconds=0.0, settings=settings, classes=classes
    )


if __name__ == "__main__":
    sys.exit(run())
