"""Workers of joblib that end when the process that they work for is killed."""

import os
import subprocess
import sys
import time
from pathlib import Path

from shared.base.processes import in_processes

ROOT = Path(__file__).parents[3]
SCRIPT = """\
import sys, time
from pathlib import Path
from joblib import delayed
from shared.base.processes import in_processes
from tests.shared.base.test_processes import note

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    in_processes(2)(delayed(note)(folder, seconds) for seconds in (0, 600))
"""


def note(folder: Path, seconds: float) -> None:
    (folder / f"{os.getpid()}.pid").touch()
    wait_until(lambda: len(list(folder.iterdir())) == 2)  # each has one to do
    time.sleep(seconds)


def is_alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def wait_until(condition, seconds=60):
    until = time.monotonic() + seconds
    while not condition() and time.monotonic() < until:
        time.sleep(0.05)
    return condition()


def test_workers_end_with_a_parent_that_is_killed(tmp_path):
    """One of them has done its work and waits, the other is at it for ten minutes."""
    script, workers = tmp_path / "parent.py", tmp_path / "workers"
    script.write_text(SCRIPT)
    workers.mkdir()
    parent = subprocess.Popen([sys.executable, script, workers], env=os.environ | {"PYTHONPATH": str(ROOT)}, cwd=ROOT)
    try:
        assert wait_until(lambda: len(list(workers.iterdir())) == 2)
        pids = [int(path.stem) for path in workers.iterdir()]
        assert all(map(is_alive, pids))
    finally:
        parent.kill()
        parent.wait()
    assert wait_until(lambda: not any(map(is_alive, pids)), seconds=20)


def test_it_works_as_joblib_does():
    from joblib import delayed

    assert in_processes(1)(delayed(abs)(n) for n in (-1, 2)) == [1, 2]
    assert list(in_processes(2, threads=1, return_as="generator")(delayed(abs)(n) for n in (-1, 2))) == [1, 2]
