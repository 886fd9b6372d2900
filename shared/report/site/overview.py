"""One number a row of a paper's tables: what the front page shows of it, with the grouped protocol's beside."""

from __future__ import annotations

from dataclasses import dataclass

from shared.paper.schema import Column
from shared.results.diff import Diff, Entry, Section, compare
from shared.results.reading import Results
from shared.results.verdicts import CONDITIONAL, JUDGED, UNDETERMINED, UNPUBLISHED

COUNTED = (*JUDGED, UNDETERMINED, CONDITIONAL)
PUBLISHED, GROUPED = "published", "grouped"


@dataclass(frozen=True)
class Line:
    """A number of a paper under one variant: `entry` on the published split, `grouped` on unseen recordings.

    `table` is the label of the table, empty where the paper has one only or the row is none of its own; `row` is the
    paper's own name for the row, the model's for what the paper does not have; `folds` are those that the grouped
    number is the mean of.
    """

    table: str
    row: str
    model: str
    column: Column
    variant: str
    entry: Entry
    grouped: Entry | None = None
    folds: int = 0


def lines(diff: Diff) -> tuple[list[Line], int]:
    """The lines of a paper, and how many other numbers of the same kind its own page has.

    Variant ``paper`` has all rows. Another variant has those that could be held against the paper: a run of a few
    epochs that answers another question has its place on the paper's page.
    """
    found, left, several = [], 0, len([table for table in diff.paper.tables if table.rows]) > 1
    for table in diff.paper.tables:
        column = diff.paper.main_column(table)
        for row in table.rows:
            for section in _sections(diff, PUBLISHED):
                entry = section.entries.get((table.id, row.model, column.split, column.metric))
                if entry and (section.variant == "paper" or entry.verdict in COUNTED):
                    place = (table.label if several else "", row.header, row.model, column)
                    found.append(Line(*place, section.variant, entry, *_grouped(diff, section, entry)))
                elif entry and entry.value is not None:
                    left += 1
    return found + _unpublished(diff), left


def _unpublished(diff: Diff) -> list[Line]:
    """Models that the paper has no number for, such as probes and ensembles, in the first table's main column."""
    if not diff.paper.tables:
        return []
    column = diff.paper.main_column(diff.paper.tables[0])
    found = []
    for section in _sections(diff, PUBLISHED):
        for entry in section.extras:
            if entry.verdict == UNPUBLISHED and (entry.split, entry.metric) == (column.split, column.metric):
                place = ("", entry.model, entry.model, column)
                found.append(Line(*place, section.variant, entry, *_grouped(diff, section, entry)))
    return found


def _sections(diff: Diff, protocol: str) -> list[Section]:
    """Sections on the paper's own corpus; where only others were run, the rows of the paper are there as not run."""
    nothing_run = Results(diff.paper, diff.results.folder)
    own = [section for section in diff.sections if section.own_corpus] or compare(nothing_run).sections
    return [section for section in own if section.protocol == protocol]


def _grouped(diff: Diff, section: Section, entry: Entry) -> tuple[Entry | None, int]:
    """The same number with whole recordings or speakers left out, and the folds that it is the mean of."""
    for other in _sections(diff, GROUPED):
        if other.variant == section.variant:
            for found in other.all():
                place = (found.model, found.split, found.metric)
                if place == (entry.model, entry.split, entry.metric) and found.value is not None:
                    folds = {run["fold"] for run in other.runs if run["model"] == entry.model}
                    return found, len(folds)
    return None, 0
