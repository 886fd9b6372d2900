"""A published table held against each fold of a split that it may have been measured on.

Where a corpus falls into groups, such as speakers, and the printed numbers fit one group held out, nobody says which
group it was. So each of them is held against the printed numbers alone, all numbers of a row together: is there a group
with which all of them come out? The interval is Newcombe's, of the clips on both sides and of nothing else; beside the
folds stand their mean, and the splits drawn otherwise that the paper may have had.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import mean, stdev

from shared.metrics.intervals import newcombe_interval
from shared.paper.schema import Cell, Paper
from shared.results.diff import Diff, Section
from shared.results.verdicts import PROPORTIONS

PROTOCOL = "grouped"
TRAIN = "train"
MARK = "†"
NOTE = (
    f"{MARK} The answers for the training clips were not kept: the mean over the last epoch's batches, as Keras prints "
    "it, dropout included."
)


@dataclass(frozen=True)
class FoldRow:
    """One published number and what one fold of a comparable protocol gives beside it, as a mean over seeds.

    `n` is the number of clips, `low` and `high` the limits of ours − published, rounding included. `from_history` says
    that answers were not kept and the value is the training's own running mean; `partial` the epochs of a run that has
    not finished, 0 of one that has.
    """

    cell: Cell
    variant: str
    protocol: str
    fold: int
    value: float
    n: int
    seeds: int
    low: float
    high: float
    from_history: bool = False
    partial: int = 0

    @property
    def holds(self) -> bool:
        """Whether the published number lies inside the interval, of a run that has finished."""
        return not self.partial and self.low <= 0 <= self.high


@dataclass(frozen=True)
class FoldTable:
    """One model's rows: title, head, cells and notes, all text."""

    title: str
    head: list[str]
    rows: list[list[str]]
    notes: tuple[str, ...] = ()


def fold_rows(diff: Diff) -> list[FoldRow]:
    """Every published accuracy, precision and recall beside each fold of each comparable protocol that was run."""
    paper, scores = diff.paper, {(row["unit"], row["split"], row["metric"]): row for row in diff.runs}
    found = []
    for section in diff.sections:
        if not section.own_corpus or paper.corpus.n_under(section.protocol) is None:
            continue
        for cell in paper.cells():
            if cell.metric in PROPORTIONS and paper.table(cell.table).is_held_against(section.variant):
                of_fold: dict[int, list[dict]] = defaultdict(list)
                for run in section.runs:
                    if run["model"] == cell.model:
                        of_fold[run["fold"]].append(run)
                for fold in sorted(of_fold):
                    one = _fold_row(diff, cell, section, fold, of_fold[fold], scores)
                    found += [one] if one else []
    return found


def _fold_row(diff: Diff, cell: Cell, section: Section, fold: int, runs: list[dict], scores: dict) -> FoldRow | None:
    """The runs of one fold beside one number; histories count where no run's answers were kept."""
    places = [(run["unit"], cell.split, cell.metric) for run in runs]
    kept = [scores[place] for place in places if place in scores]
    n = kept[0]["n"] if kept else diff.paper.corpus.n_under(section.protocol).get(cell.split)
    values = [row["value"] for row in kept]
    if not kept and cell.split == TRAIN:
        records = [record for record in section.records if record["key"] in {run["unit"] for run in runs}]
        values = [value for record in records if (value := _from_history(diff, record, cell.metric)) is not None]
    if not values or not n:
        return None
    low, high = newcombe_interval(mean(values), n, cell.value, cell.n or n)
    rounding = 0.5 * 10**-cell.decimals / cell.scale
    partial = max(int(run["epochs"]) if run["status"] != "complete" else 0 for run in runs)
    place = (cell, section.variant, section.protocol, fold)
    return FoldRow(*place, mean(values), n, len(values), low - rounding, high + rounding, not kept, partial)


def _from_history(diff: Diff, record: dict, metric: str) -> float | None:
    """The training's running mean of the evaluated epoch; None where there is no history."""
    rows = diff.results.history(record, metric)
    return rows[record["best_epoch"] - 1][metric] if rows else None


def fold_tables(diff: Diff) -> list[FoldTable]:
    """A table a model that was run with groups held out: a row a group, their mean, and the other comparable splits."""
    found, tables = fold_rows(diff), []
    for model in dict.fromkeys(one.cell.model for one in found if one.protocol == PROTOCOL):
        mine = [one for one in found if one.cell.model == model]
        cells = list(dict.fromkeys(one.cell for one in mine))
        rows = []
        for variant in dict.fromkeys(one.variant for one in mine if one.protocol == PROTOCOL):
            rows += _rows(diff.paper, cells, variant, [one for one in mine if one.variant == variant])
        head = ["variant", "tested on"]
        for cell in cells:
            head += [f"{cell.split} {cell.metric}", f"minus {cell.printed} (95 %, clips alone)"]
        notes = (NOTE,) if any(one.from_history for one in mine) else ()
        published = " and ".join(f"{cell.printed} ({cell.split})" for cell in cells)
        tables.append(FoldTable(f"{model}, published {published}", [*head, "published inside"], rows, notes))
    return tables


def _rows(paper: Paper, cells: list[Cell], variant: str, mine: list[FoldRow]) -> Iterator[list[str]]:
    """The rows of one variant: each group, the groups' mean, then the other splits."""
    names = paper.corpus.protocols[PROTOCOL].folds
    places = dict.fromkeys((one.protocol, one.fold) for one in sorted(mine, key=lambda one: one.protocol != PROTOCOL))
    folds = [place for place in places if place[0] == PROTOCOL]
    at = {(one.protocol, one.fold, one.cell): one for one in mine}
    for protocol, fold in places:
        ours = [at.get((protocol, fold, cell)) for cell in cells]
        what = names[fold] if protocol == PROTOCOL else _title(paper, protocol)
        several = len({cell.metric for cell in cells}) > 1
        inside = [
            f"{one.cell.split} {one.cell.metric}" if several else one.cell.split for one in ours if one and one.holds
        ]
        finished = not any(one.partial for one in ours if one)
        seeds = max(one.seeds for one in ours if one)
        what += f" ({seeds} seeds)" if seeds > 1 else ""
        yield [f"`{variant}`", what, *_texts(ours), ", ".join(inside) or ("none" if finished else "")]
        if (protocol, fold) == folds[-1] and len(folds) > 1:
            of_cells = [[at[*place, cell] for place in folds if (*place, cell) in at] for cell in cells]
            yield [f"`{variant}`", f"**mean of {len(folds)}**", *(text for of in of_cells for text in _mean(of)), ""]


def _texts(ours: list[FoldRow | None]) -> Iterator[str]:
    """Value and difference of each number, as the paper would print it."""
    for one in ours:
        if one is None:
            yield from ("", "")
            continue
        difference = one.value - one.cell.value
        mark = MARK if one.from_history else ""
        partial = f" (partial: {one.partial} epochs)" if one.partial else ""
        yield one.cell.formatted(one.value) + mark + partial
        yield f"{_signed(one.cell, difference)} ({_signed(one.cell, one.low)} to {_signed(one.cell, one.high)})"


def _mean(folds: list[FoldRow]) -> tuple[str, str]:
    """Mean and standard deviation over folds, and the difference to the published number."""
    if not folds:
        return "", ""
    cell, values = folds[0].cell, [one.value for one in folds]
    spread = f" ± {cell.formatted(stdev(values))}" if len(values) > 1 else ""
    return cell.formatted(mean(values)) + spread, _signed(cell, mean(values) - cell.value)


def _signed(cell: Cell, value: float) -> str:
    return f"{value * cell.scale:+.{cell.decimals}f}"


def _title(paper: Paper, protocol: str) -> str:
    """The words for a split without folds."""
    there = paper.corpus.protocols.get(protocol)
    return there.title if there and there.title else f"the stated split (`{protocol}`)"
