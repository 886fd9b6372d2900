"""What a constant predictor scores, worked out by hand."""

import json
from functools import partial

import pytest

from tests.shared.audit.toys import CORPUS, audit_of, claim, only, table


@pytest.fixture
def audit(tmp_path):
    """From the parts of a paper.toml to its audit."""
    return partial(audit_of, tmp_path)


def test_the_most_frequent_class(audit):
    corpus = CORPUS + "counts = { x = 60, y = 40 }\nn = { test = 100 }"
    found = only(audit(corpus, table("test accuracy", A=["0.65"], B=["0.80"])), "constant predictor")
    assert "always scores 0.6000" in found.arithmetic
    assert found.printed == "0.65 (A, test)"  # its interval: 0.55 to 0.74
    found = only(audit(corpus, table("test accuracy", B=["0.80"])), "constant predictor")
    assert found.follows == "Every printed accuracy is above."


def multi(counts: list[int], clips: int, accuracy: str, loss: str) -> tuple[str, str]:
    names = [f"g{i}" for i in range(len(counts))]
    stated = ", ".join(f"{name} = {count}" for name, count in zip(names, counts, strict=True))
    corpus = CORPUS.replace('["x", "y"]', json.dumps(names)).replace('"single"', '"multi"')
    text = table("validation loss, validation binary_accuracy", A=[loss, accuracy])
    return f"{corpus}clips = {clips}\ncounts = {{ {stated} }}\n", text


GENRES = [12730, 9285, 6980, 6479, 4603, 4469, 3105, 2914, 2433, 2413, 1931, 1841, 1780, 1508, 1297, 889, 750, 706, 700]
GENRES += [688, 657, 646, 636, 572, 513, 492, 477, 458, 412]
OTHERS = 77_772 - sum(GENRES)


def test_thirty_genres_by_a_network_that_has_learned_nothing(audit):
    found = only(audit(*multi([*GENRES, OTHERS], 48_411, "0.93", "0.21")), "constant predictor")
    assert "77,772 labels on 48,411 clips are 1.61 of 30 a clip" in found.arithmetic
    assert "binary accuracy 0.9465" in found.arithmetic  # 1 - 1.6065 / 30
    assert "cross-entropy of 0.1801" in found.arithmetic
    assert "0.93 is what answering none of them has at 1.95 to 2.25 labels a clip" in found.arithmetic
    assert found.follows == "0.93 and 0.21 together are those of a network that answers every clip alike."


def test_a_table_comes_before_what_is_said_elsewhere(audit):
    corpus, text = multi([40, 40], 100, "0.60", "0.67")
    text += claim("the text", "0.40", 1, split="validation", metric="loss")
    assert only(audit(corpus, text), "constant predictor").printed == "0.60, loss 0.67"


def test_scores_that_stand_in_the_text_only(audit):
    corpus, _ = multi([40, 40], 100, "", "")
    text = claim("the text", "0.60", 1, metric="binary_accuracy") + claim("the text", "0.67", 1, metric="loss")
    found = only(audit(corpus, text), "constant predictor")
    assert (found.place, found.printed) == ("the text, A, test", "0.60, loss 0.67")


@pytest.mark.parametrize(
    ("accuracy", "loss", "follows"),
    [
        ("0.60", "0.40", "The loss 0.40 is below that: something was learned, though 0.60 does not show it."),
        ("0.60", "0.67", "0.60 and 0.67 together are those of a network that answers every clip alike."),
        ("0.60", "0.75", "The loss 0.75 is above that: worse than answering every clip alike."),
        ("0.90", "0.30", "0.90 is above that; by how much decides what it is worth."),
        ("0.60", "", "0.60 needs no learning: a network that answers every clip alike prints it, too."),
    ],
)
def test_two_labels_by_hand(audit, accuracy, loss, follows):
    """Each of two labels is on 40 of 100 clips: "none" has 0.60, the base rates cost −0.4 ln 0.4 − 0.6 ln 0.6."""
    found = only(audit(*multi([40, 40], 100, accuracy, loss)), "constant predictor")
    assert "binary accuracy 0.6000" in found.arithmetic
    assert "cross-entropy of 0.6730" in found.arithmetic
    assert found.follows == follows


def test_a_label_that_most_clips_have_is_answered_with_yes(audit):
    """90 of 100 clips have one label and 30 the other: (90 + 70) / 200 decisions are right."""
    found = only(audit(*multi([90, 30], 100, "0.80", "0.47")), "constant predictor")
    assert "answering each as most clips have it has binary accuracy 0.8000" in found.arithmetic
    assert found.follows.startswith("0.80 needs no learning")


# ---- labels that are known


DRAWN = """
[corpus.drawn]
pairs = "pairs.csv"
rule = "label, then track"
samples = 100
"""
CURVE = """
[[curves]]
figure = "Figure 7"
place = "a log"
model = "A"
file = "curve.csv"
"""


@pytest.fixture
def known(tmp_path):
    """From accuracy and loss to the audit of a paper whose tracks have x (3 of 4) or x and y (1).

    Of 5 labels 4 are x. A sample has x for certain, and y by 4/5 of a fourth and 1/5 of all: in 2 of 5 cases. Answering
    the shares is right about x and wrong about y in 2 of 5: binary accuracy 0.8; it costs half of the 0.6730 of y.
    """
    (tmp_path / "toy").mkdir()
    (tmp_path / "toy" / "pairs.csv").write_text("genre_1,genre_2,tracks\nx,,3\nx,y,1\n", encoding="utf-8")
    (tmp_path / "toy" / "curve.csv").write_text(
        "epoch,val_loss,val_binary_accuracy\n1,0.33,0.81\n2,0.30,0.85\n", encoding="utf-8"
    )

    def audit(accuracy, loss):
        corpus = CORPUS.replace('"single"', '"multi"') + DRAWN
        return audit_of(
            tmp_path, corpus, table("validation loss, validation binary_accuracy", A=[loss, accuracy]), CURVE
        )

    return audit


@pytest.mark.parametrize(
    ("accuracy", "loss", "follows"),
    [
        ("0.80", "0.34", "0.80 and 0.34 are these, rounded or cut off: no audio is needed."),
        ("0.80", "0.33", "0.80 and 0.33 are these, rounded or cut off: no audio is needed."),  # 0.3365 cut off
        ("0.81", "0.34", "0.34 is one of these, rounded or cut off: no audio is needed. 0.81 is not."),
        ("0.9", "0.1", "0.9 and 0.1 are not."),
    ],
)
def test_known_labels_by_hand(known, accuracy, loss, follows):
    found = only(known(accuracy, loss), "constant predictor")
    assert "one of the 4 tracks that has it, a sample has 1.4000 of 2 labels" in found.arithmetic
    assert "has binary accuracy 0.80000, each label's share a cross-entropy of 0.33651" in found.arithmetic
    assert found.follows == follows


def test_what_a_curve_has_beyond_them(known):
    found = only(known("0.80", "0.34"), "beyond hearing nothing")
    assert found.place == "Figure 7, A"
    assert "hears nothing ends at cross-entropy 0.33651 and binary accuracy 0.80000. A log:" in found.arithmetic
    assert "loss 0.33 after the first epoch and 0.30 after the last, 0.00651 and 0.03651 better" in found.arithmetic
    assert "accuracy 0.81 after the first epoch and 0.85 after the last, 0.01000 and 0.05000 better" in found.arithmetic
