"""The whole way from clips to the table and to predictions, on a few tones in place of the corpus."""

import json

import keras
import numpy as np
import pandas as pd
import pytest
import soundfile

import reproductions.commands.run as command  # a module: sorted alike whatever the name of the paper
from data_prep.common import windows
from data_prep.corpora import fsdd, synthetic
from reproductions._template import predict, train
from reproductions._template.features import windows_of
from reproductions._template.model import build
from shared.paper.loading import load_paper
from shared.results import store
from shared.results.runs_table import read_runs
from shared.runs.networks import load_network, trained_units
from shared.runs.plan import Request
from shared.runs.predictions import read_predictions
from shared.training.scaling import SCALING

pytestmark = pytest.mark.usefixtures("eagerly")

PAPER = load_paper("_template")
RATE_HZ, WINDOW_SECONDS = (PAPER.setting(name) for name in ("sample_rate_hz", "window_seconds"))
N_SAMPLES = round(3 * WINDOW_SECONDS * synthetic.SAMPLE_RATE_HZ)  # of a clip
SPLITS = ("train", "train", "train", "validation", "test")  # of the clips of a class
LOUDNESS = {"train": 0.3, "validation": 0.01, "test": 0.001}


def tone(label: str, split: str) -> np.ndarray:
    """Another pitch a class, in the same noise everywhere: where the tone is quiet, the bands are others' decibels."""
    t = np.arange(N_SAMPLES) / synthetic.SAMPLE_RATE_HZ
    noise = np.random.default_rng(0).normal(scale=0.001, size=t.size)
    return LOUDNESS[split] * np.sin(2 * np.pi * 200 * 2 ** synthetic.CLASSES.index(label) * t) + noise


@pytest.fixture
def few_clips(tmp_path, monkeypatch):
    """Five clips a class; results and cache go to tmp_path."""
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_RESULTS", str(tmp_path / "results"))
    rows = []
    for label in synthetic.CLASSES:
        for number, split in enumerate(SPLITS):
            path = tmp_path / f"{label}.{number:03d}.wav"
            soundfile.write(path, tone(label, split), synthetic.SAMPLE_RATE_HZ, "PCM_16")
            place = (str(path), 0, N_SAMPLES)
            rows.append((path.stem, str(path), label, split, path.stem, f"{len(rows):064x}", *place))
    columns = ["clip", "path", "label", "split", "group", "sha256", "audio_path", "offset", "n_samples"]
    monkeypatch.setattr(synthetic.CORPUS, "index", lambda: pd.DataFrame(rows, columns=columns))
    before = keras.config.dtype_policy()
    yield tmp_path
    keras.config.set_dtype_policy(before)


def test_run_trains_every_model_and_predict_uses_it(few_clips, capsys):
    with pytest.raises(ValueError, match="none of the models is trained yet"):
        predict.main([str(few_clips / "drums.000.wav")])
    assert command.run_paper(PAPER.id, corpus="synthetic", precision="float32", epochs=1) == 0
    folder = store.results_folder(PAPER.id, "synthetic")
    rows = read_runs(folder / "runs.csv")
    assert {row["model"] for row in rows} == {cell.model for cell in PAPER.cells()}, "votes among them"
    assert {(row["status"], row["epochs"], row["split"]) for row in rows} == {("partial", "1", "test")}
    assert "not comparable" in capsys.readouterr().out, "synthetic data is never a reproduction"
    song, silent = few_clips / "drums.004.wav", few_clips / "silent.wav"
    soundfile.write(silent, np.zeros(RATE_HZ), RATE_HZ)
    assert predict.main([str(song), str(silent)], as_json=True) == 1
    heard, refused = json.loads(capsys.readouterr().out)["files"]
    assert set(heard["models"]) == set(PAPER.models)
    assert "silen" in refused["error"]
    for record, unit in trained_units(PAPER):  # the answer is that of the test: same windows, same scaling
        kept = read_predictions(unit, record).on("test")
        of_song = [clip.startswith("drums.004.") for clip in kept.clips]
        answer = heard["models"][record["model"]]
        expected = dict(zip(kept.classes, kept.y_prob[of_song].mean(axis=0), strict=True))
        assert answer["probabilities"] == pytest.approx(expected, abs=1e-3)


def test_the_scaling_is_that_of_the_training_windows_alone(few_clips):
    assert command.run_paper(PAPER.id, corpus="synthetic", precision="float32", epochs=1) == 0
    settings = PAPER.settings_for()
    data = train.open_data("synthetic", settings)
    split = windows.with_protocol(data.module, data.rows, "published")["split"].to_numpy()
    for record, unit in trained_units(PAPER):
        model = build(record["model"], settings, data.features.shape[1:], len(synthetic.CLASSES))
        load_network(model, unit)
        mean = np.asarray(model.get_layer(SCALING).mean)
        summed = tuple(axis for axis, size in enumerate(mean.shape) if size < data.features.shape[axis])
        of = {"axis": summed, "keepdims": True, "dtype": "float64"}
        assert mean == pytest.approx(data.features[split == "train"].mean(**of), abs=1e-3)
        for others in ("validation", "test"):  # who would have been seen
            assert np.abs(mean - data.features[np.isin(split, ["train", others])].mean(**of)).max() > 0.1


def test_a_corpus_of_images_is_refused_before_anything_is_read():
    with pytest.raises(ValueError, match="corpus vntm has no audio; those with audio are: .*fsdd"):
        train.plan(PAPER, Request(corpus="vntm"))


def test_any_corpus_of_audio_is_cut_at_the_papers_sample_rate():
    rows = windows_of(fsdd.CORPUS, fsdd.index()[:3], PAPER.settings_for())
    assert {len(window) for window in windows.signals(fsdd.CORPUS, rows)} == {round(WINDOW_SECONDS * RATE_HZ)}
