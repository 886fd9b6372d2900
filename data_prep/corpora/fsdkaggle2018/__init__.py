"""FSDKaggle2018: 41 kinds of sounds from Freesound, 9,473 clips to train on and 1,600 to test on, of 0.3 to 30 s.

Files as in the archives on Zenodo, ``FSDKaggle2018.audio_train/``, ``FSDKaggle2018.audio_test/`` and their tables in
``FSDKaggle2018.meta/``, or as in the competition on Kaggle, ``audio_train/`` and ``train.csv``, which has neither
Freesound's numbers nor licences, and whose test clips have no labels; the folds need none. Some 3,710 training labels
and all test labels were verified by hand (column verified).

A group is a sound on Freesound, by its number, and with it every clip of the same samples. Sounds of one uploader,
often one instrument in one room, have no mark in the tables: no protocol here can part with them.

A part of the corpus is another corpus: see `data_prep.corpora.fsdkaggle2018_subset`.

Fonseca et al. (2018), General-purpose tagging of Freesound audio with AudioSet labels: task description, dataset, and
baseline. DCASE workshop.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from data_prep.common import folders, grouping
from data_prep.common.corpus import DATA_VARIABLE, Corpus, fetched_by, under_data_root
from data_prep.common.errors import CorpusError
from data_prep.corpora.fsdkaggle2018 import clips

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from data_prep.common.check_report import CheckReport
    from data_prep.common.recordings import Recording

NAME = "fsdkaggle2018"
RECORD = 2552860
ARCHIVE_URL = f"https://zenodo.org/records/{RECORD}/files/{{name}}?download=1"
ARCHIVES = {  # MD5 sums
    "FSDKaggle2018.meta.zip": "f16828ac8be0e5285b9175a12f90d784",
    "FSDKaggle2018.audio_test.zip": "f85c8665c3fc39311ea1b748e194a81d",
    "FSDKaggle2018.audio_train.zip": "a8b47ff4b52022c178f88fa5c6f080d0",
}
LICENCE = "Creative Commons, one a clip (column licence): CC0, CC BY or CC BY-NC"
SIZE = "11,073 clips, 20 hours; download about 5 GB, and as much again while it is unpacked"
SOURCES = ("zenodo",)
CLASSES = clips.LABELS
N_FOLDS = clips.N_FOLDS
SAMPLE_RATE_HZ = 44100
DETAILS = ("verified", "licence", "usage", "freesound_id", "offset", "n_samples")
COLUMNS = (*folders.COLUMNS, *DETAILS)
with_protocol = clips.with_protocol


def locate(data_root: Path | None = None) -> Path:
    """Folder of the corpus under the data root: ``fsdkaggle2018``.

    Raises
    ------
    CorpusError
        It is not there; says where it was looked for, how big it is and which command fetches it.
    """
    root = under_data_root(NAME, data_root)
    if not is_there(root, flat=False):
        raise CorpusError(missing(NAME, root))
    return root


def index(root: Path | None = None, *, allow_incomplete: bool = False) -> pd.DataFrame:
    """Index of the corpus in the split of the protocol ``published``, fold 0. Every sample is read and hashed.

    Parameters
    ----------
    root
        Folder of the corpus; found under the data root if None.
    allow_incomplete
        Take what can be used of a corpus that is not complete; the problems are then notes. A clip that is stereo, of
        another sample rate or not 16 bit is converted. Unreadable and empty clips are never taken.

    Returns
    -------
    DataFrame
        Columns clip (``00044347``), path, label, split, group, sha256, verified, licence, usage, freesound_id, offset,
        n_samples; sorted by clip. verified is nullable, usage ``Public`` or ``Private`` for test clips and empty for
        others, offset 0. ``frame.attrs["notes"]`` has sentences to show to the user, ``frame.attrs["skipped"]`` the
        files that cannot be read, each with the reason.

    Raises
    ------
    CorpusError
        No corpus, or one that is not as it should be: names every kind of problem with its first files.
    """
    return make_index(NAME, locate() if root is None else Path(root), allow_incomplete)


def check(root: Path | None = None) -> CheckReport:
    """Compare the corpus with its tables. Raises CorpusError if there is no corpus at all, or no table can be read."""
    return examine(NAME, locate() if root is None else Path(root))[1]


def signals(frame: pd.DataFrame) -> list[np.ndarray]:
    """The clips of an index, or of part of it: float32 (n_samples,) at 44,100 Hz in [-1, 1), one a row, in its order.

    Raises
    ------
    AudioError
        A file that cannot be read, or that has become shorter since it was indexed.
    """
    from data_prep.common.recordings import read_signals

    return read_signals(frame, SAMPLE_RATE_HZ)


def is_there(root: Path, *, flat: bool) -> bool:
    """Whether `root` has the table of the training clips and a folder of audio; if `flat`, it may be that itself."""
    return clips.find_table(root, "train") is not None and clips.find_audio(root, "train", flat=flat) is not None


def make_index(name: str, root: Path, allow_incomplete: bool) -> pd.DataFrame:
    """What `index` does, for the whole corpus or, under another name, for a part."""
    frame, report = examine(name, root)
    if frame.empty or (report.problems and not allow_incomplete):
        part = "" if name != NAME else f" If it is meant to be a part of it, take it as the corpus {NAME}-subset."
        raise CorpusError(report.refusal(advice=report.whole + part))
    frame.attrs |= {"notes": report.notes + report.problems, "root": str(root.absolute())}
    return with_protocol(frame, "published")


def examine(name: str, root: Path) -> tuple[pd.DataFrame, CheckReport]:
    """Read every listed clip under `root`; the tables of the whole corpus must list as many as the published ones.

    Returns
    -------
    frame
        An index of the clips that can be used: readable, one a name; perhaps to be converted, which the report says.
        Its split is ``train`` or ``test``.
    report
        What is wrong, and what is worth knowing.
    """
    import pandas as pd

    from data_prep.common.check_report import CheckReport
    from data_prep.common.recordings import silence_note

    if not is_there(root, flat=name != NAME):
        raise CorpusError(missing(name, root))
    report = CheckReport(name, root, CLASSES, tuple(clips.N_PUBLISHED) if name == NAME else ("train",))
    listed = [clip for split in report.parts for clip in _listed(split, report)]
    if name != NAME:
        report.classes = tuple(sorted({clip.label for clip in listed}))
    found = _read(listed, report)
    usable = [(clip, found[clip.split, clip.clip][0]) for clip in listed if _assess(clip, found, report)]
    frame = pd.DataFrame(sorted(_row(*pair) for pair in usable), columns=list(COLUMNS))
    frame["verified"] = frame["verified"].astype("boolean")
    named = frame.assign(track=frame["freesound_id"].where(frame["freesound_id"] != "", frame["clip"]))
    frame["group"] = grouping.groups(named)[0]
    report.notes += clips.repetition_note(frame) + silence_note((clip.clip, found) for clip, found in usable)
    frame.attrs["skipped"] = [[recording.path.name, recording.error] for recording in _unreadable(listed, found)]
    return frame, report


def _listed(split: str, report: CheckReport) -> list[clips.Listed]:
    """The clips of a split, as its table has them; what is wrong with the table goes into the report."""
    table = clips.find_table(report.root, split)
    if table is None:
        report.notes.append(
            f"there are no labels of the test clips ({' or '.join(clips.TABLES['test'])}), so they are left out; the "
            "folds are of the training clips alone. The fingerprint is not that of the whole corpus."
        )
        return []
    listed, problems = clips.read_table(table, split)
    report.layout += problems
    n_published = clips.N_PUBLISHED[split]
    if report.corpus == NAME and len(listed) != n_published:
        n = f"{len(listed):,} clips, the published one {n_published:,}"
        report.layout.append(f"{table.name} lists {n}; get it anew")
    return listed


def _read(listed: list[clips.Listed], report: CheckReport) -> dict[tuple[str, str], list[Recording]]:
    """The recordings of each listed clip by split and name; files that no table lists go into the report."""
    from data_prep.common.recordings import read_recordings

    wanted, files = {(clip.split, clip.clip) for clip in listed}, []
    for split in report.parts:
        folder = clips.find_audio(report.root, split, flat=report.corpus != NAME)
        paths = [] if folder is None else folders.visible(folder)
        paths = [path for path in paths if path.suffix.lower() in clips.SUFFIXES and path.is_file()]
        files += [(split, path) for path in paths if (split, path.stem) in wanted]
        _unlisted(split, [path for path in paths if (split, path.stem) not in wanted], report)
    recordings = read_recordings([path for _, path in files], SAMPLE_RATE_HZ, report.corpus)
    found: dict[tuple[str, str], list[Recording]] = {}
    for (split, path), recording in zip(files, recordings, strict=True):
        found.setdefault((split, path.stem), []).append(recording)
    return found


def _unlisted(split: str, paths: list[Path], report: CheckReport) -> None:
    """Kaggle's test clips are mostly padding without a label; a training clip that is not listed is a mistake."""
    if split == "test" and paths:
        report.notes.append(f"{len(paths):,} test clips without a label (as {paths[0].name}) are left out.")
    if split == "train":
        report.extra += [f"{path.parent.name}/{path.name}: no table lists it; remove it" for path in paths]


def _assess(clip: clips.Listed, found: dict[tuple[str, str], list[Recording]], report: CheckReport) -> bool:
    """Whether a clip can be used. Whatever is not as it should be about it goes into the report."""
    from data_prep.common.recordings import describe

    report.expect(clip.split, clip.label)
    here = found.get((clip.split, clip.clip), [])
    if not here:
        report.missing.append((clip.split, clip.label, clip.clip))
        return False
    first = here[0]
    if len(here) > 1:
        names = ", ".join(recording.path.name for recording in here)
        report.extra.append(f"{clip.clip} is there {len(here)} times: {names}; remove all but one")
    if first.error:
        report.unreadable.append((first.path.name, first.error))
        return False
    if first.form:
        report.misfit.append(f"{first.path.name} is {first.form}; expected {describe(SAMPLE_RATE_HZ)}")
    report.count(clip.split, clip.label)
    return True


def _unreadable(listed: list[clips.Listed], found: dict[tuple[str, str], list[Recording]]) -> Iterable[Recording]:
    firsts = (found[clip.split, clip.clip][0] for clip in listed if (clip.split, clip.clip) in found)
    return (recording for recording in firsts if recording.error)


def _row(clip: clips.Listed, recording: Recording) -> tuple:
    place = (clip.clip, str(recording.path.absolute()), clip.label, clip.split, "", recording.sha256)
    return (*place, clip.verified, clip.licence, clip.usage, clip.freesound_id, 0, recording.n_samples)


def missing(name: str, root: Path) -> str:
    """What to say when the corpus is not in `root`."""
    train, table = clips.AUDIO_FOLDERS["train"], clips.TABLES["train"]
    text = (
        f"the corpus {name} is not in {root} (expected there: {train[0]}/ and {clips.TABLE_FOLDERS[0]}/{table[0]}, or "
        f"{train[1]}/ and {table[1]}"
    )
    if name != NAME:
        return f"{text}, or wav or flac files and {table[1]}).\nThe whole corpus is fetched by 'fetch {NAME}'."
    return (
        f"{text}).\nTo fetch it ({SIZE}):\n"
        "  python -m data_prep fetch fsdkaggle2018               the archives, from Zenodo\n"
        "  python -m data_prep fetch fsdkaggle2018 --from PATH   a folder that has them, packed or not\n"
        f"It goes into {under_data_root(NAME)}. If you have it elsewhere, set {DATA_VARIABLE} "
        f"to the folder that holds {NAME}/."
    )


CORPUS = Corpus(
    NAME,
    TITLE="FSDKaggle2018: 41 kinds of sounds from Freesound, 11,073 clips",
    SOURCE=f"https://zenodo.org/records/{RECORD}, https://www.kaggle.com/c/freesound-audio-tagging",
    LICENCE=LICENCE,
    SIZE=SIZE,
    N_FOLDS=N_FOLDS,
    classes=lambda: CLASSES,
    locate=locate,
    index=index,
    check=check,
    with_protocol=with_protocol,
    SOURCES=SOURCES,
    SAMPLE_RATE_HZ=SAMPLE_RATE_HZ,
    fetch=fetched_by("data_prep.corpora.fsdkaggle2018.fetch"),
    signals=signals,
)
