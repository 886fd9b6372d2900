"""How long the tasks of a plan will take, from what units took before, and a line on how far the plan is."""

from __future__ import annotations

import contextlib
import functools
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence

from tqdm import tqdm

from shared.runs.plan import FEATURES, Task
from shared.runs.units import ResultsError
from shared.runs.work import is_done, seconds_of_epochs, state_of

# What a record must share with a task for its time to tell something; the first that any record fulfils counts.
ALIKE = (
    ("model", "variant", "protocol", "corpus", "precision"),
    ("model", "variant", "corpus", "precision"),
    ("model", "corpus", "precision"),
    ("model", "corpus"),
)


class Estimates:
    """What tasks will take on this machine.

    Parameters
    ----------
    records : iterable of dict
        Of finished and partial units, this machine's or others'.
    product_seconds : function
        What a product of two matrices takes here, by precision. A record is corrected by the ratio of that to what it
        took where the unit was trained: in the record, or else in the others of that device, the median. A record of a
        device of which no record says it is taken as it is.
    """

    def __init__(self, records: Iterable[dict] = (), product_seconds: Callable[[str], float] | None = None):
        self.product_seconds = None if product_seconds is None else functools.cache(product_seconds)
        self.records = list(records)
        self._known: dict[tuple, list[float]] = {}

    def add(self, record: dict) -> None:
        """Learn from one more record."""
        self.records.append(record)
        self._known = {}

    def known(self, names: tuple[str, ...], values: tuple) -> list[float]:
        """Seconds an epoch, as they would be here, of the records whose conditions `names` are `values`."""
        if not self._known:
            there = self._products()
            for record in self.records:
                seconds = self._here(record, there)
                for each in ALIKE:
                    self._known.setdefault((each, tuple(record[name] for name in each)), []).append(seconds)
        return self._known.get((names, values), [])

    def _products(self) -> dict[tuple, float]:
        """What the product took on each device, in each precision: the median of its records."""
        told: dict[tuple, list[float]] = {}
        for record in self.records:
            if record.get("product_seconds"):
                told.setdefault((record.get("device"), record["precision"]), []).append(record["product_seconds"])
        return {place: statistics.median(seconds) for place, seconds in told.items()}

    def _here(self, record: dict, products: dict[tuple, float]) -> float:
        seconds, precision = record["seconds"] / (record["epochs"] or 1), record["precision"]
        there = record.get("product_seconds") or products.get((record.get("device"), precision))
        if self.product_seconds is None or there is None:
            return seconds
        return seconds * self.product_seconds(precision) / there

    def of_epoch(self, task: Task) -> float | None:
        """Seconds an epoch, or those of the whole where nothing is trained; None where nothing is known."""
        with contextlib.suppress(ResultsError):  # a damaged one is named where the task's state is told
            if own := seconds_of_epochs(task.folder):
                return statistics.median(own)
        for names in ALIKE:
            if found := self.known(names, tuple(getattr(task.unit, name) for name in names)):
                return statistics.median(found)
        return None

    def remaining(self, task: Task) -> float | None:
        """Seconds that a task still takes; features, and what evaluates another unit's network, count as nothing."""
        if task.work == FEATURES or (task.source is not None and task.work != "train") or is_done(task):
            return 0.0
        seconds = self.of_epoch(task)
        left = 1
        if task.work == "train":
            left = max(task.at_most(task.settings["epochs"]) - state_of(task).epochs, 0)
        return None if seconds is None else seconds * left


def in_words(seconds: float) -> str:
    """``40 s``, ``12 min``, ``3 h 20 min``."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02} min"


class Progress:
    """A line on the whole plan: kept up to date on a terminal, written once a minute where there is none."""

    def __init__(self, tasks: Sequence[Task], estimates: Estimates, slots: int):
        self.open = {task.key: task for task in tasks if task.work != FEATURES}
        self.total, self.failed, self.slots, self.estimates = len(self.open), 0, slots, estimates
        self.waiting = {key: estimates.remaining(task) for key, task in self.open.items()}
        self.running: set[str] = set()
        self.start, self._ended = time.monotonic(), threading.Event()

    def begin(self, task: Task) -> None:
        """A task is being worked on."""
        self.running.add(task.key)

    def end(self, task: Task, failed: bool = False) -> None:
        """A task has ended."""
        self.running.discard(task.key)
        if self.open.pop(task.key, None) is not None:
            self.failed += failed

    def line(self) -> str:
        """Tasks done and failed, time elapsed, time remaining."""
        elapsed, done = time.monotonic() - self.start, self.total - len(self.open) - self.failed
        words = [f"{done} of {self.total} done" + f", {self.failed} failed" * bool(self.failed)]
        words.append(f"{in_words(elapsed)} elapsed")
        left = [
            self.estimates.remaining(task) if key in self.running else self.waiting[key]
            for key, task in list(self.open.items())
        ]
        known = [seconds for seconds in left if seconds is not None]
        if len(known) < len(left) and done:
            known += [elapsed * min(self.slots, self.total) / done] * (len(left) - len(known))
        if left and len(known) == len(left):
            words.append(f"about {in_words(sum(known) / max(min(self.slots, len(left)), 1))} left")
        return " · ".join(words)

    def __enter__(self) -> Progress:
        self._thread = threading.Thread(target=self._show, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._ended.set()
        self._thread.join()

    def _show(self) -> None:
        if not sys.stderr.isatty():
            while not self._ended.wait(60):
                with contextlib.suppress(OSError, ValueError):  # a state that is just being written
                    print(self.line(), file=sys.stderr, flush=True)
            return
        with tqdm(bar_format="{desc}", leave=False) as bar:
            while not self._ended.wait(1):
                with contextlib.suppress(OSError, ValueError):
                    bar.set_description_str(self.line())


def total(seconds: Iterable[float | None]) -> tuple[float, int]:
    """The sum of what is known, and how many are not."""
    found = list(seconds)
    return sum(one for one in found if one is not None), sum(one is None for one in found)
