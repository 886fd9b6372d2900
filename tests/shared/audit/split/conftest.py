"""Made recordings, and indexes of them in a folder of their own."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

RATE_HZ = 16000


def sound(seed: int, seconds: float = 1.5) -> np.ndarray:
    """Notes of random pitch and strength over noise: float32 (n,); another seed is another recording."""
    generator = np.random.default_rng(seed)
    n_notes, n_samples = round(8 * seconds), round(seconds * RATE_HZ)
    note = np.minimum(np.arange(n_samples) * n_notes // n_samples, n_notes - 1)
    phase = 2 * np.pi * np.cumsum(generator.uniform(150, 1500, n_notes)[note]) / RATE_HZ
    tones = sum(np.sin(k * phase) / k for k in range(1, 5)) * generator.uniform(0.2, 1, n_notes)[note]
    return (0.2 * tones + 0.01 * generator.standard_normal(n_samples)).astype(np.float32)


class Folder:
    """Recordings in a folder and the index that names them."""

    def __init__(self, root: Path):
        self.root, self.rows = root, []

    def add(self, name: str, signal: np.ndarray, label: str, split: str = "train", group: str = "", **form) -> None:
        """Write a recording, of 16 bits where nothing else is said, and a line about it."""
        if "subtype" not in form:
            signal = np.rint(32768 * signal).astype(np.int16)
        soundfile.write(self.root / name, signal, RATE_HZ, **form)
        self.rows.append([name, label, split, group])

    def index(self, columns: str = "path,label,split,group") -> Path:
        """Write the index with these columns."""
        known = ("path", "label", "split", "group")
        lines = [",".join(row[known.index(column)] for column in columns.split(",")) for row in self.rows]
        path = self.root / "my.csv"
        path.write_text("\n".join([columns, *lines]) + "\n", encoding="utf-8")
        return path


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def folder(tmp_path) -> Folder:
    """Twelve different recordings of two labels, each of its own group, named so that no number is a neighbour."""
    (tmp_path / "clips").mkdir()
    made = Folder(tmp_path / "clips")
    for number in range(12):
        split = "test" if number % 3 == 2 else "train"
        made.add(f"{'abcdefghijkl'[number]}.wav", sound(number), f"label {number % 2}", split, f"g{number}")
    return made
