"""A stand-in with the label sets of the report's figure 1: 48,411 tracks, 77,772 labels, 55 genres; sounds are made.

The number of tracks of each genre is exactly that of the figure (``embedded/figure1/genres.csv``). Which genres go
together is not published: 29,361 tracks have two genres and 19,050 have one, dealt at random, never the same one twice.
The sound of a track depends on its genres (`data_prep.figure1_sounds`). It is made when `signals` asks for it and kept
nowhere; the hash of a track is that of its recipe. Nothing measured on these sounds says anything about music; what
depends on the label sets alone, such as the scores of a constant answer, is the report's.

A smaller corpus is the first tracks of the whole one. Its 29 named genres are those of the whole.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import data_prep
from data_prep import CorpusError, label_sets
from data_prep.hashing import N_HEX

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from data_prep.report import CheckReport

NAME = "figure1"
TITLE = "Made on the spot: 48,411 tracks with the label sets of the report's figure 1, 55 genres"
SOURCE = "data_prep/figure1_sounds.py"
LICENCE = "Apache-2.0, as this project"
SIZE = "48,411 tracks of 40 s, or fewer; no download, nothing on disk, some milliseconds a second when it is played"
SOURCES = ()  # but the formulas
VERSION = "figure1-v1"  # to be raised whenever a label set or a sound changes
FOLDER = Path(__file__).with_name("embedded") / NAME
LIST = FOLDER / "genres.csv"
N_TRACKS = 48_411
N_GENRES = label_sets.N_GENRES
SECONDS = 40
SAMPLE_RATE_HZ = label_sets.SAMPLE_RATE_HZ
SEED = 0
N_FOLDS = label_sets.N_FOLDS
COLUMNS = label_sets.COLUMNS
with_protocol = label_sets.with_protocol


def __getattr__(name: str) -> tuple[str, ...]:
    """CLASSES: the 29 most frequent genres and Others, sorted."""
    if name == "CLASSES":
        return tuple(sorted((*label_sets.frequent(_dealt()), label_sets.OTHERS)))
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def counts() -> dict[str, int]:
    """Number of tracks of each of the 55 genres in the figure, most frequent first."""
    import pandas as pd

    table = pd.read_csv(LIST)
    return dict(zip(table["genre"], table["count"].tolist(), strict=True))


def locate(data_root: Path | None = None) -> Path:
    """Folder of the figure's counts, which is part of this project. `data_root` plays no part."""
    return FOLDER


def index(
    root: Path | None = None,
    *,
    allow_incomplete: bool = False,
    n_tracks: int = N_TRACKS,
    n_genres: int = N_GENRES,
    max_per_set: int | None = None,
) -> pd.DataFrame:
    """Index of the corpus in the split of the protocol ``published``. No sound is made for it.

    Parameters
    ----------
    root, allow_incomplete
        Play no part: there is no folder, and nothing can be missing.
    n_tracks
        1 to 48,411; the first ones.
    n_genres
        Genres kept by name, the most frequent ones of the figure; the others are called Others.
    max_per_set
        Tracks that stay of each set of genres that are all frequent; see `data_prep.label_sets.thinned`. None: all.

    Returns
    -------
    DataFrame
        The columns of `data_prep.label_sets`; path is empty, group is the track, n_samples 40 s.

    Raises
    ------
    ValueError
        Another number of tracks.
    """
    import pandas as pd

    if not 1 <= n_tracks <= N_TRACKS:
        raise ValueError(f"there are 1 to {N_TRACKS:,} tracks; received n_tracks = {n_tracks}")
    dealt = _dealt()
    labels = label_sets.with_others(dealt, n_genres)
    clips = [f"{NAME}.{number:05d}" for number in range(n_tracks)]
    frame = pd.DataFrame({"clip": clips, "path": "", "label": labels[:n_tracks], "split": "train", "group": clips})
    frame["sha256"] = [_recipe(clip, genres) for clip, genres in zip(clips, dealt, strict=False)]
    frame["offset"], frame["n_samples"] = 0, SECONDS * SAMPLE_RATE_HZ
    notes = []
    if max_per_set is not None:
        frame = label_sets.thinned(frame, max_per_set)
        notes = [f"{n_tracks - len(frame)} of {n_tracks} tracks are left out to thin the most frequent genres."]
    frame = label_sets.with_protocol(frame, "published")
    frame.attrs["notes"] = notes
    return frame


def check(root: Path | None = None) -> CheckReport:
    """Compare the dealt label sets with the figure's counts: those of the named genres, and of all others together."""
    from data_prep.report import CheckReport

    report = CheckReport(NAME, FOLDER, data_prep.corpus(NAME).CLASSES, ("tracks",))
    for genre, n in counts().items():
        report.expected["tracks", genre if genre in report.classes else label_sets.OTHERS] += n
    for genre, n in label_sets.count(_dealt()).items():
        report.counts["tracks", genre if genre in report.classes else label_sets.OTHERS] += n
    if report.counts != report.expected:
        report.layout.append(f"the label sets do not add up to the counts of {LIST}: git checkout -- {LIST}")
    report.notes.append("Others counts labels: a track with two rare genres has one label Others in the index.")
    return report


def fetch(root: Path | None = None) -> Path:
    """Nothing to do without `root`: the corpus is made as it is read. Raises CorpusError if a folder is named."""
    if root is not None:
        raise CorpusError(f"the corpus {NAME} is made as it is read and not written to a folder; leave --to out")
    return FOLDER


def signals(frame: pd.DataFrame) -> Iterator[np.ndarray]:
    """The rows' samples, one after another: float32 (n_samples,) in [-1, 1). Only the seconds that a row has are made.

    Raises
    ------
    ValueError
        A clip that is not one of this corpus, or a part past its 40 s.
    """
    import numpy as np

    from data_prep.figure1_sounds import second

    dealt, number_of = _dealt(), {genre: number for number, genre in enumerate(counts())}
    for clip, offset, n_samples in zip(frame["clip"], frame["offset"], frame["n_samples"], strict=True):
        track = _track(clip)
        if not 0 <= offset <= offset + n_samples <= SECONDS * SAMPLE_RATE_HZ:
            raise ValueError(f"{clip}: samples {offset} to {offset + n_samples} are not in its {SECONDS} s")
        genres = tuple(number_of[genre] for genre in label_sets.split(dealt[track]))
        first, end = offset // SAMPLE_RATE_HZ, -(-(offset + n_samples) // SAMPLE_RATE_HZ)
        whole = np.concatenate([second(genres, track, n).astype(np.float32) for n in range(first, max(end, first + 1))])
        start = offset - first * SAMPLE_RATE_HZ
        yield whole[start : start + n_samples]


def _track(clip: str) -> int:
    """Number of the track that a clip, or a window of it, is of: ``figure1.00012.07`` → 12."""
    name, number = [*clip.split("."), ""][:2]
    if name != NAME or not number.isdigit() or int(number) >= N_TRACKS:
        raise ValueError(
            f"{clip!r} is not a clip of the corpus {NAME}, which are {NAME}.00000 to {NAME}.{N_TRACKS - 1}"
        )
    return int(number)


def _recipe(clip: str, genres: str) -> str:
    return hashlib.sha256(f"{VERSION}:{clip}:{genres}".encode()).hexdigest()[:N_HEX]


@functools.lru_cache(maxsize=1)
def _dealt() -> tuple[str, ...]:
    """The label sets of all tracks before any genre is renamed, in the order of the tracks.

    All 77,772 labels are shuffled and dealt; a track that gets one genre twice changes its second one with another
    track's, drawn until both have two.
    """
    import numpy as np

    random = np.random.RandomState(SEED)  # NumPy promises that this generator never changes
    genres, n = list(counts()), np.array(list(counts().values()))
    labels = random.permutation(np.repeat(np.arange(len(genres)), n))
    n_pairs = len(labels) - N_TRACKS
    first, second, single = labels[:n_pairs].copy(), labels[n_pairs : 2 * n_pairs].copy(), labels[2 * n_pairs :]
    for track in np.flatnonzero(first == second):
        while first[track] == second[track]:
            other = random.randint(n_pairs)
            if first[other] != second[track] and first[track] != second[other]:
                second[track], second[other] = second[other], second[track]
    dealt = [label_sets.join((genres[a], genres[b])) for a, b in zip(first, second, strict=True)]
    dealt += [genres[a] for a in single]
    return tuple(dealt[number] for number in random.permutation(N_TRACKS))
