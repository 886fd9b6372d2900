"""The results of a paper, read once: what diff, tables, READMEs, the report, comparisons and ablations are drawn from.

A unit whose predictions do not fit its record, or cannot be scored, is named and left out of everything.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from operator import itemgetter
from pathlib import Path

from shared.base.own_files import FileError, read_table
from shared.paper.fields import voter
from shared.paper.schema import Paper
from shared.results.answer import Answer, Opened
from shared.results.derived import derived
from shared.results.exact import exact_rows
from shared.results.runs_table import RUNS, check_runs, order, read_runs, rows_of, with_numbers
from shared.results.summaries import Summary, summary_of
from shared.results.unit_files import UNITS, results_lock, settle
from shared.runs.predictions import predictions_file, read_predictions, verify
from shared.runs.units import (
    CONDITIONS,
    RECORD,
    RESTORE,
    SKIPPED,
    SKIPPED_FORM,
    read_history,
    read_unit,
    units_in,
    verify_beside,
)

FAMILY = tuple(name for name in CONDITIONS if name != "fold")  # what units share that give something together
_family = itemgetter(*FAMILY)


@dataclass(frozen=True)
class LeftOut:
    """A unit, or what several give together, that does not count, and why, in words that name the unit's file."""

    name: str
    reason: str


@dataclass(frozen=True)
class Results:
    """What was kept of all trainings of a paper.

    ``records`` has each unit's that counts, by key, with the number of clips that it ``skipped``. ``answers`` are
    theirs and those that follow from them. ``table`` has the rows of runs.csv; ``rows`` the same with numbers as
    numbers and with what the clips say of their uncertainty, and with what follows from the paper's own labels alone
    (`shared.results.exact`), whether anything was run or not.
    """

    paper: Paper
    folder: Path
    records: dict[str, dict] = field(default_factory=dict, repr=False)
    answers: tuple[Answer, ...] = field(default=(), repr=False)
    table: tuple[dict, ...] = field(default=(), repr=False)
    rows: tuple[dict, ...] = field(default=(), repr=False)
    left_out: tuple[LeftOut, ...] = ()
    histories: dict[str, list[dict[str, float]]] = field(default_factory=dict, repr=False)

    @classmethod
    def read(cls, paper: Paper, folder: Path, for_writing: bool = False) -> Results:
        """Read ``results/<paper>``; one that is not there yet has no rows but those of the paper's own labels.

        Parameters
        ----------
        folder : Path
            The paper's results.
        for_writing : bool
            The caller holds the folder's lock and writes runs.csv anew, so that it is not held against the predictions.

        Raises
        ------
        DiffError
            A row of runs.csv that its predictions do not give, or that is missing.
        FileError
            A runs.csv that cannot be read.
        """
        if not (folder / UNITS).is_dir():
            return cls(paper, folder, rows=tuple(exact_rows(paper)))
        with nullcontext() if for_writing else results_lock(folder, f"reading the results of {paper.id}"):
            if os.access(folder, os.W_OK):
                settle(folder)
            histories: dict[str, list[dict[str, float]]] = {}
            units, together, left_out = evaluated(paper, units_in(folder / UNITS), histories)
            committed = [] if for_writing else [with_numbers(row) for row in read_runs(folder / RUNS)]
        found = units + together
        pairs = table_of(paper, found)
        rows = [with_numbers(row) | score for row, score in pairs]
        if not for_writing:
            check_runs(rows, committed, folder / RUNS, excused=_following(committed, left_out))
        records = {answer.record["key"]: answer.record for answer, _ in units}
        answers, table = tuple(answer for answer, _ in found), tuple(row for row, _ in pairs)
        return cls(paper, folder, records, answers, table, (*rows, *exact_rows(paper)), tuple(left_out), histories)

    def history(self, record: dict, *columns: str) -> list[dict[str, float]]:
        """The rows of a unit's history, an epoch each, with these `columns`; none where it has none."""
        rows = self.histories.get(record["key"], [])
        if rows and (missing := sorted(set(columns) - rows[0].keys())):
            raise FileError(f"the history of {record['key']} lacks the column {', '.join(missing)}; {RESTORE}")
        return rows


Evaluated = list[tuple[Answer, Summary]]


def evaluated(
    paper: Paper, folders: Iterable[Path], histories: dict[str, list[dict[str, float]]] | None = None
) -> tuple[Evaluated, Evaluated, list[LeftOut]]:
    """What units say, what follows from several of them, and what had to be left out; `histories` are added to."""
    opened, units, left_out = Opened(), [], []
    for folder in folders:
        try:
            answer = unit_answer(folder, opened)
            answer = replace(answer, record=answer.record | {"skipped": _skipped(folder, answer.record)})
            if histories is not None:
                histories[folder.name] = read_history(folder, answer.record)
            units.append((answer, summary_of(paper, answer)))
        except FileError as error:
            left_out.append(LeftOut(folder.name, str(error).replace(f"{folder}{os.sep}", "")))
    together = []
    for answer in derived(paper, [answer for answer, _ in units]):
        try:
            summary = summary_of(paper, answer)
        except FileError as error:
            conditions = ", ".join(f"{name} {answer.record[name]}" for name in FAMILY[:-1])
            left_out.append(LeftOut(f"{answer.record['model']} ({conditions})", str(error)))
            continue
        if summary:
            together.append((answer, summary))
    return units, together, left_out


def unit_answer(folder: Path, opened: Opened) -> Answer:
    """What a unit answered, if its predictions are those that its record was written for.

    Raises
    ------
    FileError
        They are not, or one of the two cannot be read.
    """
    record = read_unit(folder)
    if record["key"] != folder.name:
        raise FileError(f"{folder / RECORD}: is that of {record['key']}, not of the folder it stands in; {RESTORE}")
    return answer_of(folder, record, opened)


def answer_of(folder: Path, record: dict, opened: Opened) -> Answer:
    """The answer of a record that was read from a folder of any name. Raises FileError as `unit_answer` does."""
    checksum = verify(*predictions_file(folder), record)
    return Answer(record, checksum, lambda: read_predictions(folder, record), opened)


def table_of(paper: Paper, found: Evaluated) -> list[tuple[dict, dict]]:
    """Rows of runs.csv in their order, each with what the clips say of its uncertainty."""
    key = order(paper)
    pairs = [pair for answer, summary in found for pair in rows_of(paper, answer.record, summary)]
    return sorted(pairs, key=lambda pair: key(pair[0]))


def family(row: dict) -> tuple[str, ...]:
    """What units share that may give something together, of a record or of a row of runs.csv."""
    return tuple(map(str, _family(row)))


def _following(committed: list[dict], left_out: list[LeftOut]):
    """Whether a committed row is of a unit that was left out, or may follow from one."""
    names = {one.name for one in left_out}
    families = {family(row) for row in committed if voter(row["unit"]) in names}
    return lambda row: family(row) in families


def _skipped(folder: Path, record: dict) -> int:
    """Clips that the run set aside as unreadable, by its skipped.csv."""
    file = folder / SKIPPED
    n = len(read_table(file, SKIPPED_FORM, RESTORE)) if file.exists() else 0
    verify_beside(folder, SKIPPED, record)
    return n
