"""Files of this program are what their form says, or an error names file, place, what was expected, and what to do."""

import gzip

import pytest
from pydantic import BaseModel, ConfigDict, TypeAdapter

from shared.base.own_files import FileError, read_bytes, read_json, read_table, write_json


class Toy(BaseModel):
    model_config = ConfigDict(strict=True, extra="allow", allow_inf_nan=False)

    name: str
    values: list[float] = []


JSON, TABLE = TypeAdapter(Toy), TypeAdapter(list[dict[str, float]])
DEEP = b"[" * 100_000


def test_what_was_written_comes_back(tmp_path):
    (tmp_path / "a.json").write_bytes(write_json({"name": "é", "values": [0.1, 1e-300], "more": {"b": None}}))
    read = read_json(tmp_path / "a.json", JSON, "")
    assert read.model_dump() == {"name": "é", "values": [0.1, 1e-300], "more": {"b": None}}
    (tmp_path / "a.csv").write_bytes(b'"a,b",c\r\n1,-2.5\r\n')
    assert read_table(tmp_path / "a.csv", TABLE, "") == [{"a,b": 1.0, "c": -2.5}]


def test_a_changed_value_is_found_by_its_checksum(tmp_path):
    path, value = tmp_path / "a.json", {"name": "é", "values": [0.1, 2.0]}
    path.write_bytes(write_json(value, summed=True))
    assert read_json(path, JSON, "").values == [0.1, 2.0]
    path.write_bytes(path.read_bytes().replace(b"2.0", b"3.0"))
    with pytest.raises(FileError, match=r"a\.json: expected the checksum .* changed since; make it again"):
        read_json(path, JSON, "make it again")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "Invalid JSON: EOF while parsing"),
        (b'{"name": "a"', "Invalid JSON: EOF"),
        (b"[]", "expected an object"),
        (b"{}", "name: is missing"),
        (b'{"name": 1}', "name: expected a valid string, found 1"),
        (b'{"name": "a", "values": [1, "2"]}', "values 1: expected a valid number, found '2'"),
        (b'{"name": "a", "values": [NaN]}', "values 0: expected a finite number, found nan"),
        (b'{"name": "\xff"}', "Invalid JSON: invalid unicode"),
        (b'{"name": "\\ud800"}', "Invalid JSON: "),
        (DEEP, "Invalid JSON: recursion limit exceeded"),
        (b'{"name": "a", "more": ' + DEEP, "Invalid JSON: recursion limit exceeded"),
        (b'{"name": "a", "more": ' + b"9" * 10_000 + b"}", "Invalid JSON: number out of range"),
        (gzip.compress(b"{}", mtime=0), "Invalid JSON: expected value"),
    ],
)
def test_json_of_another_form_is_named(tmp_path, content, words):
    path = tmp_path / "a.json"
    path.write_bytes(content)
    with pytest.raises(FileError) as caught:
        read_json(path, JSON, "make it again")
    text = str(caught.value)
    assert text.startswith(f"{path}: {words}")
    assert text.endswith("; make it again")
    assert len(text) < len(str(path)) + 200


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "expected a first line of columns, each once, found an empty file"),
        (b"a,a\n1,2\n", "expected a first line of columns, each once, found 'a,a'"),
        (b"a,b\n1\n", "line 2 has 1 cells, expected 2"),
        (b"a,b\n1,2\n\n", "line 3 has 0 cells, expected 2"),
        (b"a,b\n1,2\n1,x\n", "line 3 b: expected a valid number"),
        (b'a,b\n1,"2\n', "cannot be read as CSV in UTF-8 (unexpected end of data)"),
        (b"a,b\n1,\xff\n", "cannot be read as CSV in UTF-8 ('utf-8' codec"),
        (b"a\n" + b"1" * 200_000, "cannot be read as CSV in UTF-8 (field larger than field limit"),
    ],
)
def test_tables_of_another_form_are_named(tmp_path, content, words):
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(FileError) as caught:
        read_table(path, TABLE, "make it again")
    assert str(caught.value).startswith(f"{path}: {words}")
    assert str(caught.value).endswith("; make it again")


def test_what_is_too_large_or_no_file_is_named(tmp_path):
    with (tmp_path / "large").open("wb") as file:
        file.truncate(2**40)  # a hole: it takes no space, and would not fit into memory
    with pytest.raises(FileError, match="/large: expected at most 67,108,864 bytes, found more; remove it"):
        read_bytes(tmp_path / "large", "remove it")
    with pytest.raises(FileError, match="cannot be read .a folder is where a file should be.; remove it"):
        read_bytes(tmp_path, "remove it")
    with pytest.raises(FileError, match="cannot be read .no such file or directory.; remove it"):
        read_bytes(tmp_path / "none", "remove it")
