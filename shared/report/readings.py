"""Specification curves and the table of choices by their effect: pictures, CSV, and what pages and READMEs show."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from shared.base.plotting import INK, MUTED, VALIDATION, new_figure, save_figure
from shared.report.tables import render_csv
from shared.results import readings
from shared.results.diff import Diff
from shared.results.readings import Curve
from shared.runs.units import slug

GENERATED = ("readings_*.csv", "readings_*.png", "effects_*.csv")
PUBLISHED, CHANCE, PAPER, FAINT = "#b2182b", "#762a83", INK, "#d0d0d0"
ROW, TOP, LEFT, RIGHT, HEAD = 0.2, 3.0, 3.7, 0.85, 1.0  # inches: a line of the matrix; the curve; what is around them
LEGEND = "● reading, with its 95 % interval    ◆ variant paper    ○ not shown to be above chance    — published"


def file_of(folder: Path, kind: str, curve: Curve, suffix: str) -> Path:
    """Where a curve's picture or table is: ``readings_<model>.png``, with the corpus where it is not the paper's."""
    corpus = "" if curve.own_corpus else f"_{curve.corpus}"
    return folder / f"{kind}_{slug(curve.model)}{corpus}.{suffix}"


def write_readings(diff: Diff, write: Callable[[Path, str], Path]) -> list[Path]:
    """Write each curve as CSV and PNG, and its table of effects as CSV; return the files."""
    folder, written = diff.results.folder, []
    for curve in diff.curves:
        written.append(write(file_of(folder, "readings", curve, "csv"), render_csv(readings.rows(curve))))
        written.append(write(file_of(folder, "effects", curve, "csv"), render_csv(readings.effect_rows(curve))))
        picture = file_of(folder, "readings", curve, "png")
        draw_curve(picture, curve)
        written.append(picture)
    return written


def title_of(curve: Curve) -> str:
    """The model, and the corpus where it is not the paper's."""
    return curve.model if curve.own_corpus else f"{curve.model}, on {curve.corpus}"


def draw_curve(path: Path, curve: Curve) -> None:
    """Draw all readings by their number, with intervals and the published number as a line; below, what each reads.

    A dot in the lower part says which value of a setting a reading has: dark where it is another than in `paper`.
    """
    lines = [(setting, value, i == 0) for setting, of in curve.values.items() for i, value in enumerate(of)]
    n, below = len(curve.points), ROW * (len(lines) + 0.5 * len(curve.values))
    width, height = LEFT + max(4.0, 0.26 * n) + RIGHT, HEAD + TOP + 0.25 + below + 0.15
    figure, axes = new_figure(2, 1, (width, height), layout="none", sharex=True, height_ratios=(TOP, below))
    margins = {"left": LEFT / width, "right": 1 - RIGHT / width, "bottom": 0.15 / height, "top": 1 - HEAD / height}
    figure.subplots_adjust(**margins, hspace=2 * 0.25 / (TOP + below))
    (upper,), (lower,) = axes
    scale = curve.cell.scale
    upper.axhline(curve.cell.value * scale, color=PUBLISHED, linewidth=1.4, zorder=1)
    for x, point in enumerate(curve.points):
        papers = point.chosen == ()
        colour = PAPER if papers else CHANCE if point.at_chance else VALIDATION
        upper.plot([x, x], [point.low * scale, point.high * scale], color=colour, linewidth=1.4, zorder=2)
        style = {"marker": "D" if papers else "o", "markersize": 6 if papers else 5.5, "markeredgecolor": colour}
        face = "white" if point.at_chance else colour
        upper.plot(x, point.value * scale, markerfacecolor=face, linestyle="none", zorder=3, **style)
    upper.annotate(
        f"published\n{curve.cell.printed}",
        (1, curve.cell.value * scale),
        xycoords=upper.get_yaxis_transform(),
        xytext=(4, 0),
        textcoords="offset points",
        va="center",
        fontsize=9,
        color=PUBLISHED,
    )
    upper.set_ylabel(f"{curve.cell.split} {curve.cell.metric.replace('_', ' ')}{', %' * (scale == 100)}", color=MUTED)
    upper.grid(axis="y", color="#e6e6e6", linewidth=0.8)
    y, ticks = 0.0, []
    for setting, value, papers in lines:
        if papers:
            y += 0.5
            lower.text(
                -LEFT / (width - LEFT - RIGHT) + 0.01,
                y,
                f"{setting}",
                transform=lower.get_yaxis_transform(),
                va="center",
                fontsize=9,
                color=INK,
            )
        ticks.append((y, value))
        lower.axhline(y, color="#f0f0f0", linewidth=0.8, zorder=0)
        having = [x for x, point in enumerate(curve.points) if curve.value_of(point, setting) == value]
        lower.plot(having, np.full(len(having), y), "o", color=FAINT if papers else INK, markersize=4.2, zorder=2)
        y += 1
    lower.set_ylim(y - 0.4, -0.1)
    lower.set_yticks([tick for tick, _ in ticks], [_short(value) for _, value in ticks])
    lower.set_xlim(-0.7, n - 0.3)
    for axis in (upper, lower):
        axis.set_xticks([])
        axis.spines[["top", "right", "bottom"]].set_visible(False)
        axis.tick_params(labelsize=9, color=MUTED, labelcolor=INK, length=0 if axis is lower else 3)
    lower.spines["left"].set_visible(False)
    words = f"{n} readings of the paper, the lowest number first; below, what each takes the settings to be"
    figure.text(0.08 / width, 1 - 0.27 / height, title_of(curve), fontsize=11, color=INK)
    figure.text(0.08 / width, 1 - 0.5 / height, words, fontsize=9, color=INK)
    figure.text(0.08 / width, 1 - 0.73 / height, LEGEND, fontsize=9, color=MUTED)
    save_figure(figure, path, colours=64)


def _short(value: str, most: int = 24) -> str:
    return value if len(value) <= most else f"{value[: most - 1]}…"


def effects_table(curve: Curve) -> tuple[list[str], list[list[str]]]:
    """Head and rows: each choice's values, what each brings alone and among others, and where the published number
    lies."""
    rows = []
    factor, decimals = (100, 1) if curve.cell.scale == 100 else (1, 4)
    for one in curve.effects:
        setting = f"`{one.setting}` ({curve.spans[one.setting] * factor:.{decimals}f})" if one.is_papers else ""
        alone = "as in paper" if one.is_papers else "not run alone"
        if one.alone and not one.is_papers:
            delta, low, high = (one.alone[name] * factor for name in ("delta", "low", "high"))
            interval = f"{low:+.{decimals}f} to {high:+.{decimals}f}"
            if low == high:
                interval = "the same for every clip"
            alone = f"{delta:+.{decimals}f} ({interval})" + ", on another machine" * one.other_machine
        together = "" if one.together is None else f"{one.together * factor:+.{decimals}f}"
        rows.append([setting, one.value, alone, together, *map(str, (one.readings, one.below, one.holding, one.above))])
    unit = ", points" if factor == 100 else ""
    together = ["in the sum of all choices"] if any(one.together is not None for one in curve.effects) else []
    rows = [[*row[:3], *(row[3:4] if together else []), *row[4:]] for row in rows]
    head = [f"setting (it alone moves the number by{unit})", "value", f"alone (95 % interval{unit})", *together]
    return [*head, "readings", "below", "at the published number", "above"], rows


def at_chance_lines(curve: Curve) -> list[str]:
    """A line a reading that is not shown to be above chance: what it is and what is seen of it."""
    lines = []
    for point in curve.points:
        if point.at_chance:
            read = ", ".join(f"`{name} = {value}`" for name, value in point.chosen) or "`paper`"
            lines.append(f"{read}: {point.at_chance}.")
    return lines


def readings_markdown(diff: Diff) -> str:
    """For a paper's README: a sentence and the picture of each curve."""
    parts = []
    for curve in diff.curves:
        picture = file_of(diff.results.folder, "readings", curve, "png").name
        tables = [file_of(diff.results.folder, kind, curve, "csv").name for kind in ("readings", "effects")]
        results = f"../../results/{diff.paper.id}"
        links = " and ".join(f"[{name}]({results}/{name})" for name in tables)
        parts.append(f"**{title_of(curve)}.** {readings.sentence(curve)} All numbers: {links}.")
        parts.append(f"![{title_of(curve)}: all readings by their number]({results}/{picture})")
    n = sum(len(setting.readings) for setting in diff.paper.settings.values())
    command = f"python -m reproductions run {diff.paper.id} --readings --plan"
    none = f"paper.toml lists {n} other readings; too few were run for a curve so far. `{command}` says what they take."
    return "\n\n".join(parts) or none
