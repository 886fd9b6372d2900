"""Every number that the README says in a sentence, computed again: from the kept predictions or from paper.toml."""

import csv
from statistics import mean

import pytest

from data_prep.corpora import fsdkaggle2018
from data_prep.corpora.fsdkaggle2018 import clips as fsdkaggle2018_clips
from reproductions.shan_tagging.model import DENSENET_LOGMEL, DENSENET_MFCC, RESNET, SOUNDNET, build
from shared.metrics.scores import map_at_k
from shared.paper.loading import load_paper
from shared.results import store
from tests.committed import committed_diff
from tests.reproductions.texts import written

PAPER = load_paper("shan_tagging")
SETTINGS = PAPER.settings_for()
FOLDER = store.results_folder(PAPER.id)
README = " ".join(written(PAPER).split())
ALL_FOUR, WITHOUT, FITTED = PAPER.ensembles["Ensemble"], "Ensemble without the ResNet", "weights fitted"


@pytest.fixture(scope="module")
def found():
    """(variant, model) to fold to record and predictions, ensembles included."""
    kept: dict = {}
    for record, predictions in ((one.record, one.predictions) for one in committed_diff(PAPER.id).results.answers):
        kept.setdefault((record["variant"], record["model"]), {})[record["fold"]] = (record, predictions)
    return kept


@pytest.fixture(scope="module")
def score(found):
    """MAP@3 of a model by fold: ``score("settled", SOUNDNET)[0]``."""

    def by_fold(variant, model):
        one_each = found[variant, model].items()
        return {fold: map_at_k(predictions.y_true, predictions.y_prob) for fold, (_, predictions) in one_each}

    return by_fold


def said(sentence):
    assert sentence in README


def difference(first, second):
    """Mean over the folds that both have, and each fold's."""
    folds = sorted(first.keys() & second.keys())
    each = [second[fold] - first[fold] for fold in folds]
    return mean(each), each


def test_what_was_run(found):
    clips = [len(predictions.clips) for _, predictions in found["settled", SOUNDNET].values()]
    n, of_fold, n_classes = sum(clips), clips[0], len(found["settled", SOUNDNET][0][0]["classes"])
    assert set(clips) == {of_fold}
    assert (n // n_classes, n_classes) == (20, 10)
    said("twenty training clips of each of ten musical instruments")
    said(f"## Ten classes, {n} clips")
    said(f"a fold trains on {n - of_fold} clips and validates on {of_fold}")
    said(
        f"from scratch, since its published weights were not at hand, and with 2.9 million parameters for {n - of_fold}"
    )
    settings = PAPER.settings_for("settled", SOUNDNET)
    assert build(SOUNDNET, settings, n_classes).count_params() == pytest.approx(2.9e6, abs=0.05e6)
    assert {record["settings"]["soundnet_start"] for record, _ in found["settled", SOUNDNET].values()} == {"scratch"}
    assert {record["seed"] for folds in found.values() for record, _ in folds.values()} == {0}
    said("All of it is of seed 0")


def test_the_order_of_the_networks(score):
    log_mel, mfcc, soundnet = (score("settled", name) for name in (DENSENET_LOGMEL, DENSENET_MFCC, SOUNDNET))
    means = [mean(scores.values()) for scores in (log_mel, mfcc, soundnet)]
    assert means == sorted(means, reverse=True)
    said("log-mel ({:.3f}) before MFCC ({:.3f}) before SoundNet ({:.3f})".format(*means))
    over = [difference(other, log_mel)[0] for other in (mfcc, soundnet)]
    said("log-mel is {:.3f} better than MFCC and {:.3f} better than SoundNet".format(*over))


def test_the_resnet_and_the_ensembles(found, score):
    resnet = score("settled", RESNET)
    assert list(resnet) == [0, 1, 2]
    n = sum(len(predictions.clips) for _, predictions in found["settled", RESNET].values())
    channels = {tuple(record["settings"]["resnet_channels"]) for record, _ in found["settled", RESNET].values()}
    assert channels == {tuple(PAPER.setting("resnet_channels", "four-poolings"))}
    said(f"was run as `four-poolings` has it, on folds 0 to 2 only, {n} clips: {mean(resnet.values()):.3f}")
    assert mean(resnet.values()) < min(mean(score("settled", m).values()) for m in PAPER.models if m != RESNET)
    printed = {row.model: row.cells[0].value for row in PAPER.table("1").rows}
    assert printed[RESNET] > printed[SOUNDNET]  # "where the report has it before SoundNet"
    every, without = score("settled", ALL_FOUR.name), score("settled", WITHOUT)
    on_these = mean(without[fold] for fold in every)
    said(f"on these folds: {mean(every.values()):.3f}, where the one without the ResNet has {on_these:.3f}")
    alone, fitted = score("settled", DENSENET_LOGMEL), score("settled", f"{WITHOUT}, {FITTED}")
    assert alone.keys() == without.keys() == fitted.keys() == set(range(10))
    said(f"over all ten: {mean(without.values()):.3f}, where log-mel alone has {mean(alone.values()):.3f}; with")
    said(f"with weights that are fitted on the other folds it is {mean(fitted.values()):.4f}")
    with (FOLDER / "comparisons.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["second_model"].startswith(WITHOUT)]
    assert len(rows) == 2  # "both intervals hold 0"
    assert all(float(row["low"]) < 0 < float(row["high"]) for row in rows)


def test_listening_again(found, score):
    gains, below, again, n = {}, {}, {}, {}
    for name in PAPER.models:
        gains[name] = difference(score("settled-no-redraw", name), score("settled", name))
        once = [predictions for _, predictions in found["settled-no-redraw", name].values()]
        below[name] = sum((one.y_prob.max(axis=1) < SETTINGS["redraw_below"]).sum() for one in once)
        n[name] = sum(len(one.clips) for one in once)
        again[name] = sum(record["redrawn"] for record, _ in found["settled", name].values())
    text = "changes the four scores by {:+.3f} (log-mel), {:+.3f} (SoundNet), {:+.3f} (MFCC) and {:+.3f} (ResNet, by"
    text = text.format(*(gains[name][0] for name in (DENSENET_LOGMEL, SOUNDNET, DENSENET_MFCC, RESNET)))
    said(text + " {:+.3f}, {:+.3f} and {:+.3f} on its three folds)".format(*gains[RESNET][1]))
    order = (SOUNDNET, DENSENET_MFCC, DENSENET_LOGMEL, RESNET)
    assert [n[name] for name in order] == [200, 200, 200, 60]
    text = "below 0.7 for {} of 200 clips with SoundNet, {} with MFCC, {} with log-mel, and {} of 60 with the ResNet"
    said(text.format(*(below[name] for name in order)))
    text = "Of these, {}, {}, {} and {} are longer than a crop and are heard again"
    said(text.format(*(again[name] for name in order)))
    with (FOLDER / "comparisons.csv").open(encoding="utf-8", newline="") as file:
        intervals = [row for row in csv.DictReader(file) if row["title"] == "listening again below 0.7"]
    assert len(intervals) == 4
    assert all(float(row["low"]) < 0 < float(row["high"]) for row in intervals)
    said("Each of the four intervals holds 0")


def test_augmentation(score):
    costs = {}
    for name in (SOUNDNET, DENSENET_LOGMEL):
        costs[name] = difference(score("settled-no-augmentation", name), score("settled", name))
    assert [len(folds) for _, folds in costs.values()] == [10, 6]
    soundnet, log_mel = (-cost for cost, _ in costs.values())
    said(f"SoundNet loses {soundnet:.3f} by it on ten folds, log-mel {log_mel:.3f} on six")
    assert SETTINGS["n_copies"] + 1 == 5
    said("an epoch shows a clip itself only once in five times")
    said(f"there are {SETTINGS['epochs']} epochs either way")


def test_why_the_statistics_must_settle(found, score):
    batch, epochs, momentum = SETTINGS["batch_size"], SETTINGS["epochs"], SETTINGS["norm_momentum"]
    steps = -(-180 // batch)
    said("with 180 clips an epoch has six steps, and 40 epochs 240")
    assert (steps, epochs, steps * epochs) == (6, 40, 240)
    said(f"so {momentum}^240 = {momentum**240:.0%} of them".replace("9%", "9 %"))
    settled = PAPER.setting("norm_momentum", "settled")
    assert settled == pytest.approx(0.9)
    assert settled**50 < 0.01  # "settle in fifty steps"
    of_all = -(-fsdkaggle2018_clips.N_PUBLISHED["train"] * 9 // 10 // batch)
    said(f"with {of_all} steps an epoch, the two are alike after two epochs")
    assert momentum ** (2 * of_all) < 0.01
    paper, ours = score("paper", SOUNDNET)[0], score("settled", SOUNDNET)[0]
    n = len(found["paper", SOUNDNET][0][1].clips)
    said(f"On fold 0 SoundNet of `paper` scores {paper:.3f} and of `settled` {ours:.3f}, which {n} clips")
    with (FOLDER / "comparisons.csv").open(encoding="utf-8", newline="") as file:
        row = next(row for row in csv.DictReader(file) if row["title"] == "running statistics that settle")
    assert float(row["low"]) < 0 < float(row["high"])


def test_two_resnets():
    nine, four = (PAPER.setting("resnet_channels", variant) for variant in ("paper", "four-poolings"))
    parameters = [
        build(RESNET, PAPER.settings_for(variant), 41).count_params() for variant in ("paper", "four-poolings")
    ]
    assert len(nine) - 1 == 9
    said(f"nine poolings, from {nine[0]} to {nine[-1]:,} channels, {parameters[0]:,} parameters and 1.6 billion")
    said(f"from {four[0]} to {four[-1]} channels, {parameters[1]:,} parameters and 8.0 billion")  # test_model.py
    said(f"from {four[0]} it would end at {four[0] * nine[-1] // nine[0]:,}")


def test_what_is_said_of_clips_and_crops():
    hours = 20
    assert f"{hours} hours" in fsdkaggle2018.SIZE
    gigabytes = hours * 3600 * SETTINGS["sample_rate_hz"] * 2 / 1e9
    said(f"{gigabytes:.0f} GB for the whole corpus, five times that with augmented copies")
    frames = 1 + round(SETTINGS["crop_seconds"] * SETTINGS["sample_rate_hz"]) // SETTINGS["hop_length"]
    said(f"Log-mel and MFCC, {frames} x {SETTINGS['n_mels']}, are")
    said(f"less than {100 * SETTINGS['redraw_below']:.0f} % sure")
    assert SETTINGS["redraw_limit"] == 5
    said("another crop is drawn, five times at most")
    assert SETTINGS["n_copies"] == 4
    said("four copies of each training clip")
    kernel = SETTINGS["soundnet_layers"][0][1]
    said(f"the first, of {kernel} samples, {1000 * kernel / 44100:.2f} ms instead of {1000 * kernel / 22050:.2f}")
    said(f"trains on fold {SETTINGS['pretrained_fold']} of `{PAPER.setting('pretrained_on', 'pretrained')}`")
