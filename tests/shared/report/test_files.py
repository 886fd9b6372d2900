"""What `report` writes: complete, agreeing with the predictions, the same twice, nothing stale."""

import csv
from dataclasses import replace
from xml.etree.ElementTree import fromstring

import numpy as np
import pytest

from shared.base.locks import LockedError, file_lock
from shared.base.places import results_root
from shared.paper.loading import load_paper
from shared.paper.schema import MISPLACED
from shared.report import files
from shared.report.files import drawn_readmes, write_outputs
from shared.report.site.confusions import confusions
from shared.report.site.forest import FILE, overview_svg
from shared.report.tables import render_csv
from shared.results import reading
from shared.results.diff import compare
from shared.results.reading import Results
from shared.results.store import results_folder


@pytest.fixture(scope="module")
def paper():
    return load_paper("lam_ensemble")


@pytest.fixture
def folder(write_unit):
    for seed, right in ((0, 216), (1, 226)):
        write_unit("Model 1", {"validation": 313, "test": right}, seed=seed)
    write_unit("Model 2", {"validation": 300, "test": 221})
    write_unit("Model 3", {"validation": 324, "test": 227})
    return write_unit("Model 3", {"test": 150}, protocol="grouped")


def matrix(file):
    with file.open(encoding="utf-8") as lines:
        header, *rows = csv.reader(lines)
    return header, [row[0] for row in rows], np.array([[int(count) for count in row[1:]] for row in rows])


def test_all_is_written_and_matrices_are_counts_with_rows_true(paper, folder):
    write_outputs(paper, folder)
    names = {path.name for path in folder.iterdir() if path.is_file() and not path.name.startswith(".")}
    models = ["model-1", "model-2", "model-3", "prod"]
    assert names == {
        *("runs.csv", "diff.csv", "comparisons.csv"),
        *(f"table_IV_{section}.{form}" for section in ("paper", "paper_grouped") for form in ("md", "csv")),
        *(f"confusion_{model}_paper.{form}" for model in models for form in ("csv", "png")),
        *(f"confusion_model-3_paper_grouped.{form}" for form in ("csv", "png")),
        *(f"confusion_model-{number}_published.csv" for number in (1, 3)),  # Fig. 5 is another network's
        *(f"confusion_model-{number}_published_repository-readme.csv" for number in (1, 2, 3)),
        *("curves_paper.png", "curves_paper_grouped.png"),
    }
    header, true, counts = matrix(folder / "confusion_model-1_paper.csv")
    assert header == ["true", *paper.corpus.classes]
    assert true == list(paper.corpus.classes)
    assert counts.sum(axis=1).tolist() == [50] * 5
    assert np.trace(counts) == 216, "of the first seed"
    published = matrix(folder / "confusion_model-1_published.csv")[2]
    assert published[2].tolist() == [1, 0, 39, 10, 0], "Fig. 4's third column: chauvan"


def test_pictures_are_drawn_of_the_papers_own_protocol_and_of_what_its_readme_shows(paper, folder, tmp_path):
    own = replace(paper, path=tmp_path / "own" / "paper.toml")  # without a README
    write_outputs(own, folder)
    assert {path.name for path in folder.glob("curves_*.png")} == {"curves_paper.png"}
    assert not list(folder.glob("confusion_*_grouped.png"))
    counts = {path.name for path in folder.glob("confusion_*.csv")}
    assert "confusion_model-3_paper_grouped.csv" in counts, "counts are written of everything"
    own.path.parent.mkdir()
    readme = own.path.with_name("README.md")
    readme.write_text("<!-- begin:figures-paper_grouped -->\n<!-- end:figures-paper_grouped -->\n", encoding="utf-8")
    write_outputs(own, folder)
    assert {path.name for path in folder.glob("curves_*.png")} == {"curves_paper.png", "curves_paper_grouped.png"}
    readme.unlink()
    write_outputs(own, folder)
    assert not list(folder.glob("*_grouped.png")), "what nobody looks at any more is removed"
    assert {path.name for path in folder.glob("confusion_*.csv")} == counts


def test_predictions_are_read_once(paper, folder, monkeypatch):
    read, once = [], reading.read_predictions
    monkeypatch.setattr(reading, "read_predictions", lambda path, *rest: read.append(path) or once(path, *rest))
    write_outputs(paper, folder)
    assert len(read) == len(set(read)) == 5


def test_the_matrix_of_several_folds_is_their_sum_and_says_so(paper, write_unit, monkeypatch):
    titles = []
    monkeypatch.setattr(files, "draw_confusion", lambda path, panels, classes, title: titles.append(title))
    for fold, right in enumerate((150, 160, 170)):
        folder = write_unit("1-NN probe", {"test": right}, variant="probe", protocol="grouped", fold=fold)
    write_unit("Model 1", {"test": 200})
    write_unit("Model 2", {"test": 200}, protocol="grouped", fold=4)
    write_outputs(paper, folder)
    counts = matrix(folder / "confusion_1-nn-probe_probe_grouped.csv")[2]
    assert (np.trace(counts), counts.sum()) == (150 + 160 + 170, 3 * 250)
    assert titles == [
        "Model 1, test · variant paper · protocol published · seed 0",
        "Model 2, test · variant paper · protocol grouped · seed 0 · fold 4",
        "1-NN probe, test · variant probe · protocol grouped · seed 0 · 3 folds",
    ]


def test_folds_that_hold_out_another_split_than_the_papers_have_their_matrix(paper, write_unit):
    """The number that the paper is known for is of its test clips; these folds only validate."""
    for fold, right in enumerate((200, 250, 300)):
        folder = write_unit("Model 3", {"validation": right}, protocol="grouped", fold=fold)
    diff = write_outputs(paper, folder)
    counts = matrix(folder / "confusion_model-3_paper_grouped.csv")[2]
    assert (np.trace(counts), counts.sum()) == (750, 3 * 375)
    (grouped,) = [section for section in diff.sections if section.protocol == "grouped"]
    assert files.confusion_split(paper, grouped, "Model 3") == "validation"
    assert "on the validation split" in str(confusions(diff, grouped))


def test_a_published_matrix_stands_beside_the_variants_of_its_table(paper, write_unit, monkeypatch):
    first, other = paper.tables[0], replace(paper.tables[0], id="the code", variants=("authors-notebook",))
    mine, *rest = paper.confusion_matrices
    paper = replace(
        paper,
        tables=(replace(first, variants=("paper",)), other),
        confusion_matrices=(
            mine,
            replace(mine, figure="a.png", table=other.id),
            replace(rest[-1], note_kind=MISPLACED),
        ),
    )
    drawn = {}
    monkeypatch.setattr(files, "draw_confusion", lambda path, panels, *rest: drawn.update({path.name: panels}))
    monkeypatch.setattr(files, "shows_figures", lambda *arguments: True)
    for variant in ("paper", "authors-notebook"):
        write_unit("Model 3", {"test": 200}, variant=variant)
        folder = write_unit("Model 1", {"test": 200}, variant=variant)
    write_outputs(paper, folder)
    names = {path.name.removeprefix("confusion_") for path in folder.glob("confusion_*published*")}
    assert names == {"model-1_published.csv", "model-1_published_the-code.csv"}, "a misplaced one is nobody's"
    panels = {name.removeprefix("confusion_"): [title for title, _ in shown] for name, shown in drawn.items()}
    assert panels["model-1_paper.png"] == ["published, Fig. 4", "regenerated"]
    assert panels["model-1_authors-notebook.png"] == ["published, a.png", "regenerated"]
    assert panels["model-3_paper.png"] == ["regenerated"]


def test_the_matrix_is_of_a_run_that_counts(paper, write_unit):
    write_unit("Model 1", {"test": 100}, fingerprint="0" * 16, precision="bfloat16")
    write_unit("Model 1", {"test": 110}, precision="bfloat16", status="partial")
    folder = write_unit("Model 1", {"test": 200})
    write_outputs(paper, folder)
    assert np.trace(matrix(folder / "confusion_model-1_paper.csv")[2]) == 200


def test_all_is_written_under_the_lock_of_the_folder(paper, folder, monkeypatch):
    def refused(*arguments):
        with pytest.raises(LockedError), file_lock(folder / ".lock", "merging"):
            pass
        return written(*arguments)

    written = files.write_runs_file
    monkeypatch.setattr(files, "write_runs_file", refused)
    write_outputs(paper, folder)
    assert not (folder / ".lock").exists()


def test_the_committed_diff_is_what_would_be_written(committed):
    for diff in committed:
        file = results_folder(diff.paper.id) / files.DIFF
        assert render_csv(diff.rows()) == file.read_text(encoding="utf-8"), (
            f"{file}: run python -m reproductions report"
        )


def test_the_committed_readmes_are_what_would_be_written(committed):
    for file, text in drawn_readmes(committed).items():
        assert text == file.read_text(encoding="utf-8"), f"{file}: run python -m reproductions report"


def test_the_committed_picture_at_the_top_is_what_would_be_drawn(committed):
    kept = (results_root() / FILE).read_text(encoding="utf-8")
    assert overview_svg(committed) == kept, "run python -m reproductions report"
    assert fromstring(kept).tag == "{http://www.w3.org/2000/svg}svg", "it can be read by itself"


def test_writing_twice_gives_the_same_bytes_and_leaves_nothing_stale(paper, folder):
    write_outputs(paper, folder)
    first = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    (folder / "table_IV_old.md").write_text("stale", encoding="utf-8")
    (folder / "notes.md").write_text("mine", encoding="utf-8")
    write_outputs(paper, folder)
    second = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    assert second == first | {"notes.md": b"mine"}


def test_a_paper_without_results_gets_its_tables_as_not_run(paper, tmp_path):
    diff = write_outputs(paper, tmp_path)
    assert set(diff.counts) == {"not run"}
    assert "not run" in (tmp_path / "table_IV_paper.md").read_text(encoding="utf-8")


def test_readmes_are_filled_where_they_are(paper, tmp_path):
    (tmp_path / "curves_paper.png").touch()
    diff = compare(Results(replace(paper, path=tmp_path / "own" / "paper.toml"), tmp_path))
    assert files.write_readmes([diff], tmp_path) == []
    top, own = tmp_path / "README.md", tmp_path / "own" / "README.md"
    own.parent.mkdir()
    top.write_text("<!-- begin:papers -->\n<!-- end:papers -->\n", encoding="utf-8")
    own.write_text("<!-- begin:figures -->\n<!-- end:figures -->\n", encoding="utf-8")
    assert files.write_readmes([diff], tmp_path) == [top, own]
    assert "| [lam_ensemble](reproductions/lam_ensemble/README.md) | " in top.read_text(encoding="utf-8")
    assert "![curves paper](../../results/lam_ensemble/curves_paper.png)" in own.read_text(encoding="utf-8")
