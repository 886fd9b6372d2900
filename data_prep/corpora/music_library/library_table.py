"""The table of a music library: a CSV file with a track's file name, its one or two genres and perhaps its artist.

The first line names the columns, in any order: ``file``, ``genre 1``, ``genre 2`` and ``artist`` (or ``filename``,
``genre1``, ``genre_2`` and the like). How the file may be written is told in `shared.base.csv_files`. Two genres in one
cell are separated by ``|``; a comma or a semicolon in a cell is part of a genre's name, which a note says.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path

from data_prep.common import label_sets
from data_prep.common.errors import CorpusError
from shared.base.csv_files import DELIMITERS, CsvError, CsvFile, CsvLine, is_missing, plain, read_csv, spellings

FILE_NAMES = ("file", "filename", "file name", "fname", "path", "track")
ARTIST_NAMES = ("artist", "artist name")
N_LABELS = 2  # of a track, at most


@dataclass(frozen=True)
class Row:
    """One line of the table: what it names, or why it cannot be used."""

    line: int
    file: str
    genres: tuple[str, ...] = ()
    artist: str = ""
    reason: str = ""


@dataclass
class Table:
    """The rows of a file, and sentences on how it was read."""

    rows: list[Row]
    notes: list[str] = field(default_factory=list)


def read_table(path: Path) -> Table:
    """Read the table of a library. A line that cannot be used has its reason; the others go on.

    Raises
    ------
    CorpusError
        The file cannot be read as CSV without guessing, or its first line does not name the columns.
    """
    try:
        found = read_csv(path)
        columns = _columns(found)
        used = [number for number, meaning in enumerate(columns) if meaning]
        found.refuse_line_breaks(used)
    except CsvError as error:
        raise CorpusError(str(error)) from None
    if not found.lines:
        raise CorpusError(f"{path} has no line after the first: no track is named")
    rows = [_row(line, columns) for line in found.lines]
    notes = [*found.notes, *found.unused(used), *_short(found), *_missing(found, columns), *_joined(rows)]
    genres = sorted({genre for row in rows for genre in row.genres})
    return Table(rows, notes + spellings(genres, "genres"))


def _columns(found: CsvFile) -> list[str]:
    """What each column is: ``file``, ``genre``, ``artist`` or empty."""
    columns = [_meaning(name) for name in found.header]
    if columns.count("file") == 1 and "genre" in columns:
        return columns
    raise CorpusError(
        f"{found.path}: the first line must name the columns file, genre 1, genre 2 and, if there is one, artist, "
        f"separated by {', '.join(DELIMITERS.values())}; found {found.delimiter.join(found.header)[:200]!r}"
    )


def _meaning(name: str) -> str:
    name = plain(name)
    if re.fullmatch(r"(genres?|labels?) ?\d*", name):
        return "genre"
    return "file" if name in FILE_NAMES else "artist" if name in ARTIST_NAMES else ""


def _cells(line: CsvLine, columns: list[str], meaning: str) -> list[str]:
    return [cell for cell, column in zip(line.cells, columns, strict=False) if column == meaning]


def _row(line: CsvLine, columns: list[str]) -> Row:
    (file,) = _cells(line, columns, "file")
    if line.fault and not line.is_short:
        return Row(line.number, file, reason=line.fault)
    named = [unicodedata.normalize("NFC", cell) for cell in _cells(line, columns, "genre")]
    genres = tuple(
        dict.fromkeys(g.strip() for cell in named for g in label_sets.split(cell) if not is_missing(g.strip()))
    )
    artist = next((cell for cell in _cells(line, columns, "artist") if not is_missing(cell)), "")
    reason = ""
    if not file:
        reason = "names no file"
    elif not genres:
        reason = "has no genre"
    elif len(genres) > N_LABELS:
        reason = f"has {len(genres)} genres ({', '.join(genres)}); one or two are expected"
    return Row(line.number, file, genres, unicodedata.normalize("NFC", artist), reason)


def _short(found: CsvFile) -> list[str]:
    short = [line for line in found.lines if line.is_short]
    if not short:
        return []
    n = "1 line has" if len(short) == 1 else f"{len(short):,} lines have"
    return [
        f"{n} fewer cells than {found.path.name} has columns, such as line {short[0].number} ({short[0].fault}); what "
        "is not there is taken as empty."
    ]


def _missing(found: CsvFile, columns: list[str]) -> list[str]:
    used = [
        (line.number, cell)
        for line in found.lines
        for meaning in ("genre", "artist")
        for cell in _cells(line, columns, meaning)
        if cell and is_missing(cell)
    ]
    if not used:
        return []
    n = "1 cell holds" if len(used) == 1 else f"{len(used):,} cells hold"
    return [f"{n} {used[0][1]!r} or the like (line {used[0][0]}), as programs write for nothing: taken as empty."]


def _joined(rows: list[Row]) -> list[str]:
    joined = [(row.line, genre) for row in rows for genre in row.genres if re.search("[,;]", genre)]
    if not joined:
        return []
    n = "1 genre holds" if len(joined) == 1 else f"{len(joined):,} genres hold"
    line, genre = joined[0]
    several = "|".join(part.strip() for part in re.split("[,;]", genre) if part.strip())
    return [
        f"{n} a comma or a semicolon, such as {genre!r} in line {line}: taken as one name. For two, write {several}."
    ]
