"""What predictions say, as a few numbers: scores with their uncertainty, computed once and kept in the cache.

A summary is kept under the checksum of the predictions, what was asked of them, and the code that computed it. Where
one of these is another, or the file is damaged or cannot be kept, it is computed anew; it can be removed at any time.
"""

from __future__ import annotations

import functools
import hashlib
import json
from pathlib import Path

import numpy as np

from shared.base.files import cache_root, keep_text, kept_text
from shared.metrics.intervals import standard_error
from shared.metrics.scores import METRICS, influence
from shared.paper.schema import Paper
from shared.results.answer import Answer, checksum_over
from shared.results.verdicts import PROPORTIONS
from shared.runs.units import ResultsError

FOLDER = "summaries"
CODE = ("shared/metrics", "shared/results/derived.py", "shared/results/summaries.py", "shared/runs/predictions.py")

Summary = dict[str, dict]


def summary_of(paper: Paper, answer: Answer) -> Summary:
    """Split to number of clips ``n`` and, of each metric that the paper's tables ask for, its score.

    A score is a dict with ``value``; on the paper's own data also with the ``standard_error`` of a mean over clips, and
    with ``design`` and ``clusters`` where clips share a speaker, a track or a recording. Answers without probabilities
    have no cross-entropy, so no loss. The dict is empty where there are no clips.

    Raises
    ------
    ResultsError
        The predictions cannot be scored, or cannot be read where that is needed.
    """
    record = answer.record
    asked: dict[str, list[str]] = {}
    for split, metric in sorted({(column.split, column.metric) for table in paper.tables for column in table.columns}):
        asked.setdefault(split, []).append(metric)
    own = paper.is_own(record["model"], record["corpus"])
    rule = paper.corpus.clusters.get(record["corpus"]) if own else None
    name = checksum_over(answer.checksum, asked, own, [rule.by, rule.pattern, rule.block] if rule else None, _code())
    file = cache_root() / FOLDER / name[:2] / f"{name}.json"
    kept = kept_text(file)
    if kept is not None:
        return json.loads(kept)
    summary = _computed(answer, asked, own, rule)
    keep_text(file, json.dumps(summary) + "\n")
    return summary


def _computed(answer: Answer, asked: dict[str, list[str]], own: bool, rule) -> Summary:
    predictions, summary = answer.predictions, {}
    for split in dict.fromkeys(predictions.split.tolist()):
        part = predictions.on(split)
        hard = set(np.unique(part.y_prob)) == {0.0, 1.0}
        scores = {}
        for metric in asked.get(split, ()):
            if hard and metric == "loss":
                continue
            try:
                scores[metric] = {"value": float(METRICS[metric](part.y_true, part.y_prob))}
                if own:
                    scores[metric] |= _uncertainty(metric, part, rule)
            except ValueError as error:
                raise ResultsError(f"the {metric} on split {split} cannot be computed: {error}") from None
        summary[split] = {"n": len(part.clips), "scores": scores}
    return summary


def _uncertainty(metric: str, part, rule) -> dict[str, float]:
    error = standard_error(influence(metric, part.y_true, part.y_prob), rule.of(part.clips) if rule else None)
    found = {} if metric in PROPORTIONS else {"standard_error": float(error.value)}
    return found | ({"design": float(error.design), "clusters": int(error.clusters)} if error.clusters else {})


@functools.cache
def _code() -> str:
    """The SHA-256 of the code that a summary follows from, and of NumPy's version."""
    root, found = Path(__file__).resolve().parents[2], hashlib.sha256(np.__version__.encode())
    for name in CODE:
        path = root / name
        for file in sorted(path.glob("*.py")) if path.is_dir() else [path]:
            found.update(file.read_bytes())
    return found.hexdigest()
