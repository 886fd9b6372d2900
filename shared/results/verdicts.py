"""When a regenerated number agrees with a published one.

`RULE` states the rule in the words that the README prints. Its parts, for one published number on n₂ clips and k
trainings (seeds) of ours with the standard deviation s on n₁ clips:

* Accuracy, precision, recall: Newcombe's hybrid score interval of the difference of two proportions. The sample behind
  precision is the predictions made, n · recall / precision on either side; behind accuracy and recall it is the clips.
* Other scores, which are means over clips (losses, MAP@3, binary accuracy): Student's t of √(e²/n₁ + e²/n₂), e being
  the standard deviation of ours over the clips. The authors' is not printed, so it is taken to be ours.
* Where clips share a speaker, a track or a recording (``[corpus.clusters]``), a proportion has the effective number of
  clips on both sides and a mean the standard error of its clusters (`shared.metrics.intervals`).
* Seeds: the published number is one more training with a seed of its own, so t · s · √(1 + 1/k) is added in quadrature,
  with the degrees of freedom behind s (`shared.metrics.intervals.spread_of` pools it over rows that have few
  trainings).
* A published mean ± sd over r folds against ours over k folds: Welch's t, each variance of a mean being
  s² · (1/k + 1/(k - 1)), since the folds' training sets overlap (Nadeau and Bengio, 2003, Machine Learning 52). Of one
  published number on a fold that is not known, ours over k folds are t · s · √(1 + 1/k) away; nothing else is added,
  since the spread over folds has that over clips in it.
* The rounding of the printed value is added: half a unit of its last decimal on either side, a whole one on the side
  where digits were cut off.

The two samples are treated as independent although the test clips are often the same, which errs towards
``consistent``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import mean

from shared.metrics.intervals import Spread, effective_number, newcombe_interval, noticeable_ratio, two_sided
from shared.paper.schema import Cell, Paper

MATCH, CONSISTENT, DIFFERS, UNDETERMINED = "match", "consistent", "differs", "undetermined"
CONDITIONAL, NOT_COMPARABLE, NOT_RUN, UNPUBLISHED = "conditional", "not comparable", "not run", "no figure published"
TWIN = "a second run of the same seed"
JUDGED = (MATCH, CONSISTENT, DIFFERS)  # verdicts that an interval at 95 % decided
ENOUGH_RUNS = 3
ALPHA = 0.05
PROPORTIONS = ("accuracy", "precision", "recall")

RULE = f"""\
- `match`: the whole 95 % interval of the difference lies inside the margin, the largest difference without consequence
  for what the table is read for, which the table declares with its reason.
- `consistent`: the interval holds 0, but reaches beyond the margin: no difference was seen, and one that matters could
  have been missed. The smallest that would have been noticed with a probability of 80 % stands beside the verdict.
- `differs`: the interval does not hold 0 and reaches beyond the margin.
- `undetermined`: fewer than {ENOUGH_RUNS} trainings, so nobody knows how far seeds lie apart; the interval is that of
  the clips alone.
- `conditional`: the run departs from the printed text in a way that could not be avoided, which is named, such as a
  network that could not be pretrained; the verdict is given under that condition.
- `not comparable`: measured on another corpus, on other data than the published ones, on part of them, under another
  protocol or with other settings, or by a run that has not finished; or the published number is impossible as printed
  or belongs to another row.
- `not run`: no result yet; the command that gives it stands beside it."""


@dataclass(frozen=True)
class Interval:
    """95 % limits of regenerated − published, the smallest difference noticed with 80 % power, what they rest on."""

    low: float
    high: float
    noticeable: float
    basis: str


def judge(
    paper: Paper,
    cell: Cell,
    runs: list[dict],
    summary: dict,
    recall: list[float],
    spread: Spread | None = None,
    conditions: Iterable[str] = (),
) -> dict:
    """Verdict, reason and interval of comparable runs; `conditions` are where they depart from the text.

    The other arguments are those of `difference_interval`.
    """
    found = difference_interval(paper, cell, runs, summary, recall, spread)
    delta, margin = summary["value"] - cell.value, paper.table(cell.table).margins.get(cell.metric)
    inside = margin is not None and -margin <= found.low and found.high <= margin
    holds = found.low <= 0 <= found.high
    limits = f"difference {delta:+.4f}, 95 % interval {found.low:+.4f} to {found.high:+.4f} ({found.basis})"
    within = f"the margin of {margin:g}" if margin is not None else "a margin, which the table does not have"
    if runs[0].get("exact"):
        verdict = MATCH if holds else DIFFERS
        reason = f"difference {delta:+.4f}, an exact expectation; the printed value stands for {_printed_range(cell)}"
    elif summary["runs"] < ENOUGH_RUNS:
        verdict, reason = UNDETERMINED, f"{limits}; the spread over seeds needs {ENOUGH_RUNS} trainings"
    elif inside:
        verdict, reason = MATCH, f"{limits}, all of it inside {within}"
    else:
        verdict = CONSISTENT if holds else DIFFERS
        reason = f"{limits}: 0 lies {'inside' if holds else 'outside'} it, and it reaches beyond {within}"
    if summary["runs"] >= ENOUGH_RUNS:
        reason += f"; a difference of {found.noticeable:.4f} would have been noticed"
    condition = " and ".join(conditions)
    if condition:
        verdict, reason = CONDITIONAL, f"conditional on {condition}; under it {verdict}: {reason}"
    return {
        "condition": condition,
        "verdict": verdict,
        "reason": reason,
        "low": found.low,
        "high": found.high,
        "noticeable": None if runs[0].get("exact") else found.noticeable,
    }


def difference_interval(
    paper: Paper, cell: Cell, runs: list[dict], summary: dict, recall: list[float], spread: Spread | None = None
) -> Interval:
    """95 % limits of regenerated − published (rule: module docstring).

    Parameters
    ----------
    runs : list of dict
        Rows of runs.csv, one a run, with what `shared.results.reading` adds of their clips: ``standard_error`` (of
        means), ``design`` and ``clusters``. A row that is ``exact`` has no uncertainty but the rounding of the printed
        number.
    summary : dict
        Of these runs: ``value`` (mean), ``sd`` (None for one run), ``runs`` (their number), ``n`` (clips), and
        ``folds`` where the runs are the folds of a protocol that may stand beside the paper.
    recall : list of float
        The runs' recall, for the sample behind precision.
    spread : Spread, optional
        Over seeds; used where there are enough runs.
    """
    delta, (below, above) = summary["value"] - cell.value, _rounding(cell)
    if runs[0].get("exact"):
        return Interval(delta - below, delta + above, 0.0, "exact")
    if summary.get("folds", 1) > 1:
        half, df, basis = _over_folds(cell, summary)
        return Interval(delta - half - below, delta + half + above, half * noticeable_ratio(df) + below, basis)
    low, high, df, basis = _over_clips(paper, cell, runs, summary, recall)
    seeds, seeds_df = 0.0, math.inf
    if spread is not None and summary["runs"] >= ENOUGH_RUNS:
        own_run = 1 if cell.sd is None else 0
        seeds, seeds_df = two_sided(spread.df) * spread.sd * math.sqrt(own_run + 1 / summary["runs"]), spread.df
        pooled = f" pooled over {spread.rows} rows" if spread.rows > 1 else ""
        basis += f"; {summary['runs']} seeds, sd {spread.sd:.4f}{pooled}, {spread.df} degrees of freedom"
    else:
        basis += f"; {summary['runs']} run{'s' if summary['runs'] > 1 else ''}, the clips alone"
    noticeable = math.hypot((low + high) / 2 * noticeable_ratio(df), seeds * noticeable_ratio(seeds_df)) + below
    return Interval(delta - math.hypot(low, seeds) - below, delta + math.hypot(high, seeds) + above, noticeable, basis)


def by_chance(verdicts: Iterable[str]) -> str:
    """How many verdicts of a table chance alone would get wrong, in words; empty where nothing was judged."""
    n = sum(verdict in JUDGED for verdict in verdicts)
    if not n:
        return ""
    numbers = f"{n} number{'s' if n > 1 else ''} judged at {100 * (1 - ALPHA):.0f} %"
    return f"{numbers}: if all agreed in truth, {ALPHA * n:.1f} would be called `differs` by chance alone"


def _over_folds(cell: Cell, summary: dict) -> tuple[float, float, str]:
    """Half of the interval, its degrees of freedom and its basis, of runs that are folds."""
    folds = summary["folds"]
    if cell.sd is None:
        half = two_sided(folds - 1) * summary["sd"] * math.sqrt(1 + 1 / folds)
        return half, folds - 1, f"one published number, the spread over {folds} folds"
    theirs = cell.repeats or folds
    ours_squared, theirs_squared = _fold_variance(summary["sd"], folds), _fold_variance(cell.sd, theirs)
    total = ours_squared + theirs_squared
    df = total**2 / (ours_squared**2 / (folds - 1) + theirs_squared**2 / (theirs - 1)) if total else math.inf
    basis = f"the spread over {folds} folds and the published one over {theirs}, whose training sets overlap"
    return two_sided(df) * math.sqrt(total), df, basis


def _fold_variance(sd: float, folds: int) -> float:
    """Of a mean over folds whose training sets overlap (Nadeau and Bengio's correction)."""
    return sd**2 * (1 / folds + 1 / (folds - 1))


def _over_clips(
    paper: Paper, cell: Cell, runs: list[dict], summary: dict, recall: list[float]
) -> tuple[float, float, float, str]:
    """How far the interval of the clips reaches below and above the difference, degrees of freedom and basis."""
    n, value = summary["n"], summary["value"]
    published_n, clusters = cell.n or n, min(row.get("clusters", 0) for row in runs)
    df = clusters - 1 if clusters else math.inf
    basis = f"n = {n} and {published_n if cell.n else 'not published, taken as ours'}"
    if clusters:
        by = paper.corpus.clusters[runs[0]["corpus"]].by
        basis += f" in clusters by {by}, {clusters} of ours"
    if cell.metric in PROPORTIONS and cell.sd is None:
        published_recall = paper.cell(cell.table, cell.model, cell.split, "recall") or cell
        ours = _support(paper, cell.metric, n, value, mean(recall))
        theirs = _support(paper, cell.metric, published_n, cell.value, published_recall.value)
        design = mean(row.get("design", 1.0) for row in runs)
        ours, theirs = (effective_number(size, design, clusters) for size in (ours, theirs))
        low, high = newcombe_interval(value, ours, cell.value, theirs)
        return value - cell.value - low, high - (value - cell.value), df, basis
    ours = math.sqrt(mean(_standard_error(row) ** 2 for row in runs))
    if cell.sd is not None:
        theirs = math.sqrt(_fold_variance(cell.sd, cell.repeats)) if (cell.repeats or 1) > 1 else cell.sd
    else:
        theirs = ours * math.sqrt(n / published_n)
    half = two_sided(df) * math.hypot(ours, theirs)
    return half, half, df, basis


def _rounding(cell: Cell) -> tuple[float, float]:
    """How far below and above the difference may lie because the published number is printed with few digits."""
    unit = 10**-cell.decimals / cell.scale
    return (unit, 0.0) if cell.note_kind == "cut off" else (unit / 2, unit / 2)


def _printed_range(cell: Cell) -> str:
    below, above = _rounding(cell)
    return f"{cell.value - above:.{cell.decimals + 3}g} to {cell.value + below:.{cell.decimals + 3}g}"


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
