"""What killed writes left is removed, and nothing that somebody may still be writing."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from shared.base import leftovers
from shared.base.files import atomic_write
from shared.base.leftovers import sweep, unfinished

PROJECT = Path(__file__).resolve().parents[3]
HALF = """
import sys, time
from pathlib import Path
from shared.base.files import atomic_write
def half(file):
    file.write(b"half")
    file.flush()
    print("half", flush=True)
    time.sleep(60)
atomic_write(sys.argv[1], half, keep_suffix=sys.argv[1].endswith("5"))
"""


@pytest.fixture
def writers(tmp_path):
    """Two processes in the middle of a write, below tmp_path/a and tmp_path/b."""
    started = []
    for name in ("a/table.csv", "b/network.weights.h5"):
        command = [sys.executable, "-c", HALF, str(tmp_path / name)]
        started.append(subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True))
    for process in started:
        assert process.stdout.readline() == "half\n"
    yield started
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


def names(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_only_what_a_killed_process_left_is_removed(tmp_path, writers):
    (tmp_path / "a" / "other.csv").write_text("1")
    (tmp_path / "a" / ".table.csv.tmp").write_text("somebody else's")
    before = names(tmp_path)
    assert sweep(tmp_path) == []
    assert names(tmp_path) == before
    writers[0].send_signal(signal.SIGKILL)  # without wait() it stays as a zombie, which writes nothing either
    os.waitid(os.P_PID, writers[0].pid, os.WEXITED | os.WNOWAIT)
    removed = sweep(tmp_path)
    assert [path.parent for path in removed] == [tmp_path / "a"]
    assert removed[0].name.startswith(".table.csv.")
    writers[1].kill()
    writers[1].wait()
    removed = sweep(tmp_path)
    assert [path.parent for path in removed] == [tmp_path / "b"]
    assert removed[0].name.endswith(".network.weights.h5")
    assert names(tmp_path) == [".table.csv.tmp", "other.csv"]


def test_a_process_of_another_time_with_the_same_number_is_another(tmp_path):
    path = unfinished(tmp_path / "a")
    path.write_text("")
    assert sweep(tmp_path) == []
    owner = leftovers.UNFINISHED.fullmatch(path.name)
    assert int(owner["pid"]) == os.getpid()
    earlier = tmp_path / path.name.replace(f"-{owner['began']}-", f"-{int(owner['began']) - 1}-")
    path.rename(earlier)
    assert sweep(tmp_path) == [earlier]


def test_another_machines_is_left_alone(tmp_path, monkeypatch):
    gone = unfinished(tmp_path / "a").name.replace(f"-{os.getpid()}-", "-999999999-")
    (tmp_path / gone).mkdir()
    (tmp_path / gone / "file").write_text("")
    with monkeypatch.context() as patch:
        patch.setattr(leftovers, "_machine", lambda: "0123abcd")
        assert sweep(tmp_path) == []
    assert sweep(tmp_path) == [tmp_path / gone]
    assert os.listdir(tmp_path) == []


def test_a_link_is_removed_and_not_followed(tmp_path):
    there = tmp_path / "there"
    there.mkdir()
    (there / "file").write_text("")
    (tmp_path / "swept").mkdir()
    link = tmp_path / "swept" / unfinished(Path("a")).name.replace(f"-{os.getpid()}-", "-999999999-")
    link.symlink_to(there)
    assert sweep(tmp_path / "swept", tmp_path / "not there") == [link]
    assert names(there) == ["file"]


def test_a_write_uses_such_a_name(tmp_path):
    seen = []
    atomic_write(tmp_path / "a.csv", lambda file: seen.append(Path(file.name).name))
    assert leftovers.UNFINISHED.fullmatch(seen[0])["pid"] == str(os.getpid())
