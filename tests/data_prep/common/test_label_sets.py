"""Label sets: rare genres renamed, frequent ones thinned, and the splits, against counts by hand and scikit-learn."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest

from data_prep.common import label_sets


def frame_of(labels, groups=None):
    """An index of one track a label set, named ``a.0000`` and so on."""
    clips = [f"a.{number:04d}" for number in range(len(labels))]
    return pd.DataFrame({"clip": clips, "label": labels, "group": clips if groups is None else groups})


def test_join_and_split():
    assert label_sets.join(["Rock", "Pop"]) == "Pop|Rock"
    assert label_sets.join(["Others", "Others"]) == "Others|Others"
    assert label_sets.split("Pop|Rock") == ("Pop", "Rock")
    assert label_sets.split("Ambient, Chill") == ("Ambient, Chill",)
    assert label_sets.count(["A|B", "A", "C|C"]) == {"A": 2, "B": 1, "C": 2}
    assert label_sets.classes_of(["B|C", "A"]) == ("A", "B", "C")


def test_multi_hot_is_that_of_scikit_learn():
    from sklearn.preprocessing import MultiLabelBinarizer

    sets = ["A|B", "C", "A", "B|C"]
    binarizer = MultiLabelBinarizer(classes=["A", "B", "C"])
    found = label_sets.multi_hot(sets, ["A", "B", "C"])
    assert found.dtype == np.int8
    assert np.array_equal(found, binarizer.fit_transform([label_sets.split(s) for s in sets]))
    with pytest.raises(ValueError, match="unknown label 'D' in 'A|D'; known are: A, B"):
        label_sets.multi_hot(["A|D"], ["A", "B"])


def test_a_label_that_stands_twice_is_there_once_as_a_label():
    assert label_sets.multi_hot(["B|B", "A|B"], ["A", "B"]).tolist() == [[0, 1], [1, 1]]


def test_several_channels_are_the_same():
    assert label_sets.in_channels(np.arange(3), 2).tolist() == [[0, 0], [1, 1], [2, 2]]
    assert label_sets.in_channels(np.arange(3), 1).tolist() == [0, 1, 2]


def test_rare_genres_become_others():
    """By hand: A 3, B 2, C 2, D 1, E 1. Two stay; of B and C, equally frequent, the first by name."""
    sets = ["A|B", "A|C", "A", "B|C", "D|E"]
    assert label_sets.frequent(sets, 2) == ("A", "B")
    assert label_sets.with_others(sets, 2) == ["A|B", "A|Others", "A", "B|Others", "Others|Others"]
    assert label_sets.with_others(sets, 5) == sets
    assert label_sets.with_others(["Others", "Others", "A"], 1) == ["Others", "Others", "A"]  # never one of the n
    with pytest.raises(ValueError, match="at least 1 genre must be kept; received n_genres = 0"):
        label_sets.frequent(sets, 0)


THINNED = ["A|B"] * 20 + ["A"] * 30 + ["B"] * 5 + ["A|C"] * 8 + ["C"] * 3 + ["Others"] * 20 + ["A|Others"] * 9


def test_thinning_spares_rare_genres():
    """By hand: A 67, B 25, C 11, Others 29; an even share of 132 labels is 33, so A alone is of high incidence."""
    frame = frame_of(THINNED)
    found = label_sets.thinned(frame, 10)
    expected = Counter(THINNED) | Counter()
    expected["A"] = 10
    assert Counter(found["label"]) == expected
    assert found["clip"].is_monotonic_increasing
    assert list(label_sets.thinned(frame, 10)["clip"]) == list(found["clip"])
    assert list(label_sets.thinned(frame, 10, seed=1)["clip"]) != list(found["clip"])
    assert len(label_sets.thinned(frame, 1000)) == len(frame)
    with pytest.raises(ValueError, match="max_per_set must be 1 or more; received 0"):
        label_sets.thinned(frame, 0)


def test_thinning_of_two_frequent_genres_together():
    """A 40, B 40, C 4, D 4, Others 20: an even share is 21.6. A|B is thinned, A|C and Others are not."""
    labels = ["A|B"] * 20 + ["A"] * 16 + ["B"] * 20 + ["A|C"] * 4 + ["D"] * 4 + ["Others"] * 20
    found = Counter(label_sets.thinned(frame_of(labels), 3)["label"])
    assert found == {"A|B": 3, "A": 3, "B": 3, "A|C": 4, "D": 4, "Others": 20}


def test_which_tracks_stay_does_not_depend_on_other_sets():
    frame = frame_of(THINNED)
    stay = set(label_sets.thinned(frame, 10)["clip"])
    fewer = frame[frame["label"] != "C"]
    assert set(label_sets.thinned(fewer, 10)["clip"]) == stay & set(fewer["clip"])


SETS = ["A"] * 200 + ["A|B"] * 100 + ["B"] * 60 + ["C"] * 33 + ["B|C"] * 6 + ["D"]


def held_out(frame):
    return set(frame.loc[frame["split"] == "validation", "clip"])


@pytest.mark.parametrize("protocol", ["published", "stratified"])
def test_15_percent_are_held_out(protocol):
    frame = frame_of(SETS)
    found = label_sets.with_protocol(frame, protocol)
    assert Counter(found["split"]) == {"train": 340, "validation": 60}
    assert list(found["clip"]) == list(frame["clip"])
    assert "split" not in frame
    assert label_sets.with_protocol(frame, protocol).equals(found)
    other = label_sets.with_protocol(frame, protocol, seed=1)
    assert 0 < len(held_out(found) & held_out(other)) < 30  # 9 are expected by chance


def test_stratified_keeps_the_share_of_each_label_set():
    frame = label_sets.with_protocol(frame_of(SETS), "stratified")
    counts = frame[frame["split"] == "validation"]["label"].value_counts()
    for label_set, n in Counter(SETS).items():
        assert abs(counts.get(label_set, 0) - 0.15 * n) <= 1


def test_published_draws_evenly():
    """Over many seeds each row is held out in 15 % of them, to within four standard deviations."""
    frame = frame_of(["A"] * 40)
    n_seeds, times = 400, Counter()
    for seed in range(n_seeds):
        times.update(held_out(label_sets.with_protocol(frame, "published", seed=seed)))
    deviation = 4 * np.sqrt(0.15 * 0.85 * n_seeds)
    assert all(abs(times[clip] - 0.15 * n_seeds) < deviation for clip in frame["clip"])


def test_added_rows_move_few_others():
    frame = frame_of(SETS)
    whole, part = (label_sets.with_protocol(some, "published") for some in (frame, frame.iloc[3:]))
    assert len(held_out(whole) ^ held_out(part)) <= 4


def test_grouped_keeps_groups_together():
    groups = [f"artist {number % 37}" for number in range(400)]
    frame = label_sets.with_protocol(frame_of(SETS, groups), "grouped")
    assert (frame.groupby("group")["split"].nunique() == 1).all()
    assert 50 <= (frame["split"] == "validation").sum() <= 60
    other = label_sets.with_protocol(frame_of(SETS, groups), "grouped", seed=1)
    assert held_out(frame) != held_out(other)


def test_grouped_with_large_groups():
    """A group of 90 of 100 rows can only be trained on; with two halves, one of them must be held out."""
    frame = label_sets.with_protocol(frame_of(["A"] * 100, ["big"] * 90 + ["small"] * 10), "grouped")
    assert set(frame.loc[frame["split"] == "validation", "group"]) == {"small"}
    frame = label_sets.with_protocol(frame_of(["A"] * 4, ["x", "x", "y", "y"]), "grouped")
    assert set(frame.loc[frame["split"] == "validation", "group"]) == {"x"}
    assert set(label_sets.with_protocol(frame_of(["A"] * 3, ["x"] * 3), "grouped")["split"]) == {"train"}


@pytest.mark.parametrize("protocol", label_sets.N_FOLDS)
@pytest.mark.parametrize(("n", "n_held_out"), [(0, 0), (1, 0), (2, 1), (3, 1), (7, 1), (10, 2)])
def test_few_rows(protocol, n, n_held_out):
    frame = label_sets.with_protocol(frame_of(["A"] * n), protocol)
    found = (frame["split"] == "validation").sum()
    assert found == n_held_out or (protocol == "stratified" and found <= n_held_out)


@pytest.mark.parametrize(
    ("protocol", "fold", "words"),
    [
        ("random", 0, "unknown protocol 'random'; the known are: published, stratified, grouped"),
        ("grouped", 1, "has fold 0, not 1"),
    ],
)
def test_unknown_protocol_or_fold(protocol, fold, words):
    with pytest.raises(ValueError, match=words):
        label_sets.with_protocol(frame_of(SETS), protocol, fold)
