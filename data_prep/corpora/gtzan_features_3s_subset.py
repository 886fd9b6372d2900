"""A part of GTZAN's public table of 57 features a cut of 3 s: whatever rows ``features_3_sec_*.csv`` has.

As `data_prep.corpora.gtzan_subset` is to GTZAN: a corpus of its own, whose classes are the genres that are there, and
whose folds are drawn from its own tracks.
"""

from pathlib import Path

import data_prep
from data_prep import CorpusError
from data_prep.corpora import gtzan_features
from data_prep.corpora.gtzan import tracks

NAME = "gtzan_features_3s-subset"
TITLE = "GTZAN's features, a part of the table of 3-s cuts: the rows that you have"
SOURCE = "your own selection from the table of gtzan_features_3s"
LICENCE = gtzan_features.LICENCE
SIZE = "1.1 kB a row"
SOURCES = ()
N_FOLDS = tracks.N_FOLDS
FEATURES = gtzan_features.FEATURES
TABLE = gtzan_features.Table(NAME, "features_3_sec_*.csv", cuts=True)

locate = TABLE.locate
index = TABLE.index
check = TABLE.check
with_protocol = TABLE.with_protocol
features = gtzan_features.features


def __getattr__(name: str) -> tuple[str, ...]:
    """CLASSES: the genres there, looked up each time; all ten where there is no table."""
    if name == "CLASSES":
        return TABLE.classes()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def fetch(root: Path | None = None) -> Path:
    """Always raises CorpusError: a part of a table is somebody's choice and can be fetched from nowhere."""
    root = data_prep.data_root() / gtzan_features.FOLDERS[0] if root is None else Path(root)
    raise CorpusError(
        f"{NAME} is a part of a table that you choose: put rows of features_3_sec.csv, with its first line, into "
        f"{root / 'features_3_sec_part.csv'}. The whole is fetched by 'python -m data_prep fetch gtzan_features_3s'."
    )
