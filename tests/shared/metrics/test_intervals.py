"""Intervals against statsmodels, to six digits, and against published examples."""

import math

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.power import NormalIndPower, TTestPower
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint
from statsmodels.stats.weightstats import ttost_paired

from shared.metrics import scores as metrics
from shared.metrics.intervals import (
    FEW,
    effective_number,
    newcombe_interval,
    noticeable_ratio,
    paired_interval,
    quantile,
    spread_of,
    standard_error,
    two_sided,
    wilson_interval,
)

SIX = {"rel": 1e-6}


def clustered(values, groups, regressor=None, weights=None):
    """statsmodels' regression on a constant (or on `regressor`), its covariance by cluster."""
    regressor = np.ones(len(values)) if regressor is None else regressor
    weights = np.ones(len(values)) if weights is None else weights
    codes = np.unique(groups, return_inverse=True)[1]
    return sm.WLS(values, regressor, weights=weights).fit(cov_type="cluster", cov_kwds={"groups": codes}, use_t=True)


# ---- proportions


@pytest.mark.parametrize(
    ("successes", "n", "expected"),
    [  # Newcombe (1998), Stat. Med. 17, 857-872, table I, method 3
        (81, 263, (0.2553, 0.3662)),
        (15, 148, (0.0624, 0.1605)),
        (0, 20, (0.0, 0.1611)),
        (1, 29, (0.0061, 0.1718)),
    ],
)
def test_wilson_interval_as_published_and_in_statsmodels(successes, n, expected):
    assert wilson_interval(successes, n) == pytest.approx(expected, abs=5e-5)
    assert wilson_interval(successes, n) == pytest.approx(proportion_confint(successes, n, method="wilson"), abs=1e-9)


def test_wilson_limits_solve_the_score_equation():
    """At either limit p, the observation lies z standard deviations of Binomial(n, p) away."""
    for limit in wilson_interval(227, 250, confidence=0.9):
        assert abs(227 - 250 * limit) / np.sqrt(250 * limit * (1 - limit)) == pytest.approx(1.6448536)


def test_wilson_interval_reaches_exactly_0_and_1():
    assert wilson_interval(0, 250)[0] == 0.0
    assert wilson_interval(250, 250)[1] == 1.0


@pytest.mark.parametrize(("successes", "n"), [(1, 0), (-1, 5), (6, 5), (float("nan"), 5)])
def test_wilson_interval_of_impossible_counts(successes, n):
    with pytest.raises(ValueError, match="0 to n successes out of n >= 1 cases"):
        wilson_interval(successes, n)


@pytest.mark.parametrize("confidence", [0, 1, 95])
def test_wilson_interval_of_impossible_confidence(confidence):
    with pytest.raises(ValueError, match="confidence between 0 and 1"):
        wilson_interval(1, 5, confidence)


@pytest.mark.parametrize(
    ("a", "m", "b", "n", "expected"),
    [  # Newcombe (1998), Stat. Med. 17, 873-890, table II, method 10
        (56, 70, 48, 80, (0.0524, 0.3339)),
        (9, 10, 3, 10, (0.1705, 0.8090)),
        (6, 7, 2, 7, (0.0582, 0.8062)),
        (5, 56, 0, 29, (-0.0381, 0.1926)),
        (0, 10, 0, 20, (-0.1611, 0.2775)),
        (10, 10, 0, 20, (0.6791, 1.0)),
    ],
)
def test_newcombe_interval_as_published_and_in_statsmodels(a, m, b, n, expected):
    found = newcombe_interval(a / m, m, b / n, n)
    assert found == pytest.approx(expected, abs=5e-5)
    assert found == pytest.approx(confint_proportions_2indep(a, m, b, n, method="newcomb"), abs=1e-9)


def test_newcombe_interval_turns_with_its_samples():
    low, high = newcombe_interval(0.908, 250, 0.864, 375)
    assert newcombe_interval(0.864, 375, 0.908, 250) == pytest.approx((-high, -low))


# ---- clips that are not independent


@pytest.fixture(scope="module")
def answers():
    """Labels and probabilities of 240 clips by 12 speakers, of whom some are understood better than others."""
    rng = np.random.default_rng(5)
    true, speakers = rng.integers(4, size=240), np.repeat([f"speaker {i}" for i in range(12)], 20)
    ease = rng.normal(1.5, 1.5, size=12)[np.unique(speakers, return_inverse=True)[1]]
    logits = rng.normal(size=(240, 4)) + ease[:, None] * np.eye(4)[true]
    prob = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return np.eye(4)[true], prob, speakers


@pytest.mark.parametrize("metric", ["accuracy", "loss", "map@3"])
def test_a_mean_over_clusters_has_statsmodels_standard_error(answers, metric):
    y_true, y_prob, speakers = answers
    expected = clustered(metrics.per_clip(metric, y_true, y_prob), speakers)
    found = standard_error(metrics.influence(metric, y_true, y_prob), speakers)
    assert (found.value, found.df, found.clusters) == (pytest.approx(expected.bse[0], **SIX), 11, 12)
    alone = metrics.per_clip(metric, y_true, y_prob).std(ddof=1) / math.sqrt(240)
    assert found.design == pytest.approx((expected.bse[0] / alone) ** 2, **SIX)
    assert found.design > 1.5, "speakers differ here"
    half = two_sided(found.df) * found.value
    assert expected.conf_int()[0] == pytest.approx(expected.params[0] + np.array([-half, half]), **SIX)


@pytest.mark.parametrize("metric", ["precision", "recall"])
def test_a_ratio_over_clusters_has_statsmodels_standard_error(answers, metric):
    y_true, y_prob, speakers = answers
    above = y_prob > 0.5
    hits, base = (above & (y_true > 0)).sum(axis=1), (above if metric == "precision" else y_true).sum(axis=1)
    some = base > 0  # regressing the hits on the base, weighted by 1 / base, has the ratio as its slope
    expected = clustered(hits[some], speakers[some], base[some], 1 / base[some])
    assert expected.params[0] == pytest.approx(metrics.METRICS[metric](y_true, y_prob))
    found = standard_error(metrics.influence(metric, y_true, y_prob), speakers)
    assert found.value == pytest.approx(expected.bse[0], **SIX)


def test_clips_without_clusters_are_independent(answers):
    y_true, y_prob, _ = answers
    values = metrics.per_clip("loss", y_true, y_prob)
    for clusters in (None, [str(i) for i in range(240)], ["all in one"] * 240):
        found = standard_error(values, clusters)
        assert (found.value, found.design, found.clusters) == (pytest.approx(stats.sem(values)), 1.0, 0)
    assert standard_error(values[:1]).value == math.inf


def test_clusters_never_make_a_score_more_certain_than_independent_clips():
    balanced = np.tile([1.0, -1.0], 50)  # each cluster of two has the same sum
    found = standard_error(balanced, np.repeat(np.arange(50), 2))
    assert (found.value, found.design) == (pytest.approx(stats.sem(balanced)), 1.0)


def test_the_effective_number_gives_a_mean_its_clustered_interval():
    # Half of the interval of a proportion near 1/2 is about two_sided · √(p q / n), so n must fall with t² and design.
    assert effective_number(600, 1.0, 0) == 600
    assert effective_number(600, 4.0, 6) == pytest.approx(
        600 / 4 * (stats.norm.ppf(0.975) / stats.t.ppf(0.975, 5)) ** 2
    )
    assert effective_number(10, 100.0, 2) == 1


def test_paired_differences_with_and_without_clusters(answers):
    first, second = np.random.default_rng(0).random((2, 240))
    expected = stats.ttest_rel(second, first).confidence_interval(0.9)
    assert paired_interval(first, second, confidence=0.9) == pytest.approx((expected.low, expected.high))
    together = clustered(second - first + np.repeat(np.random.default_rng(1).normal(size=12), 20), answers[2])
    shifted = second + np.repeat(np.random.default_rng(1).normal(size=12), 20)
    assert paired_interval(first, shifted, answers[2]) == pytest.approx(together.conf_int()[0], **SIX)
    assert paired_interval(first, first) == (0, 0)  # the same answers do not differ
    assert paired_interval(np.zeros(1), np.ones(1)) == (-math.inf, math.inf)


# ---- a few trainings


def test_the_next_training_lies_in_statsmodels_prediction_interval():
    scores = np.array([0.91, 0.88, 0.93])
    frame = sm.OLS(scores, np.ones(3)).fit().get_prediction([[1.0]]).summary_frame(alpha=0.05)
    spread = spread_of(scores)
    half = two_sided(spread.df) * spread.sd * math.sqrt(1 + 1 / 3)
    assert (spread.df, spread.rows) == (2, 1)
    assert scores.mean() - half == pytest.approx(frame["obs_ci_lower"].item(), **SIX)
    assert scores.mean() + half == pytest.approx(frame["obs_ci_upper"].item(), **SIX)


def test_few_trainings_borrow_the_spread_of_the_other_rows_as_an_analysis_of_variance_does():
    rows = [[0.91, 0.88, 0.93], [0.80, 0.83, 0.84], [0.70, 0.72]]
    scores, row = np.concatenate(rows), np.repeat(np.arange(3), [3, 3, 2])
    fitted = sm.OLS(scores, np.eye(3)[row]).fit()
    spread = spread_of(rows[0], rows[1:])
    assert (spread.sd, spread.df, spread.rows) == (pytest.approx(math.sqrt(fitted.mse_resid), **SIX), 5, 3)
    frame = fitted.get_prediction([[1.0, 0, 0]]).summary_frame(alpha=0.05)
    half = two_sided(spread.df) * spread.sd * math.sqrt(1 + 1 / 3)
    assert np.mean(rows[0]) - half == pytest.approx(frame["obs_ci_lower"].item(), **SIX)


def test_a_row_keeps_its_own_spread_where_it_has_enough_trainings_or_another_one():
    wild, calm = [0.3, 0.9, 0.6], [[0.80, 0.81, 0.80], [0.70, 0.71, 0.72]]
    assert stats.f.sf(np.var(wild, ddof=1) / np.mean([np.var(row, ddof=1) for row in calm]), 2, 4) < 0.025
    assert spread_of(wild, calm).rows == 1
    still, others = [0.8000, 0.8001, 0.8001], [wild, [0.2, 0.7, 0.5]]
    assert stats.f.cdf(np.var(still, ddof=1) / np.mean([np.var(row, ddof=1) for row in others]), 2, 4) < 0.025
    assert spread_of(still, others).rows == 1
    assert spread_of(calm[0], [calm[1]]).rows == 2
    many = np.linspace(0.8, 0.81, FEW)
    assert (spread_of(many, calm).rows, spread_of(many, calm).df) == (1, FEW - 1)
    assert spread_of([0.8], [[0.7]]) is None
    assert (spread_of([0.8], calm).rows, spread_of([0.8], calm).df) == (2, 4)


# ---- what would have been noticed, and equivalence


@pytest.mark.parametrize("n", [3, 5, 20])
def test_what_is_noticed_with_80_percent_power_is_statsmodels(n):
    effect = TTestPower().solve_power(nobs=n, alpha=0.05, power=0.8)  # in standard deviations
    half = two_sided(n - 1) / math.sqrt(n)
    # statsmodels counts the other tail, too: it adds 1e-4 of power to the smallest of these samples.
    assert noticeable_ratio(n - 1) * half == pytest.approx(effect, rel=1e-4)


def test_what_is_noticed_of_two_samples_of_clips_is_statsmodels():
    effect = NormalIndPower().solve_power(nobs1=250, alpha=0.05, power=0.8)
    half = two_sided() * math.sqrt(2 / 250)
    assert noticeable_ratio() * half == pytest.approx(effect, rel=1e-5)  # statsmodels counts the other tail, too


def test_an_interval_inside_the_margin_is_the_two_one_sided_tests_at_half_the_level():
    first, second = np.random.default_rng(3).normal([0, 0.01], 0.05, size=(60, 2)).T
    low, high = paired_interval(first, second)
    reach = max(-low, high)
    for margin, inside in ((reach * 1.001, True), (reach * 0.999, False)):
        p_value, *_ = ttost_paired(second, first, -margin, margin)
        assert (p_value < 0.025) == inside


def test_quantiles_are_students_and_the_normal_distributions():
    assert quantile(0.975, 7) == pytest.approx(stats.t.ppf(0.975, 7), **SIX)
    assert quantile(0.975) == pytest.approx(1.959963985, **SIX)
