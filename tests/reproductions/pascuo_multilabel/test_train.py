"""The whole way from tracks to the table and to a prediction, on a few tracks of made sounds and a small network."""

import dataclasses
import json
import os
from pathlib import Path

import keras
import numpy as np
import pytest
import soundfile

from data_prep import figure1, mixtures
from reproductions.__main__ import main
from reproductions.pascuo_multilabel import train
from reproductions.pascuo_multilabel.model import CNN, CONSTANT
from shared import multilabel, results
from shared.metrics import binary_crossentropy
from shared.paper import load_paper

DATA = os.environ.get("AUDIO_REPRODUCTIONS_DATA")  # before a fixture points elsewhere
SMALL = {
    "stand_in_tracks": 12,
    "stand_in_samples": 60,
    "sample_seconds": 0.25,
    "n_genres": 3,
    "filters": [2, 2, 2, 4],
    "units": [8, 8],
    "epochs": 2,
    "batch_size": 16,
    "max_per_set_share": 1.0,
}


@pytest.fixture
def few_tracks(tmp_path, monkeypatch):
    """Twelve tracks, five genres, a small network, two epochs; results and cache go to tmp_path."""
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "1")
    monkeypatch.setattr(results, "RESULTS_ROOT", tmp_path / "results")
    whole = figure1.index
    monkeypatch.setattr(figure1, "index", lambda n_tracks: whole(n_tracks=n_tracks, n_genres=3))
    features_of = train.features_of
    monkeypatch.setattr(train, "features_of", lambda *given: features_of(*given, n_jobs=1))
    paper = load_paper("pascuo_multilabel")
    values = {name: dataclasses.replace(paper.settings[name], value=value) for name, value in SMALL.items()}
    paper = dataclasses.replace(paper, settings=paper.settings | values)
    monkeypatch.setattr(train, "load_paper", lambda name: paper)
    before = keras.config.dtype_policy()
    yield tmp_path
    keras.config.set_dtype_policy(before)


def done():
    folder = results.results_folder("pascuo_multilabel")
    found = results.unit_folders(folder / "units")
    return {(record["model"], record["variant"]): (record, unit) for record, unit in found}


def test_run_trains_and_stands_beside_a_constant_predictor(few_tracks, capsys):
    assert train.run(variants=("paper", "corrected"), corpus="figure1", precision="float32") == 0
    units = done()
    assert set(units) == {(model, variant) for model in (CNN, CONSTANT) for variant in ("paper", "corrected")}
    record, folder = units[CNN, "paper"]
    assert (record["status"], record["epochs"]) == ("complete", 2)
    assert set(record["thresholds"]) == {0.5}
    predictions = results.read_predictions(folder)
    assert set(predictions.split) == {"validation"}
    assert len(predictions.clips) == 9  # 15 % of 60
    lines = (folder / "history.csv").read_text().splitlines()
    column = lines[0].split(",").index("val_loss")
    lowest = min(float(line.split(",")[column]) for line in lines[1:])
    assert binary_crossentropy(predictions.y_true, predictions.y_prob) == pytest.approx(lowest, abs=1e-4)

    constant = results.read_predictions(units[CONSTANT, "paper"][1])
    assert constant.clips.tolist() == predictions.clips.tolist()
    assert (constant.y_prob == constant.y_prob[0]).all()
    assert set(units[CNN, "corrected"][0]["thresholds"]) != {0.5}

    out = " ".join(capsys.readouterr().out.split())
    assert "published 0.21* 0.93*" in out
    assert "not comparable: corpus figure1, the paper's is music_library: its label sets are drawn from" in out
    shown = f"{binary_crossentropy(constant.y_true, constant.y_prob):.4f}"
    assert f"{CONSTANT} {shown}" in out
    results_folder = results.results_folder("pascuo_multilabel")
    names = {path.name for path in results_folder.iterdir()}
    section = {f"{kind}_paper_figure1.{end}" for kind, end in (("labels", "csv"), ("labels", "png"), ("genres", "csv"))}
    assert section | {"thresholds_paper_figure1.csv", "curves_paper_figure1.png", "runs.csv", "diff.csv"} <= names
    summary = (results_folder / "labels_paper_figure1.csv").read_text().splitlines()
    row = dict(zip(summary[0].split(","), summary[1].split(","), strict=True))
    assert row["model"] == CNN
    assert float(row["map"]) == pytest.approx(
        multilabel.mean_average_precision(predictions.y_true, predictions.y_prob), abs=1e-6
    )


def test_grouped_keeps_tracks_whole_and_the_tuning_samples_apart(few_tracks):
    settings = train.load_paper("pascuo_multilabel").settings_for("corrected")
    data = train.load("figure1", settings)
    split = figure1.with_protocol(data.rows, "grouped")
    unit = train.Unit("pascuo_multilabel", CNN, "corrected", "grouped", 0, 0, "float32", "figure1", data.fingerprint)
    rows = train.splits(split, unit, settings)
    assert np.sort(np.concatenate(list(rows.values()))).tolist() == list(range(len(split)))
    tracks = {name: set(split["track"].iloc[numbers]) for name, numbers in rows.items()}
    assert all(tracks.values())
    assert not tracks["train"] & tracks["validation"]
    assert not tracks["train"] & tracks["tuning"]
    assert not tracks["validation"] & tracks["tuning"]


def test_without_others_has_one_label_less(few_tracks):
    settings = train.load_paper("pascuo_multilabel").settings_for("without-others")
    whole = train.load_paper("pascuo_multilabel").settings_for()
    assert set(train.load("figure1", whole).classes) - set(train.load("figure1", settings).classes) == {"Others"}


def test_a_corpus_with_one_label_a_clip_is_refused(few_tracks):
    with pytest.raises(ValueError, match="corpus gtzan has no tracks with one or two labels; pascuo_multilabel needs"):
        train.run(corpus="gtzan")


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
    assert train.run(precision="float32", epochs=1) == 0
    record, unit = done()[CNN, "paper"]
    assert (record["status"], record["classes"]) == ("partial", ["Jazz", "Pop, Soft", "Rock"])
    assert (unit / "skipped.csv").read_text().splitlines()[1].startswith("broken.wav,")
    out = " ".join(capsys.readouterr().out.split())
    assert "1 clips skipped as unreadable" in out
    assert "not comparable: partial: 1 of 2 epochs" in out


def test_real_instruments_are_mixed_and_trained_on(few_tracks, capsys, monkeypatch):
    if not DATA:
        pytest.skip("AUDIO_REPRODUCTIONS_DATA is not set: no real corpus to test on")
    if not (Path(DATA) / mixtures.FOLDER / mixtures.TABLE).is_file():
        pytest.skip(f"no {mixtures.FOLDER} under AUDIO_REPRODUCTIONS_DATA ({DATA})")
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_DATA", DATA)
    assert train.run(corpus="mixtures", precision="float32", epochs=1) == 0
    record, unit = done()[CNN, "paper"]
    assert set(record["classes"]) <= set(mixtures.CLASSES)
    assert len(results.read_predictions(unit).clips) == 9
    assert "not comparable: corpus mixtures, the paper's is music_library: ten instruments" in " ".join(
        capsys.readouterr().out.split()
    )


def test_predict_names_every_genre_above_its_threshold(few_tracks, capsys, monkeypatch):
    from reproductions.pascuo_multilabel import predict

    assert train.run(corpus="figure1", precision="float32", epochs=1) == 0
    file, short = few_tracks / "song.wav", few_tracks / "short.wav"
    soundfile.write(file, 0.1 * np.random.default_rng(0).standard_normal(5 * 44100), 44100)
    soundfile.write(short, np.full(100, 0.1), 44100)
    monkeypatch.setattr(predict, "load_paper", train.load_paper)
    capsys.readouterr()
    assert main(["predict", "pascuo_multilabel", str(file), str(short), "--json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    given = answer["files"][0]["models"][CNN]
    assert given["samples"] == 20  # of a quarter of a second
    above = [name for name, probability in given["probabilities"].items() if probability > 0.5]
    assert set(given["labels"]) == set(above)
    assert "short.wav" in answer["files"][1]["error"]
    assert main(["predict", "pascuo_multilabel", str(file)]) == 0
    assert given["class"] in capsys.readouterr().out
