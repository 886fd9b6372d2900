"""The long table ``runs.csv``: a row a unit, split and metric, ensembles included, from the predictions alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import itemgetter
from pathlib import Path
from typing import Annotated

from pydantic import Field, TypeAdapter
from typing_extensions import TypedDict

from shared.base.csv_files import csv_text
from shared.base.files import atomic_write
from shared.base.own_files import read_table
from shared.paper.schema import Paper
from shared.results.summaries import Summary

RUNS = "runs.csv"
COLUMNS = (
    *("paper", "table", "model", "variant", "protocol", "split", "metric", "value", "n", "seed", "corpus"),
    *("fingerprint", "precision", "epochs", "status", "commit", "fold", "device", "backend", "seconds", "unit"),
)
WHOLE = Annotated[str, Field(pattern="^[0-9]{1,15}$")]
FOLD_NUMBER = Annotated[str, Field(pattern="^(-1|[0-9]{1,9})$")]  # -1: the mean over all folds
ROW = dict.fromkeys(COLUMNS, str) | dict.fromkeys(("n", "seed", "epochs", "seconds"), WHOLE)
ROW |= {"fold": FOLD_NUMBER, "value": Annotated[str, Field(pattern=r"^-?[0-9]+\.[0-9]+$")]}
RUNS_FORM = TypeAdapter(list[TypedDict("RunsRow", ROW)])
NUMBERS = ("n", "seed", "fold", "epochs")  # whole ones, besides the value
OF = ("model", "variant", "protocol", "fold", "seed", "precision", "corpus", "fingerprint", "split", "metric")
ROUNDING = 2e-6  # six decimals are kept
REMEDY = "'python -m reproductions report' writes the file anew"
WRITE_ANEW = "its predictions are kept beside it: 'python -m reproductions report' writes it anew"


class DiffError(ValueError):
    """Committed results that do not agree with each other."""


def rows_of(paper: Paper, record: dict, summary: Summary) -> list[tuple[dict, dict]]:
    """A row for each (split, metric) that the paper's tables have a column for, and what the clips say of its
    uncertainty, as `shared.results.summaries` gives it."""
    tables = sorted(paper.tables, key=lambda table: not table.is_held_against(record["variant"]))
    places = {(column.split, column.metric): table.id for table in reversed(tables) for column in table.columns}
    rows = []
    for (split, metric), table in places.items():
        score = dict(summary.get(split, {}).get("scores", {}).get(metric, {}))
        if score:
            row = {"table": table, "split": split, "metric": metric, "value": f"{score.pop('value'):.6f}"}
            row |= {"n": summary[split]["n"], "unit": record["key"], "seconds": f"{record['seconds']:.0f}"}
            rows.append(({name: str(row.get(name, record.get(name, ""))) for name in COLUMNS}, score))
    return rows


def with_numbers(row: dict) -> dict:
    """A row with its numbers as numbers."""
    return row | {"value": float(row["value"])} | {name: int(row[name]) for name in NUMBERS}


def order(paper: Paper) -> Callable[[dict], tuple]:
    """Sort key: the paper's order of variants and models, then protocol, fold, seed, precision, split, metric."""
    variants, models = (
        {name: (place, "") for place, name in enumerate(names)}
        for names in (paper.variants, [*paper.models, *paper.ensembles])
    )
    others = itemgetter("precision", "corpus", "fingerprint", "table", "split", "metric")

    def key(row: dict) -> tuple:
        variant, protocol, model = row["variant"], row["protocol"], row["model"]
        places = (
            *(variants.get(variant, (len(variants), variant)), protocol != "published", protocol),
            *(models.get(model, (len(models), model)), int(row["fold"]), int(row["seed"])),
        )
        return *places, *others(row)

    return key


def read_runs(path: Path) -> list[dict]:
    """Read a ``runs.csv``; an empty list where there is none.

    Raises
    ------
    FileError
        It is none, or has the columns of an older schema.
    """
    return read_table(path, RUNS_FORM, WRITE_ANEW) if path.exists() else []


def write_runs_file(path: Path, rows: Iterable[dict]) -> Path:
    """Write a ``runs.csv``."""
    text = csv_text([COLUMNS, *map(itemgetter(*COLUMNS), rows)])
    return atomic_write(path, lambda file: file.write(text.encode()))


def check_runs(recomputed: list[dict], committed: list[dict], file: Path, excused: Callable[[dict], bool]) -> None:
    """Refuse a runs.csv that the predictions do not give, row by row, but for rows that are `excused`."""
    given = {tuple(row[key] for key in OF): row["value"] for row in recomputed}
    written = {tuple(row[key] for key in OF): row for row in committed}
    for key in given | written:
        name = f"{file}: the row {', '.join(f'{k} {v}' for k, v in zip(OF, key, strict=True))}"
        if key not in given:
            if not excused(written[key]):
                raise DiffError(f"{name} has no predictions that give it; restore its unit, or {REMEDY}")
        elif key not in written:
            raise DiffError(f"{name} is missing, although its predictions are there; {REMEDY}")
        elif abs(written[key]["value"] - given[key]) > ROUNDING:
            value = written[key]["value"]
            raise DiffError(f"{name} says {value:.6f}, but its predictions give {given[key]:.6f}; {REMEDY}")
