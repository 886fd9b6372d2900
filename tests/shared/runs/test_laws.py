"""Laws of predictions, names of units and shards of a plan, for any input."""

import re
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from shared.runs.plan import FEATURES, in_order, shard
from shared.runs.predictions import read_predictions, write_predictions
from shared.runs.units import Unit, slug
from tests.shared.runs import small_paper

NAME = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1)  # as of a file
CLASS = NAME.filter(lambda name: "|" not in name)
WORD = st.from_regex(r"[a-z][a-z0-9_-]{0,9}", fullmatch=True)
NUMBER = st.integers(0, 10**6)
KEY = re.compile(
    r"(?P<model>[a-z0-9-]*)\.(?P<variant>.+)\.(?P<protocol>[^.]+)\.fold(?P<fold>\d+)\.seed(?P<seed>\d+)"
    r"\.(?P<precision>[^.]+)\.(?P<corpus>[^.]+)-(?P<fingerprint>[0-9a-f]{8})"
)


@given(st.lists(CLASS, min_size=2, max_size=4, unique=True), st.lists(NAME, max_size=4, unique=True), st.data())
def test_predictions_come_back(classes, names, data):
    labels = [data.draw(st.lists(st.sampled_from(classes), min_size=1, unique=True)) for _ in names]
    probabilities = data.draw(arrays(np.float64, (len(names), len(classes)), elements=st.floats(0, 1)))
    clips = pd.DataFrame({"split": "test", "clip": names, "label": ["|".join(of) for of in labels]}, dtype=object)
    with tempfile.TemporaryDirectory() as folder:
        write_predictions(Path(folder), classes, clips, probabilities)
        found = read_predictions(Path(folder))
    assert (found.classes, found.clips.tolist()) == (tuple(classes), names)
    assert [{classes[i] for i in np.flatnonzero(row)} for row in found.y_true] == list(map(set, labels))
    np.testing.assert_allclose(found.y_prob, probabilities, rtol=5e-5, atol=1e-300)  # five digits
    np.testing.assert_array_equal(found.like(found).y_prob, found.y_prob)


@given(NAME, st.tuples(WORD, st.sampled_from(["", "+rnn_cell=lstm", "+rate=0.001"])), WORD, NUMBER, NUMBER, WORD)
def test_the_parts_of_a_unit_can_be_had_back_from_its_key(model, variant, protocol, fold, seed, corpus):
    unit = Unit("a", model, "".join(variant), protocol, fold, seed, "bfloat16", corpus, "0123456789abcdef")
    parts = KEY.fullmatch(unit.key).groupdict()
    assert parts == {
        **{"model": slug(model), "variant": unit.variant, "protocol": protocol, "fold": str(fold), "seed": str(seed)},
        **{"precision": "bfloat16", "corpus": corpus, "fingerprint": "01234567"},
    }


@given(st.integers(1, 9), st.integers(0, 3), st.integers(1, 12))
def test_shards_partition_a_plan_and_bring_what_they_need(n_asked, n_beside, parts):
    tasks = [small_paper.task(Path("nowhere"), seed, asked=seed < n_asked) for seed in range(n_asked + n_beside)]
    plan = in_order(tasks)
    found = [shard(plan, part, parts) for part in range(1, parts + 1)]
    assert Counter(t.key for part in found for t in part if t.work != FEATURES) == Counter(t.key for t in tasks)
    for part in found:
        keys = [task.key for task in part]
        assert all(keys.index(need) < keys.index(task.key) for task in part for need in task.needs)
