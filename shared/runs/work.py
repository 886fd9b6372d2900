"""One task, done in whatever process calls: it can be killed at any moment and called again."""

from __future__ import annotations

import contextlib
import importlib
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field, TypeAdapter

from shared.base.deadline import OutOfTimeError, deadline
from shared.base.files import atomic_write, cache_key
from shared.base.locks import file_lock
from shared.base.own_files import read_json, write_json
from shared.base.provenance import commit_id
from shared.runs import units
from shared.runs.plan import FEATURES, Task
from shared.runs.units import BEGIN_AGAIN, STATE

FAILURE = "failure.json"  # why a unit's last attempt ended; gone when it succeeds
KEPT_OPEN = 2  # data that a process holds, each of which may be gigabytes

COMPLETE, PARTIAL, MISSING, FAILED = "complete", "partial", "missing", "failed"


class Epoch(BaseModel):
    """What is read here of an epoch in ``state.json``."""

    seconds: Annotated[float, Field(ge=0)]


class StateFile(BaseModel):
    """What is read here of a ``state.json``."""

    rows: list[Epoch]


class FailureFile(BaseModel):
    """A ``failure.json``."""

    error: str
    commit: str


STATE_FORM, FAILURE_FORM = TypeAdapter(StateFile), TypeAdapter(FailureFile)


class OtherDataError(ValueError):
    """The corpus of this machine is not the one that the task was planned with."""


@dataclass(frozen=True)
class State:
    """How far a unit is: ``complete``, ``partial``, ``missing`` or ``failed``, its epochs, and why it failed."""

    name: str
    epochs: int = 0
    planned: int = 0
    reason: str = ""

    def __str__(self) -> str:
        if self.name == PARTIAL:
            return f"partial at epoch {self.epochs}" + f" of {self.planned}" * bool(self.planned)
        if self.name == FAILED:
            return f"failed after epoch {self.epochs}: {self.reason}" if self.epochs else f"failed: {self.reason}"
        return self.name


def state_in(folder: Path, planned: int = 0) -> State:
    """How far the unit in a folder of the cache is; failed, where its files are not what they should be."""
    try:
        return _state_in(folder, planned)
    except units.ResultsError as error:
        return State(FAILED, reason=str(error))


def _state_in(folder: Path, planned: int) -> State:
    record, epochs = units.read_record(folder), len(seconds_of_epochs(folder))
    if record is not None:
        epochs, planned = max(epochs, record.get("epochs", 0)), record.get("epochs_planned") or planned
        if record.get("status") == COMPLETE:
            return State(COMPLETE, epochs, planned)
    if (folder / FAILURE).exists():
        return State(FAILED, epochs, planned, read_json(folder / FAILURE, FAILURE_FORM, BEGIN_AGAIN).error)
    return State(PARTIAL if epochs or record is not None else MISSING, epochs, planned)


def seconds_of_epochs(folder: Path) -> list[float]:
    """What each epoch took that the training in a folder has done so far."""
    path = folder / STATE
    return [row.seconds for row in read_json(path, STATE_FORM, BEGIN_AGAIN).rows] if path.exists() else []


def state_of(task: Task) -> State:
    """How far a task is; one that features alone are asked of is always ``missing``."""
    return State(MISSING) if task.work == FEATURES else state_in(task.folder, task.settings.get("epochs", 0))


def is_done(task: Task) -> bool:
    """Whether a task has nothing to do: its unit is complete, or has the epochs that are asked for.

    One with a damaged record is not done; `work` says what is wrong.
    """
    record = None
    if task.work != FEATURES:
        with contextlib.suppress(units.ResultsError):
            record = units.read_record(task.folder)
    if record is None:
        return False
    return record["status"] == COMPLETE or bool(task.epochs and record["epochs"] >= task.epochs)


def start_over(task: Task) -> None:
    """Forget what a task's unit has done so far. Raises LockedError where a process is at it."""
    with file_lock(_lock(task), f"the run {task.key}"):
        units.forget(task.folder)


def work(task: Task, opened: dict | None = None, *, wait: bool = False) -> None:
    """Do a task, unless it is done.

    Parameters
    ----------
    opened : dict, optional
        Data that this process has opened, by the arguments; more is added, and the oldest closed.
    wait : bool
        Where another process is at the same task, wait for it instead of raising.

    Raises
    ------
    LockedError
        Another process is at the same task.
    SettingsChangedError
        The unit was begun under other settings than it would now go on with.
    OtherDataError
        The corpus here is another than the task was planned with.
    OutOfTimeError
        The task's time is used up; what it has done so far is kept.
    ResultsError
        Its folder has a damaged record, which is not trained over.
    """
    opened = {} if opened is None else opened
    if task.work == FEATURES:
        with file_lock(_lock(task), f"computing features of {task.unit.paper}", wait=wait):
            _open(task, opened)
        return
    commit_id()  # of the code that runs, whatever is committed meanwhile
    with file_lock(_lock(task), f"the run {task.key}", wait=wait):
        units.keep_settings(task.unit, task.settings)
        units.read_record(task.folder)
        if is_done(task):
            return
        try:
            function = getattr(importlib.import_module(task.module), task.work)
            if "keras" in sys.modules:  # what trains imports it, and a probe need not wait for it
                from shared.training.precision import set_precision

                set_precision(task.unit.precision)
            with deadline(task.until):
                function(task, _open(task, opened))
        except OutOfTimeError:
            raise
        except Exception as error:
            _keep_failure(task, error)
            raise
        (task.folder / FAILURE).unlink(missing_ok=True)


def _lock(task: Task) -> Path:
    return task.folder.with_name(task.folder.name + ".lock")


def _open(task: Task, opened: dict):
    """What the task works on, opened now or before."""
    key = cache_key(module=task.module, **task.data)
    if key not in opened:
        while len(opened) >= KEPT_OPEN:
            opened.pop(next(iter(opened)))
        opened[key] = importlib.import_module(task.module).open_data(**task.data)
    data = opened[key]
    if data.fingerprint != task.unit.fingerprint:
        raise OtherDataError(
            f"the corpus {task.unit.corpus} has the fingerprint {data.fingerprint} here, and {task.key} was planned "
            f"with {task.unit.fingerprint}: plan again, or bring the corpus that it was planned with"
        )
    return data


def _keep_failure(task: Task, error: Exception) -> None:
    content = write_json({"error": in_a_line(error), "commit": commit_id()})
    with contextlib.suppress(OSError):  # such as a full disk, which is what failed
        atomic_write(task.folder / FAILURE, lambda file: file.write(content))


def in_a_line(error: BaseException) -> str:
    """An error as one line; a library's with its class."""
    words = " ".join(str(error).split())
    return words if isinstance(error, ValueError) and words else f"{type(error).__name__}: {words}"
