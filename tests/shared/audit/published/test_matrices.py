"""Confusion matrices: trace, axes and averages, worked out by hand."""

from functools import partial

import pytest

from shared.audit.finding import CONTRADICTION, NOTE
from tests.shared.audit.toys import CORPUS, audit_of, kinds, matrix, only, table


@pytest.fixture
def audit(tmp_path):
    """From the parts of a paper.toml to its audit."""
    return partial(audit_of, tmp_path)


COUNTED = CORPUS + "counts = { x = 60, y = 40 }\nn = { train = 50, test = 50 }"  # 30 and 20 in the test
FAIR = [[27, 3], [6, 14]]  # rows add up to 30 and 20, columns to 33 and 17; 41 of 50 are right


def test_a_matrix_that_fits_its_table(audit):
    audited = audit(COUNTED, table("test accuracy", A=["0.82"]), matrix("Fig. 1", FAIR, labelled="true"))
    assert kinds(audited) == [(NOTE, "constant predictor")]
    assert "Fig. 1: the rows add up to 30 and 20, as stated, so they are the true class." in audited.sound


@pytest.mark.parametrize(("labelled", "swapped"), [("true", True), ("predicted", False), ("", False)])
def test_swapped_axes_by_the_stated_counts(audit, labelled, swapped):
    turned = [list(column) for column in zip(*FAIR, strict=True)]
    audited = audit(COUNTED, matrix("Fig. 1", turned, printed="predicted", labelled=labelled))
    assert [f.kind for f in audited.findings if f.severity == CONTRADICTION] == ["axes swapped"] * swapped


def test_swapped_axes_by_the_supports_that_all_models_share(audit):
    one, other = [[27, 6], [3, 14]], [[20, 1], [10, 19]]  # columns: 30 and 20 in both
    text = matrix("Fig. 1", one, "A", "predicted", "true") + matrix("Fig. 2", other, "B", "predicted", "true")
    found = only(audit(CORPUS, text), "axes swapped")
    assert found.place == "Fig. 1 and Fig. 2, test"
    assert "The columns have the same sums in all figures; the rows do not (33 and 17 in Fig. 1)" in found.arithmetic


def test_a_paper_toml_that_reads_a_matrix_the_wrong_way(audit):
    found = only(audit(COUNTED, matrix("Fig. 1", FAIR, printed="predicted")), "axes swapped")
    assert found.follows == "paper.toml reads Fig. 1 the wrong way: printed_rows should be 'true'."


def test_axes_that_cannot_be_told_apart(audit):
    same_sums = [[26, 4], [4, 16]]  # 30 and 20 along both axes
    assert kinds(audit(COUNTED, matrix("Fig. 1", same_sums, labelled="predicted"))) == [(NOTE, "constant predictor")]
    assert kinds(audit(CORPUS, matrix("Fig. 1", FAIR, labelled="predicted"))) == [], "one matrix, and no counts stated"


def test_a_split_that_is_not_in_the_corpus_proportions(audit):
    found = only(audit(COUNTED, matrix("Fig. 1", [[20, 5], [4, 21]], labelled="predicted")), "support")
    assert found.severity == NOTE
    assert "Rows add up to 25 and 25, columns to 24 and 26" in found.arithmetic
    assert "has 30 and 20" in found.arithmetic


def test_matrices_of_different_clips(audit):
    text = matrix("Fig. 1", [[20, 5], [4, 21]], "A") + matrix("Fig. 2", [[21, 6], [5, 18]], "B")
    found = only(audit(CORPUS, text), "support")
    assert found.severity == CONTRADICTION


def test_a_matrix_is_held_against_its_own_table(audit):
    tables = table("test accuracy", A=["0.84"]) + table("test accuracy", table_id="2", A=["0.82"])
    fits = matrix("Fig. 1", FAIR).replace("[[confusion_matrices]]", '[[confusion_matrices]]\ntable = "2"')
    assert "Fig. 1: the diagonal has 41 of 50, 0.82; 0.82 is printed for A." in audit(COUNTED, tables, fits).sound
    only(audit(COUNTED, tables, matrix("Fig. 1", FAIR)), "trace of a matrix")


def test_figures_of_two_tables_have_axes_of_their_own(audit):
    turned = [list(column) for column in zip(*FAIR, strict=True)]
    tables = table("test accuracy", A=["0.82"]) + table("test accuracy", table_id="2", A=["0.82"])
    other = matrix("Fig. 2", turned, printed="predicted", labelled="true")
    other = other.replace("[[confusion_matrices]]", '[[confusion_matrices]]\ntable = "2"')
    audited = audit(COUNTED, tables, matrix("Fig. 1", FAIR, labelled="true") + other)
    assert only(audited, "axes swapped").place == "Fig. 2, test"
    assert "Fig. 1: the rows add up to 30 and 20, as stated, so they are the true class." in audited.sound


def test_a_matrix_with_another_trace_or_other_clips_than_printed(audit):
    corpus = CORPUS + "n = { test = 50 }"
    found = only(audit(corpus, table("test accuracy", A=["0.84"]), matrix("Fig. 1", FAIR)), "trace of a matrix")
    assert (found.severity, found.printed, found.table, found.row) == (CONTRADICTION, "0.84", "1", "A")
    assert found.arithmetic == "The diagonal has 41 of 50, 0.820, but test accuracy 0.84 is printed."
    audited = audit(CORPUS + "n = { test = 49 }", table("test accuracy", A=["0.82"]), matrix("Fig. 1", FAIR))
    found = only(audited, "support")
    assert "add up to 50 clips; 49 test clips are stated" in found.arithmetic


@pytest.mark.parametrize(
    ("precision", "recall", "severity"),
    [
        ("0.8209", "0.8000", None),  # (27/33 + 14/17) / 2 and (27/30 + 14/20) / 2
        ("0.8000", "0.8209", CONTRADICTION),  # along the wrong axes
        ("0.8500", "0.7800", NOTE),
    ],
)
def test_printed_precision_and_recall_as_averages_of_the_matrix(audit, precision, recall, severity):
    text = table("test precision, test recall", A=[precision, recall])
    audited = audit(CORPUS, text, matrix("Fig. 1", FAIR))
    assert kinds(audited) == ([(severity, "average of a matrix")] if severity else [])
