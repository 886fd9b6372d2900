"""Laws of ensembles and intervals, for any input."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from shared.metrics.ensembles import ENSEMBLES
from shared.metrics.intervals import newcombe_interval, paired_interval, wilson_interval

ROUNDING = 1e-9  # sums in another order
VOTERS, CLIPS, N_CLASSES = 3, 4, 5
PROBABILITIES = arrays(np.float64, (VOTERS, CLIPS, N_CLASSES), elements=st.sampled_from([0.0, 1e-300, 0.1, 0.5, 1.0]))
SIZES = st.integers(1, 400)
SCORES = arrays(np.float64, st.integers(2, 30), elements=st.floats(-1e3, 1e3))


@pytest.mark.parametrize("rule", ENSEMBLES)
@given(PROBABILITIES, st.permutations(range(VOTERS)), st.permutations(range(CLIPS)))
def test_an_ensemble_knows_no_order_of_its_members_or_of_clips(rule, probabilities, voters, clips):
    assume((probabilities.sum(axis=-1) > 0).all())
    fused = ENSEMBLES[rule](probabilities)
    np.testing.assert_allclose(ENSEMBLES[rule](probabilities[voters]), fused, rtol=ROUNDING, atol=ROUNDING)
    np.testing.assert_array_equal(ENSEMBLES[rule](probabilities[:, clips]), fused[clips])
    np.testing.assert_allclose(fused.sum(axis=-1), 1, rtol=ROUNDING)


@pytest.mark.parametrize("rule", ENSEMBLES)
@given(st.integers(0, 2**32 - 1), st.permutations(range(N_CLASSES)))
def test_an_ensemble_knows_no_order_of_the_classes(rule, seed, classes):
    """Where no two are tied, which the lower number decides."""
    probabilities = np.random.default_rng(seed).dirichlet(np.ones(N_CLASSES), (VOTERS, CLIPS))
    fused = ENSEMBLES[rule](probabilities)
    np.testing.assert_allclose(ENSEMBLES[rule](probabilities[..., classes]), fused[:, classes], rtol=ROUNDING)


@given(SIZES, st.data())
def test_the_interval_of_a_proportion_holds_it_lies_in_0_to_1_and_shrinks_with_the_clips(n, data):
    successes = data.draw(st.integers(0, n))
    low, high = wilson_interval(successes, n)
    assert 0 <= low <= successes / n <= high <= 1
    closer_low, closer_high = wilson_interval(4 * successes, 4 * n)
    assert closer_high - closer_low < high - low
    wider_low, wider_high = wilson_interval(successes, n, confidence=0.99)
    assert wider_low <= low <= high <= wider_high


@given(st.floats(0, 1), SIZES, st.floats(0, 1), SIZES)
def test_the_interval_of_a_difference_holds_it_turns_with_its_sides_and_shrinks(p1, n1, p2, n2):
    low, high = newcombe_interval(p1, n1, p2, n2)
    assert low - ROUNDING <= p1 - p2 <= high + ROUNDING
    assert newcombe_interval(p2, n2, p1, n1) == pytest.approx((-high, -low), abs=ROUNDING)
    closer_low, closer_high = newcombe_interval(p1, 4 * n1, p2, 4 * n2)
    assert closer_high - closer_low < high - low


@given(SCORES, st.integers(0, 2**32 - 1))
def test_a_paired_interval_holds_the_mean_turns_with_its_sides_and_shrinks(first, seed):
    second = np.random.default_rng(seed).permutation(first)
    low, high = paired_interval(first, second)
    slack = ROUNDING * (1 + float(np.abs(first).max()))
    assert low - slack <= (second - first).mean() <= high + slack
    assert paired_interval(second, first) == pytest.approx((-high, -low), abs=slack)
    closer_low, closer_high = paired_interval(np.tile(first, 4), np.tile(second, 4))
    assert closer_high - closer_low <= high - low + slack
    assert all(map(math.isfinite, (low, high)))
