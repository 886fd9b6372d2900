"""The time that a run may take: no task begins that would end after it, and a training stops between two epochs."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable

from shared.runs.estimates import Estimates
from shared.runs.plan import FEATURES, Task
from shared.runs.units import read_record

UNITS = {"h": 3600.0, "min": 60.0, "m": 60.0, "s": 1.0}


def seconds_of(text: str) -> float:
    """``6h``, ``90min`` or ``1.5h`` in seconds. Raises ValueError for anything else."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?) ?(h|min|m|s)", text.strip())
    if not found or not float(found[1]):
        raise ValueError(f"{text!r}: expected a time such as 6h, 90min or 45s")
    return float(found[1]) * UNITS[found[2]]


class Budget:
    """So many seconds from now on.

    What the tasks that have ended took, over what was expected of them, corrects what is expected of the others: this
    machine may be busier than the one that the records are from.

    Parameters
    ----------
    seconds : float
        All that may be used.
    estimates : Estimates
        What tasks take; every record of a task that ends is added to them.
    clock : function
        Seconds since the epoch.
    """

    def __init__(self, seconds: float, estimates: Estimates, clock: Callable[[], float] = time.time):
        self.seconds, self.estimates, self._clock = seconds, estimates, clock
        self.until = clock() + seconds
        self._begun: dict[str, tuple[float, float | None]] = {}
        self._took = self._expected = 0.0

    @property
    def left(self) -> float:
        """Seconds, below 0 where they are used up."""
        return self.until - self._clock()

    def expected(self, task: Task) -> float | None:
        """Seconds that a task will take; None where nothing is known."""
        seconds = self.estimates.remaining(task)
        if seconds is None:
            return None
        return seconds * (self._took / self._expected if self._expected else 1.0)

    def allows(self, task: Task) -> bool:
        """Whether a task would end in time; one of which nothing is known may try."""
        return (self.expected(task) or 0.0) <= self.left and self.left > 0

    def begin(self, task: Task) -> None:
        """A task is being worked on."""
        self._begun[task.key] = self._clock(), self.estimates.remaining(task)

    def end(self, task: Task) -> None:
        """A task has ended: learn from it."""
        start, expected = self._begun.pop(task.key, (0.0, None))
        record = None if task.work == FEATURES else read_record(task.folder)
        if record is None or record["status"] != "complete":
            return
        if expected:
            self._took, self._expected = self._took + self._clock() - start, self._expected + expected
        else:
            self.estimates.add(record)


def that_fit(
    tasks: Iterable[Task], seconds: float, estimates: Estimates, slots: int = 1
) -> tuple[list[Task], list[Task]]:
    """The first tasks of a plan that fit into a time, by what is known before, and those that are left out.

    One that does not fit is left out, and shorter ones behind it are not. A task of which no record tells the time
    counts like the mean of those that are known.
    """
    tasks = list(tasks)
    known = [one for task in tasks if task.work != FEATURES and (one := estimates.remaining(task))]
    mean = sum(known) / len(known) if known else 0.0
    chosen, left_out, used = [], [], 0.0
    for task in tasks:
        expected = estimates.remaining(task)
        expected = mean if expected is None else expected
        if used + expected <= seconds * slots:
            used += expected
            chosen.append(task)
        else:
            left_out.append(task)
    return chosen, left_out
