"""The whole way from an index to the table, on images made on the spot, and predictions for songs."""

import csv
import json

import keras
import numpy as np
import pandas as pd
import pytest
import soundfile
from PIL import Image

from data_prep.corpora import vntm
from reproductions.__main__ import main
from reproductions.commands.run import run_paper
from reproductions.lam_ensemble import predict, train
from reproductions.lam_ensemble.predict import images_of
from shared.audio.log_mel_images import SpectrogramSettings, image_of
from shared.audio.signals import load_audio
from shared.paper.loading import load_paper
from shared.results import store
from shared.results.runs_table import read_runs
from shared.runs.plan import Request
from shared.runs.units import unit_folders

pytestmark = pytest.mark.usefixtures("eagerly")

REST = {"key": "a", "seconds": 1.0, "commit": "b", "device": "c"}  # of a record
N = {"train": 3, "validation": 1, "test": 1}  # images a class


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """An index of images of five classes, each bright in its own mel bands."""
    folder, generator = tmp_path_factory.mktemp("images"), np.random.default_rng(0)
    viridis = __import__("matplotlib").colormaps["viridis"](np.arange(256), bytes=True)[:, :3]
    rows = []
    for number, label in enumerate(vntm.CLASSES):
        for i, split in enumerate(name for name, n in N.items() for _ in range(n)):
            grey = generator.integers(0, 100, (128, 1292))
            grey[number * 25 : number * 25 + 25] += 150
            path = folder / f"{label}.{i:03d}.png"
            Image.fromarray(viridis[grey]).save(path)
            row = {"clip": path.stem, "path": str(path), "label": label, "split": split, "group": f"{label}/{i}"}
            rows.append(row | {"sha256": f"{number:08d}{i:08d}"})
    return pd.DataFrame(rows)


@pytest.fixture
def tiny_corpus(images, tmp_path, monkeypatch):
    """The images in place of the corpus; results go to tmp_path."""
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_RESULTS", str(tmp_path / "results"))
    monkeypatch.setattr(vntm.CORPUS, "index", lambda *arguments, **options: images.copy())
    monkeypatch.setattr(vntm.CORPUS, "with_protocol", lambda frame, protocol, fold=0: frame)
    before = keras.config.dtype_policy()
    yield tmp_path
    keras.config.set_dtype_policy(before)


def test_run_trains_evaluates_and_writes_the_table(tiny_corpus, capsys):
    options = {"variants": ("paper",), "models": ["Model 3"], "precision": "float32"}
    assert run_paper("lam_ensemble", **options, epochs=1) == 0
    folder = store.results_folder("lam_ensemble")
    rows = read_runs(folder / "runs.csv")
    assert {(row["model"], row["status"], row["epochs"]) for row in rows} == {
        ("Model 3", "partial", "1"),
        ("1-NN probe", "complete", "0"),
    }
    probe = next(row for row in rows if row["model"] == "1-NN probe" and row["metric"] == "accuracy")
    assert float(probe["value"]) == 1.0  # bright bands are what the probe sees
    record = next(record for record, _ in unit_folders(folder / "units") if record["model"] == "Model 3")
    assert record["settings"]["augmentation"] == "legacy"
    assert (record["epochs_planned"], record["precision"], record["seed"]) == (50, "float32", 0)
    out = capsys.readouterr().out
    assert "Table IV" in out
    assert "not comparable: other data: fingerprint" in " ".join(out.split())
    assert list(folder.glob("table_IV_paper.md"))

    assert run_paper("lam_ensemble", **options, epochs=2, report=False) == 0  # goes on, does not begin again
    history = next(folder.glob("units/model-3*/history.csv"))
    assert [row["epoch"] for row in csv.DictReader(history.read_text().splitlines())] == ["1", "2"]
    assert "epoch 1/" not in capsys.readouterr().out


def test_a_wrong_fold_is_refused_before_anything_is_trained(tiny_corpus):
    with pytest.raises(ValueError, match="has fold 0 to 9, not 12"):
        run_paper("lam_ensemble", protocol="grouped", folds=(0, 12))
    assert not (tiny_corpus / "cache" / "runs").exists()


def test_a_corpus_without_such_images_is_refused(tiny_corpus):
    with pytest.raises(ValueError, match="corpus fsdd has no images of 128 x 1292; use vntm or synthetic"):
        run_paper("lam_ensemble", corpus="fsdd")


def test_models_that_a_variant_does_not_have_are_left_out(tiny_corpus):
    request = Request(variants=("paper", "notebook-augmented"), models=["Model 2"], precision="float32")
    planned = [(task.unit.variant, task.unit.model) for task in train.plan(load_paper("lam_ensemble"), request)]
    assert planned == [("probe", "1-NN probe"), ("paper", "Model 2")]


def test_training_ends_early_where_the_variant_says_so(tiny_corpus, monkeypatch):
    rules = {}

    def fit(*arguments, early_stopping, epochs, name, **options):
        rules[name.partition(".published")[0]] = early_stopping, epochs
        raise KeyboardInterrupt  # nothing is trained here

    monkeypatch.setattr(train.fitting, "fit", fit)
    for variant, model in (
        ("paper", "Model 1"),
        ("authors-code", "Model 1"),
        ("authors-notebook", "Model 2"),
        ("notebook-augmented", "Model 1"),
    ):
        with pytest.raises(KeyboardInterrupt):
            run_paper("lam_ensemble", variants=(variant,), models=[model], precision="float32")
    rule = train.fitting.EarlyStopping("loss", 5)
    assert rules == {
        "model-1.paper": (None, 50),
        "model-1.authors-code": (rule, 50),
        "model-2.authors-notebook": (rule, 20),
        "model-1.notebook-augmented": (rule, 40),
    }


def test_a_unit_keeps_the_settings_of_its_own_model_and_the_probe_those_it_depends_on(tiny_corpus):
    request = Request(variants=("authors-notebook",), precision="float32")
    kept = {task.unit.model: task.settings for task in train.plan(load_paper("lam_ensemble"), request)}
    assert kept["1-NN probe"].keys() == {"cmap", "image_height", "image_width"}
    of_one = {"dropout", "model_2_dropout", "model_2_hidden_units", "batch_norm_momentum", "batch_norm_epsilon"}
    assert {model: settings.keys() & of_one for model, settings in kept.items() if model != "1-NN probe"} == {
        "Model 1": {"dropout"},
        "Model 2": {"model_2_dropout", "model_2_hidden_units"},
        "Model 3": {"dropout", "batch_norm_momentum", "batch_norm_epsilon"},
    }


class TestPredict:
    """Untrained networks with the real pipeline: what is checked is the way, not the answer."""

    @pytest.fixture
    def trained(self, tiny_corpus, monkeypatch):
        paper = load_paper("lam_ensemble")
        cache = tiny_corpus / "cache" / "runs" / paper.id
        for model in paper.models:
            record = {"model": model, "variant": "paper", "protocol": "published", "fold": 0, "seed": 0}
            record |= {"precision": "float32", "corpus": "vntm", "fingerprint": "0" * 16, "status": "complete"}
            record |= {"epochs": 50, "classes": list(vntm.CLASSES)} | REST
            folder = cache / model.replace(" ", "-")
            folder.mkdir(parents=True)
            (folder / "record.json").write_text(json.dumps(record))
            (folder / "network.weights.h5").write_bytes(b"")

        class Fixed:
            """Answers by the brightness of the image's first rows, without convolutions."""

            def predict_on_batch(self, images):
                assert images.shape[1:] == (128, 1292, 3)
                assert images.max() <= 1.0
                return np.array([[0.6, 0.1, 0.1, 0.1, 0.1]] * len(images), "float32")

        monkeypatch.setattr("reproductions.lam_ensemble.model.build", lambda *arguments: Fixed())
        monkeypatch.setattr(predict, "load_network", lambda network, folder: (folder / "network.weights.h5").stat())
        return tiny_corpus

    @pytest.fixture
    def song(self, tmp_path):
        def write(name, seconds, rate=22050, silent_from=None):
            signal = 0.1 * np.random.default_rng(0).normal(size=int(seconds * rate)).astype("float32")
            if silent_from is not None:
                signal[int(silent_from * rate) :] = 0
            path = tmp_path / name
            soundfile.write(path, signal, rate)
            return str(path)

        return write

    def test_segments_fusion_and_vote(self, trained, song, capsys):
        assert main(["predict", "lam_ensemble", song("a.wav", 65), song("b.flac", 31, 44100), "--json"]) == 0
        answer = json.loads(capsys.readouterr().out)
        first, second = answer["songs"]
        assert (first["class"], first["votes"], len(first["segments"])) == ("cailuong", 2, 2)
        assert len(second["segments"]) == 1
        fused = 0.6**3 / (0.6**3 + 4 * 0.1**3)
        assert first["segments"][0]["probabilities"]["cailuong"] == pytest.approx(fused, abs=1e-4)
        assert "corpus vntm" in answer["trained"]

    def test_bad_songs_are_named_and_the_others_done(self, trained, song, tmp_path, capsys):
        (tmp_path / "text.mp3").write_text("this is no music")
        soundfile.write(tmp_path / "loud.wav", np.full(31 * 22050, 3e38, "float32"), 22050, subtype="FLOAT")
        songs = [
            str(tmp_path / "loud.wav"),
            song("short.wav", 12),
            song("silent.ogg", 31, silent_from=0),
            str(tmp_path / "text.mp3"),
        ]
        assert main(["predict", "lam_ensemble", *songs, str(tmp_path / "none.wav"), song("good.mp3", 31)]) == 1
        out, err = capsys.readouterr()
        assert "=> cailuong (1 of 1 votes)" in out
        for message in (
            "loud.wav: samples reach 3e+38 times full scale",
            "short.wav: lasts 12 s; at least 29 s are needed",
            "silent.ogg: is silent",
            "text.mp3: cannot be read as audio",
            "none.wav: no such file",
        ):
            assert message in err
        assert "Traceback" not in err

    def test_a_silent_segment_has_no_vote(self, trained, song, capsys):
        assert main(["predict", "lam_ensemble", song("half.wav", 61, silent_from=30)]) == 0
        out = capsys.readouterr().out
        assert "silent, no vote" in out
        assert "(1 of 1 votes)" in out

    @pytest.mark.parametrize(("seconds", "n_segments"), [(29.976, 1), (30, 1), (58.9, 1), (59.1, 2)])
    def test_a_little_short_of_a_segment_is_stretched_as_the_corpus_is(self, song, seconds, n_segments):
        path, settings = song("a.wav", seconds), load_paper("lam_ensemble").settings_for()
        images, silent = images_of(path, settings)
        assert images.shape == (n_segments, 128, 1292, 3)
        assert silent == [False] * n_segments
        last = load_audio(path, 22050)[(n_segments - 1) * 661500 :]
        narrow = image_of(last[:661500], SpectrogramSettings())
        picture = Image.fromarray(narrow).resize((1292, 128), Image.Resampling.NEAREST)
        assert np.array_equal(images[-1], np.asarray(picture))

    def test_untrained_says_how_to_train(self, tiny_corpus, song, capsys, tmp_path, monkeypatch):
        monkeypatch.setenv("AUDIO_REPRODUCTIONS_RESULTS", str(tmp_path / "none"))
        assert main(["predict", "lam_ensemble", song("a.wav", 31)]) == 2
        assert "are not trained yet. Train them with" in capsys.readouterr().err


@pytest.fixture
def leave(tmp_path, monkeypatch):
    """Leaves the record and the empty network of one training in a cache of its own."""
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_CACHE", str(tmp_path))
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_RESULTS", str(tmp_path / "results"))

    def leave(corpus: str, variant: str, status: str, model: str, shipped: bool = False) -> None:
        place = tmp_path / "results" / "lam_ensemble" / "units" if shipped else tmp_path / "runs" / "lam_ensemble"
        folder = place / f"{corpus}-{variant}-{model}"
        folder.mkdir(parents=True)
        record = {"model": model, "variant": variant, "protocol": "published", "fold": 0, "seed": 0, "epochs": 9}
        record |= {"precision": "float32", "corpus": corpus, "fingerprint": "0" * 16, "status": status} | REST
        (folder / "record.json").write_text(json.dumps(record))
        (folder / "network.weights.h5").write_bytes(b"")

    return leave


def test_preferred_training_is_the_papers_own(leave):
    paper = load_paper("lam_ensemble")
    for corpus, variant, status in (
        ("synthetic", "paper", "complete"),
        ("vntm", "paper", "partial"),
        ("vntm", "authors-notebook", "complete"),
    ):
        for model in paper.models:
            leave(corpus, variant, status, model)
    chosen = predict.find_trained(paper)
    assert {(r["corpus"], r["variant"], r["status"]) for r in chosen.records} == {
        ("vntm", "authors-notebook", "complete")
    }


def test_models_that_are_trained_answer_without_the_others(leave):
    paper = load_paper("lam_ensemble")
    leave("vntm", "paper", "complete", "Model 3")
    for model in paper.models:
        leave("synthetic", "paper", "complete", model)

    def found():
        return [(record["corpus"], record["model"]) for record in predict.find_trained(paper).records]

    assert found() == [("vntm", "Model 3")]
    for model in paper.models:
        leave("vntm", "authors-notebook", "complete", model)
    assert found() == [("vntm", model) for model in paper.models]


def test_what_was_trained_here_comes_before_what_comes_with_the_project(leave):
    paper = load_paper("lam_ensemble")
    leave("vntm", "paper", "complete", "Model 3", shipped=True)
    for model in ("Model 1", "Model 2"):
        leave("vntm", "paper", "complete", model)
    chosen = predict.find_trained(paper)
    assert [record["model"] for record in chosen.records] == list(paper.models)
    assert "; Model 3 comes with the project" in chosen.conditions
    leave("vntm", "paper", "complete", "Model 3")
    assert "comes with the project" not in predict.find_trained(paper).conditions


def test_a_fresh_clone_names_a_song_by_the_model_that_comes_with_it(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_CACHE", str(tmp_path))
    path = str(tmp_path / "a.wav")
    soundfile.write(path, 0.1 * np.random.default_rng(0).normal(size=31 * 22050).astype("float32"), 22050)
    assert main(["predict", "lam_ensemble", path]) == 0
    out = capsys.readouterr().out
    assert out.startswith(
        "Model 3 (corpus vntm, variant paper, protocol published, seed 0, bfloat16, epochs 50; comes "
    )
    assert "(1 of 1 votes)" in out
    assert main(["predict", "lam_ensemble", path, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["models"], said["not trained"]) == (["Model 3"], ["Model 1", "Model 2"])
