"""Scores that follow from the labels alone: what an answer scores that is the same for every sample, as an expectation.

Where a paper's own labels are known and the rule by which its samples were drawn, nothing has to be drawn or trained:
the expected share of each label is arithmetic, and so are the scores of a predictor that answers these shares. Such
numbers are of the paper's own data and have no uncertainty; the diff takes them as rows with ``exact`` set.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence

from shared.paper.schema import Curve, Drawn, Paper

MODEL = "Constant predictor"  # what a paper.toml calls it in [models] and in its tables
VARIANT, SPLIT = "paper", "validation"
THRESHOLD = 0.5
FIRST_LABEL = "first label"  # a value of the setting label_weights


def label_rates(drawn: Drawn, classes: Sequence[str]) -> list[float]:
    """The expected share of samples that have each of `classes`, drawn a label first and then a track that has it.

    A label is drawn by its share of all labels; a track that names one twice counts twice. The track is any, evenly, of
    those whose names, joined as text, contain the label's. A sample has the labels of its track, each once.
    """
    return _rates(drawn, classes, _chances(drawn))


def first_label_rates(drawn: Drawn, classes: Sequence[str]) -> list[float]:
    """The shares as a training sees them that hands Keras a weight for each class, 1 / C over its share of all labels.

    Of a sample with several labels Keras takes the weight of the first in the order of `classes`, and the whole sample
    counts by it. A network that hears nothing ends at these shares, since they have the least weighted cross-entropy.
    """
    chances, rates = _chances(drawn), dict(zip(classes, label_rates(drawn, classes), strict=True))
    total = sum(rates.values())
    firsts = [min(filter(None, pair[:2]), key=list(classes).index) for pair in drawn.pairs]
    weighted = [chance * total / rates[first] for chance, first in zip(chances, firsts, strict=True)]
    return _rates(drawn, classes, [weight / math.fsum(weighted) for weight in weighted])


def _chances(drawn: Drawn) -> list[float]:
    """The chance that a sample is of a track with each of the pairs."""
    counts: dict[str, int] = defaultdict(int)
    for first, second, tracks in drawn.pairs:
        for label in filter(None, (first, second)):
            counts[label] += tracks
    every, chances = sum(counts.values()), [0.0] * len(drawn.pairs)
    for label, count in counts.items():
        holding = [i for i, pair in enumerate(drawn.pairs) if label in f"{pair[0]} {pair[1]}"]
        n_tracks = sum(drawn.pairs[i][2] for i in holding)
        for i in holding:
            chances[i] += count / every * drawn.pairs[i][2] / n_tracks
    return chances


def _rates(drawn: Drawn, classes: Sequence[str], chances: Sequence[float]) -> list[float]:
    rates = dict.fromkeys(classes, 0.0)
    for (first, second, _), chance in zip(drawn.pairs, chances, strict=True):
        for name in {first, second} - {""}:
            rates[name] += chance
    return [rates[name] for name in classes]


def mean_entropy(rates: Sequence[float]) -> float:
    """Mean binary entropy of base rates in nats: the cross-entropy of answering each clip with these rates."""
    certain = (0.0, 1.0)
    return math.fsum(0.0 if p in certain else -p * math.log(p) - (1 - p) * math.log1p(-p) for p in rates) / len(rates)


def constant_scores(
    rates: Sequence[float], threshold: float = THRESHOLD, answers: Sequence[float] | None = None
) -> dict[str, float]:
    """Expected scores of a predictor that gives every sample the same answer: the labels' shares, or other `answers`.

    ``binary_accuracy``: a label is named where its answer is above the threshold. ``binary_crossentropy`` in nats.
    """
    pairs = list(zip(rates, rates if answers is None else answers, strict=True))
    right = math.fsum(p if q > threshold else 1 - p for p, q in pairs) / len(pairs)
    if answers is None:
        return {"binary_accuracy": right, "binary_crossentropy": mean_entropy(rates)}
    costs = (-p * math.log(q) - (1 - p) * math.log1p(-q) for p, q in pairs)
    return {"binary_accuracy": right, "binary_crossentropy": math.fsum(costs) / len(pairs)}


def nothing_heard(paper: Paper) -> dict[str, float]:
    """Expected scores of a network trained as the paper's is that hears nothing; empty where the labels are not known.

    With the setting ``label_weights = "first label"`` it ends at `first_label_rates`, else at the labels' shares.
    """
    drawn, classes, settings = paper.corpus.drawn, paper.corpus.classes, paper.settings_for()
    if drawn is None:
        return {}
    weighted = settings.get("label_weights") == FIRST_LABEL
    answers = first_label_rates(drawn, classes) if weighted else None
    return constant_scores(label_rates(drawn, classes), settings.get("metric_threshold", THRESHOLD), answers)


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


def curve_gains(curve: Curve, reference: dict[str, float]) -> dict[str, list[float]]:
    """By how much a published validation curve is better than reference scores, such as the constant predictor's.

    For each metric that both have, a value an epoch, positive where the network is better: the reference's
    cross-entropy minus the curve's loss, the curve's binary accuracy minus the reference's. A printed loss may hold
    penalties on weights or answers as well, by which the network itself is better still.
    """
    if not reference:
        return {}
    gains = {
        "binary_crossentropy": [reference["binary_crossentropy"] - value for value in curve.values("val_loss")],
        "binary_accuracy": [value - reference["binary_accuracy"] for value in curve.values("val_binary_accuracy")],
    }
    return {metric: values for metric, values in gains.items() if values}
