"""The pictures of what networks see, of papers whose audio cannot be shown: as committed, and small."""

from importlib import import_module

import numpy as np
import pytest
from PIL import Image

from shared.report.examples import EXAMPLES, picture_of, read_examples
from shared.results.store import results_folder

PAPERS = ("lam_ensemble", "pascuo_multilabel", "shan_tagging", "verma_genres")
MOST_BYTES = 120_000
COLOURS_APART = 1.0  # of 255, on average: another machine's rounding may choose other colours of the 32


def pixels(file):
    return np.asarray(Image.open(file).convert("RGB"), dtype=float)


@pytest.mark.parametrize("paper", PAPERS)
def test_the_committed_pictures_are_what_would_be_made(paper, tmp_path):
    import_module(f"reproductions.{paper}.examples").write_examples(tmp_path)
    made, committed = read_examples(tmp_path), read_examples(results_folder(paper))
    assert made
    assert [(one.file.name, one.title, one.text) for one in made] == [
        (one.file.name, one.title, one.text) for one in committed
    ]
    assert all("made from formulas" in one.text for one in made[:1])
    assert all(
        np.abs(pixels(a.file) - pixels(b.file)).mean() < COLOURS_APART for a, b in zip(made, committed, strict=True)
    )
    folder = results_folder(paper) / EXAMPLES
    assert sum(file.stat().st_size for file in folder.iterdir()) < MOST_BYTES


def test_the_lowest_band_is_at_the_bottom_and_the_greatest_value_is_the_brightest():
    picture = np.asarray(picture_of(np.array([[0.0, 1.0], [2.0, 3.0]]), least_width=7).convert("RGB")).sum(axis=2)
    assert picture.shape == (8, 8)
    assert picture[7, 0] == picture.min() < picture[7, 7] < picture[0, 0] < picture[0, 7] == picture.max()
