"""Audit of a split: what its held-out clips share with those that are trained on. It knows no corpus and no paper.

Each check gives figures, findings and sentences on what is sound; `audit_split` runs them all.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass

from shared.audit.finding import AuditFinding
from shared.audit.split import duplicates, naming, probing
from shared.audit.split.clips import Clips
from shared.audit.split.findings import SPLIT_SEVERITIES, Checked, Figure, Pair, number_of, some

PAIR_COLUMNS = ("kind", "first", "second", "split_first", "split_second", "label_first", "label_second")
PAIR_COLUMNS += ("similarity", "lag_seconds")


@dataclass(frozen=True)
class SplitAudit:
    """The outcome: figures in the checks' order, findings, leaks first, what is sound, and what was not looked at."""

    clips: Clips
    figures: tuple[Figure, ...]
    findings: tuple[AuditFinding, ...]
    sound: tuple[str, ...]
    skipped: tuple[str, ...]
    pairs: tuple[Pair, ...]
    probes: probing.Probes | None

    def pair_rows(self) -> list[dict]:
        """The pairs as rows of `PAIR_COLUMNS`; nothing where there are no splits."""
        clips, rows = self.clips, []
        for pair in self.pairs:
            sides = [clips.split[row] if clips.split else "" for row in (pair.first, pair.second)]
            labels = [clips.shown_label(row) for row in (pair.first, pair.second)]
            values = (pair.kind, clips.names[pair.first], clips.names[pair.second], *sides, *labels)
            rows.append(dict(zip(PAIR_COLUMNS, (*values, pair.similarity, round(pair.lag_seconds, 3)), strict=True)))
        return rows

    def as_dict(self) -> dict:
        """For JSON."""
        return {
            "split": self.clips.name,
            "clips": len(self.clips),
            "set_aside": [{"clip": name, "reason": reason} for name, reason in self.clips.set_aside],
            "figures": [{"name": f.name.strip(), "value": f.value, "text": f.text} for f in self.figures],
            "findings": [asdict(finding) for finding in self.findings],
            "sound": list(self.sound),
            "not_looked_at": list(self.skipped),
            "notes": list(self.clips.notes),
            "pairs": self.pair_rows(),
        }


def audit_split(clips: Clips) -> SplitAudit:
    """Run every check on the clips of a split; those that need what the clips lack are left out, and it says so."""
    pairs = [*duplicates.exact_pairs(clips), *duplicates.near_pairs(clips)]
    probes = probing.run_probes(clips, pairs)
    given = probes.given if probes else None
    checks = [
        _overview(clips),
        duplicates.check_exact(clips, pairs),
        duplicates.check_near(clips, pairs),
        duplicates.check_labels(clips, pairs),
        naming.check_groups(clips),
        naming.check_neighbours(clips, _nearest_by_row(clips, given)),
        probing.check_probe(clips, probes, pairs),
        probing.check_standardisation(clips, given),
    ]
    figures = tuple(figure for checked in checks for figure in checked.figures)
    findings = sorted(
        (finding for checked in checks for finding in checked.findings),
        key=lambda finding: SPLIT_SEVERITIES.index(finding.severity),  # stable: the checks' order stays
    )
    sound = tuple(sentence for checked in checks for sentence in checked.sound)
    skipped = tuple(sentence for checked in checks for sentence in checked.skipped)
    return SplitAudit(clips, figures, tuple(findings), sound, skipped, tuple(pairs), probes)


def _overview(clips: Clips) -> Checked:
    """How many clips there are of what, and what could not be looked at."""
    checked = Checked()
    checked.count("clips", len(clips))
    if clips.set_aside:
        checked.count("  set aside, unreadable or not usable", len(clips.set_aside))
    if clips.split is not None:
        order = {"train": 0, "validation": 1, "test": 2}
        counts = sorted(Counter(clips.split).items(), key=lambda item: (order.get(item[0], 0), len(item[0]), item[0]))
        text = ", ".join(f"{'fold ' * clips.in_folds}{name} {n:,}" for name, n in counts)
        checked.figures.append(Figure("  by split", text, dict(counts)))
    checked.count("labels", len({label for own in clips.labels for label in own}))
    if clips.feature_names:
        n = number_of(len(clips.feature_names), "column")
        checked.figures.append(Figure("features", f"{n}: {some(clips.feature_names)}", list(clips.feature_names)))
    if clips.split is None:
        checked.skipped.append("What is on which side: the index has no column split. What needs none was looked at.")
    if clips.prints is None:
        checked.skipped.append("Near duplicates: there is no audio to take fingerprints of.")
    if clips.groups is None:
        checked.skipped.append("Groups: the index has no column group, and the names tell nothing.")
    return checked


def _nearest_by_row(clips: Clips, given: probing.Probe | None):
    """Of each clip the row of its nearest training clip, -1 of those that are not held out; None without a probe."""
    import numpy as np

    if given is None:
        return None
    nearest = np.full(len(clips), -1)
    nearest[given.rows] = given.nearest
    return nearest
