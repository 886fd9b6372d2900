"""One picture of every published number with the regenerated one beside it: a forest plot."""

from __future__ import annotations

from pathlib import Path

from shared.base.plotting import INK, MUTED, new_figure, save_figure
from shared.report import overview
from shared.results.diff import Diff, Entry
from shared.results.verdicts import CONDITIONAL, CONSISTENT, DIFFERS, MATCH, NOT_RUN, UNDETERMINED

FILE = "overview.png"
COLOURS = {MATCH: "#1b7837", CONSISTENT: "#20639b", DIFFERS: "#b2182b", CONDITIONAL: "#762a83", UNDETERMINED: "#a6611a"}
FAINT = "#b0b0b0"  # what may not be held against the published number
ROW, LEFT, RIGHT = 0.235, 3.55, 2.55  # inches: a line; the names; the verdicts


def draw_overview(path: Path, diffs: list[Diff]) -> None:
    """Draw the number that each row of the papers' tables is known for, all as fractions on one axis.

    A diamond is the published number, a dot the regenerated one. Its bar is the 95 % interval of the difference, laid
    around it; of numbers that may not be compared it is the standard deviation over runs, in grey.

    Parameters
    ----------
    path : Path
        The PNG to write.
    diffs : list of Diff
        Of all papers.
    """
    rows: list[overview.Line | str] = []
    for line in overview.lines(diffs):
        if line.heading not in rows:
            rows.append(line.heading)
        rows.append(line)
    n_lines = sum(1 if isinstance(row, str) else max(1, len(row.readings)) for row in rows)
    width, height = 11.0, ROW * n_lines + 0.95
    figure, axes = new_figure(1, 1, (width, height), layout="none")
    margins = {"left": LEFT / width, "right": 1 - RIGHT / width, "bottom": 0.42 / height, "top": 1 - 0.5 / height}
    figure.subplots_adjust(**margins)
    axis, y = axes[0][0], 0
    at_left, at_right = {"x": -LEFT / (width - LEFT - RIGHT) + 0.02}, {"x": 1.03}
    text = {"transform": axis.get_yaxis_transform(), "va": "center", "fontsize": 9, "color": INK}
    for row in rows:
        if isinstance(row, str):
            axis.text(**at_left, y=y, s=row, **text | {"color": MUTED})
            y += 1
            continue
        axis.text(x=at_left["x"] + 0.03, y=y, s=row.cell.model, **text)
        for section, entry in row.readings:
            colour = COLOURS.get(entry.verdict, FAINT)
            axis.plot(row.cell.value, y, "D", markerfacecolor="white", markeredgecolor=INK, markersize=6.5, zorder=3)
            if entry.value is not None:
                axis.plot(entry.value, y, "o", color=colour, markersize=5, zorder=4)
                axis.plot(bar(entry), [y, y], color=colour, linewidth=1.6, zorder=2)
            axis.text(**at_right, y=y, s=_says(section.variant, entry), **text | {"color": _readable(colour)})
            y += 1
    axis.set_xlim(0, 1)
    axis.set_ylim(y - 0.4, -0.6)
    axis.set_yticks([])
    axis.grid(axis="x", color="#e6e6e6", linewidth=0.8)
    axis.spines[["top", "right", "left"]].set_visible(False)
    axis.tick_params(labelsize=9, color=MUTED, labelcolor=INK)
    words = (
        "◇ published    ● regenerated, with the 95 % interval of the difference (grey: not comparable, ± sd of runs)"
    )
    figure.text(LEFT / width, 1 - 0.28 / height, words, fontsize=9, color=INK)
    save_figure(figure, path, colours=128)


def bar(entry: Entry) -> tuple[float, float]:
    """The two ends of the bar through a regenerated number, as fractions.

    They are the limits of the difference on top of the published number; where there are none, one standard deviation
    to each side, or nothing.
    """
    if entry.low is not None and entry.cell is not None:
        return entry.cell.value + entry.low, entry.cell.value + entry.high
    sd = entry.sd or 0.0
    return entry.value - sd, entry.value + sd


def _says(variant: str, entry: Entry) -> str:
    return entry.verdict if variant == "paper" or entry.verdict == NOT_RUN else f"{entry.verdict} ({variant})"


def _readable(colour: str) -> str:
    return MUTED if colour == FAINT else colour
