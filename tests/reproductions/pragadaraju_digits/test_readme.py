"""What README.md says about the transcripts, counted from them."""

import csv
import re
from collections import Counter
from pathlib import Path

from data_prep import fsdd
from reproductions.pragadaraju_digits.recognition import STORE, read_transcripts
from shared.paper import load_paper

WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
README = Path(load_paper("pragadaraju_digits").path).with_name("README.md")


def transcripts(backend):
    """Digit → its clips' transcripts."""
    by_digit = {digit: [] for digit in range(10)}
    with (STORE / f"{backend}.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            by_digit[int(row["clip"][0])].append(row["text"])
    return by_digit


def share(by_digit, digits=range(10)):
    right = sum(text == WORDS[digit] for digit in digits for text in by_digit[digit])
    return f"{100 * right / sum(len(by_digit[digit]) for digit in digits):.1f} %"


def published(split):
    """The share of one side of the published split that is heard as its own digit's word."""
    frame = fsdd.with_protocol(fsdd.index(), "published")
    clips = frame[frame["split"] == split]
    heard = read_transcripts(list(clips["clip"]), list(clips["sha256"]), "sphinx")
    right = sum(text == WORDS[int(label)] for text, label in zip(heard, clips["label"], strict=True))
    return f"{100 * right / len(clips):.1f} %"


def test_the_splits_of_3000_clips_that_all_four_printed_figures_fit():
    paper = load_paper("pragadaraju_digits")
    cells = [cell for cell in paper.cells() if cell.model != "RNN + Textual Representation"]
    fitting = []
    for n_test in range(50, 1500):
        n = {"test": n_test, "train": 3000 - n_test}
        shares = [(cell, round(cell.value * n[cell.split]) / n[cell.split]) for cell in cells]
        if all(cell.formatted(share) == cell.printed for cell, share in shares):
            fitting.append(n_test)
    assert fitting == [500, 638, 991, 1060]


def test_the_table_of_what_was_heard():
    free, grammar = transcripts("sphinx"), transcripts("sphinx-digits")
    text = README.read_text(encoding="utf-8")
    for digit in range(10):
        frequent = sorted(Counter(free[digit]).items(), key=lambda item: (-item[1], item[0]))[:3]
        heard = ", ".join(f"{word} {count}" for word, count in frequent)
        assert f"| {digit} | {heard} | {share(free, [digit])} | {share(grammar, [digit])} |" in text
    different = {text for texts in free.values() for text in texts}
    assert f"| all | {len(different)} different texts | {share(free)} | {share(grammar)} |" in text
    sides = f"({published('test')} of our test clips, {published('train')} of the training clips)"
    assert f"heard as their\nown digit's word is {share(free)} {sides}" in text
    assert not any("little" in heard.split() for texts in free.values() for heard in texts)
    answers = {text for texts in grammar.values() for text in texts}
    assert re.search(rf"eleven answers instead of {len(different)}\b", text)
    assert len(answers) == 11
