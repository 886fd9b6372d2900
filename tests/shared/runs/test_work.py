"""One task in one process: done once, goes on, one process at a time, its failure kept."""

from dataclasses import replace

import pytest

from shared.base.locks import LockedError, file_lock
from shared.runs import units
from shared.runs.plan import in_order
from shared.runs.work import (
    COMPLETE,
    FAILED,
    MISSING,
    PARTIAL,
    OtherDataError,
    State,
    is_done,
    start_over,
    state_of,
    work,
)
from tests.shared.runs import small_paper


@pytest.fixture
def task(tmp_path, monkeypatch):
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_CACHE", str(tmp_path / "cache"))

    def make(**more):
        return small_paper.task(tmp_path, **more)

    return make


def done(tmp_path):
    return len((tmp_path / "done").read_text().splitlines())


def lock(task):
    return task.folder.with_name(task.folder.name + ".lock")


def test_a_complete_task_is_not_done_again_unless_it_starts_over(task, tmp_path):
    assert (state_of(task()).name, is_done(task())) == (MISSING, False)
    work(task())
    work(task())
    assert done(tmp_path) == 1
    assert (state_of(task()).name, is_done(task())) == (COMPLETE, True)
    start_over(task())
    work(task())
    assert done(tmp_path) == 2


def test_a_partial_one_goes_on_unless_it_has_the_epochs_that_are_asked_for(task, tmp_path):
    units.write_record(task().unit, status="partial", epochs=2, epochs_planned=3, seconds=1.0)
    assert state_of(task()) == State(PARTIAL, 2, 3)
    assert str(state_of(task())) == "partial at epoch 2 of 3"
    work(task(epochs=2))
    assert not (tmp_path / "done").exists()
    work(task())
    assert done(tmp_path) == 1


def test_a_second_process_is_told_so_and_deletes_nothing(task):
    there = task()
    units.keep_settings(there.unit, there.settings)
    with file_lock(lock(there), "the first"):
        with pytest.raises(LockedError, match="already under way"):
            start_over(there)
        assert (there.folder / units.SETTINGS).exists()
    work(there)  # the lock is given back


def test_a_failure_is_kept_until_the_task_is_done(task):
    with pytest.raises(ValueError, match="too short"):
        work(task(work="refuse"))
    assert state_of(task()) == State(FAILED, 0, 3, "the clip is too short")
    work(task())
    assert state_of(task()).name == COMPLETE


def test_other_settings_are_refused_also_where_the_unit_is_complete(task):
    work(task())
    with pytest.raises(units.SettingsChangedError, match="epochs was 3, is 4"):
        work(replace(task(), settings=task().settings | {"epochs": 4}))


def test_another_corpus_than_the_planned_is_refused(task):
    there = task()
    other = replace(there, unit=replace(there.unit, fingerprint="f" * 16))
    with pytest.raises(OtherDataError, match="has the fingerprint 0123456789abcdef here"):
        work(other)


def test_data_are_opened_once_and_the_oldest_are_closed(task, tmp_path):
    opened = {}
    features, first = in_order([task()])
    for one in (features, first, task(seed=1)):
        work(one, opened)
    assert len((tmp_path / "opened").read_text().splitlines()) == 1
    for name in ("x", "y"):
        (tmp_path / name).mkdir()
        work(replace(task(seed=2), data={"place": str(tmp_path / name)}), opened)
        start_over(task(seed=2))
    assert len(opened) == 2
