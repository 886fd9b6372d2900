"""Settings stand in paper.toml alone: each one is read, or equals what is done; and the report's own arithmetic."""

import itertools
import re
from pathlib import Path

import pytest

from data_prep import figure1, label_sets, library_audio, music_library
from reproductions.pascuo_multilabel import predict, samples
from reproductions.pascuo_multilabel.mfcc import PsfSettings
from shared.audit.constant import base_rates, labels_a_clip, mean_entropy
from shared.audit.printed import Printed
from shared.paper import PAPERS_ROOT, load_paper

PAPER = load_paper("pascuo_multilabel")
SETTINGS = PAPER.settings_for()
# What is done without reading the setting, with the test that shows it.
DONE = {
    "n_genres": "below",
    "middle_seconds": "below",
    "drawn": "test_samples.py",
    "validation_fraction": "below",
}


def test_every_setting_is_read_or_accounted_for():
    files = [*Path(PAPER.path).parent.glob("*.py"), PAPERS_ROOT.parent / "shared" / "training.py"]
    code = "".join(path.read_text(encoding="utf-8") for path in files)
    read = set(re.findall(r"""settings\[["'](\w+)["']\]""", code))
    assert SETTINGS.keys() - read == DONE.keys()
    assert read <= SETTINGS.keys()


def test_settings_that_are_not_read_are_what_is_done():
    assert SETTINGS["n_genres"] == label_sets.N_GENRES == music_library.N_GENRES
    assert SETTINGS["middle_seconds"] == library_audio.SECONDS == figure1.SECONDS == predict.MIDDLE_SECONDS
    assert SETTINGS["sample_rate_hz"] == label_sets.SAMPLE_RATE_HZ == predict.SAMPLE_RATE_HZ
    assert SETTINGS["validation_fraction"] == label_sets.VALIDATION
    assert PAPER.settings_for("corrected")["tuning_fraction"] == label_sets.VALIDATION
    longest = max(PAPER.settings_for(variant)["sample_seconds"] for variant in PAPER.variants)
    assert longest == predict.SHORTEST_SECONDS == library_audio.LEAST_SECONDS


def test_the_mfcc_settings_are_the_defaults_of_our_mfcc():
    assert samples.psf_settings(SETTINGS) == PsfSettings()


def test_the_reason_for_the_window():
    frames = PsfSettings(window_seconds=2048 / 44100).n_frames(44100)
    assert frames == 97  # as paper.toml says


def test_the_counts_are_those_of_figure_1():
    counts = figure1.counts()
    named = {genre: n for genre, n in PAPER.corpus.counts.items() if genre != "Others"}
    assert len(counts) == 55
    assert named.items() <= counts.items()
    assert len(named) == 29
    rarest = sorted(counts.values())[:26]
    assert PAPER.corpus.counts["Others"] == sum(rarest) == 5408
    assert max(rarest) < min(named.values())
    assert sum(PAPER.corpus.counts.values()) == sum(counts.values()) == 77_772
    assert tuple(PAPER.corpus.classes) == figure1.CLASSES


def test_the_published_scores_are_those_of_a_constant_predictor():
    low, high = labels_a_clip(Printed.of(PAPER.cell("Section 5", "CNN", "validation", "binary_accuracy")), 30)
    assert (low, high) == pytest.approx((1.95, 2.25))
    losses = [mean_entropy(base_rates(PAPER, labels)) for labels in (low, high)]
    assert losses[0] < 0.21 < losses[1]


def test_the_arithmetic_of_the_findings():
    mean_labels = 77_772 / 48_411
    two = mean_labels - 1  # share of tracks with two labels
    assert round(mean_labels, 2) == 1.61
    drawn = (1 + 3 * two) / (1 + two)  # tracks with two labels, twice as often
    assert round(drawn, 2) == 1.76
    assert [round(1 - m / 30, 3) for m in (mean_labels, drawn, 2)] == [0.946, 0.941, 0.933]
    needed = next(share / 1000 for share in range(1001) if (1 + 3 * share / 1000) / (1 + share / 1000) >= 1.95)
    assert needed == pytest.approx(0.9, abs=0.01)  # "nine tracks in ten"


def test_the_reason_for_the_size_of_the_stand_ins():
    n = round(SETTINGS["stand_in_samples"] * (1 - SETTINGS["validation_fraction"]))
    assert n == 2550
    assert -(-n // SETTINGS["batch_size"]) * SETTINGS["epochs"] == 1350
    channels, widths = [1, *SETTINGS["filters"]], [49 * 6 * 128, *SETTINGS["units"], 30]
    products = 99 * 13 * 9 * sum(a * b for a, b in itertools.pairwise(channels))
    products += sum(a * b for a, b in itertools.pairwise(widths))
    operations = 2 * 3 * products * n * SETTINGS["epochs"]  # forwards, and backwards twice as much
    assert operations == pytest.approx(99e12, rel=0.01)
    assert operations / 110e9 == pytest.approx(900, rel=0.01)  # seconds
