"""FSDKaggle2018's clips: the tables that list them, the folders that they lie in, and the ten folds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from data_prep.common import folders
from data_prep.common.errors import CorpusError
from data_prep.common.grouping import EXCLUDED, stratified_folds
from shared.base.csv_files import CsvError, read_csv
from shared.base.file_names import without_suffix

if TYPE_CHECKING:
    import pandas as pd

LABELS = (
    *("Acoustic_guitar", "Applause", "Bark", "Bass_drum", "Burping_or_eructation", "Bus", "Cello", "Chime"),
    *("Clarinet", "Computer_keyboard", "Cough", "Cowbell", "Double_bass", "Drawer_open_or_close", "Electric_piano"),
    *("Fart", "Finger_snapping", "Fireworks", "Flute", "Glockenspiel", "Gong", "Gunshot_or_gunfire", "Harmonica"),
    *("Hi-hat", "Keys_jangling", "Knock", "Laughter", "Meow", "Microwave_oven", "Oboe", "Saxophone", "Scissors"),
    *("Shatter", "Snare_drum", "Squeak", "Tambourine", "Tearing", "Telephone", "Trumpet", "Violin_or_fiddle"),
    "Writing",
)
N_PUBLISHED = {"train": 9473, "test": 1600}  # clips
N_FOLDS = {"published": 10, "grouped": 10}
SPLIT_SEED = 0
# Names on Zenodo, then on Kaggle; the first that is there is taken.
TABLES = {
    "train": ("train_post_competition.csv", "train.csv"),
    "test": ("test_post_competition_scoring_clips.csv", "test_post_competition.csv"),
}
TABLE_FOLDERS = ("FSDKaggle2018.meta", ".")
AUDIO_FOLDERS = {
    "train": ("FSDKaggle2018.audio_train", "audio_train"),
    "test": ("FSDKaggle2018.audio_test", "audio_test"),
}
SUFFIXES = (".wav", ".flac")
USAGES = ("Public", "Private")  # the two leaderboards


@dataclass(frozen=True)
class Listed:
    """A clip as a table has it. What the table does not say is empty, or None for `verified`."""

    clip: str
    label: str
    split: str
    verified: bool | None = None
    licence: str = ""
    usage: str = ""
    freesound_id: str = ""


def find_table(root: Path, split: str) -> Path | None:
    """The table of a split's clips; None if there is none."""
    places = [root / folder / name for folder in TABLE_FOLDERS for name in TABLES[split]]
    return next((path for path in places if path.is_file()), None)


def find_audio(root: Path, split: str, *, flat: bool) -> Path | None:
    """The folder of a split's audio files; if `flat`, `root` itself may be it. None if there is none."""
    found = [root / folder for folder in AUDIO_FOLDERS[split] if (root / folder).is_dir()]
    if not found and flat and any(path.suffix.lower() in SUFFIXES for path in folders.visible(root)):
        return root
    return found[0] if found else None


def read_table(path: Path, split: str) -> tuple[list[Listed], list[str]]:
    """Read the table of a split's clips.

    Parameters
    ----------
    path
        A CSV file with the columns fname and label, and maybe manually_verified, freesound_id, license and usage.
    split
        ``train`` or ``test``. All test clips were verified by hand; those with another usage than ``Public`` and
        ``Private`` are Kaggle's padding, which has no label, and are passed over.

    Returns
    -------
    clips
        Sorted by clip, one of each name.
    problems
        A line for each row that cannot be right.

    Raises
    ------
    CorpusError
        Not such a table.
    """
    try:
        table = read_csv(path)
    except CsvError as error:
        raise CorpusError(f"{error}. The published table can be had anew") from error
    lacking = [name for name in ("fname", "label") if name not in table.header]
    if lacking:
        raise CorpusError(f"{path} lacks the column {lacking[0]}; it has {', '.join(table.header)}. Get it anew")
    found, problems = {}, []
    for line in table.lines:
        row = dict(zip(table.header, line.cells, strict=False))
        if split == "test" and row.get("usage", USAGES[0]) not in USAGES:
            continue
        clip, place = _listed(row, split), table.place(line)
        if line.fault:
            problems.append(f"{place}: {line.fault}")
        elif clip.label not in LABELS:
            problems.append(f"{place}: {clip.clip} has the unknown label {clip.label!r}")
        elif clip.clip in found:
            problems.append(f"{place}: {clip.clip} is listed already")
        else:
            found[clip.clip] = clip
    return [found[clip] for clip in sorted(found)], problems


def _listed(row: dict[str, str], split: str) -> Listed:
    flag = {"1": True, "0": False}.get(row.get("manually_verified", "").removesuffix(".0"))  # 1.0 as pandas may have it
    return Listed(
        clip=without_suffix(PurePosixPath(row["fname"].replace("\\", "/")).name),
        label=row["label"],
        split=split,
        verified=True if split == "test" else flag,
        licence=row.get("license", ""),
        usage=row.get("usage", ""),
        freesound_id=row.get("freesound_id", ""),
    )


def labels_in(table: Path) -> tuple[str, ...]:
    """Known labels of a training table, sorted; none if it cannot be read."""
    try:
        return tuple(sorted({clip.label for clip in read_table(table, "train")[0]}))
    except (CorpusError, OSError):
        return ()


def repetition_note(frame: pd.DataFrame) -> list[str]:
    """A sentence that names the clips of an index that hold the same samples; none if there are none."""
    same = frame[frame["sha256"].duplicated(keep=False)]
    named = [" = ".join(_with_split(rows)) for _, rows in same.sort_values("clip").groupby("sha256", sort=False)]
    if not named:
        return []
    shown = ", ".join(named[:6]) + (f", and {len(named) - 6} more" if len(named) > 6 else "")
    n_surplus = int(same["sha256"].duplicated().sum())
    clips = "1 clip repeats another" if n_surplus == 1 else f"{n_surplus} clips repeat others"
    return [f"{clips} exactly ({shown}); the protocol grouped keeps them together, published does not."]


def _with_split(rows: pd.DataFrame) -> Iterable[str]:
    return (f"{clip} ({label}, {split})" for clip, label, split in rows[["clip", "label", "split"]].values)


def with_protocol(frame: pd.DataFrame, protocol: str, fold: int = 0, *, seed: int = SPLIT_SEED) -> pd.DataFrame:
    """Copy of an index with the split of a fold; every row stays in its place, and the test clips stay the test clips.

    Parameters
    ----------
    frame
        Columns clip, label, group, and split with ``test`` for the test clips. The folds are drawn from its other
        clips: those of the whole corpus are always the same, and a clip that is missing may move others.
    protocol
        ``published``: ten folds of the training clips, each class spread evenly over them; fold f is to validate on,
        the others to train on. The report does not say how it drew its own. ``grouped``: the same with whole groups;
        a training clip whose group has a test clip gets the split ``excluded``.
    fold
        0 … 9.
    seed
        Of the folds.

    Raises
    ------
    ValueError
        Unknown protocol or fold.
    CorpusError
        A class with fewer clips, or groups, than folds; ``grouped`` where nothing is known of groups.
    """
    folders.check_protocol(protocol, fold, N_FOLDS)
    tested = frame["split"] == "test"
    by = "clip" if protocol == "published" else "group"
    if protocol == "grouped" and (frame["group"] == frame["clip"]).all():
        raise CorpusError(
            "the protocol grouped needs groups, and none are known: the table of clips has no freesound_id (the one "
            f"from Zenodo, {TABLES['train'][0]}, has it), and no two clips hold the same. Take published"
        )
    shared = ~tested & frame["group"].isin(frame.loc[tested, "group"]) & (protocol == "grouped")
    fold_of = stratified_folds(frame[~tested & ~shared], by, N_FOLDS[protocol], seed)
    split = frame[by].map(fold_of).eq(fold).map({True: "validation", False: "train"})
    return frame.assign(split=split.mask(tested, "test").mask(shared, EXCLUDED))
