"""Fusion rules against examples worked by hand, exact arithmetic and scikit-learn."""

from fractions import Fraction
from itertools import permutations

import numpy as np
import pytest
from sklearn.ensemble import VotingClassifier

from shared.metrics import ensembles
from shared.metrics.ensembles import ENSEMBLES, fit_weights, majority_vote, mean, product, weighted_geometric_mean
from shared.metrics.scores import loss

TWO = np.array([[[0.5, 0.3, 0.2], [0.1, 0.1, 0.8]], [[0.2, 0.6, 0.2], [0.4, 0.3, 0.3]]])  # 2 voters, 2 clips


def random_voters(n_voters=3, n=40, n_classes=5, seed=0):
    return np.random.default_rng(seed).dirichlet(np.full(n_classes, 0.5), size=(n_voters, n))


class Given:
    """A fitted classifier, for scikit-learn's VotingClassifier, that returns given probabilities."""

    def __init__(self, prob):
        self.prob = prob

    def predict_proba(self, _):
        return self.prob

    def predict(self, _):
        return self.prob.argmax(axis=1)


def voting_classifier(prob, voting):
    vote = VotingClassifier([], voting=voting)
    vote.estimators_ = [Given(voter) for voter in prob]
    vote.le_ = type("Labels", (), {"inverse_transform": staticmethod(lambda labels: labels)})
    return vote


class TestAllRules:
    @pytest.mark.parametrize("name", ENSEMBLES)
    def test_rows_sum_to_one(self, name):
        np.testing.assert_allclose(ENSEMBLES[name](random_voters()).sum(axis=-1), 1)

    @pytest.mark.parametrize("name", ENSEMBLES)
    def test_the_order_of_the_voters_does_not_matter(self, name):
        voters = random_voters()
        for order in permutations(range(3)):
            np.testing.assert_allclose(ENSEMBLES[name](voters[list(order)]), ENSEMBLES[name](voters), rtol=1e-12)

    @pytest.mark.parametrize("name", ENSEMBLES)
    def test_voters_that_agree_keep_their_label(self, name):
        one = random_voters(n_voters=1)[0]
        np.testing.assert_array_equal(ENSEMBLES[name]([one] * 3).argmax(axis=1), one.argmax(axis=1))

    @pytest.mark.parametrize("name", ENSEMBLES)
    def test_segments_of_one_song(self, name):
        voters = random_voters()
        np.testing.assert_allclose(ENSEMBLES[name](voters[:, 0]), ENSEMBLES[name](voters)[0])

    @pytest.mark.parametrize("name", ENSEMBLES)
    def test_equal_probabilities_elect_the_first_class(self, name):
        assert ENSEMBLES[name](np.full((3, 4, 5), 0.2)).argmax(axis=1).tolist() == [0] * 4

    @pytest.mark.parametrize("name", ENSEMBLES)
    @pytest.mark.parametrize(
        ("voters", "words"),
        [
            ([], "at least one clip, got an empty array"),
            (np.empty((2, 0, 3)), "at least one clip, got an empty array"),
            ([TWO[0], TWO[1, :1]], r"the same shape from every voter, got \(2, 3\), \(1, 3\)"),
            (np.where(TWO == 0.6, np.nan, TWO), r"got nan at \(1, 0, 1\)"),
            (TWO * 3, r"probabilities in 0\.\.1"),
            ([0.2, 0.8], r"voters on the first axis and classes on the last, got shape \(2,\)"),
            (TWO * [[[1], [1]], [[1], [0]]], r"the probabilities at \(1, 1\) are zero for every class"),
        ],
    )
    def test_bad_input(self, name, voters, words):
        with pytest.raises(ValueError, match=words):
            ENSEMBLES[name](voters)


class TestProduct:
    def test_by_hand(self):
        np.testing.assert_allclose(product(TWO), [[10 / 32, 18 / 32, 4 / 32], [4 / 31, 3 / 31, 24 / 31]])

    def test_against_exact_fractions(self):
        voters = random_voters(n_voters=5, n=1)
        exact = [Fraction(1)] * 5
        for voter in voters[:, 0]:
            exact = [a * Fraction(b) for a, b in zip(exact, voter, strict=True)]
        np.testing.assert_allclose(product(voters)[0], [float(e / sum(exact)) for e in exact], rtol=1e-12)

    def test_does_not_underflow(self):
        """A plain product of 400 numbers near 0.1 is 0 in float64."""
        voters = np.tile([0.12, 0.1, 0.78 / 8] + [0.78 / 8] * 7, (400, 1))
        fused = product(voters)
        assert np.prod(voters, axis=0).max() == 0
        assert fused.argmax() == 0
        assert fused[1] / fused[0] == pytest.approx((0.1 / 0.12) ** 400, rel=1e-9)

    def test_one_zero_rules_a_class_out(self):
        np.testing.assert_allclose(product([[[0.0, 0.9, 0.1]], [[0.98, 0.01, 0.01]]]), [[0, 0.9, 0.1]])

    def test_all_classes_ruled_out_gives_the_mean(self):
        voters = [[[1.0, 0.0, 0.0], [0.5, 0.5, 0.0]], [[0.0, 0.3, 0.7], [0.5, 0.5, 0.0]]]
        np.testing.assert_allclose(product(voters), [[0.5, 0.15, 0.35], [0.5, 0.5, 0]])


class TestWeightedGeometricMean:
    def test_by_hand(self):
        a, b = np.array([0.2, 0.8]), np.array([0.5, 0.5])
        expected = a**0.75 * b**0.25
        np.testing.assert_allclose(weighted_geometric_mean([a, b], [3, 1]), expected / expected.sum())

    def test_equal_weights_rank_as_the_product(self):
        voters = random_voters()
        fused = weighted_geometric_mean(voters)
        np.testing.assert_array_equal(fused.argsort(axis=1), product(voters).argsort(axis=1))
        np.testing.assert_allclose(fused**3 / (fused**3).sum(axis=1, keepdims=True), product(voters))

    def test_only_the_ratio_of_the_weights_matters(self):
        voters = random_voters(n_voters=4)
        np.testing.assert_allclose(
            weighted_geometric_mean(voters, [0.2, 0.2, 0.2, 0.4]), weighted_geometric_mean(voters, [1, 1, 1, 2])
        )

    def test_a_voter_without_weight_is_left_out_with_its_zeros(self):
        np.testing.assert_allclose(weighted_geometric_mean([[1.0, 0.0], [0.3, 0.7]], [0, 1]), [0.3, 0.7])

    def test_all_classes_ruled_out_gives_the_weighted_mean(self):
        np.testing.assert_allclose(weighted_geometric_mean([[1.0, 0.0], [0.0, 1.0]], [1, 3]), [0.25, 0.75])

    @pytest.mark.parametrize("weights", [[1, -1], [0, 0], [1, np.nan]])
    def test_impossible_weights(self, weights):
        with pytest.raises(ValueError, match="weights that are not negative and not all zero"):
            weighted_geometric_mean(TWO, weights)

    def test_wrong_number_of_weights(self):
        with pytest.raises(ValueError, match="expected 2 weights, one a voter"):
            weighted_geometric_mean(TWO, [1, 1, 1])


class TestMean:
    def test_against_scikit_learn(self):
        voters = random_voters()
        np.testing.assert_allclose(mean(voters), voting_classifier(voters, "soft").predict_proba(np.empty((40, 1))))

    def test_rows_are_scaled_before_they_are_averaged(self):
        np.testing.assert_allclose(mean([[0.1, 0.3], [0.5, 0.5]]), [0.375, 0.625])


class TestFittedWeights:
    def test_no_other_weights_on_a_grid_are_better(self):
        voters, generator = random_voters(n=60), np.random.default_rng(1)
        true = np.eye(5)[[generator.choice(5, p=row / row.sum()) for row in voters[0] ** 0.7 * voters[2] ** 0.3]]

        def cost(weights):
            return loss(true, weighted_geometric_mean(voters, weights))

        fitted = fit_weights(voters, true)
        grid = [(a, b, 20 - a - b) for a in range(21) for b in range(21 - a)]  # only their ratios matter
        assert cost(fitted) <= min(map(cost, grid)) + 1e-6
        assert cost(fitted) < cost([1, 1, 1]) - 1e-3
        assert fitted.sum() == pytest.approx(1)

    def test_a_voter_that_knows_nothing_gets_no_weight(self):
        true = np.eye(3)[np.arange(30) % 3]
        fitted = fit_weights([0.7 * true + 0.1, np.full((30, 3), 1 / 3), 0.7 * np.roll(true, 1, axis=1) + 0.1], true)
        assert fitted == pytest.approx([1, 0, 0], abs=1e-4)

    def test_a_confident_mistake_costs_something_and_not_everything(self):
        true = np.eye(2)[[0, 0, 0, 1]]
        fitted = fit_weights([[[1, 0], [1, 0], [1, 0], [1, 0]], [[0.6, 0.4]] * 4], true)
        # Three of four are right, so the best odds are 3 = (1e7)^w · 1.5^(1 - w).
        assert fitted[0] == pytest.approx(np.log(3 / 1.5) / np.log(1e7 / 1.5), abs=1e-4)

    def test_labels_of_another_shape(self):
        with pytest.raises(ValueError, match=r"labels of shape \(2, 2\) do not fit probabilities of shape \(2, 2, 3\)"):
            fit_weights(TWO, np.eye(2))


class TestMajorityVote:
    def test_against_scikit_learn(self):
        """Without ties in votes, which the two break differently: an odd number of voters, two classes."""
        voters = random_voters(n_voters=5, n_classes=2)
        expected = voting_classifier(voters, "hard").predict(np.empty((40, 1)))
        np.testing.assert_array_equal(majority_vote(voters).argmax(axis=1), expected)

    def test_votes_count_more_than_probability(self):
        assert majority_vote([[0.51, 0.49], [0.51, 0.49], [0.0, 1.0]]).tolist() == [1, 0]

    def test_tie_in_votes_goes_to_the_higher_sum(self):
        assert majority_vote([[0.6, 0.4, 0.0], [0.1, 0.9, 0.0]]).tolist() == [0, 1, 0]

    def test_the_sum_decides_among_the_leaders_only(self):
        voters = [[0.5, 0.0, 0.5], [0.0, 0.6, 0.4], [0.5, 0.05, 0.45], [0.0, 0.6, 0.4]]  # sums 1.0, 1.25, 1.75
        assert majority_vote(voters).tolist() == [0, 1, 0]

    def test_tie_in_votes_and_sum_goes_to_the_lower_index(self):
        assert majority_vote([[0.2, 0.2, 0.6], [0.2, 0.6, 0.2]]).tolist() == [0, 1, 0]

    def test_rounding_in_the_sum_is_a_tie(self):
        """Both columns add up to 2, but in binary the first misses it by the last bit."""
        voters = np.array([[0.51, 0.49], [0.58, 0.42], [0.49, 0.51], [0.42, 0.58]])
        assert voters.sum(axis=0)[0] < voters.sum(axis=0)[1]
        assert majority_vote(voters).tolist() == [1, 0]


def test_names():
    assert {name: function.__name__ for name, function in ENSEMBLES.items()} == {name: name for name in ENSEMBLES}
    assert ensembles.ENSEMBLES["product"] is product
