"""One line for each row of every paper's tables: the number it is known for, ours, the verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shared.paper.schema import Cell, Paper, Table
from shared.report.tables import left_out, number
from shared.results.diff import Diff, Entry, Section

GAP = 2  # spaces between the columns of the text


@dataclass(frozen=True)
class Line:
    """A published number and the entries that stand beside it, one a reading."""

    paper: Paper
    table: Table
    cell: Cell
    readings: tuple[tuple[Section, Entry], ...]

    @property
    def heading(self) -> str:
        """``lam_ensemble · Table IV · test accuracy``: what the line shares with others of its table."""
        parts = (self.paper.id, self.of_table, f"{self.cell.split} {self.cell.metric}")
        return " · ".join(filter(None, parts))

    @property
    def of_table(self) -> str:
        """``Table IV``, where the paper has several tables; else nothing."""
        return self.table.label if sum(bool(table.rows) for table in self.paper.tables) > 1 else ""


def lines(diffs: Sequence[Diff]) -> Iterator[Line]:
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
    """Rows of the README at the top, one a paper: name and task, how many numbers `lines` has of it, their verdicts."""
    of_papers: dict[str, list[Line]] = {}
    for line in lines(diffs):
        of_papers.setdefault(line.paper.id, []).append(line)
    rows = []
    for diff in diffs:
        found = of_papers.get(diff.paper.id, [])
        counts = Counter(entry.verdict for line in found for _, entry in line.readings)
        verdicts = ", ".join(f"{n} {verdict}" for verdict, n in counts.items())
        paper = f"[{diff.paper.id}](reproductions/{diff.paper.id}/README.md)"
        rows.append([paper, diff.paper.task, str(len(found)), verdicts])
    return rows


def overview_text(diffs: list[Diff]) -> str:
    """The same for a terminal: a line a reading, verdicts without their reasons."""
    blocks: dict[str, list[tuple[str, ...]]] = {}
    for line in lines(diffs):
        rows = blocks.setdefault(line.heading, [])
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
