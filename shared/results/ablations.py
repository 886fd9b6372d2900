"""One silent choice at a time: what a few epochs say about how much it matters, from the kept histories.

The score is the test accuracy that the history has for the chosen epoch, of a run that may have gone on longer; the
first variant is what the others are compared with. Nothing is chosen by it: it shows which silence of a paper decides
its numbers.
"""

from __future__ import annotations

from shared.metrics.intervals import newcombe_interval
from shared.paper.schema import Ablation
from shared.results.reading import Results

SPLIT, SEED, FOLD, PROTOCOL = "test", 0, 0, "published"
COLUMN = f"{SPLIT}_accuracy"  # of a history


def ablation_rows(results: Results, ablation: Ablation) -> list[dict]:
    """A row a variant: variant, model, epochs, n, value, delta, low, high, says, device.

    ``value`` is the accuracy after ``epochs`` epochs (None: not run so far), ``delta`` its difference to the first
    variant's with Newcombe's 95 % interval ``low`` to ``high`` (None for the first), and ``says`` whether 0 lies
    outside of it. It knows the clips and not the spread over seeds, of which there is one; nor that over devices, of
    which each row has its own: other rounding makes another training of the same seed.
    """
    paper, found = results.paper, {}
    for record in results.records.values():
        conditions = tuple(record[name] for name in ("model", "protocol", "fold", "seed", "corpus"))
        wanted = conditions == (ablation.model, PROTOCOL, FOLD, SEED, paper.corpus.name)
        if wanted and record["fingerprint"] == paper.corpus.fingerprint:
            score = _score(results.history(record, COLUMN), ablation.epochs)
            if score is not None:
                found.setdefault(record["variant"], (score, record["device"]))
    n = paper.corpus.n[SPLIT]
    first, _ = found.get(ablation.variants[0], (None, ""))
    rows = []
    for variant in ablation.variants:
        value, device = found.get(variant, (None, ""))
        row = {"variant": variant, "model": ablation.model, "epochs": ablation.epochs, "n": n, "value": value}
        row |= {"delta": None, "low": None, "high": None, "says": "", "device": device}
        if value is not None and first is not None and variant != ablation.variants[0]:
            low, high = newcombe_interval(value, n, first, n)
            row |= {"delta": round(value - first, 6), "low": round(low, 6), "high": round(high, 6)}
            row["says"] = "no" if low <= 0 <= high else "up" if value > first else "down"
        rows.append(row)
    return rows


def _score(history: list[dict[str, float]], epoch: int) -> float | None:
    """The accuracy on the test split after an epoch; None where the run has not come so far."""
    return history[epoch - 1][COLUMN] if len(history) >= epoch else None
