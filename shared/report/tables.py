"""A diff in the paper's own table layout: for the terminal, as Markdown, as CSV."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby
from statistics import mean

from shared.base.csv_files import csv_text, no_formula
from shared.paper.schema import MISPLACED, Cell, Column, Paper, Row, Table
from shared.results.diff import Diff, Entry, Section
from shared.results.verdicts import CONDITIONAL, NOT_COMPARABLE, NOT_RUN, UNDETERMINED, UNPUBLISHED, by_chance

TAG = re.compile(r"(?P<code>`[^`\n]*`)|<(?=[A-Za-z/!])(?!br>)")  # how a tag begins, unless it stands in code
NAME_WIDTH, WHAT_WIDTH, CELL_WIDTH, WIDTH = 6, 20, 11, 120
ODD = {MISPLACED: "another row's", "cut off": "cut off, not rounded"}
FRACTION = Column("", "", "")  # of a number that no table has a column for
SHORT = {NOT_COMPARABLE: "not comp.", UNDETERMINED: "undeterm.", CONDITIONAL: "condit."}


def render_text(diff: Diff) -> str:
    """The whole diff for a terminal, at most 120 characters wide."""
    lines = [f"{diff.paper.id} · {diff.paper.title}"]
    if diff.left_out:
        lines += ["", *(line for text in left_out(diff) for line in _wrapped(text))]
    for section in diff.sections:
        lines += ["", heading(diff.paper, section)]
        for table in tables_of(diff.paper, section):
            lines += ["", f"{table.label} · {table.title}", *_table_text(table, section)]
            below = [line for note in notes(table, section) for line in _wrapped(note)]
            lines += ["", *below] if below else []
        lines += _extras_text(diff.paper, section)
        if texts := conditions(section):
            lines += ["", *(line for text in texts for line in _wrapped(text))]
    shown = [(table, section) for section in diff.sections for table in tables_of(diff.paper, section)]
    odd = dict.fromkeys(note for table, section in shown for note in remarks(table, section))
    lines += ["", *(line for note in odd for line in _wrapped(note))]
    return "\n".join(lines) + "\n"


def left_out(diff: Diff) -> list[str]:
    """What does not count, a line each, under a line that says so; nothing where everything counts."""
    if not diff.left_out:
        return []
    head = f"Left out of every table of {diff.paper.id}, until they are restored or run again:"
    return [head, *(f"- {one.name}: {one.reason}" for one in diff.left_out)]


def render_markdown(paper: Paper, section: Section, table: Table) -> str:
    """One published table with the regenerated numbers under the published ones, and the conditions below."""
    head = [table.row_header or "Model", "", *(f"{column.split} {column.header.lower()}" for column in table.columns)]
    lines = [_markdown_row(head), _markdown_row(["---"] * 2 + ["---:"] * len(table.columns))]
    for row in rows_in(table, section):
        name = row.header
        for label, texts in row_lines(row, section):
            lines.append(_markdown_row([name, label, *(texts if len(texts) > 1 else _spread(texts[0], row))]))
            name = ""
    lines += _extras_markdown(table, section)
    below = [note.replace("* ", "\\* ", 1) for note in remarks(table, section)]
    below += notes(table, section) + conditions(section)
    title = f"**{table.label if section.entries else 'Not in the paper'}, {heading(paper, section)}**"
    return no_tags("\n".join([title, "", *lines, "", *(f"- {note}" for note in below)]).rstrip() + "\n")


def no_tags(markdown: str) -> str:
    """Markdown in which no name or text of a paper.toml becomes HTML."""
    return TAG.sub(lambda tag: tag["code"] or "&lt;", markdown)


def render_csv(rows: list[dict]) -> str:
    """Rows of `Diff.rows` as CSV: LF line ends, nothing where there is no number."""
    columns = list(rows[0]) if rows else []
    return csv_text([columns, *([_plain(row.get(key)) for key in columns] for row in rows)] if rows else [])


def heading(paper: Paper, section: Section) -> str:
    """``variant paper (as the report says) · protocol published · corpus vntm``."""
    variant = paper.variants.get(section.variant)
    title = f" ({variant.title})" if variant else ""
    return f"variant {section.variant}{title} · protocol {section.protocol} · corpus {section.corpus}"


def conditions(section: Section) -> list[str]:
    """What the numbers of a section rest on, from the records of their units."""
    records = section.records
    if not records:
        return []
    sizes = [f"{n} {split}" for split, n in sorted(_sizes(section).items(), reverse=True)]
    skipped = max(record.get("skipped", 0) for record in records)
    sample = [
        f"n = {' and '.join(sizes)} clips",
        f"seed {_listed(records, 'seed')}",
        *([f"fold {_folds(records)}"] if section.in_folds else []),
        f"precision {_listed(records, 'precision')}",
        f"corpus fingerprint {_listed(records, 'fingerprint')}",
        f"{skipped} clips skipped as unreadable" if skipped else "no clip skipped",
    ]
    run = [*_costs(records), f"machine {_listed(records, 'device')}", f"commit {_listed(records, 'commit')}"]
    return ["; ".join(sample), "; ".join(run), *_not_counted(section)]


def _costs(records: tuple[dict, ...]) -> list[str]:
    """``Model 3: 20 epochs in 12 min``, the mean where there are several runs; apart by precision and machine."""
    trained = [record for record in records if record.get("epochs")]
    differing = [key for key in ("precision", "device") if len({record[key] for record in trained}) > 1]
    groups: dict[str, list[dict]] = {}
    for record in trained:
        conditions = ", ".join(record[key] for key in differing)
        groups.setdefault(record["model"] + (f" ({conditions})" if conditions else ""), []).append(record)
    texts = []
    for name, runs in sorted(groups.items()):
        epochs, seconds = (mean(run[key] for run in runs) for key in ("epochs", "seconds"))
        runs_of = f" (mean of {len(runs)} runs)" if len(runs) > 1 else ""
        texts.append(f"{name}: {round(epochs, 1):g} epoch{'s' if epochs != 1 else ''} in {duration(seconds)}{runs_of}")
    return texts


def duration(seconds: float) -> str:
    """``45 s``, ``12 min``, ``2.5 h``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 90 * 60 else f"{seconds / 3600:.1f} h"


def _not_counted(section: Section) -> list[str]:
    """The footnote about partial runs beside finished ones of the same model."""
    runs = []
    for record in section.partial:
        fold = f", fold {record['fold']}" if section.in_folds else ""
        epochs = f"{record['epochs']} of {record.get('epochs_planned', '?')} epochs"
        runs.append(f"{record['model']}, seed {record['seed']}{fold}: {epochs}")
    return [f"{len(runs)} partial run{'s' if len(runs) > 1 else ''} not counted ({'; '.join(runs)})"] if runs else []


def signed(value: float | None, cell: Cell) -> str:
    """A difference with its sign, in the published number's scale and decimals."""
    return "" if value is None else f"{value * cell.scale:+.{cell.decimals}f}"


def number(entry: Entry, with_spread: bool = True, column: Column = FRACTION) -> str:
    """The regenerated value as the paper would print it, ``± sd`` where there are several runs.

    Where the paper does not print it, as its `column` prints others: in per cent or as a fraction.
    """
    if entry.value is None:
        return ""
    formatted = (entry.cell or column).formatted
    text = formatted(entry.value)
    return f"{text} ± {formatted(entry.sd)}" if with_spread and entry.sd is not None else text


def spread_over(entries: Sequence[Entry]) -> str:
    """What the spread of these entries is over: ``sd of 5 runs``, ``sd of 5 folds``."""
    folds = max(entry.folds for entry in entries)
    return f"sd of {folds} folds" if folds > 1 else f"sd of {max(entry.runs for entry in entries)} runs"


# ---------------------------------------------------------------- rows of a table, whatever the format


def tables_of(paper: Paper, section: Section) -> list[Table]:
    """Tables of which the section has an entry."""
    there = {table for table, *_ in section.entries}
    return [table for table in paper.tables if table.id in there]


def layouts(paper: Paper, section: Section) -> list[Table]:
    """As `tables_of`, but a section of which the paper has no number borrows the columns of its first table.

    A table without rows is one of scores that the paper does not print; it is there where there are any.
    """
    places = {(entry.split, entry.metric) for entry in section.extras}
    without_rows = [t for t in paper.tables if not t.rows and places & {(c.split, c.metric) for c in t.columns}]
    return (tables_of(paper, section) or list(paper.tables[:1] if section.extras else ())) + without_rows


def rows_in(table: Table, section: Section) -> list[Row]:
    there = {(of_table, model) for of_table, model, *_ in section.entries}
    return [row for row in table.rows if (table.id, row.model) in there]


def entries_of(row: Row, section: Section) -> list[Entry | None]:
    """An entry a column; None where the paper prints nothing, or a run on another corpus has no such split."""
    places = [(cell.table, cell.model, cell.split, cell.metric) if cell else () for cell in row.cells]
    return [section.entries.get(place) for place in places]


def row_lines(row: Row, section: Section, with_spread: bool = True) -> list[tuple[str, list[str]]]:
    """The lines of one row as (label, one text a column); a line of one text stands for the whole row."""
    entries = entries_of(row, section)
    there = [entry for entry in entries if entry]
    lines = [("published", [e.cell.printed + ("*" if e.cell.note else "") if e else "" for e in entries])]
    if any(entry.value is not None for entry in there):
        lines.append(("regenerated", [number(entry, with_spread) if entry else "" for entry in entries]))
        if not with_spread and any(entry.sd is not None for entry in there):
            spreads = [f"± {e.cell.formatted(e.sd)}" if e and e.sd is not None else "" for e in entries]
            lines.append((spread_over(there), spreads))
        lines.append(("difference", [signed(entry.delta, entry.cell) if entry else "" for entry in entries]))
        if any(entry.low is not None for entry in there):
            lines.append(("95 % interval", [_half_width(entry) if entry else "" for entry in entries]))
        if any(entry.noticeable is not None for entry in there):
            lines.append(("noticed from", [_noticeable(entry) if entry else "" for entry in entries]))
    reasons = {entry.reason for entry in there}
    if len(reasons) == 1 and there[0].verdict in (NOT_RUN, NOT_COMPARABLE):
        reason = there[0].reason if there[0].verdict == NOT_COMPARABLE else there[0].command
        lines.append(("verdict", [f"{there[0].verdict}: {reason}"]))
    else:
        lines.append(("verdict", [SHORT.get(e.verdict, e.verdict) if e else "" for e in entries]))
    return lines


def _half_width(entry: Entry) -> str:
    """How far the difference may be off by chance, both sides together; the exact limits stand in the CSV."""
    return "" if entry.low is None else "± " + entry.cell.formatted((entry.high - entry.low) / 2)


def _noticeable(entry: Entry) -> str:
    """The smallest difference that would have been noticed with a probability of 80 %."""
    return "" if entry.noticeable is None else entry.cell.formatted(entry.noticeable)


def notes(table: Table, section: Section) -> list[str]:
    """What the verdicts of a table rest on: conditions, the margins, and what chance alone does to so many of them."""
    mine = [entry for (of, *_), entry in section.entries.items() if of == table.id]
    conditional = {entry.model: entry.condition for entry in mine if entry.condition}
    found = [f"{model}: conditional on {condition}" for model, condition in conditional.items()]
    judged = {entry.metric for entry in mine if entry.low is not None}
    if margins := [f"{metric} {margin:g}" for metric, margin in table.margins.items() if metric in judged]:
        found.append(f"Margin: {', '.join(margins)} ({table.margin_reason})")
    return [*found, *filter(None, [by_chance(e.verdict for e in mine if e.noticeable is not None)])]


def remarks(table: Table, section: Section) -> list[str]:
    """Footnotes about published cells that are odd, one for all cells of a row and split that it is true of."""
    about: dict[tuple[str, str, str, str], list[Cell]] = {}
    for cell in (cell for row in rows_in(table, section) for cell in row.cells if cell and cell.note):
        about.setdefault((cell.model, cell.split, cell.note_kind, cell.note), []).append(cell)
    return [
        f"* {model}, {split} {', '.join(f'{c.metric} {c.printed}' for c in cells)}: "
        f"{ODD.get(kind, f'{kind} as printed')}. {note}"
        for (model, split, kind, note), cells in about.items()
    ]


def extra_rows(section: Section, columns: tuple[Column, ...], with_spread: bool = True) -> list[tuple[str, str, list]]:
    """Rows that the paper does not have as (model, label, one text a column), in the columns of a table of the paper.

    One a model, with a second one where its runs have twins in another precision. Without spread in the cells, it has
    a row of its own.
    """
    values = {(entry.model, entry.split, entry.metric): entry for entry in section.extras}
    rows = []
    for model in dict.fromkeys(entry.model for entry in section.extras):
        entries = [values.get((model, column.split, column.metric)) for column in columns]
        there = [entry for entry in entries if entry]
        if not there:
            continue
        what = there[0].verdict
        what = {UNPUBLISHED: "not in the paper", NOT_COMPARABLE: f"{what}: {there[0].reason}"}.get(what, what)
        in_columns = list(zip(entries, columns, strict=True))
        rows.append((model, what, [number(e, with_spread, c) if e else "" for e, c in in_columns]))
        if not with_spread and any(entry.sd is not None for entry in there):
            spreads = [f"± {c.formatted(e.sd)}" if e and e.sd is not None else "" for e, c in in_columns]
            rows.append(("", spread_over(there), spreads))
        if there[0].twin:
            differences = [f"{(c.scale or 1) * e.twin_delta:+.{c.decimals}f}" if e else "" for e, c in in_columns]
            rows.append(("", f"difference to {there[0].twin}", differences))
    return rows


# ---------------------------------------------------------------- terminal


def _table_text(table: Table, section: Section) -> list[str]:
    lines, rows = [], rows_in(table, section)
    width = max([NAME_WIDTH, *(len(row.header) + 2 for row in rows)])
    cell = _cell_width(table.columns)
    for columns in _blocks(len(table.columns), width + WHAT_WIDTH, cell):
        shown = [table.columns[i] for i in columns]
        lines += _head_text(shown, table.row_header, _sizes(section), width + WHAT_WIDTH, cell)
        for row in rows:
            name = row.header
            for label, texts in row_lines(row, section, with_spread=False):
                cells = [texts[i] for i in columns] if len(texts) > 1 else texts
                start = f"{name:<{width}}{label:<{WHAT_WIDTH}}"
                lines += _wrapped(start + "".join(f"{text:<{cell}}" for text in cells), width + WHAT_WIDTH)
                name = ""
        lines.append("")
    return lines[:-1]


def _cell_width(columns: Sequence[Column]) -> int:
    """Characters of a column: enough for every header."""
    return max([CELL_WIDTH, *(len(column.header) + 2 for column in columns)])


def _blocks(n_columns: int, label_width: int, cell_width: int) -> list[range]:
    """Columns that fit beside each other."""
    fitting = max(1, (WIDTH - label_width) // cell_width)
    return [range(start, min(start + fitting, n_columns)) for start in range(0, n_columns, fitting)]


def _head_text(
    columns: list[Column], row_header: str, sizes: dict[str, str], label_width: int, cell_width: int
) -> list[str]:
    groups = ""
    for split, members in groupby(columns, key=lambda column: column.split):
        width = cell_width * len(list(members))
        label = f"{split}, n = {sizes[split]}" if split in sizes else split
        groups += f"{label if len(label) < width else split:<{width}}"
    names = "".join(f"{column.header:<{cell_width}}" for column in columns)
    return [(" " * label_width + groups).rstrip(), f"{row_header:<{label_width}}{names}".rstrip()]


def _sizes(section: Section) -> dict[str, str]:
    """Clips a split: ours where there are any, else the paper's; ``72, 210`` where the models have different ones."""
    published = {(entry.split, entry.cell.n) for entry in section.entries.values() if entry.cell.n}
    ours = {(entry.split, entry.n) for entry in section.entries.values() if entry.n}
    ours = ours or {(entry.split, entry.n) for entry in section.extras if entry.n}
    splits = {split for split, _ in published | ours}
    chosen = {
        split: [n for of, n in ours if of == split] or [n for of, n in published if of == split] for split in splits
    }
    return {split: ", ".join(map(str, sorted(sizes))) for split, sizes in chosen.items()}


def _extras_text(paper: Paper, section: Section) -> list[str]:
    if not section.extras:
        return []
    places = {(entry.split, entry.metric) for entry in section.extras}
    of_place = {}
    for column in (column for table in paper.tables for column in table.columns):
        of_place.setdefault((column.split, column.metric), column)
    splits = [split for split, _ in of_place]
    columns = sorted((of_place[place] for place in of_place if place in places), key=lambda c: splits.index(c.split))
    lines = ["", "Not in the paper's table (nothing published to compare with)"]
    rows = extra_rows(section, tuple(columns), with_spread=False)
    width = max([NAME_WIDTH + WHAT_WIDTH, *(len(model) + 2 for model, *_ in rows)])
    cell = _cell_width(columns)
    for block in _blocks(len(columns), width, cell):
        lines += _head_text([columns[i] for i in block], "", _sizes(section), width, cell)
        for model, label, texts in rows:
            start = model or f"  {label}"
            lines.append((f"{start:<{width}}" + "".join(f"{texts[i]:<{cell}}" for i in block)).rstrip())
            if label.startswith(NOT_COMPARABLE):
                lines += _wrapped(f"  {label}")
    return lines


def _wrapped(text: str, indent: int = 2) -> list[str]:
    """Break a line at spaces so that it is no wider than the terminal layout."""
    text, lines, indent = text.rstrip(), [], min(indent, WIDTH // 2)
    while len(text) > WIDTH:
        cut = text.rfind(" ", indent + 1, WIDTH)
        if cut < 0:  # a word that is wider
            cut = text.find(" ", WIDTH)
        if cut < 0:
            break
        lines.append(text[:cut].rstrip())
        text = " " * indent + text[cut:].strip()
    return [*lines, text]


# ---------------------------------------------------------------- Markdown and CSV


def _extras_markdown(table: Table, section: Section) -> list[str]:
    rows = extra_rows(section, table.columns)
    return [_markdown_row([f"*{model}*" if model else "", label, *texts]) for model, label, texts in rows]


def _spread(text: str, row: Row) -> list[str]:
    return [text, *[""] * (len(row.cells) - 1)]


def _markdown_row(texts: list[str]) -> str:
    return "| " + " | ".join(text.replace("|", "\\|") for text in texts) + " |"


def _folds(records: tuple[dict, ...]) -> str:
    """``0-9 (Model 2: 0, 1)``: all folds, and which a model has that was not run in all of them."""
    of_models: dict[str, list[dict]] = {}
    for record in records:
        of_models.setdefault(record["model"], []).append(record)
    everywhere = _listed(records, "fold")
    folds = {model: _listed(of_model, "fold") for model, of_model in sorted(of_models.items())}
    fewer = [f"{model}: {listed}" for model, listed in folds.items() if listed != everywhere]
    return everywhere + (f" ({'; '.join(fewer)})" if fewer else "")


def _listed(records: Sequence[dict], key: str) -> str:
    values = sorted({record[key] for record in records if record.get(key) not in (None, "")})
    if len(values) > 2 and values == list(range(len(values))):
        return f"0-{values[-1]}"
    return ", ".join(str(value) for value in values) or "unknown"


def _plain(value):
    return "" if value is None else no_formula(value) if isinstance(value, str) else value
