"""The 95 % interval of a difference against a published example and against hand-worked sums."""

import math
from dataclasses import replace

import pytest

from shared.paper import load_paper
from shared.verdicts import difference_interval

ROUNDED = 0.5e-4  # half a unit of Table IV's last decimal


@pytest.fixture(scope="module")
def paper():
    return load_paper("lam_ensemble")


def test_the_interval_of_a_proportion_is_newcombes(paper):
    # Newcombe (1998), table II, example (a): 56/70 and 48/80 give 0.0524 to 0.3339 by method 10.
    cell = replace(paper.headline_cell, value=48 / 80, n=80)
    low, high, basis = difference_interval(paper, cell, [{}], {"value": 56 / 70, "n": 70, "sd": None, "runs": 1}, [0.8])
    assert (round(low + ROUNDED, 4), round(high - ROUNDED, 4)) == (0.0524, 0.3339)
    assert basis == "n = 70 and 80, 1 run"


def test_the_interval_of_a_loss_takes_our_spread_on_both_sides(paper):
    cell = replace(paper.cell("IV", "Model 3", "test", "loss"), n=1000)
    run = {"standard_error": 0.04}  # of 250 clips; of 1000 clips of the same spread it is 0.02
    low, high, _ = difference_interval(paper, cell, [run], {"value": 0.3, "n": 250, "sd": None, "runs": 1}, [])
    half = 1.959964 * math.sqrt(0.04**2 + 0.02**2) + ROUNDED
    delta = 0.3 - 0.2408
    assert (low, high) == pytest.approx((delta - half, delta + half))


def test_the_spread_over_seeds_widens_the_interval(paper):
    summary = {"value": 0.9, "n": 250, "sd": None, "runs": 1}
    alone = difference_interval(paper, paper.headline_cell, [{}], summary, [0.9])
    seeds = difference_interval(paper, paper.headline_cell, [{}], summary | {"sd": 0.06, "runs": 4}, [0.9])
    delta = 0.9 - 0.908
    reach = delta - alone[0] - ROUNDED
    assert delta - seeds[0] - ROUNDED == pytest.approx(math.hypot(reach, 1.959964 * 0.06 * 1.25**0.5))


def test_the_sample_behind_precision_is_the_predictions_made(paper):
    cell = paper.cell("IV", "Model 3", "test", "precision")
    summary = {"value": 0.9, "n": 250, "sd": None, "runs": 1}
    many = difference_interval(paper, cell, [{}], summary, [0.9])
    few = difference_interval(paper, cell, [{}], summary, [0.09])  # a tenth of the clips were predicted at all
    assert few[1] - few[0] > 2 * (many[1] - many[0])


def test_a_published_sd_over_folds_replaces_the_published_sample(paper):
    cell = replace(paper.headline_cell, sd=0.03, repeats=9)
    runs = [{"standard_error": 0.02}]
    low, high, _ = difference_interval(paper, cell, runs, {"value": 0.9, "n": 250, "sd": None, "runs": 1}, [])
    assert (high - low) / 2 == pytest.approx(1.959964 * math.hypot(0.02, 0.01) + ROUNDED)


def test_folds_on_both_sides_are_held_against_each_other(paper):
    cell = replace(paper.headline_cell, sd=0.03, repeats=9)
    summary = {"value": 0.9, "n": 2500, "sd": 0.06, "runs": 9, "folds": 9}
    low, high, basis = difference_interval(paper, cell, [{"standard_error": 0.02}], summary, [])
    assert (high - low) / 2 == pytest.approx(1.959964 * math.hypot(0.02, 0.01) + ROUNDED)  # Welch: 0.06 / 3, 0.03 / 3
    assert basis == "the spread over 9 folds and the published one over 9"


def test_an_unknown_published_n_is_taken_as_ours_and_said(paper):
    cell = replace(paper.headline_cell, n=None)
    basis = difference_interval(paper, cell, [{}], {"value": 0.9, "n": 250, "sd": None, "runs": 1}, [0.9])[2]
    assert basis == "n = 250 and not published, taken as ours, 1 run"
