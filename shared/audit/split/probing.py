"""How far a split is solved by recognising recordings: the nearest training clip, with and without its own group.

The probe is `shared.metrics.probes.nearest_neighbour`, on averages over time by their correlation, on the columns of a
table by their Euclidean distance; each column is standardised as the training clips are. Under the given split it may
choose any training clip. Under the grouped one, the same held-out clips choose anew among the training clips of other
groups, as if each clip's group had been held out whole. Both answer the same clips, so their difference is that of
pairs, and it is the groups' part in the score. Fewer clips to choose from may cost something, too: a third run bars as
many training clips drawn at random.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from shared.audit.split.clips import Clips, Part
from shared.audit.split.findings import LEAK, NOTE, Checked, Figure, Pair
from shared.metrics.intervals import wilson_interval
from shared.metrics.probes import nearest_neighbour

N_DRAWS, SEED = 2000, 0  # of the bootstrap


@dataclass(frozen=True)
class Probe:
    """What the probe found, one value a held-out clip, m of them.

    ``rows``: the clips; ``nearest``: rows of the training clips that they were given, -1 if there was none;
    ``similarity``: as `nearest_neighbour` gives it; ``right``: whether that clip has one of their labels.
    """

    rows: np.ndarray
    nearest: np.ndarray
    similarity: np.ndarray
    right: np.ndarray


@dataclass(frozen=True)
class Probes:
    """The probe under the given split, with each clip's group barred, and with as many clips barred at random."""

    given: Probe
    grouped: Probe | None = None
    thinned: Probe | None = None


def standardised(features: np.ndarray, by: np.ndarray) -> np.ndarray:
    """Features less the mean and over the standard deviation of the rows `by`; a constant column becomes 0."""
    mean, spread = features[by].mean(axis=0), features[by].std(axis=0)
    moving = _moving(features[by])
    return np.where(moving, (features - mean) / np.where(moving, spread, 1.0), 0.0)


def _moving(features: np.ndarray) -> np.ndarray:
    """Which columns are not constant. The deviation of a constant one need not be 0: its mean may be rounded."""
    return np.ptp(features, axis=0) > 0


def probed(clips: Clips, barred: Callable[[Part, slice], np.ndarray] | None = None, fit_on_all: bool = False) -> Probe:
    """Give each held-out clip its nearest training clip.

    Parameters
    ----------
    clips : Clips
        With a split and features.
    barred : callable, optional
        Given a part and a slice of its test clips: which of its training clips they may not choose; bool.
    fit_on_all : bool
        Standardise by all clips of the part instead of those that are trained on.
    """
    found = []
    for part in clips.parts():
        fitted = np.concatenate([part.train, part.test]) if fit_on_all else part.train
        scaled = standardised(clips.features, fitted)
        bar = None if barred is None else lambda rows, part=part: barred(part, rows)
        near = nearest_neighbour(scaled[part.train], part.train, scaled[part.test], bar, clips.distance)
        nearest = np.where(near.index >= 0, near.labels, -1)
        right = [_shared(clips, row, other) for row, other in zip(part.test, nearest, strict=True)]
        found.append((part.test, nearest, near.similarity, np.array(right, bool)))
    return Probe(*(np.concatenate(values) for values in zip(*found, strict=True)))


def _shared(clips: Clips, row: int, other: int) -> bool:
    return other >= 0 and not set(clips.labels[row]).isdisjoint(clips.labels[other])


def kin(clips: Clips, pairs: list[Pair]) -> np.ndarray | None:
    """Numbers of the groups, those joined that hold the same clip; shape (n,). None if every clip stands alone."""
    names = [f"g{group}" if group else f"c{row}" for row, group in enumerate(clips.groups or [""] * len(clips))]
    parent: dict[str, str] = {name: name for name in names}

    def root(name: str) -> str:
        while parent[name] != name:
            parent[name] = name = parent[parent[name]]
        return name

    for pair in pairs:
        parent[root(names[pair.first])] = root(names[pair.second])
    codes = np.unique([root(name) for name in names], return_inverse=True)[1]
    return codes if len(set(codes.tolist())) < len(clips) else None


def run_probes(clips: Clips, pairs: list[Pair]) -> Probes | None:
    """The probe in all its forms; None without a split or features."""
    if clips.split is None or clips.features is None:
        return None
    given, codes = probed(clips), kin(clips, pairs)
    if codes is None:
        return Probes(given)
    generator = np.random.default_rng(SEED)

    def own_group(part: Part, rows: slice) -> np.ndarray:
        return codes[part.test[rows], None] == codes[part.train]

    def as_many(part: Part, rows: slice) -> np.ndarray:
        n_barred = own_group(part, rows).sum(axis=1)
        order = generator.random((len(n_barred), len(part.train)), np.float32).argsort(axis=1)
        return order < np.minimum(n_barred, len(part.train) - 1)[:, None]

    return Probes(given, probed(clips, own_group), probed(clips, as_many))


def majority(clips: Clips) -> float:
    """What answering every held-out clip with the training clips' most frequent label scores."""
    right = total = 0
    for part in clips.parts():
        counts = Counter(label for row in part.train for label in clips.labels[row])
        most = min(counts, key=lambda label: (-counts[label], label))
        right += sum(most in clips.labels[row] for row in part.test)
        total += len(part.test)
    return right / total


def bootstrap_interval(given: np.ndarray, other: np.ndarray, codes: np.ndarray) -> tuple[float, float]:
    """95 % interval of the difference of two scores of the same clips, drawing whole groups anew (bootstrap).

    Parameters
    ----------
    given, other : ndarray of bool, shape (m,)
    codes : ndarray of int, shape (m,)
        The clips' groups: clips of one group are right or wrong together, and drawn together.
    """
    groups = np.unique(codes, return_inverse=True)[1]
    sizes = np.bincount(groups)
    gains = np.bincount(groups, given.astype(float) - other)
    generator = np.random.default_rng(SEED)
    draws = np.empty(N_DRAWS)
    for draw in range(N_DRAWS):
        drawn = generator.integers(len(sizes), size=len(sizes))
        draws[draw] = gains[drawn].sum() / sizes[drawn].sum()
    low, high = np.quantile(draws, [0.025, 0.975])
    return float(low), float(high)


def check_probe(clips: Clips, probes: Probes | None, pairs: list[Pair]) -> Checked:
    """Findings about the probe's scores."""
    checked = Checked()
    if probes is None:
        return checked
    most = majority(clips)
    _score(checked, "nearest neighbour, given split", probes.given.right)
    if probes.grouped is None:
        checked.figures.append(_share("  always the most frequent label", most))
        checked.skipped.append(
            "How much of the probe's score comes from recognised groups: nothing says which clips belong together. A "
            "column group in the index would."
        )
        return checked
    codes = kin(clips, pairs)
    answerable = _answerable(clips, codes)
    given, grouped, thinned = (p.right[answerable] for p in (probes.given, probes.grouped, probes.thinned))
    if not answerable.any():
        reason = "No held-out clip has a training clip of its label in another group."
        checked.find(
            "labels of one group", NOTE, clips.name, "", reason, "No grouped split of these clips is possible."
        )
        return checked
    if not answerable.all():
        checked.count("  clips whose label no other group has, left out below", int((~answerable).sum()))
        _score(checked, "nearest neighbour, given split, the others", given)
    _score(checked, "nearest neighbour, own group barred", grouped)
    _score(checked, "  as many clips barred at random", thinned)
    checked.figures.append(_share("  always the most frequent label", most))
    _difference(checked, clips, given, grouped, thinned, codes[probes.given.rows][answerable])
    return checked


def _difference(checked: Checked, clips: Clips, given, grouped, thinned, codes) -> None:
    gap, (low, high) = given.mean() - grouped.mean(), bootstrap_interval(given, grouped, codes)
    text = f"{gap:+.4f} ({low:+.4f} to {high:+.4f})"
    checked.figures.append(Figure("  difference: what the groups give", text, [round(v, 4) for v in (gap, low, high)]))
    source = clips.group_source or "clips that hold the same"
    if low <= 0 <= high:
        checked.sound.append(f"Barring a clip's own group ({source}) does not change the probe's score measurably.")
        return
    reason = f"With every training clip to choose from, the probe is right on {given.mean():.4f} of the clips; without "
    reason += f"those of the clip's own group ({source}) on {grouped.mean():.4f}, and with as many others left out at "
    reason += f"random on {thinned.mean():.4f}."
    if gap < 0:
        follows = "The groups hold no help here; rather, clips of other labels in the same group mislead the probe."
        checked.find("probe", NOTE, clips.name, f"{gap:+.4f}", reason, follows)
        return
    follows = f"Of a score under the given split, up to {gap:.2f} can come from recognising the group. A network that "
    follows += f"does not beat {given.mean():.4f} there has not been shown to know more than the probe does."
    checked.find("score from recognised groups", LEAK, clips.name, f"{gap:+.4f}", reason, follows)


def _answerable(clips: Clips, codes: np.ndarray) -> np.ndarray:
    """Whether each held-out clip has a training clip with a label of its own in another group; bool (m,)."""
    found = []
    for part in clips.parts():
        groups_of = defaultdict(set)
        for row in part.train:
            for label in clips.labels[row]:
                groups_of[label].add(codes[row])
        found += [any(groups_of[label] - {codes[row]} for label in clips.labels[row]) for row in part.test]
    return np.array(found)


def _score(checked: Checked, name: str, right: np.ndarray) -> None:
    n, successes = len(right), int(right.sum())
    low, high = wilson_interval(successes, n)
    text = f"{successes / n:.4f} ({low:.4f} to {high:.4f}), {successes:,} of {n:,}"
    checked.figures.append(Figure(name, text, [round(successes / n, 4), round(low, 4), round(high, 4)]))


def _share(name: str, share: float) -> Figure:
    return Figure(name, f"{share:.4f}", round(share, 4))


# ---- preprocessing


def check_standardisation(clips: Clips, given: Probe | None) -> Checked:
    """How much it matters whether means and deviations are those of the training clips or of all clips."""
    checked = Checked()
    if given is None:
        return checked
    shifts, ratios, expected = [], [], []
    for part in clips.parts():
        train, everything = clips.features[part.train], clips.features[np.concatenate([part.train, part.test])]
        spread = train.std(axis=0)
        moving = _moving(train)
        shifts.append(np.abs(everything.mean(axis=0) - train.mean(axis=0))[moving] / spread[moving])
        ratios.append(everything.std(axis=0)[moving] / spread[moving])
        expected.append(np.sqrt(1 / len(train) - 1 / len(everything)))
    shift, ratio = np.concatenate(shifts), np.concatenate(ratios)
    if not shift.size:
        return checked
    on_all = probed(clips, fit_on_all=True)
    changed, gain = int((on_all.nearest != given.nearest).sum()), on_all.right.mean() - given.right.mean()
    text = f"{np.median(shift):.4f} sd, at most {shift.max():.4f}; {np.mean(expected):.4f} at random"
    checked.figures.append(Figure("means fitted on all clips move by", text, round(float(shift.max()), 4)))
    text = f"{ratio.min():.3f} to {ratio.max():.3f}"
    checked.figures.append(Figure("  deviations grow by the factor", text, round(float(ratio.max()), 4)))
    checked.figures.append(Figure("  the probe's score moves by", f"{gain:+.4f}", round(float(gain), 4)))
    checked.count("  clips that get another neighbour", changed, len(given.rows))
    reason = f"Standardising by all clips instead of the training clips moves a feature's mean by {shift.max():.3f} of "
    reason += f"its standard deviation at most, and the probe's score by {gain:+.4f}."
    follows = (
        "Whether that was done stands in the code and in no clip; here is what it can matter. What is fitted with "
    )
    follows += (
        "labels (a choice of features, oversampling before the split) can matter much more, and is not seen here."
    )
    checked.find("preprocessing fitted on all clips", NOTE, clips.name, f"{gain:+.4f}", reason, follows)
    return checked
