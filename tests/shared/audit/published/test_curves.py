"""Printed numbers against a published curve, by hand."""

from functools import partial

import pytest

from shared.audit.finding import CONTRADICTION, NOTE
from tests.shared.audit.toys import CORPUS, audit_of, claim, kinds, only, table

CURVE = """
[[curves]]
figure = "Figure 7"
place = "a log"
model = "A"
file = "curve.csv"
"""


@pytest.fixture
def audit(tmp_path):
    """From the parts of a paper.toml to its audit, beside a curve of three epochs."""
    (tmp_path / "toy").mkdir()
    (tmp_path / "toy" / "curve.csv").write_text("epoch,val_loss,val_accuracy\n1,0.2149,0.9386\n2,0.2077,0.9385\n")
    return partial(audit_of, tmp_path)


def test_a_number_that_an_epoch_rounds_to_is_sound(audit):
    audited = audit(CORPUS, table("validation loss", A=["0.21"]), CURVE)
    assert audited.findings == ()
    assert "0.21 is what Figure 7 rounds to in 2 of 2 epochs, the first of them 1." in audited.sound[0]


def test_a_number_that_is_cut_off(audit):
    found = only(audit(CORPUS, table("validation accuracy", A=["0.93"]), CURVE), "a number and its curve")
    assert found.severity == NOTE
    assert found.arithmetic == (
        "Figure 7 has 0.9385 to 0.9386, which no rounding makes 0.93; cut off after 2 decimals it is."
    )


def test_a_number_that_is_not_on_it(audit):
    found = only(audit(CORPUS, table("validation accuracy", A=["0.97"]), CURVE), "a number and its curve")
    assert (found.severity, found.printed) == (CONTRADICTION, "0.97")


def test_claims_are_held_against_it_as_well(audit):
    text = claim("the text", "0.93", 1, split="validation")
    found = only(audit(CORPUS, table("validation loss", A=["0.21"]), CURVE, text), "a number and its curve")
    assert found.place == "the text, A"


@pytest.mark.parametrize("columns", ["test accuracy", "train accuracy", "validation precision"])
def test_what_the_curve_does_not_have_is_left_alone(audit, columns):
    assert "a number and its curve" not in {kind for _, kind in kinds(audit(CORPUS, table(columns, A=["0.5"]), CURVE))}
    of_b = audit(CORPUS, table("validation loss", B=["0.5"]), CURVE)
    assert "a number and its curve" not in {kind for _, kind in kinds(of_b)}
