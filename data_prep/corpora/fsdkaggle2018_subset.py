"""A part of FSDKaggle2018: whatever training clips are there with a table of them, as
`data_prep.corpora.fsdkaggle2018`'s.

It is a corpus of its own, so that nobody has to say at each command that a part is meant, and no result on a part can
stand under the whole corpus's name. Besides the whole corpus's layouts, the audio files may lie beside ``train.csv``,
wav or flac, whatever suffix the table gives them. Its classes are the labels in its table. It has no test clips.

Its ten folds are drawn from its own clips: not those of the whole corpus with the other clips left out, and far fewer
clips to train on. Nor is a score over them one over 41 classes: guessing at random gives MAP@3 0.18 among ten classes
and 0.045 among 41.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from data_prep.common.corpus import Corpus, under_data_root
from data_prep.common.errors import CorpusError
from data_prep.corpora import fsdkaggle2018
from data_prep.corpora.fsdkaggle2018 import clips

if TYPE_CHECKING:
    import pandas as pd

    from data_prep.common.check_report import CheckReport

NAME = "fsdkaggle2018-subset"
FOLDER = "fsdkaggle2018_subset"  # under the data root


def classes() -> tuple[str, ...]:
    """The labels of the table there, looked up each time; all 41 where there is no corpus."""
    table = clips.find_table(under_data_root(FOLDER), "train")
    return (clips.labels_in(table) if table else ()) or clips.LABELS


def locate(data_root: Path | None = None) -> Path:
    """Folder of the corpus under the data root: ``fsdkaggle2018_subset``. Raises CorpusError if it is not there."""
    root = under_data_root(FOLDER, data_root)
    if not fsdkaggle2018.is_there(root, flat=True):
        raise CorpusError(fsdkaggle2018.missing(NAME, root))
    return root


def index(root: Path | None = None, *, allow_incomplete: bool = False) -> pd.DataFrame:
    """As `data_prep.corpora.fsdkaggle2018.index`, of what is there: ``train`` and, for fold 0, ``validation``, no
    ``test``."""
    return fsdkaggle2018.make_index(NAME, locate() if root is None else Path(root), allow_incomplete)


def check(root: Path | None = None) -> CheckReport:
    """Compare what is there with its table. Raises CorpusError if there is no corpus at all, or no table to read."""
    return fsdkaggle2018.examine(NAME, locate() if root is None else Path(root))[1]


CORPUS = Corpus(
    NAME,
    TITLE="FSDKaggle2018, a part of it: the training clips that you have",
    SOURCE="your own selection from FSDKaggle2018",
    LICENCE=fsdkaggle2018.LICENCE,
    SIZE="0.3 MB a clip",
    N_FOLDS=clips.N_FOLDS,
    classes=classes,
    locate=locate,
    index=index,
    check=check,
    with_protocol=clips.with_protocol,
    whole=False,
    by_hand="put wav or flac files of the training clips, as many as you like, and a train.csv (fname,label) into the "
    f"folder {FOLDER} under the data root; the whole corpus is fetched by "
    f"'python -m data_prep fetch {fsdkaggle2018.NAME}'",
    SAMPLE_RATE_HZ=fsdkaggle2018.SAMPLE_RATE_HZ,
    signals=fsdkaggle2018.signals,
)
