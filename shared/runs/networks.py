"""Trained networks: what their training leaves behind, and which of several a prediction takes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from shared.base.files import atomic_write, cache_root
from shared.base.own_files import write_json
from shared.base.places import results_root
from shared.paper.readings import is_reading
from shared.paper.schema import SYNTHETIC, Paper
from shared.runs import units
from shared.runs.predictions import Predictions, read_predictions, write_predictions
from shared.runs.units import NETWORK, RECORD, SETTINGS, STATE, UNITS, ResultsError, Unit, read_unit, units_in
from shared.training.weights import load_weights, save_half, save_weights

if TYPE_CHECKING:
    import pandas as pd

    from shared.training.fitting import History


DECIMALS_OF_READINGS = 4
SHIPPED = "network.json"  # where a network in the results is from
MOST_BYTES = 8 * 2**20  # of one network in the results
LEAST_ALIKE = 0.995  # of a unit's answers, for a network to stand for it


class NotTrainedError(ValueError):
    """There are no trained networks to predict with."""


def write_network(unit: Unit, model) -> Path:
    """Keep the weights of a unit's trained keras.Model for predictions, without the optimiser and its state."""
    import keras

    network = keras.Model(model.inputs, model.outputs)
    return save_weights(network, unit.folder / NETWORK)


def load_network(model, folder: Path) -> None:
    """Load the weights that `write_network` kept in a unit's folder into a model of the same form.

    `model` may also be the whole one that was trained: a network behind its augmentation is its only layer that is a
    model.

    Raises
    ------
    FileError
        The file is damaged, or of another network.
    """
    import keras

    networks = [layer for layer in model.layers if isinstance(layer, keras.Model)]
    network = networks[0] if len(networks) == 1 else keras.Model(model.inputs, model.outputs)
    load_weights(network, folder / NETWORK, "train it again with run --restart")


def trained_units(paper: Paper) -> list[tuple[dict, Path]]:
    """Record and folder of each unit that left its network's weights, the one to be preferred first.

    They lie in the cache, where training left them, and in the results, where some come with the project. The paper's
    own corpus comes before another, the published protocol before a grouped one, finished before partial, then
    paper.toml's order of variants and the lowest seed, fold and precision; of a network in both places the cache's.
    Readings without a name of their own are left out: they are trained to be counted, and not to be used.
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
            is_shipped(unit[1]),
        )

    places = (cache_root() / "runs" / paper.id, results_root() / paper.id / UNITS)
    there = [folder for place in places for folder in units_in(place) if (folder / NETWORK).exists()]
    units = [(read_unit(folder), folder) for folder in there]
    return sorted((unit for unit in units if not is_reading(unit[0]["variant"])), key=preference)


def is_shipped(folder: Path) -> bool:
    """Whether a unit's network came with the results, and was not left by a training on this machine."""
    return folder.is_relative_to(results_root())


def ship(source: Path, target: Path) -> int:
    """Let a trained network come with the results: its weights in half precision and what else it learned.

    ``network.json`` beside them says which commit and which machine they are from, and how many of the clips that the
    unit's kept predictions are of, both trainings answer alike: a training on another processor rounds differently.

    Parameters
    ----------
    source, target : Path
        Folders of the same unit, as it was trained in the cache and as it is in the results.

    Returns
    -------
    int
        Size of the weights in bytes.

    Raises
    ------
    ResultsError
        The training did not answer as the one in the results, its commit does not tell which code it ran, or its
        weights are larger than MOST_BYTES in half precision too.
    """
    record = read_unit(source)
    if record["commit"].endswith("+"):
        raise ResultsError(
            f"{source}: trained with changes that were not committed; train it again from a clean checkout"
        )
    ours, kept = (read_predictions(folder) for folder in (source, target))
    same, total = agreement(ours, kept)
    if same < LEAST_ALIKE * len(kept.clips):
        raise ResultsError(
            f"{source}: answers {same:,} of {len(kept.clips):,} clips as the unit in {target}; expected at least "
            f"{LEAST_ALIKE:.1%}: merge this training first, so that the results are this network's"
        )
    size = save_half(source / NETWORK, target / NETWORK).stat().st_size
    if size > MOST_BYTES:
        (target / NETWORK).unlink()
        raise ResultsError(
            f"its weights are {size / 2**20:.1f} MB, and at most {MOST_BYTES / 2**20:.0f} MB are shipped"
        )
    said = {name: record[name] for name in ("key", "commit", "device", "versions")} | {"same": same, "clips": total}
    for path in source.glob("*.json"):
        if path.name not in (RECORD, SETTINGS, STATE):
            atomic_write(target / path.name, lambda file, path=path: file.write(path.read_bytes()))
    atomic_write(target / SHIPPED, lambda file: file.write(write_json(said)))
    return size


def agreement(ours: Predictions, theirs: Predictions) -> tuple[int, int]:
    """In how many clips two runs give the same answer, and how many clips they are; clips and classes go by name.

    Raises
    ------
    ResultsError
        They are not of the same clips and classes.
    """
    same = ours.like(theirs).y_prob.argmax(axis=1) == theirs.y_prob.argmax(axis=1)
    return int(same.sum()), len(same)


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
    history: History,
    settings: dict,
    classes: Sequence[str],
    clips: pd.DataFrame,
    probabilities: np.ndarray,
    **conditions,
) -> None:
    """Write a trained unit's predictions (as `write_predictions` takes them), its history, and last its record.

    `conditions` are added to the record. It is complete when the run came to the settings' epochs or was stopped early,
    else partial. Of a reading only the test clips' predictions are kept, if there are any, and four decimals, since its
    kind are many.
    """
    from shared.layers import backend
    from shared.training.precision import policy_precision, product_seconds

    if policy_precision() != unit.precision:
        raise ValueError(f"{unit.key} was trained in {policy_precision()}: set the precision before the model is built")
    planned = settings["epochs"]
    if np.isnan(probabilities).any():
        raise ValueError(f"{unit.key}: the training diverged, since the network answers with what is no number")
    if is_reading(unit.variant):
        test = (clips["split"] == "test").to_numpy()
        if test.any():
            clips, probabilities = clips[test], probabilities[test]
        probabilities = probabilities.astype("float64").round(DECIMALS_OF_READINGS)
    write_predictions(unit.folder, classes, clips, probabilities)
    units.write_history(unit.folder, history.rows)
    units.write_record(
        unit,
        status="complete" if history.stopped or history.epoch >= planned else "partial",
        epochs=history.epoch,
        epochs_planned=planned,
        best_epoch=history.best_epoch,
        seconds=history.seconds,
        product_seconds=round(product_seconds(unit.precision), 6),
        **backend.conditions(),
        **conditions,
        settings=settings,
        classes=classes,
    )
