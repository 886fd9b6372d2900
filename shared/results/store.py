"""The results of a paper: units of work with their predictions, and the long table that is computed from them.

``results/<paper>/units/<key>/`` holds each unit's ``record.json``, ``history.csv`` and ``predictions.csv`` (or, where
that is large, ``predictions.csv.gz``).
``results/<paper>/runs.csv`` has a row a unit, split and metric; every value in it is computed from the predictions
and from nothing else, ensembles included, so that anybody can recompute it without a corpus and without training.
"""

from __future__ import annotations

import csv
import gzip
import io
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field, TypeAdapter, create_model

from shared.base.files import atomic_write, cache_root
from shared.base.leftovers import unfinished
from shared.base.locks import file_lock
from shared.base.own_files import read_table
from shared.base.places import RESULTS_VARIABLE as RESULTS_VARIABLE
from shared.base.places import root_of
from shared.metrics.ensembles import ENSEMBLES, weighted_geometric_mean
from shared.metrics.scores import METRICS
from shared.paper.schema import SYNTHETIC, Paper
from shared.results.fold_averages import fitted_out_of_fold, fold_averages, named
from shared.runs import unit
from shared.runs.predictions import Predictions, read_predictions
from shared.runs.unit import CONDITIONS, ResultsError, unit_folders

RESULTS_ROOT = root_of(RESULTS_VARIABLE)
RUNS = "runs.csv"
COLUMNS = (
    *("paper", "table", "model", "variant", "protocol", "split", "metric", "value", "n", "seed", "corpus"),
    *("fingerprint", "precision", "epochs", "status", "commit", "fold", "device", "backend", "seconds", "unit"),
)
WRITE_ANEW = "its predictions are kept beside it: 'python -m reproductions report' writes it anew"
WHOLE = Annotated[str, Field(pattern="^[0-9]{1,15}$")]
FOLD_NUMBER = Annotated[str, Field(pattern="^(-1|[0-9]{1,9})$")]  # -1: the mean over all folds
RUNS_FORM = TypeAdapter(
    list[
        create_model(
            "RunsRow",
            **dict.fromkeys(COLUMNS, str)
            | dict.fromkeys(("n", "seed", "epochs", "seconds"), WHOLE)
            | {"fold": FOLD_NUMBER, "value": Annotated[str, Field(pattern=r"^-?[0-9]+\.[0-9]+$")]},
        )
    ]
)
LARGE_BYTES = 65_536  # predictions above this are kept compressed: a git clone holds every version of them


COPIED = (unit.PREDICTIONS, unit.HISTORY, unit.SKIPPED, unit.RECORD)
ASIDE = ".aside"  # ends the hidden name of a unit that is being replaced
FITTED = "fitted_geometric_mean"  # the rule of an ensemble whose weights are fitted on the other folds
RULES = ENSEMBLES | {FITTED: weighted_geometric_mean}
FOLD = CONDITIONS.index("fold")
WINDOWS = "windows"  # a record's clips_are: its clips are windows of tracks, named <track>.<number>
BY_TRACK = ", by track"


def results_folder(paper_id: str, corpus: str = "") -> Path:
    """Where a paper's results are: under ``results/``, or where the environment variable AUDIO_REPRODUCTIONS_RESULTS
    says; for the synthetic corpus under ``cache/results/``.

    What comes from synthetic data shows that the code runs and is never committed beside a paper's numbers.
    """
    root = cache_root() / "results" if corpus == SYNTHETIC else RESULTS_ROOT
    return root / paper_id


# --- the long table --------------------------------------------------------------------------------------------------
Evaluated = list[tuple[dict, Predictions]]


def recompute(paper: Paper, folder: Path, found: Evaluated | None = None) -> list[dict]:
    """Every row of ``runs.csv``, computed from the predictions in ``folder``/units, or from `found` in them.

    A unit has a row for each (split, metric) that the paper's tables have a column for (but no loss where its answers
    are without probabilities); the paper's ensembles are fused from the units that share
    variant, protocol, fold, seed, precision and corpus.
    """
    rows = []
    for record, predictions in evaluated(paper, folder) if found is None else found:
        rows += _rows(paper, record, predictions)
    return sorted(rows, key=_order(paper))


def evaluated(paper: Paper, folder: Path) -> Evaluated:
    """Record and predictions of each unit in ``folder``/units, of the tracks where the unit's clips are windows of
    tracks, of the mean over all folds on the test clips, and of each ensemble whose members are all there."""
    found = [(record, read_predictions(path, record)) for record, path in unit_folders(folder / "units")]
    voted = [by_track(record, predictions) for record, predictions in found if record.get("clips_are") == WINDOWS]
    averaged = fold_averages(found, paper.corpus.folds)
    everything = found + voted + averaged + _ensembles(paper, found + averaged)
    return [(named(record), predictions) for record, predictions in everything]


def by_track(record: dict, predictions: Predictions) -> tuple[dict, Predictions]:
    """What a unit says of whole tracks: the mean of its probabilities for the track's windows in each split.

    A window's clip is called after its track, ``jazz.00003.07``. A track has windows in several splits where windows
    were split without regard to it; each split then has a vote of its own.
    """
    tracks = np.array([clip.rpartition(".")[0] for clip in predictions.clips])
    names, first, member = np.unique(
        np.char.add(np.char.add(predictions.split, "/"), tracks), return_index=True, return_inverse=True
    )
    y_prob = np.zeros((len(names), len(predictions.classes)))
    np.add.at(y_prob, member, predictions.y_prob)
    y_prob /= np.bincount(member)[:, None]
    voted = Predictions(predictions.split[first], tracks[first], predictions.y_true[first], y_prob, predictions.classes)
    return record | {"model": f"{record['model']}{BY_TRACK}", "key": f"{record['key']}{BY_TRACK}"}, voted


def _rows(paper: Paper, record: dict, predictions: Predictions) -> Iterable[dict]:
    tables = sorted(paper.tables, key=lambda table: not table.is_held_against(record["variant"]))
    places = {(column.split, column.metric): table.id for table in reversed(tables) for column in table.columns}
    for (split, metric), table in places.items():
        part = predictions.on(split)
        if not len(part.clips) or (metric == "loss" and set(np.unique(part.y_prob)) == {0.0, 1.0}):
            continue  # answers without probabilities have no cross-entropy
        score = METRICS[metric](part.y_true, part.y_prob)
        row = {"table": table, "split": split, "metric": metric, "value": f"{score:.6f}", "n": len(part.clips)}
        row |= {"unit": record["key"], "seconds": f"{record['seconds']:.0f}"}
        yield {name: str(row.get(name, record.get(name, ""))) for name in COLUMNS}


def _ensembles(paper: Paper, found: list[tuple[dict, Predictions]]) -> list[tuple[dict, Predictions]]:
    """A record and fused predictions for each of the paper's ensembles whose members are all there."""
    groups: dict[tuple, dict[str, tuple[dict, Predictions]]] = {}
    for record, predictions in found:
        groups.setdefault(tuple(record[name] for name in CONDITIONS), {})[record["model"]] = (record, predictions)
    fused = []
    for conditions, members in groups.items():
        for name, ensemble in paper.ensembles.items():
            if not members.keys() >= set(ensemble.members):
                continue
            weights = ensemble.weights
            if ensemble.rule == FITTED:
                weights = fitted_out_of_fold(groups, conditions, FOLD, ensemble.members, paper.corpus.folds)
                if weights is None:
                    continue
            records, predictions = zip(*(members[member] for member in ensemble.members), strict=True)
            first = predictions[0]
            if any(tuple(other.clips) != tuple(first.clips) for other in predictions[1:]):
                raise ResultsError(f"{name}: its members {records[0]['key']} … were not evaluated on the same clips")
            options = {"weights": weights} if len(weights) else {}
            y_prob = RULES[ensemble.rule]([other.y_prob for other in predictions], **options)
            key = f"{unit.slug(name)} of {len(records)}"
            record = unit.combined_record(records, model=name, key=key)
            fused.append((record, Predictions(first.split, first.clips, first.y_true, y_prob, first.classes)))
    return fused


def _order(paper: Paper):
    """Sort key: the paper's order of variants and models, then protocol, fold, seed, precision, split, metric."""
    variants, models = list(paper.variants), [*paper.models, *paper.ensembles]

    def place(names: list[str], name: str) -> tuple:
        return (names.index(name), "") if name in names else (len(names), name)

    def key(row: dict) -> tuple:
        return (
            place(variants, row["variant"]),
            row["protocol"] != "published",
            row["protocol"],
            place(models, row["model"]),
            *(int(row[name]) for name in ("fold", "seed")),
            *(row[name] for name in ("precision", "corpus", "fingerprint", "table", "split", "metric")),
        )

    return key


def read_runs(path: Path) -> list[dict]:
    """Read a ``runs.csv``; an empty list where there is none.

    Raises
    ------
    FileError
        It is none, or has the columns of an older schema.
    """
    return [row.model_dump() for row in read_table(path, RUNS_FORM, WRITE_ANEW)] if path.exists() else []


def write_runs(paper: Paper, folder: Path, found: Evaluated | None = None) -> list[dict]:
    """Recompute ``runs.csv`` in ``folder`` and write it; return its rows. `found` spares reading the predictions."""
    rows = recompute(paper, folder, found)
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    atomic_write(folder / RUNS, lambda file: file.write(text.getvalue().encode()))
    return rows


def merge(paper: Paper, keys: Iterable[str]) -> None:
    """Copy what units have written in the cache into the results, and write ``runs.csv`` anew.

    Any order will do, and any number of processes: it happens under the results' lock. A complete unit in the results
    is not replaced by a partial one.
    """
    keys = set(keys)
    by_folder: dict[Path, list[tuple[dict, Path]]] = {}
    for record, source in unit_folders(cache_root() / "runs" / paper.id):
        if record["key"] in keys:
            by_folder.setdefault(results_folder(paper.id, record["corpus"]), []).append((record, source))
    for folder, found in by_folder.items():
        with file_lock(folder / ".lock", f"merging the results of {paper.id}", wait=True):
            settle(folder)
            for record, source in found:
                target = folder / "units" / record["key"]
                there = unit.read_record(target)
                if there is None or there["status"] != "complete" or record["status"] == "complete":
                    _copy_unit(source, target)
            write_runs(paper, folder)


def _copy_unit(source: Path, target: Path) -> None:
    """Copy a unit's text files, large predictions compressed. The new unit is made beside the old one, which then steps
    aside for it: killed anywhere, a process leaves one of the two whole, and `settle` puts it in its place."""
    new, old = unfinished(target), _aside(target)
    for name in COPIED:
        if (source / name).exists():
            content = (source / name).read_bytes()
            if name == unit.PREDICTIONS and len(content) > LARGE_BYTES:
                name, content = f"{name}.gz", gzip.compress(content, mtime=0)
            atomic_write(new / name, lambda file, content=content: file.write(content))
    if target.exists():
        target.rename(old)
    new.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def settle(folder: Path) -> None:
    """Put back each unit that a killed process had moved aside for a new one, or remove it where the new one is there.

    The caller holds the folder's lock.
    """
    for old in folder.glob(f"units/.*{ASIDE}"):
        target = old.with_name(old.name[1:].removesuffix(ASIDE))
        if target.exists():
            shutil.rmtree(old, ignore_errors=True)
        else:
            old.rename(target)


def _aside(target: Path) -> Path:
    return target.with_name(f".{target.name}{ASIDE}")
