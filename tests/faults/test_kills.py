"""The campaign of kills: what its rows are called, and what a run that ended otherwise says."""

from pathlib import Path

import pytest

from shared.base.leftovers import unfinished
from tests.faults.kills import _difference, _kind, table


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        ("state.json", "state.json"),
        ("best-003.weights.h5", "best-*.weights.h5"),
        ("confusion_model-1_paper.csv", "confusion_*.csv"),
        ("model-1.paper.published.fold0.seed0.float32.vntm-00000000", "a unit's folder"),
        (f"{'0a' * 32}.json", "a summary in the cache"),
    ],
)
@pytest.mark.parametrize("keep_suffix", [False, True])
def test_what_is_not_finished_counts_as_what_it_becomes(file, kind, keep_suffix):
    path = Path("folder") / file
    assert _kind(path) == _kind(unfinished(path, keep_suffix)) == kind


def test_another_end_is_said_file_by_file():
    whole, found = {"a": b"1", "b": b"2", "c": b"3"}, {"b": b"2", "c": b"4", "d": b"5"}
    assert _difference(whole, whole) == ""
    assert _difference(whole, found) == "lost: a; left: d; other bits: c"
    rows = table([("a, before rename", ""), ("a, after rename", "lost: a"), ("b, before fsync", "")]).splitlines()
    assert [row.split() for row in rows[1:]] == [["a", "2", "1"], ["b", "1", "0"], ["all", "3", "1"]]
