"""VEGAS: ten kinds of sounds in videos, about 28,000 clips of 2 to 10 s (Zhou et al., 2018), to begin a training on.

It is a corpus to pretrain with, so any part of it will do: its classes are those that have a folder, nothing is
missing from it, and what cannot be read is named and left out. The audio files lie in a folder a class, as
``dog/audios/video_00001.wav`` in the published layout or ``dog/video_00001.wav``, and these in the root of the corpus
or in ``data/``, ``VEGAS/`` or ``VEGAS/data/``. Another sample rate than 44.1 kHz and several channels are converted.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from data_prep.common import folders as layout
from data_prep.common import grouping
from data_prep.common.corpus import Corpus, under_data_root
from data_prep.common.errors import CorpusError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from data_prep.common.check_report import CheckReport
    from data_prep.common.recordings import Recording

NAME = "vegas"
SOURCE = "https://arxiv.org/abs/1712.01393"
KNOWN = (
    *("baby_cry", "chainsaw", "dog", "drum", "fireworks", "helicopter", "printer", "rail_transport", "snoring"),
    "water_flowing",
)
BY_HAND = (
    f"ask its authors ({SOURCE}) for it, and put it into the folder {NAME} under the data root; of videos without "
    "audio files, extract the audio first, for example with ffmpeg"
)
N_FOLDS = {"published": 10}
SPLIT_SEED = 0
SAMPLE_RATE_HZ = 44100
LAYOUTS = (".", "data", "VEGAS", "VEGAS/data")
AUDIO_FOLDERS = ("audios", "audio", ".")
SUFFIXES = (".wav", ".flac", ".ogg", ".mp3")
COLUMNS = (*layout.COLUMNS, "offset", "n_samples")
PARTS = ("clips", "usable")


def classes() -> tuple[str, ...]:
    """Those that have audio under the data root, looked up each time; all ten where there is no corpus."""
    return tuple(_audio_folders(under_data_root(NAME))) or KNOWN


def locate(data_root: Path | None = None) -> Path:
    """Folder of the corpus under the data root: ``vegas``. Raises CorpusError if it is not there."""
    root = under_data_root(NAME, data_root)
    if not _audio_folders(root):
        raise CorpusError(_missing(root))
    return root


def index(root: Path | None = None, *, allow_incomplete: bool = False) -> pd.DataFrame:
    """Index of the clips that can be used, in the split of the protocol ``published``, fold 0. All samples are read.

    Parameters
    ----------
    root
        Folder of the corpus; found under the data root if None.
    allow_incomplete
        Go on even if more than half of the clips cannot be used.

    Returns
    -------
    DataFrame
        Columns clip (``dog.video_00001``), path, label, split, group, sha256, offset (0), n_samples; sorted by clip.
        group is the clip, or the first of those that hold the same samples. ``frame.attrs["notes"]`` has sentences to
        show to the user, ``frame.attrs["skipped"]`` the files that cannot be used, each with the reason.

    Raises
    ------
    CorpusError
        No corpus, less than half of it usable, or a class with fewer clips than folds.
    """
    frame, report = _examine(locate() if root is None else Path(root))
    report.refuse_mostly_unusable(len(report.unreadable), len(frame), "clips", allow_incomplete)
    frame.attrs |= {"notes": report.notes + report.problems, "root": str(report.root.absolute())}
    return with_protocol(frame, "published")


def check(root: Path | None = None) -> CheckReport:
    """Examine what is there. Raises CorpusError only if there is no corpus at all."""
    return _examine(locate() if root is None else Path(root))[1]


def signals(frame: pd.DataFrame) -> list[np.ndarray]:
    """The clips of an index, or of part of it: float32 (n_samples,) at 44,100 Hz in [-1, 1), one a row, in its order.

    Raises
    ------
    AudioError
        A file that cannot be read, or that has become shorter since it was indexed.
    """
    from data_prep.common.recordings import read_signals

    return read_signals(frame, SAMPLE_RATE_HZ)


def with_protocol(frame: pd.DataFrame, protocol: str, fold: int = 0, *, seed: int = SPLIT_SEED) -> pd.DataFrame:
    """Copy of an index with the split of a fold: of ten, each class spread evenly over them, fold f is to validate on.

    The corpus has no split of its own, and the report that begins on it does not say how it drew one. Clips that hold
    the same samples stay together; those of one video have no mark.

    Raises
    ------
    ValueError
        Unknown protocol or fold.
    CorpusError
        A class with fewer clips than folds.
    """
    layout.check_protocol(protocol, fold, N_FOLDS)
    fold_of = grouping.stratified_folds(frame, "group", N_FOLDS[protocol], seed)
    return frame.assign(split=frame["group"].map(fold_of).eq(fold).map({True: "validation", False: "train"}))


def _audio_folders(root: Path) -> dict[str, Path]:
    """The folder of each class that has audio, in one of the usual places under `root`; none if there is no corpus."""
    for place in LAYOUTS:
        folders = {label: _audio_folder(root / place / label) for label in KNOWN}
        if any(folders.values()):
            return {label: folder for label, folder in folders.items() if folder}
    return {}


def _audio_folder(folder: Path) -> Path | None:
    """Where a class's audio lies: the first of the usual places that has some."""
    places = (folder / name for name in AUDIO_FOLDERS)
    return next((place for place in places if any(map(_is_audio, layout.visible(place)))), None)


def _is_audio(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and path.is_file()


def _missing(root: Path) -> str:
    return (
        f"the corpus {NAME} is not in {root} (expected there: wav, flac, ogg or mp3 files such as "
        f"dog/audios/video_00001.wav or dog/video_00001.wav, in folders named {', '.join(KNOWN)}; some of them will "
        f"do). If you have it elsewhere, name the folder with --root; if not, {BY_HAND}."
    )


def _examine(root: Path) -> tuple[pd.DataFrame, CheckReport]:
    import pandas as pd

    from data_prep.common.check_report import CheckReport
    from data_prep.common.recordings import silence_note

    folders = _audio_folders(root)
    if not folders:
        raise CorpusError(_missing(root))
    report = CheckReport(NAME, root, tuple(folders), PARTS)
    absent = [label for label in KNOWN if label not in folders]
    if absent:
        report.notes.append(f"there is no audio of {', '.join(absent)}; the other classes are used.")
    rows, forms = [], Counter()
    recordings = _read(folders, report)
    for clip, label, found in recordings:
        for part in PARTS:
            report.expect(part, label)
        report.count(PARTS[0], label)
        if found.error:
            report.unreadable.append((f"{label}/{found.path.name}", found.error))
            continue
        report.count(PARTS[1], label)
        forms[found.form] += 1
        rows.append((clip, str(found.path.absolute()), label, "train", clip, found.sha256, 0, found.n_samples))
    frame = pd.DataFrame(sorted(rows), columns=list(COLUMNS))
    frame["group"], repeated = grouping.groups(frame.assign(track=frame["clip"]))
    for form, n in sorted(forms.items()):
        if form:
            report.notes.append(f"{n:,} {'file is' if n == 1 else 'files are'} {form}, converted to mono 44,100 Hz.")
    report.notes += silence_note((clip, found) for clip, _, found in recordings)
    if repeated:
        n_surplus = sum(len(same) - 1 for same in repeated)
        report.notes.append(f"{n_surplus:,} clips repeat others exactly (as {' = '.join(repeated[0])}).")
    frame.attrs["skipped"] = [list(pair) for pair in report.unreadable]
    return frame, report


def _read(folders: dict[str, Path], report: CheckReport) -> list[tuple[str, str, Recording]]:
    """Name, class and recording of each clip; a second file of one name goes into the report."""
    from data_prep.common.recordings import read_recordings

    files: dict[str, tuple[str, Path]] = {}
    for label, folder in folders.items():
        for path in filter(_is_audio, layout.visible(folder)):
            clip = f"{label}.{path.stem}"
            if clip in files:
                report.extra.append(f"{label}/{path.name}: {files[clip][1].name} has the same name; it is left out")
            else:
                files[clip] = (label, path)
    found = read_recordings([path for _, path in files.values()], SAMPLE_RATE_HZ, NAME)
    return [(clip, label, recording) for (clip, (label, _)), recording in zip(files.items(), found, strict=True)]


CORPUS = Corpus(
    NAME,
    TITLE="VEGAS: ten kinds of sounds in videos, about 28,000 clips",
    SOURCE=SOURCE,
    LICENCE="none stated: excerpts of videos from YouTube, for research, not for passing on",
    SIZE="whatever is there: folders of wav, flac, ogg or mp3 files, named after the classes",
    N_FOLDS=N_FOLDS,
    classes=classes,
    locate=locate,
    index=index,
    check=check,
    with_protocol=with_protocol,
    by_hand=BY_HAND,
    SAMPLE_RATE_HZ=SAMPLE_RATE_HZ,
    signals=signals,
)
