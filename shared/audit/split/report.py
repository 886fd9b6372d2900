"""An audit of a split for people: text for a terminal, and a folder with its numbers, its pairs and its pictures."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import wrap

from shared.audit.published import WIDTH, finding_lines, indented, summary
from shared.audit.split import PAIR_COLUMNS, SplitAudit
from shared.audit.split.findings import SPLIT_SEVERITIES, number_of
from shared.base.csv_files import csv_text, no_formula
from shared.base.files import atomic_write

N_SHOWN = 5  # clips that were set aside


def render_split(audit: SplitAudit) -> str:
    """An audit for a terminal: figures first, then words; at most 100 characters wide but for long names."""
    clips = audit.clips
    lines = [*wrap(f"split of {clips.name}", WIDTH), summary(audit.findings, SPLIT_SEVERITIES), ""]
    width = max(len(figure.name) for figure in audit.figures)
    lines += [f"  {figure.name:<{width}}   {figure.text}" for figure in audit.figures]
    for finding in audit.findings:
        lines += ["", *finding_lines(finding)]
    asides = [f"{name}: {reason}" for name, reason in clips.set_aside[:N_SHOWN]]
    if len(clips.set_aside) > N_SHOWN:
        asides.append(f"and {number_of(len(clips.set_aside) - N_SHOWN, 'clip')} more; --json and --out name all")
    texts = {
        "checked and sound": audit.sound,
        "not looked at": audit.skipped,
        "set aside": asides,
        "notes": clips.notes,
    }
    for title, sentences in texts.items():
        if sentences:
            lines += ["", f"  {title}", *(line for text in sentences for line in indented(text, "    "))]
    return "\n".join(lines) + "\n"


def write_split(audit: SplitAudit, folder: str | Path) -> list[Path]:
    """Write ``findings.json``, ``pairs.csv``, ``set_aside.csv`` and, where there is a probe, two pictures.

    Returns
    -------
    list of Path
        What was written. The same clips give the same bytes.
    """
    from shared.audit.split.pictures import draw_probe, draw_similarities

    folder = Path(folder)
    written = [
        _write(folder / "findings.json", json.dumps(audit.as_dict(), indent=1, ensure_ascii=False) + "\n"),
        _write(folder / "pairs.csv", _csv(PAIR_COLUMNS, [row.values() for row in audit.pair_rows()])),
        _write(folder / "set_aside.csv", _csv(("clip", "reason"), audit.clips.set_aside)),
    ]
    if audit.probes:
        written.append(draw_similarities(folder / "similarities.png", audit))
    if audit.probes and audit.probes.grouped:
        written.append(draw_probe(folder / "probe.png", audit))
    return written


def _csv(header, rows) -> str:
    return csv_text([header, *([no_formula(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)])


def _write(path: Path, text: str) -> Path:
    return atomic_write(path, lambda file: file.write(text.encode("utf-8")))
