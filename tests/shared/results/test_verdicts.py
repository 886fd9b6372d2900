"""Verdicts and their intervals against hand-worked sums; the parts are held against statsmodels in test_intervals."""

import math
from dataclasses import replace

import pytest
from scipy import stats

from shared.metrics.intervals import Spread, newcombe_interval
from shared.paper.schema import Clusters
from shared.results.verdicts import (
    CONDITIONAL,
    CONSISTENT,
    DIFFERS,
    MATCH,
    RULE,
    UNDETERMINED,
    by_chance,
    difference_interval,
    judge,
)

ROUNDED = 0.5e-4  # half a unit of Table IV's last decimal
Z = stats.norm.ppf(0.975)
RUN = {"corpus": "vntm"}


def summary(value, n=250, sd=None, runs=1, **more):
    return {"value": value, "n": n, "sd": sd, "runs": runs} | more


def interval(paper, cell, found, runs=(RUN,), recall=(0.9,), spread=None):
    return difference_interval(paper, cell, list(runs), found, list(recall), spread)


# ---- clips


def test_the_interval_of_a_proportion_is_newcombes(lam):
    # Newcombe (1998), table II, example (a): 56/70 and 48/80 give 0.0524 to 0.3339 by method 10.
    cell = replace(lam.headline_cell, value=48 / 80, n=80)
    found = interval(lam, cell, summary(56 / 70, 70), recall=[0.8])
    assert (round(found.low + ROUNDED, 4), round(found.high - ROUNDED, 4)) == (0.0524, 0.3339)
    assert found.basis == "n = 70 and 80; 1 run, the clips alone"


def test_the_interval_of_a_loss_takes_our_spread_on_both_sides(lam):
    cell = replace(lam.cell("IV", "Model 3", "test", "loss"), n=1000)
    run = RUN | {"standard_error": 0.04}  # of 250 clips; of 1000 clips of the same spread it is 0.02
    found = interval(lam, cell, summary(0.3), [run])
    half, delta = Z * math.sqrt(0.04**2 + 0.02**2) + ROUNDED, 0.3 - 0.2408
    assert (found.low, found.high) == pytest.approx((delta - half, delta + half))


def test_the_sample_behind_precision_is_the_predictions_made(lam):
    cell = lam.cell("IV", "Model 3", "test", "precision")
    many = interval(lam, cell, summary(0.9))
    few = interval(lam, cell, summary(0.9), recall=[0.09])  # a tenth of the clips were predicted at all
    assert few.high - few.low > 2 * (many.high - many.low)


def test_an_unknown_published_n_is_taken_as_ours_and_said(lam):
    basis = interval(lam, replace(lam.headline_cell, n=None), summary(0.9)).basis
    assert basis == "n = 250 and not published, taken as ours; 1 run, the clips alone"


def test_clips_of_one_recording_are_worth_less_on_both_sides(lam):
    clustered = replace(lam, corpus=replace(lam.corpus, clusters={"vntm": Clusters("recording", r"(\d+)")}))
    run = RUN | {"design": 4.0, "clusters": 11}
    found = interval(clustered, lam.headline_cell, summary(0.9), [run])
    worth = 250 / 4 * (Z / stats.t.ppf(0.975, 10)) ** 2
    low, high = newcombe_interval(0.9, worth, 0.908, worth)
    assert (found.low, found.high) == pytest.approx((low - ROUNDED, high + ROUNDED))
    assert found.basis.startswith("n = 250 and 250 in clusters by recording, 11 of ours")
    cell = lam.cell("IV", "Model 3", "test", "loss")
    found = interval(clustered, cell, summary(0.24), [run | {"standard_error": 0.05}])
    assert found.high - 0.24 + cell.value == pytest.approx(stats.t.ppf(0.975, 10) * 0.05 * math.sqrt(2) + ROUNDED)


# ---- seeds and folds


def test_the_spread_over_seeds_widens_the_interval_with_students_t(lam):
    found = [
        interval(lam, lam.headline_cell, summary(0.9, runs=runs), spread=Spread(0.06, 3) if runs > 1 else None)
        for runs in (1, 4)
    ]
    reach = [0.9 - 0.908 - one.low - ROUNDED for one in found]
    seeds = stats.t.ppf(0.975, 3) * 0.06 * 1.25**0.5
    assert reach[1] == pytest.approx(math.hypot(reach[0], seeds))
    assert found[1].basis.endswith("; 4 seeds, sd 0.0600, 3 degrees of freedom")
    pooled = interval(lam, lam.headline_cell, summary(0.9, runs=4), spread=Spread(0.06, 9, rows=3))
    assert pooled.basis.endswith("; 4 seeds, sd 0.0600 pooled over 3 rows, 9 degrees of freedom")
    assert pooled.high < found[1].high


def test_what_would_have_been_noticed_has_clips_and_seeds_in_it(lam):
    clips = interval(lam, lam.cell("IV", "Model 3", "test", "loss"), summary(0.3), [RUN | {"standard_error": 0.03}])
    ratio = (Z + stats.norm.ppf(0.8)) / Z
    assert clips.noticeable == pytest.approx(ratio * Z * 0.03 * math.sqrt(2) + ROUNDED)
    run, spread = RUN | {"standard_error": 1e-9}, Spread(0.02, 2)
    seeds = interval(lam, lam.cell("IV", "Model 3", "test", "loss"), summary(0.3, runs=3), [run], spread=spread)
    effect = (seeds.noticeable - ROUNDED) / (0.02 * math.sqrt(1 + 1 / 3))  # as a noncentrality of t with 2 df
    assert stats.nct.sf(stats.t.ppf(0.975, 2), 2, effect) == pytest.approx(0.8, abs=1e-6)


def test_a_published_sd_over_folds_replaces_the_published_sample(lam):
    cell = replace(lam.headline_cell, sd=0.03, repeats=10)
    found = interval(lam, cell, summary(0.9), [RUN | {"standard_error": 0.02}])
    theirs = 0.03 * math.sqrt(1 / 10 + 1 / 9)  # training sets overlap: Nadeau and Bengio
    assert (found.high - found.low) / 2 == pytest.approx(Z * math.hypot(0.02, theirs) + ROUNDED)


def test_folds_on_both_sides_are_held_against_each_other(lam):
    cell = replace(lam.headline_cell, sd=0.03, repeats=10)
    found = interval(lam, cell, summary(0.9, 2500, 0.06, 10, folds=10))
    ours, theirs = (sd**2 * (1 / 10 + 1 / 9) for sd in (0.06, 0.03))
    df = (ours + theirs) ** 2 / (ours**2 / 9 + theirs**2 / 9)  # Welch and Satterthwaite
    assert (found.high - found.low) / 2 == pytest.approx(stats.t.ppf(0.975, df) * math.sqrt(ours + theirs) + ROUNDED)
    assert found.basis == "the spread over 10 folds and the published one over 10, whose training sets overlap"


def test_one_published_number_may_be_of_any_fold(lam):
    found = interval(lam, lam.headline_cell, summary(0.9, 2500, 0.06, 6, folds=6))
    assert (found.high - found.low) / 2 == pytest.approx(stats.t.ppf(0.975, 5) * 0.06 * math.sqrt(7 / 6) + ROUNDED)
    assert found.basis == "one published number, the spread over 6 folds"


# ---- verdicts


def verdict(paper, value, metric="loss", conditions=(), runs=5, **row):
    cell = paper.cell("IV", "Model 3", "test", metric)
    found = summary(value, sd=1e-4, runs=runs)
    spread = Spread(1e-4, 4) if runs > 1 else None
    return judge(paper, cell, [RUN | {"standard_error": 0.02} | row], found, [0.9], spread, conditions)


@pytest.mark.parametrize(
    ("value", "margin", "expected"),
    [  # the interval of a loss reaches 1.96 · 0.02 · √2 = 0.055 to either side of the difference
        (0.25, 0.10, MATCH),
        (0.25, 0.05, CONSISTENT),
        (0.25, None, CONSISTENT),
        (0.31, 0.13, MATCH),  # it differs, and by less than what matters
        (0.31, 0.10, DIFFERS),
        (0.31, None, DIFFERS),
    ],
)
def test_a_verdict_is_an_interval_against_0_and_the_margin(lam, value, margin, expected):
    table = replace(lam.tables[0], margins={} if margin is None else {"loss": margin}, margin_reason="made up")
    assert verdict(replace(lam, tables=(table,)), value)["verdict"] == expected


def test_fewer_than_three_trainings_decide_nothing_however_far_they_are_off(lam):
    for runs, expected in ((1, UNDETERMINED), (2, UNDETERMINED), (3, DIFFERS)):
        found = verdict(lam, 0.9, runs=runs)
        assert found["verdict"] == expected
        assert ("the clips alone" in found["reason"]) == (expected == UNDETERMINED)


def test_a_departure_from_the_text_makes_a_verdict_conditional_and_says_on_what(lam):
    found = verdict(lam, 0.9, conditions=["another recogniser", "no pretraining"])
    assert (found["verdict"], found["condition"]) == (CONDITIONAL, "another recogniser and no pretraining")
    assert found["reason"].startswith("conditional on another recogniser and no pretraining; under it differs: differ")
    assert verdict(lam, 0.9)["condition"] == ""


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [(0.9385, "cut off", MATCH), (0.9385, "", DIFFERS), (0.9345, "", MATCH), (0.9401, "cut off", DIFFERS)],
)
def test_an_exact_expectation_agrees_if_it_prints_as_published(lam, value, kind, expected):
    cell = replace(lam.headline_cell, value=0.93, decimals=2, note_kind=kind)
    found = judge(lam, cell, [RUN | {"exact": True}], summary(value), [], None)
    assert found["verdict"] == expected
    assert found["noticeable"] is None
    stands_for = "0.93 to 0.94" if kind else "0.925 to 0.935"
    assert found["reason"].endswith(f"an exact expectation; the printed value stands for {stands_for}")


def test_chance_is_counted_once_a_table():
    assert by_chance([UNDETERMINED, CONDITIONAL]) == ""
    assert by_chance([MATCH]).startswith("1 number judged at 95 %: if all agreed in truth, 0.1 would")
    assert by_chance([MATCH] * 20 + [DIFFERS] * 4 + [UNDETERMINED]).startswith("24 numbers judged at 95 %")
    assert "1.2 would be called `differs` by chance alone" in by_chance([CONSISTENT] * 24)


def test_the_rule_has_a_line_for_each_verdict_of_a_published_number():
    lines = [line for line in RULE.splitlines() if line.startswith("- ")]
    names = [MATCH, CONSISTENT, DIFFERS, UNDETERMINED, CONDITIONAL, "not comparable", "not run"]
    assert [line.split("`")[1] for line in lines] == names
