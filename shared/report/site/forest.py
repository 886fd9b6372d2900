"""The published numbers of a paper with the regenerated ones beside them, as inline SVG: a forest plot."""

from __future__ import annotations

from collections.abc import Sequence

from shared.report import overview
from shared.report.forest import bar
from shared.report.site.html import Html, h, minus
from shared.report.tables import number
from shared.results.diff import Diff, Entry
from shared.runs.units import slug

WIDTH, ROW, TOP = 760, 22, 8  # in the drawing's own units; a row's height
LEFT, RIGHT = 240, 190  # room for names and verdicts
FOOT = 26
WORDS = (
    "The diamond is the published number, the dot the regenerated one. Its bar is the 95 % interval of the difference, "
    "laid around it; of numbers that are not comparable it is the standard deviation over runs."
)


def forest(diff: Diff) -> Html | None:
    """The number that each row of the paper's tables is known for; nothing for a paper without tables."""
    lines = list(overview.lines([diff]))
    if not lines:
        return None
    marks, y, heading = [], TOP, None
    for line in lines:
        of_table = line.heading.partition(" · ")[2]
        if of_table != heading:
            marks.append(_text(0, y, of_table, "quiet"))
            heading, y = of_table, y + ROW
        name = line.cell.model
        for section, entry in line.readings:
            reading = "" if section.variant == "paper" else f", {section.variant}"
            marks += [_text(12, y, name + reading, None), *_row(line.cell.value, entry, y)]
            name, y = line.cell.model, y + ROW
    drawing = h("svg", _axis(y), marks, viewBox=f"0 0 {WIDTH} {y + FOOT}", aria_hidden="true")
    figure = h("div", drawing, role="img", aria_label=_said(lines), class_="forest")
    return h("figure", figure, h("figcaption", WORDS))


def _x(value: float) -> str:
    return f"{LEFT + (WIDTH - LEFT - RIGHT) * min(1.0, max(0.0, value)):.1f}"


def _row(published: float, entry: Entry, y: int) -> list[Html]:
    """Diamond, dot, bar and verdict of one reading."""
    middle, kind = y + ROW / 2, slug(entry.verdict)
    x = float(_x(published))
    corners = " ".join(
        f"{a:.1f},{b:.1f}" for a, b in ((x - 5, middle), (x, middle - 5), (x + 5, middle), (x, middle + 5))
    )
    marks = [h("polygon", points=corners, class_="published")]
    if entry.value is not None:
        low, high = bar(entry)
        marks.append(h("line", x1=_x(low), x2=_x(high), y1=middle, y2=middle, class_=f"bar {kind}"))
        marks.append(h("circle", cx=_x(entry.value), cy=middle, r=4, class_=f"mark {kind}"))
    return [*marks, _text(WIDTH - RIGHT + 14, y, entry.verdict, None)]


def _axis(bottom: int) -> Html:
    marks = []
    for tenths in range(0, 11, 2):
        x = _x(tenths / 10)
        marks.append(h("line", x1=x, x2=x, y1=TOP + ROW, y2=bottom))
        marks.append(h("text", f"{tenths / 10:g}", x=x, y=bottom + 17, text_anchor="middle"))
    return h("g", marks, class_="axes")


def _text(x: int, y: int, text: str, kind: str | None) -> Html:
    return h("text", text, x=x, y=y + ROW / 2, dy="0.32em", class_=kind)


def _said(lines: Sequence[overview.Line]) -> str:
    """The drawing in words."""
    texts = []
    for line in lines:
        for section, entry in line.readings:
            ours = f"regenerated {minus(number(entry))} ({section.variant})" if entry.value is not None else "not run"
            texts.append(f"{line.cell.model}: published {line.cell.printed}, {ours}, {entry.verdict}")
    return "; ".join(texts)
