"""The front page: every paper's rows with their verdicts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from shared.diff import Diff
from shared.report.diff_tables import interval
from shared.report.html import Html, h, joined, minus
from shared.report.marks import badge, legend, tally, variant_title
from shared.report.overview import Line, lines
from shared.report.page import SITE_TITLE, Part, framed, page
from shared.tables import number

INTRO = (
    "Audio-classification reports, rerun. Each published number stands beside the regenerated one, with the 95 % "
    "interval of their difference and a verdict. Beside it is what the same model scores when no recording or speaker "
    "stands on both sides of the split."
)
HEAD = ("row", "variant", "published", "regenerated", "95 % interval", "verdict", "grouped")


def front_page(diffs: Sequence[Diff], page_of) -> str:
    """All papers on one page; `page_of` gives the address of a paper's own page."""
    head = joined([h("h1", SITE_TITLE), h("p", INTRO, class_="lead")])
    parts = [Part(diff.paper.title, _paper(diff, page_of(diff.paper.id)), short=diff.paper.id) for diff in diffs]
    reading = [
        h("p", "A verdict compares two numbers on the published split. Its words mean:"),
        legend(),
        h("p", GROUPED),
    ]
    return page(SITE_TITLE, head, [*parts, Part("How to read it", joined(reading))])


GROUPED = (
    "Grouped is the same training with whole recordings, tracks or speakers left out of it and kept for the test. A "
    "number that falls far there rested on having heard the singer, the song or the speaker before. It has no "
    "verdict: no paper published such a number. A mean ± a spread is over the folds that it names."
)


def _paper(diff: Diff, address: str) -> Html:
    paper = diff.paper
    found, left = lines(diff)
    people = f"{', '.join(paper.authors)}, {paper.year or 'undated'}"
    about = h("p", f"{people}. {paper.task[:1].upper()}{paper.task[1:]}; corpus: {paper.corpus.title}.", class_="about")
    columns = list(dict.fromkeys(f"{line.column.split} {line.column.metric}" for line in found))
    caption = f"{' and '.join(columns)}: published against regenerated"
    rest = f"{left} more number{'s' if left > 1 else ''} of other variants, on "
    more = h(
        "p", rest if left else "All tables, curves and settings: ", h("a", f"the page of {paper.id}", href=address)
    )
    counts = Counter(line.entry.verdict for line in found if line.entry.cell)
    head = h(
        "tr",
        [h("th", name, scope="col", class_="number" if 2 <= i <= 4 or i == 6 else None) for i, name in enumerate(HEAD)],
    )
    groups: dict[str, list[Line]] = {}
    for line in found:
        groups.setdefault(line.row, []).append(line)
    bodies = [
        h("tbody", [_line(diff, line, len(of) if not i else 0) for i, line in enumerate(of)]) for of in groups.values()
    ]
    return joined(
        [
            about,
            tally(counts),
            framed(joined([h("thead", head), bodies]), caption[:1].upper() + caption[1:], "overview"),
            more,
        ]
    )


def _line(diff: Diff, line: Line, span: int) -> Html:
    """One line; the first of a row of the paper has the row's name over `span` lines."""
    entry = line.entry
    name = h("th", _name(line), scope="rowgroup", rowspan=span if span > 1 else None) if span else None
    reason = h("code", entry.command) if entry.command else minus(entry.reason)
    verdict = joined([badge(entry.verdict), h("p", reason, class_="reason") if entry.cell else None])
    cells = [
        h("td", variant_title(diff.paper, line.variant)),
        h("td", entry.cell.printed if entry.cell else "none", class_="number"),
        h("td", minus(number(entry)) or "not run", class_="number"),
        h("td", interval(entry), class_="number"),
        h("td", verdict),
        h("td", _grouped(line), class_="number"),
    ]
    return h("tr", name, cells)


def _name(line: Line) -> Html | str:
    """The paper's own name for its row, and the model's where that is only a number."""
    return line.row if line.row in line.model and len(line.row) > 3 else line.model


def _grouped(line: Line) -> Html | None:
    if line.grouped is None:
        return None
    folds = f"{line.folds} fold{'s' if line.folds > 1 else ''}"
    return joined([minus(number(line.grouped)), h("span", f" {folds}", class_="small")])
