"""Metrics against Keras, scikit-learn and examples worked by hand."""

import os

import numpy as np
import pytest
from sklearn import metrics as reference

from shared.metrics import scores

FLOAT32 = 2e-6  # Keras works in float32; its values here are below 20

ONE_HOT = np.eye(3)[[0, 1, 2, 2]]
PROB = np.array([[0.7, 0.2, 0.1], [0.6, 0.3, 0.1], [0.1, 0.3, 0.6], [0.4, 0.3, 0.3]])
MULTI_HOT = np.array([[1, 1, 0], [0, 0, 0], [0, 1, 1]])
MULTI_PROB = np.array([[0.9, 0.4, 0.6], [0.2, 0.1, 0.5], [0.3, 0.8, 0.51]])

# Figs. 4 to 6 of the lam_ensemble paper, rows = predicted, and the test accuracies of its Table IV.
PUBLISHED = {
    0.8640: [[47, 1, 1, 0, 2], [0, 46, 0, 1, 1], [0, 0, 39, 0, 0], [3, 1, 10, 41, 4], [0, 2, 0, 8, 43]],
    0.8840: [[45, 1, 1, 1, 0], [0, 47, 1, 0, 1], [0, 0, 39, 0, 0], [3, 1, 4, 45, 4], [2, 1, 5, 4, 45]],
    0.9080: [[43, 1, 0, 0, 0], [0, 46, 0, 1, 3], [0, 0, 44, 0, 1], [3, 1, 6, 49, 1], [4, 2, 0, 0, 45]],
}


def random_case(n=500, n_classes=6, seed=0, sharpness=2.0):
    """Labels and probabilities that are right more often than not."""
    rng = np.random.default_rng(seed)
    true = rng.integers(n_classes, size=n)
    logits = rng.normal(size=(n, n_classes)) + sharpness * np.eye(n_classes)[true]
    prob = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return np.eye(n_classes)[true], prob


def from_matrix(matrix):
    """One-hot labels and predictions that have the confusion matrix, rows = true."""
    matrix = np.asarray(matrix)
    true, predicted = np.indices(matrix.shape).reshape(2, -1).repeat(matrix.ravel(), axis=1)
    return np.eye(len(matrix))[true], np.eye(len(matrix))[predicted]


@pytest.fixture(scope="module")
def keras():
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    return pytest.importorskip("keras")


KERAS_CASES = {
    "one label": random_case(),
    "two classes": random_case(n=50, n_classes=2, seed=1),
    "several labels": (MULTI_HOT, MULTI_PROB),
    "exactly one half": (np.eye(2)[[0, 1, 0]], np.full((3, 2), 0.5)),
    "nothing predicted": (np.eye(4)[[0, 1, 2, 3]], np.full((4, 4), 0.25)),
    "no label at all": (np.zeros((2, 3)), np.array([[0.9, 0.1, 0.2], [0.3, 0.6, 0.1]])),
}


class TestAgainstKeras:
    @pytest.mark.parametrize("case", KERAS_CASES)
    @pytest.mark.parametrize("name", ["precision", "recall", "binary_accuracy"])
    def test_threshold_metrics(self, keras, name, case):
        y_true, y_prob = KERAS_CASES[case]
        metric = {"precision": keras.metrics.Precision, "recall": keras.metrics.Recall}.get(
            name, keras.metrics.BinaryAccuracy
        )()
        metric.update_state(y_true, y_prob)
        assert scores.METRICS[name](y_true, y_prob) == pytest.approx(float(metric.result()), abs=FLOAT32)

    @pytest.mark.parametrize(
        "y_prob",
        [
            pytest.param(PROB, id="plain"),
            pytest.param(PROB * [[0.5], [0.9], [1.0], [0.2]], id="rows that do not sum to 1"),
            pytest.param(np.eye(3)[[0, 0, 2, 1]], id="certain, right and wrong"),
        ],
    )
    def test_loss(self, keras, y_prob):
        expected = keras.losses.CategoricalCrossentropy()(ONE_HOT, y_prob)
        assert scores.loss(ONE_HOT, y_prob) == pytest.approx(float(expected), abs=FLOAT32)

    @pytest.mark.parametrize("y_prob", [MULTI_PROB, MULTI_PROB.round()], ids=["plain", "certain"])
    def test_binary_crossentropy(self, keras, y_prob):
        expected = keras.losses.BinaryCrossentropy()(MULTI_HOT, y_prob)
        # Near 1, float32 is 6e-8 apart, so that Keras's own clipping there is off by 1 %.
        tolerance = 0.01 if (y_prob == 1).any() else FLOAT32
        assert scores.binary_crossentropy(MULTI_HOT, y_prob) == pytest.approx(float(expected), rel=tolerance)

    def test_accuracy_with_ties(self, keras):
        y_true, y_prob = np.eye(3)[[0, 1, 2, 1]], np.array([[0.4, 0.4, 0.2], [0.4, 0.4, 0.2], [1 / 3] * 3, [0, 1, 0]])
        metric = keras.metrics.CategoricalAccuracy()
        metric.update_state(y_true, y_prob)
        assert scores.accuracy(y_true, y_prob) == float(metric.result()) == 0.5


class TestAgainstScikitLearn:
    y_true, y_prob = random_case()
    true, predicted = y_true.argmax(axis=1), y_prob.argmax(axis=1)

    def test_accuracy(self):
        assert scores.accuracy(self.y_true, self.y_prob) == reference.accuracy_score(self.true, self.predicted)

    def test_loss(self):
        assert scores.loss(self.y_true, self.y_prob) == pytest.approx(reference.log_loss(self.true, self.y_prob))

    def test_confusion_matrix(self):
        ours = scores.confusion_matrix(self.y_true, self.y_prob)
        np.testing.assert_array_equal(ours, reference.confusion_matrix(self.true, self.predicted))
        assert ours.dtype == np.int64

    def test_micro_precision_and_recall(self):
        above = self.y_prob > 0.5
        expected = reference.precision_recall_fscore_support(self.y_true, above, average="micro")[:2]
        ours = scores.precision(self.y_true, self.y_prob), scores.recall(self.y_true, self.y_prob)
        assert ours == pytest.approx(expected)

    def test_map_over_all_ranks_is_label_ranking_average_precision(self):
        expected = reference.label_ranking_average_precision_score(self.y_true, self.y_prob)
        assert scores.map_at_k(self.y_true, self.y_prob, k=6) == pytest.approx(expected)

    def test_map_at_1_is_accuracy(self):
        assert scores.map_at_k(self.y_true, self.y_prob, k=1) == scores.accuracy(self.y_true, self.y_prob)

    @pytest.mark.parametrize("threshold", [None, 0.3])
    def test_per_class(self, threshold):
        # Class 6 has no clip and class 5 is never predicted.
        y_true, y_prob = np.pad(self.y_true, ((0, 0), (0, 1))), np.pad(self.y_prob, ((0, 0), (0, 1)))
        y_prob[:, 5] = 0
        decided = np.eye(7)[y_prob.argmax(axis=1)] if threshold is None else y_prob > threshold
        expected = reference.precision_recall_fscore_support(y_true, decided, zero_division=0)
        ours = scores.per_class(y_true, y_prob, classes=list("abcdefg"), threshold=threshold)
        assert list(ours.index) == list("abcdefg")
        assert list(ours.columns) == ["precision", "recall", "f1", "support"]
        np.testing.assert_allclose(ours.to_numpy().T, expected)


class TestByHand:
    def test_map_at_3(self):
        prob = np.array([[0.4, 0.3, 0.2, 0.1]] * 4)
        assert scores.map_at_k(np.eye(4), prob) == pytest.approx((1 + 1 / 2 + 1 / 3 + 0) / 4)

    def test_map_with_all_equal_probabilities_ranks_by_class_index(self):
        assert scores.map_at_k(np.eye(4), np.full((4, 4), 0.25)) == pytest.approx((1 + 1 / 2 + 1 / 3 + 0) / 4)

    def test_map_with_k_beyond_the_classes(self):
        assert scores.map_at_k(np.eye(2)[[1]], [[0.9, 0.1]], k=3) == 0.5

    def test_loss_of_equal_probabilities_is_log_of_the_number_of_classes(self):
        assert scores.loss(np.eye(5), np.full((5, 5), 0.2)) == pytest.approx(np.log(5))

    def test_a_certain_mistake_costs_log_of_the_clipping(self):
        assert scores.loss([[1, 0]], [[0.0, 1.0]]) == pytest.approx(7 * np.log(10))

    def test_exactly_one_half_is_not_above_the_threshold(self):
        y_true, y_prob = [[1, 0], [0, 1]], [[0.5, 0.5], [0.4999, 0.5001]]
        assert scores.precision(y_true, y_prob) == 1.0
        assert scores.recall(y_true, y_prob) == 0.5
        assert scores.binary_accuracy(y_true, y_prob) == 0.75

    def test_constant_predictor_of_no_label(self):
        """With m of C labels a clip, answering "none" is right in 1 - m / C of the decisions."""
        y_true = np.zeros((10, 30))
        y_true[:, :2] = 1
        assert scores.binary_accuracy(y_true, np.full((10, 30), 0.1)) == pytest.approx(1 - 2 / 30)
        assert scores.precision(y_true, np.full((10, 30), 0.1)) == 0.0

    @pytest.mark.parametrize("accuracy", PUBLISHED)
    def test_published_confusion_matrices_give_the_published_accuracies(self, accuracy):
        matrix = np.transpose(PUBLISHED[accuracy])  # printed with rows = predicted
        y_true, y_prob = from_matrix(matrix)
        ours = scores.confusion_matrix(y_true, y_prob)
        np.testing.assert_array_equal(ours, matrix)
        assert ours.sum(axis=1).tolist() == [50] * 5
        assert scores.accuracy(y_true, y_prob) == accuracy == np.trace(ours) / 250

    def test_recall_cannot_exceed_accuracy(self):
        for seed in range(20):
            y_true, y_prob = random_case(n=60, seed=seed, sharpness=seed / 5)
            assert scores.recall(y_true, y_prob) <= scores.accuracy(y_true, y_prob)


class TestBadInput:
    @pytest.mark.parametrize("name", scores.METRICS)
    @pytest.mark.parametrize(
        ("y_true", "y_prob", "words"),
        [
            (np.empty((0, 3)), np.empty((0, 3)), "at least one clip, got an empty array"),
            (ONE_HOT, PROB[:3], r"labels of shape \(4, 3\) do not fit probabilities of shape \(3, 3\)"),
            (ONE_HOT, np.where(PROB == 0.6, np.nan, PROB), r"finite probabilities, got nan at \(1, 0\)"),
            (ONE_HOT, np.log(PROB), r"probabilities in 0\.\.1, got values from -2\.30259"),
            (ONE_HOT * 2, PROB, "labels of 0 and 1 only"),
            ([0, 1, 2, 2], PROB, r"shape \(clips, classes\), got shape \(4,\)"),
        ],
    )
    def test_every_metric_says_what_is_wrong(self, name, y_true, y_prob, words):
        with pytest.raises(ValueError, match=words):
            scores.METRICS[name](y_true, y_prob)

    @pytest.mark.parametrize("score", [scores.accuracy, scores.loss, scores.map_at_k, scores.confusion_matrix])
    @pytest.mark.parametrize(("row", "count"), [([1, 1, 0], 2), ([0, 0, 0], 0)])
    def test_scores_of_one_label_refuse_another_number(self, score, row, count):
        y_true = ONE_HOT.copy()
        y_true[2] = row
        with pytest.raises(ValueError, match=f"exactly one label a clip, but row 2 has {count}"):
            score(y_true, PROB)

    def test_loss_of_a_row_without_any_probability(self):
        with pytest.raises(ValueError, match="row 1 of the probabilities is zero for every class"):
            scores.loss([[1, 0], [0, 1]], [[0.5, 0.5], [0.0, 0.0]])

    def test_rounding_outside_0_to_1_is_no_error(self):
        assert scores.accuracy([[1, 0]], [[1 + 1e-6, -1e-6]]) == 1.0

    def test_map_at_0(self):
        with pytest.raises(ValueError, match="k of at least 1, got 0"):
            scores.map_at_k(ONE_HOT, PROB, k=0)

    def test_wrong_number_of_class_names(self):
        with pytest.raises(ValueError, match="got 2 class names for 3 columns"):
            scores.per_class(ONE_HOT, PROB, classes=["a", "b"])


class TestUncertainty:
    @pytest.mark.parametrize("name", ["precision", "recall"])
    def test_ratios_have_no_score_of_one_clip(self, name):
        with pytest.raises(ValueError, match=f"{name} is no mean over clips; use `influence`"):
            scores.per_clip(name, ONE_HOT, PROB)

    def test_the_influence_of_a_clip_on_a_mean_is_its_deviation(self):
        costs = -np.log([0.7, 0.3, 0.6, 0.3])
        assert scores.influence("loss", ONE_HOT, PROB) == pytest.approx(costs - costs.mean())

    @pytest.mark.parametrize("name", scores.METRICS)
    def test_the_influence_of_a_clip_is_what_leaving_it_out_does(self, name):
        """The jackknife: n - 1 times what the score loses without the clip, up to terms of the order 1 / n."""
        y_true, y_prob = random_case(n=120)
        score, found = scores.METRICS[name], scores.influence(name, y_true, y_prob)
        keep = ~np.eye(120, dtype=bool)
        jackknife = [119 * (score(y_true, y_prob) - score(y_true[rest], y_prob[rest])) for rest in keep]
        assert found == pytest.approx(np.array(jackknife), abs=0.06)
        assert found.sum() == pytest.approx(0, abs=1e-9)

    def test_nothing_predicted_moves_no_precision(self):
        assert scores.influence("precision", ONE_HOT, np.full((4, 3), 1 / 3)).tolist() == [0, 0, 0, 0]

    @pytest.mark.parametrize("function", [scores.per_clip, scores.influence])
    def test_unknown_metric(self, function):
        with pytest.raises(ValueError, match="unknown metric 'f1'; known are loss, accuracy"):
            function("f1", ONE_HOT, PROB)
