"""The time that a run may take: what fits, what is left out, and a training that stops between two epochs."""

import time
from dataclasses import asdict, replace

import pytest

from shared.base.deadline import OutOfTimeError, check_deadline, deadline
from shared.runs import units
from shared.runs.budget import Budget, seconds_of, that_fit
from shared.runs.estimates import Estimates
from shared.runs.execute import DONE, LEFT_OUT, Processes, execute
from shared.runs.plan import in_order
from shared.runs.predictions import read_predictions
from shared.runs.work import state_of, work
from tests.shared.runs import small_paper

pytestmark = pytest.mark.usefixtures("eagerly")


@pytest.fixture
def task(tmp_path, monkeypatch):
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_CACHE", str(tmp_path / "cache"))

    def make(seed=0, work="train", **more):
        return small_paper.task(tmp_path, seed, work=work, **more)

    return make


def known(task, seconds, epochs=3):
    return Estimates([asdict(task.unit) | {"seconds": seconds, "epochs": epochs}])


@pytest.mark.parametrize(("text", "seconds"), [("6h", 21600), ("90min", 5400), ("1.5 h", 5400), ("45s", 45)])
def test_a_time_in_words(text, seconds):
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "6", "six hours", "-1h", "0h", "6h 30min"])
def test_what_is_no_time(text):
    with pytest.raises(ValueError, match="expected a time such as 6h, 90min or 45s"):
        seconds_of(text)


def test_the_plan_takes_the_first_that_fit_and_says_the_rest(task):
    tasks = [task(seed) for seed in range(4)]
    estimates = known(tasks[0], 300)  # each
    assert that_fit(tasks, 700, estimates) == (tasks[:2], tasks[2:])
    assert that_fit(tasks, 700, estimates, slots=2) == (tasks, [])
    long = replace(tasks[1], settings=tasks[1].settings | {"epochs": 30})
    assert that_fit([tasks[0], long, *tasks[2:]], 700, estimates) == ([tasks[0], tasks[2]], [long, tasks[3]])


def test_what_tasks_took_here_corrects_what_is_expected_of_the_others(task):
    now, there, other = [1000.0], task(0), task(1)
    budget = Budget(1000, known(there, 300), clock=lambda: now[0])
    assert budget.allows(there)
    budget.begin(there)
    now[0] += 450  # and not 300
    units.write_record(there.unit, status="complete", epochs=3, seconds=450.0)
    budget.end(there)
    assert budget.left == 550
    assert budget.expected(other) == pytest.approx(450)
    assert budget.allows(other)
    now[0] += 101
    assert not budget.allows(other)


def test_a_task_of_unknown_time_may_try_until_the_time_is_used_up(task):
    now = [0.0]
    budget = Budget(10, Estimates(), clock=lambda: now[0])
    assert budget.allows(task())
    now[0] = 10.0
    assert not budget.allows(task())


def test_a_run_leaves_out_what_would_end_later_and_does_it_the_next_time(task):
    tasks = in_order([task(1), task(0, work="write")])
    features, trained, written = execute(tasks, budget=Budget(1500, known(task(1), 3000)))
    assert (features.state, trained.state, written.state) == (DONE, LEFT_OUT, DONE)
    assert trained.reason == "it would not end within the budget"
    outcomes = execute(tasks, budget=Budget(60, Estimates()))
    assert [outcome.state for outcome in outcomes] == [DONE] * len(outcomes)


def test_a_training_stops_between_two_epochs_and_ends_as_if_it_had_not(task):
    there, other = task(0), task(1)
    work(there)
    whole = read_predictions(there.folder)
    units.forget(there.folder)
    work(replace(there, epochs=1, until=time.time() + 60))
    with pytest.raises(OutOfTimeError, match="used up after epoch 1 of 3; the same command goes on from there"):
        work(replace(there, until=time.time() - 1))
    assert str(state_of(there)) == "partial at epoch 1 of 3"  # and not failed
    (outcome,) = (one for one in execute([replace(other, until=None)], budget=Budget(1e-9, Estimates())))
    assert outcome.state == LEFT_OUT
    work(there)
    assert (read_predictions(there.folder).y_prob == whole.y_prob).all()


def test_several_processes_keep_to_the_time_as_well(task):
    tasks = in_order([task(seed, work="write") for seed in range(3)])
    outcomes = execute(tasks, Processes(2), budget=Budget(1e-9, Estimates()))
    assert {outcome.state for outcome in outcomes} == {LEFT_OUT}


def test_no_deadline_is_none_and_it_ends_with_its_block():
    check_deadline("at once")
    with deadline(None):
        check_deadline("at once")
    with deadline(time.time() - 1), pytest.raises(OutOfTimeError):
        check_deadline("at once")
    check_deadline("at once")
