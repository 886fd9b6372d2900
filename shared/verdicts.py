"""When a regenerated number agrees with a published one.

`RULE` states the rule in the words that the README prints. Its parts, for one published number on n₂ clips and k runs
(seeds) of ours with the standard deviation s on n₁ clips:

* Accuracy, precision, recall: Newcombe's hybrid score interval of the difference of two proportions
  (`shared.metrics.newcombe_interval`). The sample behind precision is the predictions made, n · recall / precision on
  either side; behind accuracy and recall it is the clips.
* Other scores, which are means over clips (losses, MAP@3, binary accuracy): 1.96 · √(e²/n₁ + e²/n₂), e being the
  standard deviation of ours over the clips. The authors' is not printed, so it is taken to be ours.
* A published mean ± sd over r folds: sd/√r stands for the published side. Where ours is a mean over the same number of
  folds, s/√r stands for ours and nothing else is added: the spread over folds has that over clips in it.
* Both limits are widened by 1.96 · s·√(1 + 1/k), in quadrature: the published number is one more run, with a seed of
  its own (s/√k where a mean over folds was published). Half a unit of the last printed decimal is added.

The two samples are treated as independent although the test clips are often the same, which errs towards ``match``.
"""

from __future__ import annotations

import math
from statistics import mean

from shared.metrics import newcombe_interval
from shared.paper import Cell, Paper

MATCH, NEAR, DIFFERS = "match", "near", "differs"
NOT_COMPARABLE, NOT_RUN, UNPUBLISHED = "not comparable", "not run", "no figure published"
TWIN = "a second run of the same seed"
NEAR_DELTA = 0.03
Z95 = 1.959964
PROPORTIONS = ("accuracy", "precision", "recall")

RULE = f"""\
- `match`: the difference lies inside its 95 % interval. For accuracy, precision and recall that is Newcombe's hybrid
  score interval of two proportions, from the numbers of clips on both sides; for losses and other means over clips it
  comes from the spread of ours over the clips. Both are widened by the spread over our seeds, s·√(1 + 1/k), since
  the published number is one more run with a seed of its own, and by the rounding of the printed value. For a
  published mean ± sd over folds it comes from both spreads over the folds.
- `near`: outside that interval, but no further off than {NEAR_DELTA}.
- `differs`: further off.
- `not comparable`: measured on another corpus, on other data than the published ones, on part of them, under another
  protocol or with other settings, or by a run that has not finished; or the published number is impossible as printed.
- `not run`: no result yet; the command that gives it stands beside it."""


def judge(paper: Paper, cell: Cell, runs: list[dict], summary: dict, recall: list[float]) -> dict:
    """Verdict, reason and interval of comparable runs; the arguments are those of `difference_interval`."""
    low, high, basis = difference_interval(paper, cell, runs, summary, recall)
    delta = summary["value"] - cell.value
    verdict = MATCH if low <= 0 <= high else NEAR if abs(delta) <= NEAR_DELTA else DIFFERS
    sides = {
        MATCH: "0 lies inside it",
        NEAR: f"0 lies outside it, but the difference is no more than {NEAR_DELTA}",
        DIFFERS: f"0 lies outside it, and the difference is more than {NEAR_DELTA}",
    }
    reason = f"difference {delta:+.4f}, 95 % interval {low:+.4f} to {high:+.4f} ({basis}); {sides[verdict]}"
    return {"verdict": verdict, "reason": reason, "low": low, "high": high}


def difference_interval(
    paper: Paper, cell: Cell, runs: list[dict], summary: dict, recall: list[float]
) -> tuple[float, float, str]:
    """95 % limits of regenerated − published, and the words that say what they rest on (rule: module docstring).

    Parameters
    ----------
    runs : list of dict
        Rows of runs.csv, one a run; means over clips with their ``standard_error``.
    summary : dict
        Of these runs: ``value`` (mean), ``sd`` (None for one run), ``runs`` (their number), ``n`` (clips), and
        ``folds`` where the runs are the folds of the published protocol.
    recall : list of float
        The runs' recall, for the sample behind precision.
    """
    n, value, folds = summary["n"], summary["value"], summary.get("folds", 1)
    delta, published_n = value - cell.value, cell.n or n
    rounding = 0.5 * 10**-cell.decimals / cell.scale
    if folds > 1 and cell.sd is not None:
        half = Z95 * math.hypot(summary["sd"] / math.sqrt(folds), cell.sd / math.sqrt(cell.repeats or folds)) + rounding
        return delta - half, delta + half, f"the spread over {folds} folds and the published one over {cell.repeats}"
    if cell.metric in PROPORTIONS and cell.sd is None:
        published_recall = paper.cell(cell.table, cell.model, cell.split, "recall") or cell
        ours = _support(paper, cell.metric, n, value, mean(recall))
        theirs = _support(paper, cell.metric, published_n, cell.value, published_recall.value)
        low, high = newcombe_interval(value, ours, cell.value, theirs)
        below, above = delta - low, high - delta
    else:
        ours = math.sqrt(mean(_standard_error(row) ** 2 for row in runs))
        theirs = cell.sd / math.sqrt(cell.repeats or 1) if cell.sd is not None else ours * math.sqrt(n / published_n)
        below = above = Z95 * math.hypot(ours, theirs)
    theirs_too = 1 if cell.sd is None else 0
    spread = Z95 * (summary["sd"] or 0.0) * math.sqrt(theirs_too + 1 / summary["runs"])
    basis = f"n = {n} and {published_n if cell.n else 'not published, taken as ours'}"
    basis += f", {summary['runs']} run{'s' if summary['runs'] > 1 else ''}"
    return delta - math.hypot(below, spread) - rounding, delta + math.hypot(above, spread) + rounding, basis


def _support(paper: Paper, metric: str, n: int, value: float, recall: float) -> float:
    """The sample behind a proportion: clips, but for the precision of single labels the predictions made."""
    if metric == "precision" and paper.corpus.labels == "single" and value > 0 and recall > 0:
        return max(1.0, n * recall / value)
    return n


def _standard_error(row: dict) -> float:
    """The row's own, or that of a proportion over its clips."""
    if "standard_error" in row:
        return row["standard_error"]
    return math.sqrt(row["value"] * (1 - row["value"]) / row["n"])
