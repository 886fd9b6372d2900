"""Where results are, and how finished units come to them.

``results/<paper>/units/<key>/`` holds each unit's ``record.json``, ``history.csv`` and ``predictions.csv`` (or, where
that is large, ``predictions.csv.gz``).
``results/<paper>/runs.csv`` has a row a unit, split and metric; every value in it is computed from the predictions
and from nothing else, ensembles included, so that anybody can recompute it without a corpus and without training.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from shared.base.locks import file_lock
from shared.base.places import cache_root, results_root
from shared.paper.fields import voter
from shared.paper.readings import is_custom
from shared.paper.schema import SYNTHETIC, Paper
from shared.results.answer import Answer, Opened
from shared.results.reading import Results, evaluated, family, table_of, unit_answer
from shared.results.runs_table import RUNS, order, read_runs, write_runs_file
from shared.results.summaries import summary_of
from shared.results.unit_files import UNITS, replace_unit, settle
from shared.runs.units import (
    CHECKSUM,
    CHECKSUMS,
    HISTORY,
    RECORD,
    SKIPPED,
    ResultsError,
    read_history,
    read_unit,
    verify_beside,
)

# Of a record: where it was run, and not what came out.
MACHINE = {"device", "backend", "versions", "commit", "seconds", "product_seconds", CHECKSUMS[HISTORY]}


def results_folder(paper_id: str, corpus: str = "") -> Path:
    """Where a paper's results are: under ``results/``, or where the environment variable AUDIO_REPRODUCTIONS_RESULTS
    says; for the synthetic corpus under ``cache/results/``.

    What comes from synthetic data shows that the code runs and is never committed beside a paper's numbers.
    """
    return (cache_root() / "results" if corpus == SYNTHETIC else results_root()) / paper_id


def write_runs(paper: Paper, folder: Path) -> list[dict]:
    """Compute all of ``runs.csv`` in ``folder`` and write it; return its rows."""
    table = Results.read(paper, folder, for_writing=True).table
    write_runs_file(folder / RUNS, table)
    return list(table)


def merge(paper: Paper, keys: Iterable[str]) -> None:
    """Copy what units have written in the cache into the results, and bring ``runs.csv`` up to date.

    Any order will do, and any number of processes: it happens under the results' lock. A complete unit in the results
    is not replaced by a partial one, nor by one that answered the same; one with settings of somebody's own stays where
    it is. Only the rows of these units are written, and of what follows from them.

    Raises
    ------
    ResultsError
        Units whose predictions do not fit their records, or cannot be scored; the others are merged all the same.
    """
    refused, by_folder = [], {}
    for key in sorted(set(keys)):
        source = cache_root() / "runs" / paper.id / key
        if (source / RECORD).exists():
            try:
                answer = unit_answer(source, Opened())
                check(paper, source, answer)
            except ResultsError as error:
                refused.append(f"{key} is not merged: {error}")
                continue
            if is_custom(answer.record["variant"]):  # somebody's own, which is none of the paper's
                continue
            folder = results_folder(paper.id, answer.record["corpus"])
            by_folder.setdefault(folder, []).append((answer.record | {CHECKSUM: answer.checksum}, source))
    for folder, found in by_folder.items():
        with file_lock(folder / ".lock", f"merging the results of {paper.id}", wait=True):
            settle(folder)
            for record, source in found:
                target = folder / UNITS / record["key"]
                if _is_better(record, target):
                    replace_unit(source, target, record)
            _update_runs(paper, folder, [record for record, _ in found])
    if refused:
        raise ResultsError("; ".join(refused))


def check(paper: Paper, folder: Path, answer: Answer) -> None:
    """Whether the files of a unit fit its record and can be scored. Raises ResultsError where they do not."""
    summary_of(paper, answer)
    read_history(folder, answer.record)
    verify_beside(folder, SKIPPED, answer.record)


def _is_better(record: dict, target: Path) -> bool:
    """Whether a unit should take the place of what is there."""
    try:
        there = unit_answer(target, Opened()) if (target / RECORD).exists() else None
    except ResultsError:  # what is there counts for nothing
        return True
    if there is None or there.record["status"] != "complete":
        return True
    news = {name for name in record.keys() | there.record.keys() if record.get(name) != there.record.get(name)}
    return record["status"] == "complete" and (bool(news - MACHINE) or there.record["commit"].endswith("+"))


def _update_runs(paper: Paper, folder: Path, records: Iterable[dict]) -> None:
    """Write the rows of units, and of all that shares their conditions, into ``runs.csv``.

    So are those of units of which the file knows nothing, as where a process was killed before it wrote it, and the
    rows of units that are no more are removed. All other rows stay as they are.
    """
    try:
        rows = read_runs(folder / RUNS)
    except ResultsError:  # of an older schema
        rows = []
    units = folder / UNITS
    there = {name for name in os.listdir(units) if not name.startswith(".")}
    of_row = [family(row) for row in rows]
    of_unit = {voter(row["unit"]): of for row, of in zip(rows, of_row, strict=True)}
    families = {family(record) for record in records}
    families |= {of for name, of in of_unit.items() if name not in there and " " not in name}
    for name in there - of_unit.keys():
        with suppress(ResultsError):  # named by whoever reads the results
            of_unit[name] = family(read_unit(units / name))
            families.add(of_unit[name])
    found, together, _ = evaluated(paper, [units / name for name in sorted(there) if of_unit.get(name) in families])
    rows = [row for row, of in zip(rows, of_row, strict=True) if of not in families]
    rows += [row for row, _ in table_of(paper, found + together)]
    write_runs_file(folder / RUNS, sorted(rows, key=order(paper)))
