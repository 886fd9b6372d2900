"""Files that this program writes and reads again. Each is what its form says, or an error names it and what to do.

A form is a pydantic type, as those of paper.toml in `shared.paper.form`: what else a file may hold is said there.
"""

from __future__ import annotations

import csv
import io
import json
import zlib
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from shared.base.write_errors import reason

MOST_BYTES = 2**26  # of a file; no table or record of this program comes near
CRC32 = "crc32"  # the key of a checksum of all others
SHOWN = 60  # characters of what was found


class FileError(ValueError):
    """A file of this program is not what it should be. The text names it, what was expected, and what to do."""


def read_bytes(path: Path, remedy: str, most_bytes: int = MOST_BYTES) -> bytes:
    """The content of a file.

    Parameters
    ----------
    remedy
        What to do if it cannot be read, the end of a sentence such as ``restore it, or run the unit again``.
    most_bytes
        More is refused before it is read.

    Raises
    ------
    FileError
    """
    if path.is_fifo():  # to open it is to wait for whoever writes into it
        raise FileError(f"{path}: cannot be read (a pipe is where a file should be); {remedy}")
    try:
        with path.open("rb") as file:
            content = file.read(most_bytes + 1)
    except OSError as error:
        raise FileError(f"{path}: cannot be read ({reason(error)}); {remedy}") from None
    if len(content) > most_bytes:
        raise FileError(f"{path}: expected at most {most_bytes:,} bytes, found more; {remedy}")
    return content


def read_json(path: Path, form: TypeAdapter, remedy: str) -> Any:
    """What a JSON file holds, as `form` has it.

    Raises
    ------
    FileError
        It is no JSON, nested too deeply, or of another form: names the place in the file. Or it was changed since
        `write_json` wrote it with a checksum.
    """
    content = read_bytes(path, remedy)
    value = _checked(path, form.validate_json, content, remedy)
    told = json.loads(content)
    if isinstance(told, dict) and told.pop(CRC32, None) not in (None, _sum(told)):
        raise FileError(f"{path}: expected the checksum with which it was written: it was changed since; {remedy}")
    return value


def write_json(value: Any, summed: bool = False) -> bytes:
    """A value as `read_json` reads it again; `summed`: a dict, with a checksum."""
    value = value | {CRC32: _sum(value)} if summed else value
    return (json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _sum(value: dict) -> str:
    return f"{zlib.crc32(json.dumps(value, sort_keys=True).encode()):08x}"


def read_table(path: Path, form: TypeAdapter, remedy: str) -> list[dict[str, Any]]:
    """The rows of a CSV file with a header, each a dict by column, as `form`, which is of the list, has them.

    Raises
    ------
    FileError
        It is not UTF-8, a quote is never closed, a column stands twice, a line has too few or too many cells, or a
        cell is of another form. Names the line.
    """
    content = read_bytes(path, remedy)
    try:
        lines = list(csv.reader(io.StringIO(content.decode("utf-8"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise FileError(f"{path}: cannot be read as CSV in UTF-8 ({error}); {remedy}") from None
    if not lines or len(set(lines[0])) < len(lines[0]):
        found = f"{','.join(lines[0])!r:.{SHOWN}}" if lines else "an empty file"
        raise FileError(f"{path}: expected a first line of columns, each once, found {found}; {remedy}")
    for number, cells in enumerate(lines[1:], start=2):
        if len(cells) != len(lines[0]):
            raise FileError(f"{path}: line {number} has {len(cells)} cells, expected {len(lines[0])}; {remedy}")
    rows = [dict(zip(lines[0], cells, strict=True)) for cells in lines[1:]]
    return _checked(path, form.validate_python, rows, remedy)


def _checked(path: Path, validate, value: Any, remedy: str) -> Any:
    try:
        return validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        place = list(map(str, first["loc"]))
        if isinstance(value, list):
            place[0] = f"line {first['loc'][0] + 2}"
        wanted = first["msg"].replace("Input should be", "expected").replace("Field required", "is missing")
        wanted = wanted.replace("String should match pattern", "expected a text of the form")
        found = "" if isinstance(value, bytes) and not place else f", found {first['input']!r:.{SHOWN}}"
        found = "" if first["type"] == "missing" else found
        raise FileError(f"{path}: {' '.join(place)}{': ' if place else ''}{wanted}{found}; {remedy}") from None
