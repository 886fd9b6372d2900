"""Example pictures of a paper: ``results/<paper>/examples/`` with ``examples.csv``, which says what is to be seen.

A paper's own function makes them once; they are committed, so that whoever draws the report needs no TensorFlow.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import TypeAdapter, create_model

from shared.base.own_files import read_table

EXAMPLES, CAPTIONS = "examples", "examples.csv"
COLUMNS = ("file", "title", "text")
CAPTIONS_FORM = TypeAdapter(list[create_model("Caption", **dict.fromkeys(COLUMNS, str))])


def read_examples(folder: Path) -> list[tuple[Path, str, str]]:
    """Picture, title and what is to be seen, of a paper's folder of results; nothing where there are none.

    Raises
    ------
    ValueError
        A picture that is named and not there.
    """
    captions = folder / EXAMPLES / CAPTIONS
    if not captions.exists():
        return []
    read = read_table(captions, CAPTIONS_FORM, "make the examples again, or restore it")
    rows = [(captions.with_name(row.file), row.title, row.text) for row in read]
    for file, *_ in rows:
        if not file.exists():
            raise ValueError(
                f"{captions} names {file.name}, which is not there; make the examples again, or restore it"
            )
    return rows
