"""A plan: tasks as JSON, their order, parts of it."""

import itertools
import json
from dataclasses import replace

import pytest

from shared.paper.loading import load_paper
from shared.runs.plan import FEATURES, Request, Task, in_order, shard, with_needs
from tests.shared.runs import small_paper


@pytest.fixture
def task(tmp_path):
    def make(seed=0, place="a", **more):
        return small_paper.task(tmp_path / place, seed, **more)

    return make


def test_a_task_comes_back_from_json_as_it_was(task):
    there = task(3, epochs=2, source=task(1).unit, needs=("x",), asked=False)
    assert Task.from_dict(json.loads(json.dumps(there.as_dict()))) == there
    alone = task()
    assert Task.from_dict(json.loads(json.dumps(alone.as_dict()))) == alone


def test_features_come_first_once_and_sources_before_what_begins_from_them(task):
    source = task(9, asked=False)
    tasks = in_order([task(0, source=source.unit), source, task(1), task(2, place="b"), task(9, asked=False)])
    assert [(t.work, t.unit.seed) for t in tasks] == [
        (FEATURES, 0), ("write", 9), ("write", 0), ("write", 1), (FEATURES, 2), ("write", 2),
    ]  # fmt: skip
    assert tasks[0].key != tasks[4].key
    assert tasks[2].needs == (tasks[0].key, source.key)


def test_a_task_that_was_asked_for_counts_before_one_that_is_only_needed(task):
    (_, only) = in_order([task(0, asked=False), task(0)])
    assert only.asked


def test_shards_are_together_the_whole_plan_and_none_is_in_two(task):
    tasks = in_order([task(seed) for seed in range(7)] + [task(9, asked=False)])
    parts = [[t.key for t in shard(tasks, part, 3) if t.work != FEATURES] for part in (1, 2, 3)]
    assert sorted(itertools.chain(*parts)) == sorted(t.key for t in tasks if t.work != FEATURES)
    assert [len(part) for part in parts] == [3, 3, 2]
    assert all(shard(tasks, part, 3)[0].work == FEATURES for part in (1, 2, 3))


def test_one_task_brings_what_it_needs(task):
    source = task(9, asked=False)
    tasks = in_order([task(0, source=source.unit), source, task(1)])
    assert [t.unit.seed for t in with_needs(tasks, [tasks[2].key]) if t.work != FEATURES] == [9, 0]


def test_combinations_are_those_that_the_variants_have():
    paper = load_paper("lam_ensemble")
    request = Request(variants=["paper", "notebook-augmented"], models=["Model 1", "Model 2"], seeds=[0, 1])
    found = list(request.combinations(paper, [0]))
    assert ("Model 2", "notebook-augmented", 0, 0) not in found
    assert found[:3] == [
        ("Model 1", "paper", 0, 0), ("Model 1", "notebook-augmented", 0, 0), ("Model 1", "paper", 0, 1),
    ]  # fmt: skip
    assert len(found) == 6


def test_the_epoch_to_stop_after(task):
    assert task().at_most(50) == 50
    assert task(epochs=3).at_most(50) == 3
    assert replace(task(), epochs=80).at_most(50) == 50
