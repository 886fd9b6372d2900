"""What takes all folds of a cross-validation: test predictions averaged over them, weights fitted on other folds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from shared.metrics.ensembles import fit_weights
from shared.runs.unit import combined_record

if TYPE_CHECKING:
    from shared.runs.predictions import Predictions

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
        key = f"{records[0]['key']} and {n_folds - 1} folds"
        record = combined_record(records, fold=ALL_FOLDS, key=key)
        averaged.append((record, replace(first, y_prob=np.mean([one.y_prob for one in tested], axis=0))))
    return averaged


def fitted_out_of_fold(
    groups: dict[tuple, dict[str, tuple[dict, Predictions]]],
    conditions: tuple,
    at: int,
    members: Sequence[str],
    n_folds: int,
) -> np.ndarray | None:
    """Weights of an ensemble, fitted on what the other folds' networks say of the clips that they hold out.

    Parameters
    ----------
    groups : dict
        Conditions to model to record and predictions; the fold stands at place `at` of the conditions.
    conditions : tuple
        Those that the weights are for. For the mean over all folds, which is about the test clips, all folds count.

    Returns
    -------
    ndarray of float64, shape (n_members,), or None where a fold or a member is missing.
    """
    others = [fold for fold in range(n_folds) if fold != conditions[at]]
    found = [groups.get((*conditions[:at], fold, *conditions[at + 1 :]), {}) for fold in others]
    if not found or not all(of_fold.keys() >= set(members) for of_fold in found):
        return None
    held_out = [[of_fold[member][1].on("validation") for of_fold in found] for member in members]
    y_prob = [np.concatenate([predictions.y_prob for predictions in of_member]) for of_member in held_out]
    y_true = np.concatenate([predictions.y_true for predictions in held_out[0]])
    return fit_weights(y_prob, y_true) if len(y_true) else None


def named(record: dict) -> dict:
    """A record of `fold_averages`, or of an ensemble of them, under a model name that says so."""
    return record | {"model": record["model"] + FOLDS_AVERAGED} if record["fold"] == ALL_FOLDS else record
