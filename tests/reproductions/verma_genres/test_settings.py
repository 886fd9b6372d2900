"""Settings stand in paper.toml alone: each one is read, or equals what is done; and the report's own arithmetic."""

import inspect
import itertools
import re
from typing import get_args, get_type_hints

import librosa
import numpy as np
import pytest

from data_prep.corpora import gtzan
from data_prep.corpora.gtzan import tracks
from reproductions.verma_genres import settings
from reproductions.verma_genres.features import FEATURE_SETTINGS
from reproductions.verma_genres.gammatone import erb_hz
from reproductions.verma_genres.model import CNN_1D, CONVOLUTIONS, STRIDE
from shared.audio.summary_features import FEATURES, TABLE_CUT_SAMPLES, TABLE_CUTS
from shared.paper.loading import load_paper
from shared.paper.settings import read_settings
from tests.reproductions.check_settings import check_settings

PAPER = load_paper("verma_genres")
SETTINGS = PAPER.settings_for()
# What is done without reading the setting, with the test that shows it.
DONE = {
    "n_features": "below",
    "padding": "test_model.py: 388,378 parameters",
    "resnet_initialisation": "test_model.py: weights begin as the settings say",
    "sample_scale": "test_features.py: windows are the corpus's signals",
    "test_fraction": "below",
}


def test_every_setting_is_read_or_accounted_for():
    check_settings(PAPER, settings, DONE)


def test_settings_that_are_not_read_are_what_is_done():
    assert SETTINGS["n_features"] == len(FEATURES)
    assert SETTINGS["test_fraction"] == 1 / tracks.SHARE
    assert SETTINGS["sample_rate_hz"] == gtzan.SAMPLE_RATE_HZ
    assert tuple(FEATURE_SETTINGS) == get_args(get_type_hints(settings.Cuts)["feature_extraction"])
    assert SETTINGS["gammatone_highest_hz"] == 0.9 * SETTINGS["sample_rate_hz"] / 2
    assert SETTINGS["cuts_per_track"] == TABLE_CUTS
    assert SETTINGS["cut_seconds"] * SETTINGS["sample_rate_hz"] == TABLE_CUT_SAMPLES
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


def test_convolutions_and_poolings_are_those_of_the_layer_list():
    """paper.toml's list has the report's words: ``Conv 64 @ 16, stride 2``, and ``Max-pool 8`` after some."""
    words = [layer for layer, _ in PAPER.models[CNN_1D].layers]
    printed = []
    for word in words:
        if found := re.match(r"Conv (\d+) @ (\d+), stride (\d+)", word):
            kernel, filters, stride = map(int, found.groups())
            assert stride == STRIDE
            printed.append([filters, kernel, 0])
        elif found := re.match(r"Max-pool (\d+)", word):
            printed[-1][2] = int(found[1])
    assert printed == [list(row) for row in CONVOLUTIONS]
    assert SETTINGS["first_kernel"] == printed[0][1]


def test_the_reason_for_the_longer_gammatone_kernel_and_for_the_lowest_filter():
    def peak_seconds(frequency_hz):  # where the derivative of t^3 exp(-2 pi b t) is zero
        return (bank.order - 1) / (2 * np.pi * bank.bandwidth * erb_hz(frequency_hz))

    bank, taps = read_settings(settings.Gammatone, SETTINGS), PAPER.setting("first_kernel", "gammatone")
    frequency = next(f for f in np.arange(100.0, 4000.0) if peak_seconds(f) <= SETTINGS["first_kernel"] / 22050)
    assert round(frequency, -2) == 1300  # as paper.toml says: below it, the peak lies beyond the printed 64 samples
    assert round(1000 * taps / 22050) == 23  # ms
    assert peak_seconds(bank.lowest_hz) < taps / 22050


def test_clips_of_a_track_are_one_cluster_whatever_they_are():
    for corpus in ("gtzan", "gtzan-excerpts", "gtzan-subset", "gtzan_features_3s", "gtzan_features_30s"):
        clusters = PAPER.corpus.clusters[corpus]
        assert clusters.by == "track"
        assert clusters.of(["jazz.00003.07", "jazz.00003.7", "jazz.00003", "jazz.00004.07", "rock.00003"]) == [
            *["jazz.00003"] * 3,
            *["jazz.00004", "rock.00003"],
        ]
    assert PAPER.corpus.clusters["synthetic"].of(["drums.002.07", "drums.003", "drums.004"]) == [
        "drums.1",
        "drums.1",
        "drums.2",
    ]
    every = {PAPER.corpus.name, *PAPER.corpus.others, *(model.corpus for model in PAPER.models.values()), "synthetic"}
    assert set(PAPER.corpus.clusters) == every - {""}


def test_the_margin_is_half_of_the_gap_between_the_first_two():
    table = PAPER.table("Conclusion")
    values = sorted((cell.value for cell in PAPER.cells()), reverse=True)
    assert table.margins["accuracy"] == pytest.approx((values[0] - values[1]) / 2)


def test_the_interval_of_290_tracks_at_80_percent():
    half_width = 1.96 * (0.8 * 0.2 / 290) ** 0.5
    assert half_width == pytest.approx(0.046, abs=5e-4)  # "± 4.6 points", in the findings
