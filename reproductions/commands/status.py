"""``python -m reproductions status``: what was begun on this machine, how far it is, and what failed."""

from __future__ import annotations

import argparse
import json
from collections import Counter

from shared.paper.loading import list_papers, load_paper


def add_to(commands) -> None:
    """Add the command and its options to the command line."""
    status = commands.add_parser("status", help="what is complete, partial, under way or failed on this machine")
    status.add_argument("paper", metavar="PAPER", nargs="?", help="default: all papers")
    status.add_argument("--json", action="store_true", help="every unit as JSON")
    status.set_defaults(work=work)


def work(options: argparse.Namespace) -> int:
    """Print a line a paper, and one for each unit of it that is not complete."""

    names = [load_paper(options.paper).id] if options.paper else list_papers()
    found = {name: units_of(name) for name in names}
    if options.json:
        print(json.dumps([unit for units in found.values() for unit in units], indent=1))
        return 0
    for name, units in found.items():
        counts = Counter("under way" if unit["under_way"] else unit["state"] for unit in units)
        here = ", ".join(f"{n} {state}" for state, n in sorted(counts.items())) or "nothing begun on this machine"
        n_there, damaged = in_the_results(name)
        print(f"{name}: {here}" + f"; {n_there} unit{'s' * (n_there > 1)} in the results" * bool(n_there))
        for words in damaged:
            print(f"  in the results, and in no table: {words}")
        for unit in units:
            if unit["state"] != "complete":
                print(f"  {unit['key']}  {unit['words']}" + ", under way" * unit["under_way"])
    return 0


def units_of(paper_id: str) -> list[dict]:
    """Key, state and epochs of each unit of a paper in the cache, sorted by key."""
    from shared.base.files import cache_root
    from shared.base.locks import is_held
    from shared.runs.work import state_in

    units = []
    for folder in sorted((cache_root() / "runs" / paper_id).glob("*/")):
        if folder.name.startswith("."):
            continue
        state = state_in(folder)
        held = is_held(folder.with_name(f"{folder.name}.lock"))
        numbers = {"epochs": state.epochs, "planned": state.planned, "reason": state.reason, "under_way": held}
        units.append({"paper": paper_id, "key": folder.name, "state": state.name, "words": str(state), **numbers})
    return units


def in_the_results(paper_id: str) -> tuple[int, list[str]]:
    """How many units the results have of a paper whose record can be read, and what is wrong with each other record."""
    from shared.results.store import results_folder
    from shared.runs.units import UNITS, ResultsError, read_unit, units_in

    n, damaged = 0, []
    for folder in units_in(results_folder(paper_id) / UNITS):
        try:
            read_unit(folder)
            n += 1
        except ResultsError as error:
            damaged.append(str(error))
    return n, damaged
