"""``make reproduce``: every paper's table from the committed predictions, then a real row of one of them live.

The live job is the text model of `pragadaraju_digits`, whose corpus and transcripts are part of the project: three
seeds, 50 epochs. Its results go to ``cache/reproduced`` and are held against the committed ones, clip by clip.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

from shared.base.files import cache_root
from shared.paper.loading import PAPERS_ROOT, list_papers, load_paper

PAPER = "pragadaraju_digits"
TEXT, RNN, CNN = "RNN + Textual Representation", "RNN + Spectrogram", "CNN + Spectrogram"
LIVE = ((TEXT, "0-2"),)
FULL = (*LIVE, (RNN, "0-2"), (CNN, "0"))  # hours without a GPU


def add_to(commands) -> None:
    """Add the command and its options to the command line."""
    reproduce = commands.add_parser("reproduce", help="all tables from kept predictions, then one real row live")
    reproduce.add_argument("--full", action="store_true", help="then the whole table live: hours without a GPU")
    reproduce.set_defaults(work=work)


def work(options: argparse.Namespace) -> int:
    """Print all diffs, run the live job, and say how it agrees; returns the exit status of the live job.

    With --full it runs the whole table of the paper and not only its text model, goes on where an earlier run stopped,
    and takes what is complete in the cache as it is.
    """
    from shared.report.tables import render_text
    from shared.results.diff import diff_paper
    from shared.results.store import RESULTS_VARIABLE, results_folder

    for paper in map(load_paper, list_papers()):
        print(render_text(diff_paper(paper, results_folder(paper.id))))
    live = cache_root() / "reproduced"
    shutil.rmtree(live, ignore_errors=True)
    for model, seeds in FULL if options.full else LIVE:
        command = ["-m", "reproductions", "run", PAPER, "--model", model, "--seeds", seeds]
        print(f'live: python -m reproductions run {PAPER} --model "{model}" --seeds {seeds}', flush=True)
        restart = [] if options.full else ["--restart"]
        environment = os.environ | {RESULTS_VARIABLE: str(live)}
        status = subprocess.run(
            [sys.executable, *command, *restart], env=environment, cwd=PAPERS_ROOT.parent
        ).returncode
        if status:
            return status
    print("\n".join(agreement(live / PAPER, results_folder(PAPER))))
    return 0


def agreement(live: Path, committed: Path) -> list[str]:
    """A line for each live unit: in how many clips it answers as the committed one, if there is one."""
    from shared.runs.predictions import read_predictions
    from shared.runs.unit import unit_folders

    lines = []
    for record, folder in unit_folders(live / "units"):
        there = committed / "units" / record["key"]
        if not there.exists():
            lines.append(f"{record['key']}: no committed run of these conditions")
            continue
        ours = read_predictions(folder)
        theirs = read_predictions(there).by_class(ours.classes)
        answers = [dict(zip(p.clips, p.y_prob.argmax(axis=1), strict=True)) for p in (ours, theirs)]
        both = answers[0].keys() & answers[1].keys()
        same = sum(answers[0][clip] == answers[1][clip] for clip in both)
        lines.append(f"{record['key']}: {same:,} of {len(both):,} answers as committed")
    return lines
