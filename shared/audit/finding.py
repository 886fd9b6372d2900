"""What an audit reports: one finding, and the places of a paper in words."""

from __future__ import annotations

from dataclasses import dataclass

from shared.paper.schema import Cell, Paper

IMPOSSIBLE, CONTRADICTION, NOTE = "impossible", "contradiction", "note"
SEVERITIES = (IMPOSSIBLE, CONTRADICTION, NOTE)


@dataclass(frozen=True)
class AuditFinding:
    """Something that the printed numbers of a paper say about themselves.

    Parameters
    ----------
    kind : str
        The check that found it, such as ``recall above accuracy``.
    severity : str
        ``impossible``: no experiment gives this number. ``contradiction``: it does not go with something else in the
        document. ``note``: worth knowing, nothing is wrong.
    place : str
        Where it stands, in words.
    printed : str
        The value or values as printed.
    arithmetic : str
        The reason, one or two sentences to be read aloud.
    follows : str
        What follows from it.
    table, row, column : str
        The cell, where it is about one; `row` and `column` are empty when it is about several.
    """

    kind: str
    severity: str
    place: str
    printed: str
    arithmetic: str
    follows: str
    table: str = ""
    row: str = ""
    column: str = ""


def cell_place(paper: Paper, cell: Cell) -> dict[str, str]:
    """The keywords place, table, row and column of a finding about one cell."""
    table = next(table for table in paper.tables if table.id == cell.table)
    headers = (column.header for column in table.columns if (column.split, column.metric) == (cell.split, cell.metric))
    column = f"{cell.split} {next(headers)}"
    row = cell.row if cell.row == cell.model else f"{cell.row} ({cell.model})"
    return {"place": f"{table.label}, {row}, {column}", "table": cell.table, "row": cell.row, "column": column}


def listed(names) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    names = list(map(str, names))
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
