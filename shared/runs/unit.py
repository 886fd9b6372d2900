"""A unit of work: one model trained once, in its own folder, with the record of its conditions.

A unit is (paper, model, variant, protocol, fold, seed, precision, corpus). It writes into
``cache/runs/<paper>/<key>/`` and touches nothing else, so units can be killed, resumed, and run side by side.
Finished units are merged into ``results/`` by :mod:`shared.results.store`.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from shared.base.files import atomic_write, cache_root
from shared.base.provenance import commit_id, machine, versions
from shared.runs import unit

RECORD, SETTINGS, HISTORY, PREDICTIONS = "record.json", "settings.json", "history.csv", "predictions.csv"
SKIPPED = "skipped.csv"  # audio that the run could not read
NETWORK = "network.weights.h5"  # the evaluated weights, for predictions


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
        return cache_root() / "runs" / self.paper / self.key


def slug(name: str) -> str:
    """``"CNN + Spectrogram"`` -> ``"cnn-spectrogram"``."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def keep_settings(unit: Unit, settings: dict) -> None:
    """Write down the settings that a unit begins under; it only goes on under the same.

    Raises
    ------
    SettingsChangedError
        The unit was begun under other settings than it would now go on with.
    """
    path = unit.folder / SETTINGS
    if not path.exists():
        text = json.dumps(settings, indent=1, sort_keys=True)
        atomic_write(path, lambda file: file.write(text.encode()))
        return
    begun = json.loads(path.read_text(encoding="utf-8"))
    changed = sorted(name for name in begun.keys() & settings.keys() if begun[name] != settings[name])
    if changed:
        was = ", ".join(f"{name} was {begun[name]!r}, is {settings[name]!r}" for name in changed)
        raise SettingsChangedError(
            f"{unit.folder} was begun under other settings ({was}). Put paper.toml back, or run with --restart to "
            "begin again"
        )


def read_record(folder: Path) -> dict | None:
    """The record in ``folder``, or None where there is none."""
    path = folder / RECORD
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def write_record(unit: Unit, **conditions) -> None:
    """Write ``record.json``, the last file of a unit: its name and the conditions it ran under.

    ``conditions`` are added, and override the device (the processor) and the backend (numpy) that stand here.
    """
    record = {
        "device": machine(),
        "backend": "numpy",
        **asdict(unit),
        **conditions,
        "key": unit.key,
        "commit": commit_id(),
        "versions": versions(),
    }
    text = json.dumps(record, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    atomic_write(unit.folder / RECORD, lambda file: file.write(text.encode()))


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
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([("file", "reason"), *skipped])
        atomic_write(folder / SKIPPED, lambda file: file.write(text.getvalue().encode()))


def write_history(folder: Path, epochs: list[dict]) -> None:
    """Write ``history.csv``: one row an epoch, six decimals (seconds: one; a learning rate: six significant digits)."""
    formats = {"epoch": "d", "seconds": ".1f", "learning_rate": ".5e"}
    columns = ["epoch", *(key for key in epochs[0] if key not in ("epoch", "seconds")), "seconds"]
    lines = [",".join(columns)]
    for row in epochs:
        lines.append(",".join(format(row[key], formats.get(key, ".6f")) for key in columns))
    text = "\n".join(lines) + "\n"
    atomic_write(folder / HISTORY, lambda file: file.write(text.encode()))


CONDITIONS = ("variant", "protocol", "fold", "seed", "precision", "corpus", "fingerprint")


NEEDED = ("key", "model", "status", "epochs", "seconds", "commit", "device")  # of a record, besides the conditions


class ResultsError(ValueError):
    """A results file that cannot be read as what it should be; names the file and what to do."""


def unit_folders(folder: Path) -> list[tuple[dict, Path]]:
    """The record and folder of each unit below ``folder``, sorted by key."""
    found = []
    for path in sorted(folder.glob(f"*/{unit.RECORD}")):
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
            missing = [name for name in (*CONDITIONS, *NEEDED) if name not in record]
        except ValueError as error:
            raise ResultsError(f"{path}: not a record ({error}); restore it or remove its folder") from None
        if missing:
            raise ResultsError(f"{path}: the record lacks {', '.join(missing)}; it is of an older schema: run it again")
        found.append((record, path.parent))
    return found
