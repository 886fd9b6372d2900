"""Scores and matrices of two models that are the same to the last digit, and numbers left over from another table."""

from functools import partial

import pytest

from shared.audit.finding import CONTRADICTION, NOTE
from tests.shared.audit.toys import CORPUS, audit_of, matrix, only, table

ROW, MATRIX, LEFT_OVER = "same scores for two models", "same matrix for two models", "left over"
SCORES = "test loss, test accuracy, test precision"
THRESHOLD = """
[settings]
metric_threshold = { value = 0.5, origin = "authors' code" }
"""
OTHER = """
[variants.code]
title = "as the code does"
description = "As the code does."
origin = "authors' code"
"""
MISTAKES = [[26, 4, 0], [0, 16, 1], [2, 0, 1]]
THREE = CORPUS.replace('["x", "y"]', '["x", "y", "z"]')


@pytest.fixture
def audit(tmp_path):
    """From the parts of a paper.toml to its audit."""
    return partial(audit_of, tmp_path)


def kinds(audited):
    """The findings of this check alone."""
    return [finding.kind for finding in audited.findings if finding.kind in (ROW, MATRIX, LEFT_OVER)]


def test_a_row_that_is_another_models_in_the_other_table(audit):
    one, other = ["0.45", "0.88", "0.90"], ["0.42", "0.90", "0.91"]
    text = table(SCORES, A=["0.38", "0.86", "0.87"], B=one)
    text += table(SCORES, table_id="2", variants=["code"], A=one, B=other)
    found = only(audit(CORPUS, OTHER, text), ROW)
    assert (found.severity, found.printed) == (CONTRADICTION, "0.45, 0.88, 0.90")
    assert found.place == "Table 1, B, test and Table 2, A, test"
    assert found.arithmetic == "All 3 scores of Table 1, B, test, are those of Table 2, A, test, to the last digit."
    assert (found.table, found.row) == ("1", "B")


@pytest.mark.parametrize(
    ("columns", "one", "other", "found"),
    [
        (SCORES, ["0.45", "0.88", "0.90"], ["0.45", "0.88", "0.90"], [ROW]),
        (SCORES, ["0.45", "0.88", "0.90"], ["0.45", "0.88", "0.91"], []),  # one digit of one number
        (SCORES, ["0.45", "0.88", "0.90"], ["0.45", "0.88", "0.9"], []),  # as many digits are printed, too
        (SCORES, ["0.45", "0.88", "0.90"], ["0.45", "0.88", ""], []),  # not the whole row
        ("test accuracy, test precision", ["0.88", "0.90"], ["0.88", "0.90"], []),  # two numbers can coincide
        (SCORES, ["0.00", "1.00", "1.00"], ["0.00", "1.00", "1.00"], []),  # so can two networks without a mistake
        ("train loss, test loss, test accuracy", ["0.1", "0.2", "0.9"], ["0.1", "0.2", "0.9"], []),  # two splits
    ],
)
def test_what_is_worth_a_finding(audit, columns, one, other, found):
    assert kinds(audit(CORPUS, table(columns, A=one, B=other))) == found


def test_one_model_may_have_its_scores_in_two_tables(audit):
    scores = ["0.45", "0.88", "0.90"]
    assert kinds(audit(CORPUS, table(SCORES, A=scores) + table(SCORES, table_id="2", A=scores))) == []


@pytest.mark.parametrize(
    ("other", "model", "found"),
    [
        (MISTAKES, "B", [MATRIX]),
        (MISTAKES, "A", []),  # printed twice
        ([[26, 4, 0], [0, 16, 1], [1, 0, 2]], "B", []),
    ],
)
def test_a_matrix_that_is_another_models(audit, other, model, found):
    audited = audit(THREE, matrix("Fig. 1", MISTAKES) + matrix("Fig. 2", other, model))
    assert kinds(audited) == found


def test_a_matrix_is_compared_as_it_is_meant_not_as_it_is_printed(audit):
    turned = [list(column) for column in zip(*MISTAKES, strict=True)]
    audited = audit(THREE, matrix("Fig. 1", MISTAKES) + matrix("Fig. 2", turned, "B", printed="predicted"))
    found = only(audited, MATRIX)
    assert found.place == "Fig. 1 (A, test) and Fig. 2 (B, test)"
    assert found.arithmetic.endswith("3 of them count mistakes.")


def test_two_networks_with_hardly_a_mistake_may_have_the_same_matrix(audit):
    few = [[30, 0, 0], [0, 16, 1], [2, 0, 1]]
    assert kinds(audit(THREE, matrix("Fig. 1", few) + matrix("Fig. 2", few, "B"))) == []


def test_an_impossible_number_that_another_table_has_for_the_model(audit):
    columns = "test accuracy, test precision, test recall"
    impossible = table(columns, A=["0.80", "0.90", "0.87"])

    def with_other(**rows):
        return audit(CORPUS, OTHER, THRESHOLD, impossible + table(columns, table_id="2", variants=["code"], **rows))

    found = only(with_other(A=["0.87", "0.88", "0.87"]), LEFT_OVER)
    assert (found.severity, found.printed, found.table) == (NOTE, "0.87", "1")
    assert found.arithmetic == "0.87 is impossible here, and it stands in Table 2, A, test recall."
    assert kinds(with_other(B=["0.87", "0.88", "0.87"])) == [], "another model's"
    assert kinds(with_other(A=["0.87", "0.88", "0.86"])) == [], "another number"
    possible = impossible.replace("0.80", "0.89")
    other = table(columns, table_id="2", variants=["code"], A=["0.88", "0.88", "0.87"])
    assert kinds(audit(CORPUS, OTHER, THRESHOLD, possible + other)) == [], "one possible number can coincide"
