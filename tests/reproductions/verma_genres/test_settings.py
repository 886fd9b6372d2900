"""Settings stand in paper.toml alone: each one is read, or equals what is done; and the report's own arithmetic."""

import inspect
import itertools
import re
from pathlib import Path

import librosa
import numpy as np
import pytest

from data_prep import gtzan, gtzan_tracks
from reproductions.verma_genres.features import FEATURE_SETTINGS
from reproductions.verma_genres.gammatone import BANDWIDTH, erb_hz
from reproductions.verma_genres.model import CNN_1D, CONVOLUTIONS, STRIDE
from shared.audio_features import FEATURES
from shared.paper import PAPERS_ROOT, load_paper

PAPER = load_paper("verma_genres")
SETTINGS = PAPER.settings_for()
# What is done without reading the setting, with the test that shows it.
DONE = {
    "n_features": "below",
    "standardised": "test_train.py",
    "padding": "test_model.py: 388,378 parameters",
    "test_fraction": "below",
}


def test_every_setting_is_read_or_accounted_for():
    files = [*Path(PAPER.path).parent.glob("*.py"), PAPERS_ROOT.parent / "shared" / "training.py"]
    code = "".join(path.read_text(encoding="utf-8") for path in files)
    read = set(re.findall(r"""settings\[["'](\w+)["']\]""", code))
    assert SETTINGS.keys() - read == DONE.keys()
    assert read <= SETTINGS.keys()


def test_settings_that_are_not_read_are_what_is_done():
    assert SETTINGS["n_features"] == len(FEATURES)
    assert SETTINGS["test_fraction"] == 1 / gtzan_tracks.SHARE
    assert SETTINGS["sample_rate_hz"] == gtzan.SAMPLE_RATE_HZ
    assert SETTINGS["feature_extraction"] in FEATURE_SETTINGS
    assert tuple(PAPER.corpus.classes) == gtzan.CLASSES


def test_what_is_called_librosas_default_is():
    spectrogram = inspect.signature(librosa.feature.melspectrogram).parameters
    assert spectrogram["n_fft"].default == SETTINGS["n_fft"]
    assert spectrogram["hop_length"].default == SETTINGS["hop_length"]
    assert inspect.signature(librosa.filters.mel).parameters["n_mels"].default == SETTINGS["n_mels"]


@pytest.mark.parametrize(("padding", "parameters"), [("valid", 388_378), ("same", 420_000)])
def test_only_without_padding_is_the_parameter_count_the_published_one(padding, parameters):
    n, channels, total = 44100, 1, 0
    for filters, kernel, pooling in CONVOLUTIONS:
        n = 1 + (n - kernel) // STRIDE if padding == "valid" else -(-n // STRIDE)
        n //= pooling or 1
        total += kernel * channels * filters + filters + 2 * filters  # kernel, bias, gamma and beta
        channels = filters
    widths = [n * channels, *SETTINGS["cnn_units"], 10]
    total += sum(a * b + b for a, b in itertools.pairwise(widths))
    assert (total == PAPER.models[CNN_1D].parameters) == (padding == "valid")
    assert total >= parameters


def test_the_reason_for_the_longer_gammatone_kernel():
    peak_seconds = 64 / 22050
    frequency = next(f for f in np.arange(100.0, 4000.0) if 3 / (2 * np.pi * BANDWIDTH * erb_hz(f)) <= peak_seconds)
    assert round(frequency, -2) == 1300  # as paper.toml says: below it, the peak lies beyond the printed 64 samples
    assert 3 / (2 * np.pi * BANDWIDTH * erb_hz(100.0)) < 512 / 22050


def test_the_interval_of_290_tracks_at_80_percent():
    half_width = 1.96 * (0.8 * 0.2 / 290) ** 0.5
    assert half_width == pytest.approx(0.046, abs=5e-4)  # "± 4.6 points", in the findings
