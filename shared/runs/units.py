"""A unit of work: one model trained once, in its own folder, with the record of its conditions.

A unit is (paper, model, variant, protocol, fold, seed, precision, corpus). It writes into
``cache/runs/<paper>/<key>/`` and touches nothing else, so units can be killed, resumed, and run side by side.
Finished units are merged into ``results/`` by :mod:`shared.results.store`.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from shared.base.csv_files import csv_text, no_formula
from shared.base.files import atomic_write, cache_root
from shared.base.leftovers import unfinished
from shared.base.own_files import CRC32, FileError, read_bytes, read_json, read_table, write_json
from shared.base.provenance import commit_id, machine, versions

Count = Annotated[int, Field(ge=0)]
RECORD, SETTINGS, HISTORY, PREDICTIONS = "record.json", "settings.json", "history.csv", "predictions.csv"
SKIPPED = "skipped.csv"  # audio that the run could not read
CHECKSUM = "predictions_sha256"  # what a record calls the checksum of the predictions beside it
CHECKSUMS = {PREDICTIONS: CHECKSUM, HISTORY: "history_sha256", SKIPPED: "skipped_sha256"}
UNITS = "units"  # the folder of a paper's results that holds its units
STATE = "state.json"  # of a training between two epochs, as shared.training.fitting writes it
NETWORK = "network.weights.h5"  # the evaluated weights, for predictions


CONDITIONS = ("variant", "protocol", "fold", "seed", "precision", "corpus", "fingerprint")
RESTORE = "restore it, or run the unit again"
BEGIN_AGAIN = "restore it, remove its folder, or run with --restart to begin again"


Name = Annotated[str, Field(pattern=r"^[^/\\]*$")]  # a part of a folder's name


class Record(BaseModel):
    """What every ``record.json`` says of its unit; it may say more."""

    model_config = ConfigDict(strict=True, extra="allow", allow_inf_nan=False)

    key: str
    paper: Name = ""
    model: str
    variant: Name
    protocol: Name
    fold: Count
    seed: Count
    precision: Name
    corpus: Name
    fingerprint: Name
    status: Literal["complete", "partial"]
    epochs: Count
    epochs_planned: Count = 0
    best_epoch: Count = 0
    seconds: Annotated[float, Field(ge=0)]
    product_seconds: Annotated[float, Field(gt=0)] | None = None
    commit: str
    device: str
    classes: list[str] = []
    settings: dict[str, Any] = {}
    versions: dict[str, str] = {}
    thresholds: list[float] = []
    predictions_sha256: str = ""
    history_sha256: str = ""
    skipped_sha256: str = ""

    @model_validator(mode="after")
    def _check_epochs(self):
        if self.best_epoch > self.epochs:
            raise ValueError(f"expected a best_epoch of at most {self.epochs}, the epochs, found {self.best_epoch}")
        return self


RECORD_FORM = TypeAdapter(Record)
SETTINGS_FORM = TypeAdapter(dict[str, Any])
SKIPPED_FORM = TypeAdapter(list[dict[str, str]])
HISTORY_FORM = TypeAdapter(list[dict[str, float]])


_WORKPLACE: ContextVar[Path | None] = ContextVar("workplace", default=None)


def runs_root() -> Path:
    """The folder in which units work: ``cache/runs``, or what `working_in` says."""
    return _WORKPLACE.get() or cache_root() / "runs"


@contextlib.contextmanager
def working_in(folder: Path) -> Iterator[None]:
    """Inside, units work in another folder, so that those in the cache stay as they are."""
    token = _WORKPLACE.set(folder)
    try:
        yield
    finally:
        _WORKPLACE.reset(token)


class SettingsChangedError(ValueError):
    """A unit was begun under other settings."""


@dataclass(frozen=True)
class Unit:
    """The name of one training, complete enough to run it again."""

    paper: str
    model: str
    variant: str
    protocol: str
    fold: int
    seed: int
    precision: str
    corpus: str
    fingerprint: str

    @property
    def key(self) -> str:
        """A folder name, for example ``model-3.paper.published.fold0.seed0.bfloat16.vntm-1a2b3c4d``."""
        parts = (
            slug(self.model),
            self.variant,
            self.protocol,
            f"fold{self.fold}",
            f"seed{self.seed}",
            self.precision,
            f"{self.corpus}-{self.fingerprint[:8]}",
        )
        return ".".join(parts)

    @property
    def folder(self) -> Path:
        """Where the unit works: ``cache/runs/<paper>/<key>``."""
        return runs_root() / self.paper / self.key


def slug(name: str) -> str:
    """``"CNN + Spectrogram"`` -> ``"cnn-spectrogram"``."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def forget(folder: Path) -> None:
    """Remove a unit's folder at one stroke: a process that is killed here leaves it whole or not at all."""
    if folder.exists():
        aside = unfinished(folder)
        folder.rename(aside)
        shutil.rmtree(aside, ignore_errors=True)


def keep_settings(unit: Unit, settings: dict) -> None:
    """Write down the settings that a unit begins under; it only goes on under the same.

    Raises
    ------
    SettingsChangedError
        The unit was begun under other settings than it would now go on with.
    """
    path = unit.folder / SETTINGS
    settings = json.loads(json.dumps(settings))
    if not path.exists():
        atomic_write(path, lambda file: file.write(write_json(settings, summed=True)))
        return
    if was := changed_settings(unit.folder, settings):
        raise SettingsChangedError(
            f"{unit.folder} was begun under other settings, as its {SETTINGS} says ({was}). Put paper.toml back, or "
            "run with --restart to begin again"
        )


def changed_settings(folder: Path, settings: dict) -> str:
    """Which settings a unit was begun with otherwise, ``epochs was 8, is 50``; empty where none, or none was begun."""
    if not (folder / SETTINGS).exists():
        return ""
    begun = read_json(folder / SETTINGS, SETTINGS_FORM, BEGIN_AGAIN)
    return differences(begun, json.loads(json.dumps(settings)))


def differences(then: dict, now: dict) -> str:
    """Which of the settings that both have differ, ``epochs was 8, is 50``; empty where none does."""
    changed = sorted(name for name in then.keys() & now.keys() if then[name] != now[name])
    return ", ".join(f"{name} was {then[name]!r}, is {now[name]!r}" for name in changed)


def read_record(folder: Path) -> dict | None:
    """The record in ``folder``, or None where there is none."""
    return read_unit(folder) if (folder / RECORD).exists() else None


def write_record(unit: Unit, **conditions) -> None:
    """Write ``record.json``, the last file of a unit: its name, the conditions it ran under, and the SHA-256 of its
    predictions, its history and what it skipped, by which a later change of them is noticed.

    ``conditions`` are added, and override the device (the processor) and the backend (numpy) that stand here.
    """
    files = {name: unit.folder / name for name in CHECKSUMS}
    record = {
        "device": machine(),
        "backend": "numpy",
        **asdict(unit),
        **conditions,
        **{CHECKSUMS[name]: checksum_of(path.read_bytes()) for name, path in files.items() if path.exists()},
        "key": unit.key,
        "commit": commit_id(),
        "versions": versions(),
    }
    keep_record(unit.folder, record)


def keep_record(folder: Path, record: dict) -> None:
    """Write a record into a unit's folder, with a checksum of its own."""
    atomic_write(folder / RECORD, lambda file: file.write(write_json(record, summed=True)))


def checksum_of(content: bytes) -> str:
    """The SHA-256 of a file beside a record; of its text where it is kept compressed."""
    return hashlib.sha256(content).hexdigest()


def verify_beside(folder: Path, name: str, record: dict) -> bool:
    """Whether a unit has its ``history.csv`` or ``skipped.csv``, as its record says of it.

    Raises
    ------
    FileError
        It was changed since the record was written, or is gone.
    """
    path, kept = folder / name, record.get(CHECKSUMS[name])
    if not path.exists():
        if kept:
            raise FileError(f"{path}: is not there, although its {RECORD} has a checksum of it; {RESTORE}")
        return False
    found = checksum_of(read_bytes(path, RESTORE))
    if kept not in (None, found):
        raise FileError(
            f"{path}: was changed since it was written: its SHA-256 begins with {found[:8]}, that in its {RECORD} with "
            f"{kept[:8]}; {RESTORE}"
        )
    return True


def combined_record(records: Sequence[dict], **changed) -> dict:
    """The record of an answer that several units give together, such as an ensemble's.

    It has the fewest epochs, is complete where all are, took the sum of their seconds, and names commit, device and
    backend where they share one, ``several`` where not. ``changed`` is what the caller says of it, such as its key;
    all else is as in the first of them.
    """
    shared = {name: {record.get(name, "") for record in records} for name in ("commit", "device", "backend")}
    return {
        **records[0],
        **{name: values.pop() if len(values) == 1 else "several" for name, values in shared.items()},
        "epochs": min(record["epochs"] for record in records),
        "status": "complete" if all(record["status"] == "complete" for record in records) else "partial",
        "seconds": sum(record["seconds"] for record in records),
        **changed,
    }


def write_skipped(folder: Path, skipped: Sequence[tuple[str, str]]) -> None:
    """Write ``skipped.csv``: file and reason of what could not be read; no file where nothing was skipped."""
    if skipped:
        text = csv_text([("file", "reason"), *(map(no_formula, row) for row in skipped)])
        atomic_write(folder / SKIPPED, lambda file: file.write(text.encode()))


def write_history(folder: Path, epochs: list[dict]) -> None:
    """Write ``history.csv``: one row an epoch, six decimals (seconds: one; a learning rate: six significant digits)."""
    formats = {"epoch": "d", "seconds": ".1f", "learning_rate": ".5e"}
    scores = sorted(epochs[0].keys() - formats, key=lambda name: (name.startswith(("val_", "test_")), name))
    columns = ["epoch", *scores, *(epochs[0].keys() & {"learning_rate"}), "seconds"]  # also of a run that went on
    lines = [",".join(columns)]
    for row in epochs:
        lines.append(",".join(format(row[key], formats.get(key, ".6f")) for key in columns))
    text = "\n".join(lines) + "\n"
    atomic_write(folder / HISTORY, lambda file: file.write(text.encode()))


ResultsError = FileError  # about a file of results, or about several that do not fit each other


def read_unit(folder: Path) -> dict:
    """The record of a unit.

    Raises
    ------
    FileError
        It is none, of an older schema, was changed, or is of another unit than its folder. Names the file and says what
        to do.
    """
    record = read_json(folder / RECORD, RECORD_FORM, BEGIN_AGAIN).model_dump(exclude_unset=True)
    record.pop(CRC32, None)
    named = Unit(**{field.name: record.get(field.name, "") for field in fields(Unit)}).key
    if ".seed" in folder.name and not folder.name == record["key"] == named:  # a folder as `Unit.key` names it
        raise FileError(f"{folder / RECORD}: expected a record of {folder.name}, found one of {named}; {BEGIN_AGAIN}")
    return record


def read_history(folder: Path, record: dict, *columns: str) -> list[dict[str, float]]:
    """A row an epoch of a unit's ``history.csv``, as many as its record says; none where there is no such file.

    Raises
    ------
    FileError
        It is none, of another number of epochs, lacks one of `columns`, or was changed since its record was written.
    """
    path = folder / HISTORY
    rows = _history(path, record, columns) if path.exists() else []
    verify_beside(folder, HISTORY, record)  # last, since the others say what is wrong
    return rows


def _history(path: Path, record: dict, columns: Sequence[str]) -> list[dict[str, float]]:
    rows = read_table(path, HISTORY_FORM, RESTORE)
    if [row.get("epoch") for row in rows] != list(range(1, record["epochs"] + 1)):
        raise FileError(f"{path}: expected the epochs 1 to {record['epochs']} of the record, a line each; {RESTORE}")
    there = {name for row in rows[:1] for name in row}
    if missing := sorted(set(columns) - there):
        raise FileError(f"{path}: lacks the column {', '.join(missing)}; {RESTORE}")
    kinds = ({"loss", accuracy} for accuracy in ("accuracy", "binary_accuracy"))
    if rows and not any(kind | {f"{of}_{name}" for name in kind} <= there for kind in kinds for of in ("val", "test")):
        found = ", ".join(sorted(there))
        raise FileError(f"{path}: expected loss and accuracy, in training and held out, found {found}; {RESTORE}")
    return rows


def units_in(folder: Path) -> list[Path]:
    """The folders below ``folder`` that have a record, sorted; what was not finished, whose name is hidden, is none."""
    names = sorted(os.listdir(folder)) if folder.is_dir() else []
    there = (name for name in names if not name.startswith(".") and os.path.exists(f"{folder}/{name}/{RECORD}"))
    return [folder / name for name in there]


def unit_folders(folder: Path) -> list[tuple[dict, Path]]:
    """The record and folder of each unit below ``folder``, sorted by key."""
    return [(read_unit(path), path) for path in units_in(folder)]
