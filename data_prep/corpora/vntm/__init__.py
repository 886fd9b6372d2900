"""VNTM: Vietnamese traditional music, five genres, 500 clips of 30 s each, as log-mel images.

The images and their split are the ones published with Phat Lam et al.'s classification code: 375 clips a class to
train on, 75 to validate, 50 to test. The songs are not marked, but clip numbers follow the recordings: neighbours often
come from one song. Hence the second protocol, ``grouped``, which holds out whole blocks of neighbouring clips.

The list of clips (``vntm_clips.csv``: clip, label, split, width in pixels, content hash) is made from the published
images by ``python -m data_prep index vntm --write-list``.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING

from data_prep.common import folders
from data_prep.common.corpus import DATA_VARIABLE, Corpus, fetched_by, under_data_root
from data_prep.common.errors import CorpusError

if TYPE_CHECKING:
    import pandas as pd

    from data_prep.common.check_report import ImageReport

NAME = "vntm"
REPOSITORY = "LTPhat/Vietnamese-Traditional-Music-Classification"
COMMIT = "2224d0f822656ccfc8c5a0602bffb6611c99765e"
KAGGLE_DATASET = "homata123/vntm-for-building-model-5-genres"
SIZE = "2,500 images, 0.15 to 0.4 GB; download about 1 GB from GitHub, or the audio, several GB, from Kaggle"
SOURCES = ("github", "kaggle")  # the images, and the audio
CLASSES = ("cailuong", "catru", "chauvan", "cheo", "hatxam")
PREFIXES = {"cailuong": "CaiLuong", "catru": "Catru", "chauvan": "Chauvan", "cheo": "Cheo", "hatxam": "Xam"}
PER_CLASS = {"train": 375, "validation": 75, "test": 50}
N_CLIPS = 500  # a class, numbered 0 … 499
GROUP_SIZE = 25  # neighbouring clip numbers
N_FOLDS = {"published": 1, "grouped": 10}
FOLDERS = ("vntm_images", "vntm")  # names under the data root
LIST = Path(__file__).with_name("vntm_clips.csv")
LIST_FIELDS = ("clip", "label", "split", "width", "sha256")
RENDERED_MARK = "MADE_FROM_AUDIO.txt"  # in the root, written when the images were made here from the audio


def clips() -> pd.DataFrame:
    """The committed list of clips: columns clip, label, split, width, sha256 of the published images."""
    import pandas as pd

    return pd.read_csv(LIST, dtype={"sha256": str})


def locate(data_root: Path | None = None) -> Path:
    """Folder of the corpus under the data root: ``vntm_images`` or ``vntm``.

    Raises
    ------
    CorpusError
        It is not there; says where it was looked for, how big it is and which command fetches it.
    """
    places = [under_data_root(folder, data_root) for folder in FOLDERS]
    for place in places:
        if folders.has_layout(place):
            return place
    raise CorpusError(_missing(" or ".join(map(str, places))))


def index(root: Path | None = None, *, allow_incomplete: bool = False) -> pd.DataFrame:
    """Index of the corpus in the published split.

    Parameters
    ----------
    root
        Folder that holds ``train/ val/ test/``; found under the data root if None.
    allow_incomplete
        Take what can be used of a corpus that is not complete; the problems are then notes.

    Returns
    -------
    DataFrame
        Columns clip, path, label, split, group, sha256; sorted by clip. ``frame.attrs["notes"]`` has sentences to show
        to the user.

    Raises
    ------
    CorpusError
        No corpus, or one that is not as it should be: names every kind of problem with its first files.
    """
    root = locate() if root is None else Path(root)
    frame, report = _examine(root)
    if frame.empty or (report.problems and not allow_incomplete):
        advice = " To put it right, move this folder away and run 'python -m data_prep fetch vntm'."
        raise CorpusError(report.refusal(advice=report.whole + advice))
    frame.insert(4, "group", [group(row.label, row.clip) for row in frame.itertuples()])
    frame.attrs["notes"] = report.notes + report.problems
    return frame


def check(root: Path | None = None) -> ImageReport:
    """Compare the corpus with the published list. Raises CorpusError only if there is no corpus at all."""
    return _examine(locate() if root is None else Path(root))[1]


def group(label: str, clip: str) -> str:
    """Block of 25 neighbouring clip numbers that a clip belongs to: ``Cheo.455`` → ``cheo/18``; 20 blocks a class."""
    return f"{label}/{folders.clip_number(clip) // GROUP_SIZE}"


def with_protocol(frame: pd.DataFrame, protocol: str, fold: int = 0) -> pd.DataFrame:
    """Copy of an index with the split of a protocol.

    Parameters
    ----------
    frame
        From `index`.
    protocol
        ``published``: the authors' split. ``grouped``: in each class, fold f tests the 50 clips (2 groups) from
        number 50 f on and validates on the next 75 (3 groups); the other 375 train. Same sizes as published, and no
        group straddles two splits. The test parts of the ten folds tile the corpus.
    fold
        0 for ``published``, 0 … 9 for ``grouped``.

    Raises
    ------
    ValueError
        Unknown protocol or fold.
    """
    folders.check_protocol(protocol, fold, N_FOLDS)
    if protocol == "published":
        return frame.copy()
    return folders.rotated_split(
        frame, fold, n_clips=N_CLIPS, n_test=PER_CLASS["test"], n_validation=PER_CLASS["validation"]
    )


def write_list(root: Path | None = None, path: Path | None = None) -> int:
    """Write the list of clips (`LIST` if no `path` is given) from the published images in `root`.

    Returns
    -------
    int
        Number of clips.

    Raises
    ------
    CorpusError
        An unreadable image, a misnamed one, or other numbers of clips than published.
    """
    from collections import Counter

    from data_prep.common.check_report import ImageReport
    from data_prep.common.hashing import read_images
    from shared.base.files import atomic_write

    root, path = locate() if root is None else Path(root), LIST if path is None else path
    report = ImageReport(NAME, root, CLASSES)
    files = sorted(folders.scan(root, CLASSES, report), key=lambda file: file.clip)
    contents = read_images([file.path for file in files], NAME)
    problems = report.problems + [f"{file.path}: {c.error}" for file, c in zip(files, contents, strict=True) if c.error]
    problems += [f"{file.path}: misnamed" for file in files if file.clip not in clip_names(file.label)]
    counts = Counter((file.split, file.label) for file in files)
    if counts != {(split, label): n for split, n in PER_CLASS.items() for label in CLASSES}:
        problems.append("not 375, 75 and 50 clips a class")
    if problems:
        raise CorpusError(f"no list of clips can be made from {root}:\n" + "\n".join(f"  {p}" for p in problems))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(LIST_FIELDS)
    for file, content in zip(files, contents, strict=True):
        writer.writerow([file.clip, file.label, file.split, content.width, content.sha256])
    atomic_write(path, lambda file: file.write(text.getvalue().encode("ascii")))
    return len(files)


def clip_names(label: str) -> set[str]:
    """Names of a class's clips: ``Cheo.000`` … ``Cheo.499``."""
    return {f"{PREFIXES[label]}.{number:03d}" for number in range(N_CLIPS)}


def _examine(root: Path) -> tuple[pd.DataFrame, ImageReport]:
    if not folders.has_layout(root):
        raise CorpusError(_missing(str(root)))
    rerendered = (root / RENDERED_MARK).exists()
    return folders.examine(NAME, root, CLASSES, clips(), rerendered=rerendered)


def _missing(where: str) -> str:
    return (
        f"the corpus vntm is not in {where} (expected there: folders train/, val/, test/ with one folder a class).\n"
        f"To fetch it ({SIZE}):\n"
        "  python -m data_prep fetch vntm                   the authors' images, from GitHub\n"
        "  python -m data_prep fetch vntm --source kaggle   the audio, from Kaggle; images are made from it\n"
        "  python -m data_prep fetch vntm --from PATH       a folder or zip file that you already have\n"
        f"It goes into {under_data_root(FOLDERS[0])}. If you have it elsewhere, set {DATA_VARIABLE} "
        f"to the folder that holds {FOLDERS[0]}/."
    )


CORPUS = Corpus(
    NAME,
    TITLE="Vietnamese traditional music, five genres: 2,500 log-mel images of 30-s clips",
    SOURCE=f"https://github.com/{REPOSITORY} (images, split), https://www.kaggle.com/datasets/{KAGGLE_DATASET} (audio)",
    LICENCE="Apache-2.0 (images, authors' repository); audio: see its Kaggle page",
    SIZE=SIZE,
    N_FOLDS=N_FOLDS,
    classes=lambda: CLASSES,
    locate=locate,
    index=index,
    check=check,
    with_protocol=with_protocol,
    SOURCES=SOURCES,
    fetch=fetched_by("data_prep.corpora.vntm.fetch"),
    write_list=write_list,
)
