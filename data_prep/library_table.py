"""The table of a music library: a CSV file with a track's file name, its one or two genres and perhaps its artist.

The first line names the columns, in any order: ``file``, ``genre 1``, ``genre 2`` and ``artist`` (or ``filename``,
``genre1``, ``genre_2`` and the like). Columns are separated by commas, semicolons or tabs; the text is UTF-8, with or
without a byte order mark, UTF-16 with one, or Windows' Western code page 1252.
"""

from __future__ import annotations

import codecs
import csv
import io
import os
import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from data_prep import CorpusError, label_sets, layout

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs"}
FILE_NAMES = ("file", "filename", "file name", "fname", "path", "track")
ARTIST_NAMES = ("artist", "artist name")
SUFFIXES = (".mp3", ".wav", ".flac", ".ogg")
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
        The file is empty, is in another encoding, or its first line does not name the columns.
    """
    text, note = _decoded(path)
    delimiter, columns = _columns(path, text.partition("\n")[0].rstrip("\r"))
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    try:
        next(reader)
        rows = [_row(reader.line_num, cells, columns) for cells in reader if any(cell.strip() for cell in cells)]
    except csv.Error as error:
        raise CorpusError(f"{path}, line {reader.line_num}: {error}. Save it again as CSV") from None
    if not rows:
        raise CorpusError(f"{path} has no line after the first: no track is named")
    return Table(rows, note + _spellings(rows))


def _decoded(path: Path) -> tuple[str, list[str]]:
    content = path.read_bytes()
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16"), []
    try:
        return content.decode("utf-8-sig"), []
    except UnicodeDecodeError:
        pass
    try:
        text = content.decode("cp1252")
    except UnicodeDecodeError as error:
        raise CorpusError(
            f"{path} is neither UTF-8 nor Windows-1252 (byte {content[error.start]:#04x} at {error.start}). Save it as "
            "UTF-8"
        ) from None
    return text, [f"{path.name} is not UTF-8; it was read as Windows-1252. Look whether its accents are right."]


def _columns(path: Path, header: str) -> tuple[str, list[str]]:
    """The delimiter, and what each column is: ``file``, ``genre``, ``artist`` or empty."""
    for delimiter in DELIMITERS:
        names = next(csv.reader([header], delimiter=delimiter), [])
        columns = [_meaning(name) for name in names]
        if columns.count("file") == 1 and "genre" in columns:
            return delimiter, columns
    raise CorpusError(
        f"{path}: the first line must name the columns file, genre 1, genre 2 and, if there is one, artist, separated "
        f"by {', '.join(DELIMITERS.values())}; found {header[:200]!r}"
    )


def _meaning(name: str) -> str:
    name = " ".join(re.split(r"[\s_-]+", name.strip().casefold()))
    if re.fullmatch(r"(genres?|labels?) ?\d*", name):
        return "genre"
    return "file" if name in FILE_NAMES else "artist" if name in ARTIST_NAMES else ""


def _row(line: int, cells: list[str], columns: list[str]) -> Row:
    cells = [unicodedata.normalize("NFC", cell.strip()) for cell in cells]
    cells += [""] * (len(columns) - len(cells))
    file = cells[columns.index("file")]
    if any(cells[len(columns) :]):
        reason = f"{len(cells)} cells for {len(columns)} columns; put a name that holds the separator in double quotes"
        return Row(line, file, reason=reason)
    named = [cell for cell, column in zip(cells, columns, strict=False) if column == "genre"]
    genres = tuple(dict.fromkeys(g.strip() for cell in named for g in label_sets.split(cell) if g.strip()))
    artist = next((cell for cell, column in zip(cells, columns, strict=False) if column == "artist"), "")
    reason = ""
    if not file:
        reason = "names no file"
    elif not genres:
        reason = "has no genre"
    elif len(genres) > N_LABELS:
        reason = f"has {len(genres)} genres ({', '.join(genres)}); one or two are expected"
    return Row(line, file, genres, artist, reason)


def _spellings(rows: list[Row]) -> list[str]:
    spelled = defaultdict(set)
    for row in rows:
        for genre in row.genres:
            spelled[genre.casefold()].add(genre)
    twice = [" and ".join(repr(genre) for genre in sorted(names)) for names in spelled.values() if len(names) > 1]
    return [f"{names} count as different genres; they differ in capitals only." for names in sorted(twice)]


class Files:
    """The audio files below a folder, found by what a table calls them.

    That is the path relative to the folder, or the file's name alone, with or without the suffix; capitals and the two
    ways of writing accents do not matter, nor do Windows' separators.
    """

    def __init__(self, root: Path):
        self.root = root
        self.paths = [path for path in sorted(_walk(root)) if path.suffix.lower() in SUFFIXES]
        self._by_path = {_key(path.relative_to(root).as_posix()): path for path in self.paths}
        self._by_name: dict[str, list[Path]] = defaultdict(list)
        for path in self.paths:
            for name in {path.relative_to(root).with_suffix("").as_posix(), path.name, path.stem}:
                self._by_name[_key(name)].append(path)

    def find(self, name: str) -> Path | str:
        """The file, or a sentence on why there is none."""
        key = _key(name.replace("\\", "/").removeprefix("./"))
        found = [self._by_path[key]] if key in self._by_path else self._by_name.get(key, [])
        if len(found) == 1:
            return found[0]
        if not found:
            return "no such file"
        names = ", ".join(path.relative_to(self.root).as_posix() for path in found[:3])
        return f"{len(found)} files have this name ({names}); give the path"


def _walk(folder: Path):
    for path in layout.visible(folder):
        if path.is_dir():
            yield from _walk(path)
        else:
            yield path


def _key(name: str) -> str:
    """What names have in common that mean one file; bytes that are not UTF-8 are taken for Windows' code page 1252."""
    text = os.fsencode(name)
    try:
        name = text.decode("utf-8")
    except UnicodeDecodeError:
        name = text.decode("cp1252", "replace")
    return unicodedata.normalize("NFC", name).casefold()
