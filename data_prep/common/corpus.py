"""A corpus is one object: what it is, where it lies, and what it can do. A part of a corpus is another such object.

The object states what it can do: what it cannot is None. `index` gives a DataFrame, one row a clip, sorted by clip:

=======  ===========================================================================================
clip     unique name
path     absolute path of the file; several joined with ``|``; empty where a sound is made on the spot
label    class; several joined with ``|``
split    ``train``, ``validation``, ``test``, or ``excluded`` by the protocol
group    what must not straddle a split: a recording, a speaker, an artist, as far as that is known
sha256   16 hexadecimal digits that name the content
=======  ===========================================================================================

and what more the corpus has. ``frame.attrs["notes"]`` has sentences to show to the user.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from shared.base.places import DATA_VARIABLE, root_of

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from data_prep.common.check_report import CheckReport


def data_root() -> Path:
    """Folder that holds the corpora: the environment variable AUDIO_REPRODUCTIONS_DATA, or the project's ``data/``."""
    return root_of(DATA_VARIABLE)


def under_data_root(folder: str, root: Path | None = None) -> Path:
    """A folder under the data root, or under `root` in its place."""
    return (data_root() if root is None else Path(root)) / folder


@dataclass(eq=False)
class Corpus:
    """One corpus. Its facts are in capitals, as the constants of its module are.

    N_FOLDS: folds of each protocol, ``published`` first; by_hand: a sentence on how the files of a corpus that has no
    `fetch` come to be there; SOURCES: names that `fetch` takes as ``source``, the first by default; tracks_go_on:
    whether each file is the beginning of a longer track.

    locate(data_root=None): the folder, or CorpusError. index(root=None, *, allow_incomplete=False): see above; of
    what is not as it should be only with `allow_incomplete`, else CorpusError. check(root=None): what is missing,
    changed, unreadable or there twice. with_protocol(frame, protocol, fold=0): the same rows in another split; raises
    ValueError. classes(): sorted; of a corpus that is whatever is there, looked up each time.

    fetch(root=None, **options): downloads or makes it. signals(frame): the samples of each row at SAMPLE_RATE_HZ,
    float32 in [-1, 1]. windows(frame, n_samples, hop, n_windows=None): rows of windows of the clips.
    features(frame): float64 (n, len(FEATURES)). write_list(root): makes the committed files of a corpus anew, and
    gives the number of clips.
    """

    NAME: str
    TITLE: str
    SOURCE: str
    LICENCE: str
    SIZE: str
    N_FOLDS: dict[str, int]
    classes: Callable[[], tuple[str, ...]]
    locate: Callable[..., Path]
    index: Callable[..., pd.DataFrame]
    check: Callable[..., CheckReport]
    with_protocol: Callable[..., pd.DataFrame]
    _: KW_ONLY
    whole: bool = True
    by_hand: str = ""
    SOURCES: tuple[str, ...] = ()
    SAMPLE_RATE_HZ: int | None = None
    FEATURES: tuple[str, ...] = ()
    tracks_go_on: bool = False
    fetch: Callable[..., Path] | None = None
    signals: Callable[..., Iterable[np.ndarray]] | None = None
    windows: Callable[..., pd.DataFrame] | None = None
    features: Callable[[pd.DataFrame], np.ndarray] | None = None
    write_list: Callable[..., int] | None = None

    @property
    def CLASSES(self) -> tuple[str, ...]:  # noqa: N802 - a fact as the others, though looked up
        return self.classes()

    @property
    def how_to_get(self) -> str:
        """The command that fetches it, or how its files come to be there."""
        return f"to fetch it: python -m data_prep fetch {self.NAME}" if self.fetch else self.by_hand


def fetched_by(module: str) -> Callable[..., Path]:
    """The function ``fetch`` of a module that is imported only when it is called, since it imports the corpus's."""

    def fetch(root: Path | None = None, **options) -> Path:
        return importlib.import_module(module).fetch(root, **options)

    return fetch
