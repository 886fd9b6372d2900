"""What corpora with one or two labels a track share: label sets, rare genres, thinning, protocols.

A label set is written with its labels sorted and joined, ``Pop|Rock``. A label may stand twice, ``Others|Others``: a
track with two rare genres counts twice for Others where labels are counted, and has it once as a label. The index of
such a corpus has the columns of `COLUMNS`, one row a track, sorted by clip:

=========  =========================================================================================
clip       unique name
path       absolute path of the file; several joined with ``|``; empty where the sound is made
label      the label set
split      ``train`` or ``validation``
group      what must not straddle a split: the artist where known, else the track
sha256     16 hexadecimal digits of the SHA-256 of the samples, or of the recipe that they are made by
offset     first sample of the row, counted in what the corpus takes of the track; 0 in an index
n_samples  number of samples, at 44,100 Hz
=========  =========================================================================================
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from data_prep.common import folders

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

SEPARATOR = "|"
OTHERS = "Others"
N_GENRES = 29  # kept by name; all others are called `OTHERS` (section 3)
VALIDATION = 0.15  # share of the rows (section 4.2)
N_FOLDS = {"published": 1, "stratified": 1, "grouped": 1}
SAMPLE_RATE_HZ = 44100  # of an index; sounds can be had at others
COLUMNS = (*folders.COLUMNS, "offset", "n_samples")


def join(labels: Iterable[str]) -> str:
    """Write a label set: ``("Rock", "Pop")`` → ``Pop|Rock``; a label that stands twice stays twice."""
    return SEPARATOR.join(sorted(labels))


def split(label_set: str) -> tuple[str, ...]:
    """Labels of a label set, sorted: ``Pop|Rock`` → ``("Pop", "Rock")``."""
    return tuple(label_set.split(SEPARATOR))


def count(label_sets: Iterable[str]) -> Counter:
    """How often each label stands. A track with two labels counts for both, and twice where they are the same."""
    return Counter(label for label_set in label_sets for label in split(label_set))


def multi_hot(label_sets: Sequence[str], classes: Sequence[str]) -> np.ndarray:
    """Label sets as rows of 0 and 1.

    Parameters
    ----------
    label_sets
        n label sets, e.g. the column ``label`` of an index.
    classes
        The C labels, in the order of the columns.

    Returns
    -------
    ndarray, int8, shape (n, C)

    Raises
    ------
    ValueError
        A label that is none of the classes.
    """
    import numpy as np

    place = {label: number for number, label in enumerate(classes)}
    rows = np.zeros((len(label_sets), len(place)), np.int8)
    for row, label_set in zip(rows, label_sets, strict=True):
        for label in split(label_set):
            if label not in place:
                raise ValueError(f"unknown label {label!r} in {label_set!r}; known are: {', '.join(classes)}")
            row[place[label]] = 1
    return rows


def frequent(label_sets: Iterable[str], n_genres: int = N_GENRES) -> tuple[str, ...]:
    """The `n_genres` labels that most tracks have, most frequent first; of equally frequent ones, the first by name.

    `OTHERS` is never among them.

    Raises
    ------
    ValueError
        `n_genres` is less than 1.
    """
    if n_genres < 1:
        raise ValueError(f"at least 1 genre must be kept; received n_genres = {n_genres}")
    counts = count(label_sets)
    counts.pop(OTHERS, None)
    return tuple(sorted(counts, key=lambda label: (-counts[label], label))[:n_genres])


def with_others(label_sets: Sequence[str], n_genres: int = N_GENRES) -> list[str]:
    """Label sets in which all but the `n_genres` most frequent labels are called ``Others`` (section 3).

    A track with two rare genres has ``Others`` twice then, as in the author's table.
    """
    label_sets = list(label_sets)
    kept = set(frequent(label_sets, n_genres))
    return [join(label if label in kept else OTHERS for label in split(label_set)) for label_set in label_sets]


def classes_of(label_sets: Iterable[str]) -> tuple[str, ...]:
    """All labels that occur, sorted."""
    return tuple(sorted(count(label_sets)))


def in_channels(signal: np.ndarray, channels: int) -> np.ndarray:
    """A signal of one channel in several that are all the same, (n, channels); for one channel, itself, (n,)."""
    import numpy as np

    return signal if channels == 1 else np.repeat(signal[:, None], channels, axis=1)


def thinned(frame: pd.DataFrame, max_per_set: int, seed: int = 0) -> pd.DataFrame:
    """The frame with fewer tracks of the most frequent genres, and all tracks that have a rarer one.

    The report deletes "part of the tracks that contained genres with highest occurrences" after counting "genre 1 and
    genre 2 combined", so as "to avoid deleting tracks that contain genres of higher incidence combined with those
    genres of lower incidence" (section 3). Its author's code names 19 pairs of that library, single genres included,
    and how many tracks of each are dropped (paper.toml has them); that is no rule for another library. Here:

    - a genre is of high incidence if it has more than an even share of the labels (labels / classes); ``Others``, being
      made of rare genres, never is;
    - of each set of labels that are all of high incidence, single ones included, at most `max_per_set` tracks stay,
      drawn at random; the order of the two genres plays no part;
    - every other track stays.

    Parameters
    ----------
    frame
        Columns clip and label, rare genres renamed.
    max_per_set
        1 or more.
    seed
        Of what is drawn. Whether a track stays depends on the seed, its name and the others of its label set.

    Returns
    -------
    DataFrame
        The rows that stay, in their order.
    """
    if max_per_set < 1:
        raise ValueError(f"max_per_set must be 1 or more; received {max_per_set}")
    counts = count(frame["label"])
    even_share = sum(counts.values()) / max(len(counts), 1)
    high = {label for label, n in counts.items() if n > even_share and label != OTHERS}
    order = frame["clip"].map(lambda clip: _shuffled(clip, seed)).sort_values().index
    place = frame.loc[order].groupby("label").cumcount()  # 0, 1, … within its label set, in the drawn order
    surplus = frame["label"].map(lambda label_set: set(split(label_set)) <= high) & (place >= max_per_set)
    return frame[~surplus]


def with_protocol(frame: pd.DataFrame, protocol: str, fold: int = 0, *, seed: int = 0) -> pd.DataFrame:
    """Copy of an index, or of windows cut from it, with the split of a protocol: 85 % ``train``, 15 % ``validation``.

    Parameters
    ----------
    frame
        Columns clip, label and group; clip is unique.
    protocol
        ``published``: rows drawn at random, as far as section 4.2 says; windows of one track, or tracks of one artist,
        stand on both sides. ``stratified``: the same share of each label set, to within one row. ``grouped``: whole
        groups, drawn at random, as long as they fit into the 15 %.
    fold
        0.
    seed
        Of what is drawn. A row that is added or missing moves few others.

    Raises
    ------
    ValueError
        Unknown protocol or fold.
    """
    folders.check_protocol(protocol, fold, N_FOLDS)
    if protocol == "grouped":
        held_out = frame["group"].isin(_drawn_groups(frame["group"], seed))
    else:
        held_out = frame["clip"].isin(_drawn_clips(frame, seed, spread=protocol == "stratified"))
    return frame.assign(split=held_out.map({True: "validation", False: "train"}))


def _drawn_clips(frame: pd.DataFrame, seed: int, spread: bool) -> set[str]:
    """15 % of the clips in a drawn order: the first, or, if `spread`, every so often one, label set after label set."""
    clips = sorted(frame["clip"], key=lambda clip: _shuffled(clip, seed))
    if not spread:
        return set(clips[: _n_held_out(len(clips))])
    label_of = dict(zip(frame["clip"], frame["label"], strict=True))
    clips.sort(key=label_of.get)  # keeps the drawn order within a label set
    due = [round(VALIDATION * number) for number in range(len(clips) + 1)]  # of the first clips, so many are drawn
    return {clip for clip, before, after in zip(clips, due, due[1:], strict=False) if after > before}


def _drawn_groups(groups: pd.Series, seed: int) -> set[str]:
    """Groups in a drawn order, each taken if it still fits into 15 % of the rows; the smallest of them if none does."""
    sizes, room, drawn = Counter(groups), _n_held_out(len(groups)), set()
    for group in sorted(sizes, key=lambda name: (_shuffled(name, seed), name)):
        if sizes[group] <= room:
            drawn.add(group)
            room -= sizes[group]
    return drawn or set(sorted(sizes, key=lambda name: (sizes[name], name))[: len(sizes) - 1][:1])


def _n_held_out(n: int) -> int:
    """15 % of the rows, but one at least where there are two."""
    return max(round(VALIDATION * n), min(1, n - 1))


def _shuffled(name: str, seed: int) -> str:
    """A key to sort by that shuffles names, the same on every machine, whatever other names there are."""
    return hashlib.sha256(f"{seed}:{name}".encode()).hexdigest()
