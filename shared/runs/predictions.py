"""What a unit predicted, as small text: ``predictions.csv``, written and read."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from shared.base.files import atomic_write
from shared.runs import unit
from shared.runs.unit import ResultsError

if TYPE_CHECKING:
    import pandas as pd
from shared.runs.unit import PREDICTIONS


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
        rows = self.split == split
        return Predictions(self.split[rows], self.clips[rows], self.y_true[rows], self.y_prob[rows], self.classes)


def read_predictions(folder: Path) -> Predictions:
    """Read a unit's ``predictions.csv`` or ``predictions.csv.gz``; several labels of a clip are joined with ``|``.

    Raises
    ------
    ResultsError
        No such file, other columns, a label that is no class, or a probability that is no number.
    """
    path = folder / unit.PREDICTIONS
    compressed = path.with_name(path.name + ".gz")
    path = compressed if compressed.exists() else path
    try:
        content = gzip.decompress(path.read_bytes()) if path == compressed else path.read_bytes()
        rows = list(csv.reader(io.StringIO(content.decode("utf-8"))))
    except FileNotFoundError:
        raise ResultsError(f"{path}: this unit has a record but no predictions; run it again or remove it") from None
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise ResultsError(f"{path}: cannot be read ({error}); restore it, or run the unit again") from None
    if not rows or rows[0][:3] != ["split", "clip", "true"] or len(rows[0]) < 5:
        found = ",".join(rows[0]) if rows else "an empty file"
        raise ResultsError(f"{path}: expected the columns split,clip,true and the classes, found {found}")
    classes = rows[0][3:]
    column = {name: i for i, name in enumerate(classes)}
    y_true = np.zeros((len(rows) - 1, len(classes)), "int8")
    try:
        y_prob = np.array([row[3:] for row in rows[1:]], dtype=float).reshape(y_true.shape)
        for i, row in enumerate(rows[1:]):
            y_true[i, [column[label] for label in row[2].split("|")]] = 1
    except (ValueError, KeyError) as error:
        raise ResultsError(f"{path}: {error}: expected known classes and a probability for each of {classes}") from None
    if not np.isfinite(y_prob).all():
        row = int(np.argwhere(~np.isfinite(y_prob))[0][0])
        raise ResultsError(f"{path}: line {row + 2} ({rows[row + 1][1]}) has a probability that is not finite")
    split, clips = (np.array([row[i] for row in rows[1:]]) for i in (0, 1))
    return Predictions(split, clips, y_true, y_prob, tuple(classes))


def write_predictions(folder: Path, classes: Sequence[str], clips: pd.DataFrame, probabilities: np.ndarray) -> None:
    """Write ``predictions.csv``: a row a clip with its split, true class and probabilities.

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
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")  # quotes a name with a comma, such as a genre's
    writer.writerow(["split", "clip", "true", *classes])
    for split, clip, label, row in zip(clips["split"], clips["clip"], clips["label"], probabilities, strict=True):
        writer.writerow([split, clip, label, *(format(float(p), ".5g") for p in row)])
    atomic_write(folder / PREDICTIONS, lambda file: file.write(text.getvalue().encode()))
