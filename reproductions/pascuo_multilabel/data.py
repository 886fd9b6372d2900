"""The data of a run: samples of a corpus with their labels and features, their split, their weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

import data_prep
from data_prep.common import label_sets
from reproductions.pascuo_multilabel import samples
from shared.runs.units import Unit
from shared.training import class_weights

TUNING_SEED = 1  # of what is set aside from the training samples


@dataclass(frozen=True)
class Data:
    """Samples in no particular split, their labels as 0 and 1, and their MFCCs, (n, 19, 13)."""

    module: Any  # of data_prep
    rows: pd.DataFrame
    labels: np.ndarray
    features: np.ndarray
    classes: tuple[str, ...]
    fingerprint: str


def open_data(corpus: str, settings: dict) -> Data:
    """The samples of a corpus under a variant's settings, and their MFCCs, which are computed once."""
    module = data_prep.corpus(corpus)
    index = samples.tracks_of(module, settings)
    fingerprint, rows = data_prep.fingerprint(index), samples.samples_of(module, index, settings)
    features = samples.features_of(corpus, rows, settings, fingerprint)
    classes = label_sets.classes_of(rows["label"])
    labels = label_sets.multi_hot(list(rows["label"]), classes)
    rows.attrs["skipped"] = index.attrs["skipped"]
    return Data(module, rows, labels, features, classes, fingerprint)


def splits(split: pd.DataFrame, unit: Unit, tuning_fraction: float) -> dict[str, np.ndarray]:
    """Row numbers of ``train``, ``validation`` and ``tuning``, the training samples that are set aside, if any."""
    rows = {name: np.flatnonzero(split["split"] == name) for name in ("train", "validation")}
    if tuning_fraction == 0:
        return rows | {"tuning": rows["train"][:0]}
    protocol = unit.protocol if unit.protocol in label_sets.N_FOLDS else "grouped"  # a corpus's own split
    again = label_sets.with_protocol(split.iloc[rows["train"]], protocol, seed=TUNING_SEED)
    aside = (again["split"] == "validation").to_numpy()
    return rows | {"train": rows["train"][~aside], "tuning": rows["train"][aside]}


def weights_of(data: Data) -> np.ndarray:
    """Each sample's weight by Keras's class_weight, float32 (n,), from the labels of all samples ("tensor y", 4.2)."""
    of_label = class_weights.multi_label(data.labels, data.classes)
    return class_weights.first_label_weights(data.labels, of_label).astype("float32")
