"""GTZAN: ten genres of music, 100 tracks of 30 s each, 22,050 Hz, mono, 16 bit (Tzanetakis and Cook, 2002).

The files lie in a folder a genre, ``jazz/jazz.00003.wav`` (or au, flac), and these in the root of the corpus or in a
folder ``genres``, ``genres_original`` or ``Data/genres_original``, as the copies in circulation have it.

Some tracks repeat others to the last sample. They are named, and share a group. Others hold the same recording in other
samples, or another song of one artist, which no hash finds: of the protocols only ``fault_filtered`` parts with them.
``jazz.00054.wav`` cannot be read in Kaggle's copy, and maybe in others: it is named, and the other 999 tracks are the
corpus then.

A part of the corpus is another corpus: see `data_prep.corpora.gtzan.part`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from data_prep.common import folders, grouping
from data_prep.common.corpus import DATA_VARIABLE, Corpus, fetched_by, under_data_root
from data_prep.common.errors import CorpusError
from data_prep.corpora.gtzan import tracks as gtzan_tracks

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from data_prep.common.check_report import CheckReport
    from data_prep.common.recordings import Recording

NAME = "gtzan"
DATASET = "marsyas/gtzan"  # on Hugging Face: the original archive
ARCHIVE_URL = f"https://huggingface.co/datasets/{DATASET}/resolve/main/data/genres.tar.gz"
ARCHIVE_SHA256 = "24347e0223d2ba798e0a558c4c172d9d4a19c00bb7963fe055d183dadb4ef2c6"  # of 1,225,571,541 bytes
KAGGLE_DATASET = "andradaolteanu/gtzan-dataset-music-genre-classification"
LICENCE = "none stated: excerpts of published music, for research, not for passing on"
SIZE = "1,000 tracks, 1.3 GB; download 1.2 GB"
SOURCES = ("huggingface", "kaggle")
CLASSES = gtzan_tracks.GENRES
N_FOLDS = gtzan_tracks.N_FOLDS
SAMPLE_RATE_HZ = 22050
N_SAMPLES = (660_000, 675_808)  # of the shortest and of the longest track
SUFFIXES = (".wav", ".au", ".flac")
LAYOUTS = (".", "genres", "genres_original", "Data/genres_original", "Data/genres")
KNOWN_FAULTS = ("jazz.00054",)  # has no header in Kaggle's copy
HOW_TO_FETCH = f"""To fetch it ({SIZE}):
  python -m data_prep fetch gtzan                   the original archive, from Hugging Face
  python -m data_prep fetch gtzan --source kaggle   the same tracks, one of them unreadable, from Kaggle
  python -m data_prep fetch gtzan --from PATH       a folder, zip or tar.gz file that you already have
It goes into {NAME}/ in the data folder. If you have it elsewhere, set {DATA_VARIABLE} to the folder that
holds {NAME}/."""
COLUMNS = (*folders.COLUMNS, "track", "offset", "n_samples")
PARTS = ("tracks", "usable")
windows = gtzan_tracks.windows
with_protocol = gtzan_tracks.with_protocol


def locate(data_root: Path | None = None) -> Path:
    """Folder of the corpus under the data root: ``gtzan``.

    Raises
    ------
    CorpusError
        It is not there; says where it was looked for, how big it is and which command fetches it.
    """
    return with_audio(NAME, under_data_root(NAME, data_root), HOW_TO_FETCH)


def index(root: Path | None = None, *, allow_incomplete: bool = False) -> pd.DataFrame:
    """Index of the corpus in the split of the protocol ``published``. Every sample is read and hashed.

    Parameters
    ----------
    root
        Folder of the corpus; found under the data root if None.
    allow_incomplete
        Take what can be used of a corpus that is not complete; the problems are then notes. A track that is stereo, of
        another sample rate or not 16 bit is converted. Unreadable tracks are never taken.

    Returns
    -------
    DataFrame
        Columns clip (``jazz.00003``), path, label, split, group, sha256, track, offset, n_samples; sorted by clip.
        track is the clip, offset 0; in a frame of windows they are not. group is the track, or the first of those that
        hold the same. ``frame.attrs["notes"]`` has sentences to show to the user, ``frame.attrs["skipped"]`` the
        files that cannot be read, each with the reason.

    Raises
    ------
    CorpusError
        No corpus, or one that is not as it should be: names every kind of problem with its first files.
    """
    return make_index(*_examined(root), allow_incomplete)


def check(root: Path | None = None) -> CheckReport:
    """Compare the corpus with what is expected. Raises CorpusError only if there is no corpus at all."""
    return _examined(root)[1]


def signals(frame: pd.DataFrame) -> list[np.ndarray]:
    """The tracks of an index, or the windows of `windows`: float32 (n_samples,) in [-1, 1), one a row, in its order.

    A track is decoded once for all its windows that follow one another.

    Raises
    ------
    AudioError
        A file that cannot be read, or that has become shorter since it was indexed.
    """
    from data_prep.common.recordings import read_signals

    return read_signals(frame, SAMPLE_RATE_HZ)


def audio_folder(root: Path) -> Path | None:
    """The folder with the genres' folders, in one of the usual places under `root`; None if there is none."""
    for place in LAYOUTS:
        if any((root / place / genre).is_dir() for genre in CLASSES):
            return root / place
    return None


def genres_in(root: Path) -> tuple[str, ...]:
    """Genres that have a folder under `root`, sorted; none if there is no corpus."""
    folder = audio_folder(root)
    return () if folder is None else tuple(genre for genre in CLASSES if (folder / genre).is_dir())


def make_index(frame: pd.DataFrame, report: CheckReport, allow_incomplete: bool) -> pd.DataFrame:
    """What `index` gives, of what `examine` found; raises CorpusError as it does."""
    if frame.empty or (report.problems and not allow_incomplete):
        part = " If it is meant to be a part of GTZAN, take it as the corpus gtzan-subset."
        raise CorpusError(report.refusal(advice=report.whole + (part if report.corpus == NAME else "")))
    frame.attrs |= {"notes": report.notes + report.problems, "root": str(report.root.absolute())}
    return with_protocol(frame, "published")


def examine(
    name: str, root: Path, tracks: Sequence[str] | None, n_samples: tuple[int, int] | None = None
) -> tuple[pd.DataFrame, CheckReport]:
    """Read every track under `root`, which is there, as the corpus `name`.

    Parameters
    ----------
    tracks
        Names of those that must be there, sorted; if None, those that are.
    n_samples
        Of the shortest and of the longest; `N_SAMPLES` if None.

    Returns
    -------
    frame
        An index of the tracks that can be used: readable, one a clip; perhaps to be converted, which the report says.
    report
        What is wrong, and what is worth knowing.
    """
    import pandas as pd

    from data_prep.common.check_report import CheckReport
    from data_prep.common.recordings import silence_note

    report = CheckReport(name, root, genres_in(root) if tracks is None else CLASSES, PARTS)
    found = _read(name, _scan(audio_folder(root), report, gtzan_tracks.track_names() if tracks is None else tracks))
    usable, skipped = [], []
    for clip in sorted(found) if tracks is None else tracks:
        if _assess(clip, found.get(clip, []), report, n_samples or N_SAMPLES):
            usable.append((clip, found[clip][0]))
        skipped += [[recording.path.name, recording.error] for recording in found.get(clip, [])[:1] if recording.error]
    rows = [_row(clip, recording) for clip, recording in usable]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    frame["group"], repeated = grouping.groups(frame)
    report.notes += gtzan_tracks.repetition_note(repeated) + silence_note(usable)
    frame.attrs["skipped"] = skipped
    return frame, report


def _examined(root: Path | None) -> tuple[pd.DataFrame, CheckReport]:
    root = locate() if root is None else with_audio(NAME, Path(root), HOW_TO_FETCH)
    return examine(NAME, root, gtzan_tracks.track_names())


def _scan(folder: Path, report: CheckReport, known: Sequence[str]) -> dict[str, list[Path]]:
    """The files of each track; what does not belong there goes into the report."""
    found: dict[str, list[Path]] = {}
    for path in folders.visible(folder):
        stray = [path] if path.is_file() else folders.visible(path)
        if path.name not in CLASSES and any(file.suffix.lower() in SUFFIXES for file in stray):
            kind = "a file outside the genres' folders" if path.is_file() else "a folder of audio that is no genre"
            report.layout.append(f"{path.name}: {kind} ({', '.join(CLASSES)})")
    for genre in report.classes:
        if not folders.visible(folder / genre):
            report.layout.append(f"no tracks in {genre}/")
        for path in folders.visible(folder / genre):
            fault = _misplaced(path, genre, known)
            if fault:
                report.extra.append(f"{genre}/{path.name}: {fault}")
            else:
                found.setdefault(path.stem, []).append(path)
    return found


def _misplaced(path: Path, genre: str, known: Sequence[str]) -> str:
    """What is wrong about a file in a genre's folder; empty if it is one of the `known` tracks of that genre."""
    names = [name for name in known if gtzan_tracks.genre_of(name) == genre]
    if path.is_dir() or path.suffix.lower() not in SUFFIXES:
        return f"{'a folder' if path.is_dir() else 'not a wav, au or flac file'}; remove it"
    if path.stem in names:
        return ""
    if path.stem in known:
        return f"belongs in {gtzan_tracks.genre_of(path.stem)}/"
    return f"not named {names[0]} to {names[-1]}; rename or remove it"


def _read(name: str, files: dict[str, list[Path]]) -> dict[str, list[Recording]]:
    from data_prep.common.recordings import read_recordings

    paths = [path for clip in sorted(files) for path in files[clip]]
    found: dict[str, list[Recording]] = {}
    for recording in read_recordings(paths, SAMPLE_RATE_HZ, name):
        found.setdefault(recording.path.stem, []).append(recording)
    return found


def _assess(clip: str, here: list[Recording], report: CheckReport, n_samples: tuple[int, int]) -> bool:
    """Whether a track can be used. Whatever is not as it should be about it goes into the report."""
    label = gtzan_tracks.genre_of(clip)
    for part in PARTS:
        report.expect(part, label)
    if not here:
        if clip in KNOWN_FAULTS:
            report.notes.append(f"{clip} is missing, which is well known of some copies; the other tracks are used.")
        else:
            report.missing.append((PARTS[0], label, clip))
        return False
    report.count(PARTS[0], label)
    if len(here) > 1:
        names = ", ".join(recording.path.name for recording in here)
        report.extra.append(f"{clip} is there {len(here)} times: {names}; remove all but one")
    name, error = here[0].path.name, here[0].error
    if error and clip in KNOWN_FAULTS:
        report.notes.append(f"1 track cannot be used, a fault of some copies that is well known: {name}: {error}")
    elif error:
        report.unreadable.append((name, error))
    else:
        report.count(PARTS[1], label)
        report.misfit += _misfits(name, here[0], n_samples)
    return not error


def _misfits(name: str, recording: Recording, n_samples: tuple[int, int]) -> list[str]:
    from data_prep.common.recordings import describe

    if recording.form:
        return [f"{name} is {recording.form}; expected {describe(SAMPLE_RATE_HZ)}"]
    n_least, n_most = n_samples
    if n_least <= recording.n_samples <= n_most:
        return []
    found = f"{recording.n_samples:,} samples, {recording.n_samples / SAMPLE_RATE_HZ:.1f} s"
    expected = f"{n_least:,}" if n_least == n_most else f"{n_least:,} to {n_most:,}"
    too = "short" if recording.n_samples < n_least else "long"
    return [f"{name} is too {too}: {found}; expected {expected}"]


def _row(clip: str, recording: Recording) -> tuple:
    path, label = str(recording.path.absolute()), gtzan_tracks.genre_of(clip)
    return clip, path, label, "train", clip, recording.sha256, clip, 0, recording.n_samples


def with_audio(name: str, root: Path, advice: str) -> Path:
    """`root`, which has folders of genres; else CorpusError, with `advice` on how they come to be there."""
    if audio_folder(root) is not None:
        return root
    places = ", ".join(f"{place}/<genre>/" for place in LAYOUTS[1:4])
    raise CorpusError(
        f"the corpus {name} is not in {root} (expected there: files such as jazz/jazz.00003.wav, au or flac, in "
        f"<genre>/, {places}).\n{advice}"
    )


CORPUS = Corpus(
    NAME,
    TITLE="GTZAN: ten genres of music, 1,000 tracks of 30 s",
    SOURCE=f"https://huggingface.co/datasets/{DATASET}, https://www.kaggle.com/datasets/{KAGGLE_DATASET}",
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
    fetch=fetched_by("data_prep.corpora.gtzan.fetch"),
    signals=signals,
    windows=windows,
)
