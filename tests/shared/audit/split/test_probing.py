"""The probe with and without its own group, against scikit-learn and hand-made cases."""

import dataclasses

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

from shared.audit.split import audit_split
from shared.audit.split.clips import Clips
from shared.audit.split.findings import Pair
from shared.audit.split.loading import clips_of_table, with_features
from shared.audit.split.probing import bootstrap_interval, kin, majority, probed, standardised
from shared.metrics.probes import nearest_neighbour


def grouped_clips(n_groups=30, of_each=6, strength=3.0) -> Clips:
    """Clips whose features are their group's and not their label's; each group has one label, drawn."""
    generator = np.random.default_rng(0)
    group = np.repeat(np.arange(n_groups), of_each)
    labels = generator.permutation(np.arange(n_groups) % 2)[group]
    features = strength * generator.normal(size=(n_groups, 10))[group] + generator.normal(size=(len(group), 10))
    split = np.where(generator.random(len(group)) < 0.25, "test", "train")
    texts = [tuple(map(str, values)) for values in (range(len(group)), split, group)]
    clips = Clips("x", texts[0], tuple((str(label),) for label in labels), texts[1], texts[2], "column group")
    return with_features(clips, features)


def test_a_score_that_the_groups_give_vanishes_without_them():
    audit = audit_split(grouped_clips())
    assert audit.probes.given.right.mean() > 0.95
    assert audit.probes.grouped.right.mean() < 0.7
    assert audit.probes.thinned.right.mean() > 0.9
    (found,) = [finding for finding in audit.findings if finding.kind == "score from recognised groups"]
    assert found.severity == "leak"


def test_no_clip_is_given_one_of_its_own_group():
    clips = grouped_clips()
    probe = audit_split(clips).probes.grouped
    own = [clips.groups[row] == clips.groups[near] for row, near in zip(probe.rows, probe.nearest, strict=True)]
    assert not any(own)


def test_a_score_that_the_labels_give_stays():
    clips = grouped_clips(strength=0.0)
    features = clips.features + 8 * np.array([4 * [int(label[0])] + 6 * [0] for label in clips.labels])
    audit = audit_split(with_features(clips, features))
    assert audit.probes.grouped.right.mean() > 0.95
    assert not [finding for finding in audit.findings if finding.kind == "score from recognised groups"]


@pytest.mark.parametrize("metric", ["correlation", "euclidean"])
def test_against_scikit_learn(metric):
    """Correlation is scikit-learn's metric of that name, 1 less."""
    clips = dataclasses.replace(grouped_clips(strength=0.5), distance=metric)
    train, test = (np.array([side == name for side in clips.split]) for name in ("train", "test"))
    labels = np.array([label[0] for label in clips.labels])
    scaled = StandardScaler().fit(clips.features[train]).transform(clips.features)
    reference = KNeighborsClassifier(1, metric=metric, algorithm="brute").fit(scaled[train], labels[train])
    right = reference.predict(scaled[test]) == labels[test]
    np.testing.assert_array_equal(probed(clips).right, right)


@pytest.mark.parametrize("n_columns", [1, 2, 3])
def test_narrow_tables_against_scikit_learn(tmp_path, n_columns):
    """Columns of very different units, one of them constant in training: three labels that the first column tells."""
    generator = np.random.default_rng(n_columns)
    labels = np.arange(90) % 3
    features = np.column_stack([10 * labels + generator.normal(size=90), 1e6 * generator.normal(size=90), np.ones(90)])
    features = features[:, :n_columns].round(4)
    split = np.where(np.arange(90) % 10 < 7, "train", "test")
    names = ("x", "y", "z")[:n_columns]
    cells = zip(labels, split, features, strict=True)
    rows = [f"c{n},{label},{side},{','.join(map(str, row))}" for n, (label, side, row) in enumerate(cells)]
    (tmp_path / "t.csv").write_text("\n".join([f"path,label,split,{','.join(names)}", *rows]) + "\n")
    audit = audit_split(clips_of_table(tmp_path / "t.csv"))
    train, test = split == "train", split == "test"
    scaler = StandardScaler().fit(features[train])
    reference = KNeighborsClassifier(1).fit(scaler.transform(features[train]), labels[train])
    expected = reference.predict(scaler.transform(features[test])) == labels[test]
    np.testing.assert_array_equal(audit.probes.given.right, expected)
    assert n_columns > 1 or expected.all()
    (found,) = [figure for figure in audit.figures if figure.name == "features"]
    assert (found.value, found.text) == (list(names), f"{n_columns} column{'s' * (n_columns > 1)}: {', '.join(names)}")


def test_a_nearest_clip_that_may_be_barred_by_either_distance():
    train, test = np.array([[0.0, 1], [5, 2], [9, 9]]), np.array([[0.1, 1.2], [8, 9]])
    bars = np.array([[True, False, False], [True, True, True]])
    for distance in ("correlation", "euclidean"):
        found = nearest_neighbour(train, np.arange(3), test, lambda rows: bars[rows], distance)
        assert found.index[1] == -1
        assert found.index[0] in (1, 2)
    assert found.index[0] == 1
    assert found.similarity[0] == pytest.approx(-np.hypot(4.9, 0.8))
    with pytest.raises(ValueError, match="unknown distance 'cosine'; known are: correlation, euclidean"):
        nearest_neighbour(train, np.arange(3), test, distance="cosine")


def test_a_column_that_is_constant_but_for_rounding_is_nothing():
    """The mean of 23 times 0.1 is not 0.1 in floating point, so the deviation is not 0 either."""
    column = np.full(23, 0.1)
    assert column.std() > 0
    assert not standardised(column[:, None], np.arange(23)).any()


def test_clips_whose_label_no_other_group_has_are_left_out():
    clips = grouped_clips()
    labels = tuple(("only",) if group == "3" else label for group, label in zip(clips.groups, clips.labels))  # noqa: B905
    audit = audit_split(Clips(**{**clips.__dict__, "labels": labels}))
    names = [figure.name.strip() for figure in audit.figures]
    assert "clips whose label no other group has, left out below" in names


def test_groups_that_hold_the_same_clip_are_joined():
    clips = Clips("x", tuple("abcd"), (("1",),) * 4, groups=("p", "q", "", ""))
    codes = kin(clips, [Pair("near", 1, 2)])
    assert codes[1] == codes[2]
    assert len(set(codes.tolist())) == 3
    assert kin(clips, []) is None


def test_a_constant_feature_is_nothing():
    features = np.array([[1.0, 5], [3, 5], [9, 5]])
    np.testing.assert_array_equal(standardised(features, np.array([0, 1])), [[-1, 0], [1, 0], [7, 0]])


def test_majority_counts_held_out_clips_of_the_most_frequent_training_label():
    clips = Clips("x", tuple("abcde"), (("1",), ("2",), ("2",), ("2", "3"), ("1",)), ("train",) * 3 + ("test",) * 2)
    assert majority(clips) == 0.5


def test_the_interval_is_wider_where_clips_go_together():
    generator = np.random.default_rng(1)
    gain = np.repeat(generator.random(40) < 0.4, 10)
    alone = bootstrap_interval(gain, np.zeros(400, bool), np.arange(400))
    together = bootstrap_interval(gain, np.zeros(400, bool), np.repeat(np.arange(40), 10))
    assert together[1] - together[0] > 2 * (alone[1] - alone[0])
    assert alone[0] < gain.mean() < alone[1]
    assert alone == pytest.approx((gain.mean() - 0.048, gain.mean() + 0.048), abs=0.01)  # 1.96 · sqrt(p q / n)


def test_standardising_by_all_clips_moves_means_as_computed_by_hand():
    clips = Clips("x", tuple("abcd"), (("1",), ("2",), ("1",), ("2",)), ("train", "train", "test", "test"))
    audit = audit_split(with_features(clips, np.array([[0.0, 1], [2, 5], [9, 3], [5, 3]])))
    (moved,) = [figure for figure in audit.figures if figure.name == "means fitted on all clips move by"]
    assert moved.value == 3  # column 0: mean 1, deviation 1 of the training clips; mean 4 of all
