"""A stand-in of real sounds: tracks that play one or two recordings of instruments; the labels are their classes.

The recordings are those of a folder of FSDKaggle2018, or of a part of it: ``train.csv`` (fname, label) and the files.
Each class's recordings are dealt to `N_POOLS` pools. A track takes its recordings from one pool, which is its group, so
that under ``grouped`` no recording is heard both in training and in validation; under ``published`` it may be. Three
tracks in four have two labels, as in the report's library (22,570 of 30,543).

A track lasts 5 s. A recording that is shorter is repeated. Recordings are brought to one loudness, then mixed at levels
that differ by up to 12 dB.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from data_prep.common import label_sets
from data_prep.common.corpus import Corpus, under_data_root
from data_prep.common.errors import CorpusError
from data_prep.common.hashing import N_HEX
from shared.base.csv_files import CsvError, read_csv

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from data_prep.common.check_report import CheckReport

NAME = "mixtures"
FOLDER = "fsdkaggle2018_subset"  # under the data root
TABLE = "train.csv"
EXPECTED = f"{TABLE} with the columns fname, label, and the files that it names"
VERSION = "mixtures-v2"  # to be raised whenever a track changes
N_TRACKS = 1_000
N_POOLS = 7  # one of them is 14 % of the tracks, the most that fits into the 15 % of validation
TWO_LABELS = 22_570 / 30_543  # share of the tracks (data_prep/embedded/library_labels/label_pairs.csv)
SECONDS = 5
LEVEL_DB = 6.0  # a recording's level is drawn from -6 to 6 dB
PEAK = 0.9
SEED = 0
SAMPLE_RATE_HZ = label_sets.SAMPLE_RATE_HZ
N_FOLDS = label_sets.N_FOLDS
COLUMNS = label_sets.COLUMNS
PARTS = ("named", "usable")
with_protocol = label_sets.with_protocol


def material(root: Path) -> pd.DataFrame:
    """The recordings to mix: columns path and label. The one place that knows how they lie on disk."""
    import pandas as pd

    try:
        table = read_csv(root / TABLE)
    except CsvError as error:
        raise CorpusError(str(error)) from None
    if not {"fname", "label"} <= set(table.header):
        raise CorpusError(f"{root / TABLE} has the columns {', '.join(table.header)}; expected are fname, label")
    faults = [f"{table.place(line)}: {line.fault}" for line in table.lines if line.fault]
    if faults:
        raise CorpusError(faults[0])
    rows = [dict(zip(table.header, line.cells, strict=True)) for line in table.lines]
    rows = [(str((root / row["fname"]).absolute()), row["label"]) for row in rows]
    return pd.DataFrame(rows, columns=["path", "label"])


def classes() -> tuple[str, ...]:
    """The labels of the recordings under the data root, looked up each time; none where there are none."""
    try:
        return tuple(sorted(set(material(locate())["label"])))
    except CorpusError:
        return ()


def locate(data_root: Path | None = None) -> Path:
    """Folder of the recordings under the data root. Raises CorpusError if it is not there."""
    return _with_table(under_data_root(FOLDER, data_root))


def index(root: Path | None = None, *, allow_incomplete: bool = False, n_tracks: int = N_TRACKS) -> pd.DataFrame:
    """Index of the corpus in the split of the protocol ``published``. Every recording is read and hashed.

    Parameters
    ----------
    root
        Folder of the recordings; found under the data root if None.
    allow_incomplete
        Mix what can be used even if recordings are missing or cannot be read; they are notes then, and the tracks are
        others than those of the whole folder.
    n_tracks
        1 or more; a smaller corpus is the first tracks of a larger one.

    Returns
    -------
    DataFrame
        The columns of `data_prep.common.label_sets`. path has the recordings' paths, joined with ``|``; group is the
        pool; sha256 is that of the recipe and of the recordings' content.

    Raises
    ------
    CorpusError
        No recordings, some that cannot be used, or too few: a pool needs recordings of two classes.
    """
    if n_tracks < 1:
        raise ValueError(f"n_tracks must be 1 or more; received {n_tracks}")
    usable, report = _examine(root)
    if usable.empty or (report.problems and not allow_incomplete):
        what = f"the recordings in {report.root} are not as they should be"
        raise CorpusError(report.refusal(what, report.whole_or_usable))
    frame = label_sets.with_protocol(_tracks(_pooled(usable, report.root), n_tracks), "published")
    skipped = [list(pair) for pair in report.unreadable]
    frame.attrs |= {"notes": report.notes + report.problems, "skipped": skipped, "root": str(report.root.absolute())}
    return frame


def check(root: Path | None = None) -> CheckReport:
    """Examine the recordings. Raises CorpusError only if there are none."""
    return _examine(root)[1]


def signals(frame: pd.DataFrame, sample_rate_hz: int = SAMPLE_RATE_HZ, channels: int = 1) -> Iterator[np.ndarray]:
    """The rows' samples, mixed one after another, in [-1, 1): float32 (n_samples,), or (n_samples, channels).

    `offset` and `n_samples` count samples at `sample_rate_hz`. All channels are the same. A few recordings and the
    track of the row before are kept in memory.

    Raises
    ------
    AudioError
        A recording that cannot be read any more.
    """
    for clip, paths, offset, n_samples in zip(
        frame["clip"], frame["path"], frame["offset"], frame["n_samples"], strict=True
    ):
        whole = _mixed(int(clip.split(".")[1]), label_sets.split(paths), sample_rate_hz)
        yield label_sets.in_channels(whole[offset : offset + n_samples], channels)


@functools.lru_cache(maxsize=1)
def _mixed(track: int, paths: tuple[str, ...], sample_rate_hz: int) -> np.ndarray:
    import numpy as np

    random, mix = _random(track, 1), np.zeros(SECONDS * sample_rate_hz)
    for path in paths:
        sound = np.roll(_recording(path, sample_rate_hz), -int(random.uniform() * mix.size))
        loudness = np.sqrt(np.mean(sound.astype(np.float64) ** 2))
        mix += 10 ** (random.uniform(-LEVEL_DB, LEVEL_DB) / 20) * np.resize(sound, mix.size) / max(loudness, 1e-9)
    return (PEAK * mix / max(np.abs(mix).max(), 1e-9)).astype(np.float32)


@functools.lru_cache(maxsize=64)
def _recording(path: str, sample_rate_hz: int) -> np.ndarray:
    from shared.audio.signals import load_audio

    return load_audio(path, sample_rate_hz)


def _pooled(usable: pd.DataFrame, root: Path) -> pd.DataFrame:
    """The recordings with their pool: those of a class, shuffled, are dealt out one by one."""
    order = usable["sha256"].map(lambda sha256: hashlib.sha256(f"{SEED}:{sha256}".encode()).hexdigest())
    usable = usable.assign(order=order).sort_values(["label", "order"])
    usable["pool"] = usable.groupby("label").cumcount() % N_POOLS
    poor = [pool for pool in range(N_POOLS) if usable.loc[usable["pool"] == pool, "label"].nunique() < 2]
    if poor:
        raise CorpusError(
            f"{root} has too few recordings: each of {N_POOLS} pools needs two classes, so at least two classes need "
            f"{N_POOLS} recordings each"
        )
    return usable


def _tracks(pooled: pd.DataFrame, n_tracks: int) -> pd.DataFrame:
    import pandas as pd

    pools = {pool: list(here.groupby("label")) for pool, here in pooled.groupby("pool")}
    rows = []
    for track in range(n_tracks):
        pool, random, clip = track % N_POOLS, _random(track, 0), f"{NAME}.{track:05d}"
        n_labels = 1 + int(random.uniform() < TWO_LABELS)
        parts = []
        for number in random.permutation(len(pools[pool]))[:n_labels]:
            label, recordings = pools[pool][number]
            chosen = recordings.iloc[random.randint(len(recordings))]
            parts.append((label, chosen["path"], chosen["sha256"]))
        labels, paths, hashes = zip(*sorted(parts), strict=True)
        recipe = f"{VERSION}:{clip}:{','.join(hashes)}"
        sha256 = hashlib.sha256(recipe.encode()).hexdigest()[:N_HEX]
        path, label = label_sets.SEPARATOR.join(paths), label_sets.join(labels)
        rows.append((clip, path, label, "train", f"pool {pool}", sha256, 0, SECONDS * SAMPLE_RATE_HZ))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _random(track: int, purpose: int):
    """NumPy promises that this generator never changes. Each track has its own, so that none depends on the others."""
    import numpy as np

    return np.random.RandomState([SEED, track, purpose])


def _examine(root: Path | None) -> tuple[pd.DataFrame, CheckReport]:
    from data_prep.common.check_report import CheckReport
    from data_prep.common.recordings import read_recording, silence_note
    from shared.base.progress import progress

    root = locate() if root is None else _with_table(Path(root))
    named = material(root)
    report = CheckReport(NAME, root, tuple(sorted(set(named["label"]))), PARTS)
    hashes, recordings = [], []
    for row in progress(named.itertuples(index=False), len(named), f"reading {NAME}"):
        for part in PARTS:
            report.expect(part, row.label)
        report.count("named", row.label)
        found = read_recording(Path(row.path), SAMPLE_RATE_HZ)
        hashes.append(found.sha256)
        recordings.append((Path(row.path).name, found))
        if found.error:
            report.unreadable.append((Path(row.path).name, found.error))
        else:
            report.count("usable", row.label)
    named["sha256"] = hashes
    report.notes += silence_note(recordings)
    usable = named[named["sha256"] != ""]
    repeated = usable[usable["sha256"].duplicated()]
    if len(repeated):
        report.notes.append(f"{len(repeated)} recordings repeat another one and are left out.")
    return usable.drop_duplicates("sha256"), report


def _with_table(root: Path) -> Path:
    """`root`, which has the table of the recordings; else CorpusError."""
    if not (root / TABLE).is_file():
        raise CorpusError(f"the recordings for the corpus {NAME} are not in {root} (expected there: {EXPECTED})")
    return root


CORPUS = Corpus(
    NAME,
    TITLE="Mixtures of one or two instruments, made on the spot from recordings of FSDKaggle2018",
    SOURCE="https://zenodo.org/records/2552860 (FSDKaggle2018, DOI 10.5281/zenodo.2552860), or a part of it",
    LICENCE="Creative Commons, of each recording",
    SIZE="1,000 tracks of 5 s, or as many as are asked for; nothing on disk but the recordings",
    N_FOLDS=N_FOLDS,
    classes=classes,
    locate=locate,
    index=index,
    check=check,
    with_protocol=with_protocol,
    by_hand=f"put recordings of FSDKaggle2018 into the folder {FOLDER} under the data root: {EXPECTED}",
    SAMPLE_RATE_HZ=SAMPLE_RATE_HZ,
    signals=signals,
)
