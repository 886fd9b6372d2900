"""Trained networks: what their training leaves behind, and which of several a prediction takes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from shared.base.files import cache_root
from shared.paper.schema import SYNTHETIC, Paper
from shared.runs import unit as units
from shared.runs.predictions import write_predictions
from shared.runs.unit import NETWORK, Unit, unit_folders
from shared.training.weights import load_weights, save_weights

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from shared.training.fitting import Run


class NotTrainedError(ValueError):
    """There are no trained networks to predict with."""


def write_network(unit: Unit, model) -> Path:
    """Keep the weights of a unit's trained keras.Model for predictions, without the optimiser and its state."""
    import keras

    network = keras.Model(model.inputs, model.outputs)
    return save_weights(network, unit.folder / NETWORK)


def load_network(model, folder: Path) -> None:
    """Load the weights that `write_network` kept in a unit's folder into a model of the same form.

    Raises
    ------
    FileError
        The file is damaged, or of another network.
    """
    load_weights(model, folder / NETWORK, "train it again with run --restart")


def trained_units(paper: Paper) -> list[tuple[dict, Path]]:
    """Record and folder of each unit that left its network's weights, the one to be preferred first.

    The paper's own corpus comes before another, the published protocol before a grouped one, finished before partial,
    then paper.toml's order of variants and the lowest seed, fold and precision.
    """

    def preference(unit: tuple[dict, Path]) -> tuple:
        record = unit[0]
        return (
            not paper.is_own(record["model"], record["corpus"]),
            record["corpus"] == SYNTHETIC,
            record["protocol"] != "published",
            record["status"] != "complete",
            [*paper.variants, record["variant"]].index(record["variant"]),
            *(record[name] for name in ("seed", "fold", "precision", "key")),
        )

    there = [(record, folder) for record, folder in unit_folders(cache_root() / "runs" / paper.id)]
    return sorted([unit for unit in there if (unit[1] / NETWORK).exists()], key=preference)


def preferred(paper: Paper, hint: str) -> dict[str, tuple[dict, Path]]:
    """Record and folder of the training to use, model by model, in the paper's order.

    Raises
    ------
    NotTrainedError
        None of the models is trained; `hint` says how to train one.
    """
    found: dict[str, tuple[dict, Path]] = {}
    for record, folder in trained_units(paper):
        found.setdefault(record["model"], (record, folder))
    if not found:
        raise NotTrainedError(f"none of the models is trained yet. {hint}")
    return {name: found[name] for name in paper.models if name in found}


def write_unit(
    unit: Unit,
    run: Run,
    settings: dict,
    classes: Sequence[str],
    clips: pd.DataFrame,
    probabilities: np.ndarray,
    **conditions,
) -> None:
    """Write a trained unit's predictions (as `write_predictions` takes them), its history, and last its record.

    `conditions` are added to the record. It is complete when the run came to the settings' epochs or was stopped early,
    else partial.
    """
    from shared.layers import backend
    from shared.training.precision import policy_precision, product_seconds

    if policy_precision() != unit.precision:
        raise ValueError(f"{unit.key} was trained in {policy_precision()}: set the precision before the model is built")
    planned = settings["epochs"]
    write_predictions(unit.folder, classes, clips, probabilities)
    units.write_history(unit.folder, run.rows)
    units.write_record(
        unit,
        status="complete" if run.stopped or run.epoch >= planned else "partial",
        epochs=run.epoch,
        epochs_planned=planned,
        best_epoch=run.best_epoch,
        seconds=run.seconds,
        product_seconds=round(product_seconds(unit.precision), 6),
        **backend.conditions(),
        **conditions,
        settings=settings,
        classes=classes,
    )
