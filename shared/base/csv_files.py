"""CSV files that people write: by hand, with a spreadsheet, with pandas. Each is read as it was meant, or refused.

UTF-8 with or without a byte order mark, UTF-16 with one, or Windows' Western code page 1252, which a note says; lines
that end in LF, CRLF or CR; cells between commas, semicolons or tabs. What cannot be read without guessing is refused
with its line, its value and a remedy. Nothing here knows which columns there should be.
"""

from __future__ import annotations

import csv
import math
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from shared.base.text_files import TextError, read_text

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs"}
N_SHOWN = 80  # characters of a line in a message
QUOTES = 'Remove a stray quote; one that belongs to the text is written twice, and its cell in quotes: "12"" mix"'
MISSING = ("nan", "<na>", "n/a", "#n/a", "null")  # what programs write where there is no value
DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+(e[+-]?\d+)?", re.IGNORECASE | re.ASCII)
THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}([.,]\d{3})+", re.ASCII)


class CsvError(ValueError):
    """A CSV file that cannot be read without guessing. The text names file, line and value, and says what to do."""


@dataclass(frozen=True)
class CsvLine:
    """One line after the first: its number in the file, and as many cells as there are columns, without outer spaces.

    ``fault`` says what is wrong with their number. Cells that a short line lacks are empty; a long line has more.
    """

    number: int
    cells: tuple[str, ...]
    fault: str = ""
    is_short: bool = False


@dataclass(frozen=True)
class CsvFile:
    """What a file holds: the names of its columns, its lines that are not empty, and sentences on how it was read."""

    path: Path
    header: tuple[str, ...]
    lines: tuple[CsvLine, ...]
    delimiter: str
    notes: tuple[str, ...] = ()

    def place(self, line: CsvLine) -> str:
        """Where a line stands, for messages: ``my.csv, line 7``."""
        return f"{self.path.name}, line {line.number}"

    def column_name(self, column: int) -> str:
        """What a column is called, in words where it has no name."""
        name = self.header[column]
        if re.fullmatch(r"Unnamed: \d+.*", name):
            return f"{name} (which pandas calls a column without a name)"
        return name or f"column {column + 1} (which has no name)"

    def unused(self, used: Iterable[int]) -> list[str]:
        """A note on the columns that are passed over although something stands in them; none if there are none."""
        others = [column for column in range(len(self.header)) if column not in set(used)]
        names = [self.column_name(c) for c in others if self.header[c] or any(line.cells[c] for line in self.lines)]
        return [f"Columns of {self.path.name} that were passed over: {', '.join(names)}."] if names else []

    def refuse_line_breaks(self, columns: Iterable[int]) -> None:
        """Raise CsvError if a cell of these columns goes on in the next line, as after a quote too many."""
        for line in self.lines:
            for column in columns:
                if "\n" in line.cells[column]:
                    raise CsvError(
                        f"{self.path}, line {line.number}: {self.column_name(column)} goes on in the next line: "
                        f"{line.cells[column][:N_SHOWN]!r}. {QUOTES}"
                    )

    def numbers(self, columns: Sequence[int]) -> tuple[list[tuple[float, ...]], list[str]]:
        """The cells of some columns as numbers, a row a line; NaN where a cell is none.

        Where cells are not separated by commas, ``0,5`` is a half.

        Returns
        -------
        rows
            One of floats for each of `lines`.
        notes
            A sentence, if commas were read so.

        Raises
        ------
        CsvError
            Commas and points both stand in numbers, and one may mark thousands: ``1.234`` beside ``0,5``; or, between
            tabs, each comma may: ``1,234``.
        """
        if self.delimiter == ",":
            return [tuple(number(line.cells[column]) for column in columns) for line in self.lines], []
        cells = [(line, column, line.cells[column]) for line in self.lines for column in columns]
        commas = [cell for cell in cells if DECIMAL_COMMA.fullmatch(cell[2])]
        points = [cell for cell in cells if "." in cell[2] and not math.isnan(number(cell[2]))]
        self._refuse_unclear(commas, points)
        rows = [tuple(number(line.cells[c], decimal_comma=True) for c in columns) for line in self.lines]
        if not commas:
            return rows, []
        line, column, text = commas[0]
        shown = f"{self.column_name(column)} {text!r} in line {line.number}"
        return rows, [f"{len(commas):,} numbers of {self.path.name} have a decimal comma, such as {shown}."]

    def _refuse_unclear(self, commas: list[tuple], points: list[tuple]) -> None:
        """Raise CsvError if a comma or a point may mark thousands; given are (line, column, text) with one of them."""
        unclear = [cell for cell in (*commas, *points) if THOUSANDS.fullmatch(cell[2])]
        if not (commas and unclear):
            return
        line, column, text = unclear[0]
        others = points if "," in text else commas
        if others:
            beside = f"and line {others[0][0].number} has {others[0][2]!r}, so point and comma both stand in numbers"
        elif self.delimiter == "\t" and len(unclear) == len(commas):  # semicolons are written where commas are decimal
            beside = "and cells are separated by tabs"
        else:
            return
        raise CsvError(
            f"{self.path}, line {line.number}: {self.column_name(column)} is {text!r}, {beside}: whether it is a "
            "decimal mark or one of thousands is not clear. Write all numbers with a decimal point and no other mark"
        )


def number(text: str, decimal_comma: bool = False) -> float:
    """A cell as a number; NaN if it is none. Neither ``1_000`` nor ``1,000`` is one, unless it means one."""
    if decimal_comma and DECIMAL_COMMA.fullmatch(text):
        text = text.replace(",", ".")
    try:
        return float(text) if "_" not in text else math.nan
    except ValueError:
        return math.nan


class _Lines(list):
    """Lines that a csv.writer writes, with LF at their ends."""

    def write(self, line: str) -> None:
        self.append(line.removesuffix("\r\n") + "\n")


def csv_text(rows: Iterable[Iterable]) -> str:
    """Rows as CSV with LF line ends, which comes back as it was.

    Python's writer puts a cell with a CR in quotes only where lines end in one, and without quotes it ends a line.
    """
    lines = _Lines()
    csv.writer(lines, lineterminator="\r\n").writerows(rows)
    return "".join(lines)


def no_formula(cell: str) -> str:
    """A text for a cell that somebody may open with a spreadsheet, which would compute one that begins as a formula.

    Spreadsheets take what begins with ``=``, ``@``, a tab, or with a sign and is no number, as a formula; an apostrophe
    before it makes it a text. `without_apostrophe` gives the text back.
    """
    return f"'{cell}" if _is_formula(cell) else cell


def without_apostrophe(cell: str) -> str:
    """The text of which `no_formula` made a cell."""
    return cell[1:] if cell.startswith("'") and _is_formula(cell) else cell


def _is_formula(cell: str) -> bool:
    """Whether a cell is a formula, or one behind apostrophes, which get another, so that all can be taken back."""
    text = cell.lstrip("'")
    return text.startswith(("=", "@", "\t", "\r")) or (text.startswith(("+", "-")) and math.isnan(number(text)))


def plain(name: str) -> str:
    """A column's name in small letters, with single spaces for spaces, hyphens and underlines."""
    return " ".join(re.split(r"[\s_-]+", name.strip().casefold()))


def is_row_number(name: str) -> bool:
    """Whether a column's name is none, as that of the row numbers that pandas and R write, or pandas' word for none."""
    return not name or re.fullmatch(r"Unnamed: \d+.*", name) is not None


def is_missing(text: str) -> bool:
    """Whether a cell is empty, or has a word that programs write where there is no value, such as ``nan``."""
    return not text or text.casefold() in MISSING


def spellings(names: Iterable[str], what: str) -> list[str]:
    """A note for each set of `names` that differ in capitals only; `what` they are, such as ``genres``."""
    spelled = defaultdict(set)
    for name in names:
        spelled[name.casefold()].add(name)
    twice = [" and ".join(repr(name) for name in sorted(same)) for same in spelled.values() if len(same) > 1]
    return [f"{same} count as different {what}; they differ in capitals only." for same in sorted(twice)]


def read_csv(path: str | Path) -> CsvFile:
    """Read a CSV file.

    Parameters
    ----------
    path
        The file. Its first line that is not empty names the columns; a line ``sep=;`` before it, as Excel writes it,
        is passed over. The separator is the one that cuts this line into most cells.

    Returns
    -------
    CsvFile
        With a `fault` for each line that has too many or too few cells; empty cells at a line's end do not count.

    Raises
    ------
    CsvError
        An empty file, none of the encodings, a quote that swallows following lines or has text behind it, a cell of
        more than 131,072 characters.
    OSError
        The file cannot be opened.
    """
    path = Path(path)
    try:
        text, notes = read_text(path)
    except TextError as error:
        raise CsvError(str(error)) from None
    lines = [line + "\n" for line in re.split("\r\n|\r|\n", text.rstrip("\x1a"))]
    first = next((n for n, line in enumerate(lines) if line.strip()), None)
    if first is None:
        raise CsvError(f"{path} is empty")
    if re.fullmatch(r"sep=[,;\t]\s*", lines[first]):
        delimiter, first = lines[first][4], first + 1
    else:
        delimiter = max(DELIMITERS, key=lambda mark: len(next(csv.reader([lines[first]], delimiter=mark))))
    header, rows = (), []
    for begin, end, cells in _records(path, lines, first, delimiter):
        cells = [cell.strip() for cell in cells]
        if not any(cells):
            continue
        if not header:
            _refuse_swallowed(path, lines, begin, end, 0, delimiter)
            header = tuple(cells)
            continue
        rows.append(_line(begin, cells, len(header)))
        if end > begin:
            _refuse_swallowed(path, lines, begin, end, len(header) if not rows[-1].fault else 0, delimiter)
    return CsvFile(path, header, tuple(rows), delimiter, (*notes, *_quoted(path, rows)))


def _records(path: Path, lines: list[str], first: int, delimiter: str):
    """Number of the first and of the last line, and cells, of each record."""
    reader = csv.reader(lines[first:], delimiter=delimiter, strict=True, skipinitialspace=True)
    while True:
        begin = first + reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise CsvError(_unreadable(path, lines, begin, first + reader.line_num, str(error))) from None
        if cells is None:
            return
        yield begin, first + reader.line_num, cells


def _unreadable(path: Path, lines: list[str], begin: int, end: int, error: str) -> str:
    shown = lines[begin - 1].strip()[:N_SHOWN]
    if "limit" in error:
        return (
            f"{path}, line {begin}: {shown!r} goes on for more than {csv.field_size_limit():,} characters; shorten it"
        )
    if "end of data" in error:
        return f"{path}, line {begin}: {shown!r} opens a double quote that is never closed. {QUOTES}"
    if end > begin:
        return f"{path}, line {begin}: {shown!r} opens a double quote that swallows all up to line {end}. {QUOTES}"
    return f"{path}, line {begin}: {shown!r} has text behind a closing double quote. {QUOTES}"


def _refuse_swallowed(path: Path, lines: list[str], begin: int, end: int, n_columns: int, delimiter: str) -> None:
    """Raise CsvError for a cell that goes over several lines if one of them could stand for itself.

    A text with line breaks is told from lines that a quote too many has swallowed by their separators: a swallowed
    line has all of its own. With no `n_columns`, nothing may go on in the next line.
    """
    if begin == end:
        return
    if not n_columns or any(line.count(delimiter) >= n_columns - 1 for line in lines[begin:end]):
        raise CsvError(_unreadable(path, lines, begin, end, ""))


def _line(number: int, cells: list[str], n_columns: int) -> CsvLine:
    while len(cells) > n_columns and not cells[-1]:
        cells.pop()
    fault = ""
    if len(cells) != n_columns:
        fault = f"{len(cells)} {'cell' if len(cells) == 1 else 'cells'} for {n_columns} columns"
        if len(cells) > n_columns:
            fault += "; put a text that holds the separator in double quotes"
    padding = [""] * (n_columns - len(cells))
    return CsvLine(number, (*cells, *padding), fault, bool(padding))


def _quoted(path: Path, rows: list[CsvLine]) -> list[str]:
    """A note on cells with an odd double quote in them, which may be one of a pair."""
    odd = [(row.number, cell) for row in rows for cell in row.cells if cell.count('"') % 2]
    if not odd:
        return []
    line, cell = odd[0]
    n = "1 cell has" if len(odd) == 1 else f"{len(odd):,} cells have"
    return [f"In {path.name}, {n} a double quote as part of the text, such as {cell[:N_SHOWN]!r} in line {line}."]
