"""Scores of several labels against scikit-learn and examples worked by hand."""

import numpy as np
import pytest
from sklearn import metrics

from shared.metrics import multilabel


@pytest.fixture
def answers():
    """Labels and probabilities of 200 clips, many of them equal, so that ties matter."""
    generator = np.random.default_rng(0)
    true = generator.random((200, 5)) < [0.5, 0.3, 0.1, 0.05, 0.02]
    true[0] = True  # each label is there
    prob = np.clip(0.3 * true + generator.random((200, 5)) * 0.7, 0, 1).round(2)
    return true.astype(int), prob


def test_average_precision_is_scikit_learns(answers):
    expected = metrics.average_precision_score(*answers, average=None)
    np.testing.assert_allclose(multilabel.average_precision(*answers), expected, rtol=1e-12)
    assert multilabel.mean_average_precision(*answers) == pytest.approx(expected.mean())


def test_average_precision_by_hand():
    true, prob = np.array([[1], [0], [1], [0]]), np.array([[0.9], [0.8], [0.7], [0.1]])
    assert multilabel.average_precision(true, prob)[0] == pytest.approx((1 / 1 + 2 / 3) / 2)


def test_a_constant_answer_has_the_labels_share():
    true = np.array([[1, 1, 0], [1, 0, 0], [0, 0, 0], [1, 0, 0]])
    scores = multilabel.average_precision(true, np.tile([0.75, 0.25, 0.0], (4, 1)))
    assert scores[:2] == pytest.approx([0.75, 0.25])
    assert np.isnan(scores[2])  # no clip has it
    assert multilabel.mean_average_precision(true, np.full((4, 3), 0.1)) == pytest.approx(0.5)


def test_without_any_label_there_is_no_average_precision():
    with pytest.raises(ValueError, match="no clip has any label"):
        multilabel.mean_average_precision(np.zeros((2, 2)), np.full((2, 2), 0.5))


@pytest.mark.parametrize("threshold", [0.05, 0.4, 0.95])
def test_f1_is_scikit_learns(answers, threshold):
    true, prob = answers
    each, macro, micro = multilabel.f1_scores(true, prob > threshold)
    expected = {of: metrics.f1_score(true, prob > threshold, average=of, zero_division=0) for of in ("macro", "micro")}
    np.testing.assert_allclose(each, metrics.f1_score(true, prob > threshold, average=None, zero_division=0))
    assert (macro, micro) == pytest.approx((expected["macro"], expected["micro"]))


def test_labels_that_no_clip_has_are_left_out_of_the_mean():
    true, predicted = np.array([[1, 0], [1, 0]]), np.array([[1, 1], [1, 0]])
    each, macro, micro = multilabel.f1_scores(true, predicted)
    assert (each.tolist(), macro, micro) == ([1.0, 0.0], 1.0, 0.8)


def test_the_sweep_goes_from_005_to_05(answers):
    rows = multilabel.sweep(*answers)
    assert [row["threshold"] for row in rows] == [0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5]
    true, prob = answers
    assert rows[-1]["binary_accuracy"] == pytest.approx(((prob > 0.5) == true).mean())
    assert rows[0]["labels_a_clip"] == pytest.approx((prob > 0.05).sum() / 200)


def test_no_other_threshold_is_better_than_the_best(answers):
    true, prob = answers
    chosen = multilabel.best_thresholds(true, prob)
    for label, threshold in enumerate(chosen):
        scores = [metrics.f1_score(true[:, label], prob[:, label] > t, zero_division=0) for t in np.arange(0, 1, 0.005)]
        assert metrics.f1_score(true[:, label], prob[:, label] > threshold) == pytest.approx(max(scores))


def test_best_thresholds_by_hand():
    true = np.array([[1, 1, 0], [1, 1, 0], [0, 1, 0]])
    prob = np.array([[0.8, 0.2, 0.1], [0.6, 0.2, 0.1], [0.4, 0.2, 0.1]])
    assert multilabel.best_thresholds(true, prob) == pytest.approx([0.5, 0.1, 0.5])


def test_the_summary_of_a_constant_answer_shows_what_binary_accuracy_hides():
    true = np.zeros((50, 30), int)
    true[np.arange(50), np.arange(50) % 30] = true[np.arange(50), (np.arange(50) + 1) % 30] = 1
    found = multilabel.summary(true, np.tile(true.mean(axis=0), (50, 1)))
    assert found["binary_accuracy"] == pytest.approx(28 / 30)  # 0.93
    assert (found["macro_f1"], found["micro_f1"], found["above_half"]) == (0, 0, 0)
    assert found["map"] == pytest.approx(2 / 30, abs=0.01)
    assert found["highest"] == true.mean(axis=0).max()


def test_the_summary_takes_thresholds_of_ones_own(answers):
    true, prob = answers
    own = multilabel.best_thresholds(true, prob)
    found = multilabel.summary(true, prob, own)
    expected = metrics.f1_score(true, prob > own, average="macro")
    assert found["own_macro_f1"] == pytest.approx(expected)
    assert found["own_macro_f1"] > found["macro_f1"]


@pytest.mark.parametrize("function", [multilabel.average_precision, multilabel.best_thresholds, multilabel.sweep])
def test_shapes_must_fit(function):
    with pytest.raises(ValueError, match="do not fit"):
        function(np.ones((2, 3)), np.full((2, 2), 0.5))
