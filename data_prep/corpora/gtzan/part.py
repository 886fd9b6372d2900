"""The corpora that are parts of GTZAN, in its layouts.

A part is a corpus of its own, so that nobody has to say at each command that a part is meant, and no result on a part
can stand under the whole corpus's name. The folds of ``grouped`` are drawn from its own tracks, so each genre is spread
evenly over them, and needs five tracks.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING

from data_prep.common.corpus import Corpus, under_data_root
from data_prep.corpora import gtzan
from data_prep.corpora.gtzan import tracks as gtzan_tracks

if TYPE_CHECKING:
    import pandas as pd

    from data_prep.common.check_report import CheckReport


def part_of_gtzan(
    name: str,
    folder: str,
    by_hand: str,
    *,
    tracks: tuple[str, ...] | None = None,
    n_samples: tuple[int, int] | None = None,
    **facts,
) -> Corpus:
    """The corpus `name`, a part of GTZAN.

    Parameters
    ----------
    name
        Of the corpus.
    folder
        Under the data root.
    by_hand
        A sentence on how the part comes to be there.
    tracks
        Those that must be there, sorted; None if that is whatever is there, and the genres are those with a folder.
    n_samples
        Of the shortest and of the longest track; None if as in the whole.
    **facts
        What else `Corpus` has.
    """

    def locate(data_root: Path | None = None) -> Path:
        return gtzan.with_audio(name, under_data_root(folder, data_root), f"{by_hand}.")

    def examined(root: Path | None) -> tuple[pd.DataFrame, CheckReport]:
        root = locate() if root is None else gtzan.with_audio(name, Path(root), f"{by_hand}.")
        return gtzan.examine(name, root, tracks, n_samples)

    def index(root: Path | None = None, *, allow_incomplete: bool = False) -> pd.DataFrame:
        return gtzan.make_index(*examined(root), allow_incomplete)

    def check(root: Path | None = None) -> CheckReport:
        return examined(root)[1]

    def classes() -> tuple[str, ...]:
        there = gtzan.genres_in(under_data_root(folder)) if tracks is None else ()
        return there or gtzan.CLASSES

    return Corpus(
        name,
        **facts,
        LICENCE=gtzan.LICENCE,
        N_FOLDS=gtzan.N_FOLDS,
        classes=classes,
        locate=locate,
        index=index,
        check=check,
        with_protocol=functools.partial(gtzan_tracks.with_protocol, whole=False),
        whole=False,
        by_hand=by_hand,
        SAMPLE_RATE_HZ=gtzan.SAMPLE_RATE_HZ,
        signals=gtzan.signals,
        windows=gtzan.windows,
    )
