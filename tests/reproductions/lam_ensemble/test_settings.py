"""Settings stand in paper.toml alone: each one is read, or equals what is done."""

import dataclasses

import pytest

from data_prep.common import folders
from data_prep.corpora import vntm
from reproductions.lam_ensemble import settings
from shared.audio.log_mel_images import SpectrogramSettings
from shared.metrics import scores
from shared.paper.loading import load_paper
from tests.reproductions.check_settings import check_settings

PAPER = load_paper("lam_ensemble")
SETTINGS = PAPER.settings_for()
# What is done without reading the setting, with the test that shows it.
DONE = {
    "window": "tests/shared/audio/test_log_mel_images.py, against librosa, whose window is Hann's",
    "db_reference": "the same, against ref=np.max",
    "stretch": "tests/shared/audio/test_image_files.py, against keras.utils.load_img with nearest",
    "metric_threshold": "below",
    "segment_vote_tie": "tests/shared/metrics/test_ensembles.py",
    "train_fraction": "below",
    "validation_fraction": "below",
    "test_fraction": "below",
}


def test_every_setting_is_read_or_accounted_for():
    check_settings(PAPER, settings, DONE)


def test_the_images_that_data_prep_makes_are_the_papers():
    ours = dataclasses.asdict(SpectrogramSettings())
    for name in ours.keys() & SETTINGS.keys():
        if name != "fmax_hz":  # None means half the sample rate
            assert ours[name] == SETTINGS[name], name
    assert SETTINGS["fmax_hz"] == SETTINGS["sample_rate_hz"] / 2
    assert (SETTINGS["image_height"], SETTINGS["image_width"]) == (folders.HEIGHT, folders.WIDTH)


def test_the_image_width_follows_from_clip_and_hop():
    n_samples = round(SETTINGS["clip_seconds"] * SETTINGS["sample_rate_hz"])
    assert 1 + n_samples // SETTINGS["hop_length"] == SETTINGS["image_width"]


def test_keras_threshold():
    assert SETTINGS["metric_threshold"] == scores.THRESHOLD


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_fractions_are_those_of_the_published_split(split):
    clips = vntm.clips()
    assert (clips["split"] == split).mean() == SETTINGS[f"{split}_fraction"]
    assert (clips["split"] == split).sum() == PAPER.corpus.n[split]
