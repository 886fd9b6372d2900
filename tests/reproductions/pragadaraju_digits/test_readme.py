"""What README.md says about the transcripts, counted from them."""

import csv
import re
from collections import Counter
from pathlib import Path

from reproductions.pragadaraju_digits.recognition import STORE
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


def test_the_table_of_what_was_heard():
    free, grammar = transcripts("sphinx"), transcripts("sphinx-digits")
    text = README.read_text(encoding="utf-8")
    for digit in range(10):
        frequent = sorted(Counter(free[digit]).items(), key=lambda item: (-item[1], item[0]))[:3]
        heard = ", ".join(f"{word} {count}" for word, count in frequent)
        assert f"| {digit} | {heard} | {share(free, [digit])} | {share(grammar, [digit])} |" in text
    different = {text for texts in free.values() for text in texts}
    assert f"| all | {len(different)} different texts | {share(free)} | {share(grammar)} |" in text
    assert f"heard as their\nown digit's word is {share(free)}**" in text
    answers = {text for texts in grammar.values() for text in texts}
    assert re.search(rf"eleven answers instead of {len(different)}\b", text)
    assert len(answers) == 11
