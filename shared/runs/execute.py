"""All tasks of a plan, done in this process, in several, or on a Dask cluster.

A task begins when those that it needs are done. One that fails does not stop the others; one that another process is at
is left to it, and looked at again when nothing else is to be done; one whose process was killed goes on in another.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import multiprocessing.connection
import os
import signal
import sys
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from shared.base.deadline import OutOfTimeError
from shared.base.locks import LockedError
from shared.base.processes import end_with
from shared.base.terminal import raised_here
from shared.runs import units
from shared.runs.budget import Budget
from shared.runs.estimates import Estimates, Progress
from shared.runs.plan import FEATURES, Task
from shared.runs.work import in_a_line, is_done, start_over, work

DONE, FAILED, HELD, DIED, NOT_BEGUN = "done", "failed", "held", "died", "not begun"
LEFT_OUT = "left out"  # since it would not have ended within the budget, or did not
DEATHS = 3  # of a task's process, after which it counts as failed
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")


@dataclass(frozen=True)
class Outcome:
    """What became of a task: ``done`` (and whether anything was left to do), ``failed``, ``not begun`` or ``left out``,
    and why."""

    key: str
    state: str
    reason: str = ""
    worked: bool = False


class Place(Protocol):
    """Where tasks are done: `slots` at a time."""

    slots: int

    def submit(self, task: Task, *, wait: bool) -> None:
        """Begin a task."""

    def finished(self) -> list[Outcome]:
        """Wait until something has ended."""

    def close(self) -> None:
        """End whatever is still under way."""


def attempt(task: Task, opened: dict, *, wait: bool) -> Outcome:
    """Do a task; an error is told at once, with its traceback where it is not one of ours, and becomes the outcome."""
    try:
        work(task, opened, wait=wait)
    except LockedError as error:
        return Outcome(task.key, HELD, error.state)
    except OutOfTimeError as error:
        return Outcome(task.key, LEFT_OUT, str(error))
    except Exception as error:
        if not raised_here(error):
            traceback.print_exc()
        print(f"{task.key}: {in_a_line(error)}", file=sys.stderr, flush=True)
        return Outcome(task.key, FAILED, in_a_line(error))
    return Outcome(task.key, DONE, worked=True)


def execute(
    tasks: Sequence[Task],
    place: Place | None = None,
    *,
    restart: bool = False,
    estimates: Estimates | None = None,
    budget: Budget | None = None,
) -> list[Outcome]:
    """Do all tasks, each after those that it needs.

    Parameters
    ----------
    tasks : sequence of Task
        A plan, as `shared.runs.plan.in_order` gives it.
    place : Place, optional
        `Processes` or `Cluster`; this process if None.
    restart : bool
        Forget what the units that were asked for have done so far. Raises LockedError where a process is at one.
    estimates : Estimates, optional
        From which the remaining time is told.
    budget : Budget, optional
        The time that all of it may take: what would end later is left out, and a training that is longer than expected
        stops between two epochs.

    Returns
    -------
    list of Outcome
        One a task, in the plan's order; features that nothing needed have none.
    """
    place, estimates = place or Here(), estimates or Estimates()
    outcomes: dict[str, Outcome] = {}
    for task in tasks:
        if restart and task.asked and task.work != FEATURES:
            start_over(task)
        if task.work != FEATURES and is_done(task):
            try:
                units.keep_settings(task.unit, task.settings)
                outcomes[task.key] = Outcome(task.key, DONE)
            except ValueError as error:
                print(f"{task.key}: {in_a_line(error)}", file=sys.stderr)
                outcomes[task.key] = Outcome(task.key, FAILED, in_a_line(error))
    needed = {need for task in tasks if task.key not in outcomes for need in task.needs}
    todo = [t for t in tasks if t.key not in outcomes and (t.work != FEATURES or t.key in needed)]
    try:
        with Progress(todo, estimates, place.slots) as progress:
            outcomes |= _carry_out(todo, outcomes, place, progress, budget)
    finally:
        place.close()
    return [outcomes[task.key] for task in tasks if task.key in outcomes]


def _carry_out(
    todo: list[Task], before: dict, place: Place, progress: Progress, budget: Budget | None
) -> dict[str, Outcome]:
    tasks, known = {task.key: task for task in todo}, set(before) | {task.key for task in todo}
    outcomes, waiting, held, running, deaths = dict(before), list(tasks), [], set(), dict.fromkeys(tasks, 0)
    waited = set()

    def end(outcome: Outcome) -> None:
        outcomes[outcome.key] = outcome
        if budget:
            budget.end(tasks[outcome.key])
        progress.end(tasks[outcome.key], failed=outcome.state != DONE)

    while waiting or held or running:
        for key in list(waiting):
            needs = [need for need in tasks[key].needs if need in known]
            broken = [need for need in needs if need in outcomes and outcomes[need].state != DONE]
            if broken:
                waiting.remove(key)
                state = LEFT_OUT if outcomes[broken[0]].state == LEFT_OUT else NOT_BEGUN
                end(Outcome(key, state, f"needs {broken[0]}, which {_became(outcomes[broken[0]])}"))
            elif len(running) < place.slots and all(need in outcomes for need in needs):
                waiting.remove(key)
                if budget and not budget.allows(tasks[key]):
                    end(Outcome(key, LEFT_OUT, "it would not end within the budget"))
                    continue
                running.add(key)
                progress.begin(tasks[key])
                if budget:
                    budget.begin(tasks[key])
                place.submit(replace(tasks[key], until=budget and budget.until), wait=False)
                if len(running) == place.slots:
                    break
        if not running and held:  # nothing else can be done, so wait for what another process is at
            key = held.pop(0)
            running.add(key)
            waited.add(key)
            place.submit(replace(tasks[key], until=budget and budget.until), wait=True)
        for outcome in place.finished() if running else ():
            running.discard(outcome.key)
            if outcome.state == HELD and outcome.key not in waited:
                print(f"{outcome.reason}; it is left to that process", file=sys.stderr, flush=True)
                held.append(outcome.key)
            elif outcome.state == DIED and deaths[outcome.key] + 1 < DEATHS:
                deaths[outcome.key] += 1
                print(f"{outcome.key}: {outcome.reason}; it goes on in another", file=sys.stderr, flush=True)
                waiting.insert(0, outcome.key)
            elif outcome.state == DIED:
                end(Outcome(outcome.key, FAILED, f"{outcome.reason}, {DEATHS} times; is there memory enough?"))
            else:
                end(replace(outcome, state=FAILED) if outcome.state == HELD else outcome)
    return outcomes


def _became(outcome: Outcome) -> str:
    return {FAILED: "failed", LEFT_OUT: "was left out"}.get(outcome.state, "was not begun")


# --- in this process --------------------------------------------------------------------------------------------------
class Here:
    """This process, one task after the other."""

    slots = 1

    def __init__(self):
        self._opened, self._outcomes = {}, []

    def submit(self, task: Task, *, wait: bool) -> None:
        self._outcomes.append(attempt(task, self._opened, wait=wait))

    def finished(self) -> list[Outcome]:
        outcomes, self._outcomes = self._outcomes, []
        return outcomes

    def close(self) -> None:
        self._opened.clear()


# --- in several processes ---------------------------------------------------------------------------------------------
class Processes:
    """So many processes of this machine, each with its share of the processor's cores, or with a GPU of its own.

    A process that ends is replaced by another. They all end with this one, also when it is killed.
    """

    def __init__(self, n: int):
        self.slots = n
        self._workers: list[_Worker | None] = [None] * n

    def submit(self, task: Task, *, wait: bool) -> None:
        number = next(i for i, worker in enumerate(self._workers) if worker is None or worker.key is None)
        worker = self._workers[number] = self._workers[number] or _Worker(number, self.slots)
        worker.key = task.key
        with contextlib.suppress(BrokenPipeError):  # it has just died, which `finished` sees
            worker.connection.send((task.as_dict(), wait))

    def finished(self) -> list[Outcome]:
        busy = {w.connection: w for w in self._workers if w is not None and w.key is not None}
        ready = multiprocessing.connection.wait([*busy, *(w.process.sentinel for w in busy.values())])
        outcomes = []
        for worker in [w for w in busy.values() if w.connection in ready or w.process.sentinel in ready]:
            try:
                outcomes.append(Outcome(**worker.connection.recv()))
                worker.key = None
            except (EOFError, OSError):
                worker.process.join()
                outcomes.append(Outcome(worker.key, DIED, f"its process ended with {_exit(worker.process.exitcode)}"))
                self._workers[worker.number] = None
        return outcomes

    def close(self) -> None:
        for worker in filter(None, self._workers):
            if worker.key is None:
                worker.connection.close()  # which it takes as the end
            else:
                worker.process.terminate()
        for worker in filter(None, self._workers):
            worker.process.join()


class _Worker:
    """A process that does tasks, and this end of the pipe to it; `key` is of the task that it is at."""

    def __init__(self, number: int, of: int):
        self.number, self.key = number, None
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        share = share_of(number, of)
        self.process = context.Process(target=_serve, args=(theirs, share["cores"], os.getpid()), daemon=False)
        with _environment(share["environment"]):  # before the process loads a library that makes threads
            self.process.start()
        theirs.close()


def share_of(number: int, of: int) -> dict:
    """Cores and environment of one of several processes.

    Every process has as many cores as every other, and at least one; with GPUs, process i has GPU i, or shares it.
    """
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else list(range(os.cpu_count() or 1))
    each = max(len(cores) // of, 1)
    own = [cores[(number * each + i) % len(cores)] for i in range(each)]
    environment = dict.fromkeys(THREAD_VARIABLES, str(each))
    if gpus := visible_gpus():
        environment |= {"CUDA_VISIBLE_DEVICES": gpus[number % len(gpus)], "TF_FORCE_GPU_ALLOW_GROWTH": "true"}
    return {"cores": own, "environment": environment}


def visible_gpus() -> list[str]:
    """The NVIDIA GPUs that this process may use, as CUDA_VISIBLE_DEVICES names them."""
    if "CUDA_VISIBLE_DEVICES" in os.environ:
        return [name for name in os.environ["CUDA_VISIBLE_DEVICES"].split(",") if name.strip() not in ("", "-1")]
    numbers = [path.name.removeprefix("nvidia") for path in Path("/dev").glob("nvidia[0-9]*")]
    return [str(i) for i in range(len(numbers))]


@contextlib.contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _serve(connection, cores: list[int], parent: int) -> None:
    """Do the tasks that come through a pipe, until it is closed or the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the coordinator's to handle
    end_with(parent)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, cores)
    opened: dict = {}
    while True:
        try:
            values, wait = connection.recv()
        except EOFError:
            return
        outcome = attempt(Task.from_dict(values), opened, wait=wait)
        connection.send(vars(outcome))


def _exit(code: int | None) -> str:
    return f"signal {-code}" if code is not None and code < 0 else f"exit status {code}"
