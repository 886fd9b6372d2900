"""A published curve beside the runs': what is compared with what, in numbers, and that it is drawn."""

import csv
import dataclasses

import pytest

from shared.paper.loading import load_paper
from shared.report.files import GENERATED
from shared.report.published_curves import ACCURACY, LOSS, curves_table, lines, picture_of, write_published_curves
from shared.report.site.published_curves import published_curves_part
from shared.results.diff import Diff, Section
from shared.results.reading import Results
from tests.committed import committed_diff

PAPER = load_paper("pascuo_multilabel")
(CURVE,) = PAPER.curves
CONSTANT = {"n": 40, "binary_crossentropy": 0.4, "binary_accuracy": 0.8}
DEAF = CONSTANT | {"binary_crossentropy": 0.5}


@pytest.fixture
def made(tmp_path):
    """A diff of a stand-in, and its folder: trainings of two, two and one epochs, a constant predictor."""

    histories = {}

    def unit(key, model, losses=(), validation=None):
        histories[key] = [{"epoch": i, LOSS: x, ACCURACY: 1 - x} for i, x in enumerate(losses, start=1)]
        record = {"key": key, "model": model, "seed": 0, "epochs": len(losses)}
        return record | ({"validation": validation, "nothing_heard": DEAF} if validation else {})

    records = (
        unit("a", "CNN", (0.3, 0.2)),
        unit("b", "CNN", (0.35, 0.1)),
        unit("c", "CNN", (0.9,)),
        unit("d", "Constant predictor", validation=CONSTANT),
    )
    section = Section("paper", "grouped", "mixtures", {}, records=records, own_corpus=False)
    return Diff(Results(PAPER, tmp_path, histories=histories), (section,)), tmp_path


def test_the_published_curve_comes_first_beside_the_papers_own_labels(made):
    diff, _folder = made
    published, ours = lines(CURVE, diff)
    assert published.corpus == ""
    assert published.losses[0] == 0.2077
    assert published.constant_loss == pytest.approx(0.20905, abs=5e-6)
    assert published.deaf_loss == pytest.approx(0.21614, abs=5e-6)
    assert published.gains[0] == pytest.approx(0.00015, abs=5e-6)
    assert (ours.corpus, ours.protocol, ours.runs, ours.n) == ("mixtures", "grouped", 2, 40)
    assert ours.losses == pytest.approx((0.325, 0.15))  # the mean over those that went on as long as the longest
    assert ours.shares == pytest.approx([0.325 / 0.5, 0.15 / 0.5])
    assert ours.gains == pytest.approx([1 - 0.325 - 0.8, 1 - 0.15 - 0.8])


def test_runs_without_a_constant_predictor_or_of_other_readings_are_left_out(made):
    diff, folder = made
    (section,) = diff.sections
    for changed in ({"records": section.records[:3]}, {"variant": "corrected"}, {"corpus": "another"}):
        other = Diff(Results(PAPER, folder), (dataclasses.replace(section, **changed),))
        assert [line.corpus for line in lines(CURVE, other)] == [""]
        assert write_published_curves(other, None) == []
    unknown = dataclasses.replace(PAPER, corpus=dataclasses.replace(PAPER.corpus, drawn=None))
    assert [
        line.corpus
        for line in lines(CURVE, dataclasses.replace(diff, results=dataclasses.replace(diff.results, paper=unknown)))
    ] == ["mixtures"]


def test_files_are_written_that_are_removed_when_stale(made):
    diff, folder = made

    def write(path, text):
        path.write_text(text, encoding="utf-8")
        return path

    written = write_published_curves(diff, write)
    assert written == [folder / "curve_figure-3.csv", picture_of(folder, CURVE)]
    assert all(any(path.match(pattern) for pattern in GENERATED) for path in written)
    assert written[1].read_bytes().startswith(b"\x89PNG")
    with written[0].open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 50 + 2
    assert (rows[0]["corpus"], rows[0]["epoch"], rows[0]["loss"]) == ("published", "1", "0.207700")
    assert (rows[-1]["corpus"], rows[-1]["epoch"], rows[-1]["loss"]) == ("mixtures", "2", "0.150000")
    before = written[1].read_bytes()
    write_published_curves(diff, write)
    assert written[1].read_bytes() == before

    (part,) = published_curves_part(diff, lambda file: file.name)
    assert 'src="curve_figure-3.png"' in part.body
    assert "<td" in part.body


def test_the_table_says_how_far_each_leaves_a_constant_answer(made):
    diff, _folder = made
    head, (published, ours) = curves_table(diff)
    assert len(head) == len(published) == len(ours)
    assert published[0] == "Figure 3, published"
    assert "0.2077, 0.2053" in published
    assert "5.0 %" in published  # 1 - 0.2053 / 0.21614
    assert ours[0] == "mixtures (2 seeds)"
    expected = ["0.3250, 0.1500", "0.5000", "70.0 %", "0.4000", "0.6750, 0.8500", "0.8000", "+0.0500"]
    assert ours[-7:] == expected


def test_papers_without_a_published_curve_have_none(tmp_path):
    diff = committed_diff("verma_genres")
    assert write_published_curves(diff, None) == []
    assert published_curves_part(diff, str) == []
