"""Regenerated numbers held against the published ones, cell by cell, each with a verdict and its reason.

Everything is recomputed from the kept predictions; `shared.results.verdicts` has the rule.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from statistics import mean, stdev

from shared.metrics.intervals import Spread, spread_of
from shared.paper.fields import voter
from shared.paper.readings import is_reading
from shared.paper.schema import MISPLACED, SYNTHETIC, Cell, Paper
from shared.results.comparisons import comparison_rows
from shared.results.reading import LeftOut, Results
from shared.results.readings import Curve, curves
from shared.results.verdicts import DIFFERS, NOT_COMPARABLE, NOT_RUN, TWIN, UNPUBLISHED, judge

# Remarks on a published number that keep it from being held against anything.
OBSTACLES = {"impossible": "impossible as printed: {}", MISPLACED: "the printed number is another row's: {}"}


@dataclass(frozen=True)
class Entry:
    """One regenerated number and what it says about the published one.

    `value` is the mean over `runs` runs and `sd` their standard deviation, over `folds` where these are several (None
    for one run); `low` and `high` are the limits of the 95 % interval of regenerated − published, and `noticeable` is
    the smallest difference that would have been noticed with a probability of 80 %; `n` is the number of clips. All are
    None where not known. `condition` says where the run departs from the printed text, empty where it does not.
    `twin_delta` is the mean difference to the runs of the same seeds in another precision, which `twin` names.
    """

    model: str
    split: str
    metric: str
    verdict: str
    reason: str
    cell: Cell | None = None
    value: float | None = None
    sd: float | None = None
    runs: int = 0
    folds: int = 1
    n: int | None = None
    low: float | None = None
    high: float | None = None
    noticeable: float | None = None
    condition: str = ""
    command: str = ""
    twin: str = ""
    twin_delta: float | None = None

    @property
    def delta(self) -> float | None:
        """Regenerated − published."""
        return None if self.cell is None or self.value is None else self.value - self.cell.value


@dataclass(frozen=True)
class Section:
    """All entries of one variant, protocol and corpus; `extras` are those that no published number stands beside.

    `records` are the units' that count, `partial` those of runs left out because a finished one of the model is there.
    `runs` has a row of runs.csv for each run that counts, ensembles included. `in_folds` says that one run is one fold
    of several, so that it has to be named.
    """

    variant: str
    protocol: str
    corpus: str
    entries: dict[tuple[str, str, str, str], Entry]
    extras: tuple[Entry, ...] = ()
    records: tuple[dict, ...] = field(default=(), repr=False)
    partial: tuple[dict, ...] = field(default=(), repr=False)
    runs: tuple[dict, ...] = field(default=(), repr=False)
    own_corpus: bool = True
    in_folds: bool = False

    def entry(self, cell: Cell) -> Entry:
        """The entry beside a published number."""
        return self.entries[cell.table, cell.model, cell.split, cell.metric]

    @property
    def name(self) -> str:
        """``paper``, ``paper_grouped``, ``paper_synthetic``: also the tail of the section's file names."""
        tail = [] if self.protocol == "published" else [self.protocol]
        return "_".join([self.variant, *tail, *([] if self.own_corpus else [self.corpus])])

    def all(self) -> list[Entry]:
        """Entries in the paper's order, then the extras."""
        return [*self.entries.values(), *self.extras]


@dataclass(frozen=True)
class Diff:
    """Every section of one paper, and the results that they were drawn from."""

    results: Results
    sections: tuple[Section, ...]

    @property
    def paper(self) -> Paper:
        return self.results.paper

    @property
    def runs(self) -> tuple[dict, ...]:
        """The rows of runs.csv, numbers as numbers."""
        return self.results.rows

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        """What does not count, and why."""
        return self.results.left_out

    @property
    def counts(self) -> Counter:
        """How often each verdict was given."""
        return Counter(entry.verdict for section in self.sections for entry in section.entries.values())

    @property
    def differs(self) -> bool:
        return self.counts[DIFFERS] > 0

    @cached_property
    def comparisons(self) -> list[dict]:
        """A row a comparison of two trainings that count (`shared.results.comparisons`)."""
        return comparison_rows(self.results, [row for section in self.sections for row in section.runs])

    @cached_property
    def curves(self) -> list[Curve]:
        """All readings of a model in one curve (`shared.results.readings`)."""
        return curves(self.results)

    def rows(self) -> list[dict]:
        """Flat rows for CSV and JSON, one an entry."""
        return [_flat(self.paper, section, entry) for section in self.sections for entry in section.all()]


def diff_paper(
    paper: Paper,
    results_dir: Path,
    variants: list[str] | None = None,
    protocol: str | None = None,
    corpus: str | None = None,
) -> Diff:
    """Read a paper's results, ``results/<paper>``, and compare them with the paper: `Results.read`, then `compare`."""
    for variant in variants or ():
        paper.variant(variant)
    return compare(Results.read(paper, results_dir), variants, protocol, corpus)


def compare(
    results: Results, variants: list[str] | None = None, protocol: str | None = None, corpus: str | None = None
) -> Diff:
    """What results say beside the published numbers; readings that have no name of their own are left out.

    Parameters
    ----------
    variants, protocol, corpus : optional
        Show only these, and show them even if not run. Otherwise: every variant that has a run, and ``paper``.

    Raises
    ------
    PaperError
        Unknown variant; the known are listed.
    """
    paper, rows, records = results.paper, results.rows, results.records
    for variant in variants or ():
        paper.variant(variant)
    found: dict[tuple[str, str, str], list[dict]] = {}
    for row in rows:
        if is_reading(row["variant"]):  # which stand in their curve, and in no table
            continue
        own = paper.is_own(row["model"], row["corpus"])
        corpus_of_row = paper.corpus.name if own else row["corpus"]
        found.setdefault((row["variant"], row["protocol"], corpus_of_row), []).append(row)
    if variants or not rows or any(paper.is_own(row["model"], row["corpus"]) for row in rows):
        for variant in variants or ["paper"]:
            found.setdefault((variant, protocol or "published", corpus or paper.corpus.name), [])
    names = [*paper.variants]

    def order(key):
        variant, of_protocol, corpus = key
        place = names.index(variant) if variant in names else len(names)
        return of_protocol != "published", corpus != paper.corpus.name, place, key

    sections = []
    for key in sorted(found, key=order):
        wanted = zip(key, (variants, protocol and [protocol], corpus and [corpus]), strict=True)
        if any(names and name not in names for name, names in wanted):
            continue
        sections.append(_section(paper, *key, found[key], records))
    return Diff(results, tuple(sections))


def _section(paper: Paper, variant: str, protocol: str, corpus: str, rows: list[dict], records: dict) -> Section:
    groups, left = _choose(rows, paper.corpus.fingerprint)
    chosen = {(model, split, metric): runs for (model, label, split, metric), runs in groups.items() if not label}
    entries, extras = {}, []
    models = paper.models_for(variant) if variant in paper.variants else ()
    cells = [c for c in paper.cells() if voter(c.model) in models and paper.table(c.table).is_held_against(variant)]
    for cell in cells:
        runs = chosen.get((cell.model, cell.split, cell.metric), [])
        if not runs and rows and corpus != paper.corpus.name:
            continue
        entry = _entry(paper, cell, (variant, protocol, corpus), chosen, records, _spread(cell, cells, chosen))
        entries[cell.table, cell.model, cell.split, cell.metric] = entry
    published = {place[1:] for place in entries}
    for (model, split, metric), runs in chosen.items():
        if (model, split, metric) not in published:
            reason = f"{UNPUBLISHED}: nothing to compare with"
            extras.append(Entry(model, split, metric, UNPUBLISHED, reason, **_summary(runs)))
    for (model, label, split, metric), runs in groups.items():
        if label:
            counted = chosen.get((model, split, metric), [])
            extras.append(_beside(paper, f"{model} ({label})", split, metric, runs, counted))
    used, unused = ({row["unit"] for row in some} for some in (rows, left))
    return Section(
        *(variant, protocol, corpus, entries, tuple(extras)),
        records=tuple(record for key, record in records.items() if key in used - unused),
        partial=tuple(record for key, record in records.items() if key in unused),
        runs=tuple({(r["model"], r["fold"], r["seed"]): r for runs in chosen.values() for r in runs}.values()),
        own_corpus=corpus == paper.corpus.name,
        in_folds=protocol != "published" or paper.corpus.folds > 1 or len({row["fold"] for row in rows}) > 1,
    )


def _spread(cell: Cell, cells: list[Cell], chosen: dict[tuple, list[dict]]) -> Spread | None:
    """The spread over seeds behind a number, pooled with the same number of other rows of its table."""
    same = (c for c in cells if (c.table, c.split, c.metric) == (cell.table, cell.split, cell.metric) and c is not cell)
    own, *others = ([row["value"] for row in chosen.get((c.model, c.split, c.metric), ())] for c in (cell, *same))
    return spread_of(own, others)


def _choose(rows: list[dict], fingerprint: str) -> tuple[dict[tuple, list[dict]], list[dict]]:
    """Which rows a number is the mean of.

    For each model: finished runs come before partial ones. One set of data counts: the paper's, else the one with more
    runs. Of one seed and fold, one precision counts: the same for all models, namely the one with more runs, then the
    one with more finished ones, then bfloat16 before float32.

    Returns
    -------
    groups : dict
        (model, label, split, metric) to rows. The label of those that count is empty; others are labelled by the first
        8 digits of their data's fingerprint, or by their precision.
    left : list
        Rows of partial runs that do not count.
    """
    finished = {(row["model"], row["fingerprint"]) for row in rows if row["status"] == "complete"}
    counted, left = [], []
    for row in rows:
        unfinished = row["status"] != "complete" and (row["model"], row["fingerprint"]) in finished
        (left if unfinished else counted).append(row)

    keys = ("model", "fingerprint", "precision", "status", "fold", "seed")
    runs = {tuple(row[key] for key in keys) for row in counted}
    n_data = Counter(run[:2] for run in runs)
    order = sorted(n_data, key=lambda data: (data[1] != fingerprint, -n_data[data], data))
    main_data = dict(reversed(order))  # of each model: the last one given is the first in order
    n_precision = Counter((run[2], run[3]) for run in runs if run[1] == main_data[run[0]])

    def rank(precision: str) -> tuple:
        complete, partial = n_precision[precision, "complete"], n_precision[precision, "partial"]
        return -complete - partial, -complete, precision

    precisions = sorted({row["precision"] for row in counted}, key=rank)
    groups: dict[tuple, list[dict]] = {}
    taken: set[tuple] = set()
    for row in sorted(counted, key=lambda row: (precisions.index(row["precision"]), row["fold"], row["seed"])):
        label = "" if row["fingerprint"] == main_data[row["model"]] else row["fingerprint"][:8]
        place = (row["model"], label, row["split"], row["metric"], row["seed"], row["fold"])
        if place in taken:
            label = ", ".join(text for text in (label, row["precision"]) if text)
        taken.add(place)
        groups.setdefault((row["model"], label, row["split"], row["metric"]), []).append(row)
    return groups, left


def _summary(runs: list[dict], disjoint: bool = False) -> dict:
    """What the runs of a number give together: their mean and its spread.

    Where they are of several folds, the spread is that over folds, a fold's value the mean over its seeds; else it is
    that over seeds. Where the folds' clips are `disjoint`, they are added up.
    """
    of_fold: dict[int, list[dict]] = {}
    for row in runs:
        of_fold.setdefault(row["fold"], []).append(row)
    folds = len(of_fold)
    groups = of_fold.values() if folds > 1 else [[row] for row in runs]
    values = [mean(row["value"] for row in rows) for rows in groups]
    n = sum(int(rows[0]["n"]) for rows in of_fold.values()) if disjoint else int(runs[0]["n"])
    spread = stdev(values) if len(values) > 1 else None
    return {"value": mean(values), "sd": spread, "runs": len(runs), "folds": folds, "n": n}


def _beside(paper: Paper, model: str, split: str, metric: str, runs: list[dict], counted: list[dict]) -> Entry:
    """Runs that do not count: on other data, or in another precision than those of the same seeds that count."""
    place, summary = (model, split, metric), _summary(runs)
    if runs[0]["fingerprint"] not in {row["fingerprint"] for row in counted}:
        reason = _other_data(paper, runs[0]) or f"other data: fingerprint {runs[0]['fingerprint']}"
        return Entry(*place, NOT_COMPARABLE, reason, **summary)
    twins = {(row["seed"], row["fold"]): row for row in counted}
    pairs = [(row, twins[row["seed"], row["fold"]]) for row in runs]
    delta = mean(row["value"] - twin["value"] for row, twin in pairs)
    name = ", ".join(sorted({twin["precision"] for _, twin in pairs}))
    reason = f"{TWIN}: difference to {name} {delta:+.4f}"
    return Entry(*place, TWIN, reason, **summary, twin=name, twin_delta=delta)


def _other_data(paper: Paper, row: dict) -> str:
    """Why a run on the paper's corpus is not on the published data; empty when it is or nobody knows."""
    published = paper.corpus.fingerprint
    if not published or row["corpus"] != paper.corpus.name or row["fingerprint"] == published:
        return ""
    return f"other data: fingerprint {row['fingerprint']}, the published ones have {published}"


def _entry(
    paper: Paper,
    cell: Cell,
    place: tuple[str, str, str],
    chosen: dict[tuple, list[dict]],
    records: dict,
    spread: Spread | None,
) -> Entry:
    """The entry of a published number; `chosen` has the runs that count, by model, split and metric."""
    where = {"model": cell.model, "split": cell.split, "metric": cell.metric, "cell": cell}
    runs = chosen.get((cell.model, cell.split, cell.metric), [])
    splits = {split for model, split, _ in chosen if model == cell.model}
    if not runs and splits:
        reason = f"its runs kept predictions for {' and '.join(sorted(splits))} only"
        return Entry(**where, verdict=NOT_COMPARABLE, reason=reason)
    if not runs and any(model == voter(cell.model) for model, *_ in chosen):
        reason = "its runs are not of several windows or segments, so nothing votes (a record's clips_are)"
        return Entry(**where, verdict=NOT_COMPARABLE, reason=reason)
    if not runs and paper.corpus.private and place[2] == paper.corpus.name:
        reason = f"the audio of {paper.corpus.name} is private: nobody else can run it; stand-ins have other names"
        return Entry(**where, verdict=NOT_COMPARABLE, reason=reason)
    if not runs:
        command = run_command(paper.id, voter(cell.model), *place, paper.corpus.name)
        return Entry(**where, verdict=NOT_RUN, reason=f"no result yet; run: {command}", command=command)
    disjoint = paper.corpus.folds_under(place[1]) > 1 and cell.split == "validation"
    summary = _summary(runs, disjoint)
    obstacle = _obstacle(paper, cell, place, runs, records) or OBSTACLES.get(cell.note_kind, "").format(cell.note)
    if obstacle:
        return Entry(**where, **summary, verdict=NOT_COMPARABLE, reason=obstacle)
    recall = [row["value"] for row in chosen.get((cell.model, cell.split, "recall"), runs)]
    conditions = paper.conditions_of(place[0], cell.model)
    return Entry(**where, **summary, **judge(paper, cell, runs, summary, recall, spread, conditions))


def run_command(paper: str, model: str, variant: str, protocol: str, corpus: str, own_corpus: str) -> str:
    """The command that gives the missing number."""
    command = f"python -m reproductions run {paper} --variant {variant} --model {_quoted(model)}"
    if protocol != "published":
        command += f" --protocol {protocol}"
    return command if corpus == own_corpus else command + f" --corpus {corpus}"


def _obstacle(paper: Paper, cell: Cell, place: tuple[str, str, str], runs: list[dict], records: dict) -> str:
    """Why these runs may not stand beside the published number; empty when they may."""
    variant, protocol, corpus = place
    if corpus != paper.corpus.name:
        why = paper.corpus.others.get(corpus)
        return f"corpus {corpus}, the paper's is {paper.corpus_of(cell.model)}{f': {why}' if why else ''}"
    if corpus == SYNTHETIC:
        return f"corpus {SYNTHETIC}: made from formulas, so it says nothing about the paper"
    if paper.corpus.private and not runs[0].get("exact"):
        return f"{corpus} is private: a library of that name is another one than the paper's"
    if other := next(filter(None, (_other_data(paper, row) for row in runs)), ""):
        return other
    expected = paper.corpus.n_under(protocol)
    if expected is None:
        return f"protocol {protocol}, the paper's is the published split"
    counted = "clips"
    if cell.own_n:
        counted, expected = "rows", {cell.split: cell.n} if protocol == "published" else {}
    settings = paper.settings_for(variant, cell.model)
    for row in runs:
        record = records.get(voter(row.get("unit", "")), {})
        planned = record.get("epochs_planned", settings.get("epochs", "?"))
        if row["status"] != "complete":
            return f"partial: {row['epochs']:g} of {planned} epochs"
        for name, value in {**record.get("settings", {}), "epochs": planned}.items():
            if name in settings and value != settings[name] and value != "?":
                return f"run with {name} = {value}, the variant has {settings[name]}"
        if row["n"] != expected.get(cell.split, row["n"]):
            return f"n = {row['n']:g} {cell.split} {counted}, the split has {expected[cell.split]}"
    there, wanted = {row["fold"] for row in runs}, paper.corpus.folds_under(protocol)
    return f"partial: {len(there)} of {wanted} folds" if len(there) < wanted else ""


def _quoted(name: str) -> str:
    return f'"{name}"' if not name.replace("-", "").isalnum() else name


def _flat(paper: Paper, section: Section, entry: Entry) -> dict:
    cell = entry.cell
    number = {key: value for key, value in asdict(entry).items() if key in ("value", "sd", "low", "high", "noticeable")}
    number = {key: None if value is None else round(value, 6) for key, value in number.items()}
    return {
        "paper": paper.id,
        "table": cell.table if cell else "",
        "row": cell.row if cell else "",
        "model": entry.model,
        "variant": section.variant,
        "protocol": section.protocol,
        "corpus": section.corpus,
        "split": entry.split,
        "metric": entry.metric,
        "published": cell.value if cell else None,
        "published_n": cell.n if cell else None,
        "regenerated": number["value"],
        "sd": number["sd"],
        "runs": entry.runs,
        "n": entry.n,
        "delta": None if entry.delta is None else round(entry.delta, 6),
        "low": number["low"],
        "high": number["high"],
        "noticeable": number["noticeable"],
        "verdict": entry.verdict,
        "reason": entry.reason,
        "command": entry.command,
    }
