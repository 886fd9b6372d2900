"""Pictures of a split: the probe's score a label, with and without its own group, and how near the nearest clip is."""

from __future__ import annotations

import textwrap
from pathlib import Path

import numpy as np

from shared.audit.split import SplitAudit
from shared.audit.split.probing import majority
from shared.base.plotting import INK, MUTED, TRAIN, VALIDATION, new_figure, save_figure
from shared.metrics.intervals import wilson_interval
from shared.metrics.probes import EUCLIDEAN

MOST_LABELS = 30  # that get a bar


def draw_probe(path: Path, audit: SplitAudit) -> Path:
    """Draw the share of right answers, all labels together and each, under the given split and with groups barred."""
    probes, clips = audit.probes, audit.clips
    rows_of = {"all": np.ones(len(probes.given.rows), bool)}
    labels = sorted({label for row in probes.given.rows for label in clips.labels[row]})
    if len(labels) <= MOST_LABELS:
        rows_of |= {label: np.array([label in clips.labels[row] for row in probes.given.rows]) for label in labels}
    figure, axes = new_figure(1, 1, (7.2, 1.6 + 0.36 * len(rows_of)))
    axis, height = axes[0][0], 0.38
    looks = (("given split", probes.given, TRAIN, 0), ("own group barred", probes.grouped, VALIDATION, height))
    for name, probe, colour, shift in looks:
        shares = np.array([probe.right[chosen].mean() for chosen in rows_of.values()])
        limits = np.array([wilson_interval(int(probe.right[c].sum()), int(c.sum())) for c in rows_of.values()])
        errors = np.maximum(0, np.abs(limits.T - shares))
        axis.barh(np.arange(len(rows_of)) + shift, shares, height, color=colour, label=name)
        axis.errorbar(shares, np.arange(len(rows_of)) + shift, xerr=errors, fmt="none", ecolor=INK, elinewidth=0.8)
    axis.axvline(majority(clips), color=INK, linestyle=":", linewidth=1, label="always the most frequent label")
    axis.set_yticks(np.arange(len(rows_of)) + height / 2, list(rows_of), fontsize=9)
    axis.invert_yaxis()
    axis.set_xlim(0, 1)
    axis.set_xlabel("share of held-out clips whose nearest training clip has their label, 95 % interval", color=MUTED)
    axis.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=9)
    figure.suptitle(_title(clips.name), fontsize=10.5, color=INK)
    save_figure(figure, path)
    return path


def draw_similarities(path: Path, audit: SplitAudit) -> Path:
    """Draw how similar each held-out clip is to its nearest training clip, and to that of another group."""
    probes = audit.probes
    figure, axes = new_figure(1, 1, (7.2, 3.6))
    axis, looks = axes[0][0], [("nearest training clip", probes.given, TRAIN)]
    if probes.grouped:
        looks.append(("nearest of another group", probes.grouped, VALIDATION))
    looks = [(name, probe.similarity[probe.nearest >= 0], colour) for name, probe, colour in looks]
    if audit.clips.distance == EUCLIDEAN:
        looks = [(name, -values, colour) for name, values, colour in looks]
        most = max(values.max() for _, values, _ in looks if values.size)
        bins, meaning = np.linspace(0, most or 1.0, 51), "distance of standardised features; 0: the same numbers"
    else:
        least = min(values.min() for _, values, _ in looks if values.size)
        bins = np.linspace(np.floor(10 * min(least, 0.9)) / 10, 1.0, 51)
        meaning = "correlation of averages over time; 1: the same sound"
    for name, values, colour in looks:
        axis.hist(values, bins, color=colour, alpha=0.55, label=f"{name}, median {np.median(values):.3f}")
    axis.set_xlabel(meaning, color=MUTED)
    axis.set_ylabel("held-out clips", color=MUTED)
    axis.spines[["top", "right"]].set_visible(False)
    axis.legend(frameon=False, fontsize=9, loc="upper left")
    figure.suptitle(_title(audit.clips.name), fontsize=10.5, color=INK)
    save_figure(figure, path)
    return path


def _title(name: str) -> str:
    return "\n".join(textwrap.wrap(f"split of {name}", 80))
