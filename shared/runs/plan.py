"""A run as a plan: what is asked for, and the tasks that it takes, as pure data.

A paper's ``train.py`` has ``plan(paper, request)``, which gives the tasks, ``open_data``, which opens what a task works
on, and functions that do a task: ``train``, and others such as a probe. :mod:`shared.runs.work` does one task in any
process on any machine, :mod:`shared.runs.execute` does all of a plan.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from shared.base.files import cache_key
from shared.paper.schema import Paper
from shared.runs.units import Unit, runs_root

FEATURES = "open_data"  # the work of a task that computes and keeps what others are trained on


@dataclass(frozen=True)
class Request:
    """What is asked for, in names of paper.toml; None where the paper chooses.

    Every combination of variant, model, fold and seed is a training. `epochs` ends each after so many, and a further
    run goes on. `pretrain` is the corpus to begin on, of a paper that has a variant for it.
    """

    variants: Sequence[str] = ("paper",)
    models: Sequence[str] | None = None
    protocol: str = "published"
    folds: Sequence[int] | None = None
    seeds: Sequence[int] = (0,)
    corpus: str | None = None
    precision: str = "auto"
    epochs: int | None = None
    pretrain: str | None = None

    def models_of(self, paper: Paper, variant: str) -> list[str]:
        """The models of a variant that are asked for, in the paper's order."""
        return [model for model in paper.models_for(variant) if not self.models or model in self.models]

    def combinations(self, paper: Paper, folds: Iterable[int]) -> Iterator[tuple[str, str, int, int]]:
        """Model, variant, fold and seed of each training: what reads the same data stands together."""
        for model in paper.models:
            variants = [variant for variant in self.variants if model in self.models_of(paper, variant)]
            for fold in folds:
                for seed in self.seeds:
                    for variant in variants:
                        yield model, variant, fold, seed


@dataclass(frozen=True)
class Task:
    """One piece of work, complete enough to be done by a process that knows nothing else.

    Parameters
    ----------
    unit : Unit
        What it makes. A task that only computes features has the unit of the first that needs them.
    settings : dict
        Of paper.toml, as plain values.
    data : dict
        Arguments of the module's ``open_data``, as JSON has them; tasks with the same ones share what it opens.
    module : str
        The module whose functions do the work.
    work : str
        Its function, called as ``function(task, data)``.
    epochs : int, optional
        Stop after so many epochs, rather than after those of the settings.
    source : Unit, optional
        A unit whose network this one begins from, or evaluates.
    needs : tuple of str
        Keys of the tasks that must be done before.
    asked : bool
        Whether somebody asked for it; otherwise it is there since others need it, or stands beside them.
    until : float, optional
        Seconds since the epoch after which a training begins no further one (`shared.base.deadline`).
    """

    unit: Unit
    settings: dict
    data: dict
    module: str
    work: str = "train"
    epochs: int | None = None
    source: Unit | None = None
    needs: tuple[str, ...] = ()
    asked: bool = True
    until: float | None = None

    @property
    def key(self) -> str:
        """The unit's key; of features one that is the same for all tasks that need them."""
        if self.work == FEATURES:
            return f"features.{cache_key(module=self.module, **self.data)[:16]}"
        return self.unit.key

    @property
    def folder(self) -> Path:
        """Where the task works."""
        return runs_root() / self.unit.paper / self.key

    def at_most(self, epochs: int) -> int:
        """The epoch after which to stop: `epochs`, or an earlier one that was asked for."""
        return min(self.epochs or epochs, epochs)

    def as_dict(self) -> dict:
        """The task as JSON has it."""
        return asdict(self) | {"needs": list(self.needs)}

    @classmethod
    def from_dict(cls, values: dict) -> Task:
        """The task that `as_dict` gave."""
        units = {name: Unit(**values[name]) for name in ("unit", "source") if values[name] is not None}
        return cls(**values | units | {"needs": tuple(values["needs"])})


def in_order(tasks: Iterable[Task]) -> list[Task]:
    """All tasks of a plan, each once and after those that it needs: features first, then sources.

    A task's features and its source are added to what it needs. Where two tasks have a key, the one that was asked for
    counts.
    """
    found: dict[str, Task] = {}
    for task in tasks:
        if task.key not in found or (task.asked and not found[task.key].asked):
            found[task.key] = task
    everything = {}
    for task in found.values():
        features = replace(task, work=FEATURES, source=None, needs=(), asked=False)
        everything.setdefault(features.key, features)
        source = () if task.source is None else (task.source.key,)
        everything[task.key] = replace(task, needs=(*task.needs, features.key, *source))
    placed: dict[str, Task] = {}

    def place(key: str) -> None:
        if key not in placed and key in everything:
            for need in everything[key].needs:
                place(need)
            placed[key] = everything[key]

    for key in everything:
        place(key)
    return list(placed.values())


def with_needs(tasks: Sequence[Task], keys: Iterable[str]) -> list[Task]:
    """Some of a plan's tasks and all that they need, in the plan's order."""
    by_key, wanted, open_keys = {task.key: task for task in tasks}, set(), list(keys)
    while open_keys:
        key = open_keys.pop()
        if key not in wanted:
            wanted.add(key)
            open_keys += [need for need in by_key[key].needs if need in by_key]
    return [task for task in tasks if task.key in wanted]


def shard(tasks: Sequence[Task], part: int, parts: int) -> list[Task]:
    """Every `parts`-th of the tasks that were asked for, beginning with number `part` (from 1), and what they need."""
    asked = [task.key for task in tasks if task.work != FEATURES and task.asked]
    others = [task.key for task in tasks if task.work != FEATURES and not task.asked]
    needed = {need for task in tasks for need in task.needs}
    beside = [key for key in others if key not in needed]  # such as probes, which nobody waits for
    return with_needs(tasks, (asked + beside)[part - 1 :: parts])
