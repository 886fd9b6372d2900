"""Train the three models of Pragadaraju and Shah's report and regenerate its table.

    python -m reproductions run pragadaraju_digits                           # everything, many hours without a GPU
    python -m reproductions run pragadaraju_digits --model "RNN + Textual Representation" --seeds 0-2

The table of Section 6, test accuracy, published: CNN 88.40 %, RNN 69.0 %, LSTM on text 14.62 %. Ours, machine and time
are in README.md, drawn from results/. The corpus is part of the project, so nothing has to be downloaded.
"""

from __future__ import annotations

import functools
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

if __package__ in (None, ""):  # `python reproductions/pragadaraju_digits/train.py` finds the project, too
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import keras
import numpy as np
import pandas as pd

import data_prep
from data_prep.common import folders
from reproductions.pragadaraju_digits.features import content_hash, images_of_clips, mfcc_settings, transcripts_of_clips
from reproductions.pragadaraju_digits.model import CNN, SCALING, TEXT, build
from reproductions.pragadaraju_digits.words import Vocabulary, keep_vocabulary
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
from shared.training.precision import resolve_precision, set_precision

PAPER = "pragadaraju_digits"
PROBE = "linear probe"


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
    protocol : {"published", "arithmetic", "official", "grouped"}
    folds, seeds : iterable of int
        ``grouped`` has six folds, each leaves one speaker out.
    corpus : {"fsdd"}, optional
        The paper's own, fsdd, if None.
    precision : {"auto", "float32", "bfloat16"}
        ``auto`` is float32 for the recurrent networks, whose time does not go into arithmetic.
    epochs : int, optional
        Stop after so many epochs; calling it again goes on.
    restart : bool
        Forget what the units have done so far.
    """
    paper = load_paper(PAPER)
    corpus = corpus or paper.corpus.name
    if corpus != paper.corpus.name:
        raise ValueError(f"corpus {corpus} has no spoken digits; {paper.corpus.name} is part of the project")
    variants, folds, seeds = list(variants), list(folds), list(seeds)
    wanted = {variant: [m for m in paper.models_for(variant) if not models or m in models] for variant in variants}

    # Index: clip, path, label, split, group (speaker), sha256; the samples come from the embedded FLAC file.
    module = data_prep.corpus(corpus)
    index = module.index()
    fingerprint = data_prep.fingerprint(index)
    for note in index.attrs.get("notes", ()):
        print(f"note: {note}", file=sys.stderr)
    for fold in folds:
        folders.check_protocol(protocol, fold, module.N_FOLDS)
    splits = {fold: module.with_protocol(index, protocol, fold) for fold in range(module.N_FOLDS[protocol])}

    # Features: an image a clip, (clips, 256, 256) uint8, and a transcript a clip; each computed once.
    images = functools.cache(functools.partial(images_of_clips, module, index))
    transcripts = functools.cache(functools.partial(transcripts_of_clips, index))

    # The probe, on every fold of the protocol: what does the image give away to a linear model?
    if any(set(names) - {TEXT} for names in wanted.values()):
        probes = [Unit(paper.id, PROBE, "probe", protocol, fold, 0, "float32", corpus, fingerprint) for fold in splits]
        for unit, split in zip(probes, splits.values(), strict=True):
            work = functools.partial(run_probe, images=images, split=split, classes=module.CLASSES)
            units.do(unit, paper.settings_for(model=CNN), work, restart, wait=True)  # it sees the CNN's image
        store.merge(paper, [unit.key for unit in probes])

    # The networks.
    for fold in folds:
        for seed in seeds:
            for variant, names in wanted.items():
                for model in names:
                    of_model = precision_of(model, precision)
                    unit = Unit(paper.id, model, variant, protocol, fold, seed, of_model, corpus, fingerprint)
                    inputs = text_inputs if model == TEXT else image_inputs
                    inputs = functools.partial(inputs, source=transcripts if model == TEXT else images)
                    work = functools.partial(
                        train, inputs=inputs, split=splits[fold], classes=module.CLASSES, epochs=epochs
                    )
                    settings = paper.settings_for(variant, model)
                    if model == TEXT:  # other transcripts are other data
                        heard = transcripts(settings["recogniser"], settings["recogniser_least_probability"])
                        settings |= {"transcripts_sha256": content_hash(heard)}
                    units.do(unit, settings, work, restart)
                    store.merge(paper, [unit.key])

    # The table, regenerated beside published.
    folder = store.results_folder(paper.id, corpus)
    write_outputs(paper, folder)
    print(render_text(diff_paper(paper, folder, variants, protocol, corpus)), end="")
    return 0


def precision_of(model: str, precision: str) -> str:
    """``auto`` for the CNN is bfloat16 where the hardware has it; the recurrent networks gain nothing from it."""
    return resolve_precision("float32" if precision == "auto" and model != CNN else precision)


def train(unit: Unit, settings: dict, *, inputs: Callable, split: pd.DataFrame, classes, epochs: int | None) -> None:
    """One unit of work: model, fit, evaluate, write."""
    labels = np.eye(len(classes), dtype="float32")[[classes.index(label) for label in split["label"]]]
    rows = {name: np.flatnonzero(split["split"] == name) for name in ("train", "test")}

    # Model: fitted to the training clips (mean and deviation of the images, vocabulary of the words), then trained.
    set_precision(unit.precision)
    keras.utils.set_random_seed(unit.seed)
    x, model = inputs(unit, settings, rows["train"], len(classes))
    fitting.compile_model(model, settings)

    # Fit: the report draws the test accuracy epoch by epoch, so it is watched; the last epoch counts, whatever it says.
    history = fitting.fit(
        model,
        fitting.Rows(x, labels, rows["train"]),
        fitting.Rows(x, labels, rows["test"]),
        folder=unit.folder,
        epochs=min(epochs or settings["epochs"], settings["epochs"]),
        batch_size=settings["batch_size"],
        watched_batch_size=settings["batch_size"],
        watched_as="test",
        seed=unit.seed,
        shuffle=settings["shuffle"],
        best=None,
        name=unit.key,
    )
    write_network(unit, model)

    # Evaluate: all tables are computed from these predictions, those of training accuracy as well.
    evaluated = np.concatenate([rows["train"], rows["test"]])
    probabilities = fitting.predict(model, x, evaluated, settings["batch_size"])

    # Write.
    write_unit(unit, history, settings, classes, split.iloc[evaluated], probabilities)


def image_inputs(
    unit: Unit, settings: dict, train_rows: np.ndarray, n_classes: int, *, source: Callable
) -> tuple[np.ndarray, keras.Model]:
    """The images, and the network with the training images' mean and deviation in it."""
    images = source(mfcc_settings(settings))
    model = build(unit.model, settings, images.shape[1:], n_classes)
    if settings["input_scaling"] != "unit":
        model.get_layer(SCALING).adapt(images[train_rows].astype("float32"))
    return images, model


def text_inputs(
    unit: Unit, settings: dict, train_rows: np.ndarray, n_classes: int, *, source: Callable
) -> tuple[np.ndarray, keras.Model]:
    """The transcripts in the training clips' vocabulary, which is kept beside the weights, and the network for it."""
    transcripts = source(settings["recogniser"], settings["recogniser_least_probability"])
    vocabulary = Vocabulary.fit(transcripts[train_rows], settings["text_words"])
    keep_vocabulary(vocabulary, unit.folder)
    numbers = vocabulary.encode(transcripts)
    return numbers, build(unit.model, settings, numbers.shape[1:], n_classes, vocabulary.n_numbers)


def run_probe(unit: Unit, settings: dict, *, images: Callable, split: pd.DataFrame, classes) -> None:
    """Logistic regression on every eighth pixel of the image, 32 x 32 standardised values."""
    start = time.perf_counter()
    is_train = (split["split"] == "train").to_numpy()
    labels = np.array([classes.index(label) for label in split["label"]])
    step = settings["probe_pixels"]
    pixels = images(mfcc_settings(settings))[:, step // 2 :: step, step // 2 :: step].reshape(len(split), -1)
    probabilities = probe.linear(pixels[is_train], labels[is_train], pixels)
    write_predictions(unit.folder, classes, split, probabilities)
    seconds = time.perf_counter() - start
    units.write_record(
        unit, status="complete", epochs=0, epochs_planned=0, seconds=seconds, settings=settings, classes=classes
    )


if __name__ == "__main__":
    sys.exit(run())
