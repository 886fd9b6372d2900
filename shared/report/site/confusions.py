"""Confusion matrices side by side: published, regenerated and their difference, from the counts in the results."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydantic import TypeAdapter

from shared.base.own_files import FileError, read_table
from shared.paper.schema import Paper
from shared.report.files import confusion_file, confusion_split, published_beside
from shared.report.site.html import Html, h, joined, minus
from shared.report.site.page import framed
from shared.results.diff import Diff, Section

LONG = 3  # a class name of more letters is set upright above its column
SHADES = 10
COUNTS_FORM = TypeAdapter(list[dict[str, str]])
WRITE_ANEW = "'python -m reproductions report' writes it anew"
READING = (
    "What is taken for what, on the {split} split: rows are the true class, columns the answer; the stronger the "
    "colour, the larger the share of its row. Where a difference stands beside, it is regenerated minus published: in "
    "colour what is answered more often, in grey what is answered less often."
)


def confusions(diff: Diff, section: Section) -> Html:
    """The matrices of every model of a section that has one."""
    figures, splits = [], []
    for model in sorted({row["model"] for row in section.runs}):
        file = confusion_file(diff.results.folder, model, section.name)
        if file.exists():
            figures.append(_figure(diff.paper, section, model, file))
            splits.append(confusion_split(diff.paper, section, model))
    if not figures:
        return Html()
    reading = h("p", READING.format(split=" or ".join(dict.fromkeys(splits))), class_="reading")
    return joined([reading, h("div", figures, class_="figures")])


def _figure(paper: Paper, section: Section, model: str, file: Path) -> Html:
    classes, ours = read_counts(file)
    panels = [("Regenerated", _counts(f"{model}, regenerated", classes, ours), ours)]
    if printed := published_beside(paper, section, model):
        names, theirs = list(printed.classes), np.array(printed.matrix)
        panels.insert(0, (f"Published, {printed.figure}", _counts(f"{model}, published", names, theirs), theirs))
        if names == classes:
            panels.append(("Difference", _difference(model, classes, theirs, ours), None))
    shown = [
        h("div", h("p", name, _right(matrix) if matrix is not None else None, class_="panel"), drawn)
        for name, drawn, matrix in panels
    ]
    return h("figure", h("figcaption", h("b", model)), h("div", shown, class_="matrices"))


def read_counts(file: Path) -> tuple[list[str], np.ndarray]:
    """Class names and counts, rows = true class, of a ``confusion_*.csv``."""
    rows = read_table(file, COUNTS_FORM, WRITE_ANEW)
    classes = [row.pop("true", "") for row in rows]
    if not rows or any(list(row) != classes or not all(map(str.isdecimal, row.values())) for row in rows):
        raise FileError(f"{file}: expected a count for each class in each class's line, in one order; {WRITE_ANEW}")
    return classes, np.array([[int(count) for count in row.values()] for row in rows])


def _right(matrix: np.ndarray) -> Html:
    return h("span", f" {np.trace(matrix):,} of {matrix.sum():,} right")


def _counts(label: str, classes: list[str], matrix: np.ndarray) -> Html:
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    texts = [[str(count) for count in row] for row in matrix]
    return _grid(label, classes, texts, np.round(SHADES * shares).astype(int), "s")


def _difference(model: str, classes: list[str], theirs: np.ndarray, ours: np.ndarray) -> Html:
    """Counts where both have as many clips a class, else percentage points of the row."""
    totals = [np.maximum(matrix.sum(axis=1, keepdims=True), 1) for matrix in (theirs, ours)]
    shares = ours / totals[1] - theirs / totals[0]
    same = (totals[0] == totals[1]).all()
    values = ours - theirs if same else np.round(100 * shares).astype(int)
    texts = [[minus(f"{value:+d}") if value else "0" for value in row] for row in values]
    levels = np.sign(values) * np.minimum(SHADES, np.ceil(SHADES * np.abs(shares))).astype(int)
    label = f"{model}, difference{'' if same else ' in points of the row'}"
    return _grid(label, classes, texts, levels, "d")


def _grid(label: str, classes: list[str], texts: list[list[str]], levels: np.ndarray, kind: str) -> Html:
    """A matrix as a table; shades are classes of the style sheet: s0 to s10, more d1 to d10, fewer n1 to n10."""
    upright = "upright" if max(map(len, classes)) > LONG else None
    names = [h("th", h("span", name), scope="col", class_=upright) for name in classes]
    rows = []
    for index, (name, line, shades) in enumerate(zip(classes, texts, levels, strict=True)):
        cells = [
            h("td", text, class_=f"{_shade(kind, int(level))}{' diagonal' if column == index else ''}")
            for column, (text, level) in enumerate(zip(line, shades, strict=True))
        ]
        rows.append(h("tr", h("th", name, scope="row"), cells))
    head = h("thead", h("tr", h("th", "true \\ answer", scope="col"), names))
    return framed(joined([head, h("tbody", rows)]), h("span", label, class_="hidden"), "matrix")


def _shade(kind: str, level: int) -> str:
    return f"{'n' if kind == 'd' and level < 0 else kind}{abs(level)}"
