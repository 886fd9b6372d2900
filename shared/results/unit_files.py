"""The files of finished units in ``results/<paper>/units/``: replaced at one stroke, read under the folder's lock."""

from __future__ import annotations

import gzip
import os
import shutil
from contextlib import nullcontext
from pathlib import Path

from shared.base.files import atomic_write
from shared.base.leftovers import unfinished
from shared.base.locks import file_lock
from shared.paper.readings import is_reading
from shared.runs.predictions import predictions_file
from shared.runs.units import CHECKSUMS, PREDICTIONS, UNITS, checksum_of, keep_record

ASIDE = ".aside"  # ends the hidden name of a unit that is being replaced
LARGE_BYTES = 20_000  # predictions above this, and those of readings, which are many, are kept compressed


def results_lock(folder: Path, what: str):
    """The lock of a paper's results, so that nobody merges meanwhile; where one may not write, nobody does."""
    if not (folder / UNITS).is_dir() or not os.access(folder, os.W_OK):
        return nullcontext()
    return file_lock(folder / ".lock", what, wait=True)


def replace_unit(source: Path, target: Path, record: dict) -> None:
    """Copy a unit's text files, large predictions compressed, with this record and their checksums.

    The unit has predictions, compressed or not.

    The new unit is made beside the old one, which then steps aside for it: killed anywhere, a process leaves one of the
    two whole, and `settle` puts it in its place.
    """
    new, old = unfinished(target), target.with_name(f".{target.name}{ASIDE}")
    for name, checksum in CHECKSUMS.items():
        if name == PREDICTIONS or (source / name).exists():
            content = predictions_file(source)[1] if name == PREDICTIONS else (source / name).read_bytes()
            record = record | {checksum: checksum_of(content)}
            if name == PREDICTIONS and (len(content) > LARGE_BYTES or is_reading(record["variant"])):
                name, content = f"{name}.gz", gzip.compress(content, mtime=0)
            atomic_write(new / name, lambda file, content=content: file.write(content))
    keep_record(new, record)
    if target.exists():
        target.rename(old)
    new.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def settle(folder: Path) -> None:
    """Put back each unit that a killed process had moved aside for a new one, or remove it where the new one is there.

    The caller holds the folder's lock.
    """
    for old in folder.glob(f"{UNITS}/.*{ASIDE}"):
        target = old.with_name(old.name[1:].removesuffix(ASIDE))
        if target.exists():
            shutil.rmtree(old, ignore_errors=True)
        else:
            old.rename(target)
