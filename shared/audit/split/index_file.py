"""A user's own index: a CSV file that names clips with their labels and perhaps their splits and groups."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from shared.audit.split.clips import EXCLUDED, SplitError, normalised_splits

COLUMNS = {
    "path": ("path", "file", "filename", "file name", "fname", "clip"),
    "label": ("label", "labels", "class"),
    "split": ("split", "fold"),
    "group": ("group",),
}
DELIMITERS = (",", ";", "\t")
EXAMPLE = "path,label,split,group"


@dataclass(frozen=True)
class Index:
    """The rows of an index, without those that take no part."""

    path: Path
    names: tuple[str, ...]
    labels: tuple[tuple[str, ...], ...]
    split: tuple[str, ...] | None
    groups: tuple[str, ...] | None
    numbers: tuple[tuple[float, ...], ...]
    set_aside: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]


def read_index(path: str | Path, with_numbers: bool = False) -> Index:
    """Read an index.

    Parameters
    ----------
    path
        A CSV file, UTF-8, separated by commas, semicolons or tabs. Its first line names the columns ``path`` (or file,
        filename, fname, clip), ``label`` (several are separated by ``;``) and, if there are any, ``split`` (or fold)
        and ``group``, in any order.
    with_numbers
        Every other column is a number, a feature of the clip. Otherwise other columns are passed over, which a note
        says.

    Raises
    ------
    SplitError
        No such file, nothing in it, another encoding, a column missing, a path twice, one label only, or a split that
        is none. Each says what was found, and where.
    """
    path = Path(path)
    rows = _rows(path, _text(path))
    header, columns = rows[0], _columns(path, rows[0])
    numeric = [n for n in range(len(header)) if n not in columns.values() and header[n].strip()] if with_numbers else []
    if with_numbers and not numeric:
        raise SplitError(f"{path}: no column is left for features beside {', '.join(columns)}; each is to be a number")
    kept, set_aside, lines = [], [], {}
    for line, cells in enumerate(rows[1:], start=2):
        if not any(cell.strip() for cell in cells):
            continue
        name = _checked_row(path, line, cells, header, columns, lines)
        numbers = tuple(_number(cells[n]) for n in numeric)
        bad = [header[n] for n, value in zip(numeric, numbers, strict=True) if not math.isfinite(value)]
        if bad:
            set_aside.append(
                (name, f"{path.name}, line {line}: {bad[0]} is {cells[header.index(bad[0])]!r}, no number")
            )
        else:
            kept.append((line, name, cells, numbers))
    if not kept:
        raise SplitError(f"{path}: no line after the first names a clip that can be used")
    return _index(path, header, columns, kept, set_aside, numeric)


def _index(path: Path, header, columns, kept, set_aside, numeric) -> Index:
    """The columns of the rows that can be used."""
    places = [f"{path}, line {line}" for line, *_ in kept]
    split = normalised_splits([row[2][columns["split"]] for row in kept], places) if "split" in columns else None
    if split is not None:
        left_out = [(row[1], "takes no part: the split is empty or excluded") for row in kept]
        set_aside = set_aside + [aside for aside, side in zip(left_out, split, strict=True) if side == EXCLUDED]
        kept = [row for row, side in zip(kept, split, strict=True) if side != EXCLUDED]
        split = tuple(side for side in split if side != EXCLUDED)
    labels = tuple(split_labels(row[2][columns["label"]]) for row in kept)
    if len(set(labels)) < 2:
        raise SplitError(f"{path}: every clip has the label {';'.join(labels[0])!r}; two labels or more are needed")
    groups = tuple(row[2][columns["group"]].strip() for row in kept) if "group" in columns else None
    unused = [name for n, name in enumerate(header) if n not in columns.values() and n not in numeric]
    notes = [f"Columns of {path.name} that were passed over: {', '.join(unused)}."] if unused else []
    if groups is not None and "" in groups:
        notes.append(f"{groups.count(''):,} clips have an empty group: each stands for itself.")
    numbers = tuple(row[3] for row in kept) if numeric else ()
    names = tuple(row[1] for row in kept)
    return Index(path, names, labels, split, groups, numbers, tuple(set_aside), tuple(notes))


def split_labels(text: str) -> tuple[str, ...]:
    """``"rock; pop"`` as ("pop", "rock")."""
    return tuple(sorted({label.strip() for label in text.split(";")} - {""}))


def _text(path: Path) -> str:
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "no such file"
        raise SplitError(f"{path}: {what}; --index takes a CSV file whose first line is {EXAMPLE}")
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SplitError(
            f"{path}, line {line}: not UTF-8 (byte {content[error.start]:#04x}). Save it as 'CSV UTF-8'"
        ) from None
    if not text.strip():
        raise SplitError(f"{path} is empty; expected is a CSV file whose first line is {EXAMPLE}")
    return text


def _rows(path: Path, text: str) -> list[list[str]]:
    first = text.partition("\n")[0]
    delimiter = max(DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        return list(reader)
    except csv.Error as error:
        raise SplitError(f"{path}, line {reader.line_num}: {error}. Save it again as CSV") from None


def _columns(path: Path, header: Sequence[str]) -> dict[str, int]:
    """Where each known column is."""
    words = [re.sub(r"[\s_-]+", " ", name.strip().casefold()) for name in header]
    columns = {}
    for column, names in COLUMNS.items():
        found = [n for name in names for n, word in enumerate(words) if word == name]
        if len(found) > 1 and words[found[0]] == words[found[1]]:
            raise SplitError(f"{path}: two columns are called {header[found[0]]!r}; rename one")
        if found:
            columns[column] = found[0]
    missing = [column for column in ("path", "label") if column not in columns]
    if missing:
        raise SplitError(
            f"{path}: the first line names no column {' and no column '.join(missing)}; expected is {EXAMPLE}, the "
            f"last two if there are any; found is {','.join(header)[:200]!r}"
        )
    return columns


def _checked_row(path: Path, line: int, cells, header, columns, lines: dict[str, int]) -> str:
    """The name in a row, which is whole and not there yet."""
    if len(cells) != len(header):
        raise SplitError(
            f"{path}, line {line}: {len(cells)} cells for {len(header)} columns; put a text that holds the separator "
            "in double quotes"
        )
    name = cells[columns["path"]].strip()
    if not name or not split_labels(cells[columns["label"]]):
        raise SplitError(f"{path}, line {line}: the {'label' if name else 'path'} is empty; give it or remove the line")
    if name in lines:
        raise SplitError(f"{path}, line {line}: {name} stands in line {lines[name]} already; remove one of the lines")
    lines[name] = line
    return name


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
