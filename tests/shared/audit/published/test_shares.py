"""Accuracies as whole numbers of clips, worked out by hand."""

from functools import partial

import pytest

from shared.audit.finding import CONTRADICTION, IMPOSSIBLE, NOTE
from shared.audit.published import render_audit
from tests.shared.audit.toys import CORPUS, audit_of, kinds, only, table


@pytest.fixture
def audit(tmp_path):
    """From the parts of a paper.toml to its audit."""
    return partial(audit_of, tmp_path)


def test_a_paper_with_nothing_to_find_says_so(audit):
    audited = audit(CORPUS + "n = { test = 50 }", table("test accuracy", A=["0.86"]))
    assert audited.findings == ()
    assert render_audit(audited).splitlines()[:2] == ["toy · A toy", "by arithmetic: nothing found"]
    assert audited.sound == ("Table 1, test: the accuracies are 43 of 50 clips.",)


def test_decimals_that_were_cut_off_are_no_contradiction(audit):
    corpus = CORPUS + "n = { test = 300 }"  # 200, 230 and 250 of 300
    audited = audit(corpus, table("test accuracy", 100, A=["66.66"], B=["76.66"], C=["83.33"]))
    assert kinds(audited) == [(NOTE, "no whole number of clips")]
    assert "cut off, not rounded" in audited.findings[0].follows


def test_a_number_that_no_clips_of_the_corpus_give(audit):
    corpus = CORPUS + "n = { train = 8, test = 2 }"
    found = only(audit(corpus, table("test accuracy", A=["0.51"])), "no whole number of clips")
    assert (found.severity, found.printed) == (IMPOSSIBLE, "0.51")  # of 10 clips or fewer
    assert "0.51 of 2 clips would be 1.02: 1 are 0.500 and 2 are 1.000." in found.arithmetic


def test_one_slip_leaves_the_stated_split_standing(audit):
    corpus = CORPUS + "n = { train = 80, test = 20 }"
    rows = {"A": ["0.9875", "0.95"], "B": ["0.9625", "0.90"], "C": ["0.9500", "0.87"]}  # 17.4 of 20
    found = only(audit(corpus, table("train accuracy, test accuracy", **rows)), "another split")
    assert "give every accuracy of A and B" in found.arithmetic
    assert "80 + 20" in found.arithmetic
    assert found.follows == "The stated 80 + 20 is among them: only the other rows do not go with it."


def test_the_nearest_numbers_of_clips_where_one_split_is_printed(audit):
    corpus = CORPUS + "n = { train = 80, validation = 10, test = 10 }"
    found = only(audit(corpus, table("test accuracy", 100, A=["91.67"], B=["75.00"])), "another split")
    assert "12, 24, 36, 48, 60 and 72" in found.arithmetic  # 11 and 9 of 12, and multiples
    assert found.follows == "Another number of clips was used, or 91.67 % and 75.00 % are slips."


def test_the_least_number_of_clips_where_none_is_stated(audit):
    found = only(
        audit(CORPUS, table("test accuracy", 100, A=["91.67"], B=["75.00"])), "a number of clips that is not said"
    )
    assert found.severity == NOTE
    assert "No number of test clips is stated" in found.arithmetic
    assert "is 12: 11 of 12 and 9 of 12" in found.arithmetic


def test_no_number_of_clips_gives_all_rows(audit):
    corpus = CORPUS + "counts = { x = 5, y = 6 }"  # 11 clips: a third, but not with three quarters
    found = only(
        audit(corpus, table("test accuracy", 100, A=["33.33"], B=["75.00"])), "a number of clips that is not said"
    )
    assert "none up to 11 gives all of them" in found.arithmetic
    assert found.follows == "The rows are not on the same clips, or on more than these."


def test_means_over_folds_need_not_be_whole(audit):
    audited = audit(CORPUS + "n = { test = 7 }", table("test accuracy", A=["0.874 ± 0.006"]))
    assert kinds(audited) == []


@pytest.mark.parametrize(
    ("n", "severity", "words"),
    [
        ("train = 80, test = 20", NOTE, "Possible"),  # 60 of 80, 15 of 20
        ("train = 80, test = 15", CONTRADICTION, "The train accuracy seems to be printed twice"),
        ("train = 15, test = 18", CONTRADICTION, "At most one of the two"),
    ],
)
def test_one_number_for_two_splits(audit, n, severity, words):
    text = table("train accuracy, test accuracy", A=["0.75", "0.75"])
    found = only(audit(CORPUS + f"n = {{ {n} }}", text), "one number twice")
    assert found.severity == severity
    assert words in found.follows


def test_rows_that_count_something_else_are_divided_by_their_own_count(audit):
    """Windows of 20 clips, and the clips: 0.63 is no share of 20, and 63 of 100 windows."""
    corpus = CORPUS + "n = { train = 60, test = 20 }"
    windows = '{ header = "A", model = "A", values = ["0.63"], n = { test = 100 } }'
    votes = '{ header = "voting", model = "A, by clip", values = ["0.85"] }'
    columns = 'columns = [{ split = "test", metric = "accuracy", header = "accuracy" }]'
    text = f'[[tables]]\nid = "1"\n{columns}\nrows = [{windows}, {votes}]\n'
    audited = audit(corpus, text)
    assert audited.findings == ()
    assert audited.sound == (
        "Table 1, test: the accuracies are 63 of 100, the row's own count.",
        "Table 1, test: the accuracies are 17 of 20 clips.",
    )
    without = audit(corpus, text.replace(", n = { test = 100 }", ""))
    assert only(without, "no whole number of clips").printed == "0.63"
