"""Expected scores of a constant answer, worked out by hand and against samples that are drawn."""

import dataclasses

import numpy as np
import pytest
from sklearn.metrics import log_loss

from shared.paper.loading import load_paper
from shared.paper.schema import Drawn
from shared.results import exact
from shared.results.diff import compare, diff_paper
from shared.results.reading import Results
from shared.training.class_weights import first_label_weights, multi_label

PAPER = load_paper("pascuo_multilabel")
CLASSES = PAPER.corpus.classes


def drawn(*pairs):
    return Drawn(pairs, "label, then track", 100, "0" * 16)


def test_shares_by_hand():
    """Labels: A 4, B 2. By A (4 in 6) one of the 3 A and the 1 A + B, by B (2 in 6) the A + B or the B."""
    rates = exact.label_rates(drawn(("A", "", 3), ("A", "B", 1), ("B", "", 1)), ("A", "B"))
    both = 4 / 6 / 4 + 2 / 6 / 2
    assert rates == pytest.approx([4 / 6 * 3 / 4 + both, both + 2 / 6 / 2])


def test_a_label_that_a_track_names_twice_counts_twice():
    assert exact.label_rates(drawn(("A", "A", 1), ("B", "", 1)), ("A", "B")) == pytest.approx([2 / 3, 1 / 3])


def test_a_label_is_found_in_the_text_of_another():
    """Rock and Pop Rock have half of the labels each; Rock's half is that of both tracks."""
    rates = exact.label_rates(drawn(("Rock", "", 1), ("Pop Rock", "", 1)), ("Pop Rock", "Rock"))
    assert rates == pytest.approx([3 / 4, 1 / 4])


def test_the_scores_are_those_of_drawn_samples():
    rates = [0.7, 0.2, 0.0, 1.0]
    scores = exact.constant_scores(rates)
    true = np.random.default_rng(0).random((200_000, 4)) < rates
    answer = np.array(rates) > 0.5
    assert scores["binary_accuracy"] == pytest.approx((true == answer).mean(), abs=0.002)
    losses = [log_loss(true[:, i], np.full(len(true), rates[i]), labels=[0, 1]) for i in (0, 1)]
    assert scores["binary_crossentropy"] == pytest.approx(sum(losses) / 4, abs=0.002)
    assert exact.constant_scores(rates, threshold=0.8)["binary_accuracy"] == pytest.approx((0.3 + 0.8 + 1 + 1) / 4)


def test_the_papers_own_labels():
    """In another way: the chance of every pair, through each of its labels, in matrices."""
    pairs, classes = PAPER.corpus.drawn.pairs, PAPER.corpus.classes
    has = np.array([[name in pair[:2] for name in classes] for pair in pairs], float)
    tracks = np.array([n for *_, n in pairs], float)
    counts = np.array([sum((pair[:2].count(name)) * pair[2] for pair in pairs) for name in classes], float)
    chance = (has / (tracks @ has) * (counts / counts.sum())).sum(axis=1) * tracks
    assert chance.sum() == pytest.approx(1)
    expected = chance @ has
    assert exact.label_rates(PAPER.corpus.drawn, classes) == pytest.approx(expected.tolist())
    assert expected.sum() == pytest.approx(1.8465, abs=5e-5)


def test_rows_are_there_without_any_results(tmp_path):
    results = Results.read(PAPER, tmp_path)
    rows = results.rows
    assert results.records == {}
    assert {(row["model"], row["table"], row["exact"], row["epochs"], row["unit"]) for row in rows} == {
        (exact.MODEL, "Section 5 by labels alone", True, 0, "")
    }
    assert {row["metric"]: round(row["value"], 5) for row in rows} == {
        "binary_crossentropy": 0.20905,
        "binary_accuracy": 0.93845,
    }
    assert {row["n"] for row in rows} == {183_258}  # 15 % of 1,221,720
    for name in ("verma_genres", "lam_ensemble"):
        assert exact.exact_rows(load_paper(name)) == []
    without = dataclasses.replace(PAPER, corpus=dataclasses.replace(PAPER.corpus, drawn=None))
    assert exact.exact_rows(without) == []


def test_the_diff_holds_them_against_the_text(tmp_path):
    (section,) = diff_paper(PAPER, tmp_path, ["paper"]).sections
    found = {entry.metric: entry for entry in section.entries.values() if entry.model == exact.MODEL}
    assert found["binary_crossentropy"].value == pytest.approx(0.20905, abs=5e-6)
    assert {entry.verdict for entry in found.values()} == {"match"}
    assert "exact" in found["binary_accuracy"].reason


def test_a_wrong_number_would_not_match(tmp_path):
    rows = [row | {"value": row["value"] + 0.006} for row in exact.exact_rows(PAPER)]
    (section,) = compare(Results(PAPER, tmp_path, rows=tuple(rows)), ["paper"]).sections
    verdicts = {entry.metric: entry.verdict for entry in section.entries.values() if entry.model == exact.MODEL}
    assert set(verdicts.values()) == {"differs"}


def test_class_weights_move_the_shares_that_a_network_ends_at():
    """By hand: A alone 3 tracks, A and B 1, B alone 1; see above for the chances. Weights are 1/2 over the share."""
    pairs = drawn(("A", "", 3), ("A", "B", 1), ("B", "", 1))
    rate_a, rate_b = exact.label_rates(pairs, ("A", "B"))
    weight_a, weight_b = ((rate_a + rate_b) / 2 / rate for rate in (rate_a, rate_b))
    only_a, both = 4 / 6 * 3 / 4, 4 / 6 / 4 + 2 / 6 / 2
    only_b = 1 - only_a - both
    total = weight_a * (only_a + both) + weight_b * only_b  # a sample of both counts by the weight of A, the first
    expected = [weight_a * (only_a + both) / total, (weight_a * both + weight_b * only_b) / total]
    assert exact.first_label_rates(pairs, ("A", "B")) == pytest.approx(expected)


def test_they_are_those_of_kerass_weights_on_drawn_samples():
    """The least weighted cross-entropy of one answer for all is the weighted mean of the labels."""
    classes, n = PAPER.corpus.classes, 300_000
    pairs = [pair[:2] for pair in PAPER.corpus.drawn.pairs]
    chosen = np.random.default_rng(0).choice(len(pairs), n, p=exact._chances(PAPER.corpus.drawn))
    has = np.array([[name in pair for name in classes] for pair in pairs])
    labels = has[chosen]
    weights = first_label_weights(labels, multi_label(labels))
    found = np.average(labels, axis=0, weights=weights)
    expected = np.array(exact.first_label_rates(PAPER.corpus.drawn, classes))
    assert np.abs(found - expected).max() < 0.004
    assert np.abs(found - labels.mean(axis=0)).max() > 0.05


def test_what_a_network_scores_that_hears_nothing():
    """Its answers cost 0.0071 more than the labels' shares, which no class weight moves; it names nothing either."""
    deaf, alike = exact.nothing_heard(PAPER), exact.constant_scores(exact.label_rates(PAPER.corpus.drawn, CLASSES))
    assert deaf["binary_crossentropy"] == pytest.approx(0.21614, abs=5e-6)
    assert deaf["binary_accuracy"] == pytest.approx(alike["binary_accuracy"])
    settings = {name: value for name, value in PAPER.settings.items() if name != "label_weights"}
    assert exact.nothing_heard(dataclasses.replace(PAPER, settings=settings)) == alike
    assert exact.nothing_heard(load_paper("verma_genres")) == {}


def test_the_scores_of_other_answers_are_scikit_learns():
    rates, answers = [0.7, 0.2], [0.4, 0.6]
    true = np.array([[1, 0]] * 7 + [[0, 0]] + [[0, 1]] * 2)
    losses = [log_loss(true[:, i], np.full(10, answers[i])) for i in (0, 1)]
    scores = exact.constant_scores(rates, answers=answers)
    assert scores["binary_crossentropy"] == pytest.approx(np.mean(losses))
    assert scores["binary_accuracy"] == pytest.approx((true == (np.array(answers) > 0.5)).mean())


def test_what_the_published_curve_has_beyond_them():
    (curve,) = PAPER.curves
    gains = exact.curve_gains(curve, exact.nothing_heard(PAPER))
    losses, accuracies = gains["binary_crossentropy"], gains["binary_accuracy"]
    assert (len(losses), len(accuracies)) == (50, 50)
    assert losses[-1] - losses[0] == pytest.approx(0.2077 - 0.2053)
    assert losses[0] == pytest.approx(0.21614 - 0.2077, abs=5e-6)
    assert accuracies[0] == pytest.approx(0.9386 - 0.93845, abs=5e-6)
    assert exact.curve_gains(curve, {}) == {}
