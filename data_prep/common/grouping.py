"""What must not straddle a split, and folds that keep it together with every class spread evenly over them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from data_prep.common.errors import CorpusError

if TYPE_CHECKING:
    import pandas as pd

EXCLUDED = "excluded"  # the split of what a protocol leaves out


def groups(frame: pd.DataFrame) -> tuple[list[str], list[tuple[str, ...]]]:
    """What must not straddle a split: a track, and with it every track that has some of the same content.

    Parameters
    ----------
    frame
        Columns track and sha256; rows of one content hash hold the same.

    Returns
    -------
    groups
        One a row: the first track, by name, of those that hold the same; nearly always the row's own.
    repeated
        The tracks that hold the same, sorted.
    """
    group = {track: track for track in frame["track"]}
    for sha256 in sorted(set(frame.loc[frame["sha256"].duplicated(), "sha256"])):
        same = {group[track] for track in frame.loc[frame["sha256"] == sha256, "track"]}
        group = {track: min(same) if first in same else first for track, first in group.items()}
    members: dict[str, list[str]] = {}
    for track in sorted(group):
        members.setdefault(group[track], []).append(track)
    return [group[track] for track in frame["track"]], [tuple(m) for m in members.values() if len(m) > 1]


def stratified_folds(frame: pd.DataFrame, by: str, n_folds: int, seed: int) -> dict[str, int]:
    """Deal out clips, or groups of clips, to folds, each class on its own.

    In each class the values of `by`, sorted and then shuffled, the ones with the most clips first, go one by one to
    the fold that has the fewest clips of the class, and of those to the one with the fewest clips in all. So where
    each clip is a group of its own, two folds differ by one clip at most, in each class and in all.

    Parameters
    ----------
    frame
        Columns label and `by`. All its rows are dealt out.
    by
        ``clip``, or ``group`` to keep groups whole. A group of several classes is dealt out with the first of them.
    n_folds
        Number of folds.
    seed
        Of the shuffling.

    Returns
    -------
    dict
        The fold, 0 to `n_folds` - 1, of each value of `by`.

    Raises
    ------
    CorpusError
        A class has fewer of them than there are folds: it would be missing from a fold, and any mean over classes
        would have another meaning there. Names every such class.
    """
    members = {label: Counter(rows[by]) for label, rows in frame.groupby("label", sort=True)}
    few = [f"{label} ({len(found)})" for label, found in members.items() if len(found) < n_folds]
    if few:
        raise CorpusError(f"{n_folds} folds need {n_folds} {by}s of each class, one a fold; too few: {', '.join(few)}")
    fold_of, totals = {}, [0] * n_folds
    for label, found in members.items():
        in_class = [0] * n_folds
        for name in _shuffled(found, label, seed):
            if name not in fold_of:
                fold_of[name] = min(range(n_folds), key=lambda fold: (in_class[fold], totals[fold], fold))
            in_class[fold_of[name]] += found[name]
            totals[fold_of[name]] += found[name]
    return fold_of


def _shuffled(found: Counter, label: str, seed: int) -> list[str]:
    import numpy as np

    # NumPy promises that this generator never changes. Each class has its own, so that none depends on the others.
    names = np.random.RandomState([seed, *label.encode()]).permutation(sorted(found)).tolist()
    return sorted(names, key=lambda name: -found[name])
