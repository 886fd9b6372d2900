"""Printed scores against each other: recall above accuracy, and two values of one quantity."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations

from shared.audit.finding import CONTRADICTION, IMPOSSIBLE, NOTE, AuditFinding, cell_place, listed
from shared.audit.published.printed import Printed, agree, which
from shared.audit.published.shares import stated_n
from shared.paper.schema import Cell, Paper, Table

RECALL, PLACES = "recall above accuracy", "two values of one quantity"


# ---- recall


def audit_recall(paper: Paper) -> tuple[list[AuditFinding], list[str]]:
    """Recalls that exceed what one answer a clip allows.

    With one label a clip and probabilities that add up to 1, a class above 0.5 is the most probable one. So the clips
    that recall at threshold 0.5 counts are some of those that accuracy counts: recall cannot exceed accuracy. And no
    clip has two answers above 0.5, so precision divides the same clips by no more than all of them: recall cannot
    exceed precision. The threshold is the setting ``metric_threshold``; an average over classes obeys no such rule.
    """
    if paper.corpus.labels != "single":
        return [], []
    at_half = _at_half(paper)
    findings, checked = [], 0
    for recall in (cell for cell in paper.cells() if cell.metric == "recall"):
        others = _scores_beside(paper, recall)
        above = _below(recall, others)
        checked += bool(others)
        if above and (at_half or above[0].metric == "accuracy"):
            findings.append(_recall_finding(paper, recall, above, at_half))
    sound = [
        f"No {'other ' * bool(findings)}recall exceeds accuracy or precision ({checked - len(findings)} compared)."
    ]
    return findings, sound if at_half and checked > len(findings) else []


def impossible_recalls(paper: Paper) -> list[Cell]:
    """The printed recalls that no experiment gives, since accuracy or precision is below."""
    if paper.corpus.labels != "single" or not _at_half(paper):
        return []
    recalls = (cell for cell in paper.cells() if cell.metric == "recall")
    return [recall for recall in recalls if _below(recall, _scores_beside(paper, recall))]


def _at_half(paper: Paper) -> bool:
    threshold = paper.settings.get("metric_threshold")
    return threshold is not None and isinstance(threshold.value, float) and threshold.value >= 0.5


def _scores_beside(paper: Paper, recall: Cell) -> list[Cell]:
    """Accuracy and precision of the same row and split, as far as printed."""
    others = (paper.cell(recall.table, recall.model, recall.split, name) for name in ("accuracy", "precision"))
    return [cell for cell in others if cell is not None]


def _below(recall: Cell, others: list[Cell]) -> list[Cell]:
    """Those that are below the recall, however both were rounded."""
    return [cell for cell in others if Printed.of(recall).limits()[0] > Printed.of(cell).limits()[1]]


def _recall_finding(paper: Paper, recall: Cell, above: list[Cell], at_half: bool) -> AuditFinding:
    """The finding about one recall that is too high."""
    printed = Printed.of(recall)
    over = listed(f"{cell.metric} {Printed.of(cell)}" for cell in above)
    where = cell_place(paper, recall)
    if not at_half:
        arithmetic = f"Recall {printed} is above {over}."
        follows = "Possible only for an average over classes of unequal size; at threshold 0.5 it could not be."
        return AuditFinding(RECALL, NOTE, printed=str(printed), arithmetic=arithmetic, follows=follows, **where)
    arithmetic = "A clip is recalled only when its true class has more than half of the probability, and then it is "
    arithmetic += f"answered rightly, too; but recall {printed} is above {over}."
    n = stated_n(paper, recall)
    for cell in above:
        if n and cell.metric == "precision" and Printed.of(cell).value:
            answers = float(n * printed.value / Printed.of(cell).value)
            arithmetic += f" With that precision, {answers:,.0f} answers above one half came from {n:,} clips."
    follows = "One of these numbers is a slip; a run cannot be held against it."
    return AuditFinding(RECALL, IMPOSSIBLE, printed=str(printed), arithmetic=arithmetic, follows=follows, **where)


# ---- two places


def audit_places(paper: Paper) -> tuple[list[AuditFinding], list[str]]:
    """Quantities that the document prints in several places with different values.

    A score in two tables is one quantity where some variant is held against both; tables of different trainings may
    differ. A claim is about the first table that has its score.
    """
    quantities: list[Quantity] = []
    for table in paper.tables:
        for cell in (cell for row in table.rows for cell in row.cells if cell):
            place = cell_place(paper, cell)["place"].partition(",")[0]
            _quantity(quantities, (cell.model, cell.split, cell.metric), table, cell).add(place, Printed.of(cell))
    for claim in paper.claims:
        key = (claim.quantity,) if claim.quantity else (claim.model, claim.split, claim.metric)
        _quantity(quantities, key).add(claim.place, Printed.of(claim))
    findings, repeated = [], 0
    for quantity in quantities:
        pairs = list(combinations(quantity.places, 2))
        repeated += bool(pairs)
        if not all(agree(one, other) for (_, one), (_, other) in pairs):
            findings.append(_places_finding(paper, quantity.key, quantity.places, quantity.cell))
    n_sound = repeated - len(findings)
    numbers, verb = ("number is", "agrees") if n_sound == 1 else ("numbers are", "agree")
    sound = [f"{n_sound} {numbers} printed in more than one place and {verb} there."]
    return findings, sound if n_sound else []


@dataclass
class Quantity:
    """What one number is of, the places that print it, and the first table and cell that do."""

    key: tuple[str, ...]
    table: Table | None
    cell: Cell | None
    places: list[tuple[str, Printed]] = field(default_factory=list)

    def add(self, place: str, printed: Printed):
        self.places.append((place, printed))


def _quantity(quantities: list[Quantity], key: tuple, table: Table | None = None, cell: Cell | None = None) -> Quantity:
    """The quantity of a key, one that the table may share with those that print it already, or else a new one."""
    for quantity in quantities:
        others = quantity.table and table and not table.is_of_the_trainings_of(quantity.table)
        if quantity.key == key and not others:
            return quantity
    quantities.append(Quantity(key, table, cell))
    return quantities[-1]


def _places_finding(paper: Paper, key: tuple[str, ...], places: list, cell: Cell | None) -> AuditFinding:
    """Say which places disagree, and which values a whole number of the stated clips gives."""
    quantity = key[0] if len(key) == 1 else f"{key[0]}, {key[1]} {key[2]}"
    values: dict[Printed, list[str]] = {}
    for place, printed in places:
        values.setdefault(printed, []).append(place)
    said = listed(f"{printed} ({listed(where)})" for printed, where in values.items())
    arithmetic = f"{quantity[0].upper()}{quantity[1:]} is {said}; rounding does not make these one number."
    n = stated_n(paper, cell) if cell and cell.metric == "accuracy" and paper.corpus.labels == "single" else None
    if n and any(printed.tells(n) for printed in values):
        shares = [
            f"{printed} is {which(printed, n) if printed.counts(n) else f'no whole number of {n:,}'}"
            for printed in values
            if printed.tells(n)
        ]
        arithmetic += f" Of the stated clips, {listed(shares)}."
    follows = "At most one of them was measured; the table's is taken." if cell else "At most one of them is right."
    where = {"table": cell.table, "row": cell.row, "column": cell_place(paper, cell)["column"]} if cell else {}
    place = listed(dict.fromkeys(place for place, _ in places))
    return AuditFinding(PLACES, CONTRADICTION, place, " against ".join(map(str, values)), arithmetic, follows, **where)
