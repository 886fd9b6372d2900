"""Published numbers beside each group that is held out."""

from dataclasses import replace

import pytest

from shared.metrics.intervals import newcombe_interval
from shared.paper.loading import load_paper
from shared.paper.schema import Protocol
from shared.report.fold_table import MARK, NOTE, fold_rows, fold_tables
from shared.report.readme import paper_blocks
from shared.results.diff import diff_paper
from shared.results.store import write_runs

# Table IV prints 0.9080 for Model 3 on the 250 test clips.
GROUPED = Protocol("grouped", comparable=True, n={"validation": 375, "test": 250}, folds=("anna", "ben", "cora"))


@pytest.fixture
def diffed(write_unit):
    """Writes Model 3's runs, given as (right answers a split, conditions), and returns diff and folder."""

    def diff_of(*runs):
        paper = load_paper("lam_ensemble")
        for right, conditions in runs:
            folder = write_unit("Model 3", right, **conditions)
        write_runs(paper, folder)
        named = replace(paper, corpus=replace(paper.corpus, protocols={"grouped": GROUPED}))
        return diff_paper(named, folder), folder

    return diff_of


def cell_of(diff):
    return next(cell for cell in diff.paper.cells() if (cell.model, cell.split, cell.metric) == PLACE)


PLACE = ("Model 3", "test", "accuracy")


def accuracies(diff, folder):
    return [one for one in fold_rows(diff) if one.cell == cell_of(diff)]


def test_each_group_beside_the_printed_number(diffed):
    diff, folder = diffed(
        ({"test": 227}, {"protocol": "grouped", "fold": 0}),
        ({"test": 150}, {"protocol": "grouped", "fold": 2}),
        ({"test": 154}, {"protocol": "grouped", "fold": 2, "seed": 1}),
    )
    anna, cora = accuracies(diff, folder)
    assert [(one.fold, one.value, one.n, one.seeds) for one in (anna, cora)] == [(0, 0.908, 250, 1), (2, 0.608, 250, 2)]
    assert (anna.holds, cora.holds) == (True, False)
    low, high = newcombe_interval(0.608, 250, 0.908, 250)
    assert (cora.low, cora.high) == pytest.approx((low - 0.00005, high + 0.00005), abs=1e-9)  # and the printed decimals


def test_rows_of_a_table(diffed):
    diff, _folder = diffed(
        ({"validation": 348, "test": 227}, {"protocol": "grouped", "fold": 0}),
        ({"validation": 300, "test": 150}, {"protocol": "grouped", "fold": 1, "status": "partial"}),
        ({"validation": 348, "test": 240}, {"protocol": "published"}),
    )
    (table,) = fold_tables(diff)
    assert table.title.startswith("Model 3, published ")
    at = table.head.index("test accuracy")
    first = table.rows[0]
    assert (first[1], first[at], first[at + 1].split()[0]) == ("anna", "0.9080", "+0.0000")
    assert first[-1] == "test accuracy, test precision, test recall"
    assert [row[1] for row in table.rows] == ["anna", "the stated split (`published`)"]  # a finished run is there
    block = paper_blocks(diff)["folds-published"]()
    assert f"**{table.title}**" in block
    assert "| `paper` | anna |" in block


def test_a_partial_run_is_named_and_decides_nothing(diffed):
    diff, folder = diffed(({"test": 227}, {"protocol": "grouped", "fold": 1, "status": "partial", "epochs": 3}))
    (ben,) = accuracies(diff, folder)
    assert (ben.partial, ben.holds) == (3, False)
    (table,) = fold_tables(diff)
    assert "0.9080 (partial: 3 epochs)" in table.rows[0]
    assert table.rows[0][-1] == ""


def test_the_groups_mean(diffed):
    runs = [({"test": 200}, {"protocol": "grouped", "fold": 0}), ({"test": 150}, {"protocol": "grouped", "fold": 1})]
    diff, _folder = diffed(*runs)
    (table,) = fold_tables(diff)
    row = next(row for row in table.rows if row[1] == "**mean of 2**")
    assert "0.7000 ± 0.1414" in row
    assert "-0.2080" in row


def test_training_accuracy_from_the_history_where_no_answers_were_kept(diffed, monkeypatch):
    """The history's second epoch, which was evaluated, has 0.6."""
    diff, _folder = diffed(({"test": 227}, {"protocol": "grouped", "fold": 0}))
    cell = replace(cell_of(diff), split="train", value=0.6, n=None)
    protocol = replace(GROUPED, n={"train": 1000, "test": 250})
    paper = replace(diff.paper, corpus=replace(diff.paper.corpus, protocols={"grouped": protocol}))
    monkeypatch.setattr(type(paper), "cells", lambda self: [cell])
    (one,) = fold_rows(replace(diff, results=replace(diff.results, paper=paper)))
    assert (one.value, one.n, one.from_history, one.holds) == (0.6, 1000, True, True)
    (table,) = fold_tables(replace(diff, results=replace(diff.results, paper=paper)))
    assert f"0.6000{MARK}" in table.rows[0]
    assert table.notes == (NOTE,)


def test_a_split_that_may_not_stand_beside_the_paper_is_left_out(write_unit):
    paper = load_paper("lam_ensemble")
    folder = write_unit("Model 3", {"test": 227}, protocol="grouped")
    write_runs(paper, folder)
    diff = diff_paper(paper, folder)
    assert paper.corpus.n_under("grouped") is None
    assert fold_tables(diff) == []
    assert paper_blocks(diff)["folds-published"]() == "Not run yet."
