"""Kill -9 at seeded moments of a run that writes every kind of file, then run again: it must end in the same bits.

A moment is a call by which the system makes something last: reserving space, flushing a file, renaming, removing. The
process kills itself before or after the call that the seed draws, and every kind of file has its turn.
"""

import itertools
import os
import random
import re
import shutil
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from shared.base.leftovers import UNFINISHED
from shared.runs import units
from tests.faults.works import WORKS, given

CALLS = ("fsync", "replace", "rename", "unlink", "posix_fallocate")
IN_A_ROW = 3  # kills before a run may end
KINDS = {  # of files whose names say more than that
    r"last-.*\.weights\.h5": "last-*.weights.h5",
    r"best-.*\.weights\.h5": "best-*.weights.h5",
    r".*\.seed.*": "a unit's folder",
    r"table_.*": "table_*",
    r"confusion_.*\.csv": "confusion_*.csv",
    r"confusion_.*\.png": "confusion_*.png",
    r"[0-9a-f]{64}\.json": "a summary in the cache",
    r"[0-9a-f]{16}\.print": "a fingerprint in the cache",
    r"images-.*\.npy": "images-*.npy",
    r"images-.*\.npy\.json": "images-*.npy.json",
    r"music_library-.*": "music_library-*.jsonl",
    r"clip_.\.png": "a clip's image",
    r"clip_.\.wav": "a clip of an archive",
}


def campaign(root: Path, n: int, seed: int) -> Iterator[tuple[str, str]]:
    """For each of `n` kills the file and the call, and what is wrong after the next whole run; empty if nothing is.

    Every kind of file is hit in turn, the first time that a work is killed; up to `IN_A_ROW` kills follow anywhere.
    """
    draw, killed, base = random.Random(seed), 0, root.with_name(f"{root.name}.base")
    given(base)
    calls, whole = {}, {}
    for work in WORKS:
        _begin(root, base)
        end = _run(work, root)
        assert not end.error, end.error
        calls[work], whole[work] = end.kinds, _content(root)
    every = [(work, kind) for work in WORKS for kind in dict.fromkeys(calls[work])]
    draw.shuffle(every)
    for work, kind in itertools.cycle(every):
        if killed == n:
            return
        _begin(root, base)
        moments, places, wrong = [number for number, of in enumerate(calls[work]) if of == kind], [], ""
        while moments and len(places) < IN_A_ROW and killed < n:
            end = _run(work, root, draw.choice(moments) + draw.choice([0, 0.5]))
            if end.error or not end.place:
                wrong = end.error
                break
            places.append(end.place)
            killed += 1
            moments = range(len(calls[work]))
        if not wrong:
            end = _run(work, root)
            wrong = end.error or _difference(whole[work], _content(root))
        yield from ((place, wrong) for place in places or [kind] * bool(wrong))


class End(NamedTuple):
    """How a run ended: where it was killed, or its error, or the kind of file of each of its calls."""

    place: str = ""
    error: str = ""
    kinds: tuple[str, ...] = ()


def _run(work: Callable[[Path], None], root: Path, moment: float = -1) -> End:
    """Do the work in a process of its own, which kills itself at a moment."""
    note = root.with_name(f"{root.name}.note")
    note.write_text("")
    sys.stdout.flush()
    if (process := os.fork()) == 0:
        status = 1
        try:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            kinds = _watch(note, moment)
            time.perf_counter = itertools.count().__next__  # two runs differ neither by the time that they took
            units.commit_id = lambda: "0123456789"  # nor by what is committed meanwhile
            work(root)
            note.write_text("\n".join(kinds))
            status = 0
        except BaseException:
            note.write_text(traceback.format_exc())
        finally:
            os._exit(status)
    status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    said = note.read_text()
    if status == -signal.SIGKILL:
        return End(place=said)
    return End(kinds=tuple(said.split("\n"))) if status == 0 else End(error=said or f"exit status {status}")


def _watch(note: Path, moment: float) -> list[str]:
    """Let the process kill itself before (or, of a half, after) the call of that number; the kinds of its calls."""
    kinds = []

    def watched(call, real):
        def do(first, *arguments, **options):
            number = len(kinds)
            file = os.readlink(f"/proc/self/fd/{first}") if isinstance(first, int) else os.fspath(first)
            kinds.append(_kind(Path(file)))
            if moment in (number, number + 0.5):
                note.write_text(f"{kinds[-1]}, {'before' if moment == number else 'after'} {call}")
            if moment == number:
                os.kill(os.getpid(), signal.SIGKILL)
            try:
                return real(first, *arguments, **options)
            finally:  # also of a call that fails, such as the removal of what was renamed
                if moment == number + 0.5:
                    os.kill(os.getpid(), signal.SIGKILL)

        return do

    for call in CALLS:
        setattr(os, call, watched(call, getattr(os, call)))
    return kinds


def _kind(file: Path) -> str:
    """What is written, without what differs from run to run."""
    name = file.name
    if unfinished := UNFINISHED.fullmatch(name):
        mark = f"{unfinished['machine']}-"
        start, _, end = name.partition(mark)
        name = start.strip(".") or end.partition(".tmp.")[2]
    name = name.removesuffix(".aside").strip(".")
    return next((kind for pattern, kind in KINDS.items() if re.fullmatch(pattern, name)), name)


def _content(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def _begin(root: Path, base: Path) -> None:
    """As before any work."""
    shutil.rmtree(root)
    shutil.copytree(base, root)


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
