"""The whole way from the embedded clips to the table, on a few real ones and with narrow networks."""

import csv
import dataclasses
import json
import shutil

import numpy as np
import pytest
import soundfile

from data_prep.corpora import fsdd
from reproductions.__main__ import main
from reproductions.commands import run as command
from reproductions.commands.run import run_paper
from reproductions.pragadaraju_digits import predict, recognition, train
from reproductions.pragadaraju_digits.model import CNN, RNN, TEXT
from reproductions.pragadaraju_digits.words import kept_vocabulary
from shared.paper.loading import load_paper
from shared.paper.schema import Setting
from shared.results import store
from shared.runs.predictions import read_predictions
from shared.runs.units import unit_folders
from tests.reproductions.working_in import printed_by_run, working_in

pytestmark = pytest.mark.usefixtures("eagerly")


def narrow(paper):
    """The paper with layers of two to four units and 24 x 24 images, so that an epoch takes a moment."""
    changes = {"units": [4, 3, 2], "image_height": 24, "image_width": 24, "text_embedding_units": 4, "probe_pixels": 4}
    changes |= {"cnn_kernel": 3, "cnn_padding": "same", "epochs": 3}
    settings = paper.settings | {
        name: dataclasses.replace(paper.settings[name], value=value) for name, value in changes.items()
    }
    assert all(isinstance(setting, Setting) for setting in settings.values())
    return dataclasses.replace(paper, settings=settings)


@pytest.fixture(scope="module")
def narrowed():
    """Two speakers' first five takes of each digit, and narrow networks."""
    whole = fsdd.index()
    frame = whole[whole["group"].isin(["jackson", "george"]) & (whole["take"] < 5)].reset_index(drop=True)
    paper = narrow(load_paper("pragadaraju_digits"))
    with pytest.MonkeyPatch.context() as patch:
        for corpus in (fsdd, fsdd.CORPUS):
            patch.setattr(corpus, "index", lambda *arguments, **options: frame)
        for module in (command, predict):
            patch.setattr(module, "load_paper", lambda name: paper)
        yield


@pytest.fixture
def few_clips(narrowed, tmp_path):
    """Results and cache go to tmp_path."""
    with working_in(tmp_path):
        yield tmp_path


@pytest.fixture(scope="module")
def run_of_all(narrowed, tmp_path_factory):
    """What a run of all models leaves after two of three epochs: its folder, and what it printed."""
    folder = tmp_path_factory.mktemp("all")
    return folder, printed_by_run(folder, "pragadaraju_digits", precision="float32", epochs=2)


@pytest.fixture
def trained(run_of_all, few_clips):
    """The same in tmp_path."""
    shutil.copytree(run_of_all[0], few_clips, dirs_exist_ok=True)
    return few_clips


def forget(folder, model):
    """Remove the units of a model from the cache."""
    for record, unit in unit_folders(folder / "cache" / "runs" / "pragadaraju_digits"):
        if record["model"] == model:
            shutil.rmtree(unit)


def units_by_model(folder):
    return {record["model"]: (record, unit) for record, unit in unit_folders(folder / "units")}


def test_run_trains_all_three_and_predicts(trained, run_of_all, capsys):
    folder = store.results_folder("pragadaraju_digits")
    done = units_by_model(folder)
    assert set(done) == {CNN, RNN, TEXT, "linear probe"}
    n = dict(fsdd.with_protocol(fsdd.index(), "published")["split"].value_counts())
    for model in (CNN, RNN, TEXT):
        record, unit = done[model]
        assert (record["status"], record["epochs"], record["epochs_planned"]) == ("partial", 2, 3)
        assert ("text_words" in record["settings"]) == (model == TEXT)
        assert ("cnn_kernel" in record["settings"]) == (model == CNN)
        predictions = read_predictions(unit)
        assert {split: int((predictions.split == split).sum()) for split in n} == n
        history = list(csv.DictReader((unit / "history.csv").read_text().splitlines()))
        score = (predictions.on("test").y_prob.argmax(1) == predictions.on("test").y_true.argmax(1)).mean()
        assert score == pytest.approx(float(history[-1]["test_accuracy"]), abs=1e-6)  # the last epoch is evaluated
    assert done["linear probe"][0]["status"] == "complete"
    assert read_predictions(done["linear probe"][1]).y_prob.max() < 1
    out = " ".join(run_of_all[1].split())
    assert "Section 6 · Experimental results" in out
    assert "not comparable: other data: fingerprint" in out
    assert (folder / "ablation_rnn-spectrogram.csv").exists()

    # It goes on, and what it has trained classifies a file.
    assert run_paper("pragadaraju_digits", models=[TEXT], precision="float32") == 0
    assert units_by_model(folder)[TEXT][0]["status"] == "complete"
    assert "epoch 1/" not in capsys.readouterr().out
    file = trained / "digit.wav"
    frame = fsdd.index()
    soundfile.write(file, fsdd.signals(frame[:1])[0], 8000)
    assert main(["predict", "pragadaraju_digits", str(file), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert set(answer["files"][0]["models"]) == {CNN, RNN, TEXT}
    assert answer["files"][0]["models"][TEXT]["heard"] == "you know"  # 0_george_0, as in transcripts/sphinx.csv
    predictions = read_predictions(units_by_model(folder)[RNN][1])
    kept = predictions.y_prob[list(predictions.clips).index("0_george_0")]
    given = list(answer["files"][0]["models"][RNN]["probabilities"].values())
    assert np.allclose(given, kept, atol=2e-4)  # the same network on the same clip, rounded to four decimals


def test_the_vocabulary_knows_the_training_clips_only(few_clips):
    run_paper("pragadaraju_digits", models=[TEXT], protocol="grouped", folds=(0,), epochs=1, report=False)
    folder = next((few_clips / "cache" / "runs").glob("*/rnn-textual*fold0*/"))
    frame = fsdd.with_protocol(fsdd.index(), "grouped", 0)
    texts = dict(zip(frame["clip"], train.transcripts_of_clips(frame, "sphinx", 0.0), strict=True))
    heard = {split: {w for clip in part["clip"] for w in texts[clip].split()} for split, part in frame.groupby("split")}
    words = set(kept_vocabulary(folder).words)
    assert words - {recognition.NOT_RECOGNIZABLE} <= heard["train"]
    assert heard["test"] - heard["train"]  # there are words that only the left-out speaker's clips have
    predictions = read_predictions(next((few_clips / "results").glob("*/units/rnn*")))
    for split, speaker in (("train", "jackson"), ("test", "george")):  # the training accuracy is a published one, too
        assert {clip.split("_")[1] for clip in predictions.on(split).clips} == {speaker}


def test_images_are_standardised_by_the_training_clips_only(few_clips):
    images = np.random.default_rng(0).integers(0, 256, (30, 24, 24)).astype("uint8")
    images[20:] = 255
    settings = command.load_paper("pragadaraju_digits").settings_for()
    unit = train.Unit("pragadaraju_digits", RNN, "paper", "published", 0, 0, "float32", "fsdd", "0" * 16)
    _, model = train.image_inputs(unit, settings, images, np.arange(20), 10)
    fitted = model.get_layer(train.SCALING)
    assert np.allclose(np.asarray(fitted.mean).squeeze(), images[:20].mean(axis=0), atol=1e-3)


def test_other_transcripts_are_other_settings(trained, monkeypatch, capsys):
    monkeypatch.setattr(train, "transcripts_of_clips", lambda index, *settings: np.array(["one"] * len(index)))
    assert run_paper("pragadaraju_digits", models=[TEXT], report=False) == 1
    said = capsys.readouterr().out
    assert "begun under other settings" in said
    assert "(transcripts_sha256 was" in said


def test_recurrent_networks_stay_in_float32_unless_asked():
    assert train.precision_of(RNN, "auto") == train.precision_of(TEXT, "auto") == "float32"
    assert train.precision_of(RNN, "bfloat16") == "bfloat16"
    assert train.precision_of(CNN, "float32") == "float32"


def test_another_corpus_and_a_wrong_fold_are_refused_before_anything_is_trained(few_clips):
    with pytest.raises(ValueError, match="corpus synthetic has no spoken digits; fsdd is part of the project"):
        run_paper("pragadaraju_digits", corpus="synthetic")
    with pytest.raises(ValueError, match="has fold 0 to 5, not 6"):
        run_paper("pragadaraju_digits", protocol="grouped", folds=(0, 6))
    assert not (few_clips / "cache" / "runs").exists()


def test_files_that_cannot_be_a_digit_are_named_and_untrained_models_too(trained, capsys):
    forget(trained, CNN)
    signal = fsdd.signals(fsdd.index()[:1])[0]
    files = {
        "tiny": (signal[:8], 8000, "PCM_16"),
        "none": (signal[:0], 8000, "PCM_16"),
        "silent": (signal * 0, 8000, "PCM_16"),
        "long": (np.tile(signal, 30), 8000, "PCM_16"),
        "nan": (signal * np.nan, 8000, "FLOAT"),
        "stereo": (np.repeat(np.stack([signal, signal], 1), 5, axis=0), 44100, "PCM_24"),
    }
    for name, (samples, rate, subtype) in files.items():
        soundfile.write(trained / f"{name}.wav", samples, rate, subtype)
    (trained / "text.wav").write_text("no sound")
    paths = [str(trained / f"{name}.wav") for name in [*files, "text", "missing"]]
    assert main(["predict", "pragadaraju_digits", *paths]) == 1
    out, err = capsys.readouterr()
    for message in (
        "tiny.wav: holds 8 samples (1 ms), and one analysis window takes 93 ms",
        "none.wav: holds no samples",
        "silent.wav: is silent",
        "long.wav: lasts more than 5 s",
        "nan.wav: 2384 of 2384 samples are NaN or infinite",
        "text.wav: cannot be read as audio",
        "missing.wav: no such file",
    ):
        assert message in err
    assert "stereo.wav" in out
    assert f'{CNN}: not trained; python -m reproductions run pragadaraju_digits --model "{CNN}"' in out
    assert "Traceback" not in err


def test_a_recogniser_that_is_not_there_leaves_the_others_their_answer(trained, capsys, monkeypatch):
    file = trained / "digit.wav"
    soundfile.write(file, fsdd.signals(fsdd.index()[:1])[0], 8000)

    backend = dataclasses.replace(recognition.BACKENDS["sphinx"], packages=("ear-trumpet",))
    monkeypatch.setitem(recognition.BACKENDS, "sphinx", backend)
    assert main(["predict", "pragadaraju_digits", str(file)]) == 0
    out = capsys.readouterr().out
    assert "no answer: the package ear-trumpet is not installed" in out
    assert "RNN + Spectrogram" in out


def test_untrained_says_how_to_train(few_clips, capsys):
    assert main(["predict", "pragadaraju_digits", "a.wav"]) == 2
    assert "none of the models is trained yet. The text model takes a minute" in capsys.readouterr().err
