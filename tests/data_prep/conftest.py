"""A small corpus in VNTM's layout, with its own list of clips: 3, 1 and 1 images a class instead of 375, 75 and 50."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from data_prep import CorpusError, vntm

PER_CLASS = {"train": 3, "validation": 1, "test": 1}
SPLIT_OF_NUMBER = {0: "validation", 1: "train", 2: "train", 3: "test", 4: "train"}


@pytest.fixture(autouse=True)
def _own_folders(tmp_path, monkeypatch):
    """No test reads or writes the user's cache or data; tests of the real corpora ask for `real_vntm`."""
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_DATA", str(tmp_path / "data"))


def _save_image(path: Path, seed: int, height: int = 128, width: int = 1292) -> None:
    """Write a PNG of random grey columns, stored with a palette as the published images are."""
    columns = np.random.default_rng(seed).integers(0, 256, width, dtype=np.uint8)
    image = Image.fromarray(np.broadcast_to(columns, (height, width)).copy())
    image.putpalette([v for i in range(256) for v in (i, 255 - i, i // 2)])
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path)


@pytest.fixture
def save_image():
    """Function that writes a PNG: path, seed, height=128, width=1292."""
    return _save_image


def _file_names() -> list[str]:
    """Relative names of the small corpus's 25 images."""
    folder_of = {"train": "train", "validation": "val", "test": "test"}
    return [
        f"{folder_of[split]}/{label}/{prefix}.{number:03d}.png"
        for label, prefix in vntm.PREFIXES.items()
        for number, split in SPLIT_OF_NUMBER.items()
    ]


@pytest.fixture
def small_vntm(tmp_path, monkeypatch) -> Path:
    """Root of the small corpus, under the data root, with its list in place of the committed one.

    Cheo.003 (test) is narrower; Cheo.000 (validation) and Cheo.001 (train) are identical to the pixel.
    """
    root = tmp_path / "data" / "vntm_images"
    for seed, name in enumerate(_file_names()):
        _save_image(root / name, seed, width=700 if "Cheo.003" in name else 1292)
    (root / "train/cheo/Cheo.001.png").write_bytes((root / "val/cheo/Cheo.000.png").read_bytes())
    monkeypatch.setattr(vntm, "PER_CLASS", PER_CLASS)
    monkeypatch.setattr(vntm, "LIST", tmp_path / "vntm_clips.csv")
    vntm.write_list(root, tmp_path / "vntm_clips.csv")
    return root


DATA = os.environ.get("AUDIO_REPRODUCTIONS_DATA")


@pytest.fixture
def real_vntm() -> Path:
    """Root of the real corpus; skips without it."""
    if not DATA:
        pytest.skip("AUDIO_REPRODUCTIONS_DATA is not set: no real corpus to test on")
    try:
        return vntm.locate(Path(DATA))
    except CorpusError:
        pytest.skip(f"no corpus vntm under AUDIO_REPRODUCTIONS_DATA ({DATA})")
