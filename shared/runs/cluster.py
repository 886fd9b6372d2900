"""A plan carried out by the workers of a Dask cluster, which share the cache folder with this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid

from shared.base.places import FOLDERS, PROJECT
from shared.base.processes import end_with
from shared.runs.execute import DIED, Outcome, attempt
from shared.runs.plan import Task

TIMEOUT_SECONDS = 10  # for the scheduler to answer


class ClusterError(ValueError):
    """There is no cluster to work on, or not one that can."""


class Cluster:
    """The workers of a Dask scheduler, a task each. Dask gives the task of one that is gone to another.

    Parameters
    ----------
    address : str
        Of the scheduler, such as ``tcp://10.0.0.1:8786``.

    Raises
    ------
    ClusterError
        No `distributed`, no answer, or workers that would do several tasks in a process.
    """

    def __init__(self, address: str):
        try:
            import distributed
        except ImportError:
            raise ClusterError(
                "--cluster needs the package distributed: pip install -r requirements-cluster.txt"
            ) from None
        try:
            self._client = distributed.Client(address, timeout=TIMEOUT_SECONDS)
        except (OSError, ValueError) as error:
            raise ClusterError(
                f"no Dask scheduler answers at {address} ({error}): docs/cluster.md starts one"
            ) from None
        self._wait, self._futures = distributed.wait, {}
        if any(n > 1 for n in self._client.nthreads().values()):
            self._client.close()
            raise ClusterError(f"{address} has workers of several threads: start them with --nthreads 1")

    @property
    def slots(self) -> int:
        """As many as there are workers now, and one that waits for the first."""
        return max(len(self._client.nthreads()), 1)

    def submit(self, task: Task, *, wait: bool) -> None:
        """Hand a task to the scheduler."""
        folders = {name: os.environ[name] for name in FOLDERS if name in os.environ}
        name = f"{task.key}-{uuid.uuid4().hex[:8]}"
        self._futures[task.key] = self._client.submit(do_task, task.as_dict(), wait, folders, key=name, pure=False)

    def finished(self) -> list[Outcome]:
        """Wait until something has ended."""
        self._wait(list(self._futures.values()), return_when="FIRST_COMPLETED")
        outcomes = []
        for key, future in list(self._futures.items()):
            if future.done():
                del self._futures[key]
                error = future.exception() if future.status == "error" else None
                outcome = Outcome(key, DIED, f"its worker was lost ({error})") if error else Outcome(**future.result())
                outcomes.append(outcome)
        return outcomes

    def close(self) -> None:
        """Take back what was not begun, and leave the cluster."""
        self._client.cancel(list(self._futures.values()), force=True)
        self._client.close()


def do_task(values: dict, wait: bool, folders: dict[str, str]) -> dict:
    """Do a task for a worker, in a process of its own, since the worker's threads draw from the same random numbers.

    The folders are those of the machine that planned it, where the worker names no others.
    """
    command = [sys.executable, "-m", "shared.runs.cluster"]
    environment = folders | os.environ
    asked = json.dumps([values, wait])
    done = subprocess.run(command, input=asked, stdout=subprocess.PIPE, text=True, cwd=PROJECT, env=environment)
    *lines, last = done.stdout.splitlines() or [""]
    print("\n".join(lines), flush=True)
    if done.returncode:
        return vars(Outcome(Task.from_dict(values).key, DIED, f"its process ended with exit status {done.returncode}"))
    return json.loads(last)


def main() -> None:
    """Do the task that standard input has; the last line of standard output is what became of it."""
    end_with(os.getppid())
    values, wait = json.load(sys.stdin)
    print(json.dumps(vars(attempt(Task.from_dict(values), {}, wait=wait))), flush=True)


if __name__ == "__main__":
    main()
