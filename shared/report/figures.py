"""Pictures of results: confusion matrices side by side, learning curves. The same numbers give the same PNG."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from shared.base.plotting import INK, MUTED, TRAIN, VALIDATION, new_figure, save_figure

SPLITS = {"val": "validation", "test": "test (watched, decides nothing)"}


def draw_confusion(path: Path, panels: Sequence[tuple[str, np.ndarray]], classes: Sequence[str], title: str) -> None:
    """Draw confusion matrices beside each other, rows = true class, counts in the cells.

    Parameters
    ----------
    path : Path
        The PNG to write.
    panels : sequence of (name, matrix)
        For example ``[("published", …), ("regenerated", …)]``; matrices of counts, shape (C, C). The shade is the
        share of the row, so that panels with different numbers of clips look alike.
    classes : sequence of str
        C names.
    title : str
        Model and conditions.
    """
    size = max(2.6, 0.62 * len(classes) + 0.6)
    figure, axes = new_figure(1, len(panels), (size * len(panels) + 1.2, size + 0.9))
    for index, (axis, (name, matrix)) in enumerate(zip(axes[0], panels, strict=True)):
        matrix = np.asarray(matrix)
        total = matrix.sum()
        share = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
        axis.imshow(share, cmap="Blues", vmin=0, vmax=1, interpolation="nearest")
        for (row, column), count in np.ndenumerate(matrix):
            dark = share[row, column] > 0.55
            colour = "white" if dark else INK if count else "#b5b5b5"
            weight = "bold" if row == column else "normal"
            style = {"ha": "center", "va": "center", "color": colour, "fontweight": weight, "fontsize": 9}
            axis.text(column, row, str(count), in_layout=False, **style)  # it stays within its cell
        long = max(map(len, classes)) > 3
        turned = {"rotation": 40, "ha": "right", "rotation_mode": "anchor"} if long else {}
        axis.set_xticks(range(len(classes)), classes, **turned)
        axis.set_yticks(range(len(classes)), classes if index == 0 else [""] * len(classes))
        between, edges = np.arange(len(classes) - 1) + 0.5, (-0.5, len(classes) - 0.5)
        axis.hlines(between, *edges, color="white", linewidth=1.5)
        axis.vlines(between, *edges, color="white", linewidth=1.5)
        axis.tick_params(length=0, labelsize=9)
        axis.spines[:].set_visible(False)
        axis.set_xlabel("predicted", color=MUTED)
        axis.set_title(f"{name}: {np.trace(matrix)} of {total} right", fontsize=10, color=INK)
    axes[0][0].set_ylabel("true", color=MUTED)
    lines = textwrap.wrap(title, int(11 * figure.get_figwidth()))  # characters an inch at this size
    figure.suptitle("\n".join(lines), fontsize=10.5, color=INK)
    save_figure(figure, path)


def draw_learning_curves(path: Path, curves: dict[str, list[dict]], title: str) -> None:
    """Draw accuracy (above) and loss (below) over the epochs, one column a model.

    Parameters
    ----------
    path : Path
        The PNG to write.
    curves : dict of model name to runs
        A run is a dict with ``run`` (its name), ``best_epoch`` and the columns of history.csv as lists: ``epoch``,
        ``accuracy`` (or ``binary_accuracy``), ``loss``, and ``val_accuracy``, ``val_loss`` (or ``test_accuracy``,
        ``test_loss``, where the paper draws the test split's curve). The dot marks the epoch that was evaluated.
    title : str
        Variant and conditions.
    """
    split = "test" if any("test_loss" in run for runs in curves.values() for run in runs) else "val"
    binary = any("binary_accuracy" in run for runs in curves.values() for run in runs)
    accuracy = "binary_accuracy" if binary else "accuracy"
    width, height = max(7.2, 3.6 * len(curves) + 0.6), 5.0
    figure, axes = new_figure(2, len(curves), (width, height), layout="none", sharex="col", sharey="row")
    head = 0.72 if all(len(runs) == 1 for runs in curves.values()) else 0.88  # inches: two lines of title, or three
    left = 0.92 if binary else 0.62  # inches: such accuracies lie close together, so their ticks have three decimals
    margins = {"left": left / width, "right": 1 - 0.12 / width, "bottom": 0.84 / height, "top": 1 - head / height}
    figure.subplots_adjust(**margins, wspace=0.09, hspace=0.09)  # measuring every text takes longer than drawing all
    for column, (model, runs) in enumerate(curves.items()):
        for row, quantity in enumerate((accuracy, "loss")):
            axis = axes[row][column]
            for number, run in enumerate(runs):
                alpha = 1.0 if number == 0 else 0.4
                label = None if number else quantity
                axis.plot(run["epoch"], run[quantity], "--", color=TRAIN, alpha=alpha, linewidth=1.2, label=label)
                held_out = run[f"{split}_{quantity}"]
                axis.plot(run["epoch"], held_out, color=VALIDATION, alpha=alpha, linewidth=1.6, label=label)
                best = list(run["epoch"]).index(run["best_epoch"])
                axis.plot(run["best_epoch"], held_out[best], "o", color=VALIDATION, alpha=alpha, markersize=6)
            axis.grid(color="#e6e6e6", linewidth=0.8)
            axis.spines[["top", "right"]].set_visible(False)
            axis.tick_params(labelsize=9, color=MUTED, labelcolor=INK)
        axes[0][column].set_title(f"{model}\nevaluated: {_evaluated(runs)}", fontsize=10, color=INK)
        axes[1][column].set_xlabel("epoch", color=MUTED)
        axes[1][column].xaxis.get_major_locator().set_params(integer=True)
    losses = [value for runs in curves.values() for run in runs for value in (*run["loss"], *run[f"{split}_loss"])]
    axes[1][0].set_ylim(0, 1.05 * min(max(filter(math.isfinite, losses), default=1.0), 2.5))
    axes[0][0].set_ylim(top=1.02)
    axes[0][0].set_ylabel(accuracy.replace("_", " "), color=MUTED)
    axes[1][0].set_ylabel("loss", color=MUTED)
    _legend(figure, SPLITS[split])
    figure.suptitle(title, fontsize=10.5, color=INK)
    save_figure(figure, path)


def draw_labels(
    path: Path, answers: dict[str, tuple[np.ndarray, np.ndarray]], classes: Sequence[str], title: str
) -> None:
    """Draw what answers with several labels a clip are worth: their distribution, F1 by threshold, each label.

    Parameters
    ----------
    path : Path
        The PNG to write.
    answers : dict of model name to (labels, probabilities)
        Each (n, C), of the same clips; the first is drawn dark.
    classes : sequence of str
        C names.
    title : str
        Conditions.
    """
    from shared.metrics.multilabel import SWEEP, average_precision, sweep

    figure, axes = new_figure(1, 3, (12.6, max(3.6, 0.17 * len(classes) + 1.2)))
    colours = [VALIDATION, "#c26a2d", "#5b8c5a", TRAIN]
    order = np.argsort(next(iter(answers.values()))[0].sum(axis=0), kind="stable")
    bins = np.linspace(0, 1, 41)
    for number, (model, (true, prob)) in enumerate(answers.items()):
        colour, rows = colours[number % len(colours)], sweep(true, prob)
        axes[0][0].hist(prob.ravel(), bins, histtype="step", color=colour, label=model)
        for name, style in (("macro_f1", "-"), ("micro_f1", ":")):
            axes[0][1].plot(SWEEP, [row[name] for row in rows], style, color=colour, label=f"{model}, {name[:5]}")
        scores = np.nan_to_num(average_precision(true, prob))[order]
        height = 0.8 / len(answers)
        axes[0][2].barh(np.arange(len(classes)) - number * height, scores, height, color=colour, label=model)
    axes[0][0].set_yscale("log")
    axes[0][2].set_yticks(range(len(classes)), [classes[label] for label in order], fontsize=7)
    texts = [("answers, logarithmic", "probability"), ("F1", "threshold, of all labels"), ("average precision", "")]
    for axis, (name, below) in zip(axes[0], texts, strict=True):
        axis.set_title(name, fontsize=10, color=INK)
        axis.set_xlabel(below, color=MUTED)
        axis.spines[["top", "right"]].set_visible(False)
        if axis is not axes[0][2]:  # full of bars, in the colours of the first
            axis.legend(frameon=False, fontsize=8)
    figure.suptitle(title, fontsize=10.5, color=INK)
    save_figure(figure, path)


def _evaluated(runs: list[dict]) -> str:
    """``epoch 9``, or ``epochs 9, 12`` and which run is drawn dark."""
    epochs = list(dict.fromkeys(str(run["best_epoch"]) for run in runs))
    text = f"epoch{'s' if len(epochs) > 1 else ''} {', '.join(epochs)}"
    return text if len(runs) == 1 else f"{text}\n({len(runs)} runs; dark: {runs[0]['run']})"


def _legend(figure, split: str) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color=TRAIN, linestyle="--", linewidth=1.2),
        Line2D([], [], color=VALIDATION, linewidth=1.6),
        Line2D([], [], color=VALIDATION, marker="o", linestyle="", markersize=6),
    ]
    names = ["training", split, "epoch that was evaluated"]
    figure.legend(handles, names, loc="lower center", ncols=3, frameon=False, fontsize=9)
