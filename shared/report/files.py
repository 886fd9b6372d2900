"""Everything that is drawn from a paper's kept predictions: tables, matrices, labels, learning curves, README blocks.

Nothing here trains, and nothing is typed by hand: the same results give the same files, byte for byte.
"""

from __future__ import annotations

from pathlib import Path

from shared.base.csv_files import csv_text
from shared.base.files import atomic_write
from shared.base.locks import file_lock
from shared.metrics.scores import confusion_matrix
from shared.paper.loading import PAPERS_ROOT
from shared.paper.schema import MISPLACED, ConfusionMatrix, Paper
from shared.report import multilabel, published_curves
from shared.report.figures import draw_confusion, draw_learning_curves
from shared.report.readings import GENERATED as OF_READINGS
from shared.report.readings import write_readings
from shared.report.readme import paper_blocks, render_blocks, shows_figures, suite_blocks
from shared.report.tables import layouts, render_csv, render_markdown
from shared.results import ablations
from shared.results.diff import Diff, Section, compare
from shared.results.reading import Results
from shared.results.runs_table import RUNS, write_runs_file
from shared.runs.units import CONDITIONS, slug

GENERATED = ("table_*.md", "table_*.csv", "confusion_*.csv", "confusion_*.png", "curves_*.png", "ablation_*.csv")
GENERATED += ("comparisons.csv", *OF_READINGS, *multilabel.GENERATED, *published_curves.GENERATED)
DIFF = "diff.csv"
OF_A_PAPER = ("README.md", "notes.md")  # the texts beside it that have drawn parts
SPLIT, TRAIN = "test", "train"
PUBLISHED = "published"


def write_outputs(paper: Paper, folder: Path) -> Diff:
    """Write runs.csv, diff.csv, tables, confusion matrices and learning curves of a paper into `folder`.

    Tables and matrices of counts are written for all that was run; pictures, which are large and slow, only for what
    somebody looks at: see `pictured_sections`. What an earlier call wrote and this one does not is removed, so nothing
    stale stays behind. The folder's lock is held throughout, so nobody merges meanwhile.

    Returns
    -------
    Diff
        What the tables were drawn from.
    """
    with file_lock(folder / ".lock", f"writing the results of {paper.id}", wait=True):
        diff = compare(Results.read(paper, folder, for_writing=True))
        write_runs_file(folder / RUNS, diff.results.table)
        written = [_write(folder / DIFF, render_csv(diff.rows()))]
        pictured = pictured_sections(paper, diff)
        for section in diff.sections:
            written += _write_tables(diff, section, folder)
            if section.name in pictured:
                written += _write_curves(diff, section)
        written += _write_confusions(diff, pictured)
        written += multilabel.write_labels(diff, _write)
        written += published_curves.write_published_curves(diff, _write)
        written += write_readings(diff, _write)
        for table in paper.ablations:
            rows = ablations.ablation_rows(diff.results, table)
            written.append(_write(folder / f"ablation_{slug(table.model)}.csv", render_csv(rows)))
        if diff.comparisons:
            written.append(_write(folder / "comparisons.csv", render_csv(diff.comparisons)))
        for pattern in GENERATED:
            for stale in set(folder.glob(pattern)) - set(written):
                stale.unlink(missing_ok=True)
    return diff


def pictured_sections(paper: Paper, diff: Diff) -> set[str]:
    """Names of the sections that get pictures: the paper's own variant on its own protocol, on whatever corpus, and
    those that the paper's README or notes show. The report's pages draw what they show themselves, from the counts."""
    files = [file for file in map(paper.path.with_name, OF_A_PAPER) if file.exists()]
    text = "".join(file.read_text(encoding="utf-8") for file in files)
    own = {s.name for s in diff.sections if (s.variant, s.protocol) == (next(iter(paper.variants)), "published")}
    return own | {section.name for section in diff.sections if shows_figures(text, section.name)}


def write_readmes(diffs: list[Diff], root: Path = PAPERS_ROOT.parent) -> list[Path]:
    """Fill the marked blocks of the first README, of docs/findings.md and of the papers' READMEs and notes; return
    those that are there.

    `diffs` are of all papers, since the README at the top has a row for each.
    """
    drawn = drawn_readmes(diffs, root)
    for file, text in drawn.items():
        _write(file, text)
    return list(drawn)


def drawn_readmes(diffs: list[Diff], root: Path = PAPERS_ROOT.parent) -> dict[Path, str]:
    """The READMEs and notes that are there, and their text with the marked blocks filled."""
    filled = {root / file: suite_blocks(diffs) for file in ("README.md", "docs/findings.md")}
    for diff in diffs:
        filled |= dict.fromkeys(map(diff.paper.path.with_name, OF_A_PAPER), paper_blocks(diff))
    there = {file: blocks for file, blocks in filled.items() if file.exists()}
    return {file: render_blocks(file.read_text(encoding="utf-8"), blocks, file) for file, blocks in there.items()}


def _write_tables(diff: Diff, section: Section, folder: Path) -> list[Path]:
    written = []
    rows = [row for row in diff.rows() if all(row[k] == getattr(section, k) for k in ("variant", "protocol", "corpus"))]
    for table in layouts(diff.paper, section):
        name = f"table_{table.id.replace(' ', '-')}_{section.name}"
        mine = [row for row in rows if row["table"] in (table.id, "")]
        written.append(_write(folder / f"{name}.md", render_markdown(diff.paper, section, table)))
        written.append(_write(folder / f"{name}.csv", render_csv(mine)))
    return written


def histories(diff: Diff, section: Section) -> dict[str, list[dict]]:
    """Model to its runs' histories, as `draw_learning_curves` takes them."""
    curves: dict[str, list[dict]] = {}
    records = (*section.records, *section.partial)
    for record in sorted(records, key=lambda r: (r["model"], r["seed"], r["fold"], r["precision"])):
        if history := diff.results.history(record):
            named = section.protocol != "published" or len({record["fold"] for record in records}) > 1
            curves.setdefault(record["model"], []).append(_history(record, history, named))
    return curves


def _write_curves(diff: Diff, section: Section) -> list[Path]:
    curves = histories(diff, section)
    if not curves:
        return []
    path = diff.results.folder / f"curves_{section.name}.png"
    conditions = f"variant {section.variant} · protocol {section.protocol} · corpus {section.corpus}"
    draw_learning_curves(path, curves, f"Learning curves · {conditions}")
    return [path]


def _history(record: dict, rows: list[dict[str, float]], fold_named: bool) -> dict:
    """The columns of a history as lists, with the run's name and the epoch that was evaluated."""
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    fold = f" fold {record['fold']}" if fold_named else ""
    name = f"seed {record['seed']}{fold} {record['precision']}"
    return columns | {"run": name, "best_epoch": record["best_epoch"]}


def _write_confusions(diff: Diff, pictured: set[str]) -> list[Path]:
    """A matrix (CSV, and PNG in `pictured` sections) a model and section, beside the published one where there is one.

    It is of the first seed that counts in the tables, and the sum over the folds of that seed, on the clips of
    `confusion_split`.
    """
    paper, folder = diff.paper, diff.results.folder
    if paper.corpus.labels != "single":
        return []
    published = [matrix for matrix in paper.confusion_matrices if matrix.note_kind != MISPLACED]
    written = [_write(published_file(paper, folder, m), confusion_csv(m.matrix, m.classes)) for m in published]
    names = ("model", *CONDITIONS)
    kept = {tuple(answer.record[name] for name in names): answer for answer in diff.results.answers}
    for section in diff.sections:
        for model in sorted({row["model"] for row in section.runs}):
            split = confusion_split(paper, section, model)
            runs = [row for row in section.runs if row["model"] == model]
            runs = [row for row in runs if row["seed"] == min(run["seed"] for run in runs)]
            tested = [kept[tuple(row[name] for name in names)].predictions.on(split) for row in runs]
            if not all(len(predictions.clips) for predictions in tested):
                continue
            classes = tested[0].classes
            tested = [predictions.by_class(classes) for predictions in tested]
            matrix = sum(confusion_matrix(predictions.y_true, predictions.y_prob) for predictions in tested)
            file = confusion_file(folder, model, section.name)
            written.append(_write(file, confusion_csv(matrix, classes)))
            if section.name not in pictured:
                continue
            partial = any(row["status"] != "complete" for row in runs)
            panels = [("regenerated, partial run" if partial else "regenerated", matrix)]
            if beside := published_beside(paper, section, model):
                panels.insert(0, (f"published, {beside.figure}", beside.matrix))
            title = [f"{model}, {split}", f"variant {section.variant}", f"protocol {section.protocol}"]
            title += [f"seed {runs[0]['seed']}", *_folds(section, runs)]
            draw_confusion(file.with_suffix(".png"), panels, classes, " · ".join(title))
            written.append(file.with_suffix(".png"))
    return written


def confusion_split(paper: Paper, section: Section, model: str) -> str:
    """The split whose clips are counted: that of the paper's best-known number, or, where the section's runs of a model
    have none of it, as under a protocol of other splits, the first that they hold out; empty where they hold out none.
    """
    there = {entry.split for entry in section.all() if entry.model == model and entry.value is not None}
    known = paper.headline[2] if paper.headline else paper.main_column(paper.tables[0]).split
    return next((split for split in (known, SPLIT, *sorted(there - {TRAIN})) if split in there), "")


def confusion_file(folder: Path, model: str, section: str) -> Path:
    """Where the counts of a model in a section are."""
    return folder / f"confusion_{slug(model)}_{section}.csv"


def published_file(paper: Paper, folder: Path, matrix: ConfusionMatrix) -> Path:
    """Where the counts of a published matrix are; the file names its table, unless that is the paper's first."""
    first = paper.tables[0].id if paper.tables else ""
    named = "" if matrix.table in ("", first) else f"_{slug(matrix.table)}"
    return confusion_file(folder, matrix.model, f"{PUBLISHED}{named}")


def published_beside(paper: Paper, section: Section, model: str) -> ConfusionMatrix | None:
    """The published matrix that a model's counts in a section stand beside; None where there is none."""
    if not section.own_corpus or section.protocol != "published":
        return None
    return paper.confusion_matrix(model, confusion_split(paper, section, model), section.variant)


def _folds(section: Section, runs: list[dict]) -> list[str]:
    """``10 folds`` or ``fold 3`` for a title; nothing where the split is the published one."""
    if len(runs) > 1:
        return [f"{len(runs)} folds"]
    return [] if section.protocol == "published" else [f"fold {runs[0]['fold']}"]


def confusion_csv(matrix, classes) -> str:
    """Counts with class names; the first column is the true class, the others are the predicted ones."""
    return csv_text([["true", *classes], *([name, *map(int, row)] for name, row in zip(classes, matrix, strict=True))])


def _write(path: Path, text: str) -> Path:
    return atomic_write(path, lambda file: file.write(text.encode("utf-8")))
