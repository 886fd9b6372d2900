"""Processes that work for this one, and end with it."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import joblib

LOOK_SECONDS = 0.5  # between two looks whether the parent is there


def in_processes(n_jobs: int, threads: int | None = None, **options) -> joblib.Parallel:
    """A joblib.Parallel whose workers are processes that end soon after this one, in whatever way it ends.

    Without that, workers of a process that was killed finish what they are at, and then wait for five minutes.

    Parameters
    ----------
    n_jobs
        As joblib counts them: -1 for one a core.
    threads
        Of each worker's matrix products; what joblib chooses if None.
    options
        Of joblib.Parallel.
    """
    import joblib

    watch = {"initializer": end_with, "initargs": (os.getpid(),)}
    with joblib.parallel_config("loky", inner_max_num_threads=threads, **watch):
        return joblib.Parallel(n_jobs, **options)


def end_with(parent: int) -> None:
    """From now on, end this process as soon as the one that started it is gone; `parent` is that one's number."""

    def look() -> None:
        while os.getppid() == parent:
            time.sleep(LOOK_SECONDS)
        os._exit(1)

    threading.Thread(target=look, daemon=True).start()
