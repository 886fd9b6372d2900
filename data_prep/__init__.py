"""Corpora: where each comes from, what it must contain, and its index. ``corpora`` has one module a corpus, or an
object of a module that has several of a kind; ``common`` what several of them need. None knows a model."""

import importlib
import os
from pathlib import Path
from types import ModuleType

from data_prep.common.hashing import fingerprint

__all__ = ["CORPORA", "CorpusError", "corpus", "data_root", "fetch", "fingerprint"]

DATA_VARIABLE = "AUDIO_REPRODUCTIONS_DATA"

CORPORA: dict[str, str] = {  # name to module, or to module:object
    "fma": "data_prep.corpora.fma",
    "fsdd": "data_prep.corpora.fsdd",
    "fsdkaggle2018": "data_prep.corpora.fsdkaggle2018",
    "fsdkaggle2018-subset": "data_prep.corpora.fsdkaggle2018_subset",
    "gtzan": "data_prep.corpora.gtzan",
    "gtzan-excerpts": "data_prep.corpora.gtzan_excerpts",
    "gtzan-subset": "data_prep.corpora.gtzan_subset",
    "gtzan_features_30s": "data_prep.corpora.gtzan_features_30s",
    "gtzan_features_3s": "data_prep.corpora.gtzan_features_3s",
    "gtzan_features_3s-subset": "data_prep.corpora.gtzan_features_3s_subset",
    "library_labels-all": "data_prep.corpora.library_labels:ALL",
    "library_labels-little": "data_prep.corpora.library_labels:LITTLE",
    "library_labels-none": "data_prep.corpora.library_labels:NONE",
    "library_labels-some": "data_prep.corpora.library_labels:SOME",
    "mixtures": "data_prep.corpora.mixtures",
    "music_library": "data_prep.corpora.music_library",
    "synthetic": "data_prep.corpora.synthetic",
    "vegas": "data_prep.corpora.vegas",
    "vntm": "data_prep.corpora.vntm",
}
FETCHING: dict[str, str] = {  # corpora whose fetching is a module of its own
    name: f"data_prep.corpora.{name}.fetch" for name in ("fsdd", "fsdkaggle2018", "gtzan", "vntm")
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


def fetch(name: str, root: Path | None = None, **options) -> Path:
    """Put the corpus `name` in place: download it, or take it from where it is.

    Parameters
    ----------
    name
        The corpus.
    root
        The folder to make; under the data root when not given.
    **options
        ``source``, ``origin`` or ``url``, of a corpus that has SOURCES.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    CorpusError
        It cannot be had, or what is found is not the whole corpus.
    """
    module = importlib.import_module(FETCHING[name]) if name in FETCHING else corpus(name)
    return module.fetch(root, **options)


def data_root() -> Path:
    """Folder that holds the corpora: the environment variable AUDIO_REPRODUCTIONS_DATA, or the project's ``data/``."""
    return Path(os.environ.get(DATA_VARIABLE) or Path(__file__).resolve().parents[1] / "data")
