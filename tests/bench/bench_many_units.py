"""What results cost as they grow: merging one unit into 10, 100 and 1,000, and `diff` of as many, with its memory.

The units are copies of one of 3,000 clips, each with a seed and one answer of its own. A merge is timed in a process
that is warm; a `diff` is a whole command, start-up included: the first one, which computes what the predictions say,
and later ones. All count by the processor's time, so that other work on the machine does not enter.
"""

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd

COUNTS = (10, 100, 1000)
N_CLIPS, TURNS = 3000, 5
PAPER, MODEL = "pragadaraju_digits", "RNN + Spectrogram"
DIFF = f"""
import resource, sys
from reproductions.__main__ import main
main(["diff", "{PAPER}"])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)
"""


def run() -> list[dict]:
    """Seconds of a merge and of a diff, and megabytes of a diff, beside those of the fewest units."""
    with tempfile.TemporaryDirectory() as folder:
        results, cache = Path(folder) / "results", Path(folder) / "cache"
        os.environ |= {"AUDIO_REPRODUCTIONS_RESULTS": str(results), "AUDIO_REPRODUCTIONS_CACHE": str(cache)}
        measured = {n: _measured(n, results, cache) for n in COUNTS}
    rows = []
    for what, unit in (("merge one unit", "s"), ("diff", "s"), ("the first diff", "s"), ("memory of diff", "MB")):
        first = measured[COUNTS[0]][what]
        for n in COUNTS:
            value = measured[n][what]
            row = {"what": f"{what}: {n:,} units", "ours": value, "reference": first, "ratio": first / value}
            rows.append(row | {"unit": unit})
    return rows


def _measured(n: int, results: Path, cache: Path) -> dict[str, float]:
    """One size: `n` units in the results, and others merged into them, one after the other."""
    from shared.paper.loading import load_paper
    from shared.results import store

    shutil.rmtree(results, ignore_errors=True)
    shutil.rmtree(cache, ignore_errors=True)
    keys, paper, seconds = _write_units(n + TURNS + 1), load_paper(PAPER), []
    store.merge(paper, keys[:n])
    shutil.rmtree(cache / "summaries")
    (first, _), *others = [_diff() for _ in range(1 + TURNS)]
    for key in keys[n:]:
        start = time.process_time()
        store.merge(paper, [key])
        seconds.append(time.process_time() - start)
    turns = {"diff": median(value for value, _ in others), "memory of diff": max(value for _, value in others)}
    return {"merge one unit": median(seconds[1:]), "the first diff": first} | turns


def _write_units(n: int) -> list[str]:
    """Units in the cache, as runs leave them; returns their keys."""
    from shared.paper.loading import load_paper
    from shared.runs import units
    from shared.runs.predictions import write_predictions

    paper = load_paper(PAPER)
    random, classes = np.random.default_rng(0), paper.corpus.classes
    true = np.arange(N_CLIPS) % len(classes)
    clips = pd.DataFrame({"split": np.where(np.arange(N_CLIPS) < N_CLIPS // 2, "train", "test")})
    clips["clip"], clips["label"] = [f"{true[i]}_speaker_{i}" for i in range(N_CLIPS)], [classes[i] for i in true]
    keys, corpus = [], paper.corpus.name
    for seed in range(n):
        unit = units.Unit(PAPER, MODEL, "paper", "published", 0, seed, "float32", corpus, "0123456789abcdef")
        if not keys:
            write_predictions(unit.folder, classes, clips, random.dirichlet(np.ones(len(classes)), N_CLIPS))
            text = (unit.folder / units.PREDICTIONS).read_text().rpartition(",")[0]
        unit.folder.mkdir(parents=True, exist_ok=True)
        (unit.folder / units.PREDICTIONS).write_text(f"{text},{seed / 1e6}\n")
        scores = {"loss": 1.0, "accuracy": 0.5, "test_loss": 1.0, "test_accuracy": 0.5}
        units.write_history(unit.folder, [{"epoch": 1, **scores, "seconds": 1.0}])
        epochs = {"epochs": 1, "epochs_planned": 1, "best_epoch": 1, "seconds": 1.0}
        units.write_record(unit, status="complete", **epochs, settings={}, classes=classes)
        keys.append(unit.key)
    return keys


def _diff() -> tuple[float, float]:
    """Seconds and peak megabytes of a `diff` in a process of its own."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([sys.executable, "-c", DIFF], capture_output=True, text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return seconds, int(done.stderr.split()[-1]) / 1024
