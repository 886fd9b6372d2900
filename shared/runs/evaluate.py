"""Networks that come with the results, asked once more: do they give the predictions that are kept beside them?"""

from __future__ import annotations

import functools
import importlib
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from shared.paper.schema import Paper
from shared.runs.networks import LEAST_ALIKE, agreement, load_network
from shared.runs.plan import Request, Task
from shared.runs.predictions import read_predictions
from shared.runs.units import read_history, working_in
from shared.runs.work import work


class NotPlannedError(ValueError):
    """There is no task that would train a network again."""


@dataclass(frozen=True)
class Evaluation:
    """What a network says now of the clips that its unit's kept predictions are of.

    `same` of `clips` answers are as kept; `difference` is the largest one between two probabilities.
    """

    same: int
    clips: int
    difference: float

    @property
    def agrees(self) -> bool:
        """Whether all but a few answers are as kept: half precision and other processors round differently."""
        return self.clips > 0 and self.same >= LEAST_ALIKE * self.clips


def evaluate(paper: Paper, record: dict, folder: Path, opened: dict | None = None) -> Evaluation:
    """Let a unit's network answer again, by the same code that trained it, and hold it against what is kept.

    Parameters
    ----------
    record : dict
        The unit's.
    folder : Path
        Where its network, its history and its predictions are. Nothing in it is changed.
    opened : dict, optional
        Data that this process has opened, as `work` takes it.

    Raises
    ------
    NotPlannedError
        The corpus here is another than the unit was trained on, or paper.toml has changed.
    """
    from shared.training.fitting import History, already_trained

    task = task_of(paper, record)
    kept = read_predictions(folder)
    stopped = record["epochs"] < record.get("epochs_planned", 0)
    rows = [row | {"epoch": int(row["epoch"])} for row in read_history(folder, record)]
    run = History(rows, record.get("best_epoch", 0), stopped)

    with (
        tempfile.TemporaryDirectory() as place,
        working_in(Path(place)),
        already_trained(functools.partial(load_network, folder=folder), run),
    ):
        work(task, opened)
        again = read_predictions(task.folder)
    same, clips = agreement(again, kept)
    return Evaluation(same, clips, float(np.abs(again.like(kept).y_prob - kept.y_prob).max()))


def task_of(paper: Paper, record: dict) -> Task:
    """The task whose unit has this record."""
    request = Request(
        variants=[record["variant"]],
        models=[record["model"]],
        protocol=record["protocol"],
        folds=[record["fold"]],
        seeds=[record["seed"]],
        corpus=record["corpus"],
        precision=record["precision"],
    )
    tasks = importlib.import_module(f"reproductions.{paper.id}.train").plan(paper, request)
    for task in tasks:
        if task.key == record["key"]:
            return task
    there = ", ".join(task.unit.fingerprint for task in tasks[:1]) or "nothing"
    raise NotPlannedError(
        f"{record['key']}: expected the corpus {record['corpus']} with the fingerprint {record['fingerprint']}, found "
        f"{there}; bring the corpus that it was trained on"
    )
