"""Learning curves as inline SVG: a pair of panels a model, drawn from the kept histories."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import quantiles

from shared.report.figures import SPLITS
from shared.report.files import histories
from shared.report.site.html import Html, h, joined
from shared.report.site.marks import runs_word
from shared.results.diff import Diff, Section

WIDTH, HEIGHT = 360, 190  # of a panel, in its own units: about those of a phone's screen
LEFT, RIGHT, TOP, BOTTOM = 38, 10, 22, 26  # room for the labels
SPREAD = 3.0  # times the losses' upper quartile; above it is cut off, as one bad epoch would flatten the rest
STEPS = (1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500)


def curves(diff: Diff, section: Section) -> Html:
    """The learning curves of every model of a section; nothing where none has a history."""
    return joined([_figure(model, runs) for model, runs in sorted(histories(diff, section).items())])


def _figure(model: str, runs: list[dict]) -> Html:
    split = "test" if any("test_loss" in run for run in runs) else "val"
    drawn = [value for run in runs for value in (*run["loss"], *run[f"{split}_loss"])]
    losses = [value for value in drawn if math.isfinite(value)] or [1.0]
    top = max(min(1.05 * max(losses), SPREAD * quantiles([*losses, *losses], n=4)[2]), 1e-6)
    panels = [_panel(runs, _accuracy(runs[0]), split, 1.0), _panel(runs, "loss", split, top)]
    words = [
        h("b", f"{model}: how it learned."),
        f" {_said(runs, split)} ",
        f"Dashed and grey is training, the full line {SPLITS[split]}, the dot the epoch that was evaluated. ",
        "The others are drawn faint. " if len(runs) > 1 else None,
        f"The axis of the loss ends at {top:.2g}; some epochs lie above. " if max(losses) > top else None,
    ]
    drawing = h("div", panels, role="img", aria_label=f"{model}: {_said(runs, split)}", class_="panels")
    return h("figure", drawing, h("figcaption", words), class_="curves")


def _accuracy(run: dict) -> str:
    """What the history calls it: ``accuracy``, or ``binary_accuracy`` where a clip may have several labels."""
    return "accuracy" if "accuracy" in run else "binary_accuracy"


def _said(runs: list[dict], split: str) -> str:
    """The curves of the first run in words."""
    run, kind = runs[0], _accuracy(runs[0])
    held, best = run[f"{split}_{kind}"], list(run["epoch"]).index(run["best_epoch"])
    of = f"{runs_word(len(runs))}, the first ({run['run']}): " if len(runs) > 1 else f"{run['run']}: "
    name = {"val": "validation", "test": "test"}[split]
    n = len(run["epoch"])
    words = kind.replace("_", " ")
    training = f"training {words} {run[kind][0]:.3f} to {run[kind][-1]:.3f}"
    watching = f"{name} {words} {held[0]:.3f} to {held[-1]:.3f}, {held[best]:.3f} in epoch {run['best_epoch']}"
    return f"{of}{n} epoch{'s' if n > 1 else ''}, {training}, {watching}, which was evaluated."


def _panel(runs: list[dict], quantity: str, split: str, top: float) -> Html:
    """One chart over the epochs; what lies outside is cut off by the inner drawing's frame."""
    last = max(2.0, *(max(run["epoch"]) for run in runs))
    wide, high = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def x(epoch: float) -> float:
        return wide * (epoch - 1) / (last - 1)

    def y(value: float) -> float:
        return high * (1 - value / top)

    lines = []
    for index, run in reversed(list(enumerate(runs))):  # the first one on top
        faint = "faint" if index else ""
        held = run[f"{split}_{quantity}"]
        best = list(run["epoch"]).index(run["best_epoch"])
        lines += [_line(run["epoch"], run[quantity], x, y, f"train {faint}")]
        lines += [_line(run["epoch"], held, x, y, f"held {faint}")]
        if math.isfinite(held[best]):
            place = {"cx": _n(x(run["best_epoch"])), "cy": _n(y(held[best])), "r": "3.5"}
            lines.append(h("circle", **place, class_=f"dot {faint}".strip()))
    box = {"x": LEFT - 5, "y": TOP - 5, "width": wide + 10, "height": high + 10}  # room for a dot on the edge
    frame = h("svg", lines, **box, viewBox=f"-5 -5 {wide + 10} {high + 10}")
    title = h("text", quantity.replace("_", " "), x=LEFT, y=12, class_="quantity")
    return h("svg", title, _axes(last, top, x, y), frame, viewBox=f"0 0 {WIDTH} {HEIGHT}", aria_hidden="true")


def _axes(last: float, top: float, x, y) -> Html:
    """Grid lines with their values, epochs below."""
    marks = []
    for value in _ticks(top):
        down = _n(TOP + y(value))
        marks.append(h("line", x1=LEFT, x2=WIDTH - RIGHT, y1=down, y2=down))
        marks.append(h("text", f"{value:g}", x=LEFT - 7, y=down, dy="0.32em", text_anchor="end"))
    step = next((step for step in STEPS if last / step <= 6), STEPS[-1])
    for epoch in [1, *range(step, int(last) + 1, step)] if step > 1 else range(1, int(last) + 1):
        marks.append(h("text", epoch, x=_n(LEFT + x(epoch)), y=HEIGHT - 9, text_anchor="middle"))
    marks.append(h("text", "epoch", x=WIDTH - RIGHT, y=12, text_anchor="end"))
    return h("g", marks, class_="axes")


def _ticks(top: float) -> list[float]:
    """Four or five round values from 0 to `top`."""
    unit = 10.0 ** math.floor(math.log10(top))
    step = next(step for step in (0.1 * unit, 0.25 * unit, 0.5 * unit, unit, 2.5 * unit) if top / step <= 5)
    return [step * index for index in range(int(top / step + 1e-9) + 1)]


def _line(epochs: Sequence[float], values: Sequence[float], x, y, class_: str) -> Html:
    there = [(epoch, value) for epoch, value in zip(epochs, values, strict=True) if math.isfinite(value)]
    points = " ".join(f"{_n(x(epoch))},{_n(y(value))}" for epoch, value in there)
    return h("polyline", points=points, class_=class_.strip())


def _n(value: float) -> str:
    """A coordinate: a tenth of a unit is finer than a screen shows."""
    return f"{value:.1f}".removesuffix(".0")
