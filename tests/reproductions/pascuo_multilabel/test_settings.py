"""Settings stand in paper.toml alone: each is read, or equals what is done; and the arithmetic that it speaks of."""

import dataclasses
import itertools
from collections import Counter

import pytest

from data_prep.common import label_sets
from data_prep.corpora import library_labels, mixtures, music_library
from data_prep.corpora.music_library import library_audio
from reproductions.pascuo_multilabel import predict, samples, settings
from reproductions.pascuo_multilabel.mfcc import PsfSettings
from reproductions.pascuo_multilabel.model import CNN, CONSTANT
from shared.paper.loading import load_paper
from shared.paper.settings import read_settings
from shared.results.exact import constant_scores, exact_rows, label_rates, nothing_heard
from tests.reproductions.check_settings import check_settings

PAPER = load_paper("pascuo_multilabel")
SETTINGS = PAPER.settings_for()
PAIRS = PAPER.corpus.drawn.pairs
# What is done without reading the setting, with the test that shows it.
DONE = {"n_genres": "below", "drawn": "test_samples.py"}


def test_every_setting_is_read_or_accounted_for():
    check_settings(PAPER, settings, DONE)


def test_settings_that_are_not_read_are_what_is_done():
    assert SETTINGS["n_genres"] == label_sets.N_GENRES == music_library.N_GENRES
    assert SETTINGS["middle_seconds"] == library_audio.SECONDS == library_labels.SECONDS
    assert SETTINGS["validation_fraction"] == label_sets.VALIDATION  # of the other protocols
    assert PAPER.settings_for("corrected")["tuning_fraction"] == label_sets.VALIDATION
    assert label_sets.SAMPLE_RATE_HZ == predict.SAMPLE_RATE_HZ
    lengths = [s["sample_samples"] / s["sample_rate_hz"] for s in map(PAPER.settings_for, PAPER.variants)]
    assert max(lengths) < predict.SHORTEST_SECONDS


def test_the_mfcc_settings_are_the_defaults_of_our_mfcc():
    ours = read_settings(settings.Mfcc, SETTINGS)
    assert dataclasses.asdict(ours) == dataclasses.asdict(PsfSettings())


@pytest.mark.parametrize(
    ("model", "conditions"), [(CNN, ("a sample rate of 22,050 Hz",)), (CONSTANT, ())], ids=["network", "constant"]
)
def test_the_sample_rate_is_no_printed_one_and_says_nothing_of_the_labels(model, conditions):
    assert PAPER.conditions_of("paper", model) == conditions
    assert PAPER.conditions_of("two-channels", model) == ()


# ---- the label pairs


def test_the_label_pairs_are_the_librarys():
    """What the repository of the report's author says of its table: tracks, pairs, and labels a genre."""
    assert (len(PAIRS), sum(n for *_, n in PAIRS)) == (612, 30_543)
    assert sum(n for _, second, n in PAIRS if not second) == 7_973
    assert sum(n for first, second, n in PAIRS if first == second) == 158
    counts = Counter()
    for first, second, n in PAIRS:
        counts.update({first: n})
        counts.update({second: n} if second else {})
    assert [counts[name] for name in ("Filmscore", "Others", "RnB", "Drone")] == [4_871, 4_142, 428, 412]
    assert sorted(counts) == sorted(PAPER.corpus.classes) == list(PAPER.corpus.classes)
    assert sum(counts.values()) == 53_113


def test_the_samples_are_one_a_second():
    seconds = sum(n for *_, n in PAIRS) * SETTINGS["middle_seconds"]
    assert PAPER.corpus.drawn.samples == seconds / SETTINGS["seconds_per_sample"] == 1_221_720
    assert SETTINGS["made_samples"] == PAPER.corpus.drawn.samples / 10 >= 100_000


def test_the_thinning_leaves_the_tracks_that_are_counted():
    """48,219 tracks of the repository's table without 5,446 that are shorter than 40 s and 12,230 that are dropped."""
    (figure,) = PAPER.count_figures
    assert (len(figure.counts), sum(figure.counts.values())) == (19, 12_230)
    assert sum(n for *_, n in PAIRS) == 48_219 - 5_446 - 12_230
    named = {name for key in figure.counts for name in key.split(" + ")}
    assert named <= set(PAPER.corpus.classes)
    atmosphere = next(n for *pair, n in PAIRS if pair == ["Atmosphere", ""])
    assert f"such as {atmosphere} tracks" in PAPER.settings["max_per_set_share"].reason
    assert f"{48_219 - 5_446:,}" in PAPER.settings["max_per_set_share"].reason
    assert round(atmosphere / (48_219 - 5_446), 2) == SETTINGS["max_per_set_share"]


def test_the_constant_predictor_on_the_papers_own_labels():
    values = {row["metric"]: row["value"] for row in exact_rows(PAPER)}
    assert values == {
        "binary_accuracy": pytest.approx(0.93845, abs=5e-6),
        "binary_crossentropy": pytest.approx(0.20905, abs=5e-6),
    }
    text = next(finding.text for finding in PAPER.findings if finding.place == "Section 5")
    assert all(f"{value:.5f}" in text for value in values.values())


def test_what_the_class_weights_cost_a_network_that_hears_nothing():
    deaf, text = nothing_heard(PAPER), next(f.text for f in PAPER.findings if "ends at a cross-entropy" in f.text)
    cost = (
        deaf["binary_crossentropy"]
        - constant_scores(label_rates(PAPER.corpus.drawn, PAPER.corpus.classes))["binary_crossentropy"]
    )
    assert f"a cross-entropy of {deaf['binary_crossentropy']:.5f}, {cost:.5f} above" in text
    assert f"would print {deaf['binary_crossentropy']:.2f}" in text
    assert f"The log's {PAPER.curves[0].printed['val_loss'][0]} is below both" in text


def test_labels_a_track_and_a_sample_are_those_of_the_finding():
    text = next(finding.text for finding in PAPER.findings if "drawn label by label" in finding.text)
    pairs = PAPER.corpus.drawn.pairs
    different = sum(n * len({first, second} - {""}) for first, second, n in pairs) / sum(n for *_, n in pairs)
    assert f"the tracks have {different:.2f} different labels" in text
    assert f"the samples {sum(label_rates(PAPER.corpus.drawn, PAPER.corpus.classes)):.2f}" in text


def test_the_highest_share_is_the_highest_prediction_that_the_report_saw():
    """Answers "between almost zero and 0.2" (6) are the labels' shares."""
    rates = label_rates(PAPER.corpus.drawn, PAPER.corpus.classes)
    assert 0.15 < max(rates) < 0.2
    assert min(rates) < 0.02


# ---- stand-ins


def test_the_share_of_two_labels_in_mixtures_is_the_librarys():
    assert sum(n for _, second, n in PAIRS if second) / 30_543 == mixtures.TWO_LABELS


def test_the_pairs_of_recordings_that_paper_toml_speaks_of():
    """Ten classes of 20 recordings, dealt to seven pools: six have 3 of each class, one has 2."""
    in_pool = [3] * 6 + [2]
    assert sum(in_pool) == 20
    pairs = sum(n * n for n in in_pool for _ in itertools.combinations(range(10), 2))
    assert f"{pairs:,} pairs" in PAPER.settings["mixed_tracks"].reason
    assert f"{SETTINGS['mixed_tracks'] * mixtures.SECONDS:,} s" in PAPER.settings["mixed_tracks"].reason


@pytest.mark.parametrize("corpus", [*samples.MADE, "music_library", "fma"])
def test_every_corpus_says_which_samples_are_not_independent(corpus):
    clusters = PAPER.corpus.clusters[corpus]
    assert clusters.of([f"{corpus}.00012.07", f"{corpus}.00012.11", "a folder/a song.mp3.00"]) == [
        *[f"{corpus}.00012"] * 2,
        "a folder/a song.mp3",
    ]
    assert corpus == PAPER.corpus.name or corpus in PAPER.corpus.others
