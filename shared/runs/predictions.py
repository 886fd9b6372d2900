"""What a unit predicted, as small text: ``predictions.csv``, written, read, and held against the unit's record."""

from __future__ import annotations

import csv
import io
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from shared.base.csv_files import csv_text, no_formula, without_apostrophe
from shared.base.files import atomic_write
from shared.runs.units import CHECKSUM, PREDICTIONS, ResultsError, checksum_of

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("split", "clip", "true")
REMEDY = "restore it, or run the unit again"
MOST_BYTES = 2**28  # of the text; a file that unpacks to more is none of ours


@dataclass(frozen=True)
class Predictions:
    """What a unit predicted.

    ``split`` (n,) and ``clips`` (n,) are arrays of str, ``y_true`` (n, C) is one-hot or multi-hot int8, ``y_prob``
    (n, C) float64, ``classes`` names the C columns.
    """

    split: np.ndarray
    clips: np.ndarray
    y_true: np.ndarray
    y_prob: np.ndarray
    classes: tuple[str, ...]

    def on(self, split: str) -> Predictions:
        """The rows of one split."""
        return self._rows(self.split == split)

    def like(self, other: Predictions) -> Predictions:
        """The same with clips and classes in the order of `other`, matched by their names.

        Raises
        ------
        ResultsError
            Other clips, classes or true labels than those.
        """
        places = {place: row for row, place in enumerate(zip(self.split, self.clips, strict=True))}
        wanted = list(zip(other.split, other.clips, strict=True))
        if len(places) != len(wanted) or not all(place in places for place in wanted):
            raise ResultsError("they were not evaluated on the same clips")
        found = self._rows(np.array([places[place] for place in wanted], int)).by_class(other.classes)
        if not np.array_equal(found.y_true, other.y_true):
            clip = found.clips[(found.y_true != other.y_true).any(axis=1)][0]
            raise ResultsError(f"the true class of {clip} is another one")
        return found

    def by_class(self, classes: Sequence[str]) -> Predictions:
        """The same with the columns in the order of `classes`, matched by their names.

        Raises
        ------
        ResultsError
            Other classes than those.
        """
        if tuple(classes) == self.classes:
            return self
        if set(classes) != set(self.classes):
            raise ResultsError(f"the classes are {', '.join(self.classes)}, not {', '.join(classes)}")
        columns = [self.classes.index(name) for name in classes]
        return replace(self, y_true=self.y_true[:, columns], y_prob=self.y_prob[:, columns], classes=tuple(classes))

    def _rows(self, rows: np.ndarray) -> Predictions:
        return Predictions(self.split[rows], self.clips[rows], self.y_true[rows], self.y_prob[rows], self.classes)


def predictions_file(folder: Path) -> tuple[Path, bytes]:
    """A unit's ``predictions.csv`` or ``predictions.csv.gz`` and its text.

    Raises
    ------
    ResultsError
        No such file, or one that cannot be unpacked.
    """
    path = folder / PREDICTIONS
    compressed = path.with_name(f"{path.name}.gz")
    path = compressed if compressed.exists() else path
    try:
        text = path.read_bytes()
        if path == compressed:
            unpacking = zlib.decompressobj(zlib.MAX_WBITS + 16)  # gzip's header and checksum
            text = unpacking.decompress(text, MOST_BYTES + 1)
            if len(text) <= MOST_BYTES and (not unpacking.eof or unpacking.unused_data):
                raise EOFError("it is cut off" if not unpacking.eof else "something stands behind its end")
    except FileNotFoundError:
        raise ResultsError(f"{path}: this unit has a record but no predictions; run it again or remove it") from None
    except (OSError, EOFError, zlib.error) as error:
        raise ResultsError(f"{path}: cannot be read ({error}); {REMEDY}") from None
    if len(text) > MOST_BYTES:
        raise ResultsError(f"{path}: unpacks to more than {MOST_BYTES:,} bytes; {REMEDY}")
    return path, text


def read_predictions(folder: Path, record: dict | None = None) -> Predictions:
    """Read a unit's predictions; several labels of a clip are joined with ``|``.

    Parameters
    ----------
    folder : Path
        The unit's.
    record : dict, optional
        Its record, which the predictions must fit: the checksum that was taken when they were written, the classes.

    Raises
    ------
    ResultsError
        No such file, one that was changed since, other columns, a clip twice, a label that is no class, or a
        probability that is not in 0..1.
    """
    path, text = predictions_file(folder)
    if record is not None:
        verify(path, text, record)
    return parsed(path, text, record)


def verify(path: Path, text: bytes, record: dict) -> str:
    """The checksum of a predictions' text, which must be that of the record, if this has one.

    Raises
    ------
    ResultsError
        It is another one; the message says what is seen in the file.
    """
    found = checksum_of(text)
    if record.get(CHECKSUM, found) == found:
        return found
    parsed(path, text, record)  # where something is wrong that can be named, it is
    n = Counter(row[0] for row in csv.reader(io.StringIO(text.decode()))) - Counter(["split"])
    rows = ", ".join(f"{count:,} of split {split}" for split, count in n.items())
    raise ResultsError(
        f"{path}: was changed since it was written: its SHA-256 begins with {found[:8]}, that in its record.json with "
        f"{record[CHECKSUM][:8]}; it has {rows or 'no rows'}; {REMEDY}"
    )


def parsed(path: Path, text: bytes, record: dict | None = None) -> Predictions:
    """The predictions that a text holds, their classes in the order of the record's; `path` is for messages."""
    try:
        rows = list(csv.reader(io.StringIO(text.decode("utf-8")), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise ResultsError(f"{path}: cannot be read ({error}); {REMEDY}") from None
    if not rows or tuple(rows[0][:3]) != COLUMNS or len(rows[0]) < 5:
        found = repr(",".join(rows[0]))[1:-1] if rows else "an empty file"
        raise ResultsError(f"{path}: expected the columns {','.join(COLUMNS)} and the classes, found {found}; {REMEDY}")
    classes = list(map(without_apostrophe, rows[0][3:]))
    known = classes if record is None else record.get("classes", classes)
    if len(set(classes)) < len(classes) or set(classes) != set(known):
        expected, found = ", ".join(known), ", ".join(classes)
        raise ResultsError(f"{path}: expected the classes of its record.json, {expected}, found {found}; {REMEDY}")
    head, *body = rows
    for line, row in enumerate(body, start=2):
        if len(row) != len(head):
            raise ResultsError(f"{path}: line {line} has {len(row)} cells, expected {len(head)}; {REMEDY}")
    split = [row[0] for row in body]
    clips, labels = ([without_apostrophe(row[i]) for row in body] for i in (1, 2))
    places: dict[tuple[str, str], int] = {}
    for i, place in enumerate(zip(split, clips, strict=True)):
        if places.setdefault(place, i) != i:
            raise ResultsError(f"{path}: line {i + 2}: the clip {clips[i]} stands twice in split {split[i]}; {REMEDY}")
    column = {name: i for i, name in enumerate(classes)}
    true = {}  # the true classes of each cell's text
    for text in dict.fromkeys(labels):
        names = text.split("|")
        if not column.keys() >= set(names):
            raise ResultsError(f"{path}: line {labels.index(text) + 2}: {text!r} is no class; {REMEDY}")
        true[text] = np.zeros(len(classes), "int8")
        true[text][[column[name] for name in names]] = 1
    y_true = np.array([true[text] for text in labels], "int8").reshape(len(body), len(classes))
    try:
        numbers = map(float, chain.from_iterable(row[3:] for row in body))
        y_prob = np.fromiter(numbers, float, y_true.size).reshape(y_true.shape)
    except ValueError:
        y_prob = np.array([[_number(cell) for cell in row[3:]] for row in body])
    if not (inside := (y_prob >= 0) & (y_prob <= 1)).all():
        i, of = np.argwhere(~inside)[0]
        value = f"line {i + 2} ({clips[i]}): the probability of {classes[of]} is {body[i][of + 3] or 'empty'}"
        raise ResultsError(f"{path}: {value}, not a number in 0..1; {REMEDY}")
    split, clips = (np.array(texts, dtype=str) for texts in (split, clips))
    return Predictions(split, clips, y_true, y_prob, tuple(classes)).by_class(known)


def _number(cell: str) -> float:
    """The number in a cell, or NaN."""
    try:
        return float(cell)
    except ValueError:
        return float("nan")


def write_predictions(folder: Path, classes: Sequence[str], clips: pd.DataFrame, probabilities: np.ndarray) -> None:
    """Write ``predictions.csv``: a row a clip with its split, true class and probabilities.

    A name that a spreadsheet would compute has an apostrophe before it, which `read_predictions` takes away.

    Parameters
    ----------
    classes : sequence of str
        Class names in the order of the probabilities.
    clips : DataFrame
        Columns ``split``, ``clip`` and ``label``, in the order of the probabilities.
    probabilities : ndarray, shape (n_clips, n_classes)
        Five significant digits are kept rather than five decimals: the cross-entropy of a confident mistake
        needs them.
    """
    rows = [["split", "clip", "true", *map(no_formula, classes)]]
    for split, clip, label, row in zip(clips["split"], clips["clip"], clips["label"], probabilities, strict=True):
        rows.append([split, no_formula(clip), no_formula(label), *(format(float(p), ".5g") for p in row)])
    text = csv_text(rows)
    (folder / f"{PREDICTIONS}.gz").unlink(missing_ok=True)  # of a unit that was brought, and would be read first
    atomic_write(folder / PREDICTIONS, lambda file: file.write(text.encode()))
