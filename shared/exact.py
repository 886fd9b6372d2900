"""Scores that follow from the labels alone: what an answer scores that is the same for every sample, as an expectation.

Where a paper's own labels are known and the rule by which its samples were drawn, nothing has to be drawn or trained:
the expected share of each label is arithmetic, and so are the scores of a predictor that answers these shares. Such
numbers are of the paper's own data and have no uncertainty; the diff takes them as rows with ``exact`` set.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence

from shared.paper import Curve, Drawn, Paper

MODEL = "Constant predictor"  # what a paper.toml calls it in [models] and in its tables
VARIANT, SPLIT = "paper", "validation"
THRESHOLD = 0.5


def label_rates(drawn: Drawn, classes: Sequence[str]) -> list[float]:
    """The expected share of samples that have each of `classes`, drawn a label first and then a track that has it.

    A label is drawn by its share of all labels; a track that names one twice counts twice. The track is any, evenly, of
    those whose names, joined as text, contain the label's. A sample has the labels of its track, each once.
    """
    counts: dict[str, int] = defaultdict(int)
    for first, second, tracks in drawn.pairs:
        for label in filter(None, (first, second)):
            counts[label] += tracks
    every, rates = sum(counts.values()), dict.fromkeys(classes, 0.0)
    for label, count in counts.items():
        holding = [pair for pair in drawn.pairs if label in f"{pair[0]} {pair[1]}"]
        n_tracks = sum(tracks for *_, tracks in holding)
        for first, second, tracks in holding:
            for name in {first, second} - {""}:
                rates[name] += count / every * tracks / n_tracks
    return [rates[name] for name in classes]


def mean_entropy(rates: Sequence[float]) -> float:
    """Mean binary entropy of base rates in nats: the cross-entropy of answering each clip with these rates."""
    certain = (0.0, 1.0)
    return math.fsum(0.0 if p in certain else -p * math.log(p) - (1 - p) * math.log1p(-p) for p in rates) / len(rates)


def constant_scores(rates: Sequence[float], threshold: float = THRESHOLD) -> dict[str, float]:
    """Expected scores of a predictor that answers every sample with the labels' shares.

    ``binary_accuracy``: a label is named where its share is above the threshold. ``binary_crossentropy`` in nats.
    """
    right = math.fsum(p if p > threshold else 1 - p for p in rates) / len(rates)
    return {"binary_accuracy": right, "binary_crossentropy": mean_entropy(rates)}


def exact_rows(paper: Paper) -> list[dict]:
    """The rows of the constant predictor on the paper's own labels; none where these or its table are not there.

    They have the keys of a row of runs.csv, numbers as numbers, and ``exact``. ``n`` is the number of samples that the
    paper drew to validate on, the share `validation_fraction` of all.
    """
    drawn = paper.corpus.drawn
    cells = [cell for cell in paper.cells() if (cell.model, cell.split) == (MODEL, SPLIT)]
    if drawn is None or not cells:
        return []
    settings = paper.settings_for()
    threshold = settings.get("metric_threshold", THRESHOLD)
    scores = constant_scores(label_rates(drawn, paper.corpus.classes), threshold)
    common = {"paper": paper.id, "model": MODEL, "variant": VARIANT, "protocol": "published", "split": SPLIT}
    common |= {"n": round(settings.get("validation_fraction", 1.0) * drawn.samples), "seed": 0, "fold": 0, "epochs": 0}
    common |= {"corpus": paper.corpus.name, "fingerprint": drawn.fingerprint, "precision": "exact", "exact": True}
    common |= {"status": "complete", "unit": "", "seconds": "0", "commit": "", "device": "", "backend": ""}
    places = dict.fromkeys((cell.table, cell.metric) for cell in cells if cell.metric in scores)
    return [common | {"table": table, "metric": metric, "value": scores[metric]} for table, metric in places]


def curve_gains(paper: Paper, curve: Curve) -> dict[str, list[float]]:
    """By how much a published validation curve is better than the constant predictor on the paper's own labels.

    For each metric that both have, a value an epoch, positive where the network is better: the expected cross-entropy
    minus the curve's loss, the curve's binary accuracy minus the expected one. Empty where the labels are not known. A
    printed loss may hold penalties on weights or answers as well, by which the network itself is better still.
    """
    if paper.corpus.drawn is None:
        return {}
    scores = constant_scores(label_rates(paper.corpus.drawn, paper.corpus.classes))
    losses, accuracies = curve.values("val_loss"), curve.values("val_binary_accuracy")
    gains = {"binary_crossentropy": [scores["binary_crossentropy"] - value for value in losses]}
    gains["binary_accuracy"] = [value - scores["binary_accuracy"] for value in accuracies]
    return {metric: values for metric, values in gains.items() if values}
