"""Settings stand in paper.toml alone: each one is read, or equals what is done; and the report's own arithmetic."""

import keras
import pytest

from data_prep.corpora import fsdkaggle2018
from data_prep.corpora.fsdkaggle2018 import clips
from reproductions.shan_tagging import settings
from reproductions.shan_tagging.model import DENSENET_LOGMEL, DENSENET_MFCC, RESNET, SOUNDNET, build
from shared.paper.loading import load_paper
from shared.paper.settings import read_settings
from shared.results.diff import compare
from shared.results.reading import Results
from shared.results.store import results_folder
from shared.results.verdicts import CONDITIONAL, JUDGED, NOT_COMPARABLE
from shared.runs.units import unit_folders
from tests.reproductions.check_settings import check_settings

PAPER = load_paper("shan_tagging")
SETTINGS = PAPER.settings_for()
# What is done without reading the setting, with the test that shows it.
DONE = {
    "padded_at": "test_waveforms.py",
    "resnet_block": "test_model.py and below",
    "augmented_level": "test_augmentation.py",
    "watched_crops": "test_train.py",
    "redraw_clips": "test_train.py",
    "transition": "below",
    "input_scaling": "below",
    "resnet_shortcut": "test_model.py",
    "soundnet_head": "below",
    "trained_clips": "data_prep: the folds are of all clips",
    "cycle_half_epochs": "below",
    "undecided": "test_waveforms.py",
}


def test_every_setting_is_read_or_accounted_for():
    check_settings(PAPER, settings, DONE)


def test_settings_that_are_not_read_are_what_is_done():
    network = build(DENSENET_LOGMEL, SETTINGS, 41)
    kinds = [type(layer).__name__ for layer in network.layers]
    assert (SETTINGS["transition"], kinds.count("AveragePooling2D")) == ("average pooling 2 x 2", 4)
    pools = {layer.pool_size for layer in network.layers if isinstance(layer, keras.layers.AveragePooling2D)}
    assert pools == {(2, 2)}
    assert SETTINGS["input_scaling"] == "batch normalisation of each band"
    scaling = network.get_layer("input_scaling")
    assert scaling.moving_mean.shape == (80,)
    assert scaling.compute_dtype == "float32"
    assert SETTINGS["soundnet_head"] == "global max-pooling after conv7"
    assert type(build(SOUNDNET, SETTINGS, 41).layers[-2]).__name__ == "GlobalMaxPooling1D"
    assert SETTINGS["cycle_half_epochs"] == 1  # as in shared/training/schedules.py
    assert SETTINGS["resnet_block"] == "convolution, normalisation, ReLU, convolution, normalisation, sum, ReLU"
    kinds = [type(layer).__name__ for layer in build(RESNET, SETTINGS, 41).layers]
    half = ["Conv1D", "BatchNormalization"]
    assert kinds[kinds.index("Conv1D") :][:7] == [*half, "ReLU", *half, "Add", "ReLU"]
    adam = keras.optimizers.Adam()
    assert PAPER.settings["optimizer"].note.startswith(f"beta {adam.beta_1:g} and {adam.beta_2:g}, epsilon 1e-7")
    assert adam.epsilon == 1e-7


def test_corpus_and_folds_are_the_corpus_modules():
    assert tuple(PAPER.corpus.classes) == fsdkaggle2018.CLASSES
    assert PAPER.corpus.folds == fsdkaggle2018.N_FOLDS["published"] == PAPER.tables[0].rows[0].cells[0].repeats
    assert SETTINGS["sample_rate_hz"] == fsdkaggle2018.SAMPLE_RATE_HZ


def test_the_printed_size_of_a_spectrogram():
    assert 1 + read_settings(settings.Crop, SETTINGS).length // SETTINGS["hop_length"] == 173  # "173 x 80", section 2.1
    assert SETTINGS["n_mels"] == SETTINGS["n_mfcc"] == 80


def test_the_arithmetic_of_the_reasons():
    assert SETTINGS["epochs"] % 2 == 0  # whole cycles
    on_nine_folds = clips.N_PUBLISHED["train"] * 0.9
    assert -(-on_nine_folds // SETTINGS["batch_size"]) == 267
    assert SETTINGS["fmax_hz"] == SETTINGS["sample_rate_hz"] / 2
    n_vegas = 28_000  # "about", in the work that the report cites
    assert n_vegas / clips.N_PUBLISHED["train"] == pytest.approx(3, abs=0.1)
    flaw = next(finding.text for finding in PAPER.findings if "22,050" in finding.text)
    kernel = SETTINGS["soundnet_layers"][0][1]
    assert f"{1000 * kernel / 44100:.2f} ms and not {1000 * kernel / 22050:.2f}" in flaw


def test_the_margin_is_half_of_the_smaller_gap_that_the_text_ranks():
    """It ranks log-mel over MFCC, and the two-dimensional networks over the others."""
    table = PAPER.table("1")
    printed = {row.model: row.cells[0].value for row in table.rows}
    log_mel, mfcc = printed[DENSENET_LOGMEL], printed[DENSENET_MFCC]
    gaps = (log_mel - mfcc, min(log_mel, mfcc) - max(printed[SOUNDNET], printed[RESNET]))
    assert table.margins == {"map@3": pytest.approx(min(gaps) / 2)}


@pytest.mark.parametrize("variant", PAPER.variants)
def test_what_cannot_be_had_is_a_condition_alike_for_all_networks(variant):
    for model in PAPER.models_for(variant):
        missing = (
            "SoundNet from scratch, without its published weights" if model == SOUNDNET else "no pretraining on VEGAS"
        )
        assert PAPER.conditions_of(variant, model) == (() if variant == "pretrained" else (missing,))


def verdict_of(model, variant, **settings):
    """Verdict and condition of ten folds on the whole corpus whose records have the variant's settings, or these."""
    place = {"model": model, "variant": variant, "protocol": "published", "corpus": "fsdkaggle2018", "seed": 0}
    score = {"split": "validation", "metric": "map@3", "n": 947, "standard_error": 0.007, "fingerprint": "0" * 16}
    run = {"precision": "float32", "epochs": 40, "status": "complete"}
    rows = [{**place, **score, **run, "fold": n, "value": 0.9 + 0.001 * n, "unit": str(n)} for n in range(10)]
    record = {"settings": PAPER.settings_for(variant, model) | settings, "epochs_planned": 40}
    section = compare(
        Results(PAPER, results_folder(PAPER.id), {row["unit"]: record for row in rows}, rows=tuple(rows)), [variant]
    ).sections[0]
    found = section.entries["1", model, "validation", "map@3"]
    return found.verdict, found.condition or found.reason


def test_verdicts_without_pretraining_are_conditional_and_on_a_stand_in_there_are_none():
    for model in PAPER.models:
        assert verdict_of(model, "paper") == (CONDITIONAL, *PAPER.conditions_of("paper", model))
        assert verdict_of(model, "pretrained")[0] in JUDGED
    stand_in = verdict_of(RESNET, "pretrained", pretrained_on="fsdd", pretrained_fingerprint="1" * 16)
    assert stand_in == (NOT_COMPARABLE, "run with pretrained_on = fsdd, the variant has vegas")


def test_kept_results_were_run_with_their_variants_settings():
    """Names that are younger than a record are not in it; its own are the variant's."""
    folders = unit_folders(results_folder(PAPER.id) / "units")
    assert folders
    for record, folder in folders:
        settings = PAPER.settings_for(record["variant"])
        changed = {name: value for name, value in record["settings"].items() if settings.get(name, value) != value}
        assert not changed, folder.name


def test_guessing_among_ten_and_41_classes():
    for n_classes, expected in ((10, 0.18), (41, 0.045)):
        assert (1 + 1 / 2 + 1 / 3) / n_classes == pytest.approx(expected, abs=0.005)
        assert f"{expected}" in PAPER.corpus.others["fsdkaggle2018-subset"]


def test_the_ensembles_weights_are_table_1s():
    ensemble, fitted, *without = PAPER.ensembles.values()
    assert fitted.members == ensemble.members == tuple(PAPER.models)
    assert ensemble.members == (SOUNDNET, RESNET, DENSENET_MFCC, DENSENET_LOGMEL)
    assert ensemble.weights == (0.2, 0.2, 0.2, 0.4)
    for smaller in without:
        assert smaller.members == tuple(name for name in PAPER.models if name != RESNET)
    assert without[0].weights == (0.2, 0.2, 0.4)  # the others keep theirs


@pytest.mark.parametrize("variant", PAPER.variants)
def test_variants_train_all_four_networks_but_those_about_the_resnets_poolings(variant):
    assert PAPER.models_for(variant) == ((RESNET,) if "poolings" in variant else tuple(PAPER.models))
