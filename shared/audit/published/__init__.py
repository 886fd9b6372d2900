"""What the published numbers of a paper can and cannot mean, from its ``paper.toml`` alone: no data, no model.

Each check takes a paper and returns its findings and sentences about what it found sound. It knows no paper.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from textwrap import wrap

from shared.audit.finding import SEVERITIES, AuditFinding
from shared.audit.published.coincidences import audit_coincidences
from shared.audit.published.constant import audit_constant
from shared.audit.published.curves import audit_curves
from shared.audit.published.matrices import audit_matrices
from shared.audit.published.scores import audit_places, audit_recall
from shared.audit.published.shares import audit_shares
from shared.audit.published.sizes import audit_sizes
from shared.paper.schema import Paper

CHECKS = (
    *(audit_recall, audit_shares, audit_matrices, audit_places, audit_coincidences),
    *(audit_curves, audit_sizes, audit_constant),
)
WIDTH = 100


@dataclass(frozen=True)
class Audit:
    """The findings about one paper, the worst first, and sentences about what was checked and is sound."""

    paper: Paper
    findings: tuple[AuditFinding, ...]
    sound: tuple[str, ...]

    def as_dict(self) -> dict:
        """For JSON."""
        findings = [asdict(finding) for finding in self.findings]
        return {"paper": self.paper.id, "findings": findings, "sound": list(self.sound)}


def audit_paper(paper: Paper) -> Audit:
    """Run every check on one paper."""
    findings, sound = [], []
    for check in CHECKS:
        found, sentences = check(paper)
        findings += found
        sound += sentences
    findings.sort(key=lambda finding: SEVERITIES.index(finding.severity))  # stable: the checks' order stays
    return Audit(paper, tuple(findings), tuple(sound))


def render_audit(audit: Audit) -> str:
    """An audit for a terminal, at most 100 characters wide."""
    lines = wrap(f"{audit.paper.id} · {audit.paper.title}", WIDTH)
    lines.append(f"by arithmetic: {summary(audit.findings, SEVERITIES)}")
    if audit.paper.findings:
        n = len(audit.paper.findings)
        lines.append(f"by reading: {n} more, named below, in full on the paper's page")
    for finding in audit.findings:
        lines += ["", *finding_lines(finding)]
    if audit.paper.findings:
        lines += ["", "  found by reading"]
        for of in audit.paper.findings:
            begins = of.text.partition(". ")[0].rstrip(".")
            lines += indented(f"{of.kind} · {of.place}: {begins}.", "    ", "      ")
    if audit.sound:
        lines += ["", "  checked and sound", *(line for text in audit.sound for line in indented(text, "    "))]
    return "\n".join(lines) + "\n"


def summary(findings: Sequence[AuditFinding], severities: Sequence[str]) -> str:
    """``1 impossible, 2 notes``, or that there is nothing."""
    counts = Counter(finding.severity for finding in findings)
    words = [f"{n} {name}{'s' * (n > 1 and name != 'impossible')}" for name in severities if (n := counts[name])]
    return ", ".join(words) or "nothing found"


def finding_lines(finding: AuditFinding) -> list[str]:
    """A finding for a terminal."""
    head = f"{finding.severity.upper()} {finding.kind} · {finding.place}"
    lines = indented(f"{head}: {finding.printed}" if finding.printed else head, "  ")
    return lines + indented(finding.arithmetic, "    ") + indented(f"→ {finding.follows}", "    ", "      ")


def indented(text: str, indent: str, more: str | None = None) -> list[str]:
    """Lines of at most `WIDTH`; a percent sign stays with its number."""
    rest = indent if more is None else more
    lines = wrap(text.replace(" %", "\N{NO-BREAK SPACE}%"), WIDTH, initial_indent=indent, subsequent_indent=rest)
    return [line.replace("\N{NO-BREAK SPACE}%", " %") for line in lines]
