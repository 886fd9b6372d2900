"""Published curves beside the curves of the runs: how far each validation curve leaves a constant answer.

For each ``[[curves]]`` of a paper there is a picture and a CSV file: the published curve, and those of the runs of the
same model in the headline readings, on whatever corpus and split. Each stands beside what a network ends at that hears
nothing and is trained with the same weights, and beside the constant predictor, on its own validation samples. Losses
are as logged: they may hold penalties on weights or answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from statistics import mean

from shared.base.plotting import INK, MUTED, new_figure, save_figure
from shared.paper.schema import Curve
from shared.report.tables import render_csv
from shared.results.diff import Diff, Section
from shared.results.exact import MODEL, constant_scores, label_rates, nothing_heard
from shared.runs.units import slug

GENERATED = ("curve_*.csv", "curve_*.png")
LOSS, ACCURACY = "val_loss", "val_binary_accuracy"
OURS = ("#7fb3d5", "#2e86c1", "#1a5276", "#6c3483", "#c26a2d", "#5b8c5a", "#b03a2e")  # corpora, in the paper's order
LEAST = 1e-3  # of the loss of hearing nothing: a smaller gain, or none, is drawn at the edge


@dataclass(frozen=True)
class Line:
    """A validation curve: losses and binary accuracies an epoch, and the constant predictor's beside them.

    `deaf_loss` is the cross-entropy of a network that hears nothing. `corpus` is empty for the published one; `runs`
    are the trainings that it is the mean of; `n` their validation samples.
    """

    corpus: str
    variant: str
    protocol: str
    losses: tuple[float, ...]
    accuracies: tuple[float, ...]
    deaf_loss: float
    constant_loss: float
    constant_accuracy: float
    runs: int = 1
    n: int | None = None

    @property
    def shares(self) -> list[float]:
        """The loss as a share of that of a network that hears nothing."""
        return [loss / self.deaf_loss for loss in self.losses]

    @property
    def gains(self) -> list[float]:
        """Binary accuracy above the constant predictor's."""
        return [accuracy - self.constant_accuracy for accuracy in self.accuracies]


def lines(curve: Curve, diff: Diff) -> list[Line]:
    """The published curve, where its constant predictor is known, and those of the runs in the paper's order."""
    paper = diff.paper
    found = []
    if paper.corpus.drawn is not None and curve.values(LOSS) and curve.values(ACCURACY):
        scores = constant_scores(label_rates(paper.corpus.drawn, paper.corpus.classes))
        constant = (scores["binary_crossentropy"], scores["binary_accuracy"])
        constant = (nothing_heard(paper)["binary_crossentropy"], *constant)
        found.append(Line("", "", "published", tuple(curve.values(LOSS)), tuple(curve.values(ACCURACY)), *constant))
    corpora = [paper.corpus.name, *paper.corpus.others]
    sections = [s for s in diff.sections if s.corpus in corpora and paper.variants[s.variant].headline]
    variants = list(paper.variants)

    def order(section: Section) -> tuple:
        own_split = section.protocol == "published"
        return variants.index(section.variant), not own_split, section.protocol, corpora.index(section.corpus)

    return found + [line for section in sorted(sections, key=order) if (line := _line(curve, section, diff))]


def _line(curve: Curve, section: Section, diff: Diff) -> Line | None:
    """The mean over a section's trainings that went on as long as the longest of them; None where there is none."""
    constants = [r for r in section.records if r["model"] == MODEL and "nothing_heard" in r]
    histories = [diff.results.history(r) for r in section.records if r["model"] == curve.model]
    histories = [h for h in histories if h and {LOSS, ACCURACY} <= set(h[0])]
    if not constants or not histories:
        return None
    longest = max(map(len, histories))
    histories = [history for history in histories if len(history) == longest]
    each = [
        tuple(mean(history[epoch][name] for history in histories) for epoch in range(longest))
        for name in (LOSS, ACCURACY)
    ]
    constant, deaf = (constants[0][name] for name in ("validation", "nothing_heard"))
    place = (section.corpus, section.variant, section.protocol)
    scores = (deaf["binary_crossentropy"], constant["binary_crossentropy"], constant["binary_accuracy"])
    return Line(*place, *each, *scores, len(histories), constant["n"])


def write_published_curves(diff: Diff, write) -> list[Path]:
    """Write each curve's CSV file and picture; `write` takes a path and its text."""
    paper, folder, written = diff.paper, diff.results.folder, []
    for curve in paper.curves:
        found = lines(curve, diff)
        if len(found) < 2:
            continue
        picture = picture_of(folder, curve)
        written.append(write(picture.with_suffix(".csv"), render_csv(_rows(found))))
        drawn = {one.corpus for one in found}
        corpora = [name for name in (paper.corpus.name, *paper.corpus.others) if name in drawn]
        draw(picture, found, corpora, f"{curve.model}: {curve.figure} and runs")
        written.append(picture)
    return written


def picture_of(folder: Path, curve: Curve) -> Path:
    """Where a curve's picture is, in a paper's folder of results; its numbers stand beside it as CSV."""
    return folder / f"curve_{slug(curve.figure)}.png"


def _rows(found: list[Line]) -> list[dict]:
    """A row a curve and epoch."""
    rows = []
    for line in found:
        for i, (loss, accuracy) in enumerate(zip(line.losses, line.accuracies, strict=True)):
            row = {"corpus": line.corpus or "published", "variant": line.variant, "protocol": line.protocol}
            row |= {"runs": line.runs, "epoch": i + 1, "loss": f"{loss:.6f}", "binary_accuracy": f"{accuracy:.6f}"}
            row |= {"nothing_heard_loss": f"{line.deaf_loss:.6f}", "constant_loss": f"{line.constant_loss:.6f}"}
            rows.append(row | {"constant_binary_accuracy": f"{line.constant_accuracy:.6f}"})
    return rows


def curves_table(diff: Diff) -> tuple[list[str], list[list[str]]]:
    """Head and rows: each curve's loss and binary accuracy, first and last epoch, beside those of hearing nothing."""
    rows = []
    for curve in diff.paper.curves:
        for line in lines(curve, diff):
            what = f"{curve.figure}, published" if not line.corpus else line.corpus
            runs = f" ({line.runs} seeds)" if line.runs > 1 else ""
            first, last = (f"{values[0]:.4f}, {values[-1]:.4f}" for values in (line.losses, line.accuracies))
            place = [f"`{line.variant}`" if line.variant else "", line.protocol, f"{line.n:,}" if line.n else ""]
            less = f"{100 * (1 - line.shares[-1]):.1f} %"
            losses = [first, f"{line.deaf_loss:.4f}", less, f"{line.constant_loss:.4f}"]
            accuracies = [last, f"{line.constant_accuracy:.4f}", f"{round(line.gains[-1], 4) + 0.0:+.4f}"]
            rows.append([what + runs, *place, f"{len(line.losses)}", *losses, *accuracies])
    head = ["curve", "variant", "split", "validation samples", "epochs", "loss, first and last", "hearing nothing"]
    head += ["less by", "each label's share", "binary accuracy, first and last", "naming nothing", "more by"]
    return head, rows


def draw(path: Path, found: list[Line], corpora: list[str], title: str) -> None:
    """Draw the curves, a row of panels a split: the loss as a share of that of hearing nothing, how much of it is gone,
    and the binary accuracy above the constant predictor's."""
    published = [line for line in found if not line.corpus]
    splits = list(dict.fromkeys((line.variant, line.protocol) for line in found if line.corpus))
    colours = {corpus: OURS[i % len(OURS)] for i, corpus in enumerate(corpora)}
    figure, axes = new_figure(len(splits), 3, (12.6, 3.5 * len(splits) + 1.0), sharex="all", sharey="col")
    for row, split in zip(axes, splits, strict=True):
        mine = [line for line in found if line.corpus and (line.variant, line.protocol) == split]
        for line in [*mine, *published]:
            style = {"color": colours.get(line.corpus, INK), "linewidth": 1.6 if line.corpus else 2.2}
            style |= {"label": _name(line), "linestyle": "-" if line.corpus else (0, (4, 1.5))}
            epochs = range(1, len(line.losses) + 1)
            row[0].plot(epochs, line.shares, **style)
            row[1].plot(epochs, [max(1 - share, LEAST) for share in line.shares], **style)
            row[2].plot(epochs, line.gains, **style)
        words = "the last drawn are held out" if split[1] == "published" else f"protocol {split[1]}"
        row[0].set_ylabel(f"variant {split[0]}\n{words}", color=INK, fontsize=9)
        row[0].axhline(1, color=MUTED, linewidth=0.8)
        row[1].set_yscale("log")
        row[2].axhline(0, color=MUTED, linewidth=0.8)
        for axis in row:
            axis.grid(color="#ececec", linewidth=0.8)
            axis.spines[["top", "right"]].set_visible(False)
            axis.tick_params(labelsize=9, color=MUTED, labelcolor=INK)
    axes[0][0].set_ylim(bottom=0)
    axes[0][1].set_ylim(LEAST, 1)
    heads = ("loss, as a share of that of hearing nothing", "by what share it is less (logarithmic)")
    for axis, head in zip(axes[0], (*heads, "binary accuracy above that of naming nothing"), strict=True):
        axis.set_title(head, fontsize=10, color=INK)
    for axis in axes[-1]:
        axis.set_xlabel("epoch", color=MUTED)
    handles = {label: handle for row in axes for handle, label in zip(*row[0].get_legend_handles_labels(), strict=True)}
    labels = [label for label in (*corpora, "published") if label in handles]
    shown = [handles[label] for label in labels]
    figure.legend(shown, labels, loc="outside lower center", ncols=5, frameon=False, fontsize=9)
    figure.suptitle(title, fontsize=10.5, color=INK)
    save_figure(figure, path)


def _name(line: Line) -> str:
    return line.corpus or "published"
