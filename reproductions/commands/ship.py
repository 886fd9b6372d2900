"""``python -m reproductions ship``: let small trained networks come with the results."""

from __future__ import annotations

import argparse
import sys

from reproductions.commands.options import models_of
from shared.paper.loading import load_paper


def add_to(commands) -> None:
    """Add the command and its options to the command line."""
    ship = commands.add_parser(
        "ship", help="put trained networks beside their results, in half precision, for predict in a fresh clone"
    )
    ship.add_argument("paper", metavar="PAPER")
    ship.add_argument("--model", help="names separated by commas (default: all that are trained)")
    ship.set_defaults(work=work)


def work(options: argparse.Namespace) -> int:
    """Of each model, ship the training that ``predict`` would take, if its unit is in the results."""
    from shared.results.store import results_folder
    from shared.runs.networks import NotTrainedError, is_shipped, preferred, ship
    from shared.runs.units import UNITS, ResultsError

    paper = load_paper(options.paper)
    wanted = models_of(paper, options.model, None) or list(paper.models)
    try:
        trained = preferred(paper, f"python -m reproductions run {paper.id}")
    except NotTrainedError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    failed = False
    for model in wanted:
        if model not in trained:
            if paper.models[model].learns:
                print(f'{model}: not trained; python -m reproductions run {paper.id} --model "{model}"')
                failed |= bool(options.model)
            continue
        record, folder = trained[model]
        target = results_folder(paper.id) / UNITS / record["key"]
        if is_shipped(folder):
            print(f"{model}: comes with the results already")
            continue
        why = "" if target.exists() else f"{target} is not there: its results are not kept"
        try:
            said = f"not shipped: {why}" if why else f"{ship(folder, target) / 2**20:.1f} MB in {target}"
        except ResultsError as error:
            why = said = f"not shipped: {error}"
        print(f"{model}: {said}")
        failed |= bool(why)
    return int(failed)
