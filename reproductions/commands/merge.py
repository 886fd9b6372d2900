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

    if str(options.folder) == ".":  # also of an empty text, such as a variable that is not set
        raise ValueError("expected the folder with the units that were brought, not the one that this is called in")
    there = sorted(path.parent for path in options.folder.rglob("record.json") if not path.parent.name.startswith("."))
    if not there:
        raise ValueError(f"{options.folder}: expected folders with a record.json, such as cache/runs/<paper>/<key>")
    found, refused, n_taken = {}, [], 0
    for folder in there:
        try:
            paper, key, taken, words = take(folder)
            found.setdefault(paper.id, (paper, []))[1].append(key)
            n_taken += taken
            print(f"{key}: {words}")
        except (ResultsError, PaperError) as error:
            refused.append(f"{folder}: {error}")
    for paper, keys in found.values():
        try:
            merge(paper, keys)
        except ResultsError as error:
            refused.append(str(error))
    for words in refused:
        print(f"not merged: {words}")
    print(f"{len(there)} units found, {n_taken} taken in")
    return int(bool(refused))


def take(folder: Path) -> tuple:
    """Copy a unit into the cache, unless one is there that is as far or can go on; its paper, its key, whether it was
    taken, and what was done.

    A network that came with somebody's results is left where it is: it is in half precision, and not of this machine.

    Raises
    ------
    ResultsError
        Its record is not what it should be, its files do not fit it, or it names other settings than paper.toml.
    PaperError
        No such paper.
    """
    from dataclasses import fields

    from shared.base.leftovers import unfinished
    from shared.base.locks import file_lock
    from shared.results.answer import Opened
    from shared.results.reading import answer_of
    from shared.results.store import check
    from shared.runs import units
    from shared.runs.networks import SHIPPED

    record = units.read_unit(folder)
    missing = [field.name for field in fields(units.Unit) if field.name not in record]
    if missing:
        raise units.ResultsError(f"its record lacks {', '.join(missing)}")
    unit = units.Unit(**{field.name: record[field.name] for field in fields(units.Unit)})
    if record["key"] != unit.key:
        raise units.ResultsError(f"its record is of {unit.key} and says {record['key']}")
    paper = load_paper(unit.paper)
    now = paper.settings_for(unit.variant, unit.model) if unit.variant in paper.variants else {}
    if was := units.differences(record.get("settings", {}), now):
        raise units.ResultsError(f"it was trained under other settings than paper.toml has now ({was})")
    check(paper, folder, answer_of(folder, record, Opened()))
    left = {units.NETWORK, SHIPPED} if (folder / SHIPPED).exists() else set()
    with file_lock(unit.folder.with_name(f"{unit.key}.lock"), f"the run {unit.key}"):
        ours = units.read_record(unit.folder)
        far, ours_far = ((one["status"] == "complete", one["epochs"]) for one in (record, ours or record))
        if ours and far <= ours_far:
            return paper, unit.key, False, f"one is here already, {ours['status']}, {ours['epochs']} epochs"
        goes_on = [(place / units.STATE).exists() for place in (folder, unit.folder)]
        if record["status"] != "complete" and goes_on == [False, True]:
            return paper, unit.key, False, "one is here already that can go on, which this one cannot"
        draft = unfinished(unit.folder)
        draft.mkdir(parents=True)
        for file in folder.iterdir():
            if file.is_file() and not file.is_symlink() and file.name not in left:
                shutil.copyfile(file, draft / file.name)
        units.forget(unit.folder)
        draft.rename(unit.folder)
    return paper, unit.key, True, f"taken in, {record['status']}"
