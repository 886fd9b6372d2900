"""Two trainings on the same clips: what one choice brings, with an interval that knows that the clips are the same.

The score is the paper's headline's, of the predictions that are kept, in every fold and with every seed that both have.
Its difference is a mean over clips, so its interval follows from the clips' own differences, and is narrower than what
two independent scores would give. It does not know how far trainings with other seeds lie apart.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import numpy as np

from shared import results
from shared.diff import Diff
from shared.metrics import per_clip
from shared.paper import Cell, Paper

CONFIDENCE = 0.95
PLACE = ("protocol", "corpus", "fingerprint", "precision")  # what two trainings must share,
RUN = ("fold", "seed")  # and what is taken together, in this order


def measured(paper: Paper, diff: Diff, folder: Path, found: results.Evaluated | None = None) -> list[dict]:
    """A row a comparison, protocol, corpus and precision that has runs of both sides.

    Parameters
    ----------
    diff : Diff
        Names the runs that count.
    folder : Path
        The paper's results.
    found : list of (record, Predictions), optional
        What `results.evaluated` gives, where the caller has it already.

    Returns
    -------
    list of dict
        title, the places, variant and model of both sides, split, metric, n clips, folds, seeds, both scores, delta
        (second - first) and its interval ``low`` to ``high``, and ``status``: partial if a run is.
    """
    cell = paper.headline_cell
    if not paper.comparisons or cell is None or not diff.runs:
        return []
    found = results.evaluated(paper, folder) if found is None else found
    runs = _counted(diff, cell, found)
    rows = []
    for comparison in paper.comparisons:
        first, second = runs[comparison.first], runs[comparison.second]
        shared = sorted(first.keys() & second.keys())
        for place in dict.fromkeys(of[: len(PLACE)] for of in shared):
            both = [of for of in shared if of[: len(PLACE)] == place]
            pairs = [(first[of], second[of]) for of in both]
            row = {"title": comparison.title, **dict(zip(PLACE, place, strict=True))}
            row |= dict(zip(("first_variant", "first_model"), comparison.first, strict=True))
            row |= dict(zip(("second_variant", "second_model"), comparison.second, strict=True))
            row |= {"split": cell.split, "metric": cell.metric, **_scores(pairs, cell.metric)}
            row |= {"folds": len({fold for *_, fold, _ in both}), "seeds": len({seed for *_, seed in both})}
            partial = any(status != "complete" for pair in pairs for status, _ in pair)
            rows.append(row | {"status": "partial" if partial else "complete"})
    return rows


def _counted(diff: Diff, cell: Cell, found: results.Evaluated) -> dict[tuple[str, str], dict[tuple, tuple]]:
    """(variant, model) to place and run to status and predictions on the cell's split, of the runs that count."""
    names = ("variant", "model", *PLACE, *RUN)
    kept = {tuple(record[name] for name in names): predictions for record, predictions in found}
    runs: dict[tuple[str, str], dict[tuple, tuple]] = defaultdict(dict)
    for row in (row for section in diff.sections for row in section.runs):
        variant, model, *place = (row[name] for name in names)
        predictions = kept[variant, model, *place].on(cell.split)
        if len(predictions.clips):
            runs[variant, model][tuple(place)] = (row["status"], predictions)
    return runs


def _scores(pairs: list[tuple[tuple, tuple]], metric: str) -> dict[str, float]:
    """Clips, both means over them, their difference and its interval; of several seeds, each clip's mean is taken."""
    of_clip: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for (_, first), (_, second) in pairs:
        clips, i, j = np.intersect1d(first.clips, second.clips, assume_unique=True, return_indices=True)
        scores = [per_clip(metric, one.y_true[at], one.y_prob[at]) for one, at in ((first, i), (second, j))]
        for clip, *score in zip(clips, *scores, strict=True):
            of_clip[clip].append(score)
    first, second = np.array([np.mean(scores, axis=0) for scores in of_clip.values()]).T
    low, high = difference_interval(first, second)
    scores = {"first_score": first.mean(), "second_score": second.mean(), "delta": (second - first).mean()}
    scores |= {"low": low, "high": high}
    return {"n": len(of_clip), **{name: round(float(score), 6) for name, score in scores.items()}}


def difference_interval(first: np.ndarray, second: np.ndarray, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Interval of the mean of ``second - first``, the scores of the same clips: Student's, of paired differences.

    Parameters
    ----------
    first, second : ndarray, shape (n,)
        Two scores of each clip.
    confidence : float
        Between 0 and 1, both excluded.

    Returns
    -------
    tuple of float
        Lower and upper limit; without limits where there are fewer than two clips.
    """
    from scipy.stats import t

    n = len(first)
    if n < 2:
        return -np.inf, np.inf
    difference = np.asarray(second) - np.asarray(first)
    half = t.ppf((1 + confidence) / 2, n - 1) * difference.std(ddof=1) / np.sqrt(n)
    return float(difference.mean() - half), float(difference.mean() + half)
