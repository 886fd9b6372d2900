"""What a check of a split gives back: figures first, then findings in words, and sentences on what is sound."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from shared.audit.finding import CONTRADICTION, NOTE, AuditFinding

LEAK = "leak"
SPLIT_SEVERITIES = (LEAK, CONTRADICTION, NOTE)  # leak: held-out clips are answered by what is in the training set


class Figure(NamedTuple):
    """One line of the table: what was counted or measured, as text, and as a number for JSON."""

    name: str
    text: str
    value: object


class Pair(NamedTuple):
    """Two clips, by their rows, that hold the same: ``identical file``, ``identical samples`` or ``near``."""

    kind: str
    first: int
    second: int
    similarity: float = 1.0
    lag_seconds: float = 0.0


@dataclass
class Checked:
    """The outcome of a check."""

    figures: list[Figure] = field(default_factory=list)
    findings: list[AuditFinding] = field(default_factory=list)
    sound: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)  # what could not be looked at, and why

    def count(self, name: str, value: int, of: int | None = None) -> None:
        """Add a figure that is a number of things, or so many of so many."""
        self.figures.append(Figure(name, f"{value:,}" + ("" if of is None else f" of {of:,}"), value))

    def find(self, kind: str, severity: str, place: str, shown: str, reason: str, follows: str) -> None:
        """Add a finding."""
        self.findings.append(AuditFinding(kind, severity, place, shown, reason, follows))


def some(names, n_shown: int = 5) -> str:
    """The first names, and how many more there are."""
    names = list(names)
    rest = f" and {len(names) - n_shown:,} more" if len(names) > n_shown else ""
    return ", ".join(names[:n_shown]) + rest


def number_of(n: int, noun: str) -> str:
    """``1 pair``, ``2,000 pairs``."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


__all__ = ["CONTRADICTION", "LEAK", "NOTE", "SPLIT_SEVERITIES", "Checked", "Figure", "Pair", "number_of", "some"]
