"""How long tasks take: from records that are alike, corrected by what a product takes, and from their own epochs."""

import json
from dataclasses import asdict

import pytest

from shared.runs import units
from shared.runs.estimates import Estimates, Progress, in_words, total
from shared.runs.plan import in_order
from tests.shared.runs import small_paper


@pytest.fixture
def task(tmp_path, monkeypatch):
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_CACHE", str(tmp_path / "cache"))

    def make(seed=0, **more):
        return small_paper.task(tmp_path, seed, work="train", **more)

    return make


def record(task, seconds, epochs=10, **changed):
    return asdict(task.unit) | {"seconds": seconds, "epochs": epochs, **changed}


def test_the_records_that_are_most_alike_count(task):
    there = task()
    estimates = Estimates([record(there, 10.0, variant="other"), record(there, 20.0, model="Other")])
    assert estimates.remaining(there) == 3 * 1.0  # three epochs of another variant's second
    for seconds in (40.0, 50.0, 90.0):
        estimates.add(record(there, seconds, seed=7))
    assert estimates.remaining(there) == 3 * 5.0  # the median of the same variant's
    assert estimates.remaining(task(epochs=2)) == 2 * 5.0
    assert Estimates().remaining(there) is None


def test_another_machines_time_is_corrected_by_the_product_that_it_timed(task):
    here = {"float32": 0.02}.get
    assert Estimates([record(task(), 10.0, product_seconds=0.01)], here).remaining(task()) == 3 * 2.0
    assert Estimates([record(task(), 10.0)], here).remaining(task()) == 3 * 1.0


def test_a_record_without_a_product_takes_that_of_its_device(task):
    here = {"float32": 0.02}.get
    told = [
        record(task(), 0.0, model="Other", product_seconds=seconds, device="fast") for seconds in (0.01, 0.005, 0.08)
    ]
    estimates = Estimates([record(task(), 10.0, device="fast"), *told], here)
    assert estimates.remaining(task()) == 3 * 2.0
    estimates.add(record(task(), 8.0, device="not known"))
    assert estimates.remaining(task()) == 3 * 1.4, "the median of 2.0 and 0.8"


def test_a_tasks_own_epochs_count_before_all_records(task):
    there = task()
    there.folder.mkdir(parents=True)
    state = {"rows": [{"seconds": 8.0}, {"seconds": 6.0}], "best_epoch": 1, "stopped": False}
    (there.folder / "state.json").write_text(json.dumps(state))
    assert Estimates([record(there, 10.0)]).remaining(there) == 1 * 7.0
    units.write_record(there.unit, status="complete", epochs=3, seconds=21.0)
    assert Estimates().remaining(there) == 0


def test_the_line_counts_tasks_and_tells_the_time_left(task):
    tasks = in_order([task(seed) for seed in range(4)])
    progress = Progress(tasks, Estimates([record(task(), 400.0)]), 2)
    assert progress.line() == "0 of 4 done · 0 s elapsed · about 4 min left"  # four times 120 s, two at a time
    progress.end(tasks[1])
    progress.end(tasks[2], failed=True)
    assert progress.line() == "1 of 4 done, 1 failed · 0 s elapsed · about 2 min left"
    assert "left" not in Progress(tasks, Estimates(), 2).line()


def test_times_in_words():
    assert [in_words(seconds) for seconds in (7.4, 99.0, 600.0, 12000.0)] == ["7 s", "99 s", "10 min", "3 h 20 min"]
    assert total([1.0, None, 2.5]) == (3.5, 1)
