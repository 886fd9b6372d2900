"""``python -m reproductions report``: write everything that is drawn from the results."""

from __future__ import annotations

import argparse
import os
import sys

from reproductions.commands.options import sweep_leftovers
from shared.paper.loading import PAPERS_ROOT, list_papers, load_paper


def add_to(commands) -> None:
    """Add the command and its options to the command line."""
    report = commands.add_parser("report", help="write tables, figures, pages and README blocks from results/")
    report.add_argument("paper", metavar="PAPER", nargs="?", help="default: all papers")
    report.set_defaults(work=work)


def work(options: argparse.Namespace) -> int:
    """Write everything that is drawn from the results."""
    sweep_leftovers()
    from shared.base.files import atomic_write
    from shared.base.places import RESULTS_VARIABLE, results_root
    from shared.report.files import write_outputs, write_readmes
    from shared.report.site import write_site
    from shared.report.site.forest import FILE, overview_svg
    from shared.report.tables import left_out
    from shared.results.diff import diff_paper
    from shared.results.store import results_folder

    wanted = [load_paper(options.paper).id] if options.paper else list_papers()
    diffs = []
    for paper in map(load_paper, list_papers()):
        folder = results_folder(paper.id)
        diffs.append(write_outputs(paper, folder) if paper.id in wanted else diff_paper(paper, folder))
        for line in left_out(diffs[-1]):
            print(line, file=sys.stderr)
    print("\n".join(f"{results_folder(name)}: tables, matrices and curves written" for name in wanted))
    print(f"{write_site(diffs)[0]}: open it in a browser")
    if os.environ.get(RESULTS_VARIABLE):  # other results than the committed ones do not belong in the READMEs
        return 0
    atomic_write(results_root() / FILE, lambda file: file.write(overview_svg(diffs).encode()))
    for file in write_readmes(diffs):
        print(f"{file.relative_to(PAPERS_ROOT.parent)}: blocks filled")
    return 0
