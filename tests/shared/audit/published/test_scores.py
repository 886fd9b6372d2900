"""Recall against accuracy and precision, and one quantity in several places."""

from functools import partial

import pytest

from shared.audit.finding import CONTRADICTION, IMPOSSIBLE, NOTE
from tests.shared.audit.toys import CORPUS, audit_of, claim, kinds, only, table


@pytest.fixture
def audit(tmp_path):
    """From the parts of a paper.toml to its audit."""
    return partial(audit_of, tmp_path)


THRESHOLD = """
[settings]
metric_threshold = { value = 0.5, origin = "authors' code" }
"""


# ---- recall


@pytest.mark.parametrize(
    ("settings", "values", "severity"),
    [
        (THRESHOLD, ["0.80", "0.90", "0.80"], None),
        (THRESHOLD, ["0.80", "0.90", "0.81"], None),  # both can be 0.805
        (THRESHOLD, ["0.80", "0.90", "0.82"], IMPOSSIBLE),  # above accuracy
        (THRESHOLD, ["0.80", "0.70", "0.72"], IMPOSSIBLE),  # above precision: more answers than clips
        (THRESHOLD, ["0.80", "0", "0.72"], IMPOSSIBLE),  # above a precision of nothing
        ("", ["0.80", "0.90", "0.82"], NOTE),  # an average over classes of unequal size can do this
        ("", ["0.80", "0.70", "0.72"], None),
        (THRESHOLD.replace("0.5", "0.3"), ["0.80", "0.90", "0.82"], NOTE),
    ],
)
def test_recall_against_accuracy_and_precision(audit, settings, values, severity):
    text = table("test accuracy, test precision, test recall", A=values)
    audited = audit(CORPUS + "n = { test = 50 }", settings, text)
    assert [f.severity for f in audited.findings] == ([severity] if severity else [])


def test_recall_of_several_labels_a_clip_is_free(audit):
    corpus = CORPUS.replace('"single"', '"multi"')
    assert kinds(audit(corpus, THRESHOLD, table("test accuracy, test recall", A=["0.80", "0.82"]))) == []


# ---- two places


def test_the_conclusion_against_the_text_below_it(audit):
    text = table("test accuracy", 100, A=["81.62"], B=["80.56"]) + claim("the text below the table", "81.67")
    found = only(audit(CORPUS, text), "two values of one quantity")
    assert (found.severity, found.printed, found.row) == (CONTRADICTION, "81.62 % against 81.67 %", "A")
    assert "81.67 % (the text below the table)" in found.arithmetic


def test_places_that_agree_are_sound(audit):
    text = table("test accuracy", 100, A=["81.62"]) + claim("the abstract", "82") + claim("the end", "0.8162", 1)
    audited = audit(CORPUS, text)
    assert "two values of one quantity" not in [f.kind for f in audited.findings]
    assert "1 number is printed in more than one place and agrees there." in audited.sound


CODE = """
[variants.code]
title = "as the code does"
description = "As the code does."
origin = "authors' code"
"""


@pytest.mark.parametrize(
    ("variants", "others", "printed"),
    [
        (["paper"], ["code"], []),  # two trainings may differ
        (["paper"], ["paper", "code"], ["0.86 against 0.89"]),
        (["paper"], [], ["0.86 against 0.89"]),  # a table without variants is held against all
    ],
)
def test_two_tables_of_the_same_trainings_and_of_others(audit, variants, others, printed):
    text = table("test accuracy", variants=variants, A=["0.86"])
    text += table("test accuracy", table_id="2", variants=others, A=["0.89"])
    audited = audit(CORPUS, CODE, text)
    assert [f.printed for f in audited.findings if f.kind == "two values of one quantity"] == printed


def test_a_claim_is_about_the_first_table(audit):
    text = table("test accuracy", variants=["paper"], A=["0.86"])
    text += table("test accuracy", table_id="2", variants=["code"], A=["0.89"]) + claim("the abstract", "86")
    audited = audit(CORPUS, CODE, text)
    assert "1 number is printed in more than one place and agrees there." in audited.sound


def test_a_quantity_in_words(audit):
    other = '[[claims]]\nplace = "{}"\nvalue = "{}"\nquantity = "columns of an image"\n'
    audited = audit(CORPUS, other.format("2", "1290"), other.format("Table I", "1292"))
    found = only(audited, "two values of one quantity")
    assert found.arithmetic.startswith("Columns of an image is 1290 (2) and 1292 (Table I)")
    assert found.table == ""
