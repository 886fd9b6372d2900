"""A part of GTZAN: whatever genres and tracks are there, in the layouts of `data_prep.gtzan`.

It is a corpus of its own, so that nobody has to say at each command that a part is meant, and no result on a part can
stand under the whole corpus's name. Its classes are the genres that have a folder: with three of them, chance is one in
three. Nothing is missing from it; all else is checked as in the whole. The folds of ``grouped`` are drawn from its own
tracks, so each genre is spread evenly over them, and needs five tracks.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import data_prep
from data_prep import CorpusError, gtzan, gtzan_tracks
from data_prep.gtzan_tracks import SPLIT_SEED

if TYPE_CHECKING:
    import pandas as pd

    from data_prep.report import CheckReport

NAME = "gtzan-subset"
TITLE = "GTZAN, a part of it: the genres and tracks that you have"
SOURCE = "your own selection from GTZAN"
LICENCE = gtzan.LICENCE
SIZE = "1.3 MB a track"
SOURCES = ()
N_FOLDS = gtzan_tracks.N_FOLDS
FOLDER = "gtzan_subset"  # under the data root
signals = gtzan.signals
windows = gtzan.windows
SAMPLE_RATE_HZ = gtzan.SAMPLE_RATE_HZ


def __getattr__(name: str) -> tuple[str, ...]:
    """CLASSES: the genres there, looked up each time; all ten where there is no corpus."""
    if name == "CLASSES":
        return gtzan.genres_in(data_prep.data_root() / FOLDER) or gtzan.CLASSES
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def locate(data_root: Path | None = None) -> Path:
    """Folder of the corpus under the data root: ``gtzan_subset``. Raises CorpusError if it is not there."""
    root = (data_prep.data_root() if data_root is None else Path(data_root)) / FOLDER
    if gtzan.audio_folder(root) is None:
        raise CorpusError(gtzan.missing(NAME, root))
    return root


def index(root: Path | None = None, *, allow_incomplete: bool = False) -> pd.DataFrame:
    """As `data_prep.gtzan.index`, of what is there."""
    return gtzan.make_index(NAME, locate() if root is None else Path(root), allow_incomplete)


def check(root: Path | None = None) -> CheckReport:
    """Examine what is there. Raises CorpusError only if there is no corpus at all."""
    return gtzan.examine(NAME, locate() if root is None else Path(root))[1]


def with_protocol(
    frame: pd.DataFrame, protocol: str, fold: int = 0, *, seed: int = SPLIT_SEED, lists: str | Path | None = None
) -> pd.DataFrame:
    """As `data_prep.gtzan_tracks.with_protocol`, with folds drawn from the frame's tracks."""
    return gtzan_tracks.with_protocol(frame, protocol, fold, seed=seed, whole=False, lists=lists)


def fetch(root: Path | None = None) -> Path:
    """Always raises CorpusError: a part of a corpus is somebody's choice and can be fetched from nowhere."""
    root = data_prep.data_root() / FOLDER if root is None else Path(root)
    raise CorpusError(
        f"{NAME} is a part of GTZAN that you choose: put folders of a genre's tracks into {root}, such as "
        f"jazz/jazz.00003.wav. The whole corpus is fetched by 'python -m data_prep fetch {gtzan.NAME}'."
    )
