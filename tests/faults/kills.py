"""Kill -9 at seeded moments of a run that writes every kind of file, then run again: it must end in the same bits.

A moment is a call by which the system makes something last: reserving space, flushing a file, renaming, removing. The
process kills itself before or after the call that the seed draws, so every kind of write is hit alike.
"""

import itertools
import os
import random
import shutil
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import matplotlib.pyplot  # noqa: F401 - here and below, what the processes need is imported before they are forked
import numpy as np
import scipy.stats  # noqa: F401

from shared.base.arrays import cached_array
from shared.base.leftovers import UNFINISHED, sweep
from shared.paper.loading import load_paper
from shared.report.files import write_outputs
from shared.results import store
from shared.runs import units
from tests.faults.targets import ZEROS, make_unit

CALLS = ("fsync", "replace", "rename", "unlink", "posix_fallocate")
IN_A_ROW = 5  # kills before a run may end


def work(root: Path) -> None:
    """Features, a training of three epochs, its answers, the merge and the report of an ensemble's first member."""
    paper = load_paper("lam_ensemble")
    sweep(root)
    cached_array(root / "cache" / "features" / "a.npy", (9, *ZEROS.shape), np.float32, lambda: iter([ZEROS + 1] * 9))
    for model in list(paper.models)[:2]:
        store.merge(paper, [make_unit(paper, model, epochs=3).key])
    write_outputs(paper, store.results_folder(paper.id))


def campaign(root: Path, n: int, seed: int) -> Iterator[tuple[str, str]]:
    """For each of `n` kills the file and the call, and what is wrong after the next whole run; empty if nothing is."""
    draw, killed = random.Random(seed), 0
    n_calls = _run(root)[1]
    whole = _content(root)
    while killed < n:
        _empty(root)
        places = []
        while len(places) < IN_A_ROW and killed < n:
            place, _ = _run(root, draw.randrange(n_calls) + draw.choice([0, 0.5]))
            if not place:
                break
            places.append(place)
            killed += 1
        wrong = f"ends with {place}" if (place := _run(root)[0]) else _difference(whole, _content(root))
        yield from ((place, wrong) for place in places)


def _run(root: Path, moment: float = -1) -> tuple[str, int]:
    """Do the work in a process of its own; the file and the call at which it was killed, or its error; its calls."""
    note = root.with_name(f"{root.name}.note")
    note.write_text("")
    sys.stdout.flush()
    if (process := os.fork()) == 0:
        status = 1
        try:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            calls = _watch(note, moment)
            time.perf_counter = itertools.count().__next__  # two runs differ neither by the time that they took
            units.commit_id = lambda: "0123456789"  # nor by what is committed meanwhile
            work(root)
            note.write_text(f"{next(calls)}")
            status = 0
        except BaseException:
            note.write_text(traceback.format_exc())
        finally:
            os._exit(status)
    status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    said = note.read_text()
    if status == 0:
        return "", int(said)
    return said if status in (1, -signal.SIGKILL) else f"exit status {status}", 0


def _watch(note: Path, moment: float) -> Iterator[int]:
    """Let the process kill itself before (or, of a half, after) the call of that number."""
    calls = itertools.count()

    def watched(call, real):
        def do(first, *arguments, **options):
            number = next(calls)
            if moment in (number, number + 0.5):
                file = os.readlink(f"/proc/self/fd/{first}") if isinstance(first, int) else os.fspath(first)
                note.write_text(f"{_kind(Path(file))}, {'before' if moment == number else 'after'} {call}")
            if moment == number:
                os.kill(os.getpid(), signal.SIGKILL)
            result = real(first, *arguments, **options)
            if moment == number + 0.5:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        return do

    for call in CALLS:
        setattr(os, call, watched(call, getattr(os, call)))
    return calls


def _kind(file: Path) -> str:
    """What is written, without what differs from run to run."""
    name = file.name
    if unfinished := UNFINISHED.fullmatch(name):
        mark = f"{unfinished['machine']}-"
        start, _, end = name.partition(mark)
        name = start.strip(".") or end.partition(".tmp.")[2]
    name = name.removesuffix(".aside").strip(".")
    if name.endswith(".weights.h5"):
        name = f"{name.partition('-')[0].partition('.')[0]}.weights.h5"
    return "a unit's folder" if ".seed" in name else "tables of the report" if name.startswith("table") else name


def _content(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def _empty(root: Path) -> None:

    for folder in root.iterdir():
        shutil.rmtree(folder)


def _difference(whole: dict[str, bytes], found: dict[str, bytes]) -> str:
    lost, more = sorted(whole.keys() - found.keys()), sorted(found.keys() - whole.keys())
    other = sorted(name for name in whole.keys() & found.keys() if whole[name] != found[name])
    named = (("lost", lost), ("left", more), ("other bits", other))
    return "; ".join(f"{what}: {', '.join(names)}" for what, names in named if names)


def table(results: list[tuple[str, str]]) -> str:
    """A row a kind of file: kills, and after how many of them the next whole run did not end in the same bits."""
    kills = Counter(place.partition(",")[0] for place, _ in results)
    wrong = Counter(place.partition(",")[0] for place, why in results if why)
    rows = [*sorted(kills), "all"]
    kills["all"], wrong["all"] = len(results), wrong.total()
    width = max(map(len, rows))
    return "\n".join(
        [f"{'':<{width}}  kills  not the same"] + [f"{r:<{width}}{kills[r]:>7}{wrong[r]:>14}" for r in rows]
    )
