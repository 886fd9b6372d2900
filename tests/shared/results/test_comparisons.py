"""Two trainings on the same clips: paired differences against scipy and against counts worked by hand."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from shared.paper.schema import Clusters, Comparison
from shared.report.readme import comparisons_table
from shared.results import store
from shared.results.diff import diff_paper
from shared.runs.units import ResultsError

MODEL = "Model 3"
OWN = Comparison("nothing", ("paper-none", MODEL), ("paper", MODEL))
MODELS = Comparison("a larger network", ("paper", "Model 1"), ("paper", MODEL))


@pytest.fixture
def paper(lam):
    return replace(lam, comparisons=(OWN, MODELS))


def diff_of(paper, folder):
    store.write_runs(paper, folder)
    return diff_paper(paper, folder)


def test_clips_are_paired_and_seeds_and_precisions_are_those_of_both(paper, write_unit):
    for seed in (0, 1):
        folder = write_unit(MODEL, {"validation": 1, "test": 200}, seed=seed)
    write_unit(MODEL, {"validation": 1, "test": 150}, variant="paper-none", seed=1)
    write_unit(MODEL, {"validation": 1, "test": 10}, variant="paper-none", seed=2)
    write_unit(MODEL, {"validation": 1, "test": 20}, variant="paper-none", seed=0, precision="bfloat16")
    (row,) = diff_of(paper, folder).comparisons
    assert (row["title"], row["split"], row["metric"]) == ("nothing", "test", "accuracy")
    assert (row["first_score"], row["second_score"], row["delta"]) == (0.6, 0.8, 0.2)  # 150 and 200 of 250 clips
    assert (row["n"], row["folds"], row["seeds"], row["status"]) == (250, 1, 1, "complete")
    # The unit's first clips are right, so 50 differences are 1 and 200 are 0: sd = sqrt(0.2 * 0.8 * 250 / 249).
    half = stats.t.ppf(0.975, 249) * np.sqrt(0.2 * 0.8 * 250 / 249) / np.sqrt(250)
    assert (row["low"], row["high"]) == (pytest.approx(0.2 - half, abs=1e-6), pytest.approx(0.2 + half, abs=1e-6))


def rename_clips(unit):
    text = (unit / "predictions.csv").read_text()
    (unit / "predictions.csv").write_text(text.replace(",test.", ",another."))


def test_two_sides_without_a_common_clip_are_named(paper, write_unit):
    write_unit(MODEL, {"validation": 1, "test": 200})
    folder = write_unit(MODEL, {"validation": 1, "test": 150}, variant="paper-none")
    rename_clips(next(folder.glob("units/*paper-none*")))
    named = "comparison 'nothing' of Model 3, paper-none and Model 3, paper: of fold 0, seed 0 the two have no clip"
    with pytest.raises(ResultsError, match=named):
        _ = diff_of(paper, folder).comparisons


def test_a_clip_of_several_seeds_counts_once(paper, write_unit):
    for seed in (0, 1):
        write_unit(MODEL, {"validation": 1, "test": 200}, seed=seed)
        folder = write_unit(MODEL, {"validation": 1, "test": 150 + 20 * seed}, variant="paper-none", seed=seed)
    (row,) = diff_of(paper, folder).comparisons
    assert (row["n"], row["seeds"], row["first_score"]) == (250, 2, 0.64)


def test_clips_of_a_cluster_are_taken_together(paper, write_unit):
    write_unit(MODEL, {"validation": 1, "test": 200})
    folder = write_unit(MODEL, {"validation": 1, "test": 150}, variant="paper-none")
    clusters = {"vntm": Clusters("shelf", r"\.(\d+)$", block=25)}
    (row,) = diff_of(replace(paper, corpus=replace(paper.corpus, clusters=clusters)), folder).comparisons
    gained = np.repeat([0.0, 1.0, 0.0], [150, 50, 50]).reshape(10, 25).mean(axis=1)  # of each of ten shelves
    half = stats.t.ppf(0.975, 9) * stats.sem(gained)
    assert (row["low"], row["high"]) == (pytest.approx(0.2 - half, abs=1e-6), pytest.approx(0.2 + half, abs=1e-6))
    assert (row["clusters"], row["with_seeds"]) == ("shelf", False)


def test_three_seeds_add_their_own_spread(paper, write_unit):
    for seed, right in enumerate((200, 190, 225)):
        write_unit(MODEL, {"validation": 1, "test": right}, seed=seed)
        folder = write_unit(MODEL, {"validation": 1, "test": 150}, variant="paper-none", seed=seed)
    (row,) = diff_of(paper, folder).comparisons
    gained = np.repeat([0, 1, 2 / 3, 1 / 3, 0], [150, 40, 10, 25, 25])  # of each clip, over the seeds
    clips = stats.t.ppf(0.975, 249) * stats.sem(gained)
    seeds = stats.t.ppf(0.975, 2) * stats.sem([0.2, 0.16, 0.3])
    assert row["with_seeds"]
    assert row["high"] - row["delta"] == pytest.approx(np.hypot(clips, seeds), abs=2e-6)


def test_the_clips_of_a_fold_share_a_network(paper, write_unit):
    for fold, right in enumerate((200, 180, 225)):
        write_unit(MODEL, {"validation": 1, "test": right}, protocol="grouped", fold=fold)
        folder = write_unit(MODEL, {"validation": 1, "test": 150}, variant="paper-none", protocol="grouped", fold=fold)
    (row,) = diff_of(paper, folder).comparisons
    half = stats.t.ppf(0.975, 2) * stats.sem([0.2, 0.12, 0.3])
    assert (row["n"], row["folds"], row["clusters"]) == (750, 3, "fold")
    assert row["high"] - row["delta"] == pytest.approx(half, abs=2e-6)


def test_the_table_names_models_where_they_differ_and_partial_runs(paper, write_unit):
    write_unit(MODEL, {"validation": 1, "test": 200})
    write_unit("Model 1", {"validation": 1, "test": 150})
    folder = write_unit(MODEL, {"validation": 1, "test": 200}, variant="paper-none", status="partial", epochs=3)
    head, (own, models) = comparisons_table(diff_of(paper, folder))
    last = ["difference (95 % interval)", "clips", "the interval knows"]
    assert head == ["what", "corpus", "test accuracy, without", "with", *last]
    assert own[0] == f"nothing: {MODEL}"
    assert own[2:] == [
        "0.8000 `paper-none`",
        "0.8000 `paper`",
        "+0.0000 (the same for every clip) (partial)",
        "250",
        "clips",
    ]
    assert models[:4] == ["a larger network", "vntm", "0.6000 `paper`, Model 1", f"0.8000 `paper`, {MODEL}"]


def test_nothing_is_compared_that_was_not_run(paper, write_unit):
    folder = write_unit(MODEL, {"validation": 1, "test": 200})
    assert diff_of(paper, folder).comparisons == []
    assert diff_of(replace(paper, comparisons=()), folder).comparisons == []
