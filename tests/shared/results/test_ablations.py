"""The score after a few epochs, variant by variant, from histories made on the spot."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from shared.paper.loading import load_paper
from shared.paper.schema import Ablation
from shared.report.readme import ablation_table
from shared.results.ablations import ablation_rows
from shared.results.reading import Results

ABLATION = Ablation("one at a time", "Model 3", ("paper", "paper-none", "paper-intended"), epochs=2)
HISTORY = (
    "epoch,accuracy,loss,test_accuracy,test_loss,seconds\n1,0.2,2.0,0.3,2.0,1.0\n2,0.4,1.0,{},1.0,1.0\n"
    "3,0.5,0.5,0.9,0.5,1.0\n"
)


@pytest.fixture(scope="module")
def paper():
    return load_paper("lam_ensemble")


def read(paper, folder):
    return Results.read(paper, folder, for_writing=True)


def write(write_unit, variant, accuracy, **conditions):
    folder = write_unit("Model 3", {"validation": 1, "test": 1}, variant=variant, **conditions)
    units = [path.parent for path in folder.glob("units/*/record.json")]
    unit = max(units, key=lambda unit: (f"-{variant}-" in unit.name, unit.stat().st_mtime_ns))  # the one just written
    (unit / "history.csv").write_text(HISTORY.format(accuracy))
    return folder


def test_scores_after_the_chosen_epoch_and_their_differences(paper, write_unit):
    write(write_unit, "paper", 0.5, status="partial")
    folder = write(write_unit, "paper-none", 0.8)
    first, second, third = ablation_rows(read(paper, folder), ABLATION)
    assert (first["value"], first["delta"], first["n"]) == (0.5, None, 250)
    assert (second["value"], second["delta"], second["says"]) == (0.8, pytest.approx(0.3), "up")
    # Newcombe's interval of 200/250 - 125/250: from the two Wilson intervals, (0.7461, 0.8449) and (0.4384, 0.5616)
    assert (second["low"], second["high"]) == (pytest.approx(0.2182, abs=2e-4), pytest.approx(0.3762, abs=2e-4))
    assert (third["variant"], third["value"], third["says"]) == ("paper-intended", None, "")


def test_a_difference_that_clips_alone_explain_moves_nothing(paper, write_unit):
    write(write_unit, "paper", 0.5)
    folder = write(write_unit, "paper-none", 0.46)
    assert [row["says"] for row in ablation_rows(read(paper, folder), ABLATION)] == ["", "no", ""]


def test_a_row_of_another_machine_is_marked(paper, write_unit):
    write(write_unit, "paper", 0.5)
    write(write_unit, "paper-none", 0.8)
    folder = write(write_unit, "paper-intended", 0.3, device="another processor")
    results = read(paper, folder)
    assert [row["device"] for row in ablation_rows(results, ABLATION)] == ["a processor"] * 2 + ["another processor"]
    _, rows = ablation_table(SimpleNamespace(paper=paper, results=results), ABLATION)
    assert [row[-1] for row in rows] == ["", "up", "down, on another machine"]


def test_other_conditions_and_shorter_runs_do_not_count(paper, write_unit):
    write(write_unit, "paper", 0.5, seed=1)
    write(write_unit, "paper", 0.5, protocol="grouped")
    folder = write(write_unit, "paper-none", 0.5)
    assert [row["value"] for row in ablation_rows(read(paper, folder), ABLATION)] == [None, 0.5, None]
    longer = replace(ABLATION, epochs=4)
    assert [row["value"] for row in ablation_rows(read(paper, folder), longer)] == [None, None, None]
