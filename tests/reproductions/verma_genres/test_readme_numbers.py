"""What README.md and notes.md say in numbers, computed from the kept predictions and histories, and from paper.toml."""

import csv
import functools
import math
from statistics import mean

import keras
import numpy as np
import pytest

from data_prep.corpora import gtzan_excerpts
from data_prep.corpora.gtzan import tracks as gtzan_tracks
from reproductions.verma_genres.gammatone import Bank
from reproductions.verma_genres.model import ANN, CNN_1D, CNN_2D, build
from shared.base.places import results_root
from shared.metrics.intervals import paired_interval
from shared.paper.loading import load_paper
from shared.runs import units
from shared.runs.predictions import read_predictions
from shared.runs.units import unit_folders
from tests.committed import right_by_clip
from tests.reproductions.texts import written

PAPER = load_paper("verma_genres")
FOLDER = results_root() / PAPER.id / "units"  # what is committed, whatever a test before has put elsewhere
README = " ".join(written(PAPER).split())
SEEDS = 3  # of Mode 2 on the excerpts
WINDOWS = {"gtzan-subset": (36, 29), "gtzan-excerpts": (100, 14), "gtzan": (1000, 29)}  # tracks, and windows of each


@functools.cache
def trained(model, corpus, variant="paper"):
    """Record, folder and predictions of each run of a model on a corpus."""
    found = []
    for record, folder in unit_folders(FOLDER):
        if (record["model"], record["corpus"], record["variant"]) == (model, corpus, variant):
            found.append((record, folder, read_predictions(folder)))
    assert found
    return found


def right(predictions):
    return predictions.y_prob.argmax(1) == predictions.y_true.argmax(1)


def per_cent(share):
    return f"{100 * share:.1f}"


def random_against_tracks(model, corpus, variant):
    """Accuracy on the test clips of the random split, by networks of that split and by those that left the clip's track
    out: ``95.6 and 90.8 %, a difference of 4.8 points (2.8 to 6.7)``. The interval knows the tracks."""
    scores = right_by_clip(PAPER.id, model, variant, corpus)
    clips = sorted(scores["published"])
    assert set(clips) <= set(scores["grouped"])  # all folds are there
    tracks, split = (np.array([np.mean(scores[name][clip]) for clip in clips]) for name in ("grouped", "published"))
    low, high = paired_interval(tracks, split, PAPER.corpus.clusters[corpus].of(clips))
    shares = f"{per_cent(split.mean())} and {per_cent(tracks.mean())} %"
    return f"{shares}, a difference of {per_cent((split - tracks).mean())} points ({per_cent(low)} to {per_cent(high)})"


@pytest.mark.parametrize(
    ("model", "corpus", "variant"),
    [
        (ANN, "gtzan_features_3s-subset", "paper"),
        (ANN, "gtzan-subset", "paper"),
        (ANN, "gtzan-excerpts", "paper"),
        (ANN, "gtzan_features_30s", "paper"),
        (CNN_1D, "gtzan-subset", "pytorch-normalisation"),
        (CNN_2D, "gtzan-subset", "paper"),
    ],
)
def test_what_a_random_split_is_worth(model, corpus, variant):
    assert random_against_tracks(model, corpus, variant) in README


def n_steps(corpus):
    """Steps of Mode 2 in an epoch: four in five windows, genre by genre."""
    tracks, windows = WINDOWS[corpus]
    settings = PAPER.settings_for(model=CNN_1D)
    return math.ceil(tracks * windows * (1 - settings["test_fraction"]) / settings["batch_size"])


def test_what_keras_s_momentum_leaves_of_the_beginning():
    settings = PAPER.settings_for(model=CNN_1D)
    for corpus in ("gtzan-subset", "gtzan-excerpts"):
        steps = n_steps(corpus)
        left = settings["norm_momentum"] ** (steps * settings["epochs"])
        assert f"{steps} steps an epoch, and after {settings['epochs']} epochs {100 * left:.1f} % of the 1" in README
    assert f"with {n_steps('gtzan')} steps an epoch" in README
    assert settings["norm_momentum"] ** (2 * n_steps("gtzan")) < 0.001  # "over after the second epoch"


def history(folder):
    with (folder / units.HISTORY).open(encoding="utf-8", newline="") as lines:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(lines)]


def known(variant):
    """What the trainings name of their own windows, as they learn them and afterwards, and of the test windows."""
    runs = [
        (folder, predictions)
        for record, folder, predictions in trained(CNN_1D, "gtzan-excerpts", variant)
        if (record["protocol"], record["precision"]) == ("published", "bfloat16")
    ]
    assert len(runs) == SEEDS
    train, test = (
        per_cent(mean(right(predictions.on(split)).mean() for _, predictions in runs)) for split in ("train", "test")
    )
    learned = per_cent(mean(history(folder)[-1]["accuracy"] for folder, _ in runs))
    return (
        f"{learned} % of the training windows rightly while it learns them in its last epoch, {train} % of them when "
        f"it is evaluated, and {test} % of the test windows"
    )


@pytest.mark.parametrize("variant", ["paper", "pytorch-normalisation"])
def test_what_mode_2_knows_of_its_training_windows(variant):
    assert f"`{variant}` names {known(variant)}" in README


def test_mode_2_with_whole_tracks_held_out():
    means = []
    for variant in ("paper", "pytorch-normalisation"):
        shares = [
            right(predictions.on("test")).mean()
            for record, _, predictions in trained(CNN_1D, "gtzan-excerpts", variant)
            if (record["protocol"], record["precision"]) == ("grouped", "bfloat16")
        ]
        assert len(shares) == 5
        means.append(per_cent(mean(shares)))
    assert (
        "With whole tracks held out, one seed on five folds, `paper` names {} % of the test windows rightly, "
        "`pytorch-normalisation` {} %."
    ).format(*means) in README


def test_what_two_open_settings_of_mode_2_move_alone():
    with (FOLDER.parent / "effects_1-d-convolutional-nn_gtzan-excerpts.csv").open(encoding="utf-8", newline="") as file:
        spans = {row["setting"]: 100 * float(row["span"]) for row in csv.DictReader(file)}
    moves = f"the batch size alone moves Mode 2 by {spans['batch_size']:.0f} points here, the number of epochs by"
    assert f"{moves} {spans['epochs']:.0f}, the momentum by {spans['norm_momentum']:.0f};" in README


def epochs_of(model, variant, seed=0):
    """The history of one training of the random split of the excerpts."""
    (unit,) = FOLDER.glob(f"{units.slug(model)}.{variant}.published.fold0.seed{seed}.bfloat16.gtzan-excerpts-*")
    return history(unit)


def test_more_steps_of_mode_2():
    after = {
        epoch: per_cent(epochs_of(CNN_1D, "paper+epochs=100")[epoch - 1]["test_accuracy"]) for epoch in (30, 50, 100)
    }
    batches = {size: epochs_of(CNN_1D, f"paper+batch_size={size}") for size in (32, 128)}
    assert {len(of) for of in batches.values()} == {30}
    printed = PAPER.cell("Conclusion", CNN_1D, "test", "accuracy").printed
    few, many = (per_cent(of[-1]["test_accuracy"]) for of in batches.values())
    assert (
        f"names {after[30]} % of the test windows rightly after epoch 30, {after[50]} % after 50 and {after[100]} % "
        f"after 100. Batches of 32, twice as many steps, bring one training to {few} % in 30 epochs, batches of 128, "
        f"half as many, to {many} %. So the printed {printed} % can"
    ) in README


def test_mode_3_on_ten_genres():
    runs = [epochs_of(CNN_2D, "paper", seed) for seed in range(SEEDS)]
    ends = [per_cent(of[-1]["test_accuracy"]) for of in runs]
    learned = per_cent(min(of[-1]["accuracy"] for of in runs))
    before = per_cent(runs[2][-2]["test_accuracy"])
    assert (
        f"three trainings name {ends[0]}, {ends[1]} and {ends[2]} % of the test windows rightly, and at least "
        f"{learned} % of the training windows while they learn them. The last epoch is a draw: seed 2 had "
        f"{before} % after epoch 29 and {ends[2]} % after 30."
    ) in README


def test_where_a_lower_gammatone_filter_is_largest():
    chosen = PAPER.settings_for("gammatone")
    bank = Bank(22050, 50.0, 9922.5, chosen["gammatone_order"], chosen["gammatone_bandwidth"])
    peak = np.abs(bank.impulse_response(50.0, chosen["first_kernel"])).argmax()
    reason = PAPER.settings["gammatone_lowest_hz"].reason
    assert f"at 50 Hz the response is largest after {peak} of the {chosen['first_kernel']} samples" in reason


def test_what_the_excerpts_are():
    assert f"the first {number_words(gtzan_excerpts.N_TRACKS)} tracks of each only" in README
    seconds = gtzan_excerpts.N_SAMPLES / gtzan_excerpts.CORPUS.SAMPLE_RATE_HZ
    hop, window = (PAPER.setting(name) for name in ("hop_seconds", "window_seconds"))
    overlapping, touching = int((seconds - window) / hop) + 1, int(seconds / window)
    cuts = int(seconds / PAPER.setting("cut_seconds"))
    said = f"the first {seconds:.0f} s: {overlapping} windows a track in Mode 2, {number_words(touching)} in Mode 3, "
    assert f"{said}{number_words(cuts)} cuts in Mode 1" in README
    assert WINDOWS["gtzan-excerpts"] == (gtzan_excerpts.N_TRACKS * len(PAPER.corpus.classes), overlapping)
    n_listed = gtzan_tracks.N_LISTED
    assert f"({n_listed['train']}, {n_listed['validation']} and {n_listed['test']} tracks)" in README


def number_words(n):
    return ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")[n]


def test_the_parameter_counts_and_the_memory():
    model = build(CNN_1D, PAPER.settings_for(model=CNN_1D), PAPER.models[CNN_1D].input_shape)
    dense = [layer.count_params() for layer in model.layers if isinstance(layer, keras.layers.Dense)]
    total = sum(math.prod(weight.shape) for weight in model.trainable_variables)
    assert f"number of trainable parameters: {total:,}" in README
    heads = " + ".join(f"{count:,}" for count in dense)
    assert f"have {total - sum(dense):,} parameters, the three dense layers {heads}," in README
    assert f"without padding {dense_inputs(model):,} values come out of the last pooling" in README
    assert f"which are not trained, make it {model.count_params():,}" in README
    assert f"ResNet-18 has {PAPER.models[CNN_2D].parameters:,} trainable parameters" in README
    n_bytes = 1000 * 30 * PAPER.setting("sample_rate_hz") * 2
    assert f"{n_bytes / 1e9:.1f} GB for a thousand tracks" in README


def dense_inputs(model):
    return next(layer for layer in model.layers if isinstance(layer, keras.layers.Dense)).kernel.shape[0]
