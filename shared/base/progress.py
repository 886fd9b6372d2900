"""A progress bar for people, and a line now and then for a log file."""

import sys
from collections.abc import Iterable, Iterator


def progress(items: Iterable, total: int, what: str) -> Iterator:
    """Pass the items on, with a progress bar after two seconds; in a log file it draws every ten seconds only."""
    import tqdm

    interval = 0.1 if sys.stderr.isatty() else 10.0
    return iter(tqdm.tqdm(items, total=total, desc=what, delay=2.0, mininterval=interval))
