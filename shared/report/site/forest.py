"""The published numbers with the regenerated ones beside them: a forest plot in SVG, on pages and as a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shared.report import overview
from shared.report.site.html import Html, h, minus
from shared.report.tables import number
from shared.results.diff import Diff, Entry, Section
from shared.runs.units import slug

FILE = "overview.svg"
ROW, TOP, FOOT = 22, 8, 26  # in the drawing's own units: a row's height, and what is above and below all rows
INDENT, LETTER = 12, 7.7  # of a name; how wide its letters are in the widest of the usual fonts
WORDS = (
    "The diamond is the published number, the dot the regenerated one. Its bar is the 95 % interval of the difference, "
    "laid around it; of numbers that are not comparable it is the standard deviation over runs."
)


# What style.css says of a page's drawing, for one that is a file and has the reader's colours only.
COLOURS = """
svg { font: 13px system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; fill: #1d2023; }
text { paint-order: stroke; stroke: #ffffff; stroke-width: 4px; }
.quiet, .axes { fill: #5a6066; } .axes line { stroke: #d8d9d3; } .bar { stroke: #5a6066; stroke-width: 2; }
.published { fill: #ffffff; stroke: #1d2023; stroke-width: 1.3; } .mark { fill: #5a6066; }
.bar:is(.match, .consistent, .undetermined, .conditional) { stroke: #14577f; } .bar.differs { stroke: #9d2f24; }
.mark:is(.match, .consistent, .undetermined, .conditional) { fill: #14577f; } .mark.differs { fill: #9d2f24; }
@media (prefers-color-scheme: dark) {
  svg { fill: #e4e4df; } text { stroke: #15181b; } .quiet, .axes, .mark { fill: #a3aab0; }
  .axes line { stroke: #363b40; }
  .bar { stroke: #a3aab0; } .published { fill: #15181b; stroke: #e4e4df; }
  .bar:is(.match, .consistent, .undetermined, .conditional) { stroke: #7fb9e0; } .bar.differs { stroke: #f0988c; }
  .mark:is(.match, .consistent, .undetermined, .conditional) { fill: #7fb9e0; } .mark.differs { fill: #f0988c; }
}
"""


@dataclass(frozen=True)
class Layout:
    """Sizes of a drawing: `left` and `right` of the plot is room for names and verdicts, or, where the screen is too
    narrow for that, `above` each bar."""

    width: int
    left: int
    right: int
    above: int = 0

    def x(self, value: float) -> str:
        """Where a fraction is."""
        return f"{self.left + (self.width - self.left - self.right) * min(1.0, max(0.0, value)):.1f}"


NARROW = Layout(width=400, left=8, right=8, above=18)


def wide(lines: Sequence[overview.Line]) -> Layout:
    """With room for the longest name."""
    longest = max(len(_name(line, section)) for line in lines for section, _ in line.readings)
    return Layout(width=800, left=round(2 * INDENT + LETTER * longest), right=130)


def forest(diffs: Sequence[Diff]) -> Html | None:
    """The number that each row of the papers' tables is known for; nothing where there are no tables."""
    lines = list(overview.lines(diffs))
    if not lines:
        return None
    layouts, several = {"wide": wide(lines), "narrow": NARROW}, len(diffs) > 1
    drawings = [_svg(lines, of, several, class_=name, aria_hidden="true") for name, of in layouts.items()]
    figure = h("div", drawings, role="img", aria_label=_said(lines), class_="forest")
    return h("figure", figure, h("figcaption", WORDS))


def overview_svg(diffs: Sequence[Diff]) -> str:
    """The same as a file of its own, which a README shows."""
    lines = list(overview.lines(diffs))
    before = [h("style", Html(COLOURS)), h("title", _said(lines))]
    return _svg(lines, wide(lines), True, *before, xmlns="http://www.w3.org/2000/svg")


def _svg(lines: Sequence[overview.Line], layout: Layout, several: bool, *before: Html, **attributes) -> Html:
    """Axis and rows; a heading names its paper where there are several."""
    marks, y, heading = [], TOP, None
    for line in lines:
        if line.heading != heading:
            heading = line.heading
            paper, _, rest = heading.partition(" · ")
            for words in ([paper, rest] if layout.above else [heading]) if several else [rest]:
                marks.append(_text(0, y, words, "quiet"))
                y += ROW
        for section, entry in line.readings:
            marks += _row(line, section, entry, y, layout)
            y += layout.above + ROW
    return h("svg", *before, _axis(y, layout), marks, viewBox=f"0 0 {layout.width} {y + FOOT}", **attributes)


def _name(line: overview.Line, section: Section) -> str:
    return line.cell.model + ("" if section.variant == "paper" else f", {section.variant}")


def bar(entry: Entry) -> tuple[float, float]:
    """The two ends of the bar through a regenerated number, as fractions.

    They are the limits of the difference on top of the published number; where there are none, one standard deviation
    to each side, or nothing.
    """
    if entry.low is not None and entry.cell is not None:
        return entry.cell.value + entry.low, entry.cell.value + entry.high
    sd = entry.sd or 0.0
    return entry.value - sd, entry.value + sd


def _row(line: overview.Line, section: Section, entry: Entry, y: int, layout: Layout) -> list[Html]:
    """Name, diamond, dot, bar and verdict of one reading."""
    middle, kind = y + layout.above + ROW / 2, slug(entry.verdict)
    x = float(layout.x(line.cell.value))
    corners = " ".join(
        f"{a:.1f},{b:.1f}" for a, b in ((x - 5, middle), (x, middle - 5), (x + 5, middle), (x, middle + 5))
    )
    marks = [h("polygon", points=corners, class_="published")]
    if entry.value is not None:
        low, high = bar(entry)
        marks.append(h("line", x1=layout.x(low), x2=layout.x(high), y1=middle, y2=middle, class_=f"bar {kind}"))
        marks.append(h("circle", cx=layout.x(entry.value), cy=middle, r=4, class_=f"mark {kind}"))
    beside = layout.width - layout.right + INDENT
    verdict = (layout.width, y, entry.verdict, None, "end") if layout.above else (beside, y, entry.verdict, None)
    return [_text(INDENT, y, _name(line, section), None), *marks, _text(*verdict)]


def _axis(bottom: int, layout: Layout) -> Html:
    marks = []
    for tenths in range(0, 11, 2):
        x = layout.x(tenths / 10)
        marks.append(h("line", x1=x, x2=x, y1=TOP + ROW, y2=bottom))
        marks.append(h("text", f"{tenths / 10:g}", x=x, y=bottom + 17, text_anchor="middle"))
    return h("g", marks, class_="axes")


def _text(x: int, y: int, text: str, kind: str | None, anchor: str | None = None) -> Html:
    return h("text", text, x=x, y=y + ROW / 2, dy="0.32em", text_anchor=anchor, class_=kind)


def _said(lines: Sequence[overview.Line]) -> str:
    """The drawing in words."""
    texts = []
    for line in lines:
        for section, entry in line.readings:
            ours = f"regenerated {minus(number(entry))} ({section.variant})" if entry.value is not None else "not run"
            texts.append(f"{line.cell.model}: published {line.cell.printed}, {ours}, {entry.verdict}")
    return "; ".join(texts)
