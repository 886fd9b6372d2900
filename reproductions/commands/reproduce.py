"""``make reproduce``: every paper's numbers from the committed predictions, then a real row of one of them live.

The live job is the text model of `pragadaraju_digits`, whose corpus and transcripts are part of the project: three
seeds, 50 epochs. Its results go to ``cache/reproduced`` and are held against the committed ones, clip by clip.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from shared.base.places import RESULTS_VARIABLE, cache_root, results_root
from shared.base.progress import last_line
from shared.paper.loading import PAPERS_ROOT, list_papers, load_paper

PAPER = "pragadaraju_digits"
TEXT, RNN, CNN = "RNN + Textual Representation", "RNN + Spectrogram", "CNN + Spectrogram"
LIVE = ((TEXT, "0-2"),)
FULL = (*LIVE, (RNN, "0-2"), (CNN, "0"))  # hours without a GPU
LOG = "live.log"
TAIL = 15  # lines of a failed job's log that are shown


def add_to(commands) -> None:
    """Add the command and its options to the command line."""
    reproduce = commands.add_parser("reproduce", help="all numbers from kept predictions, then one real row live")
    reproduce.add_argument("--full", action="store_true", help="then the whole table live: hours without a GPU")
    reproduce.add_argument("--verbose", action="store_true", help="show every table whole, and every epoch")
    reproduce.set_defaults(work=work)


def work(options: argparse.Namespace) -> int:
    """Print the papers' numbers, run the live job, and say how it agrees; returns the exit status of the live job.

    With --full it runs the whole table of the paper and not only its text model, goes on where an earlier run stopped,
    and takes what is complete in the cache as it is.
    """
    from shared.report.overview import overview_text
    from shared.report.tables import render_text
    from shared.results.diff import diff_paper
    from shared.results.store import results_folder

    print("1 of 2: every paper's table, from the predictions that are kept in results/", flush=True)
    diffs = [diff_paper(paper, results_folder(paper.id)) for paper in map(load_paper, list_papers())]
    print("\n" + ("\n".join(map(render_text, diffs)) if options.verbose else overview_text(diffs)))
    print("Whole tables, with intervals and reasons: python -m reproductions diff PAPER\n")

    live = cache_root() / "reproduced"
    shutil.rmtree(live, ignore_errors=True)
    live.mkdir(parents=True)
    jobs = FULL if options.full else LIVE
    print(f"2 of 2: {'the whole table' if options.full else 'one row'} of {PAPER} live, trained on this machine")
    for model, seeds in jobs:
        command = ["-m", "reproductions", "run", PAPER, "--model", model, "--seeds", seeds]
        print(f'python -m reproductions run {PAPER} --model "{model}" --seeds {seeds}', flush=True)
        restart = [] if options.full else ["--restart"]
        environment = os.environ | {RESULTS_VARIABLE: str(live)}
        log = None if options.verbose else live / LOG
        if status := run([sys.executable, *command, *restart], environment, log):
            return status
    print("\n" + "\n".join(agreement(live / PAPER, results_folder(PAPER))))
    print(f"\nThe report, to open in a browser: {results_root() / 'report' / 'index.html'}")
    return 0


def run(command: list[str], environment: dict[str, str], log: Path | None) -> int:
    """Run a job and return its exit status; with a `log`, what it prints goes there and its last line is shown."""
    if log is None:
        return subprocess.run(command, env=environment, cwd=PAPERS_ROOT.parent).returncode
    began = time.monotonic()
    with log.open("ab") as file:
        job = subprocess.Popen(command, env=environment, cwd=PAPERS_ROOT.parent, stdout=file, stderr=subprocess.STDOUT)
        try:
            last_line(log, lambda: job.poll() is None)
        finally:
            job.kill()
            job.wait()
    if job.returncode:
        tail = log.read_text(encoding="utf-8", errors="replace").splitlines()[-TAIL:]
        print("\n".join(tail), f"The job ended with status {job.returncode}; all that it printed: {log}", sep="\n")
    else:
        print(f"trained in {time.monotonic() - began:.0f} s")
    return job.returncode


def agreement(live: Path, committed: Path) -> list[str]:
    """A line for each live unit: in how many clips it answers as the committed one, if there is one; and their sum."""
    from shared.runs.predictions import read_predictions
    from shared.runs.units import unit_folders

    lines, total, agreed = [], 0, 0
    for record, folder in unit_folders(live / "units"):
        name = f"{record['model']}, seed {record['seed']}"
        there = committed / "units" / record["key"]
        if not there.exists():
            lines.append(f"{name}: no committed run of these conditions ({record['key']})")
            continue
        ours = read_predictions(folder)
        theirs = read_predictions(there).by_class(ours.classes)
        answers = [dict(zip(p.clips, p.y_prob.argmax(axis=1), strict=True)) for p in (ours, theirs)]
        both = answers[0].keys() & answers[1].keys()
        same = sum(answers[0][clip] == answers[1][clip] for clip in both)
        lines.append(f"{name}: {same:,} of {len(both):,} answers as committed")
        total, agreed = total + len(both), agreed + same
    if total:
        few = "" if agreed == total else "; processors that round differently change a few answers in a thousand"
        lines.append(f"reproduced: {agreed:,} of {total:,} answers as committed{few}")
    return lines
