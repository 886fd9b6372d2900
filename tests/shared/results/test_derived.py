"""What several predictions say together, against hand-worked numbers and NumPy; clips and classes go by name."""

import csv
from dataclasses import replace

import numpy as np
import pytest

from shared.metrics.ensembles import fit_weights, product, weighted_geometric_mean
from shared.paper.loading import load_paper
from shared.paper.schema import Ensemble
from shared.results import store
from shared.results.answer import Answer
from shared.results.derived import ALL_FOLDS, FITTED, fold_averages
from shared.results.diff import diff_paper
from shared.results.reading import Results
from shared.runs.predictions import Predictions
from shared.runs.units import ResultsError


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


def answer(record, predictions):
    return Answer(record, f"{record['model']} {record['seed']} {record['fold']}", lambda: predictions)


def evaluated(paper, folder):
    return [(one.record, one.predictions) for one in Results.read(paper, folder, for_writing=True).answers]


def test_the_mean_of_the_probabilities_is_taken_on_the_test_clips():
    """Whatever order clips and classes stand in."""
    first = predictions([[0.9, 0.1], [0.4, 0.6]])
    second = predictions([[0.5, 0.5], [0.8, 0.2]])
    turned = Predictions(
        second.split, second.clips[::-1], second.y_true[::-1, ::-1], second.y_prob[::-1, ::-1], ("y", "x")
    )
    for other in (second, turned):
        found = [
            answer(record(0, commit="1a", device="a GPU"), first),
            answer(record(1, commit="2b", device="a GPU", status="partial"), other),
        ]
        (averaged,) = fold_averages(found, 2)
        tested, said = averaged.predictions, averaged.record
        assert tested.y_prob.tolist() == [pytest.approx([0.7, 0.3]), pytest.approx([0.6, 0.4])]
        assert (tested.clips.tolist(), tested.classes) == (["a", "b"], ("x", "y"))
        assert (said["fold"], said["epochs"], said["seconds"]) == (ALL_FOLDS, 3, 4.0)
        assert said["status"] == "partial"  # as one of its folds
        assert (said["commit"], said["device"]) == ("several", "a GPU")  # not those of fold 0 alone


def test_nothing_is_averaged_that_is_not_whole():
    one = predictions([[0.9, 0.1], [0.4, 0.6]])
    assert fold_averages([answer(record(0), one), answer(record(1, seed=1), one)], 2) == []
    assert fold_averages([answer(record(0), one)], 1) == []
    elsewhere = predictions([[0.9, 0.1], [0.4, 0.6]], ("a", "c"))
    validated = predictions([[0.9, 0.1], [0.4, 0.6]], split="validation")
    for two in ((one, elsewhere), (validated, validated)):
        (averaged,) = fold_averages([answer(record(fold), two[fold]) for fold in (0, 1)], 2)
        assert len(averaged.predictions.clips) == 0


def test_what_does_not_go_together_is_refused_with_the_unit():
    one = predictions([[0.9, 0.1], [0.4, 0.6]])
    named = replace(one, classes=("x", "z"))
    labelled = replace(one, y_true=one.y_true[::-1])
    for other, message in ((named, "the classes are x, z, not x, y"), (labelled, "the true class of a is another one")):
        (averaged,) = fold_averages([answer(record(0), one), answer(record(1, key="second"), other)], 2)
        with pytest.raises(ResultsError, match=f"second does not go with the others: {message}"):
            _ = averaged.predictions


def test_an_ensemble_does_not_depend_on_the_order_of_columns_and_clips(paper, write_unit):
    """Turning one member's columns had taken PROD from 0.9640 to 0.7360 in silence."""
    for model, right in (("Model 1", 200), ("Model 2", 150), ("Model 3", 120)):
        folder = write_unit(model, {"validation": 300, "test": right})
    before = {
        row["metric"]: row for row in Results.read(paper, folder, for_writing=True).table if row["model"] == "PROD"
    }
    path = next(folder.glob("units/model-2*/predictions.csv"))
    head, *rows = csv.reader(path.read_text().splitlines())
    order = [0, 1, 2, *range(len(head) - 1, 2, -1)]
    path.write_text("\n".join(",".join(row[i] for i in order) for row in (head, *rows[::-1])) + "\n")
    after = {
        row["metric"]: row for row in Results.read(paper, folder, for_writing=True).table if row["model"] == "PROD"
    }
    assert after == before


def test_ensembles_are_fused_from_the_averages(paper, write_unit):
    for model, right in (("Model 1", 200), ("Model 2", 150), ("Model 3", 120)):
        for fold in (0, 1):
            folder = write_unit(model, {"validation": 300, "test": right + 20 * fold}, fold=fold)
    found = {record["model"]: one for record, one in evaluated(paper, folder) if record["fold"] == ALL_FOLDS}
    assert list(found) == [f"{name}, folds averaged" for name in ("Model 1", "Model 2", "Model 3", "PROD")]
    members = [found[f"Model {number}, folds averaged"].y_prob for number in (1, 2, 3)]
    assert found["PROD, folds averaged"].y_prob == pytest.approx(product(members))
    store.write_runs(paper, folder)
    extras = {(entry.model, entry.split) for entry in diff_paper(paper, folder).sections[0].extras}
    assert ("PROD, folds averaged", "test") in extras
    assert ("PROD, folds averaged", "validation") not in extras


def test_weights_for_a_fold_are_fitted_on_the_others(paper, write_unit):
    members = ("Model 1", "Model 2")
    fitted = Ensemble("FITTED", members, FITTED, published=False, origin="assumed")
    paper = replace(paper, ensembles={"FITTED": fitted})
    for fold in (0, 1):
        for model, right in zip(members, ((320, 150), (200, 330))[fold], strict=True):
            folder = write_unit(model, {"validation": right, "test": 200}, fold=fold)
    found = {(record["model"], record["fold"]): one for record, one in evaluated(paper, folder)}
    for fold, other in ((0, 1), (1, 0)):
        held_out = [found[member, other].on("validation") for member in members]
        weights = fit_weights([one.y_prob for one in held_out], held_out[0].y_true)
        assert weights.argmax() == other  # fold 0 prefers the second model, which is good on fold 1, and so on
        expected = weighted_geometric_mean([found[member, fold].y_prob for member in members], weights)
        assert found["FITTED", fold].y_prob == pytest.approx(expected)
    assert ("FITTED, folds averaged", ALL_FOLDS) in found


def test_no_weights_are_fitted_where_a_fold_is_missing(paper, write_unit):
    fitted = Ensemble("FITTED", ("Model 1", "Model 2"), FITTED, published=False, origin="assumed")
    for model in fitted.members:
        folder = write_unit(model, {"validation": 300, "test": 200})
    found = evaluated(replace(paper, ensembles={"FITTED": fitted}), folder)
    assert {record["model"] for record, _ in found} == set(fitted.members)
