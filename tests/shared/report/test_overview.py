"""The line that each published number has at the top: in ``make reproduce`` and in the forest plot."""

from dataclasses import replace
from pathlib import Path

import pytest

from shared.report.overview import lines, overview_text
from shared.report.site.forest import bar
from shared.results.diff import compare, diff_paper
from shared.results.reading import Results
from shared.results.store import write_runs


@pytest.fixture(scope="module")
def paper(lam):
    return lam


def row(diff, model="Model 3"):
    """What stands behind a model in the first table's lines, and the lines below without a name."""
    text = overview_text([diff]).splitlines()
    start = next(i for i, line in enumerate(text) if line.startswith(f"  {model} "))
    end = next((i for i in range(start + 1, len(text)) if not text[i].startswith("    ")), len(text))
    return [" ".join(line.replace(model, "", 1).split()) for line in text[start:end]]


def test_a_paper_that_was_not_run_says_so(paper):
    assert row(compare(Results(paper, Path("no-results")))) == ["0.9080 not run"]


def test_there_is_a_line_for_every_headline_reading_that_was_run(paper, write_unit):
    other = replace(paper.variants["paper-intended"], headline=True)
    paper = replace(paper, variants=paper.variants | {"paper-intended": other})
    write_unit("Model 3", {"test": 10}, variant="paper-none")
    write_unit("Model 3", {"test": 227})
    write_unit("Model 3", {"test": 100}, protocol="grouped")
    folder = write_unit("Model 3", {"test": 200}, variant="paper-intended")
    write_runs(paper, folder)
    found = row(diff_paper(paper, folder))
    assert found == ["0.9080 0.9080 undetermined", "0.8000 paper-intended undetermined"]


def test_another_corpus_stands_there_where_the_papers_own_was_not_run(paper, write_unit):
    folder = write_unit("Model 3", {"test": 200}, corpus="vntm-subset")
    write_runs(paper, folder)
    assert row(diff_paper(paper, folder)) == ["0.9080 0.8000 on vntm-subset not comparable"]
    write_unit("Model 3", {"test": 227})
    write_runs(paper, folder)
    assert row(diff_paper(paper, folder)) == ["0.9080 0.9080 undetermined"]


def test_the_first_variant_that_was_run_stands_there_where_the_faithful_one_was_not(paper, write_unit):
    write_unit("Model 3", {"test": 150}, corpus="vntm-subset", variant="paper-none")
    folder = write_unit("Model 3", {"test": 200}, corpus="vntm-subset", variant="paper-intended")
    write_runs(paper, folder)
    assert row(diff_paper(paper, folder)) == ["0.9080 0.8000 paper-intended on vntm-subset not comparable"]


def test_a_run_that_has_not_finished_says_how_far_it_is(paper, write_unit):
    folder = write_unit("Model 3", {"test": 200}, status="partial", epochs=12)
    write_runs(paper, folder)
    assert row(diff_paper(paper, folder)) == ["0.9080 0.8000 (12 of 50 epochs) not comparable"]


def test_the_bar_is_the_interval_of_the_difference_around_the_published_number(paper, write_unit):
    for seed in range(3):
        write_unit("Model 3", {"test": 220 + 5 * seed}, seed=seed)
    folder = write_unit("Model 1", {"test": 200}, corpus="vntm-subset")
    write_runs(paper, folder)
    judged = next(line.readings[0][1] for line in lines([diff_paper(paper, folder)]) if line.cell.model == "Model 3")
    low, high = bar(judged)
    assert low < judged.value < high
    assert (low, high) == pytest.approx((0.908 + judged.low, 0.908 + judged.high))
    unfit = diff_paper(paper, folder, corpus="vntm-subset").sections[0].entries["IV", "Model 1", "test", "accuracy"]
    assert bar(unfit) == (0.8, 0.8), "one run has no spread"
