"""Corpora: where each comes from, what it must contain, and its index. ``corpora`` has a module a corpus, which defines
its `Corpus`; ``common`` what several of them need. None knows a model."""

import importlib
import sys
from collections.abc import Iterable

from data_prep.common.corpus import DATA_VARIABLE, Corpus, data_root
from data_prep.common.errors import CorpusError
from data_prep.common.folders import check_protocol
from data_prep.common.hashing import fingerprint
from shared.base.suggestions import suggestion

__all__ = [
    "CORPORA",
    "DATA_VARIABLE",
    "Corpus",
    "CorpusError",
    "corpus",
    "data_root",
    "fingerprint",
    "planned",
    "with_audio",
]

CORPORA: dict[str, str] = {  # name to the module that has it as CORPUS, or to module:name
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


def corpus(name: str) -> Corpus:
    """The corpus `name`.

    Raises
    ------
    ValueError
        No such corpus; lists the known ones.
    """
    if name not in CORPORA:
        raise ValueError(f"unknown corpus {name!r}; {suggestion(name, sorted(CORPORA))}")
    module, _, variable = CORPORA[name].partition(":")
    return getattr(importlib.import_module(module), variable or "CORPUS")


def with_audio(name: str) -> Corpus:
    """The corpus `name`, if its clips are sounds.

    Raises
    ------
    ValueError
        No such corpus, or one of images or of features; names those that have audio.
    """
    module = corpus(name)
    if module.signals is None:
        known = [name for name in sorted(CORPORA) if corpus(name).signals]
        raise ValueError(f"corpus {name} has no audio; those with audio are: {', '.join(known)}")
    return module


def planned(name: str, protocol: str, folds: Iterable[int]) -> str:
    """The fingerprint of a corpus that a run is planned on; what is odd about the corpus is said.

    Raises
    ------
    ValueError
        No such corpus, protocol or fold.
    CorpusError
        It is not there, or not whole.
    """
    module = corpus(name)
    for fold in folds:
        check_protocol(protocol, fold, module.N_FOLDS)
    index = module.index()
    say_notes(index)
    return fingerprint(index)


def say_notes(index) -> None:
    """Print what an index says of its corpus that a user should know."""
    for note in index.attrs.get("notes", ()):
        print(f"note: {note}", file=sys.stderr)
