"""A printed number and its value, for any number."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from shared.paper.form import _cell
from shared.paper.schema import Column

PLACE = {"table": "1", "row": "a", "model": "a"}


@given(st.integers(0, 10**6), st.integers(0, 4), st.sampled_from([1, 100]), st.booleans())
def test_a_printed_number_is_printed_again_as_it_was(digits, decimals, scale, spread):
    text = f"{Decimal(digits).scaleb(-decimals):.{decimals}f}"
    cell = _cell(f"{text} ± {text}" if spread else text, Column("test", "accuracy", "Accuracy", scale), PLACE)
    assert cell.formatted(cell.value) == text
    assert cell.sd is None or cell.formatted(cell.sd) == text
    assert Decimal(text) / scale == Decimal(repr(cell.value))
