"""``python -m reproductions merge FOLDER``: units that were brought from another machine, into cache and results."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from shared.paper.loading import load_paper
from shared.paper.schema import PaperError


def add_to(commands) -> None:
    """Add the command and its options to the command line."""
    merge = commands.add_parser("merge", help="take in units that another machine has trained")
    merge.add_argument("folder", metavar="FOLDER", type=Path, help="with units below it, as cache/runs has them")
    merge.set_defaults(work=work)


def work(options: argparse.Namespace) -> int:
    """Copy what fits into the cache, and merge it into the results; returns 1 where something was refused."""
    from shared.results.store import merge
    from shared.runs.units import ResultsError

    there = sorted(path.parent for path in options.folder.rglob("record.json") if not path.parent.name.startswith("."))
    if not there:
        raise ValueError(f"{options.folder}: expected folders with a record.json, such as cache/runs/<paper>/<key>")
    taken, refused = {}, []
    for folder in there:
        try:
            paper, key, words = take(folder)
            taken.setdefault(paper.id, (paper, []))[1].append(key)
            print(f"{key}: {words}")
        except (ResultsError, PaperError) as error:
            refused.append(f"{folder}: {error}")
    for paper, keys in taken.values():
        try:
            merge(paper, keys)
        except ResultsError as error:
            refused.append(str(error))
    for words in refused:
        print(f"not merged: {words}")
    print(f"{len(there)} units found, {sum(len(keys) for _, keys in taken.values())} taken in")
    return int(bool(refused))


def take(folder: Path) -> tuple:
    """Copy a unit into the cache, unless one is there that is as far; its paper, its key, and what was done.

    Raises
    ------
    ResultsError
        Its record is not what it should be, or names other settings than paper.toml.
    PaperError
        No such paper.
    """
    from dataclasses import fields

    from shared.base.leftovers import unfinished
    from shared.base.locks import file_lock
    from shared.runs import units

    record = units.read_unit(folder)
    missing = [field.name for field in fields(units.Unit) if field.name not in record]
    if missing:
        raise units.ResultsError(f"its record lacks {', '.join(missing)}")
    unit = units.Unit(**{field.name: record[field.name] for field in fields(units.Unit)})
    if record["key"] != unit.key:
        raise units.ResultsError(f"its record is of {unit.key} and says {record['key']}")
    paper = load_paper(unit.paper)
    if unit.variant in paper.variants:
        now, then = paper.settings_for(unit.variant, unit.model), record.get("settings", {})
        changed = sorted(name for name in now.keys() & then.keys() if now[name] != then[name])
        if changed:
            was = ", ".join(f"{name} was {then[name]!r}, is {now[name]!r}" for name in changed)
            raise units.ResultsError(f"it was trained under other settings than paper.toml has now ({was})")
    with file_lock(unit.folder.with_name(f"{unit.key}.lock"), f"the run {unit.key}"):
        ours = units.read_record(unit.folder)
        far, ours_far = ((one["status"] == "complete", one["epochs"]) for one in (record, ours or record))
        if ours and far <= ours_far:
            return paper, unit.key, f"one is here already, {ours['status']}, {ours['epochs']} epochs"
        draft = unfinished(unit.folder)
        draft.mkdir(parents=True)
        for file in folder.iterdir():
            if file.is_file() and not file.is_symlink():
                shutil.copyfile(file, draft / file.name)
        units.forget(unit.folder)
        draft.rename(unit.folder)
    return paper, unit.key, f"taken in, {record['status']}"
