"""Everything that is drawn from a paper's kept predictions: tables, confusion matrices, learning curves, README blocks.

Nothing here trains, and nothing is typed by hand: the same results give the same files, byte for byte.
"""

from __future__ import annotations

import csv
from pathlib import Path

from shared import results
from shared.cache import atomic_write
from shared.diff import Diff, Section, diff_paper
from shared.figures import draw_confusion, draw_learning_curves
from shared.metrics import confusion_matrix
from shared.paper import PAPERS_ROOT, ConfusionMatrix, Paper
from shared.readme import paper_blocks, render_blocks, suite_blocks
from shared.tables import layouts, render_csv, render_markdown
from shared.units import HISTORY, slug

GENERATED = ("table_*.md", "table_*.csv", "confusion_*.csv", "confusion_*.png", "curves_*.png")
DIFF = "diff.csv"
SPLIT = "test"


def write_outputs(paper: Paper, folder: Path) -> Diff:
    """Write runs.csv, diff.csv, tables, confusion matrices and learning curves of a paper into `folder`.

    What an earlier call wrote and this one does not is removed, so no stale table stays behind.

    Returns
    -------
    Diff
        What the tables were drawn from.
    """
    results.write_runs(paper, folder)
    diff = diff_paper(paper, folder)
    written = [_write(folder / DIFF, render_csv(diff.rows()))]
    for section in diff.sections:
        written += _write_tables(diff, section, folder)
        written += _write_curves(section, folder)
    written += _write_confusions(paper, diff, folder)
    for pattern in GENERATED:
        for stale in set(folder.glob(pattern)) - set(written):
            stale.unlink()
    return diff


def write_readmes(diffs: list[Diff], root: Path = PAPERS_ROOT.parent) -> list[Path]:
    """Fill the marked blocks of the README at the top and of the papers' own; return those that are there.

    `diffs` are of all papers, since the README at the top has a row for each.
    """
    filled = [(root / "README.md", suite_blocks(diffs))]
    for diff in diffs:
        figures = sorted(path.name for path in results.results_folder(diff.paper.id).glob("*.png"))
        filled.append((diff.paper.path.with_name("README.md"), paper_blocks(diff.paper, diff, figures)))
    files = [(file, blocks) for file, blocks in filled if file.exists()]
    for file, blocks in files:
        _write(file, render_blocks(file.read_text(encoding="utf-8"), blocks, file))
    return [file for file, _ in files]


def _write_tables(diff: Diff, section: Section, folder: Path) -> list[Path]:
    written = []
    rows = [row for row in diff.rows() if all(row[k] == getattr(section, k) for k in ("variant", "protocol", "corpus"))]
    for table in layouts(diff.paper, section):
        name = f"table_{table.id.replace(' ', '-')}_{section.name}"
        mine = [row for row in rows if row["table"] in (table.id, "")]
        written.append(_write(folder / f"{name}.md", render_markdown(diff.paper, section, table)))
        written.append(_write(folder / f"{name}.csv", render_csv(mine)))
    return written


def _write_curves(section: Section, folder: Path) -> list[Path]:
    curves: dict[str, list[dict]] = {}
    for record in sorted(section.records, key=lambda r: (r["model"], r["seed"], r["fold"], r["precision"])):
        history = folder / "units" / record["key"] / HISTORY
        if history.exists():
            curves.setdefault(record["model"], []).append(_history(record, history))
    if not curves:
        return []
    path = folder / f"curves_{section.name}.png"
    conditions = f"variant {section.variant} · protocol {section.protocol} · corpus {section.corpus}"
    draw_learning_curves(path, curves, f"Learning curves · {conditions}")
    return [path]


def _history(record: dict, file: Path) -> dict:
    """The columns of a history.csv as lists, with the run's name and the epoch that was evaluated."""
    with file.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    columns = {name: [float(row[name]) for row in rows] for name in rows[0]}
    best = columns["val_accuracy"].index(max(columns["val_accuracy"])) + 1
    fold = f" fold {record['fold']}" if record["protocol"] != "published" else ""
    name = f"seed {record['seed']}{fold} {record['precision']}"
    return columns | {"run": name, "best_epoch": record.get("best_epoch") or best}


def _write_confusions(paper: Paper, diff: Diff, folder: Path) -> list[Path]:
    """A matrix (CSV and PNG) a model and section, of its first run; beside the published one where there is one."""
    if paper.corpus.labels != "single":
        return []
    written = [
        _write(folder / f"confusion_{slug(m.model)}_published.csv", _published_csv(m)) for m in paper.confusion_matrices
    ]
    first: dict[tuple, tuple] = {}
    order = {"complete": 0, "partial": 1}
    for record, predictions in results.evaluated(paper, folder):
        place = (record["variant"], record["protocol"], record["corpus"], record["model"])
        rank = (order[record["status"]], record["seed"], record["fold"], record["precision"])
        if place not in first or rank < first[place][0]:
            first[place] = (rank, record, predictions.on(SPLIT))
    for section in diff.sections:
        for (*place, model), (_, record, predictions) in sorted(first.items(), key=lambda item: item[0]):
            if tuple(place) != (section.variant, section.protocol, section.corpus) or not len(predictions.clips):
                continue
            matrix = confusion_matrix(predictions.y_true, predictions.y_prob)
            stem = folder / f"confusion_{slug(model)}_{section.name}"
            written.append(_write(stem.with_name(stem.name + ".csv"), confusion_csv(matrix, predictions.classes)))
            panels = [("regenerated" if record["status"] == "complete" else "regenerated, partial run", matrix)]
            published = paper.confusion_matrix(model, SPLIT)
            if published and section.own_corpus and section.protocol == "published":
                panels.insert(0, (f"published, {published.figure}", published.matrix))
            title = (
                f"{model}, {SPLIT} · variant {section.variant} · protocol {section.protocol} · seed {record['seed']}"
            )
            draw_confusion(stem.with_name(stem.name + ".png"), panels, predictions.classes, title)
            written.append(stem.with_name(stem.name + ".png"))
    return written


def confusion_csv(matrix, classes) -> str:
    """Counts with class names; the first column is the true class, the others are the predicted ones."""
    lines = [",".join(["true", *classes])]
    lines += [",".join([name, *(str(int(count)) for count in row)]) for name, row in zip(classes, matrix, strict=True)]
    return "\n".join(lines) + "\n"


def _published_csv(matrix: ConfusionMatrix) -> str:
    return confusion_csv(matrix.matrix, matrix.classes)


def _write(path: Path, text: str) -> Path:
    return atomic_write(path, lambda file: file.write(text.encode("utf-8")))
