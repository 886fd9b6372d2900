"""``python -m reproductions evaluate``: do the networks that come with the results give the kept predictions?"""

from __future__ import annotations

import argparse
import sys

from shared.paper.loading import load_paper


def add_to(commands) -> None:
    """Add the command and its options to the command line."""
    evaluate = commands.add_parser(
        "evaluate", help="let the networks that come with the results answer again, and compare with the predictions"
    )
    evaluate.add_argument("paper", metavar="PAPER")
    evaluate.set_defaults(work=work)


def work(options: argparse.Namespace) -> int:
    """Evaluate each network that comes with a paper's results; returns 1 where one does not give what is kept."""
    import data_prep
    from shared.base.own_files import FileError
    from shared.runs.evaluate import NotPlannedError, evaluate
    from shared.runs.networks import is_shipped, trained_units

    paper = load_paper(options.paper)
    units = [unit for unit in trained_units(paper) if is_shipped(unit[1])]
    if not units:
        print(f"error: no network comes with the results of {paper.id}", file=sys.stderr)
        return 1
    failed, opened = False, {}
    for record, folder in units:
        try:
            found = evaluate(paper, record, folder, opened)
        except (data_prep.CorpusError, FileError, NotPlannedError) as error:
            print(f"error: {record['model']}: {error}", file=sys.stderr)
            failed = True
            continue
        failed |= not found.agrees
        print(
            f"{record['key']}: {'the same' if found.agrees else 'NOT the same'}, {found.same:,} of {found.clips:,} "
            f"answers as kept; probabilities differ by at most {found.difference:.4f}"
        )
    return int(failed)
