"""Examples of a paper: ``results/<paper>/examples/`` with ``examples.csv``, which says what is to be seen or heard.

A paper's own function makes them once; they are committed, so that whoever draws the report needs no TensorFlow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from pydantic import TypeAdapter, create_model

from shared.base.csv_files import csv_text
from shared.base.files import atomic_write
from shared.base.own_files import read_table

if TYPE_CHECKING:
    from PIL import Image

EXAMPLES, CAPTIONS = "examples", "examples.csv"
COLUMNS = ("file", "title", "text", "sound", "clip")
CAPTIONS_FORM = TypeAdapter(list[create_model("Caption", **dict.fromkeys(COLUMNS, str))])


@dataclass(frozen=True)
class Example:
    """A picture, its title and what is to be seen; where it is of a clip that can be heard, its sound and its name."""

    file: Path
    title: str
    text: str
    sound: Path | None = None
    clip: str = ""


def picture_of(matrix: np.ndarray, least_width: int = 640, n_colours: int = 32) -> Image.Image:
    """A spectrogram or another matrix as a small picture with a palette, from its least value to its greatest.

    Parameters
    ----------
    matrix : ndarray, shape (bands, frames)
        The lowest band first; it is drawn at the bottom.
    least_width : int
        In pixels; each value is a square of so many as that takes.
    n_colours : int
        Of matplotlib's viridis.
    """
    import matplotlib
    from PIL import Image

    low, high = matrix.min(), matrix.max()
    levels = np.minimum((matrix - low) / (high - low or 1.0) * n_colours, n_colours - 1).astype("uint8")
    palette = matplotlib.colormaps["viridis"](np.linspace(0, 1, n_colours), bytes=True)[:, :3]
    picture = Image.fromarray(np.ascontiguousarray(levels[::-1]), mode="P")
    picture.putpalette(palette.tobytes())
    factor = -(-least_width // picture.width)
    return picture.resize((picture.width * factor, picture.height * factor), Image.Resampling.NEAREST)


def write_captions(folder: Path, rows: Sequence[Sequence[str]]) -> None:
    """Write ``examples.csv`` beside the pictures; a row has the `COLUMNS`, of which a picture may lack the last two."""
    text = csv_text([COLUMNS, *([*row, "", ""][: len(COLUMNS)] for row in rows)])
    atomic_write(folder / EXAMPLES / CAPTIONS, lambda file: file.write(text.encode()))


def read_examples(folder: Path) -> list[Example]:
    """The examples of a paper's folder of results; nothing where there are none.

    Raises
    ------
    ValueError
        A file that is named and not there.
    """
    captions = folder / EXAMPLES / CAPTIONS
    if not captions.exists():
        return []
    found = []
    for row in read_table(captions, CAPTIONS_FORM, "make the examples again, or restore it"):
        for name in filter(None, (row.file, row.sound)):
            if not captions.with_name(name).exists():
                raise ValueError(f"{captions} names {name}, which is not there; make the examples again, or restore it")
        sound = captions.with_name(row.sound) if row.sound else None
        found.append(Example(captions.with_name(row.file), row.title, row.text, sound, row.clip))
    return found
