"""Settings stand in paper.toml alone: each one is read, or equals what is done; and the report's own arithmetic."""

import dataclasses
import inspect

import librosa
import numpy as np
import pytest

from data_prep import fingerprint
from data_prep.corpora import fsdd
from reproductions.pragadaraju_digits import settings
from reproductions.pragadaraju_digits.recognition import BACKENDS, NOT_RECOGNIZABLE
from shared.audio.mfcc_images import MfccSettings, image_of
from shared.paper.loading import load_paper
from tests.reproductions.check_settings import check_settings

PAPER = load_paper("pragadaraju_digits")
SETTINGS = PAPER.settings_for()
# What is done without reading the setting, with the test that shows it.
DONE = {
    "feature": "tests/shared/audio/test_mfcc_images.py, against librosa",
    "channels": "test_model.py: the image has no channel axis but the one that the CNN adds",
    "grey_range": "tests/shared/audio/test_mfcc_images.py: between the matrix's own ends",
    "activation": "test_model.py: ReLU layers",
    "not_recognisable": "below",
    "text_vocabulary": "test_train.py",
    "test_fraction": "below",
    "stratified": "below",
    "train_accuracy": "test_train.py: the training clips' predictions are kept",
}


def test_every_setting_is_read_or_accounted_for():
    check_settings(PAPER, settings, DONE)


def test_the_image_settings_are_the_code_s_defaults():
    ours = dataclasses.asdict(MfccSettings())
    assert {name: SETTINGS[name] for name in ours} == ours


def test_what_is_called_librosas_default_is():
    spectrogram = inspect.signature(librosa.feature.melspectrogram).parameters
    filters = inspect.signature(librosa.filters.mel).parameters
    for name in ("n_fft", "hop_length"):
        assert spectrogram[name].default == SETTINGS[name]
    assert filters["n_mels"].default == SETTINGS["n_mels"]
    assert inspect.signature(librosa.feature.mfcc).parameters["n_mfcc"].default == SETTINGS["n_mfcc"]
    assert inspect.signature(librosa.load).parameters["sr"].default == SETTINGS["sample_rate_hz"]


@pytest.fixture(scope="module")
def index():
    return fsdd.index()


def test_the_corpus_is_the_one_that_paper_toml_names(index):
    assert fingerprint(index) == PAPER.corpus.fingerprint
    assert PAPER.corpus.classes == fsdd.CLASSES
    assert PAPER.corpus.protocols["grouped"].folds == fsdd.SPEAKERS


@pytest.mark.parametrize("protocol", ["published", "arithmetic", "grouped"])
def test_split_sizes_are_those_of_paper_toml_and_the_digits_are_balanced(index, protocol):
    split = fsdd.with_protocol(index, protocol)
    assert split["split"].value_counts().to_dict() == PAPER.corpus.n_under(protocol)
    assert split[split["split"] == "test"]["label"].value_counts().nunique() == 1
    if protocol == "published":
        assert (split["split"] == "test").mean() == pytest.approx(SETTINGS["test_fraction"])


def test_the_white_level_is_that_of_the_images():
    signal = np.random.default_rng(0).normal(0, 0.1, 3200).astype("float32")
    image = image_of(signal, 8000, MfccSettings(resize="nearest"))  # every value of the matrix is seen
    assert (image.min(), image.max()) == (0, SETTINGS["white_level"])


def test_the_clusters_are_the_speakers(index):
    assert PAPER.corpus.clusters["fsdd"].of(index["clip"]) == list(index["group"])


def test_recognisers_and_their_token_are_known():
    for variant in PAPER.variants:
        assert PAPER.setting("recogniser", variant) in BACKENDS
    assert SETTINGS["not_recognisable"] == NOT_RECOGNIZABLE


@pytest.mark.parametrize(
    ("model", "split", "fits"),
    [
        ("CNN + Spectrogram", "train", (2500,)),
        ("CNN + Spectrogram", "test", (500,)),
        ("RNN + Spectrogram", "train", (2500,)),
        ("RNN + Spectrogram", "test", (500, 600)),
        ("RNN + Textual Representation", "train", (2400,)),  # 351 clips are 14.625 %, which Python prints as 14.62
        ("RNN + Textual Representation", "test", ()),
    ],
)
def test_which_numbers_of_clips_a_printed_accuracy_is_a_share_of(model, split, fits):
    """A printed figure of d decimals is k / n for some whole k only if k = round(n p) prints as it is."""
    cell = PAPER.cell("Section 6", model, split, "accuracy")
    sizes = {"train": (2400, 2500), "test": (500, 600)}[split]
    possible = tuple(n for n in sizes if cell.formatted(round(cell.value * n) / n) == cell.printed)
    assert possible == fits
    stated = {"train": 2400, "test": 600}[split]
    assert (cell.note_kind == "contradiction") == (stated not in fits or model == "RNN + Textual Representation")
