"""The published numbers with the regenerated ones beside them: a forest plot in SVG, on pages and as a file."""

from __future__ import annotations

from collections.abc import Sequence

from shared.report import overview
from shared.report.site.html import Html, h, joined, minus
from shared.report.tables import number
from shared.results.diff import Diff, Entry
from shared.runs.units import slug

FILE = "overview.svg"
WIDTH, ROW, TOP = 800, 22, 8  # in the drawing's own units; a row's height
LEFT, RIGHT = 250, 220  # room for names and verdicts
FOOT = 26
WORDS = (
    "The diamond is the published number, the dot the regenerated one. Its bar is the 95 % interval of the difference, "
    "laid around it; of numbers that are not comparable it is the standard deviation over runs."
)


# What style.css says of a page's drawing, for one that is a file and has the reader's colours only.
COLOURS = """
svg { font: 13px system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; fill: #1d2023; }
.quiet, .axes { fill: #5a6066; } .axes line { stroke: #d8d9d3; } .bar { stroke: #5a6066; stroke-width: 2; }
.published { fill: #ffffff; stroke: #1d2023; stroke-width: 1.3; } .mark { fill: #5a6066; }
.bar:is(.match, .consistent, .undetermined, .conditional) { stroke: #14577f; } .bar.differs { stroke: #9d2f24; }
.mark:is(.match, .consistent, .undetermined, .conditional) { fill: #14577f; } .mark.differs { fill: #9d2f24; }
@media (prefers-color-scheme: dark) {
  svg { fill: #e4e4df; } .quiet, .axes, .mark { fill: #a3aab0; } .axes line { stroke: #363b40; }
  .bar { stroke: #a3aab0; } .published { fill: #15181b; stroke: #e4e4df; }
  .bar:is(.match, .consistent, .undetermined, .conditional) { stroke: #7fb9e0; } .bar.differs { stroke: #f0988c; }
  .mark:is(.match, .consistent, .undetermined, .conditional) { fill: #7fb9e0; } .mark.differs { fill: #f0988c; }
}
"""


def forest(diffs: Sequence[Diff]) -> Html | None:
    """The number that each row of the papers' tables is known for; nothing where there are no tables."""
    lines = list(overview.lines(diffs))
    if not lines:
        return None
    drawing = h("svg", _drawn(lines, several=len(diffs) > 1), viewBox=_box(lines), aria_hidden="true")
    figure = h("div", drawing, role="img", aria_label=_said(lines), class_="forest")
    return h("figure", figure, h("figcaption", WORDS))


def overview_svg(diffs: Sequence[Diff]) -> str:
    """The same as a file of its own, which a README shows."""
    lines = list(overview.lines(diffs))
    text = joined([h("style", Html(COLOURS)), h("title", _said(lines)), _drawn(lines, several=True)])
    return h("svg", text, xmlns="http://www.w3.org/2000/svg", viewBox=_box(lines))


def _drawn(lines: Sequence[overview.Line], several: bool) -> Html:
    """Axis and rows; a heading names its paper where there are several."""
    marks, y, heading = [], TOP, None
    for line in lines:
        if line.heading != heading:
            heading = line.heading
            marks.append(_text(0, y, heading if several else heading.partition(" · ")[2], "quiet"))
            y += ROW
        for section, entry in line.readings:
            reading = "" if section.variant == "paper" else f", {section.variant}"
            marks += [_text(12, y, line.cell.model + reading, None), *_row(line.cell.value, entry, y)]
            y += ROW
    return joined([_axis(y), marks])


def _box(lines: Sequence[overview.Line]) -> str:
    """The drawing's frame: a row a heading and a reading."""
    rows = len({line.heading for line in lines}) + sum(len(line.readings) for line in lines)
    return f"0 0 {WIDTH} {TOP + ROW * rows + FOOT}"


def bar(entry: Entry) -> tuple[float, float]:
    """The two ends of the bar through a regenerated number, as fractions.

    They are the limits of the difference on top of the published number; where there are none, one standard deviation
    to each side, or nothing.
    """
    if entry.low is not None and entry.cell is not None:
        return entry.cell.value + entry.low, entry.cell.value + entry.high
    sd = entry.sd or 0.0
    return entry.value - sd, entry.value + sd


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
