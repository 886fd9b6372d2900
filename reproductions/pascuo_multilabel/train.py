"""Train the network of Pascuo Celva's report and regenerate its two numbers, each beside a constant predictor's.

    python -m reproductions run pascuo_multilabel --corpus figure1 --variant paper,corrected    # no corpus needed
    python -m reproductions run pascuo_multilabel --corpus mixtures                             # real instruments
    python -m reproductions run pascuo_multilabel                                               # a library of your own

Published: validation loss "around 0.21", binary accuracy 0.93. Ours, machine and time are in README.md, drawn from
results/.
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
    sys.argv[1:1] = ["run", "pascuo_multilabel"]
    runpy.run_module("reproductions", run_name="__main__")

import keras
import numpy as np
import pandas as pd

import data_prep
from data_prep import label_sets, layout
from reproductions.pascuo_multilabel.model import CNN, CONSTANT, balanced_crossentropy, build
from reproductions.pascuo_multilabel.samples import Scaled, features_of, samples_of, scale_of, tracks_of
from shared import class_weights, multilabel, results, training, units
from shared.diff import diff_paper
from shared.label_outputs import render_labels
from shared.outputs import write_outputs
from shared.paper import load_paper
from shared.tables import render_text
from shared.trained import write_network
from shared.units import Unit

PAPER = "pascuo_multilabel"
CORPORA = ("music_library", "fma", "figure1", "mixtures")
TUNING_SEED = 1  # of what is set aside from the training samples


@dataclass(frozen=True)
class Data:
    """Samples in no particular split, their labels as 0 and 1, and their MFCCs, (n, 99, 13)."""

    module: ModuleType
    rows: pd.DataFrame
    labels: np.ndarray
    features: np.ndarray
    classes: tuple[str, ...]
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
        Names from paper.toml; there is one model.
    protocol : {"published", "stratified", "grouped"}
        Samples at random, as often in each set of labels, or whole tracks; each has fold 0 only.
    folds, seeds : iterable of int
    corpus : str, optional
        ``music_library`` (the default, a library of your own), ``fma``, or the stand-ins ``figure1`` and ``mixtures``.
    precision : {"auto", "float32", "bfloat16"}
    epochs : int, optional
        Stop after so many epochs; calling it again goes on.
    restart : bool
        Forget what the units have done so far.
    """
    paper = load_paper(PAPER)
    corpus, variants, folds, seeds = corpus or paper.corpus.name, list(variants), list(folds), list(seeds)
    if corpus not in CORPORA:
        raise ValueError(f"corpus {corpus} has no tracks with one or two labels; {PAPER} needs {', '.join(CORPORA)}")
    for fold in folds:
        layout.check_protocol(protocol, fold, data_prep.corpus(corpus).N_FOLDS)

    # Tracks, samples of them, MFCCs. The networks.
    precision = training.resolve_precision(precision)
    for variant in variants:
        settings = paper.settings_for(variant)
        data = load(corpus, settings)
        for fold in folds:
            split = data.module.with_protocol(data.rows, protocol, fold)
            for seed in seeds:
                place = (variant, protocol, fold, seed)
                unit = Unit(paper.id, CNN, *place, precision, corpus, data.fingerprint)
                constant = Unit(paper.id, CONSTANT, *place, "float32", corpus, data.fingerprint)
                units.do(unit, settings, functools.partial(train, data=data, split=split, epochs=epochs), restart)
                units.do(constant, settings, functools.partial(answer_all_alike, data=data, split=split), restart)
                results.merge(paper, [unit.key, constant.key])

    # The numbers, regenerated beside published; then what they are worth.
    folder = results.results_folder(paper.id, corpus)
    write_outputs(paper, folder)
    diff = diff_paper(paper, folder, variants, protocol, corpus)
    print(render_text(diff) + "\n" + render_labels(paper, diff, folder), end="")
    return 0


def load(corpus: str, settings: dict) -> Data:
    """The samples of a corpus under a variant's settings; what is odd about the corpus is said."""
    module = data_prep.corpus(corpus)
    index = tracks_of(module, settings)
    for note in index.attrs["notes"]:
        print(f"note: {note}", file=sys.stderr)
    fingerprint, rows = data_prep.fingerprint(index), samples_of(module, index, settings)
    features = features_of(corpus, rows, settings, fingerprint)
    classes = label_sets.classes_of(rows["label"])
    labels = label_sets.multi_hot(list(rows["label"]), classes)
    rows.attrs["skipped"] = index.attrs["skipped"]
    return Data(module, rows, labels, features, classes, fingerprint)


def splits(split: pd.DataFrame, unit: Unit, settings: dict) -> dict[str, np.ndarray]:
    """Row numbers of ``train``, ``validation`` and ``tuning``, the training samples that are set aside, if any."""
    rows = {name: np.flatnonzero(split["split"] == name) for name in ("train", "validation")}
    if settings["tuning_fraction"] == 0:
        return rows | {"tuning": rows["train"][:0]}
    protocol = unit.protocol if unit.protocol in label_sets.N_FOLDS else "grouped"  # a corpus's own split
    again = label_sets.with_protocol(split.iloc[rows["train"]], protocol, seed=TUNING_SEED)
    aside = (again["split"] == "validation").to_numpy()
    return rows | {"train": rows["train"][~aside], "tuning": rows["train"][aside]}


def train(unit: Unit, settings: dict, *, data: Data, split: pd.DataFrame, epochs: int | None) -> None:
    """One unit of work: scale, model, fit, evaluate, write."""
    rows = splits(split, unit, settings)
    scale = scale_of(data.features, settings["scaling"], rows["train"])
    inputs, labels = Scaled(data.features, scale), data.labels.astype("float32")
    learned_from = data.labels[rows["train"]]

    # Weights: of the first label of each sample, as Keras's class_weight has them, or of each label's ones and zeros.
    loss = weights = None
    if settings["label_weights"] == "first label":
        of_label = class_weights.multi_label(learned_from, data.classes)
        weights = class_weights.first_label_weights(data.labels, of_label).astype("float32")
    else:
        loss = balanced_crossentropy(*class_weights.balanced_labels(learned_from, data.classes))

    # Model.
    training.set_precision(unit.precision)
    keras.utils.set_random_seed(unit.seed)
    model = build(settings, inputs.shape[1:], len(data.classes))
    training.compile_model(model, settings, loss=loss, metric="binary_accuracy")

    # Fit: the lowest loss on the watched samples counts, those of validation in variant paper.
    watched = rows["tuning"] if settings["evaluated_epoch"] == "lowest loss on tuning samples" else rows["validation"]
    history = training.fit(
        model,
        training.Rows(inputs, labels, rows["train"], weights),
        training.Rows(inputs, labels, watched),
        folder=unit.folder,
        epochs=min(epochs or settings["epochs"], settings["epochs"]),
        batch_size=settings["batch_size"],
        watched_batch_size=settings["batch_size"],
        seed=unit.seed,
        shuffle=settings["shuffle"],
        best="val_loss",
        name=unit.key,
    )
    write_network(unit, model)

    # Evaluate; write. Everything is computed from these predictions, and from the thresholds.
    probabilities = training.predict(model, inputs, rows["validation"], settings["batch_size"])
    thresholds = [settings["metric_threshold"]] * len(data.classes)
    if settings["thresholds"] == "per genre":
        tuned = training.predict(model, inputs, rows["tuning"], settings["batch_size"])
        thresholds = multilabel.best_thresholds(data.labels[rows["tuning"]], tuned).tolist()
    units.write_skipped(unit.folder, data.rows.attrs["skipped"])
    clips = split.iloc[rows["validation"]]
    conditions = {"thresholds": thresholds, "scale": scale}
    training.write_unit(unit, history, settings, data.classes, clips, probabilities, **conditions)


def answer_all_alike(unit: Unit, settings: dict, *, data: Data, split: pd.DataFrame) -> None:
    """The constant predictor: each validation sample gets the share of each label among the training samples."""
    held_out = (split["split"] == "validation").to_numpy()
    shares, clips = data.labels[(split["split"] == "train").to_numpy()].mean(axis=0), split[held_out]
    units.write_predictions(unit.folder, data.classes, clips, np.tile(shares, (len(clips), 1)))
    units.write_record(unit, status="complete", epochs=0, seconds=0.0, settings=settings, classes=data.classes)
