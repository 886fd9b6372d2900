"""Seconds that a command takes from the shell; the reference is the limit that this project sets itself."""

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIMITS = {"--help": 1.0, "list": 1.0, "diff": 2.0}
TURNS = 3


def run() -> list[dict]:
    """The fastest of several starts of each command."""
    rows = []
    for command, limit in LIMITS.items():
        seconds = []
        for _ in range(TURNS):
            start = time.perf_counter()
            arguments = [sys.executable, "-m", "reproductions", command]
            subprocess.run(arguments, cwd=ROOT, check=True, capture_output=True)
            seconds.append(time.perf_counter() - start)
        ours = min(seconds)
        what = f"python -m reproductions {command} / limit"
        rows.append({"what": what, "ours": ours, "reference": limit, "ratio": limit / ours, "unit": "s"})
    return rows
