"""The fault campaign: ``python -m tests.faults [--mutations N] [--kills N] [--seed N]``, or ``make faults``.

Exit status 1 if a damaged file ends in a traceback or in an error that does not name it, or a killed run in other bits.
"""

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
SHOWN = 3  # of what went wrong, of each kind of a target


def main() -> int:
    """Run both campaigns and print their tables."""
    options = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__.partition("\n")[0])
    options.add_argument("--mutations", type=int, default=2000)
    options.add_argument("--kills", type=int, default=100)
    options.add_argument("--seed", type=int, default=0)
    options = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "project"
        os.environ["AUDIO_REPRODUCTIONS_CACHE"] = str(root / "cache")
        os.environ["AUDIO_REPRODUCTIONS_RESULTS"] = str(root / "results")
        root.mkdir()
        failed = kill(root, options.kills, options.seed) if options.kills else False  # it forks, so it comes first
        shutil.rmtree(root)
        root.mkdir()
        failed |= mutate(root, options.mutations, options.seed) if options.mutations else False
    return int(failed)


def kill(root: Path, n: int, seed: int) -> bool:
    """The campaign of kills; whether something went wrong."""
    from tests.faults.kills import campaign, table

    results, start = [], time.perf_counter()
    for place, wrong in campaign(root, n, seed):
        results.append((place, wrong))
        if wrong:
            print(f"killed at {place}: {wrong}\n", flush=True)
    print(f"{table(results)}\n{time.perf_counter() - start:.0f} s, seed {seed}\n")
    return any(wrong for _, wrong in results)


def mutate(root: Path, n: int, seed: int) -> bool:
    """The campaign of mutations; whether something went wrong."""
    from tests.faults.campaign import BAD, OTHER, campaign, table
    from tests.faults.targets import targets

    counts, shown, start = defaultdict(Counter), Counter(), time.perf_counter()
    for target, kind, outcome, said in campaign(root, targets(root / "cache"), n, seed):
        counts[target.name][outcome] += 1
        if outcome in (*BAD, OTHER) and shown[target.name, outcome] < SHOWN:
            shown[target.name, outcome] += 1
            print(f"{target.name}, {kind}: {outcome}: {said.strip()[-600:]}\n", flush=True)
    print(f"{table(counts)}\n{time.perf_counter() - start:.0f} s, seed {seed}")
    return any(of[bad] for of in counts.values() for bad in BAD)


if __name__ == "__main__":
    sys.exit(main())
