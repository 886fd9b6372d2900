"""The pictures of the report show what their captions say."""

import numpy as np

from reproductions.lam_ensemble.examples import augmented, smaller
from shared.paper.loading import load_paper


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
