"""A small run of the campaign of mutations; the whole is ``make faults``."""

import random

import pytest

from tests.faults.campaign import BAD, OTHER, campaign
from tests.faults.mutations import BYTES, JSON, TEXT, mutated
from tests.faults.targets import targets

CHECKED = ("predictions.csv", ".weights.h5", "runs.csv", "features")  # a checksum, or what it is computed from


def test_every_damaged_file_is_named_and_nothing_ends_in_a_traceback(tmp_path, monkeypatch):
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_RESULTS", str(tmp_path / "results"))
    bad, found = [], set()
    for target, kind, outcome, said in campaign(tmp_path, targets(tmp_path / "cache"), 100, seed=1):
        found.add(target.name)
        if outcome in BAD or (outcome == OTHER and target.name.endswith(CHECKED)):
            bad.append(f"{target.name}, {kind}: {outcome}: {said}")
    assert not bad, "\n".join(bad)
    assert len(found) > 20


@pytest.mark.parametrize("mutation", BYTES + TEXT + JSON)
def test_a_mutation_is_another_content_and_the_same_for_the_same_seed(mutation):
    content = b'{"name": "a word", "values": [1, 2.5],\n "more": {"b": null}}\n'
    damaged = {mutation(content, random.Random(seed)) for seed in range(8)}
    assert damaged != {content}
    assert mutation(content, random.Random(3)) == mutation(content, random.Random(3))


def test_every_kind_is_drawn():
    draw, content = random.Random(0), b'{"a": [1, 2],\n"b": "word"}\n'
    drawn = {mutated(content, ".json", draw)[0] for _ in range(400)}
    assert drawn == {mutation.__name__ for mutation in (*BYTES, *TEXT, *JSON)}
