"""A user's own index: a CSV file that names clips with their labels and perhaps their splits and groups."""

from __future__ import annotations

import math
import os
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from shared.audit.split.clips import EXCLUDED, SplitError, lost_labels, normalised_splits
from shared.base.csv_files import CsvError, CsvFile, CsvLine, is_missing, is_row_number, plain, read_csv, spellings

COLUMNS = {
    "path": ("path", "file", "filename", "file name", "fname", "clip"),
    "label": ("label", "labels", "class"),
    "split": ("split", "fold"),
    "group": ("group",),
}
SEPARATORS = ";|"  # of several labels in a cell; a comma too, where it can be nothing else
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
    feature_names: tuple[str, ...]
    set_aside: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]


def read_index(path: str | Path, with_numbers: bool = False, separator: str | None = None) -> Index:
    """Read an index.

    Parameters
    ----------
    path
        A CSV file, as `shared.base.csv_files` reads it. Its first line names the columns ``path`` (or file, filename,
        fname, clip), ``label`` and, if there are any, ``split`` (or fold) and ``group``, in any order.
    with_numbers
        Every other column that has a name is a number, a feature of the clip. Otherwise other columns are passed over,
        which a note says.
    separator
        What stands between several labels in a cell. None: ``;`` and ``|``; or a comma, if neither of them stands in
        any label and no space behind any comma, as in ``Dog,Bark``, which a note says.

    Raises
    ------
    SplitError
        No such file, one that cannot be read as CSV without guessing, a column missing, a path twice, one label only,
        labels with commas that can be understood in two ways, or a split that is none. Each says what was found, and
        where.
    """
    path = Path(path)
    try:
        found = _read(path)
        columns = _columns(found)
        numeric = [n for n, name in enumerate(found.header) if n not in columns.values() and not is_row_number(name)]
        numeric = numeric if with_numbers else []
        found.refuse_line_breaks([*columns.values(), *numeric])
        numbers, notes = found.numbers(numeric)
    except CsvError as error:
        raise SplitError(str(error)) from None
    if with_numbers and not numeric:
        raise SplitError(f"{path}: no column is left for features beside {', '.join(columns)}; each is to be a number")
    separators, more = _separators(found, columns["label"], separator)
    kept, set_aside, lines = [], [], {}
    for line, values in zip(found.lines, numbers, strict=True):
        name = _checked_row(found, line, columns, separators, lines)
        bad = [n for n, value in zip(numeric, values, strict=True) if not math.isfinite(value)]
        if bad:
            shown = f"{found.column_name(bad[0])} is {line.cells[bad[0]]!r}, no number"
            set_aside.append((name, f"{found.place(line)}: {shown}"))
        else:
            kept.append((line, values))
    if not kept:
        reason = f": {set_aside[0][1]}; remove a column that is no feature" if set_aside else ""
        raise SplitError(f"{path}: no line after the first names a clip that can be used{reason}")
    own = [split_labels(line.cells[columns["label"]], separators) for line in found.lines]
    left = [split_labels(line.cells[columns["label"]], separators) for line, _ in kept]
    notes = [*found.notes, *found.unused([*columns.values(), *numeric]), *notes, *more, *lost_labels(own, left)]
    return _index(found, columns, separators, kept, set_aside, [found.header[n] for n in numeric], notes)


def _index(found: CsvFile, columns, separators: str, kept, set_aside, feature_names, notes: list[str]) -> Index:
    """The columns of the rows that can be used."""
    split = None
    if "split" in columns:
        places = [f"{found.path}, line {line.number}" for line, _ in kept]
        split, more = normalised_splits([line.cells[columns["split"]] for line, _ in kept], places)
        notes += more
        aside = "takes no part: the split is empty or excluded"
        out = [line.cells[columns["path"]] for (line, _), side in zip(kept, split, strict=True) if side == EXCLUDED]
        set_aside = set_aside + [(name, aside) for name in out]
        kept = [row for row, side in zip(kept, split, strict=True) if side != EXCLUDED]
        split = tuple(side for side in split if side != EXCLUDED)
    labels = tuple(split_labels(line.cells[columns["label"]], separators) for line, _ in kept)
    if len(set(labels)) < 2:
        raise SplitError(
            f"{found.path}: every clip has the label {';'.join(labels[0])!r}; two labels or more are needed"
        )
    notes += spellings(sorted({label for own in labels for label in own}), "labels")
    groups = None
    if "group" in columns:
        cells = [line.cells[columns["group"]] for line, _ in kept]
        groups = tuple("" if is_missing(cell) else _composed(cell) for cell in cells)
        if "" in groups:
            notes.append(f"{groups.count(''):,} clips have an empty group: each stands for itself.")
    names = tuple(line.cells[columns["path"]] for line, _ in kept)
    numbers = tuple(values for _, values in kept) if feature_names else ()
    aside, told = tuple(set_aside), tuple(notes)
    return Index(found.path, names, labels, split, groups, numbers, tuple(feature_names), aside, told)


def split_labels(text: str, separators: str = SEPARATORS) -> tuple[str, ...]:
    """``"rock; pop"`` as ("pop", "rock")."""
    return tuple(sorted({_composed(label.strip()) for label in re.split(f"[{re.escape(separators)}]", text)} - {""}))


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _separators(found: CsvFile, column: int, given: str | None) -> tuple[str, list[str]]:
    """What separates labels in a cell, and a note if that was concluded from the labels."""
    cells = [(line, line.cells[column]) for line in found.lines]
    commas = [(line, cell) for line, cell in cells if "," in cell]
    if given is not None or not commas:
        return given or SEPARATORS, []
    line, cell = commas[0]
    n = "1 label has a comma in it" if len(commas) == 1 else f"{len(commas):,} labels have a comma in them"
    if any(mark in cell for _, cell in cells for mark in SEPARATORS):
        return SEPARATORS, [f"{n}, such as {cell!r} in line {line.number}: part of a name, since others have ; or |."]
    spaced = [(line, cell) for line, cell in commas if re.search(r",\s", cell)]
    if spaced:
        line, cell = spaced[0]
        raise SplitError(
            f"{found.path}, line {line.number}: the label {cell!r} holds a comma, and may be one label or several. Say "
            "which: --label-separator ',' takes it as several, --label-separator ';' as one"
        )
    return ",", [
        f"{n}, such as {cell!r} in line {line.number}: several labels each; --label-separator ';' takes it as one."
    ]


def _read(path: Path) -> CsvFile:
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "no such file"
        raise SplitError(f"{path}: {what}; --index takes a CSV file whose first line is {EXAMPLE}")
    try:
        return read_csv(path)
    except CsvError as error:
        expected = f"; expected is a CSV file whose first line is {EXAMPLE}" if str(error).endswith("is empty") else ""
        raise SplitError(f"{error}{expected}") from None
    except OSError as error:
        raise SplitError(f"{path}: cannot be read ({os.strerror(error.errno).lower()})") from None


def _columns(found: CsvFile) -> dict[str, int]:
    """Where each known column is."""
    words, columns = [plain(name) for name in found.header], {}
    for column, names in COLUMNS.items():
        there = [n for name in names for n, word in enumerate(words) if word == name]
        if len(there) > 1 and words[there[0]] == words[there[1]]:
            raise SplitError(f"{found.path}: two columns are called {found.header[there[0]]!r}; rename one")
        if there:
            columns[column] = there[0]
    missing = [column for column in ("path", "label") if column not in columns]
    if missing:
        raise SplitError(
            f"{found.path}: the first line names no column {' and no column '.join(missing)}; expected is {EXAMPLE}, "
            f"the last two if there are any; found is {found.delimiter.join(found.header)[:200]!r}"
        )
    return columns


def _checked_row(found: CsvFile, line: CsvLine, columns, separators: str, lines: dict[str, int]) -> str:
    """The name in a row, which is whole and not there yet."""
    place = f"{found.path}, line {line.number}"
    if line.fault:
        raise SplitError(f"{place}: {line.fault}")
    name, label = line.cells[columns["path"]], line.cells[columns["label"]]
    if not name or is_missing(label) or not split_labels(label, separators):
        what = (
            f"the label is {label!r}, which is none"
            if name and label
            else f"the {'label' if name else 'path'} is empty"
        )
        raise SplitError(f"{place}: {what}; give it or remove the line")
    if name in lines:
        raise SplitError(f"{place}: {name} stands in line {lines[name]} already; remove one of the lines")
    lines[name] = line.number
    return name
