"""Laws of folds, for any labels and groups."""

import itertools
from collections import Counter

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from data_prep.common.folders import rotated_split
from data_prep.common.grouping import groups, stratified_folds

SIZES = st.lists(st.lists(st.integers(1, 4), min_size=4, max_size=8), min_size=1, max_size=4)  # of a class's groups


def index(sizes):
    """A row a clip: its class, and its group of so many clips."""
    rows = [
        (f"class {label}", f"group {label}.{group}", f"clip {label}.{group}.{clip}")
        for label, of_class in enumerate(sizes)
        for group, n_clips in enumerate(of_class)
        for clip in range(n_clips)
    ]
    return pd.DataFrame(rows, columns=["label", "group", "clip"])


@given(SIZES, st.integers(2, 4), st.integers(0, 9), st.randoms(use_true_random=False))
def test_folds_partition_the_clips_and_no_group_straddles(sizes, n_folds, seed, random):
    frame = index(sizes)
    fold_of = stratified_folds(frame, "group", n_folds, seed)
    assert fold_of.keys() == set(frame["group"])
    assert set(fold_of.values()) == set(range(n_folds))
    held_out = [set(frame.loc[frame["group"].map(fold_of) == fold, "clip"]) for fold in range(n_folds)]
    assert Counter(clip for clips in held_out for clip in clips) == Counter(frame["clip"])
    for label, rows in frame.groupby("label"):
        assert set(rows["group"].map(fold_of)) == set(range(n_folds)), f"{label} is in each fold"
    order = random.sample(range(len(frame)), len(frame))
    assert stratified_folds(frame.iloc[order], "group", n_folds, seed) == fold_of, "whatever the order of the rows"


@given(SIZES, st.integers(2, 4), st.integers(0, 9))
def test_folds_of_single_clips_differ_by_one_at_most(sizes, n_folds, seed):
    frame = index(sizes)
    fold = frame["clip"].map(stratified_folds(frame, "clip", n_folds, seed))
    of_class = Counter(zip(frame["label"], fold, strict=True))
    for sizes_of in (Counter(fold), *({f: of_class[name, f] for f in range(n_folds)} for name in set(frame["label"]))):
        assert max(sizes_of.values()) - min(sizes_of.values()) <= 1


@given(st.integers(1, 5), st.integers(3, 6))
def test_every_clip_is_tested_in_one_rotated_fold(n_test, n_folds):
    n_clips = n_test * n_folds
    frame = pd.DataFrame({"clip": [f"class.{n:03d}" for n in range(n_clips)], "label": "class", "split": "train"})
    options = {"n_clips": n_clips, "n_test": n_test, "n_validation": n_test}
    folds = [rotated_split(frame, fold, **options) for fold in range(n_folds)]
    for split in ("test", "validation"):
        held_out = [clip for fold in folds for clip in fold.loc[fold["split"] == split, "clip"]]
        assert sorted(held_out) == sorted(frame["clip"])


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=15))
def test_tracks_that_share_content_are_one_group_however_many_steps_apart(pairs):
    frame = pd.DataFrame([(f"track {track}", f"{content}") for track, content in pairs], columns=["track", "sha256"])
    found, repeated = groups(frame)
    of_track = dict(zip(frame["track"], found, strict=True))
    assert len(set(zip(frame["track"], found, strict=True))) == len(of_track), "a track is in one group"
    for _, rows in frame.groupby("sha256"):
        assert len({of_track[track] for track in rows["track"]}) == 1
    sizes = Counter(of_track.values())
    assert sorted(itertools.chain(*repeated)) == sorted(track for track, group in of_track.items() if sizes[group] > 1)
