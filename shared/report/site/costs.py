"""What the runs cost: time, machine, precision, commit, from their records."""

from __future__ import annotations

from statistics import mean

from shared.report.site.html import h, joined
from shared.report.site.page import Part, table
from shared.report.tables import duration
from shared.results.diff import Diff

ALIKE = ("variant", "protocol", "corpus", "model", "precision", "device", "backend", "status")


def costs_part(diff: Diff) -> Part:
    """A row for the runs of one model that were made alike, and the versions that they were made with."""
    groups: dict[tuple, list[dict]] = {}
    for section in diff.sections:
        for record in (*section.records, *section.partial):
            groups.setdefault(tuple(record[name] for name in ALIKE), []).append(record)
    if not groups:
        return Part("What it cost", h("p", "Nothing was run yet."), short="Cost")
    rows = [_row(dict(zip(ALIKE, key, strict=True)), runs) for key, runs in groups.items()]
    head = ["model", "variant", "protocol", "corpus", "runs", "epochs", "time a run", "precision", "machine", "commit"]
    caption = "Time of training a model once (the mean where there are several runs), and what it ran on"
    every = [record for runs in groups.values() for record in runs]
    body = [table(head, rows, caption, numbers=(4, 5, 6)), h("p", _total(every)), h("p", _versions(every))]
    return Part("What it cost", joined(body), short="Cost")


def _row(conditions: dict, runs: list[dict]) -> list:
    epochs = f"{round(mean(run['epochs'] for run in runs), 1):g}"
    if conditions["status"] != "complete":
        epochs += f" of {runs[0].get('epochs_planned', '?')}"
    backend = f"{conditions['device']}, {conditions['backend']}"
    named = [h("code", conditions["variant"]), conditions["protocol"], conditions["corpus"]]
    seconds = mean(run["seconds"] for run in runs)
    time = duration(seconds) if seconds >= 1 else "under 1 s"
    commits = ", ".join(sorted({run["commit"] for run in runs}))
    return [conditions["model"], *named, len(runs), epochs, time, conditions["precision"], backend, commits]


def _total(records: list[dict]) -> str:
    seconds = sum(record["seconds"] for record in records)
    return f"All {len(records)} runs together: {duration(seconds)}."


def _versions(records: list[dict]) -> str:
    """The packages that the runs were made with; several versions where they differ."""
    found: dict[str, set[str]] = {}
    for record in records:
        for package, version in record.get("versions", {}).items():
            found.setdefault(package, set()).add(version)
    listed = ", ".join(f"{package} {' and '.join(sorted(versions))}" for package, versions in sorted(found.items()))
    return f"Made with {listed}." if listed else "No versions were recorded."
