"""FMA, the Free Music Archive's tracks and genres (Defferrard et al., 2017), in the form of a music library.

``fma_metadata/tracks.csv`` and ``genres.csv`` name tracks, genres, artists and an artist-filtered split; the tracks lie
in ``fma_full/``, ``fma_large/``, ``fma_medium/`` or ``fma_small/``, as ``fma_small/000/000002.mp3``. The largest of
these folders that is there is taken. Tracks with one or two genres are kept: either those that the artist chose, or, at
the level ``top``, the 16 genres at the roots of the hierarchy. The clips of all but ``fma_full`` last 30 s and are
taken whole.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from data_prep.common import folders, label_sets
from data_prep.common.corpus import Corpus, under_data_root
from data_prep.common.errors import CorpusError
from data_prep.corpora.music_library import library, library_audio

if TYPE_CHECKING:
    import pandas as pd

    from data_prep.common.check_report import CheckReport

NAME = "fma"
METADATA_URL = "https://os.unil.cloud.switch.ch/fma/fma_metadata.zip"
METADATA_SHA1 = "f0df49ffe5f2a6008d7dc83c6915b31835dfe733"
BY_HAND = (  # the files are too large to start over
    f"download {METADATA_URL} (SHA-1 {METADATA_SHA1}) and one of fma_small.zip, fma_medium.zip, fma_large.zip and "
    "fma_full.zip beside it, and unpack both in the folder fma under the data root"
)
SUBSETS = ("small", "medium", "large", "full")  # each holds those before it
SPLITS = {"training": "train", "validation": "validation", "test": "test"}
LEVELS = ("own", "top")
NEEDED = (("set", "split"), ("set", "subset"), ("artist", "id"), ("track", "genres"))
N_FOLDS = {**label_sets.N_FOLDS, "official": 1}
N_GENRES = label_sets.N_GENRES
COLUMNS = (*label_sets.COLUMNS, "official")
signals = library_audio.signals


def classes() -> tuple[str, ...]:
    """The genres of the tracks under the data root, looked up each time; none where there are none."""
    try:
        listing, _ = _listing(locate(), "own")
    except CorpusError:
        return ()
    return label_sets.classes_of(label_sets.with_others([track.label for track in listing.tracks]))


def locate(data_root: Path | None = None) -> Path:
    """Folder of the corpus under the data root: ``fma``. Raises CorpusError if it is not there."""
    return _there(under_data_root(NAME, data_root))


def index(
    root: Path | None = None,
    *,
    allow_incomplete: bool = False,
    n_genres: int = N_GENRES,
    max_per_set: int | None = None,
    level: str = "own",
) -> pd.DataFrame:
    """Index of the corpus in the split of the protocol ``published``. The middle of every track is read and hashed.

    Parameters
    ----------
    root
        Folder that holds ``fma_metadata/`` and the tracks' folder; found under the data root if None.
    allow_incomplete, n_genres, max_per_set
        As in `data_prep.corpora.music_library.index`.
    level
        ``own``: the genres that the artist chose. ``top``: the root of each in the hierarchy.

    Returns
    -------
    DataFrame
        The columns of `data_prep.common.label_sets`, group being the artist, and official: ``train``, ``validation`` or
        ``test``, in which FMA has no artist twice. clip is the track's number, ``000002``.

    Raises
    ------
    CorpusError
        No corpus, metadata of another form, or less than half of the tracks that can be used.
    ValueError
        Another level.
    """
    frame, report, official = _examine(root, n_genres, max_per_set, level)
    frame = library.make_index(frame, report, allow_incomplete)
    frame["official"] = frame["clip"].map(official)
    return frame


def check(root: Path | None = None) -> CheckReport:
    """Examine what is there. Raises CorpusError only if there is no corpus, or metadata of another form."""
    return _examine(root, N_GENRES, None, "own")[1]


def with_protocol(frame: pd.DataFrame, protocol: str, fold: int = 0, *, seed: int = 0) -> pd.DataFrame:
    """As `data_prep.common.label_sets.with_protocol`; ``official`` is FMA's own split, with train, validation and
    test."""
    if protocol == "official":
        folders.check_protocol(protocol, fold, N_FOLDS)
        return frame.assign(split=frame["official"])
    if protocol not in N_FOLDS:
        folders.check_protocol(protocol, fold, N_FOLDS)
    return label_sets.with_protocol(frame, protocol, fold, seed=seed)


def audio_folder(root: Path) -> tuple[str, Path] | None:
    """The largest subset that is there, and its folder; None if there is none."""
    for subset in reversed(SUBSETS):
        if (root / f"fma_{subset}").is_dir():
            return subset, root / f"fma_{subset}"
    return None


def _there(root: Path) -> Path:
    missing = [name for name in ("tracks.csv", "genres.csv") if not (root / "fma_metadata" / name).is_file()]
    if missing or audio_folder(root) is None:
        raise CorpusError(
            f"the corpus {NAME} is not in {root} (expected there: fma_metadata/tracks.csv, fma_metadata/genres.csv and "
            f"a folder such as fma_small/000/). To get it, {BY_HAND}."
        )
    return root


def _examine(root: Path | None, n_genres: int, max_per_set: int | None, level: str):
    if level not in LEVELS:
        raise ValueError(f"unknown level {level!r}; known are: {', '.join(LEVELS)}")
    root = locate() if root is None else _there(Path(root))
    listing, official = _listing(root, level)
    return *library.examine(NAME, root, listing, n_genres, max_per_set), official


def _listing(root: Path, level: str) -> tuple[library.Listing, dict[str, str]]:
    """The tracks with one or two genres whose file is there, and the official split of each."""
    subset, folder = audio_folder(root)
    name_of, top_of = _genres(root / "fma_metadata" / "genres.csv")
    wanted = set(SUBSETS[: SUBSETS.index(subset) + 1])
    listing, official, n_labels = library.Listing(), {}, Counter()
    for row in _tracks(root / "fma_metadata" / "tracks.csv").itertuples(index=False):
        if subset != "full" and row.subset not in wanted:
            continue
        clip = f"{int(row.track_id):06d}"
        ids = json.loads(row.genres or "[]")
        unknown = [number for number in ids if number not in name_of]
        if unknown:
            listing.set_aside.append((clip, f"has the genre {unknown[0]}, which genres.csv does not name"))
            continue
        genres = {name_of[top_of[number] if level == "top" else number] for number in ids}
        n_labels[len(genres)] += 1
        if not 1 <= len(genres) <= 2:
            continue
        path = folder / clip[:3] / f"{clip}.mp3"
        if path.is_file():
            artist = f"artist {row.artist}" if row.artist else clip
            listing.tracks.append(library.Track(clip, path, label_sets.join(genres), artist))
            official[clip] = SPLITS.get(row.split, "train")
        else:
            listing.set_aside.append((clip, "no such file"))
    n_many = sum(n for count, n in n_labels.items() if count > 2)
    if n_many or n_labels[0]:
        listing.notes.append(f"{n_many} tracks with more than two genres and {n_labels[0]} with none are left out.")
    return listing, official


def _tracks(path: Path) -> pd.DataFrame:
    """Of tracks.csv, whose columns have names on two lines and whose third line names the index: what is needed.

    Columns track_id, split, subset, artist, genres, all str.
    """
    import pandas as pd

    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        groups, names, third = (next(reader, []) for _ in range(3))
    named = dict(zip(zip(groups, names, strict=False), range(len(groups)), strict=False))
    missing = [".".join(column) for column in NEEDED if column not in named]
    if missing or third[:1] != ["track_id"]:
        raise CorpusError(
            f"{path} is not FMA's tracks.csv: expected are two lines of column names and a third that begins with "
            f"track_id; not found: {', '.join(missing) or 'track_id'}. Unpack fma_metadata.zip again"
        )
    places = [0, *(named[column] for column in NEEDED)]
    frame = pd.read_csv(path, header=None, skiprows=3, usecols=places, dtype=str, keep_default_na=False)[places]
    frame.columns = ["track_id", "split", "subset", "artist", "genres"]
    return frame


def _genres(path: Path) -> tuple[dict[int, str], dict[int, int]]:
    """Title and root of each genre by its number."""
    import pandas as pd

    table = pd.read_csv(path, keep_default_na=False)
    missing = {"genre_id", "title", "top_level"} - set(table.columns)
    if missing:
        raise CorpusError(f"{path} is not FMA's genres.csv: it has no column {', '.join(sorted(missing))}")
    titles = [title.replace(label_sets.SEPARATOR, "/") for title in table["title"]]
    names = dict(zip(table["genre_id"].tolist(), titles, strict=True))
    return names, dict(zip(table["genre_id"].tolist(), table["top_level"].tolist(), strict=True))


CORPUS = Corpus(
    NAME,
    TITLE="Free Music Archive: 106,574 tracks, 161 genres, some of them several genres a track",
    SOURCE="https://github.com/mdeff/fma (arXiv:1612.01840)",
    LICENCE="metadata CC BY 4.0; each track its artist's, mostly Creative Commons",
    SIZE="metadata 0.34 GB; tracks 7.2 GB (small), 22 GB (medium), 93 GB (large), 879 GB (full)",
    N_FOLDS=N_FOLDS,
    classes=classes,
    locate=locate,
    index=index,
    check=check,
    with_protocol=with_protocol,
    by_hand=BY_HAND,
    SAMPLE_RATE_HZ=label_sets.SAMPLE_RATE_HZ,
    signals=signals,
)
