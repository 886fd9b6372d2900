"""Two trainings on the same clips: their difference, with an interval that knows that the clips are the same.

The difference of their scores is a mean over clips, so its interval follows from the clips' own differences, and is
narrower than what two independent scores would give.

Clips that share a speaker, a track or a recording (``[corpus.clusters]``) are taken together, and so are those of one
fold where there are several, since one network answered them all. With three seeds or more, the spread of the seeds'
differences is added in quadrature; with fewer, the interval is that of these trainings alone, and says so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from shared.metrics.intervals import paired_interval, two_sided
from shared.metrics.scores import per_clip
from shared.paper.schema import Clusters
from shared.results.verdicts import ENOUGH_RUNS
from shared.runs.predictions import Predictions
from shared.runs.units import ResultsError


def paired(
    first_runs: dict[tuple | int, Predictions],
    second_runs: dict[tuple | int, Predictions],
    metric: str,
    rule: Clusters | None,
) -> dict:
    """Two trainings, each a few runs of the same seeds on the same clips, held together.

    Parameters
    ----------
    first_runs, second_runs : dict
        Fold and seed, or the seed alone, to the predictions of that run; the same runs on both sides.
    metric : str
        A mean over clips.
    rule : Clusters, optional
        Which clips are not independent; where there are several folds, those of a fold are taken together instead.

    Returns
    -------
    dict
        ``n`` clips, ``first_score`` and ``second_score``, their difference ``delta`` and the limits ``low`` and
        ``high`` of its interval, ``clusters`` and ``with_seeds``, which say what the interval knows. Of several seeds,
        each clip's mean is taken.

    Raises
    ------
    ResultsError
        A run that has no clip on both sides.
    """
    places: list[tuple[int, str]] = []
    scores: list[np.ndarray] = []
    of_seed: dict[int, list[np.ndarray]] = defaultdict(list)
    for run, first in first_runs.items():
        fold, seed = run if isinstance(run, tuple) else (0, run)
        second = second_runs[run]
        clips, i, j = np.intersect1d(first.clips, second.clips, assume_unique=True, return_indices=True)
        if not len(clips):
            raise ResultsError(f"of fold {fold}, seed {seed} the two have no clip in common, so that nothing is paired")
        second = second.by_class(first.classes)
        both = [per_clip(metric, one.y_true[at], one.y_prob[at]) for one, at in ((first, i), (second, j))]
        of_seed[seed].append(both[1] - both[0])
        places += [(fold, clip) for clip in clips.tolist()]
        scores.append(np.stack(both, axis=1))
    places, (first, second) = means_of(places, np.concatenate(scores))
    folds, clips = zip(*places, strict=True)
    by, clusters = "", None
    if len(set(folds)) > 1:
        by, clusters = "fold", folds
    elif rule is not None:
        by, clusters = rule.by, rule.of(clips)
    low, high = paired_interval(first, second, clusters)
    delta, by_seed = (second - first).mean(), [np.concatenate(deltas).mean() for deltas in of_seed.values()]
    with_seeds = len(by_seed) >= ENOUGH_RUNS
    if with_seeds:
        reach = two_sided(len(by_seed) - 1) * np.std(by_seed, ddof=1) / np.sqrt(len(by_seed))
        half = np.hypot((high - low) / 2, reach)
        low, high = delta - half, delta + half
    found = {"first_score": first.mean(), "second_score": second.mean(), "delta": delta, "low": low, "high": high}
    found = {name: round(float(score), 6) for name, score in found.items()}
    return {"n": len(places), **found, "clusters": by, "with_seeds": with_seeds}


def means_of(names: Sequence, scores: np.ndarray) -> tuple[list, np.ndarray]:
    """Each name once, in the order in which they come, and the means of its rows.

    Parameters
    ----------
    names : sequence of hashable, length n
    scores : ndarray, shape (n, k)

    Returns
    -------
    list, and ndarray of shape (k, number of names)
    """
    places: dict = {}
    rows = [places.setdefault(name, len(places)) for name in names]
    counts = np.bincount(rows)
    return list(places), np.stack([np.bincount(rows, column) / counts for column in scores.T])
