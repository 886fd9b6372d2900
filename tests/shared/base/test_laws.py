"""What is written comes back, for any content; what was changed is not believed."""

import math
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from shared.base.csv_files import csv_text, no_formula, number, without_apostrophe
from shared.base.files import keep_text, kept_text
from shared.base.own_files import CRC32, FileError, read_json, read_table, write_json

PLAIN = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    PLAIN | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8
)
RECORDS = st.dictionaries(st.text().filter(lambda key: key != CRC32), VALUES)
FORM, ROWS = TypeAdapter(dict[str, Any]), TypeAdapter(list[dict[str, str]])


@pytest.fixture(scope="module")
def file():
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "a"


@given(RECORDS, st.booleans())
def test_json_comes_back(file, value, summed):
    file.write_bytes(write_json(value, summed))
    read = read_json(file, FORM, "restore it")
    assert (read.pop(CRC32, None) is not None) == summed
    assert read == value


@given(RECORDS, st.data())
def test_json_with_a_checksum_is_what_was_written_or_refused(file, value, data):
    content = bytearray(write_json(value, summed=True))
    content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    file.write_bytes(content)
    try:
        read = read_json(file, FORM, "restore it")
    except FileError:
        return
    if CRC32 in read:  # as where a space became another
        assert {key: inner for key, inner in read.items() if key != CRC32} == value


@given(st.lists(st.text(), min_size=1, max_size=4, unique=True), st.data())
def test_a_table_comes_back(file, columns, data):
    rows = data.draw(st.lists(st.lists(st.text(), min_size=len(columns), max_size=len(columns)), max_size=4))
    file.write_bytes(csv_text([columns, *rows]).encode())
    assert read_table(file, ROWS, "restore it") == [dict(zip(columns, row, strict=True)) for row in rows]


@given(st.text())
def test_a_text_of_the_cache_comes_back(file, text):
    assert keep_text(file, text)
    assert kept_text(file) == text


@given(st.text(alphabet="'=+-@\t\r1.e a"))
def test_no_cell_is_a_formula_and_each_comes_back(cell):
    written = no_formula(cell)
    assert without_apostrophe(written) == cell
    assert not written.startswith(("=", "@", "\t", "\r"))
    assert not written.startswith(("+", "-")) or not math.isnan(number(written))
