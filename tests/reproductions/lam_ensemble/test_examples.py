"""The pictures of the report: as committed, small, and showing what their captions say."""

import numpy as np
from PIL import Image

from reproductions.lam_ensemble.examples import augmented, smaller, write_examples
from shared.paper.loading import load_paper
from shared.report.examples import EXAMPLES, read_examples
from shared.results.store import results_folder

MOST_BYTES = 120_000
COLOURS_APART = 1.0  # of 255, on average: another machine's rounding may choose other colours of the 32


def pixels(file):
    return np.asarray(Image.open(file).convert("RGB"), dtype=float)


def test_the_committed_pictures_are_what_would_be_made(tmp_path):
    write_examples(tmp_path)
    committed = read_examples(results_folder("lam_ensemble"))
    made = read_examples(tmp_path)
    assert [(one.file.name, one.title, one.text) for one in made] == [
        (one.file.name, one.title, one.text) for one in committed
    ]
    assert all(
        np.abs(pixels(a.file) - pixels(b.file)).mean() < COLOURS_APART for a, b in zip(made, committed, strict=True)
    )
    folder = results_folder("lam_ensemble") / EXAMPLES
    assert sum(file.stat().st_size for file in folder.iterdir()) < MOST_BYTES


def test_legacy_moves_the_mel_rows_and_intended_time_as_the_captions_say():
    image = np.random.default_rng(0).integers(0, 256, (128, 1292, 3), dtype="uint8")
    found = augmented(image, load_paper("lam_ensemble").settings_for())
    legacy, intended = found["legacy"][0], found["intended"][0]
    # shifts of 5.12 and 58.14 pixels: the first pixel repeated, then the image, blended from two neighbours
    assert (legacy[:58] == legacy[0]).all()
    assert (intended[:, :58] == intended[:, :1]).all()
    assert "here by 58," in found["legacy"][1]
    assert "moves time by 58 of 1,292 columns and the mel rows by 5." in found["intended"][1]
    assert smaller(image).size == (646, 128)
