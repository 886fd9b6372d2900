"""Test predictions averaged over the folds' networks: what cross-validation says of clips that no fold holds out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from shared.results import Predictions

ALL_FOLDS = -1  # the fold of a record that is the mean of all
FOLDS_AVERAGED = ", folds averaged"
TEST = "test"
SAME = ("model", "variant", "protocol", "seed", "precision", "corpus", "fingerprint")


def fold_averages(found: list[tuple[dict, Predictions]], n_folds: int) -> list[tuple[dict, Predictions]]:
    """A record and the mean of the probabilities for each training whose folds are all there.

    Parameters
    ----------
    found : list of (record, Predictions)
        One a unit.
    n_folds : int
        Folds of the paper's protocol; with a single one there is nothing to average.

    Returns
    -------
    list of (record, Predictions)
        With the members' model and `ALL_FOLDS` as fold, on the test clips; none where the folds have test clips of
        their own.
    """
    groups: dict[tuple, dict[int, tuple[dict, Predictions]]] = {}
    for record, predictions in found:
        tested = predictions.on(TEST)
        if n_folds > 1 and len(tested.clips):
            groups.setdefault(tuple(record[name] for name in SAME), {})[record["fold"]] = (record, tested)
    averaged = []
    for members in groups.values():
        records, tested = zip(*(members[fold] for fold in sorted(members)), strict=True)
        first = tested[0]
        if set(members) != set(range(n_folds)) or any(tuple(one.clips) != tuple(first.clips) for one in tested[1:]):
            continue
        record = {
            **records[0],
            "fold": ALL_FOLDS,
            "key": f"{records[0]['key']} and {n_folds - 1} folds",
            "epochs": min(record["epochs"] for record in records),
            "status": "complete" if all(record["status"] == "complete" for record in records) else "partial",
            "seconds": sum(record["seconds"] for record in records),
        }
        averaged.append((record, replace(first, y_prob=np.mean([one.y_prob for one in tested], axis=0))))
    return averaged


def named(record: dict) -> dict:
    """A record of `fold_averages`, or of an ensemble of them, under a model name that says so."""
    return record | {"model": record["model"] + FOLDS_AVERAGED} if record["fold"] == ALL_FOLDS else record
