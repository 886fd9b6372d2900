"""A plan on a Dask cluster, one of whose workers is killed; what is no cluster is said."""

import os
import signal
import threading
import time

import psutil
import pytest

from shared.runs import cluster
from shared.runs.cluster import Cluster, ClusterError
from shared.runs.execute import DONE, FAILED, execute
from shared.runs.plan import in_order
from tests.shared.runs import small_paper

distributed = pytest.importorskip("distributed", reason="distributed is not installed: requirements-cluster.txt has it")
pytestmark = pytest.mark.filterwarnings("ignore")  # sockets that a killed worker leaves


@pytest.fixture
def address(tmp_path, monkeypatch):
    """The address of a scheduler with two workers."""
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_CACHE", str(tmp_path / "cache"))
    options = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": None}
    with distributed.LocalCluster(**options, local_directory=str(tmp_path / "dask"), silence_logs=50) as local:
        yield local.scheduler_address


def test_a_plan_is_done_and_a_killed_workers_task_goes_on_in_another(address, tmp_path):
    (tmp_path / "hang").touch()
    others = [small_paper.task(tmp_path, seed) for seed in range(3)]
    counting, broken = small_paper.task(tmp_path, 5, work="count"), small_paper.task(tmp_path, 9, work="refuse")
    tasks = in_order([counting, *others, broken])

    def kill():
        while not (tmp_path / "hung").exists():
            time.sleep(0.05)
        worker = psutil.Process(int((tmp_path / "pid").read_text())).ppid()
        os.kill(worker, signal.SIGKILL)

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    outcomes = execute(tasks, Cluster(address))
    killer.join(10)
    assert [outcome.state for outcome in outcomes] == [DONE] * 5 + [FAILED]
    assert outcomes[-1].reason == "the clip is too short"
    assert (tmp_path / "counts").read_text().split() == ["1", "2", "3"]  # it went on and did not begin again
    done = (tmp_path / "done").read_text().splitlines()
    assert sorted(done) == sorted(task.key for task in [counting, *others])
    assert str(os.getpid()) not in (tmp_path / "opened").read_text().splitlines()


def test_where_no_scheduler_answers_it_is_said(monkeypatch):
    monkeypatch.setattr(cluster, "TIMEOUT_SECONDS", 1)
    with pytest.raises(ClusterError, match=r"no Dask scheduler answers at tcp://127.0.0.1:9 .*docs/cluster.md"):
        Cluster("tcp://127.0.0.1:9")
