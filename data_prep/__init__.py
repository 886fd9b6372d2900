"""Corpora: where each comes from, what it must contain, and its index. One module a corpus, or an object of a module
that has several of a kind; none knows a model."""

import importlib
import os
from pathlib import Path
from types import ModuleType

from data_prep.hashing import fingerprint

__all__ = ["CORPORA", "CorpusError", "corpus", "data_root", "fingerprint"]

DATA_VARIABLE = "AUDIO_REPRODUCTIONS_DATA"

CORPORA: dict[str, str] = {  # name to module, or to module:object
    "fma": "data_prep.fma",
    "fsdd": "data_prep.fsdd",
    "fsdkaggle2018": "data_prep.fsdkaggle2018",
    "fsdkaggle2018-subset": "data_prep.fsdkaggle2018_subset",
    "gtzan": "data_prep.gtzan",
    "gtzan-excerpts": "data_prep.gtzan_excerpts",
    "gtzan-subset": "data_prep.gtzan_subset",
    "gtzan_features_30s": "data_prep.gtzan_features_30s",
    "gtzan_features_3s": "data_prep.gtzan_features_3s",
    "gtzan_features_3s-subset": "data_prep.gtzan_features_3s_subset",
    "library_labels-all": "data_prep.library_labels:ALL",
    "library_labels-little": "data_prep.library_labels:LITTLE",
    "library_labels-none": "data_prep.library_labels:NONE",
    "library_labels-some": "data_prep.library_labels:SOME",
    "mixtures": "data_prep.mixtures",
    "music_library": "data_prep.music_library",
    "synthetic": "data_prep.synthetic",
    "vegas": "data_prep.vegas",
    "vntm": "data_prep.vntm",
}


class CorpusError(Exception):
    """A corpus is missing, incomplete or not what it should be. The message says what to do."""


def corpus(name: str) -> ModuleType:
    """Module of the corpus `name`, or an object with the same face.

    Raises
    ------
    ValueError
        No such corpus; lists the known ones.
    """
    if name not in CORPORA:
        raise ValueError(f"unknown corpus {name!r}; known are: {', '.join(sorted(CORPORA))}")
    module, _, part = CORPORA[name].partition(":")
    found = importlib.import_module(module)
    return getattr(found, part) if part else found


def data_root() -> Path:
    """Folder that holds the corpora: the environment variable AUDIO_REPRODUCTIONS_DATA, or the project's ``data/``."""
    return Path(os.environ.get(DATA_VARIABLE) or Path(__file__).resolve().parents[1] / "data")
