"""Intervals of scores: of proportions, of means over clips that are not independent, of means over a few trainings.

Quantiles are Student's t where a spread is estimated, and the normal distribution's where none is. The tests hold every
function against statsmodels.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

CONFIDENCE = 0.95
POWER = 0.8
FEW = 5  # with fewer trainings than this, a spread of its own says little


# ---- quantiles


def quantile(probability: float, df: float = math.inf) -> float:
    """Quantile of Student's t with `df` degrees of freedom; of the normal distribution where they are infinite."""
    from scipy import special  # a third of a second, which only an interval is worth

    return float(special.ndtri(probability) if math.isinf(df) else special.stdtrit(df, probability))


def two_sided(df: float = math.inf, confidence: float = CONFIDENCE) -> float:
    """The quantile that a standard error is multiplied by to give half of an interval: 1.96 without a `df`."""
    if not 0 < confidence < 1:
        raise ValueError(f"expected a confidence between 0 and 1, got {confidence}")
    return quantile((1 + confidence) / 2, df)


def noticeable_ratio(df: float = math.inf) -> float:
    """The smallest true difference that a two-sided test at 5 % notices with a probability of 80 %, in halves of its
    95 % interval: 1.43 for the normal distribution, from the noncentral t where there is a `df`."""
    from scipy import special

    reach = two_sided(df)
    shift = reach + quantile(POWER) if math.isinf(df) else special.nctdtrinc(df, 1 - POWER, reach)
    return float(shift / reach)


# ---- proportions


def wilson_interval(successes: float, n: float, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Wilson's score interval of a proportion.

    Parameters
    ----------
    successes : float
        Number of successes, 0..n. It need not be whole, so that a mean over seeds can be given.
    n : float
        Number of cases, 1 or more; not whole where it is the effective number of cases that are not independent.
    confidence : float
        Between 0 and 1, both excluded.

    Returns
    -------
    tuple of float
        Lower and upper limit, 0..1.

    Notes
    -----
    Wilson (1927), J. Am. Stat. Assoc. 22, 209-212; method 3 of Newcombe (1998), Stat. Med. 17, 857-872.
    """
    if n < 1 or not 0 <= successes <= n:
        raise ValueError(f"expected 0 to n successes out of n >= 1 cases, got {successes} of {n}")
    z = two_sided(confidence=confidence)
    p = successes / n
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    # At 0 and n the limit is exactly 0 and 1; the formula misses it by rounding.
    low = 0.0 if successes == 0 else float(centre - half)
    high = 1.0 if successes == n else float(centre + half)
    return low, high


def newcombe_interval(
    p1: float, n1: float, p2: float, n2: float, confidence: float = CONFIDENCE
) -> tuple[float, float]:
    """Interval of the difference p1 - p2 of two independent proportions, from their Wilson intervals.

    Parameters
    ----------
    p1, p2 : float
        Proportions, 0..1.
    n1, n2 : float
        Number of cases of each.
    confidence : float
        Between 0 and 1, both excluded.

    Returns
    -------
    tuple of float
        Lower and upper limit, -1..1.

    Notes
    -----
    Method 10 (hybrid score, no continuity correction) of Newcombe (1998), Stat. Med. 17, 873-890.
    """
    low1, high1 = wilson_interval(p1 * n1, n1, confidence)
    low2, high2 = wilson_interval(p2 * n2, n2, confidence)
    difference = p1 - p2
    return (
        float(difference - np.hypot(p1 - low1, high2 - p2)),
        float(difference + np.hypot(high1 - p1, p2 - low2)),
    )


# ---- clips that are not independent


@dataclass(frozen=True)
class StandardError:
    """Of a score: its value, the degrees of freedom behind it, and the design effect.

    `design` says how many times larger the variance is than that of as many independent clips, 1 at least: a smaller
    one is an accident of the few clusters that there are. `clusters` is their number, 0 where clips are independent.
    """

    value: float
    df: float
    design: float = 1.0
    clusters: int = 0


def standard_error(influence: np.ndarray, clusters: Sequence[str] | None = None) -> StandardError:
    """Standard error of a score from what each clip adds to it.

    Parameters
    ----------
    influence : ndarray, shape (n,)
        What `shared.metrics.scores.influence` gives: deviations of sum 0 (others are centred here).
    clusters : sequence of str, length n, optional
        Which clips belong together. With fewer than two clusters nothing is known of their spread, and the clips are
        taken as independent.

    Notes
    -----
    With clusters the variance is that of the clusters' sums, C / (C - 1) · Σ (Σ e)² / n², with C - 1 degrees of freedom
    (Liang and Zeger, 1986, Biometrika 73, 13-22). Fewer than two clips have a standard error without limit.
    """
    values = np.asarray(influence, dtype=np.float64)
    values, n = values - values.mean(), len(values)
    if n < 2:
        return StandardError(math.inf, math.inf)
    alone = float(values.std(ddof=1) / math.sqrt(n))
    codes = np.unique(clusters, return_inverse=True)[1] if clusters is not None else np.arange(n)
    n_clusters = int(codes.max()) + 1
    if not 1 < n_clusters < n:
        return StandardError(alone, n - 1)
    sums = np.bincount(codes, values)
    together = math.sqrt(n_clusters / (n_clusters - 1) * float(sums @ sums)) / n
    design = max(1.0, (together / alone) ** 2) if alone else 1.0
    return StandardError(alone * math.sqrt(design), n_clusters - 1, design, n_clusters)


def effective_number(n: float, design: float, clusters: int) -> float:
    """How many independent clips are worth as much as `n` clips in clusters, the few degrees of freedom included.

    Notes
    -----
    Korn and Graubard (1998), Survey Methodology 24, 193-201: n over the design effect, times (z / t)².
    """
    few = (two_sided() / two_sided(clusters - 1)) ** 2 if clusters else 1.0
    return max(1.0, n / design * few)


def paired_interval(
    first: np.ndarray,
    second: np.ndarray,
    clusters: Sequence[str] | None = None,
    confidence: float = CONFIDENCE,
) -> tuple[float, float]:
    """Interval of the mean of ``second - first``, two scores of the same clips.

    Parameters
    ----------
    first, second : ndarray, shape (n,)
        Two scores of each clip.
    clusters : sequence of str, length n, optional
        Which clips belong together.
    confidence : float
        Between 0 and 1, both excluded.

    Returns
    -------
    tuple of float
        Lower and upper limit; without limits where there are fewer than two clips.
    """
    difference = np.asarray(second, dtype=np.float64) - np.asarray(first)
    error = standard_error(difference, clusters)
    if math.isinf(error.value):
        return -math.inf, math.inf
    half = two_sided(error.df, confidence) * error.value
    return float(difference.mean() - half), float(difference.mean() + half)


# ---- a few trainings


@dataclass(frozen=True)
class Spread:
    """Standard deviation over trainings that differ by their seed, and its degrees of freedom.

    `rows` is the number of rows of a table that it is pooled over, 1 for a row's own.
    """

    sd: float
    df: int
    rows: int = 1


def spread_of(own: Sequence[float], others: Sequence[Sequence[float]] = ()) -> Spread | None:
    """The spread of a row's scores over its trainings, pooled with that of other rows where it has few of its own.

    Parameters
    ----------
    own : sequence of float
        One score a training.
    others : sequence of sequences of float
        The same of the table's other rows.

    Returns
    -------
    Spread or None
        None where no row has two trainings. A row with at least `FEW` trainings keeps its own, and so does one whose
        own differs from the others' by more than chance (F test at 5 %), since there is no common spread then.
    """
    scores = [np.asarray(values, dtype=np.float64) for values in (own, *others) if len(values) > 1]
    if not scores:
        return None
    squares = [float(((values - values.mean()) ** 2).sum()) for values in scores]
    df = [len(values) - 1 for values in scores]
    if len(own) > 1:
        alone = Spread(math.sqrt(squares[0] / df[0]), df[0])
        if len(own) >= FEW or len(scores) == 1 or not _alike(squares, df):
            return alone
    return Spread(math.sqrt(sum(squares) / sum(df)), sum(df), len(scores))


def _alike(squares: list[float], df: list[int]) -> bool:
    """Whether the first variance may be that of all others together, by a two-sided F test at 5 %."""
    from scipy import special

    others, others_df = sum(squares[1:]) / sum(df[1:]), sum(df[1:])
    low, high = (special.fdtri(df[0], others_df, tail) for tail in ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2))
    return low * others <= squares[0] / df[0] <= high * others
