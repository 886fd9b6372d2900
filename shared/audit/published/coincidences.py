"""Printed numbers that are the same to the last digit where they should be of different networks.

Two networks may share a number: of a hundred clips, an accuracy has a hundred values. They do not share a whole
evaluation. So what is asked for is the scores of one row on one split, all of them and at least `LEAST` besides 0 and
1, or a confusion matrix with at least as many kinds of mistakes. A single number is looked at only where it is
impossible in its place: then the same number of the same model in another table may be where it comes from.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np

from shared.audit.finding import CONTRADICTION, NOTE, AuditFinding, cell_place
from shared.audit.published.printed import Printed
from shared.audit.published.scores import impossible_recalls
from shared.paper.schema import Cell, ConfusionMatrix, Paper

SAME_ROW, SAME_MATRIX, LEFT_OVER = "same scores for two models", "same matrix for two models", "left over"
LEAST = 3  # numbers that have to be equal: scores of a row, or counts of mistakes in a matrix
FOLLOWS = "One evaluation is printed under two names; at most one of them is right."


def audit_coincidences(paper: Paper) -> tuple[list[AuditFinding], list[str]]:
    """Rows and matrices of two models that are the same, and impossible numbers that are another table's."""
    return [*_rows(paper), *_matrices(paper), *_left_over(paper)], []


def _rows(paper: Paper) -> list[AuditFinding]:
    """Each pair of rows of two models, in one table or two, of which all scores on one split are the same."""
    evaluations: dict[tuple[str, str, str, str], dict[str, Cell]] = {}
    for cell in paper.cells():
        evaluations.setdefault((cell.table, cell.row, cell.model, cell.split), {})[cell.metric] = cell
    findings = []
    for (one_key, one), (other_key, other) in combinations(evaluations.items(), 2):
        of_one_split = one_key[3] == other_key[3] and one_key[2] != other_key[2]
        if of_one_split and one.keys() == other.keys() and _same(one, other):
            findings.append(_row_finding(paper, list(one.values()), next(iter(other.values()))))
    return findings


def _same(one: dict[str, Cell], other: dict[str, Cell]) -> bool:
    """Whether all scores are printed alike, and enough of them could have been anything."""
    telling = [cell for cell in one.values() if cell.value not in (0, 1)]
    return len(telling) >= LEAST and all(one[metric].printed == other[metric].printed for metric in one)


def _row_finding(paper: Paper, cells: list[Cell], other: Cell) -> AuditFinding:
    first, second = (_row_place(paper, cell) for cell in (cells[0], other))
    arithmetic = f"All {len(cells)} scores of {first}, are those of {second}, to the last digit."
    printed = ", ".join(str(Printed.of(cell)) for cell in cells)
    where = {"table": cells[0].table, "row": cells[0].row}
    return AuditFinding(SAME_ROW, CONTRADICTION, f"{first} and {second}", printed, arithmetic, FOLLOWS, **where)


def _row_place(paper: Paper, cell: Cell) -> str:
    """``Table IV, 2 (Model 2), test``."""
    where = cell_place(paper, cell)
    return f"{where['place'].removesuffix(where['column'])}{cell.split}"


def _matrices(paper: Paper) -> list[AuditFinding]:
    """Each pair of matrices of two models that are the same, cell for cell."""
    findings = []
    for one, other in combinations(paper.confusion_matrices, 2):
        same = (one.split, one.classes, one.matrix) == (other.split, other.classes, other.matrix)
        mistakes = _kinds_of_mistakes(one)
        if same and one.model != other.model and mistakes >= LEAST:
            places = [f"{matrix.figure} ({matrix.model}, {matrix.split})" for matrix in (one, other)]
            arithmetic = f"All {np.size(one.matrix)} counts of {places[0]} are those of {places[1]}; "
            arithmetic += f"{mistakes} of them count mistakes."
            place = " and ".join(places)
            findings.append(AuditFinding(SAME_MATRIX, CONTRADICTION, place, "the matrices", arithmetic, FOLLOWS))
    return findings


def _kinds_of_mistakes(matrix: ConfusionMatrix) -> int:
    """Counts off the diagonal that are not 0."""
    counts = np.array(matrix.matrix)
    return int(np.count_nonzero(counts) - np.count_nonzero(np.diag(counts)))


def _left_over(paper: Paper) -> list[AuditFinding]:
    """Impossible numbers that another table prints for the same model, split and metric."""
    findings = []
    for cell in impossible_recalls(paper):
        printed, where = Printed.of(cell), cell_place(paper, cell)
        for table in (table for table in paper.tables if table.id != cell.table):
            other = paper.cell(table.id, cell.model, cell.split, cell.metric)
            if other and Printed.of(other) == printed:
                arithmetic = f"{printed} is impossible here, and it stands in {cell_place(paper, other)['place']}."
                follows = "The number seems to be left over from there."
                findings.append(
                    AuditFinding(LEFT_OVER, NOTE, printed=str(printed), arithmetic=arithmetic, follows=follows, **where)
                )
    return findings
