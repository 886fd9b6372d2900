"""A progress bar for people, and a line now and then for a log file."""

import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

LOG_SECONDS = 30.0, 300.0  # until a first line, and at most between two


def progress(items: Iterable, total: int, what: str) -> Iterator:
    """Pass the items on, with a progress bar after two seconds; in a log file it draws every ten seconds only."""
    import tqdm

    interval = 0.1 if sys.stderr.isatty() else 10.0
    return iter(tqdm.tqdm(items, total=total, desc=what, delay=2.0, mininterval=interval))


def last_line(log: Path, running: Callable[[], bool]) -> None:
    """Show the last line of a growing `log` as long as something is `running`.

    On a terminal it stands in one place and goes at the end; elsewhere a line is printed after half a minute, and then
    each after twice the time of the one before, up to five minutes, so that a slow machine fills no screen.
    """
    terminal, shown, (wait, longest) = sys.stderr.isatty(), time.monotonic(), LOG_SECONDS
    width = shutil.get_terminal_size().columns - 1 if terminal else None
    while running():
        time.sleep(0.2)
        if terminal or time.monotonic() - shown >= wait:
            with log.open("rb") as file:
                file.seek(max(0, log.stat().st_size - 1000))
                lines = file.read().decode(errors="replace").replace("\r", "\n").split("\n")
            text = next((line for line in reversed(lines) if line.strip()), "")[:width]
            print(f"\r\x1b[K{text}" if terminal else text, end="" if terminal else "\n", file=sys.stderr, flush=True)
            shown, wait = time.monotonic(), min(2 * wait, longest)
    if terminal:
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)
