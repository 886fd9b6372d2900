"""The paper's own layout: what stands where, and that nothing gets lost on the way to text, Markdown and CSV."""

import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest

from shared.paper.loading import load_paper
from shared.report.tables import WIDTH, duration, extra_rows, layouts, render_csv, render_markdown, render_text
from shared.results.diff import compare, diff_paper
from shared.results.reading import Results
from shared.results.store import write_runs


@pytest.fixture(scope="module")
def paper(lam):
    return lam


@pytest.fixture
def diff(paper, write_unit):
    """Model 1 with two seeds, one of them in bfloat16 too, and a third that is partial; Model 3 partial; and more."""
    write_unit("Model 1", {"validation": 313, "test": 216})
    write_unit("Model 1", {"validation": 317, "test": 226}, seed=1)
    write_unit("Model 1", {"test": 100}, seed=2, status="partial", epochs=1)
    write_unit("Model 1", {"test": 220}, precision="bfloat16", epochs=6, seconds=900.0)
    write_unit("Model 3", {"validation": 338, "test": 227}, status="partial", epochs=12)
    write_unit("Model 3", {"validation": 200, "test": 180}, protocol="grouped")
    folder = write_unit("1-NN probe", {"test": 248}, variant="probe")
    write_runs(paper, folder)
    return diff_paper(paper, folder)


def line(text, start, after=""):
    """The first line that starts so, behind the first occurrence of `after`."""
    rest = text[text.index(after) :]
    return next(found for found in rest.splitlines() if found.strip().startswith(start))


def test_the_terminal_table_is_in_the_papers_layout(diff):
    text = render_text(diff)
    assert "Table IV · Performance of three models on validation set and test set" in text
    printed = ["0.5153", "0.8347", "0.8489", "0.8240", "0.3793", "0.8640", "0.8699", "0.8560"]
    assert line(text, "1     published").split()[2:] == printed
    regenerated = line(text, "regenerated", after="1     published").split()
    assert regenerated[2] == f"{(313 + 317) / 2 / 375:.4f}"
    assert regenerated[6] == f"{(216 + 226) / 2 / 250:.4f}"
    assert line(text, "difference").split()[6] == f"{221 / 250 - 0.864:+.4f}"
    assert "sd of 2 runs" in text


def test_the_terminal_table_fits_the_terminal(diff):
    assert max(map(len, render_text(diff).splitlines())) <= WIDTH


def test_a_header_as_wide_as_the_terminal_is_broken(diff):
    table, *others = diff.paper.tables
    wide = "spectrograms of the cepstral coefficients, in colour; " * 3
    paper = replace(
        diff.paper, tables=(replace(table, rows=[replace(row, header=wide) for row in table.rows]), *others)
    )
    assert wide[:90] in render_text(replace(diff, results=replace(diff.results, paper=paper)))


def test_every_row_says_why_it_is_not_compared(diff):
    text = render_text(diff)
    assert 'not run: python -m reproductions run lam_ensemble --variant paper --model "Model 2"' in text
    assert "not comparable: partial: 12 of 50 epochs" in text
    assert "not comparable: protocol grouped, the paper's is the published split" in text


def test_what_the_paper_does_not_have_stands_apart(diff):
    text = render_text(diff)
    assert "0.9920" in line(text, "1-NN probe", after="Not in the paper")


def test_impossible_cells_are_marked_and_explained_once(diff):
    text = render_text(diff)
    assert "0.8720*" in text
    assert text.count("Model 2, validation recall 0.8720: impossible as printed") == 1
    test_row = "* Model 2, test loss 0.4514, accuracy 0.8840, precision 0.8984, recall 0.8840: another row's. "
    assert " ".join(text.split()).count(test_row) == 1, "one footnote for the four of them"


def test_the_footer_gives_the_conditions(diff):
    text = render_text(diff)
    text = " ".join(text.split())
    assert "n = 375 validation and 250 test clips; seed 0, 1; precision bfloat16, float32" in text
    assert "corpus fingerprint e348ce06802c7c4b; no clip skipped" in text
    assert "Model 1 (bfloat16): 6 epochs in 15 min; Model 1 (float32): 3 epochs in 12 s (mean of 2 runs)" in text
    assert "Model 3 (float32): 12 epochs in 12 s; machine a processor; commit abcdef0123" in text
    assert "1 partial run not counted (Model 1, seed 2: 1 of 50 epochs)" in text


def test_runs_in_a_row_are_named_by_the_first_and_the_last(paper, write_unit):
    for seed in range(3):
        folder = write_unit("Model 1", {"test": 200}, seed=seed)
    write_runs(paper, folder)
    assert "seed 0-2;" in render_text(diff_paper(paper, folder))


def test_a_single_fold_of_several_is_named(diff):
    """20 clips of 200 would else look like the whole of a small corpus."""
    section = replace(diff.sections[0], in_folds=True)
    assert "seed 0, 1; fold 0; precision" in render_markdown(diff.paper, section, diff.paper.tables[0])
    assert compare(Results(load_paper("shan_tagging"), Path())).sections[0].in_folds
    assert not diff.sections[0].in_folds


def test_a_model_that_was_not_run_in_all_folds_is_named(paper, write_unit):
    for fold in range(3):
        write_unit("Model 1", {"test": 200}, fold=fold)
    folder = write_unit("Model 2", {"test": 200}, fold=2)
    write_runs(paper, folder)
    section = replace(diff_paper(paper, folder).sections[0], in_folds=True)
    assert "; fold 0-2 (Model 2: 2); precision" in render_markdown(paper, section, paper.tables[0])


def test_a_second_precision_stands_below_with_its_difference(diff, paper):
    text = render_text(diff)
    assert line(text, "Model 1 (bfloat16)").split()[-3:] == ["0.8800"] * 3
    assert line(text, "difference to float32").split()[-3:] == [f"{(220 - 216) / 250:+.4f}"] * 3
    markdown = render_markdown(paper, diff.sections[0], paper.tables[0])
    assert "| *Model 1 (bfloat16)* | a second run of the same seed |" in markdown
    assert line(markdown, "|  | difference to float32 |").endswith("| +0.0160 | +0.0160 | +0.0160 |")


@pytest.mark.parametrize(("seconds", "text"), [(45, "45 s"), (720, "12 min"), (9000, "2.5 h")])
def test_durations_are_short(seconds, text):
    assert duration(seconds) == text


def test_markdown_has_one_column_a_number_and_the_spread(diff, paper):
    text = render_markdown(paper, diff.sections[0], paper.tables[0])
    rows = [row for row in text.splitlines() if row.startswith("|")]
    assert {row.count("|") for row in rows} == {2 + 8 + 1}
    assert "| 0.8840 ± 0.0283 |" in text
    assert "| 3 | published | 0.3952 |" in text


def test_csv_has_a_row_a_number_with_its_reason(diff):
    rows = list(csv.DictReader(io.StringIO(render_csv(diff.rows()))))
    assert len(rows) == len(diff.rows())
    first = rows[1]
    assert (first["model"], first["split"], first["metric"], first["published"]) == (
        "Model 1",
        "validation",
        "accuracy",
        "0.8347",
    )
    assert all(row["verdict"] and row["reason"] for row in rows)
    assert {row["regenerated"] for row in rows if row["verdict"] == "not run"} == {""}


def test_wide_tables_are_broken_into_blocks(paper):
    """A table of 20 columns is printed in blocks that fit, each with the row's name."""
    table = paper.tables[0]
    wide = replace(table, columns=table.columns * 3, rows=tuple(replace(r, cells=r.cells * 3) for r in table.rows))
    text = render_text(compare(Results(replace(paper, tables=(wide,)), Path())))
    assert text.count("1     published") == 3
    assert max(map(len, text.splitlines())) <= WIDTH


def test_scores_that_the_paper_does_not_print_have_a_table_of_their_own():
    paper, name = load_paper("shan_tagging"), "2D Conv (DenseNet, Log-Mel)"
    row = {"model": name, "variant": "paper", "protocol": "published", "split": "test", "metric": "map@3", "value": 0.9}
    row |= {"n": 1600, "seed": 0, "fold": 0, "corpus": "fsdkaggle2018", "fingerprint": "0" * 16, "precision": "float32"}
    section = compare(
        Results(paper, Path(), rows=(row | {"epochs": 40, "status": "complete", "unit": "a unit"},))
    ).sections[0]
    printed, others = layouts(paper, section)
    assert (printed.id, others.id) == ("1", "Not printed")
    assert f"| *{name}* | not in the paper | 0.9000 |  |  |" in render_markdown(paper, section, others)
    assert [table.id for table in layouts(paper, compare(Results(paper, Path())).sections[0])] == ["1"]


def test_what_the_paper_does_not_print_is_in_the_scale_of_its_column(paper, write_unit):
    folder = write_unit("1-NN probe", {"test": 248}, variant="probe")
    write_runs(paper, folder)
    section = diff_paper(paper, folder).sections[-1]
    fractions = paper.tables[0].columns
    percent = tuple(replace(column, scale=100) for column in fractions)
    texts = [dict(zip(fractions, extra_rows(section, columns)[0][2], strict=True)) for columns in (fractions, percent)]
    accuracy = next(column for column in fractions if (column.split, column.metric) == ("test", "accuracy"))
    assert [text[accuracy] for text in texts] == ["0.9920", "99.20"]


def test_the_spread_of_runs_in_several_folds_is_that_over_folds(paper, write_unit):
    for fold, of_seeds in enumerate([(200, 210), (220, 230), (180, 190)]):
        for seed, right in enumerate(of_seeds):
            folder = write_unit("Model 1", {"test": right}, fold=fold, seed=seed, protocol="grouped")
    write_runs(paper, folder)
    text = render_text(diff_paper(paper, folder, protocol="grouped"))
    regenerated, spread = (line(text, name, after="grouped").split() for name in ("regenerated", "sd of 3 folds"))
    assert "0.8200" in regenerated, "the mean of 205, 225 and 185 of 250"
    assert "0.0800" in spread, "their standard deviation, 20 of 250"


def test_no_name_becomes_a_tag_or_a_column_of_a_table_in_markdown(lam, tmp_path):
    row = replace(lam.tables[0].rows[0], header="<img src=x> | a")
    table = replace(lam.tables[0], rows=(row,))
    diff = diff_paper(replace(lam, tables=(table,)), tmp_path)
    text = render_markdown(diff.paper, diff.sections[0], table)
    assert "| &lt;img src=x> \\| a | published |" in text
