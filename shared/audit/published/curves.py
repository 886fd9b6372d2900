"""Printed numbers against the published curve that they are read from: rounded, cut off, or not on it."""

from __future__ import annotations

from shared.audit.finding import CONTRADICTION, NOTE, AuditFinding, cell_place
from shared.audit.published.printed import ROUNDED, TRUNCATED, Printed
from shared.paper.schema import Cell, Claim, Curve, Paper

CURVE = "a number and its curve"
PREFIXES = {"train": "", "validation": "val_", "test": "test_"}  # of the quantities of a history
LOSSES = ("loss", "binary_crossentropy")


def audit_curves(paper: Paper) -> tuple[list[AuditFinding], list[str]]:
    """Numbers of tables and text that a published curve has, too: is there an epoch that prints like this?"""
    findings, sound = [], []
    for curve in paper.curves:
        for source in (*paper.cells(), *paper.claims):
            on_curve = curve.printed.get(quantity_of(source), ()) if source.model == curve.model else ()
            if on_curve:
                found, sentence = _against(paper, source, curve, [Printed(text) for text in on_curve])
                findings += found
                sound += sentence
    return findings, sound


def quantity_of(source: Cell | Claim) -> str:
    """What a history calls a score: ``val_loss`` for the cross-entropy on the validation split."""
    return PREFIXES.get(source.split, "?") + ("loss" if source.metric in LOSSES else source.metric)


def _against(
    paper: Paper, source: Cell | Claim, curve: Curve, values: list[Printed]
) -> tuple[list[AuditFinding], list[str]]:
    """A finding about one number, or a sentence that it is sound."""
    printed = Printed.of(source)
    where = cell_place(paper, source) if isinstance(source, Cell) else {"place": f"{source.place}, {source.model}"}
    low, high = printed.limits(ROUNDED)
    rounded = [epoch for epoch, value in enumerate(values, start=1) if low <= value.value <= high]
    if rounded:
        n = f"{len(rounded)} of {len(values)} epochs, the first of them {rounded[0]}"
        return [], [f"{where['place']}: {printed} is what {curve.figure} rounds to in {n}."]
    least, most = min(values, key=lambda v: v.value), max(values, key=lambda v: v.value)
    span = f"{curve.figure} has {least} to {most}" if least != most else f"{curve.figure} has {least} throughout"
    low, beyond = printed.limits(TRUNCATED)
    if any(low <= value.value < beyond for value in values):
        arithmetic = f"{span}, which no rounding makes {printed}; cut off after {printed.decimals} decimals it is."
        follows = "The decimals were cut off, not rounded; nothing is wrong."
        return [AuditFinding(CURVE, NOTE, printed=str(printed), arithmetic=arithmetic, follows=follows, **where)], []
    arithmetic, follows = f"{span}.", "The number was not read from this curve, or from another network's."
    return [
        AuditFinding(CURVE, CONTRADICTION, printed=str(printed), arithmetic=arithmetic, follows=follows, **where)
    ], []
