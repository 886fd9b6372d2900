"""What the corpora that are parts of GTZAN share: `data_prep.corpora.gtzan_subset` and
`data_prep.corpora.gtzan_excerpts`.

A part is a corpus of its own, so that nobody has to say at each command that a part is meant, and no result on a part
can stand under the whole corpus's name. The folds of ``grouped`` are drawn from its own tracks, so each genre is spread
evenly over them, and needs five tracks.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import data_prep
from data_prep import CorpusError
from data_prep.corpora import gtzan
from data_prep.corpora.gtzan import tracks as gtzan_tracks
from data_prep.corpora.gtzan.tracks import SPLIT_SEED

if TYPE_CHECKING:
    import pandas as pd

    from data_prep.common.check_report import CheckReport


@dataclass(frozen=True)
class Part:
    """A part of GTZAN, in the layouts of `data_prep.corpora.gtzan`. Its methods are the functions that the corpus's
    module has.

    name: of the corpus; folder: under the data root; advice: a sentence on how the part comes to be there; tracks:
    those that must be there, None if that is whatever is there; n_samples: of the shortest and of the longest track,
    None if as in the whole.
    """

    name: str
    folder: str
    advice: str
    tracks: tuple[str, ...] | None = None
    n_samples: tuple[int, int] | None = None

    def root(self, data_root: Path | None = None) -> Path:
        """Where the part belongs, whether it is there or not."""
        return (data_prep.data_root() if data_root is None else Path(data_root)) / self.folder

    def locate(self, data_root: Path | None = None) -> Path:
        """Folder of the corpus under the data root. Raises CorpusError if it is not there."""
        return gtzan.there(self.name, self.root(data_root), self.advice)

    def index(self, root: Path | None = None, *, allow_incomplete: bool = False) -> pd.DataFrame:
        """As `data_prep.corpora.gtzan.index`, of this part."""
        return gtzan.make_index(*self._examined(root), allow_incomplete)

    def check(self, root: Path | None = None) -> CheckReport:
        """Compare what is there with what is expected. Raises CorpusError only if there is no corpus at all."""
        return self._examined(root)[1]

    def with_protocol(
        self,
        frame: pd.DataFrame,
        protocol: str,
        fold: int = 0,
        *,
        seed: int = SPLIT_SEED,
        lists: str | Path | None = None,
    ) -> pd.DataFrame:
        """As `data_prep.corpora.gtzan.tracks.with_protocol`, with folds drawn from the frame's tracks."""
        return gtzan_tracks.with_protocol(frame, protocol, fold, seed=seed, whole=False, lists=lists)

    def fetch(self, root: Path | None = None) -> Path:
        """Always raises CorpusError: a part can be downloaded from nowhere. Says what belongs where."""
        root = self.root() if root is None else Path(root)
        raise CorpusError(
            f"{self.name} is a part of GTZAN that cannot be downloaded; put it into {root}. {self.advice}"
        )

    def _examined(self, root: Path | None) -> tuple[pd.DataFrame, CheckReport]:
        root = self.locate() if root is None else gtzan.there(self.name, Path(root), self.advice)
        return gtzan.examine(self.name, root, self.tracks, self.n_samples)
