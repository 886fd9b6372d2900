"""What results cost as they grow: merging one unit into 10, 100 and 1,000, and `diff` of as many, with its memory.

The units are copies of one of 3,000 clips, each with a seed of its own. A merge is timed in a process that is warm; a
`diff` is a whole command, start-up included, whose summaries are kept from an earlier one, beside the first one ever.
"""

import os
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
DIFF = f"from reproductions.__main__ import main; raise SystemExit(main(['diff', '{PAPER}']))"


def run() -> list[dict]:
    """Seconds of a merge and of a diff, and megabytes of a diff, beside those of the fewest units."""
    with tempfile.TemporaryDirectory() as folder:
        results, cache = Path(folder) / "results", Path(folder) / "cache"
        os.environ |= {"AUDIO_REPRODUCTIONS_RESULTS": str(results), "AUDIO_REPRODUCTIONS_CACHE": str(cache)}
        measured = {n: _measured(n, results, cache) for n in COUNTS}
    rows = []
    for what, unit in (("merge one unit", "s"), ("diff", "s"), ("diff, the first", "s"), ("memory of diff", "MB")):
        first = measured[COUNTS[0]][what]
        for n in COUNTS:
            value = measured[n][what]
            row = {"what": f"{what}: {n:,} units", "ours": value, "reference": first, "ratio": first / value}
            rows.append(row | {"unit": unit})
    return rows


def _measured(n: int, results: Path, cache: Path) -> dict[str, float]:
    """One size: `n` units in the results, and one after the other merged into them."""
    from shared.paper.loading import load_paper
    from shared.results import store

    store.RESULTS_ROOT = results
    shutil.rmtree(results, ignore_errors=True)
    shutil.rmtree(cache, ignore_errors=True)
    keys = [_write_unit(seed) for seed in range(n + TURNS + 1)]
    paper, seconds = load_paper(PAPER), []
    store.merge(paper, keys[:n])
    for key in keys[n:]:
        start = time.perf_counter()
        store.merge(paper, [key])
        seconds.append(time.perf_counter() - start)
        shutil.rmtree(results / PAPER / "units" / key)
        store.write_runs(paper, results / PAPER)
    (first, _), *others = [_diff() for _ in range(1 + TURNS)]
    turns = {"diff": median(value for value, _ in others), "memory of diff": max(value for _, value in others)}
    return {"merge one unit": median(seconds[1:]), "diff, the first": first} | turns


def _write_unit(seed: int) -> str:
    """A unit in the cache, as a run leaves it; returns its key."""
    from shared.paper.loading import load_paper
    from shared.runs import unit as units
    from shared.runs.predictions import write_predictions

    paper = load_paper(PAPER)
    unit = units.Unit(PAPER, MODEL, "paper", "published", 0, seed, "float32", paper.corpus.name, "0123456789abcdef")
    random, classes = np.random.default_rng(0), paper.corpus.classes
    true = np.arange(N_CLIPS) % len(classes)
    clips = pd.DataFrame({"split": np.where(np.arange(N_CLIPS) < N_CLIPS // 2, "train", "test")})
    clips["clip"], clips["label"] = [f"{true[i]}_speaker_{i}" for i in range(N_CLIPS)], [classes[i] for i in true]
    write_predictions(unit.folder, classes, clips, random.dirichlet(np.ones(len(classes)), N_CLIPS))
    units.write_history(unit.folder, [{"epoch": 1, "loss": 1.0, "accuracy": 0.5, "seconds": 1.0}])
    epochs = {"epochs": 50, "epochs_planned": 50, "best_epoch": 50, "seconds": 1.0}
    units.write_record(unit, status="complete", **epochs, settings={}, classes=classes)
    return unit.key


def _diff() -> tuple[float, float]:
    """Seconds and peak megabytes of a `diff` in a process of its own."""
    lines = ["import resource, sys", "try:", f"    {DIFF}", "finally:"]
    lines.append("    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)")
    command = [sys.executable, "-c", "\n".join(lines)]
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return time.perf_counter() - start, int(done.stderr.split()[-1]) / 1024
