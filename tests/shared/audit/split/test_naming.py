"""What names tell: groups, neighbouring numbers, and what a random split would give."""

import dataclasses
from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest

from shared.audit.split import audit_split
from shared.audit.split.clips import Clips
from shared.audit.split.loading import with_features
from shared.audit.split.naming import _none_drawn, guessed_groups, neighbours


@pytest.mark.parametrize(
    ("names", "labels", "groups"),
    [
        (["0_theo_1.wav", "1_theo_2.wav", "0_ann_1.wav", "1_ann_9.wav"], "0101", ("theo", "theo", "ann", "ann")),
        (["r.00.0.wav", "r.00.1.wav", "r.01.0.wav", "j.00.0"], "rrrj", ("r 00", "r 00", "r 01", "j 00")),
        (["ann/0.wav", "ann/1.wav", "bob/0.wav", "bob/1.wav"], "0101", ("ann", "ann", "bob", "bob")),
        (["train/r/ann_1.wav", "test/r/ann_2.wav", "train/j/bob3.wav"], "rrj", None),  # a group is a label
        (["jazz.00054.wav", "jazz.00055.wav", "rock.00001.wav"], ["jazz", "jazz", "rock"], None),
        (["x.wav", "y.wav"], "01", None),
        (["take1.wav", "take2.wav"], "01", None),  # all in one group
    ],
)
def test_groups_are_guessed_where_names_tell_them(names, labels, groups):
    assert guessed_groups(names, [(label,) for label in labels]) == groups


def test_neighbours_differ_in_the_last_number_alone():
    names = ["jazz.00054.wav", "jazz.00055.wav", "rock.00055.wav", "abc_7.wav", "abc_8.flac", "abc_10.wav", "x.wav"]
    names += ["train/a1b.wav", "test/a2b.wav", "other/a3b.wav", "jazz.00056"]
    assert neighbours(names) == [[1], [0, 10], [], [4], [3], [], [], [8], [7], [], [1]]


def test_chance_of_no_neighbour_against_all_draws():
    drawn = list(combinations(range(7), 4))  # which 4 of 7 others train
    for n_near in (0, 1, 2):
        none = sum(not set(range(n_near)) & set(draw) for draw in drawn)
        assert _none_drawn(n_near, 4, 7) == pytest.approx(float(Fraction(none, len(drawn))))


def numbered(alike: bool) -> Clips:
    """Forty clips of two labels in order, every fourth to test on; neighbours sound alike, or any two."""
    generator = np.random.default_rng(0)
    features = generator.normal(size=(40, 8))
    if alike:
        features = np.cumsum(features, axis=0) + 0.1 * features
    names = tuple(f"take_{number:02d}.wav" for number in range(40))
    split = tuple("test" if number % 4 == 1 else "train" for number in range(40))
    labels = tuple((str(number // 4 % 2),) for number in range(40))
    return with_features(Clips("x", names, labels, split), features)


def test_neighbouring_numbers_that_sound_alike_leak():
    audit = audit_split(numbered(alike=True))
    assert [finding.kind for finding in audit.findings if finding.severity == "leak"] == ["neighbouring numbers"]
    texts = {figure.name.strip(): figure.text for figure in audit.figures}
    assert texts["held-out clips whose number's neighbour is trained on"] == "10 of 10"
    assert texts["expected of a split drawn at random"] == "95.1%"  # 1 - 9/39 · 8/38


def test_neighbouring_numbers_that_do_not_sound_alike_are_counted_only():
    audit = audit_split(numbered(alike=False))
    assert not [finding for finding in audit.findings if finding.severity == "leak"]
    assert any("are no nearer to each other" in sentence for sentence in audit.sound)


def test_a_guessed_group_is_a_note_and_says_so():
    names = ("0_ann_1", "1_ann_2", "0_bob_1", "1_bob_2", "0_cy_1", "1_cy_1")
    labels = tuple((name[0],) for name in names)
    clips = Clips("x", names, labels, ("train", "test", "train", "train", "train", "test"))
    clips = dataclasses.replace(clips, groups=guessed_groups(names, labels), group_source="guessed from the names")
    audit = audit_split(with_features(clips, np.random.default_rng(0).normal(size=(6, 4))))
    (found,) = [finding for finding in audit.findings if finding.kind == "groups across the split"]
    assert found.severity == "note"
    assert "a guess from the names" in found.follows
