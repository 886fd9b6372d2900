"""A plan carried out: in this process and in several, with tasks that fail, hang, die and are held by others."""

import contextlib
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from shared.base.locks import file_lock
from shared.runs import units
from shared.runs.execute import DONE, FAILED, NOT_BEGUN, Processes, execute, share_of
from shared.runs.plan import FEATURES, in_order
from shared.runs.work import FAILURE
from tests.shared.runs import small_paper

ROOT = Path(__file__).parents[3]


@pytest.fixture
def task(tmp_path, monkeypatch):
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_CACHE", str(tmp_path / "cache"))

    def make(seed=0, **more):
        return small_paper.task(tmp_path, seed, **more)

    return make


def states(outcomes):
    return [outcome.state for outcome in outcomes]


def lines(path):
    return path.read_text().splitlines() if path.exists() else []


@contextlib.contextmanager
def as_soon_as(there: Path, action):
    """Do something in a thread when a file is there."""

    def wait():
        while not there.exists():
            time.sleep(0.02)
        action()

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    yield
    thread.join(10)


def test_one_failure_stops_nothing_but_what_needs_it(task, tmp_path, capsys):
    broken = task(0, work="refuse")
    tasks = in_order([broken, task(1, source=broken.unit), task(2)])
    outcomes = execute(tasks)
    assert [t.work for t in tasks] == [FEATURES, "refuse", "write", "write"]
    assert states(outcomes) == [DONE, FAILED, NOT_BEGUN, DONE]
    assert outcomes[1].reason == "the clip is too short"
    assert outcomes[2].reason == f"needs {broken.key}, which failed"
    assert "Traceback" in capsys.readouterr().err  # raised in a test's file, which is none of the project's packages


def test_a_damaged_record_stops_nothing_else(task, tmp_path, capsys):
    tasks = in_order([task(0), task(1)])
    tasks[1].folder.mkdir(parents=True)
    (tasks[1].folder / "record.json").write_text("{")
    outcomes = execute(tasks)
    assert states(outcomes) == [DONE, FAILED, DONE]
    assert str(tasks[1].folder / "record.json") in outcomes[1].reason


def test_what_is_done_opens_nothing(task, tmp_path):
    execute(in_order([task()]))
    before = lines(tmp_path / "opened")
    outcomes = execute(in_order([task()]))
    assert (states(outcomes), outcomes[0].worked) == ([DONE], False)
    assert lines(tmp_path / "opened") == before


def test_only_what_was_asked_for_starts_over(task, tmp_path):
    tasks = in_order([task(0), task(1, asked=False)])
    execute(tasks)
    execute(tasks, restart=True)
    assert lines(tmp_path / "done") == [tasks[1].key, tasks[2].key, tasks[1].key]


def test_what_another_process_is_at_is_left_to_it_and_waited_for(task, tmp_path, capsys):
    first, second = in_order([task(0), task(1)])[1:]
    lock = first.folder.with_name(first.folder.name + ".lock")

    def release():
        units.write_record(first.unit, status="complete", epochs=0, seconds=0.0)
        held.close()

    held = contextlib.ExitStack()
    held.enter_context(file_lock(lock, "the run elsewhere"))
    with as_soon_as(second.folder / "record.json", release):
        outcomes = execute(in_order([first, second]))
    assert states(outcomes) == [DONE, DONE, DONE]
    assert lines(tmp_path / "done") == [second.key]  # the other process did the first
    words = rf"the run {first.key} is already under way: process {os.getpid()} on .* holds {lock}; it is left to that"
    assert re.search(words, capsys.readouterr().err), "nobody need do anything about it"


def test_two_identical_runs_at_once_both_finish(task, tmp_path):
    """Two processes, each with the same plan and the same cache: every task is done once, by one of them."""
    script = tmp_path / "run.py"
    script.write_text(
        "import sys, time\n"
        "from pathlib import Path\n"
        "from shared.runs.execute import execute\n"
        "from shared.runs.plan import in_order\n"
        "from tests.shared.runs import small_paper\n"
        "folder = Path(sys.argv[1])\n"
        "(folder / sys.argv[2]).touch()\n"
        "while len(list(folder.glob('ready*'))) < 2:\n"
        "    time.sleep(0.01)\n"
        "outcomes = execute(in_order([small_paper.task(folder, seed, work='write_slowly') for seed in range(3)]))\n"
        "print(*(outcome.state for outcome in outcomes))\n"
    )
    options = {"cwd": ROOT, "env": os.environ | {"PYTHONPATH": str(ROOT)}, "stdout": subprocess.PIPE, "text": True}
    runs = [subprocess.Popen([sys.executable, script, tmp_path, f"ready{n}"], **options) for n in range(2)]
    said = [run.communicate(timeout=120)[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0]
    assert [line.split() for line in said] == [[DONE] * 4] * 2
    done = [task(seed, work="write_slowly").key for seed in range(3)]
    assert sorted(lines(tmp_path / "done")) == sorted(done)


def test_processes_do_a_plan_and_a_task_that_kills_its_process_is_given_up(task, tmp_path):
    tasks = in_order([task(0), task(1, work="die"), task(2), task(3)])
    outcomes = execute(tasks, Processes(2))
    assert states(outcomes) == [DONE, DONE, FAILED, DONE, DONE]
    assert "its process ended with exit status 9, 3 times" in outcomes[2].reason
    assert len(lines(tmp_path / "died")) == 3
    assert str(os.getpid()) not in lines(tmp_path / "opened")


def test_a_process_killed_in_mid_epoch_is_replaced_and_the_answers_are_the_same_to_the_bit(task, tmp_path):
    (tmp_path / "hang").touch()
    there = task(5, work="train")

    def kill():
        assert units.read_record(there.folder) is None
        os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)

    with as_soon_as(tmp_path / "hung", kill):
        outcomes = execute(in_order([there]), Processes(1))
    assert states(outcomes) == [DONE, DONE]
    interrupted = (there.folder / units.PREDICTIONS).read_bytes()
    history = (there.folder / units.HISTORY).read_text()
    execute(in_order([there]), restart=True)  # undisturbed, and in this process
    assert (there.folder / units.PREDICTIONS).read_bytes() == interrupted
    assert [line.rpartition(",")[0] for line in history.splitlines()] == [
        line.rpartition(",")[0] for line in (there.folder / units.HISTORY).read_text().splitlines()
    ]


def test_processes_end_when_their_parent_is_killed(task, tmp_path):
    script = (
        "from pathlib import Path\n"
        "from shared.runs.execute import Processes, execute\n"
        "from shared.runs.plan import in_order\n"
        "from tests.shared.runs import small_paper\n"
        "if __name__ == '__main__':\n"
        f"    execute(in_order([small_paper.task(Path({str(tmp_path)!r}), work='hang')]), Processes(1))\n"
    )
    file = tmp_path / "parent.py"
    file.write_text(script)
    parent = subprocess.Popen([sys.executable, file], cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)})
    until = time.monotonic() + 60
    while not lines(tmp_path / "pid") and time.monotonic() < until:
        time.sleep(0.05)
    child = int((tmp_path / "pid").read_text())
    parent.kill()
    parent.wait()
    while is_alive(child) and time.monotonic() < until:
        time.sleep(0.05)
    assert not is_alive(child)


def is_alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def test_processes_share_the_cores_and_have_a_gpu_each(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,5")
    shares = [share_of(number, 3) for number in range(3)]
    assert [share["cores"] for share in shares] == [[0, 1], [2, 3], [4, 5]]
    assert [share["environment"]["CUDA_VISIBLE_DEVICES"] for share in shares] == ["2", "5", "2"]
    assert {share["environment"]["TF_NUM_INTRAOP_THREADS"] for share in shares} == {"2"}
    assert len(share_of(9, 20)["cores"]) == 1


def test_a_failure_is_told_with_the_unit(task):
    others = multiprocessing.active_children()  # of other tests in this process
    broken = task(0, work="refuse")
    execute(in_order([broken]))
    assert (broken.folder / FAILURE).exists()
    execute(in_order([replace(broken, work="write")]))
    assert not (broken.folder / FAILURE).exists()
    assert set(multiprocessing.active_children()) <= set(others)
