"""A paper's own tables with the regenerated numbers under the published ones, and the reason of every verdict."""

from __future__ import annotations

from itertools import groupby

from shared.paper.schema import Paper, Row, Table
from shared.report.site.html import Html, h, joined, minus, prose
from shared.report.site.marks import badge, command
from shared.report.site.page import details, framed, table
from shared.report.tables import (
    conditions,
    entries_of,
    extra_rows,
    layouts,
    notes,
    number,
    remarks,
    row_lines,
    rows_in,
    signed,
)
from shared.results.diff import Entry, Section
from shared.results.verdicts import NOT_COMPARABLE, NOT_RUN

LAYOUT = "Under each published number the regenerated one, their difference with its 95 % interval, and the verdict."


def section_tables(paper: Paper, section: Section) -> Html:
    """Every table of a section in the paper's layout, its conditions, and the reasons on demand."""
    return joined([*(_table(section, of) for of in layouts(paper, section)), _conditions(section), reasons(section)])


def _table(section: Section, of: Table) -> Html:
    width = len(of.columns)
    groups = [(split, len(list(columns))) for split, columns in groupby(of.columns, key=lambda column: column.split)]
    corner = h("th", of.row_header or "Model", scope="col", rowspan=2), h("th", "what", scope="col", rowspan=2)
    splits = [h("th", split, scope="colgroup", colspan=n, class_="split") for split, n in groups]
    metrics = [h("th", column.header, scope="col", class_="number") for column in of.columns]
    head = h("thead", h("tr", corner, splits), h("tr", metrics))
    bodies = [_row(row, section, width) for row in rows_in(of, section)]
    caption = (
        f"{of.label}: {of.title}. {LAYOUT}" if section.entries else f"Not in the paper, in the columns of {of.label}"
    )
    below = [h("li", prose(note)) for note in remarks(of, section) + notes(of, section)]
    extras = _extras(of, section)
    return joined(
        [framed(joined([head, bodies, extras]), caption, "paper"), h("ul", below, class_="notes") if below else None]
    )


def _row(row: Row, section: Section, width: int) -> Html:
    """One row of the paper as a group of lines: published, regenerated, difference, interval, verdict."""
    *lines, _ = row_lines(row, section)
    name = h("th", row.header, scope="rowgroup", rowspan=len(lines) + 1)
    rows = []
    for index, (label, texts) in enumerate(lines):
        cells = [h("td", minus(text), class_="number") for text in texts]
        rows.append(h("tr", name if not index else None, _label(label), cells, class_=label.split()[0]))
    return h("tbody", rows, h("tr", _label("verdict"), _verdicts(entries_of(row, section), width), class_="verdict"))


def _label(label: str) -> Html:
    return h("th", label, scope="row")


def _verdicts(entries: list[Entry | None], width: int) -> Html:
    """One badge a number, or one for the row with what all its numbers have in common."""
    there = [entry for entry in entries if entry]
    first = there[0]
    if len({entry.reason for entry in there}) == 1 and first.verdict in (NOT_RUN, NOT_COMPARABLE):
        says = command(first.command) if first.verdict == NOT_RUN else first.reason
        return h("td", badge(first.verdict), " ", says, colspan=width)
    return joined([h("td", badge(entry.verdict) if entry else None, class_="number") for entry in entries])


def _extras(of: Table, section: Section) -> Html:
    """Rows that the paper does not have, in its columns."""
    rows = []
    for model, what, texts in extra_rows(section, of.columns):
        cells = [h("td", minus(text), class_="number") for text in texts]
        rows.append(h("tr", h("th", model or "", scope="row"), h("th", what, scope="row"), cells))
    return h("tbody", rows, class_="extra") if rows else Html()


def _conditions(section: Section) -> Html | None:
    texts = [h("li", prose(text)) for text in conditions(section)]
    return h("ul", texts, class_="conditions") if texts else None


def reasons(section: Section) -> Html | None:
    """Every number of a section with its verdict and the reason in words; nothing where nothing was run."""
    entries = [entry for entry in section.entries.values() if entry.value is not None]
    if not entries:
        return None
    rows = [
        [
            entry.model,
            f"{entry.split} {entry.metric}",
            entry.cell.printed,
            minus(number(entry)),
            minus(signed(entry.delta, entry.cell)),
            interval(entry),
            entry.cell.formatted(entry.noticeable) if entry.noticeable is not None else "",
            badge(entry.verdict),
            minus(entry.reason),
        ]
        for entry in entries
    ]
    head = [
        "row",
        "number",
        "published",
        "regenerated",
        "difference",
        "95 % interval",
        "noticed from",
        "verdict",
        "reason",
    ]
    caption = "Every number with the interval that the verdict rests on"
    return details(
        "Every verdict with its reason", table(head, rows, caption, numbers=(2, 3, 4, 5, 6), class_="reasons")
    )


def interval(entry: Entry) -> str:
    """``−0.51 to −0.37``: the limits of the difference, as the paper would print them; empty where there are none."""
    if entry.low is None:
        return ""
    return minus(f"{signed(entry.low, entry.cell)} to {signed(entry.high, entry.cell)}")
