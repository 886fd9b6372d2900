"""GTZAN's tracks: their names, how they are split, and windows cut from them.

What is split may be tracks, windows cut from tracks (`windows`) or rows of features: any frame with the columns clip,
label, group and track. `with_protocol` serves them all. A table of windows is to be cut first and split then: under
``published`` its windows go to train and test one by one, as the report's did, whatever track they are from.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from data_prep.common import folders as layout
from data_prep.common.corpus import under_data_root
from data_prep.common.errors import CorpusError
from data_prep.common.grouping import EXCLUDED

if TYPE_CHECKING:
    import pandas as pd

GENRES = ("blues", "classical", "country", "disco", "hiphop", "jazz", "metal", "pop", "reggae", "rock")
N_TRACKS = 100  # of each genre, numbered 0 … 99
N_FOLDS = {"published": 1, "grouped": 5, "fault_filtered": 1}
SHARE = 5  # one row in five is to test on
SPLIT_SEED = 0
# Kereliuk, Sturm and Larsen (2015): lists without GTZAN's repetitions and faults, and without artists on two sides.
LISTS = {"train": "train_filtered.txt", "validation": "valid_filtered.txt", "test": "test_filtered.txt"}
N_LISTED = {"train": 443, "validation": 197, "test": 290}
LISTS_FOLDER = "gtzan_filtered"  # under the data root


def track_names(genre: str | None = None) -> list[str]:
    """Names of all tracks, or of those of one genre, sorted: ``blues.00000`` … ``rock.00099``."""
    genres = GENRES if genre is None else (genre,)
    return [f"{genre}.{number:05d}" for genre in genres for number in range(N_TRACKS)]


def genre_of(track: str) -> str:
    """Genre that a track's name begins with: ``jazz.00003`` → ``jazz``."""
    return track.partition(".")[0]


def repetition_note(repeated: list[tuple[str, ...]]) -> list[str]:
    """A sentence that names the tracks of `grouping.groups` that hold the same; none if there are none."""
    if not repeated:
        return []
    names = ", ".join(" = ".join(tracks) for tracks in repeated)
    n_surplus = sum(len(tracks) - 1 for tracks in repeated)
    tracks = "1 track repeats another" if n_surplus == 1 else f"{n_surplus} tracks repeat others"
    return [f"{tracks} exactly ({names}); the protocol grouped keeps them together, published does not."]


def with_protocol(
    frame: pd.DataFrame,
    protocol: str,
    fold: int = 0,
    *,
    seed: int = SPLIT_SEED,
    whole: bool = True,
    lists: str | Path | None = None,
) -> pd.DataFrame:
    """Copy of an index, or of windows cut from it, with the split of a protocol; every row stays in its place.

    Parameters
    ----------
    frame
        Columns clip, label, group, track; one row a track, a window or a row of features.
    protocol
        ``published``: a fifth of each genre's rows to test on, drawn at random, the rest to train on; rows of one
        track stand on both sides. ``grouped``: five folds of whole tracks, as many of each genre; tracks that repeat
        one another stay together. ``fault_filtered``: train, validation and test by the lists of Kereliuk et al.,
        which are not part of this project; a track that no list has gets the split ``excluded``.
    fold
        0 … 4 for ``grouped``, 0 for the others.
    seed
        Of what is drawn. The fold of a track depends on this and on its name alone, if `whole`.
    whole
        Draw the folds from the hundred published names of a genre, so that a missing track moves no other; otherwise
        from the tracks that the frame has.
    lists
        Folder that holds `LISTS`; if None, the corpus's own folder, then ``gtzan_filtered`` under the data root.

    Raises
    ------
    ValueError
        Unknown protocol or fold.
    CorpusError
        No lists, or not those of Kereliuk et al.; too few tracks of a genre for five folds.
    """
    layout.check_protocol(protocol, fold, N_FOLDS)
    if protocol == "fault_filtered":
        return frame.assign(split=frame["track"].map(_listed(frame, lists)).fillna(EXCLUDED))
    if protocol == "grouped":
        names = track_names() if whole else {*frame["track"], *frame["group"]}
        tested = frame["group"].map(_folds(names, seed)) == fold
    else:
        tested = frame["clip"].isin(_drawn(frame, seed))
    return frame.assign(split=tested.map({True: "test", False: "train"}))


def windows(frame: pd.DataFrame, n_samples: int, hop: int, n_windows: int | None = None) -> pd.DataFrame:
    """Windows of the tracks of an index, in the split of ``published``; `with_protocol` gives another.

    Parameters
    ----------
    frame
        From ``gtzan.index``, or some of its rows.
    n_samples, hop
        Length of a window and distance of two starts, in samples.
    n_windows
        How many of each track, from its start; if None, as many as fit.

    Returns
    -------
    DataFrame
        The index's columns, one row a window, in the order of the tracks and of time. clip is ``jazz.00003.07`` (the
        track and the number of the window), offset and n_samples are the window's; label, group, track, path and
        sha256 are its track's. ``gtzan.signals`` reads them.

    Raises
    ------
    CorpusError
        A track is too short for a window, or for so many.
    """
    return with_protocol(layout.windows(frame, n_samples, hop, n_windows), "published")


def _random(genre: str, seed: int):
    """NumPy promises that this generator never changes. Each genre has its own, so that none depends on the others."""
    import numpy as np

    return np.random.RandomState([seed, GENRES.index(genre)])


def _drawn(frame: pd.DataFrame, seed: int) -> set[str]:
    """Clips to test on: a fifth of each genre's, sorted by name and then shuffled."""
    drawn = set()
    for genre, clips in frame.groupby("label")["clip"]:
        n_test = max(1, round(len(clips) / SHARE))
        drawn.update(_random(genre, seed).permutation(sorted(clips))[:n_test].tolist())
    return drawn


def _folds(names: Iterable[str], seed: int) -> dict[str, int]:
    """Fold of each track: those of a genre, sorted by name and then shuffled, are dealt out one by one."""
    n_folds, by_genre, fold_of = N_FOLDS["grouped"], {}, {}
    for name in sorted(names):
        by_genre.setdefault(genre_of(name), []).append(name)
    for genre, tracks in by_genre.items():
        if len(tracks) < n_folds:
            raise CorpusError(
                f"the protocol grouped needs {n_folds} tracks of each genre, one a fold; there are {len(tracks)} of "
                f"{genre} ({', '.join(tracks)})"
            )
        shuffled = _random(genre, seed).permutation(tracks).tolist()
        fold_of |= {track: place % n_folds for place, track in enumerate(shuffled)}
    return fold_of


def _listed(frame: pd.DataFrame, lists: str | Path | None) -> dict[str, str]:
    """Split of each track that a list has."""
    folders = [Path(lists)] if lists is not None else [under_data_root(LISTS_FOLDER)]
    if lists is None and "root" in frame.attrs:
        folders.insert(0, Path(frame.attrs["root"]))
    for folder in folders:
        if any((folder / name).is_file() for name in LISTS.values()):
            return _read_lists(folder)
    raise CorpusError(
        f"the protocol fault_filtered needs the lists {', '.join(LISTS.values())} of Kereliuk et al., one track a line "
        "as blues/blues.00029.wav. They are not part of this project and are not in "
        f"{' or '.join(map(str, folders))}; put them there."
    )


def _read_lists(folder: Path) -> dict[str, str]:
    split_of, known = {}, set(track_names())
    for split, name in LISTS.items():
        path = folder / name
        if not path.is_file():
            raise CorpusError(f"the list {path} is missing; the others are there. Put it beside them")
        lines = path.read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(map(str.strip, lines), start=1):
            place, track = f"{path}, line {number}", ".".join(PurePosixPath(line).name.split(".")[:2])
            if line and track not in known:
                raise CorpusError(f"{place}: {line!r} is not a track; expected are lines as blues/blues.00029.wav")
            if track in split_of:
                raise CorpusError(f"{place}: {track} is listed already, for {split_of[track]}")
            if line:
                split_of[track] = split
        n_listed = list(split_of.values()).count(split)
        if n_listed != N_LISTED[split]:
            raise CorpusError(f"{path} lists {n_listed} tracks; the published list has {N_LISTED[split]}. Get it anew")
    return split_of
