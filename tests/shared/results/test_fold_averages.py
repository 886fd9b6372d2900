"""Test predictions averaged over folds, against hand-worked numbers and NumPy."""

from dataclasses import replace

import numpy as np
import pytest

from shared.metrics.ensembles import fit_weights, product, weighted_geometric_mean
from shared.paper.loading import load_paper
from shared.paper.schema import Ensemble
from shared.results import store
from shared.results.diff import diff_paper
from shared.results.fold_averages import ALL_FOLDS, fold_averages
from shared.runs.predictions import Predictions


@pytest.fixture
def paper():
    lam = load_paper("lam_ensemble")
    return replace(lam, corpus=replace(lam.corpus, folds=2))


def record(fold, model="A", **conditions):
    names = ("variant", "protocol", "precision", "corpus", "fingerprint", "key")
    return {name: name for name in names} | {
        **{"model": model, "seed": 0, "fold": fold, "epochs": 3 + fold, "status": "complete", "seconds": 2.0},
        **conditions,
    }


def predictions(y_prob, clips=("a", "b"), split="test"):
    n = len(clips)
    return Predictions(
        np.array([split] * n), np.array(clips), np.eye(2, dtype="int8")[:n], np.array(y_prob), ("x", "y")
    )


def test_the_mean_of_the_probabilities_is_taken_on_the_test_clips():
    found = [
        (record(0, commit="1a", device="a GPU"), predictions([[0.9, 0.1], [0.4, 0.6]])),
        (record(1, commit="2b", device="a GPU", status="partial"), predictions([[0.5, 0.5], [0.8, 0.2]])),
    ]
    ((averaged, tested),) = fold_averages(found, 2)
    assert tested.y_prob.tolist() == [pytest.approx([0.7, 0.3]), pytest.approx([0.6, 0.4])]
    assert (averaged["fold"], averaged["epochs"], averaged["seconds"]) == (ALL_FOLDS, 3, 4.0)
    assert averaged["status"] == "partial"  # as one of its folds
    assert (averaged["commit"], averaged["device"]) == ("several", "a GPU")  # not those of fold 0 alone


def test_nothing_is_averaged_that_is_not_whole():
    one = predictions([[0.9, 0.1], [0.4, 0.6]])
    assert fold_averages([(record(0), one), (record(1, seed=1), one)], 2) == []
    assert fold_averages([(record(0), one), (record(1), predictions([[0.9, 0.1], [0.4, 0.6]], ("a", "c")))], 2) == []
    validated = predictions([[0.9, 0.1], [0.4, 0.6]], split="validation")
    assert fold_averages([(record(0), validated), (record(1), validated)], 2) == []
    assert fold_averages([(record(0), one)], 1) == []


def test_ensembles_are_fused_from_the_averages(paper, write_unit):
    for model, right in (("Model 1", 200), ("Model 2", 150), ("Model 3", 120)):
        for fold in (0, 1):
            folder = write_unit(model, {"validation": 300, "test": right + 20 * fold}, fold=fold)
    found = {record["model"]: one for record, one in store.evaluated(paper, folder) if record["fold"] == ALL_FOLDS}
    assert list(found) == [f"{name}, folds averaged" for name in ("Model 1", "Model 2", "Model 3", "PROD")]
    members = [found[f"Model {number}, folds averaged"].y_prob for number in (1, 2, 3)]
    assert found["PROD, folds averaged"].y_prob == pytest.approx(product(members))
    store.write_runs(paper, folder)
    extras = {(entry.model, entry.split) for entry in diff_paper(paper, folder).sections[0].extras}
    assert ("PROD, folds averaged", "test") in extras
    assert ("PROD, folds averaged", "validation") not in extras


def test_weights_for_a_fold_are_fitted_on_the_others(paper, write_unit):
    members = ("Model 1", "Model 2")
    fitted = Ensemble("FITTED", members, store.FITTED, published=False, origin="assumed")
    paper = replace(paper, ensembles={"FITTED": fitted})
    for fold in (0, 1):
        for model, right in zip(members, ((320, 150), (200, 330))[fold], strict=True):
            folder = write_unit(model, {"validation": right, "test": 200}, fold=fold)
    found = {(record["model"], record["fold"]): one for record, one in store.evaluated(paper, folder)}
    for fold, other in ((0, 1), (1, 0)):
        held_out = [found[member, other].on("validation") for member in members]
        weights = fit_weights([one.y_prob for one in held_out], held_out[0].y_true)
        assert weights.argmax() == other  # fold 0 prefers the second model, which is good on fold 1, and so on
        expected = weighted_geometric_mean([found[member, fold].y_prob for member in members], weights)
        assert found["FITTED", fold].y_prob == pytest.approx(expected)
    assert ("FITTED, folds averaged", ALL_FOLDS) in found


def test_no_weights_are_fitted_where_a_fold_is_missing(paper, write_unit):
    fitted = Ensemble("FITTED", ("Model 1", "Model 2"), store.FITTED, published=False, origin="assumed")
    for model in fitted.members:
        folder = write_unit(model, {"validation": 300, "test": 200})
    found = store.evaluated(replace(paper, ensembles={"FITTED": fitted}), folder)
    assert {record["model"] for record, _ in found} == set(fitted.members)
