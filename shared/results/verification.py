"""The results of a paper, recomputed from its kept predictions and held against the committed runs.csv."""

from __future__ import annotations

import os
from contextlib import nullcontext
from pathlib import Path

from shared.base.locks import file_lock
from shared.base.own_files import read_table
from shared.paper.schema import Paper
from shared.results.exact import exact_rows
from shared.results.verdicts import PROPORTIONS
from shared.runs.unit import RESTORE, SKIPPED, SKIPPED_FORM, unit_folders

ROUNDING = 2e-6  # runs.csv keeps six decimals


class DiffError(ValueError):
    """Committed results that do not agree with each other."""


def results_lock(results_dir: Path, what: str):
    """The results folder's lock, so that nobody merges meanwhile; where one may not write, nobody does."""
    if not (results_dir / "units").is_dir() or not os.access(results_dir, os.W_OK):
        return nullcontext()
    return file_lock(results_dir / ".lock", what, wait=True)


def read(paper: Paper, results_dir: Path, found=None) -> tuple[list[dict], dict[str, dict]]:
    """What `compare` needs, recomputed and held against runs.csv; the caller holds the folder's lock.

    `found` is what `results.evaluated` gives, where the caller has it already. What follows from the paper's own labels
    alone (`shared.results.exact`) is among the rows, whether anything was run or not, and is not in runs.csv.
    """
    if not (results_dir / "units").is_dir():
        return exact_rows(paper), {}
    from shared.results import store

    found = store.evaluated(paper, results_dir) if found is None else found
    rows = [_numbers(row) for row in store.recompute(paper, results_dir, found)]
    file = results_dir / store.RUNS
    check_runs(rows, [_numbers(row) for row in store.read_runs(file)], file)
    units = unit_folders(results_dir / "units")
    _add_uncertainty(paper, rows, found)
    return rows + exact_rows(paper), {record["key"]: record | {"skipped": _skipped(folder)} for record, folder in units}


def _numbers(row: dict) -> dict:
    """A row of runs.csv with its numbers as numbers."""
    return row | {"value": float(row["value"])} | {name: int(row[name]) for name in ("n", "seed", "fold", "epochs")}


def check_runs(recomputed: list[dict], committed: list[dict], file: Path) -> None:
    """Refuse a runs.csv that the predictions do not give, row by row."""
    keys = ("model", "variant", "protocol", "fold", "seed", "precision", "corpus", "fingerprint", "split", "metric")
    given = {tuple(row[key] for key in keys): row["value"] for row in recomputed}
    written = {tuple(row[key] for key in keys): row["value"] for row in committed}
    remedy = "'python -m reproductions report' writes the file anew"
    for key in given | written:
        name = f"{file}: the row {', '.join(f'{k} {v}' for k, v in zip(keys, key, strict=True))}"
        if key not in given:
            raise DiffError(f"{name} has no predictions that give it; restore its unit, or {remedy}")
        if key not in written:
            raise DiffError(f"{name} is missing, although its predictions are there; {remedy}")
        if abs(written[key] - given[key]) > ROUNDING:
            raise DiffError(f"{name} says {written[key]:.6f}, but its predictions give {given[key]:.6f}; {remedy}")


def _add_uncertainty(paper: Paper, rows: list[dict], found) -> None:
    """Give each row on the paper's own data what its clips say of its uncertainty: the ``standard_error`` of a mean
    over clips, and ``design`` and ``clusters`` where clips share a speaker, a track or a recording."""
    from shared.metrics.intervals import standard_error
    from shared.metrics.scores import influence

    names = ("model", "variant", "protocol", "fold", "seed", "precision", "corpus", "fingerprint")
    answers = {tuple(record[name] for name in names): predictions for record, predictions in found}
    for row in rows:
        if not paper.is_own(row["model"], row["corpus"]):
            continue
        part = answers[tuple(row[name] for name in names)].on(row["split"])
        rule = paper.corpus.clusters.get(row["corpus"])
        moved = influence(row["metric"], part.y_true, part.y_prob)
        error = standard_error(moved, rule.of(part.clips) if rule else None)
        if row["metric"] not in PROPORTIONS:
            row["standard_error"] = error.value
        if error.clusters:
            row |= {"design": error.design, "clusters": error.clusters}


def _skipped(folder: Path) -> int:
    """Clips that the run set aside as unreadable, by its skipped.csv."""
    file = folder / SKIPPED
    if not file.exists():
        return 0
    return len(read_table(file, SKIPPED_FORM, RESTORE))
