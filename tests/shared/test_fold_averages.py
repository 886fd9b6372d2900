"""Test predictions averaged over folds, against hand-worked numbers and NumPy."""

from dataclasses import replace

import numpy as np
import pytest

from shared import results
from shared.diff import diff_paper
from shared.ensembles import product
from shared.fold_averages import ALL_FOLDS, fold_averages
from shared.paper import load_paper
from shared.results import Predictions


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
        (record(0), predictions([[0.9, 0.1], [0.4, 0.6]])),
        (record(1, status="partial"), predictions([[0.5, 0.5], [0.8, 0.2]])),
    ]
    ((averaged, tested),) = fold_averages(found, 2)
    assert tested.y_prob.tolist() == [pytest.approx([0.7, 0.3]), pytest.approx([0.6, 0.4])]
    assert (averaged["fold"], averaged["epochs"], averaged["seconds"]) == (ALL_FOLDS, 3, 4.0)
    assert averaged["status"] == "partial"  # as one of its folds


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
    found = {record["model"]: one for record, one in results.evaluated(paper, folder) if record["fold"] == ALL_FOLDS}
    assert list(found) == [f"{name}, folds averaged" for name in ("Model 1", "Model 2", "Model 3", "PROD")]
    members = [found[f"Model {number}, folds averaged"].y_prob for number in (1, 2, 3)]
    assert found["PROD, folds averaged"].y_prob == pytest.approx(product(members))
    results.write_runs(paper, folder)
    extras = {(entry.model, entry.split) for entry in diff_paper(paper, folder).sections[0].extras}
    assert ("PROD, folds averaged", "test") in extras
    assert ("PROD, folds averaged", "validation") not in extras
