"""Words to numbers: the vocabulary of the training clips' transcripts, and transcripts as rows of numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from pydantic import TypeAdapter

from reproductions.pragadaraju_digits.recognition import NOT_RECOGNIZABLE
from shared.base.files import atomic_write
from shared.base.own_files import read_json, write_json
from shared.runs.units import BEGIN_AGAIN

NO_WORD, OTHER_WORD = 0, 1
VOCABULARY = "vocabulary.json"


@dataclass(frozen=True)
class Vocabulary:
    """The words of the training clips, the most frequent first, and the number of words that a row holds.

    Number 0 fills the rest of a row, 1 is any word that the training clips do not have, `words[i]` is number i + 2.
    """

    words: tuple[str, ...]
    length: int

    @classmethod
    def fit(cls, transcripts: Sequence[str], length: int) -> Vocabulary:
        """Collect the words of `transcripts`; of equally frequent ones the first in the alphabet comes first."""
        counts = Counter(word for text in transcripts for word in split(text)[:length])
        return cls(tuple(sorted(counts, key=lambda word: (-counts[word], word))), length)

    @property
    def n_numbers(self) -> int:
        """Numbers in use: one more than the highest."""
        return len(self.words) + 2

    def encode(self, transcripts: Sequence[str]) -> np.ndarray:
        """Rows of numbers, int32, shape (n, length); words beyond `length` are left out."""
        number = {word: i for i, word in enumerate(self.words, start=OTHER_WORD + 1)}
        encoded = np.full((len(transcripts), self.length), NO_WORD, np.int32)
        for row, text in zip(encoded, transcripts, strict=True):
            words = split(text)[: self.length]
            row[: len(words)] = [number.get(word, OTHER_WORD) for word in words]
        return encoded


VOCABULARY_FORM = TypeAdapter(Vocabulary)


def split(transcript: str) -> list[str]:
    """A transcript's words; ``Not Recognizable`` is one token, as in the paper."""
    return [transcript] if transcript == NOT_RECOGNIZABLE else transcript.lower().split()


def keep_vocabulary(vocabulary: Vocabulary, folder: Path) -> None:
    """Keep it beside a trained network's weights."""
    atomic_write(folder / VOCABULARY, lambda file: file.write(write_json(asdict(vocabulary), summed=True)))


def kept_vocabulary(folder: Path) -> Vocabulary:
    """The vocabulary of the network in `folder`."""
    return read_json(folder / VOCABULARY, VOCABULARY_FORM, BEGIN_AGAIN)
