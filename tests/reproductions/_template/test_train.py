"""The whole way from clips to the table and to predictions, on a few tones in place of the corpus."""

import json

import keras
import numpy as np
import pandas as pd
import pytest
import soundfile

import reproductions.commands.run as command  # a module: sorted alike whatever the name of the paper
from data_prep.common import folders
from data_prep.corpora import synthetic
from reproductions._template import predict
from reproductions._template.features import windows_of
from shared.paper.loading import load_paper
from shared.results import store
from shared.results.runs_table import read_runs

PAPER = load_paper("_template")
RATE_HZ, SECONDS = 22050, 3
SPLITS = ("train", "train", "train", "validation", "test")  # of the clips of a class


def tone(label: str) -> np.ndarray:
    """Another pitch a class."""
    t = np.arange(RATE_HZ * SECONDS) / RATE_HZ
    return 0.3 * np.sin(2 * np.pi * 200 * 2 ** synthetic.CLASSES.index(label) * t)


@pytest.fixture
def few_clips(tmp_path, monkeypatch):
    """Five clips a class; results and cache go to tmp_path."""
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_RESULTS", str(tmp_path / "results"))
    rows = []
    for label in synthetic.CLASSES:
        for number, split in enumerate(SPLITS):
            path = tmp_path / f"{label}.{number:03d}.wav"
            soundfile.write(path, tone(label), RATE_HZ, "PCM_16")
            rows.append((path.stem, str(path), label, split, path.stem, f"{len(rows):064x}", str(path)))
    columns = ["clip", "path", "label", "split", "group", "sha256", "audio_path"]
    monkeypatch.setattr(synthetic.CORPUS, "index", lambda: pd.DataFrame(rows, columns=columns))
    monkeypatch.setattr(synthetic, "N_SAMPLES", RATE_HZ * SECONDS)
    before = keras.config.dtype_policy()
    yield tmp_path
    keras.config.set_dtype_policy(before)


def test_run_trains_every_model_and_predict_uses_it(few_clips, capsys):
    with pytest.raises(ValueError, match="none of the models is trained yet"):
        predict.main([str(few_clips / "drums.000.wav")])
    assert command.run_paper(PAPER.id, corpus="synthetic", precision="float32", epochs=1) == 0
    folder = store.results_folder(PAPER.id, "synthetic")
    rows = read_runs(folder / "runs.csv")
    assert {row["model"] for row in rows} == set(PAPER.models)
    assert {(row["status"], row["epochs"], row["split"]) for row in rows} == {("partial", "1", "test")}
    assert "not comparable" in capsys.readouterr().out, "synthetic data is never a reproduction"
    song, short = few_clips / "drums.000.wav", few_clips / "short.wav"
    soundfile.write(short, tone("drums")[:RATE_HZ], RATE_HZ)
    assert predict.main([str(song), str(short)], as_json=True) == 1
    heard, refused = json.loads(capsys.readouterr().out)["files"]
    assert set(heard["models"]) == set(PAPER.models)
    assert "lasts 1 s; at least" in refused["error"]


def test_a_corpus_that_does_not_fit_is_refused():
    class Other:
        NAME, SAMPLE_RATE_HZ, windows = "other", 16000, folders.windows

    with pytest.raises(ValueError, match="has 16,000 samples a second, and paper.toml's sample_rate_hz is 22,050"):
        windows_of(Other, None, PAPER.settings_for())
    Other.windows = None
    with pytest.raises(ValueError, match="corpus other has no audio to cut into windows"):
        windows_of(Other, None, PAPER.settings_for())
