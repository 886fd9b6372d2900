"""FSDD: the Free Spoken Digit Dataset, six speakers who say each digit fifty times, 3,000 clips of 0.14 to 2.28 s.

The corpus is part of this project: ``embedded/fsdd/`` holds every published sample in one FLAC file (`PACK`), the list
of clips (`LIST`: clip, label, speaker, take, offset and length in samples, content hash) and the licence's terms. A
folder of the published wav files, ``{digit}_{speaker}_{take}.wav``, gives the same clips and the same fingerprint.

All clips of a speaker are of one voice, microphone and room. The protocols ``published`` and ``arithmetic`` have all
six speakers on both sides, as has the corpus's own, ``official``; ``grouped`` holds one speaker out.

``PACK`` and ``LIST`` are made from a folder of the published files by
``python -m data_prep index fsdd --root FOLDER --write-list``.
"""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

from data_prep.common import folders
from data_prep.common.corpus import Corpus, fetched_by
from data_prep.common.errors import CorpusError
from shared.audio.signals import AudioError
from shared.base.files import atomic_write

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from data_prep.common.check_report import CheckReport
    from data_prep.common.recordings import Recording

NAME = "fsdd"
REPOSITORY = "Jakobovski/free-spoken-digit-dataset"
COMMIT = "d6938f9bf1545aa66d8489fc9f1385a7abd64282"  # v1.0.10
SOURCES = ("embedded", "github")
CLASSES = ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9")
SPEAKERS = ("george", "jackson", "lucas", "nicolas", "theo", "yweweler")
N_TAKES = 50  # of each digit by each speaker, numbered 0 … 49
SAMPLE_RATE_HZ = 8000
N_FOLDS = {"published": 1, "arithmetic": 1, "official": 1, "grouped": len(SPEAKERS)}
N_TEST = {"published": 600, "arithmetic": 500}  # clips, drawn at random, as many of each digit
SPLIT_SEED = 0
N_OFFICIAL = 5  # takes 0 … 4 are the corpus's own test set
EMBEDDED = Path(__file__).parents[2] / "embedded" / NAME
PACK = "fsdd.flac"
LIST = EMBEDDED / "fsdd_clips.csv"
RESTORE = f"This folder is part of the project. To restore it: git checkout -- {EMBEDDED}"
LIST_FIELDS = ("clip", "label", "speaker", "take", "offset", "n_samples", "sha256")
FOLDER = "recordings"  # of the wav files, in the published repository
COLUMNS = (*folders.COLUMNS, "take", "offset", "n_samples")


def clips() -> pd.DataFrame:
    """The committed list of clips, sorted by clip: columns clip, label, speaker, take, offset, n_samples, sha256."""
    import pandas as pd

    return pd.read_csv(LIST, dtype={"label": str, "sha256": str})


def locate(data_root: Path | None = None) -> Path:
    """Folder of the embedded corpus, which is part of this project. `data_root` plays no part."""
    return EMBEDDED


def index(root: Path | None = None, *, allow_incomplete: bool = False) -> pd.DataFrame:
    """Index of the corpus in the split of the protocol ``published``. Every sample is read and hashed.

    Parameters
    ----------
    root
        Folder of wav files, or a folder with such a folder ``recordings``; the embedded corpus if None.
    allow_incomplete
        Take what can be used of a folder that is not the published corpus; the problems are then notes. A clip that
        is stereo, of another sample rate or not 16 bit is converted. Unreadable clips, clips without samples and with
        NaN are never taken.

    Returns
    -------
    DataFrame
        Columns clip (``0_george_0``), path, label, split, group (speaker), sha256, take, offset, n_samples; sorted by
        clip. Offset and n_samples are in samples at 8 kHz; the embedded clips have one path. ``frame.attrs["notes"]``
        has sentences to show to the user.

    Raises
    ------
    CorpusError
        No corpus, or one that is not as it should be: names every kind of problem with its first files.
    """
    frame, report = _examine(root)
    if frame.empty or (report.problems and not allow_incomplete):
        raise CorpusError(report.refusal(advice=_advice(report)))
    frame.attrs["notes"] = report.notes + report.problems
    return with_protocol(frame, "published")


def check(root: Path | None = None) -> CheckReport:
    """Compare the corpus with the published list. Raises CorpusError only if there is no corpus at all."""
    return _examine(root)[1]


def signals(frame: pd.DataFrame) -> list[np.ndarray]:
    """The clips of an index, or of part of it: float32 (n_samples,) in [-1, 1), one a row, in the frame's order.

    Raises
    ------
    AudioError
        A file that cannot be read, or that has become shorter since it was indexed.
    """
    from data_prep.common.recordings import read_signals

    return read_signals(frame, SAMPLE_RATE_HZ)


def with_protocol(frame: pd.DataFrame, protocol: str, fold: int = 0) -> pd.DataFrame:
    """Copy of an index with the split of a protocol. There are ``train`` and ``test`` and no validation.

    Parameters
    ----------
    frame
        From `index`.
    protocol
        ``published``: 600 clips to test on, 60 of each digit, drawn at random once and for all. ``arithmetic``: 500,
        50 of each digit, all of them among those 600. ``official``: takes 0 to 4, 300 clips, as the corpus's own
        README has it. ``grouped``: the 500 clips of speaker f, by alphabet.
    fold
        0 … 5 for ``grouped``, 0 for the others.

    Raises
    ------
    ValueError
        Unknown protocol or fold.
    """
    folders.check_protocol(protocol, fold, N_FOLDS)
    if protocol == "grouped":
        tested = frame["group"] == SPEAKERS[fold]
    elif protocol == "official":
        tested = frame["take"] < N_OFFICIAL
    else:
        tested = frame["clip"].isin(_drawn(N_TEST[protocol]))
    return frame.assign(split=tested.map({True: "test", False: "train"}))


def _drawn(n_test: int) -> set[str]:
    """Clips to test on: the first of each digit's clips, sorted by name and then shuffled with `SPLIT_SEED`.

    They are drawn from the published list, so a clip that is missing moves no other.
    """
    import numpy as np

    random = np.random.RandomState(SPLIT_SEED)  # NumPy promises that this generator never changes
    drawn = set()
    for label in CLASSES:
        drawn.update(random.permutation(clip_names(label))[: n_test // len(CLASSES)].tolist())
    return drawn


def write_list(root: Path | None = None, folder: Path | None = None) -> int:
    """Make the embedded corpus anew from the published wav files in `root`; in `EMBEDDED` if no `folder` is given.

    Returns
    -------
    int
        Number of clips.

    Raises
    ------
    CorpusError
        No `root` is named, or it does not hold 6 × 10 × 50 clips of 8 kHz, mono, 16 bit.
    """
    from data_prep.common.check_report import CheckReport
    from data_prep.common.recordings import read_signals, write_pack

    if root is None:
        raise CorpusError("name the folder of the published wav files with --root")
    folder = EMBEDDED if folder is None else folder
    report = CheckReport(NAME, Path(root), CLASSES, SPEAKERS)
    found = _read_folder(report)
    names = clip_names()
    problems = [f"missing: {name}.wav" for name in names if name not in found] + report.problems
    for _, (recording, *others) in sorted(found.items()):
        problems += [f"there twice: {other.path.name}" for other in others]
        if recording.error or recording.form:
            problems.append(f"{recording.path.name}: {recording.error or recording.form}")
    if problems:
        lines = "".join(f"\n  {problem}" for problem in problems)
        raise CorpusError(f"no list of clips can be made from {root}:{lines}")
    text, offset = io.StringIO(), 0
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(LIST_FIELDS)
    for name in names:
        recording = found[name][0]
        writer.writerow([name, *name.split("_"), offset, recording.n_samples, recording.sha256])
        offset += recording.n_samples
    signals = read_signals(_frame([(name, found[name][0]) for name in names]), SAMPLE_RATE_HZ)
    write_pack(folder / PACK, signals, SAMPLE_RATE_HZ)
    atomic_write(folder / LIST.name, lambda file: file.write(text.getvalue().encode("ascii")))
    return len(names)


def clip_names(label: str | None = None) -> list[str]:
    """Names of all clips, or of those of one digit, sorted: ``0_george_0`` … ``9_yweweler_9``."""
    labels = CLASSES if label is None else (label,)
    return sorted(f"{digit}_{speaker}_{take}" for digit, speaker, take in product(labels, SPEAKERS, range(N_TAKES)))


def _examine(root: Path | None) -> tuple[pd.DataFrame, CheckReport]:
    from data_prep.common.check_report import CheckReport
    from data_prep.common.recordings import compare

    report = CheckReport(NAME, EMBEDDED if root is None else Path(root), CLASSES, SPEAKERS)
    try:
        expected = clips()
        if root is None or (report.root / PACK).exists():
            pack, listed = (report.root / PACK).stat(), LIST.stat()
            states = (pack.st_size, pack.st_mtime_ns, listed.st_size, listed.st_mtime_ns)
            packed = _read_pack(report.root / PACK, states)
            found = {clip: [recording] for clip, recording in zip(expected["clip"], packed, strict=True)}
        else:
            found = _read_folder(report)
    except (AudioError, FileNotFoundError) as error:
        raise CorpusError(f"{error}\n{RESTORE}") from error
    usable = compare(found, expected.rename(columns={"speaker": "part"}), SAMPLE_RATE_HZ, report)
    return _frame(usable), report


@lru_cache(maxsize=1)
def _read_pack(path: Path, states: tuple[int, ...]) -> list[Recording]:
    """The recordings of a pack as the list has them; read once, as long as the sizes and times of both stay."""
    from data_prep.common.recordings import read_pack

    return read_pack(path, clips(), SAMPLE_RATE_HZ)


def _read_folder(report: CheckReport) -> dict[str, list[Recording]]:
    """The recordings that each clip has in the report's folder; what does not belong there goes into the report."""
    from data_prep.common.recordings import read_recording
    from shared.base.progress import progress

    folder = report.root / FOLDER if (report.root / FOLDER).is_dir() else report.root
    paths, foreign, known = [], [], set(clip_names())
    for path in folders.visible(folder):
        if path.is_dir() or path.suffix.lower() != ".wav":
            foreign.append(f"{path.name}: {'a folder' if path.is_dir() else 'not a wav file'}; remove it")
        elif not re.fullmatch(r"\d_[a-z]+_\d+", path.stem):
            report.extra.append(f"{path.name}: not named digit_speaker_take.wav, as 7_theo_12.wav; rename or remove it")
        elif path.stem not in known:
            speakers = ", ".join(SPEAKERS)
            report.extra.append(f"{path.name}: no such clip (speakers {speakers}; takes 0 to {N_TAKES - 1}); remove it")
        else:
            paths.append(path)
    if not paths:
        wanted = f"digit_speaker_take.wav, such as 7_theo_12.wav, or a folder {FOLDER}/ of such files"
        what = f"the corpus fsdd is not in {report.root} (expected there: {wanted})"
        raise CorpusError(report.refusal(what, _advice(report)))  # another folder: nothing is to be removed from it
    report.extra += foreign
    found = defaultdict(list)
    for path in progress(paths, len(paths), "reading fsdd"):
        found[path.stem].append(read_recording(path, SAMPLE_RATE_HZ))
    return found


def _advice(report: CheckReport) -> str:
    if report.root == EMBEDDED:
        return RESTORE
    embedded = "The corpus embedded in this project is used when no folder is named; to write it out as wav files:"
    whole = f"{report.whole} " if report.problems else ""
    return f"{whole}{embedded} python -m data_prep fetch fsdd --to DIR"


def _frame(found: list[tuple[str, Recording]]) -> pd.DataFrame:
    import pandas as pd

    rows = []
    for clip, recording in found:
        label, speaker, take = clip.split("_")
        place = (clip, str(recording.path.absolute()), label, "train", speaker, recording.sha256)
        rows.append((*place, int(take), recording.offset, recording.n_samples))
    return pd.DataFrame(sorted(rows), columns=list(COLUMNS))


CORPUS = Corpus(
    NAME,
    TITLE="Free Spoken Digit Dataset: ten digits, six speakers, fifty takes, 3,000 clips at 8 kHz",
    SOURCE=f"https://github.com/{REPOSITORY} (DOI 10.5281/zenodo.1342401)",
    LICENCE="CC BY-SA 4.0 (data_prep/embedded/fsdd/ATTRIBUTION.md)",
    SIZE="3,000 clips, 11 MB, part of this project; 21 MB when written out as wav files",
    N_FOLDS=N_FOLDS,
    classes=lambda: CLASSES,
    locate=locate,
    index=index,
    check=check,
    with_protocol=with_protocol,
    SOURCES=SOURCES,
    SAMPLE_RATE_HZ=SAMPLE_RATE_HZ,
    fetch=fetched_by("data_prep.corpora.fsdd.fetch"),
    signals=signals,
    write_list=write_list,
)
