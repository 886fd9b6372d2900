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
from dataclasses import dataclass
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
from data_prep import Corpus
from reproductions.lam_ensemble.model import build
from reproductions.lam_ensemble.settings import Augmentation, Song, Training
from shared.audio.image_files import load_images
from shared.base.files import cache_root
from shared.layers.augmentation import ZoomShift
from shared.metrics import probes as probe
from shared.paper.schema import Paper
from shared.paper.settings import read_settings
from shared.runs import units
from shared.runs.networks import write_network, write_unit
from shared.runs.plan import Request, Task
from shared.runs.predictions import write_predictions
from shared.runs.units import Unit
from shared.training import fitting
from shared.training.precision import resolve_precision

PROBE = "1-NN probe"
OF_PROBE = ("cmap", "image_height", "image_width")  # the settings that it depends on
EVALUATED = ("validation", "test")


@dataclass(frozen=True, eq=False)
class Data:
    """A corpus's module, its index in no particular split, and its images: (clips, 128, 1292, 3) uint8."""

    module: Corpus
    index: pd.DataFrame
    images: np.ndarray
    cmap: str
    fingerprint: str

    @functools.cached_property
    def spectra(self) -> np.ndarray:
        """Each clip's spectrum, averaged over time."""
        return probe.time_averaged(self.images, self.cmap)


def plan(paper: Paper, request: Request) -> list[Task]:
    """A training for each model, variant, fold and seed, and the probe on every fold of the protocol."""
    corpus, folds = request.corpus or paper.corpus.name, request.folds or (0,)
    if corpus not in (paper.corpus.name, "synthetic"):
        raise ValueError(f"corpus {corpus} has no images of 128 x 1292; use {paper.corpus.name} or synthetic")
    fingerprint, precision = data_prep.planned(corpus, request.protocol, folds), resolve_precision(request.precision)
    of_probe = {name: paper.setting(name) for name in OF_PROBE}
    data = {"corpus": corpus, **of_probe}
    tasks = []
    for fold in range(data_prep.corpus(corpus).N_FOLDS[request.protocol]):
        unit = Unit(paper.id, PROBE, "probe", request.protocol, fold, 0, "float32", corpus, fingerprint)
        tasks.append(Task(unit, of_probe, data, __name__, work="run_probe", asked=False))
    for model, variant, fold, seed in request.combinations(paper, folds):
        unit = Unit(paper.id, model, variant, request.protocol, fold, seed, precision, corpus, fingerprint)
        tasks.append(Task(unit, paper.settings_for(variant, model), data, __name__, epochs=request.epochs))
    return tasks


def open_data(corpus: str, cmap: str, image_height: int, image_width: int) -> Data:
    """The index (clip, path, label, split, group, sha256) and the published log-mel images, or our own from audio."""
    module = data_prep.corpus(corpus)
    index = module.index()
    fingerprint, kept = data_prep.fingerprint(index), cache_root() / "features"
    images = load_images(list(index["path"]), size=(image_height, image_width), cache_dir=kept, key=fingerprint)
    return Data(module, index, images, cmap, fingerprint)


def train(task: Task, data: Data) -> None:
    """One unit of work: split, model, fit, evaluate, write."""
    unit, settings = task.unit, read_settings(Training, task.settings)
    images, classes = data.images, data.module.CLASSES
    split = data.module.with_protocol(data.index, unit.protocol, unit.fold)
    labels = np.eye(len(classes), dtype="float32")[[classes.index(label) for label in split["label"]]]
    rows = {name: np.flatnonzero(split["split"] == name) for name in ("train", *EVALUATED)}

    # Model: the network as printed, behind the online augmentation and the rescaling.
    keras.utils.set_random_seed(unit.seed)
    network = build(unit.model, task.settings, images.shape[1:], len(classes))
    model = with_augmentation(network, task.settings)
    fitting.compile_model(model, settings)

    # Fit: the epoch with the best validation accuracy is kept, as the authors' checkpoint does.
    checkpoint = settings.checkpoint_monitor
    history = fitting.fit(
        model,
        fitting.Subset(images, labels, rows["train"]),
        fitting.Subset(images, labels, rows["validation"]),
        folder=unit.folder,
        epochs=task.at_most(settings.epochs),
        batch_size=settings.batch_size,
        validation_batch_size=settings.validation_batch_size,
        seed=unit.seed,
        shuffle=settings.shuffle,
        monitor=None if checkpoint == "last" else checkpoint,
        early_stopping=early_stopping(settings),
        name=unit.key,
    )
    write_network(unit, network)

    # Evaluate: the test split is read here and decides nothing. All tables are computed from these predictions.
    evaluated = np.concatenate([rows[name] for name in EVALUATED])
    probabilities = fitting.predict(model, images, evaluated, settings.validation_batch_size)

    # Write.
    write_unit(unit, history, task.settings, classes, split.iloc[evaluated], probabilities)


def early_stopping(settings: Training) -> fitting.EarlyStopping | None:
    """The authors' rule where the variant has it; None where training lasts all its epochs, as the text says."""
    if settings.early_stopping_monitor == "none":
        return None
    return fitting.EarlyStopping(settings.early_stopping_monitor, settings.early_stopping_patience)


def with_augmentation(network: keras.Model, settings: dict) -> keras.Model:
    """The network behind the online augmentation (in training only) and the rescaling; takes uint8 images."""
    inputs = keras.Input(network.input_shape[1:], dtype="uint8")
    x = ZoomShift(**vars(read_settings(Augmentation, settings)))(inputs)
    x = keras.layers.Rescaling(read_settings(Song, settings).rescale)(x)
    return keras.Model(inputs, network(x))


def run_probe(task: Task, data: Data) -> None:
    """The label of the training clip whose time-averaged spectrum is nearest, for each clip that is evaluated.

    What does a clip's average spectrum alone give away?
    """
    start = time.perf_counter()
    unit, spectra, classes = task.unit, data.spectra, data.module.CLASSES
    split = data.module.with_protocol(data.index, unit.protocol, unit.fold)
    is_train = (split["split"] == "train").to_numpy()
    evaluated = np.flatnonzero(split["split"].isin(EVALUATED))
    labels = split["label"].to_numpy()
    predicted, *_ = probe.nearest_neighbour(spectra[is_train], labels[is_train], spectra[evaluated])
    write_predictions(unit.folder, classes, split.iloc[evaluated], np.asarray(predicted)[:, None] == classes)
    seconds = time.perf_counter() - start
    units.write_record(
        unit, status="complete", epochs=0, epochs_planned=0, seconds=seconds, settings=task.settings, classes=classes
    )
