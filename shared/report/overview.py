"""One line for each row of every paper's tables: the number it is known for, ours, the verdict."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from shared.paper.schema import Cell, Paper, Table
from shared.report.tables import left_out, number
from shared.results.diff import Diff, Entry, Section
from shared.results.verdicts import CONDITIONAL, NOT_COMPARABLE

GAP = 2  # spaces between the columns of the text


@dataclass(frozen=True)
class Line:
    """A published number and the entries that stand beside it, one a reading."""

    paper: Paper
    table: Table
    cell: Cell
    readings: tuple[tuple[Section, Entry], ...]

    @property
    def number(self) -> str:
        """``Model 1, test accuracy``."""
        return f"{self.cell.model}, {self.cell.split} {self.cell.metric}"

    @property
    def of_table(self) -> str:
        """``Table IV``, where the paper has several tables; else nothing."""
        return self.table.label if sum(bool(table.rows) for table in self.paper.tables) > 1 else ""


def lines(diffs: list[Diff]) -> Iterator[Line]:
    """A line a row of each paper's tables, in the papers' order."""
    for diff in diffs:
        paper = diff.paper
        for table in paper.tables:
            column = paper.main_column(table) if table.rows else None
            for row in table.rows:
                cell = paper.cell(table.id, row.model, column.split, column.metric)
                if cell is not None:
                    yield Line(paper, table, cell, tuple(_readings(diff, table, cell)))


def _readings(diff: Diff, table: Table, cell: Cell) -> list[tuple[Section, Entry]]:
    """The entries to show beside a number.

    On the paper's corpus, the headline readings, or those that the table is held against; where none was run there,
    the first of these on the first of the other corpora that the paper's file names, or whatever was run.
    """
    paper, place = diff.paper, (cell.table, cell.model, cell.split, cell.metric)
    there = [(s, s.entries[place]) for s in diff.sections if s.protocol == "published" and place in s.entries]
    run = [(section, entry) for section, entry in there if entry.value is not None]
    wanted = table.variants or [name for name, variant in paper.variants.items() if variant.headline]
    read = [(section, entry) for section, entry in run if section.variant in wanted] or run
    own = [(section, entry) for section, entry in read if section.own_corpus]
    others = [*paper.corpus.others]
    elsewhere = sorted(read, key=lambda one: others.index(one[0].corpus) if one[0].corpus in others else len(others))
    return own or elsewhere[:1] or there[:1]


def markdown_rows(diffs: list[Diff]) -> list[list[str]]:
    """Rows of the README at the top: paper, number, published, regenerated (reading), verdict with its reason."""
    rows, name = [], ""
    for line in lines(diffs):
        paper = line.paper
        ours = [_regenerated(section, entry) for section, entry in line.readings if entry.value is not None]
        verdicts = [_verdict(entry) for _, entry in line.readings]
        link = f"[{paper.id}](reproductions/{paper.id}/README.md): {paper.task}"
        shown = "" if link == name else link
        name = link
        what = f"{line.of_table}: {line.number}" if line.of_table else line.number
        rows.append([shown, what, line.cell.printed, "<br>".join(ours) or "not run", "<br>".join(verdicts)])
    return rows


def _regenerated(section: Section, entry: Entry) -> str:
    place = "" if section.own_corpus else f", on {section.corpus}"
    return f"{number(entry)} ({section.variant}{place})"


def _verdict(entry: Entry) -> str:
    reason = entry.reason if entry.reason.startswith("partial") else entry.reason.partition(": ")[0]
    why = {NOT_COMPARABLE: reason, CONDITIONAL: f"on {entry.condition}"}.get(entry.verdict)
    return f"{entry.verdict} ({why})" if why else entry.verdict


def overview_text(diffs: list[Diff]) -> str:
    """The same for a terminal: a line a reading, verdicts without their reasons."""
    blocks: dict[str, list[tuple[str, ...]]] = {}
    for line in lines(diffs):
        heading = (line.paper.id, line.of_table, f"{line.cell.split} {line.cell.metric}")
        rows = blocks.setdefault(" · ".join(filter(None, heading)), [])
        what, printed = f"  {line.cell.model}", line.cell.printed
        for section, entry in line.readings:
            rows.append((what, printed, _briefly(section, entry), entry.verdict))
            what = printed = ""
    head = ("", "published", "regenerated", "verdict")
    widths = [
        max(map(len, column)) + GAP for column in zip(head, *(row for of in blocks.values() for row in of), strict=True)
    ]
    text = [_columns(head, widths)]
    for heading, rows in blocks.items():
        text += [heading, *(_columns(row, widths) for row in rows)]
    text += [line for diff in diffs for line in left_out(diff)]
    return "\n".join(text) + "\n"


def _briefly(section: Section, entry: Entry) -> str:
    if entry.value is None:
        return ""
    partial, _, rest = entry.reason.partition("partial: ")
    parts = [
        number(entry),
        "" if section.variant == "paper" else section.variant,
        "" if section.own_corpus else f"on {section.corpus}",
        f"({rest})" if rest and not partial else "",
    ]
    return " ".join(filter(None, parts))


def _columns(texts: tuple[str, ...], widths: list[int]) -> str:
    return "".join(f"{text:<{width}}" for text, width in zip(texts, widths, strict=True)).rstrip()
