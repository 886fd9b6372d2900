"""The whole way from clips to the table, the ensemble and predictions: tiny networks, noise with a tone a class."""

import dataclasses
import json
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest
import soundfile

from data_prep import CorpusError
from reproductions.__main__ import main
from reproductions.commands import run as command
from reproductions.commands.run import run_paper
from reproductions.shan_tagging import predict, pretraining, soundnet, train
from reproductions.shan_tagging.model import DENSENET_LOGMEL, DENSENET_MFCC, RESNET, SOUNDNET, build
from shared.metrics.ensembles import weighted_geometric_mean
from shared.metrics.scores import map_at_k
from shared.paper.loading import load_paper
from shared.results import store
from shared.results.runs_table import read_runs
from shared.runs.plan import FEATURES, Request, in_order
from shared.runs.predictions import read_predictions
from shared.runs.units import unit_folders
from shared.training import fitting as training

pytestmark = pytest.mark.usefixtures("eagerly")

RATE_HZ = 44100
TONES_HZ = {"Bark": 300, "Meow": 5000}
N_CLIPS = 12  # of a class: two more than folds
TINY = {
    **{"crop_seconds": 0.125, "n_fft": 512, "hop_length": 256, "n_mels": 16, "n_mfcc": 8, "batch_size": 8, "epochs": 2},
    **{"dense_blocks": 2, "units_per_block": 1, "growth_rate": 4, "stem_filters": 4, "redraw_limit": 2},
    **{"resnet_blocks": 4, "resnet_channels": [4, 8]},
}


def tone(frequency_hz, seconds, generator):
    t = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    return 0.3 * np.sin(2 * np.pi * frequency_hz * t) + 0.05 * generator.standard_normal(t.size)


def tiny_paper():
    paper = load_paper("shan_tagging")
    settings = {
        name: dataclasses.replace(setting, value=TINY.get(name, setting.value))
        for name, setting in paper.settings.items()
    }
    return dataclasses.replace(paper, settings=settings)


def write_clips(folder: Path, labels) -> None:
    generator = np.random.default_rng(0)
    folder.mkdir(parents=True)
    lines = ["fname,label,manually_verified,freesound_id,license"]
    for number, label in enumerate(labels):
        name = f"{number:08x}.wav"
        seconds = (0.05, 0.125, 0.4)[number % 3]
        soundfile.write(folder / name, tone(TONES_HZ[label], seconds, generator), RATE_HZ, "PCM_16")
        lines.append(f"{name},{label},1,{number},CC0")
    (folder / "train.csv").write_text("\n".join(lines) + "\n")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Results, cache and data below a folder of their own, with the tiny settings, for all tests of this file."""
    root = tmp_path_factory.mktemp("shan")
    write_clips(root / "data/fsdkaggle2018_subset", list(TONES_HZ) * N_CLIPS)
    before, paper = keras.config.dtype_policy(), tiny_paper()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUDIO_REPRODUCTIONS_CACHE", str(root / "cache"))
        patch.setenv("AUDIO_REPRODUCTIONS_DATA", str(root / "data"))
        patch.setenv("AUDIO_REPRODUCTIONS_RESULTS", str(root / "results"))
        for module in (command, predict):
            patch.setattr(module, "load_paper", lambda name: paper)
        yield root
    keras.config.set_dtype_policy(before)


@pytest.fixture(scope="module")
def finished(place):
    """All four networks on fold 0, without augmentation; records and folders by model."""
    status = run_paper(
        "shan_tagging", variants=("no-augmentation",), folds=(0,), corpus="fsdkaggle2018-subset", precision="float32"
    )
    assert status == 0
    return units_of("no-augmentation")


def planned(**asked):
    """The tasks of a request, each once and in an order in which they can be done, without those for features."""
    tasks = in_order(train.plan(command.load_paper("shan_tagging"), Request(**asked)))
    return [task for task in tasks if task.work != FEATURES]


def units_of(variant):
    found = unit_folders(store.results_folder("shan_tagging") / "units")
    return {record["model"]: (record, folder) for record, folder in found if record["variant"] == variant}


def test_each_network_validates_on_the_clips_of_the_fold(finished):
    assert set(finished) == {SOUNDNET, RESNET, DENSENET_MFCC, DENSENET_LOGMEL}
    clips = set()
    for record, folder in finished.values():
        assert (record["status"], record["epochs"], record["fold"]) == ("complete", 2, 0)
        predictions = read_predictions(folder)
        assert set(predictions.split) == {"validation"}
        assert set(predictions.y_true.sum(axis=0)) <= {1, 2}  # 12 clips a class on ten folds
        assert record["crops_heard"] >= len(predictions.clips)
        clips.add(tuple(predictions.clips))
    assert len(clips) == 1


def test_rates_go_up_and_down_in_cycles(finished):
    lines = (finished[RESNET][1] / "history.csv").read_text().splitlines()
    column = lines[0].split(",").index("learning_rate")
    rates = [float(line.split(",")[column]) for line in lines[1:]]
    # Some 21 clips are three batches an epoch: the first ends a third below the top, the second as much above the low.
    assert rates == pytest.approx([0.001 + 0.005 * 2 / 3, 0.001 + 0.005 / 3], rel=1e-4)


def test_records_say_that_the_networks_began_from_nothing(finished):
    for model, (record, _) in finished.items():
        name, value = ("soundnet_start", "scratch") if model == SOUNDNET else ("pretrained_on", "nothing")
        assert record["settings"][name] == value


def test_the_validation_loss_is_of_the_same_crops_in_each_epoch(place, monkeypatch):
    """The training's crops are drawn anew: they have a method for that, and the watched ones have none."""
    given = []

    def fit(model, training, watched, **options):
        given.append((hasattr(training.x, "drawn"), hasattr(watched.x, "drawn")))
        raise KeyboardInterrupt

    monkeypatch.setattr(training, "fit", fit)
    options = {"models": [RESNET], "folds": (1,), "corpus": "fsdkaggle2018-subset", "precision": "float32"}
    with pytest.raises(KeyboardInterrupt):
        run_paper("shan_tagging", variants=("no-augmentation",), **options)
    assert given == [(True, False)]
    assert load_paper("shan_tagging").setting("watched_crops") == "one crop a clip, the same in all epochs"


def test_validation_clips_are_heard_again(finished):
    assert load_paper("shan_tagging").setting("redraw_clips") == "validation and test clips"
    assert sum(record["redrawn"] for record, _ in finished.values()) > 0


def test_table_and_ensemble_are_of_these_predictions(finished, capsys):
    folder = store.results_folder("shan_tagging")
    rows = [row for row in read_runs(folder / "runs.csv") if row["variant"] == "no-augmentation"]
    scores = {(row["model"], row["split"], row["metric"]): float(row["value"]) for row in rows}
    members = [read_predictions(finished[name][1]) for name in (SOUNDNET, RESNET, DENSENET_MFCC, DENSENET_LOGMEL)]
    fused = weighted_geometric_mean([one.y_prob for one in members], weights=(0.2, 0.2, 0.2, 0.4))
    assert scores["Ensemble", "validation", "map@3"] == pytest.approx(map_at_k(members[0].y_true, fused), abs=1e-6)
    assert main(["diff", "shan_tagging", "--variant", "no-augmentation", "--corpus", "fsdkaggle2018-subset"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "0.938 ± 0.003" in out
    assert "not comparable: corpus fsdkaggle2018-subset, the paper's is fsdkaggle2018: ten classes of 41" in out


def test_another_evaluation_needs_no_other_training(finished, place, monkeypatch):
    monkeypatch.setattr(training, "fit", lambda *arguments, **options: pytest.fail("trained again"))
    run_paper(
        "shan_tagging",
        variants=("no-augmentation-no-redraw",),
        models=[DENSENET_LOGMEL],
        folds=(0,),
        corpus="fsdkaggle2018-subset",
        precision="float32",
        report=False,
    )
    record, folder = units_of("no-augmentation-no-redraw")[DENSENET_LOGMEL]
    once, often = read_predictions(folder), read_predictions(finished[DENSENET_LOGMEL][1])
    assert (record["redrawn"], record["crops_heard"]) == (0, len(once.clips))
    assert (often.y_prob.max(axis=1) >= once.y_prob.max(axis=1) - 1e-6).all()  # the same first draw, or a surer one
    assert record["epochs"] == 2


def test_predict_says_what_was_heard(finished, tmp_path, capsys):
    generator = np.random.default_rng(9)
    soundfile.write(tmp_path / "bark.wav", tone(300, 1.0, generator), RATE_HZ)
    soundfile.write(tmp_path / "silent.wav", np.zeros(RATE_HZ), RATE_HZ)
    (tmp_path / "text.wav").write_text("no sound")
    files = [str(tmp_path / f"{name}.wav") for name in ("bark", "silent", "text")]
    assert main(["predict", "shan_tagging", *files, "--json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    heard = answer["files"][0]["models"]
    assert set(heard) == set(finished)
    assert all(set(given["probabilities"]) == set(TONES_HZ) and given["crops"] >= 1 for given in heard.values())
    assert "silent.wav: is silent" in answer["files"][1]["error"]
    assert "text.wav: cannot be read as audio" in answer["files"][2]["error"]


def test_a_run_that_stops_goes_on_with_the_same_numbers(finished, place):
    kept = finished[DENSENET_LOGMEL][1].joinpath("history.csv").read_text()
    source = place / "cache/runs/shan_tagging" / finished[DENSENET_LOGMEL][0]["key"]
    shutil.move(source, place / "aside")
    options = {"models": [DENSENET_LOGMEL], "folds": (0,), "corpus": "fsdkaggle2018-subset", "precision": "float32"}
    options["report"] = False
    run_paper("shan_tagging", variants=("no-augmentation",), epochs=1, **options)
    run_paper("shan_tagging", variants=("no-augmentation",), **options)
    again = (source / "history.csv").read_text()

    def without_seconds(text):
        return [line.rpartition(",")[0] for line in text.splitlines()]

    assert without_seconds(again) == without_seconds(kept)


def test_a_class_with_fewer_clips_than_folds_is_refused(place, tmp_path, monkeypatch):
    write_clips(tmp_path / "fsdkaggle2018_subset", ["Bark"] * 12 + ["Meow"] * 9)
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_DATA", str(tmp_path))
    with pytest.raises(CorpusError, match="Meow"):
        run_paper("shan_tagging", variants=("no-augmentation",), corpus="fsdkaggle2018-subset")


def test_a_corpus_without_audio_is_refused(place):
    with pytest.raises(ValueError, match="corpus vntm has no audio; .*: .*fsdd, fsdkaggle2018,"):
        run_paper("shan_tagging", corpus="vntm")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"variants": ("pretrained",)}, "SoundNet's published weights are not in .*, or name the other models"),
        ({"variants": ("pretrained",), "corpus": "vegas"}, "vegas is the corpus to be tagged itself: name another"),
        ({"pretrain": "fsdd"}, "--pretrain is for variant pretrained: add --variant pretrained"),
        ({"variants": ("pretrained",), "pretrain": "fsdkaggle2018"}, "is the corpus to be tagged itself: name another"),
    ],
)
def test_what_cannot_be_begun_on_is_refused(place, options, message):
    with pytest.raises(ValueError, match=message):
        run_paper("shan_tagging", **options)


def test_pretraining_comes_first_on_the_other_corpus(place):
    asked = {"models": [RESNET], "folds": (3,), "corpus": "fsdkaggle2018-subset", "pretrain": "fsdd"}
    before, after = planned(variants=("pretrained",), **asked)
    first, second = before.unit, after.unit
    assert (first.corpus, first.variant, first.fold) == ("fsdd", "no-augmentation", 0)
    assert (second.corpus, second.variant, second.fold) == ("fsdkaggle2018-subset", "pretrained", 3)
    assert (after.settings["pretrained_on"], after.settings["pretrained_fingerprint"]) == ("fsdd", first.fingerprint)
    assert after.source == first
    assert before.key in after.needs
    assert (before.asked, after.asked) == (False, True)


def test_what_is_pretrained_begins_on_vegas_unless_another_corpus_is_named(place):
    with pytest.raises(CorpusError, match="vegas"):
        run_paper("shan_tagging", variants=("pretrained",), models=[RESNET], folds=(3,), corpus="fsdkaggle2018-subset")


def test_soundnet_begins_from_its_published_weights(place, monkeypatch):
    loaded = []
    monkeypatch.setattr(soundnet, "require", lambda: None)
    monkeypatch.setattr(soundnet, "load_into", lambda model, file: loaded.append(file))
    monkeypatch.setattr(training, "fit", lambda *arguments, **options: pytest.fail("begun"))
    asked = {"variants": ("paper", "pretrained"), "models": [SOUNDNET], "folds": (3,)}
    tasks = planned(**asked, corpus="fsdkaggle2018-subset")
    assert [task.settings["soundnet_start"] for task in tasks] == ["scratch", "published weights"]
    without_sox = tasks[1].data["settings"] | {"n_copies": 0}
    with pytest.raises(pytest.fail.Exception, match="begun"):
        train.train(tasks[1], train.open_data("fsdkaggle2018-subset", without_sox))
    assert loaded == [soundnet.converted_file()]


def test_a_network_begins_from_another_corpus_but_for_its_output(finished, place):
    record = finished[DENSENET_LOGMEL][0]
    folder = place / "cache/runs/shan_tagging" / record["key"]
    trained, model = build(DENSENET_LOGMEL, record["settings"], 2), build(DENSENET_LOGMEL, record["settings"], 5)
    head = [weights.copy() for weights in model.get_layer("probabilities").get_weights()]
    trained.load_weights(folder / "network.weights.h5")
    pretraining.begin(model, folder)
    for ours, theirs in zip(model.layers[:-1], trained.layers[:-1], strict=True):
        assert all(map(np.array_equal, ours.get_weights(), theirs.get_weights()))
    assert all(map(np.array_equal, model.get_layer("probabilities").get_weights(), head))


def test_all_folds_are_run_unless_some_are_named(place):
    tasks = planned(variants=("no-redraw",), models=[RESNET], corpus="fsdkaggle2018-subset")
    done = [(task.unit.variant, task.unit.fold, task.asked) for task in tasks]
    assert done == [(v, fold, v == "no-redraw") for fold in range(10) for v in ("paper", "no-redraw")]
