"""What kept predictions of several labels a clip are worth: summary, thresholds, each label; as text, CSV and PNG.

The report's two scores, cross-entropy and binary accuracy, stand beside scores that an answer which is the same for
every clip cannot make look good, for each model of a section, such as a network and a constant predictor. All is
computed from the kept predictions and the thresholds in the records.
"""

from __future__ import annotations

from pathlib import Path
from statistics import mean

import numpy as np

from shared.metrics import multilabel
from shared.metrics.scores import binary_crossentropy
from shared.report.figures import draw_labels
from shared.report.tables import heading, render_csv
from shared.results.diff import Diff, Section
from shared.runs.predictions import Predictions

GENERATED = ("labels_*.csv", "labels_*.png", "thresholds_*.csv", "genres_*.csv")
SHOWN = {  # columns of the tables for readers, by name in the CSV
    "loss": "loss",
    "binary_accuracy": "binary accuracy",
    "map": "mAP",
    "macro_f1": "macro F1",
    "micro_f1": "micro F1",
    "own_macro_f1": "macro F1, own thresholds",
    "own_micro_f1": "micro F1, own thresholds",
    "median": "median answer",
    "highest": "highest answer",
}
SHORT = {  # the same on a terminal, in two lines
    "loss": ("", "loss"),
    "binary_accuracy": ("", "accuracy"),
    "map": ("", "mAP"),
    "macro_f1": ("macro F1", "at 0.5"),
    "micro_f1": ("micro F1", "at 0.5"),
    "own_macro_f1": ("macro F1", "at its own"),
    "own_micro_f1": ("micro F1", "at its own"),
    "median": ("median", "answer"),
    "highest": ("highest", "answer"),
}
PUBLISHED = {"binary_crossentropy": "loss", "binary_accuracy": "binary_accuracy"}

Answers = list[tuple[dict, Predictions]]


def answers_of(diff: Diff, section: Section) -> Answers:
    """Record and predictions, on the split of the paper's headline, of each run that counts in a section."""
    paper, wanted = diff.paper, {row["unit"] for row in section.runs} & diff.results.records.keys()
    found = [answer for answer in diff.results.answers if answer.record["key"] in wanted]
    found.sort(key=lambda one: ([*paper.models, one.record["model"]].index(one.record["model"]), one.record["key"]))
    return [(answer.record, answer.predictions.on(paper.headline_cell.split)) for answer in found]


def summaries(answers: Answers) -> list[dict]:
    """A row a run: its scores, side by side."""
    rows = []
    for record, found in answers:
        row = {"model": record["model"], "seed": record["seed"], "fold": record["fold"], "n": len(found.clips)}
        row["loss"] = binary_crossentropy(found.y_true, found.y_prob)
        row |= multilabel.summary(found.y_true, found.y_prob, record.get("thresholds"))
        rows.append({name: round(value, 6) if isinstance(value, float) else value for name, value in row.items()})
    return rows


def means(rows: list[dict]) -> dict[str, dict[str, float]]:
    """Model → scores, the mean over its runs."""
    models = dict.fromkeys(row["model"] for row in rows)
    return {model: {k: mean(row[k] for row in rows if row["model"] == model) for k in SHOWN} for model in models}


def write_labels(diff: Diff, write) -> list[Path]:
    """Write summary, thresholds, labels and a picture of each section; `write` takes a path and its text."""
    paper, folder, written = diff.paper, diff.results.folder, []
    if paper.corpus.labels != "multi" or paper.headline_cell is None:
        return written
    for section in diff.sections:
        answers = answers_of(diff, section)
        if not answers:
            continue
        written.append(write(folder / f"labels_{section.name}.csv", render_csv(summaries(answers))))
        swept = [
            {"model": record["model"], "seed": record["seed"], "fold": record["fold"]}
            | {name: round(value, 6) for name, value in row.items()}
            for record, found in answers
            for row in multilabel.sweep(found.y_true, found.y_prob)
        ]
        written.append(write(folder / f"thresholds_{section.name}.csv", render_csv(swept)))
        written.append(write(folder / f"genres_{section.name}.csv", render_csv(each_label(answers))))
        path = folder / f"labels_{section.name}.png"
        firsts = {record["model"]: found for record, found in reversed(answers)}  # of each model, its first run
        firsts = {model: (firsts[model].y_true, firsts[model].y_prob) for model in means(summaries(answers))}
        draw_labels(path, firsts, answers[0][1].classes, heading(paper, section))
        written.append(path)
    return written


def each_label(answers: Answers) -> list[dict]:
    """A row a run and label: clips with it, their share, average precision, threshold, F1 at it and at one half."""
    rows = []
    for record, found in answers:
        own = np.asarray(record.get("thresholds") or [multilabel.THRESHOLD] * len(found.classes))
        precision = multilabel.average_precision(found.y_true, found.y_prob)
        half, _, _ = multilabel.f1_scores(found.y_true, found.y_prob > multilabel.THRESHOLD)
        at_own, _, _ = multilabel.f1_scores(found.y_true, found.y_prob > own)
        for i, label in enumerate(found.classes):
            row = {"model": record["model"], "seed": record["seed"], "fold": record["fold"], "label": label}
            row |= {"clips": int(found.y_true[:, i].sum()), "share": found.y_true[:, i].mean()}
            row |= {"average_precision": precision[i], "f1_at_half": half[i], "threshold": own[i], "f1": at_own[i]}
            missing = {"average_precision": None} if np.isnan(precision[i]) else {}
            rounded = {name: round(float(value), 6) for name, value in row.items() if isinstance(value, float)}
            rows.append(row | rounded | missing)
    return rows


def render_labels(diff: Diff) -> str:
    """The summaries for a terminal, the published scores first."""
    lines = []
    for section in diff.sections:
        table = _lines(diff, section)
        if not table:
            continue
        lines += [f"What the answers are worth · {heading(diff.paper, section)}", ""]
        for words in zip(*SHORT.values(), strict=True):
            lines.append((f"{'':<20}" + "".join(f"{word:>11}" for word in words)).rstrip())
        lines += [(f"{name:<20}" + "".join(f"{text:>11}" for text in texts)).rstrip() for name, texts in table]
        lines.append("")
    return "\n".join(lines)


def labels_markdown(diff: Diff) -> str:
    """The summaries of all sections as one table for a README."""
    rows = [["corpus", "variant", "protocol", "", *SHOWN.values()]]
    for section in diff.sections:
        of_section = [section.corpus, f"`{section.variant}`", section.protocol]
        rows += [[*of_section, name, *texts] for name, texts in _lines(diff, section) if name != "published"]
    if len(rows) == 1:
        return "Not run yet."
    rows.insert(1, ["---"] * 4 + ["---:"] * len(SHOWN))
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def _lines(diff: Diff, section: Section) -> list[tuple[str, list[str]]]:
    """Name and one text a column: published, then each model; nothing where nothing was run."""
    found = means(summaries(answers_of(diff, section)))
    if not found:
        return []
    head = diff.paper.headline_cell
    cells = {PUBLISHED[c.metric]: c for c in diff.paper.cells() if c.model == head.model and c.metric in PUBLISHED}
    published = [cells[name].printed if name in cells else "" for name in SHOWN]
    lines = [("published", published)]
    return lines + [(model, [f"{scores[name]:.4f}" for name in SHOWN]) for model, scores in found.items()]
