"""CSV files that a paper.toml names: what is read, and how a file of another form is refused."""

import hashlib

import pytest

from shared.paper.data import read_curve, read_pairs


@pytest.fixture
def file(tmp_path):
    """A function that writes a file and gives its path."""

    def write(text):
        path = tmp_path / "data.csv"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_pairs(file, tmp_path):
    pairs, fingerprint = read_pairs(file('genre_1,genre_2,tracks\n"Ambient, Chill",,3\nPop,Pop,1\n'))
    assert pairs == (("Ambient, Chill", "", 3), ("Pop", "Pop", 1))
    assert fingerprint == hashlib.sha256((tmp_path / "data.csv").read_bytes()).hexdigest()[:16]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a,b,c\nPop,,1\n", "has the columns a, b, c: expected"),
        ("genre_1,genre_2,tracks\n", "has no line after the first"),
        ("genre_1,genre_2,tracks\nPop,,0\n", "line 2 is Pop,,0: expected a label, perhaps a second one, and tracks"),
        ("genre_1,genre_2,tracks\nPop,,1\n,Rock,2\n", "line 3 is ,Rock,2"),
        ("genre_1,genre_2,tracks\nPop,,1\nPop,,2\n", "a pair of labels stands twice"),
        ("", "of an empty file"),
    ],
)
def test_other_pairs_are_refused(file, text, words):
    with pytest.raises(ValueError, match=words):
        read_pairs(file(text))


def test_a_curve(file):
    curve = read_curve(file("epoch,loss,val_loss\n1,0.50,0.4\n2,0.40,0.30\n"))
    assert curve == {"epoch": ("1", "2"), "loss": ("0.50", "0.40"), "val_loss": ("0.4", "0.30")}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("loss\n0.5\n", "expected epoch first"),
        ("epoch\n1\n", "expected epoch first"),
        ("epoch,loss\n2,0.5\n", "expected the epochs 1, 2, 3"),
        ("epoch,loss\n1,0.5\n2,\n", "line 3 is 2,: expected a number as printed"),
        ("epoch,loss\n1,0.5,0.6\n", "line 2 is 1,0.5,0.6"),
    ],
)
def test_other_curves_are_refused(file, text, words):
    with pytest.raises(ValueError, match=words):
        read_curve(file(text))


def test_a_file_that_is_not_there(tmp_path):
    for read in (read_pairs, read_curve):
        with pytest.raises(ValueError, match="cannot be read"):
            read(tmp_path / "nothing.csv")
