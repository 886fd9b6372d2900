"""Groups by content, and folds that keep groups whole and spread classes evenly."""

from collections import Counter

import pandas as pd
import pytest

from data_prep import CorpusError
from data_prep.common import grouping

# Groups.


@pytest.mark.parametrize(
    ("sha256", "expected", "repeated"),
    [
        ("abcd", "t0 t1 t2 t3", []),
        ("abca", "t0 t1 t2 t0", [("t0", "t3")]),
        ("aaaa", "t0 t0 t0 t0", [("t0", "t1", "t2", "t3")]),
        ("abba", "t0 t1 t1 t0", [("t0", "t3"), ("t1", "t2")]),
    ],
)
def test_groups(sha256, expected, repeated):
    frame = pd.DataFrame({"track": ["t0", "t1", "t2", "t3"], "sha256": list(sha256)})
    assert grouping.groups(frame) == (expected.split(), repeated)


def test_groups_of_rows_are_joined_through_a_third_track():
    """t0 and t1 have a row in common, t1 and t2 another."""
    frame = pd.DataFrame({"track": ["t0", "t0", "t1", "t1", "t2", "t2"], "sha256": list("xabbca")})
    frame.loc[1, "sha256"] = "b"
    assert grouping.groups(frame)[1] == [("t0", "t1")]
    frame.loc[5, "sha256"] = "b"
    assert grouping.groups(frame) == (["t0"] * 6, [("t0", "t1", "t2")])


# Folds.


def clips(sizes: dict[str, int], group=lambda clip: clip):
    names = [f"{label}.{number:04d}" for label, n in sizes.items() for number in range(n)]
    frame = pd.DataFrame({"clip": names, "label": [name.partition(".")[0] for name in names]})
    return frame.assign(group=frame["clip"].map(group))


def per_fold(frame, fold_of, by="clip"):
    return Counter(zip(frame["label"], frame[by].map(fold_of), strict=True)), Counter(frame[by].map(fold_of))


def test_folds_differ_by_one_clip_in_each_class_and_in_all():
    frame = clips({"Bark": 300, "Bus": 109, "Cello": 94, "Oboe": 10, "Flute": 299})
    fold_of = grouping.stratified_folds(frame, "clip", 10, seed=0)
    in_class, in_all = per_fold(frame, fold_of)
    assert set(fold_of) == set(frame["clip"])
    for label in set(frame["label"]):
        sizes = [in_class[label, fold] for fold in range(10)]
        assert max(sizes) - min(sizes) <= 1
    assert max(in_all.values()) - min(in_all.values()) <= 1
    assert len(in_all) == 10


def test_folds_are_the_same_whatever_the_rows_order_and_others_with_another_seed():
    frame = clips({"Bark": 30, "Bus": 25})
    fold_of = grouping.stratified_folds(frame, "clip", 10, seed=0)
    assert grouping.stratified_folds(frame.sample(frac=1, random_state=1), "clip", 10, seed=0) == fold_of
    assert grouping.stratified_folds(frame, "clip", 10, seed=1) != fold_of
    first = sorted(name for name, fold in fold_of.items() if fold == 0 and name < "Bus")
    assert first == ["Bark.0000", "Bark.0012", "Bark.0025"]  # golden: NumPy's legacy generator is frozen


def test_groups_stay_whole_and_the_largest_come_first():
    """Bark: groups of 6, 2, 2 and two of 1 in two folds, so 6 against 2 + 2 + 1 + 1."""
    sizes = {"a": 6, "b": 2, "c": 2, "d": 1, "e": 1}
    group_of = [name for name, n in sizes.items() for _ in range(n)]
    frame = clips({"Bark": 12}, lambda clip: group_of[int(clip[-4:])])
    fold_of = grouping.stratified_folds(frame, "group", 2, seed=0)
    assert fold_of == {"a": 0, "b": 1, "c": 1, "d": 1, "e": 1}


def test_group_of_two_classes_is_in_one_fold():
    frame = clips({"Bark": 4, "Bus": 4}, lambda clip: "both" if clip.endswith("0") else clip)
    fold_of = grouping.stratified_folds(frame, "group", 2, seed=0)
    in_class, _ = per_fold(frame, fold_of, "group")
    assert all(in_class[label, fold] == 2 for label in ("Bark", "Bus") for fold in range(2))


def test_class_with_too_few_is_named():
    frame = clips({"Bark": 10, "Bus": 9, "Oboe": 1})
    with pytest.raises(CorpusError, match=r"10 folds need 10 clips of each class.*too few: Bus \(9\), Oboe \(1\)$"):
        grouping.stratified_folds(frame, "clip", 10, seed=0)
    grouped = clips({"Bark": 12}, lambda clip: clip[:-1])  # two tens
    with pytest.raises(CorpusError, match=r"3 folds need 3 groups of each class, one a fold; too few: Bark \(2\)"):
        grouping.stratified_folds(grouped, "group", 3, seed=0)
