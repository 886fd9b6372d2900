"""Data that a ``paper.toml`` names in files: published curves, and the labels of a corpus. Plain CSV."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from pathlib import Path

PAIRS = ("genre_1", "genre_2", "tracks")
NUMBER = re.compile(r"\d+(\.\d+)?")
N_HEX = 16


def read_pairs(file: Path) -> tuple[tuple[tuple[str, str, int], ...], str]:
    """Pairs of labels and how many tracks have each, and 16 hexadecimal digits of the SHA-256 of the file.

    Columns genre_1, genre_2 (empty where a track has one label) and tracks, a positive whole number.

    Raises
    ------
    ValueError
        Not there, other columns, a pair twice, or no such number.
    """
    content, rows = _rows(file, PAIRS)
    pairs = []
    for line, row in enumerate(rows, start=2):
        if not row[0] or not row[2].isdigit() or int(row[2]) < 1:
            raise ValueError(f"line {line} is {','.join(row)}: expected a label, perhaps a second one, and tracks")
        pairs.append((row[0], row[1], int(row[2])))
    if len({pair[:2] for pair in pairs}) < len(pairs):
        raise ValueError("a pair of labels stands twice")
    return tuple(pairs), hashlib.sha256(content).hexdigest()[:N_HEX]


def read_curve(file: Path) -> dict[str, tuple[str, ...]]:
    """A published curve as printed, column by column: ``epoch`` from 1 on, and the values as texts.

    Raises
    ------
    ValueError
        Not there, no column beside the epochs, epochs that do not count from 1, or a value that is no number.
    """
    _, (header, *rows) = _rows(file)
    if header[:1] != ["epoch"] or len(header) < 2:
        raise ValueError(f"has the columns {', '.join(header)}: expected epoch first and a quantity a column")
    if [row[0] for row in rows] != [str(epoch) for epoch in range(1, len(rows) + 1)]:
        raise ValueError("expected the epochs 1, 2, 3 and so on, a line each")
    for line, row in enumerate(rows, start=2):
        if len(row) != len(header) or not all(NUMBER.fullmatch(text) for text in row):
            raise ValueError(f"line {line} is {','.join(row)}: expected a number as printed in each column")
    return {name: tuple(row[column] for row in rows) for column, name in enumerate(header)}


def _rows(file: Path, columns: tuple[str, ...] = ()) -> tuple[bytes, list[list[str]]]:
    """The file's content and its lines as cells, without the first where its columns are known."""
    try:
        content = file.read_bytes()
        rows = [row for row in csv.reader(io.StringIO(content.decode("utf-8"))) if row]
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"cannot be read ({error})") from None
    if columns and (not rows or tuple(rows[0]) != columns):
        raise ValueError(f"has the columns {', '.join(rows[0]) if rows else 'of an empty file'}: expected {columns}")
    if len(rows) < 2:
        raise ValueError("has no line after the first")
    return content, rows[1:] if columns else rows
