"""The whole way from tracks to the table and to a prediction, on a few tracks of made sounds and a small network."""

import dataclasses
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from data_prep.corpora import library_labels, mixtures
from reproductions.__main__ import main
from reproductions.commands import run as command
from reproductions.commands.run import run_paper
from reproductions.pascuo_multilabel import samples, train
from reproductions.pascuo_multilabel.model import CNN, CONSTANT
from reproductions.pascuo_multilabel.settings import Split
from shared.audio.signals import resample
from shared.metrics import multilabel
from shared.paper.loading import load_paper
from shared.paper.settings import read_settings
from shared.results import store
from shared.runs.predictions import read_predictions
from shared.runs.units import unit_folders
from tests.reproductions.working_in import printed_by_run, working_in

pytestmark = pytest.mark.usefixtures("eagerly")

DATA = os.environ.get("AUDIO_REPRODUCTIONS_DATA")  # before a fixture points elsewhere
MADE = "library_labels-some"
SMALL = {
    "mixed_tracks": 14,
    "made_samples": 120,
    "shortest_seconds": 2.0,
    "filters": [2, 2, 2, 2, 4],
    "units": 8,
    "epochs": 2,
    "batch_size": 16,
    "max_per_set_share": 1.0,
    "kept_predictions": 10,
}
LABELS = ("Jazz", "Jazz|Pop", "Rock", "Others|Others", "Pop", "Jazz|Rock", "Pop|Rock", "Others|Pop") * 3


@pytest.fixture(scope="module")
def small():
    """24 tracks, four genres, a small network, two epochs."""
    features_of, paper = samples.features_of, load_paper("pascuo_multilabel")
    values = {name: dataclasses.replace(paper.settings[name], value=value) for name, value in SMALL.items()}
    paper = dataclasses.replace(paper, settings=paper.settings | values)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOKY_MAX_CPU_COUNT", "1")
        patch.setattr(library_labels, "dealt", lambda: LABELS)
        patch.setattr(library_labels, "classes", lambda: ("Jazz", "Others", "Pop", "Rock"))
        patch.setattr(samples, "features_of", lambda *given: features_of(*given, n_jobs=1))
        patch.setattr(command, "load_paper", lambda name: paper)
        yield


@pytest.fixture
def few_tracks(small, tmp_path):
    """Results and cache go to tmp_path."""
    with working_in(tmp_path):
        yield tmp_path


@pytest.fixture(scope="module")
def run_of_paper(small, tmp_path_factory):
    """What a run of variant paper leaves: its folder, and what it printed."""
    folder = tmp_path_factory.mktemp("paper")
    return folder, printed_by_run(folder, "pascuo_multilabel", corpus=MADE, precision="float32")


@pytest.fixture
def trained(run_of_paper, few_tracks):
    """The same in tmp_path."""
    shutil.copytree(run_of_paper[0], few_tracks, dirs_exist_ok=True)
    return few_tracks


def done():
    folder = store.results_folder("pascuo_multilabel")
    found = unit_folders(folder / "units")
    return {(record["model"], record["variant"]): (record, unit) for record, unit in found}


def columns(folder, name):
    """The column of a history."""
    lines = [line.split(",") for line in (folder / "history.csv").read_text().splitlines()]
    return [float(line[lines[0].index(name)]) for line in lines[1:]]


def test_run_trains_and_stands_beside_a_constant_predictor(trained, run_of_paper):
    units = done()
    assert set(units) == {(model, "paper") for model in (CNN, CONSTANT)}
    record, folder = units[CNN, "paper"]
    assert (record["status"], record["epochs"], record["best_epoch"]) == ("complete", 2, 2)  # the last counts
    assert set(record["thresholds"]) == {0.5}
    predictions = read_predictions(folder)
    assert set(predictions.split) == {"validation"}
    assert len(predictions.clips) == 10  # of the 18 that are 15 % of 120
    assert record["validation"]["n"] == 18
    assert columns(folder, "val_binary_crossentropy")[-1] == pytest.approx(
        record["validation"]["binary_crossentropy"], abs=1e-4
    )

    constant_record, constant_folder = units[CONSTANT, "paper"]
    constant = read_predictions(constant_folder)
    assert constant.clips.tolist() == predictions.clips.tolist()
    assert (constant.y_prob == constant.y_prob[0]).all()
    assert constant_record["validation"]["n"] == constant_record["nothing_heard"]["n"] == 18
    alike, deaf = (constant_record[name]["binary_crossentropy"] for name in ("validation", "nothing_heard"))
    assert alike != deaf  # the class weights move the answers of a network that hears nothing

    out = " ".join(run_of_paper[1].split())
    assert "published 0.21* 0.93*" in out
    assert f"not comparable: corpus {MADE}, the paper's is music_library: the labels are the paper's" in out
    results_folder = store.results_folder("pascuo_multilabel")
    names = {path.name for path in results_folder.iterdir()}
    kinds = (("labels", "csv"), ("labels", "png"), ("genres", "csv"), ("thresholds", "csv"), ("curves", "png"))
    assert {f"{kind}_paper_{MADE}.{end}" for kind, end in kinds} | {"runs.csv", "diff.csv"} <= names
    assert "exact" not in (results_folder / "runs.csv").read_text()  # what follows from the labels alone is not run
    summary = (results_folder / f"labels_paper_{MADE}.csv").read_text().splitlines()
    row = dict(zip(summary[0].split(","), summary[1].split(","), strict=True))
    assert row["model"] == CNN
    assert float(row["map"]) == pytest.approx(
        multilabel.mean_average_precision(predictions.y_true, predictions.y_prob), abs=1e-6
    )


def test_the_lowest_losses_epoch_is_kept_where_the_variant_says_so(few_tracks):
    options = {"corpus": MADE, "precision": "float32", "seeds": (3,), "report": False}
    assert run_paper("pascuo_multilabel", variants=("best-epoch", "corrected"), **options) == 0
    units = done()
    record, folder = units[CNN, "best-epoch"]
    losses = columns(folder, "val_loss")
    assert record["best_epoch"] == 1 + losses.index(min(losses))
    assert set(units[CNN, "corrected"][0]["thresholds"]) != {0.5}
    assert units[CONSTANT, "corrected"][0]["seed"] == 0  # it has none, so it is there once


def test_only_the_constant_predictor(few_tracks):
    assert run_paper("pascuo_multilabel", models=(CONSTANT,), corpus=MADE, report=False) == 0
    assert set(done()) == {(CONSTANT, "paper")}


def test_the_weights_are_kerass_of_all_samples_labels(few_tracks, monkeypatch):
    """1 / C divided by the label's share of all labels, training and validation together; a sample has its first's."""
    seen = {}
    monkeypatch.setattr(train.fitting, "fit", lambda model, rows, *_, **__: seen.update(rows=rows) or (1 / 0))
    settings = command.load_paper("pascuo_multilabel").settings_for()
    data = train.open_data(MADE, settings)
    unit = train.Unit("pascuo_multilabel", CNN, "paper", "published", 0, 0, "float32", MADE, data.fingerprint)
    with pytest.raises(ZeroDivisionError):
        train.train(train.Task(unit, settings, {}, train.__name__, epochs=1), data)
    counts = data.labels.sum(axis=0)
    expected = (1 / len(counts)) / (counts / counts.sum())
    first = data.labels.argmax(axis=1)
    np.testing.assert_allclose(seen["rows"].weights, expected[first], rtol=1e-6)


def test_grouped_keeps_tracks_whole_and_the_tuning_samples_apart(few_tracks):
    settings = command.load_paper("pascuo_multilabel").settings_for("corrected")
    data = train.open_data(MADE, settings)
    shares = read_settings(Split, settings)
    split = samples.split_of(data.module, data.rows, "grouped", 0, shares)
    unit = train.Unit("pascuo_multilabel", CNN, "corrected", "grouped", 0, 0, "float32", MADE, data.fingerprint)
    rows = train.splits(split, unit, shares.tuning_fraction)
    assert np.sort(np.concatenate(list(rows.values()))).tolist() == list(range(len(split)))
    tracks = {name: set(split["track"].iloc[numbers]) for name, numbers in rows.items()}
    assert all(tracks.values())
    assert not tracks["train"] & tracks["validation"]
    assert not tracks["train"] & tracks["tuning"]
    assert not tracks["validation"] & tracks["tuning"]


def test_without_others_has_one_label_less(few_tracks):
    settings = command.load_paper("pascuo_multilabel").settings_for("without-others")
    whole = command.load_paper("pascuo_multilabel").settings_for()
    assert set(train.open_data(MADE, whole).classes) - set(train.open_data(MADE, settings).classes) == {"Others"}


def test_a_corpus_with_one_label_a_clip_is_refused(few_tracks):
    with pytest.raises(ValueError, match="corpus gtzan has no tracks with one or two labels; pascuo_multilabel needs"):
        run_paper("pascuo_multilabel", corpus="gtzan")


def test_a_librarys_own_tracks_are_trained_on_and_the_bad_one_is_named(few_tracks, capsys):
    folder = few_tracks / "data" / "music_library"
    folder.mkdir(parents=True)
    generator, lines = np.random.default_rng(0), ["file,genre 1,genre 2"]
    for number in range(8):
        soundfile.write(folder / f"{number}.wav", 0.1 * generator.standard_normal(3 * 44100), 44100)
        first, second = ('"Pop, Soft"', "Rock")[number % 2], ("", "Jazz")[number // 4]
        lines.append(f"{number}.wav,{first},{second}")
    (folder / "broken.wav").write_bytes(b"no audio")
    (folder / "library.csv").write_text("\n".join([*lines, "broken.wav,Rock,"]) + "\n")
    assert run_paper("pascuo_multilabel", precision="float32", epochs=1) == 0
    record, unit = done()[CNN, "paper"]
    assert (record["status"], record["classes"]) == ("partial", ["Jazz", "Pop, Soft", "Rock"])
    assert len(read_predictions(unit).clips) == 4  # 15 % of 24 s
    assert (unit / "skipped.csv").read_text().splitlines()[1].startswith("broken.wav,")
    out = " ".join(capsys.readouterr().out.split())
    assert "1 clips skipped as unreadable" in out
    assert "not comparable" in out


def test_real_instruments_are_mixed_and_trained_on(few_tracks, capsys, monkeypatch):
    if not DATA:
        pytest.skip("AUDIO_REPRODUCTIONS_DATA is not set: no real corpus to test on")
    if not (Path(DATA) / mixtures.FOLDER / mixtures.TABLE).is_file():
        pytest.skip(f"no {mixtures.FOLDER} under AUDIO_REPRODUCTIONS_DATA ({DATA})")
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_DATA", DATA)
    assert run_paper("pascuo_multilabel", corpus="mixtures", precision="float32", epochs=1) == 0
    record, unit = done()[CNN, "paper"]
    assert set(record["classes"]) <= set(mixtures.classes())
    assert len(read_predictions(unit).clips) == 10
    assert "not comparable: corpus mixtures, the paper's is music_library: ten instruments" in " ".join(
        capsys.readouterr().out.split()
    )


def test_predict_names_every_genre_above_its_threshold(trained, capsys, monkeypatch):
    from reproductions.pascuo_multilabel import predict

    options = {"corpus": MADE, "precision": "float32", "epochs": 1, "report": False}
    assert run_paper("pascuo_multilabel", variants=("two-channels",), **options) == 0
    file, short = trained / "song.wav", trained / "short.wav"
    soundfile.write(file, 0.1 * np.random.default_rng(0).standard_normal((5 * 44100, 2)), 44100)
    soundfile.write(short, np.full(100, 0.1), 44100)
    monkeypatch.setattr(predict, "load_paper", command.load_paper)
    capsys.readouterr()
    assert main(["predict", "pascuo_multilabel", str(file), str(short), "--json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    given = answer["files"][0]["models"][CNN]
    assert given["samples"] == 25  # of 0.2 s
    assert answer["not trained"] == []  # the constant predictor has nothing to be trained
    above = [name for name, probability in given["probabilities"].items() if probability > 0.5]
    assert set(given["labels"]) == set(above)
    assert "short.wav" in answer["files"][1]["error"]
    assert main(["predict", "pascuo_multilabel", str(file)]) == 0
    assert given["class"] in capsys.readouterr().out


@pytest.mark.parametrize("variant", ["paper", "two-channels"])
def test_predict_cuts_a_recording_as_training_does(variant):
    from reproductions.pascuo_multilabel import predict

    settings = load_paper("pascuo_multilabel").settings_for(variant)
    signal = np.random.default_rng(0).standard_normal((44100, 2)).astype(np.float32)
    cut = predict.cut(signal, settings)
    if variant == "paper":
        whole = resample(signal.mean(axis=1), 44100, 22050)
        assert np.array_equal(cut, whole.reshape(5, 4410))
    else:
        assert np.array_equal(cut, signal.reshape(10, 4410, 2))
    assert samples.mfccs(cut, settings).shape == (len(cut), 19, 13)
