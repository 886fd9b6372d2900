"""The whole way from a corpus to the table, on a few tracks of noise with a tone a genre, and predictions."""

import dataclasses
import json
import shutil

import numpy as np
import pytest
import soundfile

import data_prep
from reproductions.__main__ import main
from reproductions.commands import run as command
from reproductions.commands.run import run_paper
from reproductions.verma_genres import predict, train
from reproductions.verma_genres.model import ANN, CNN_1D, CNN_2D, SCALING, build
from shared.paper.fields import VOTES
from shared.paper.loading import load_paper
from shared.results import store
from shared.results.runs_table import read_runs
from shared.runs.predictions import read_predictions
from shared.runs.units import unit_folders
from tests.reproductions.working_in import printed_by_run, working_in

pytestmark = pytest.mark.usefixtures("eagerly")

gtzan_subset = data_prep.corpus("gtzan-subset")

RATE_HZ = 22050
TONES_HZ = {"blues": 300, "rock": 3000}


def tone(frequency_hz, seconds, generator):
    t = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    return 0.3 * np.sin(2 * np.pi * frequency_hz * t) + 0.05 * generator.standard_normal(t.size)


@pytest.fixture(scope="module")
def tones(tmp_path_factory):
    """Five tracks of each of two genres as a part of GTZAN, and two epochs; the folder that they are below."""
    folder, generator = tmp_path_factory.mktemp("tones"), np.random.default_rng(0)
    for genre, frequency_hz in TONES_HZ.items():
        for number in range(5):
            path = folder / "data/gtzan_subset" / genre / f"{genre}.{number:05d}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, tone(frequency_hz, 30, generator), RATE_HZ, "PCM_16")
    (folder / "data/gtzan_subset/rock/rock.00007.wav").write_bytes(b"no audio")
    whole, paper = gtzan_subset.index, load_paper("verma_genres")
    settings = paper.settings | {"epochs": dataclasses.replace(paper.settings["epochs"], value=2)}
    settings |= {"hop_seconds": dataclasses.replace(paper.settings["hop_seconds"], value=9.0)}
    settings |= {"windows_per_track": dataclasses.replace(paper.settings["windows_per_track"], value=2)}
    paper = dataclasses.replace(paper, settings=settings)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gtzan_subset, "index", lambda: whole(allow_incomplete=True))
        for module in (command, predict):
            patch.setattr(module, "load_paper", lambda name: paper if name == paper.id else load_paper(name))
        yield folder


@pytest.fixture(scope="module")
def run_of_all(tones):
    """What a run of all models leaves below the same folder: what it printed."""
    return printed_by_run(tones, "verma_genres", corpus="gtzan-subset", precision="float32")


@pytest.fixture
def few_tracks(tones, run_of_all, tmp_path):
    """The tracks and their features in tmp_path, where results and cache go; nothing is trained there."""
    shutil.copytree(tones, tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("results", "runs"))
    with working_in(tmp_path):
        yield tmp_path


@pytest.fixture
def all_trained(tones, few_tracks):
    """What the run left, too."""
    shutil.copytree(tones, few_tracks, dirs_exist_ok=True)
    return few_tracks


def trained(folder):
    return {record["model"]: (record, unit) for record, unit in unit_folders(folder / "units")}


def test_run_trains_all_three_and_predicts(all_trained, run_of_all, capsys):
    folder = store.results_folder("verma_genres")
    done = trained(folder)
    assert set(done) == {ANN, CNN_1D, CNN_2D}
    n_windows = {ANN: 9, CNN_1D: 4, CNN_2D: 2}
    for model, (record, unit) in done.items():
        assert (record["status"], record["epochs"], record["clips_are"]) == ("complete", 2, "windows")
        predictions = read_predictions(unit)
        assert set(predictions.split) == ({"test", "train"} if model == CNN_1D else {"test"})
        assert len(predictions.on("test").clips) == 2 * n_windows[model]  # one in five of ten tracks' windows
        assert (unit / "skipped.csv").read_text().splitlines()[1].startswith("rock.00007.wav,")
    rows = read_runs(folder / "runs.csv")
    trained_on = read_predictions(done[CNN_1D][1]).on("train")
    right = (trained_on.y_prob.argmax(1) == trained_on.y_true.argmax(1)).mean()
    of_train = [row for row in rows if row["split"] == "train" and row["model"] == CNN_1D]
    assert [(row["table"], row["value"]) for row in of_train] == [("Not printed", f"{right:.6f}")]
    assert len(trained_on.clips) == 32  # the other four in five
    assert {row["model"] for row in rows} == {name + tail for name in done for tail in ("", VOTES["windows"])}
    ann = next(row for row in rows if row["model"] == ANN)
    assert float(ann["value"]) > 0.9  # a tone a genre is easy
    out = " ".join(run_of_all.split())
    assert "not comparable: corpus gtzan-subset, the paper's is gtzan: 36 tracks of three genres" in out
    assert "1 clips skipped as unreadable" in out

    file = all_trained / "song.wav"
    soundfile.write(file, tone(TONES_HZ["rock"], 13, np.random.default_rng(9)), RATE_HZ)
    assert main(["predict", "verma_genres", str(file), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    given = answer["files"][0]["models"]
    assert {model: one["windows"] for model, one in given.items()} == {ANN: 4, CNN_1D: 2, CNN_2D: 2}
    assert given[ANN]["class"] == "rock"
    assert answer["trained"][ANN].startswith("corpus gtzan-subset, variant paper, protocol published")


def test_grouped_keeps_tracks_whole_and_published_does_not(few_tracks):
    options = {"models": [ANN], "corpus": "gtzan-subset", "folds": (0,), "epochs": 1, "report": False}
    for protocol in ("published", "grouped"):
        run_paper("verma_genres", protocol=protocol, **options)
    tracks = {}
    for record, unit in unit_folders(store.results_folder("verma_genres") / "units"):
        clips = read_predictions(unit).clips
        tracks[record["protocol"]] = {clip.rpartition(".")[0] for clip in clips}
    assert len(tracks["grouped"]) == 2  # one of each genre, with all its windows
    assert len(tracks["published"]) > 4


def test_features_are_standardised_by_the_training_rows_only(few_tracks):
    settings = command.load_paper("verma_genres").settings_for(model=ANN)
    data = train.open_data(ANN, "gtzan-subset", settings)
    split = data.module.with_protocol(data.rows, "grouped", 1)
    unit = train.Unit("verma_genres", ANN, "paper", "grouped", 1, 0, "float32", "gtzan-subset", data.fingerprint)
    train.train(train.Task(unit, settings, {}, train.__name__, epochs=1), data)
    network = build(ANN, settings, (57,), 2)
    network.load_weights(unit.folder / "network.weights.h5")
    expected = data.inputs[(split["split"] == "train").to_numpy()].mean(axis=0)
    assert np.asarray(network.get_layer(SCALING).mean).ravel() == pytest.approx(expected, rel=1e-4, abs=1e-6)


def test_the_variant_best_epoch_keeps_the_epoch_that_the_test_split_likes(few_tracks):
    run_paper("verma_genres", variants=("best-epoch",), models=[ANN], corpus="gtzan-subset", report=False)
    record, unit = trained(store.results_folder("verma_genres"))[ANN]
    lines = (unit / "history.csv").read_text().splitlines()
    column = lines[0].split(",").index("test_accuracy")
    best = max(float(line.split(",")[column]) for line in lines[1:])
    predictions = read_predictions(unit)
    score = (predictions.y_prob.argmax(1) == predictions.y_true.argmax(1)).mean()
    assert score == pytest.approx(best, abs=1e-6)
    assert record["settings"]["evaluated_epoch"] == "best on test"


@pytest.mark.parametrize(
    ("corpus", "model", "message"),
    [
        (
            "gtzan_features_30s",
            CNN_1D,
            "is a table of features, and 1-D Convolutional NN needs audio: gtzan, gtzan-ex",
        ),
        ("vntm", ANN, "has no tracks to cut into windows, and Feature Extraction needs audio"),
    ],
)
def test_a_corpus_without_what_a_model_needs_is_refused(few_tracks, corpus, model, message):
    with pytest.raises(ValueError, match=message):
        run_paper("verma_genres", models=[model], corpus=corpus)


def test_modes_are_the_papers_numbers(few_tracks, capsys):
    assert main(["run", "verma_genres", "--mode", "4"]) == 2
    assert "verma_genres has no mode 4; the known are: 1, 2, 3" in capsys.readouterr().err
    assert main(["run", "lam_ensemble", "--mode", "1"]) == 2
    assert "lam_ensemble has no mode 1; it names its models: use --model" in capsys.readouterr().err
    assert main(["run", "verma_genres", "--mode", "1"]) == 2  # its own corpus is the public table
    assert "the corpus gtzan_features_3s is not in" in capsys.readouterr().err


def test_files_that_cannot_be_heard_are_named(few_tracks, capsys):
    run_paper("verma_genres", models=[ANN], corpus="gtzan-subset", epochs=1, report=False)
    generator = np.random.default_rng(0)
    soundfile.write(few_tracks / "short.wav", tone(500, 2.5, generator), RATE_HZ)
    soundfile.write(few_tracks / "silent.wav", np.zeros(100_000), RATE_HZ)
    soundfile.write(few_tracks / "stereo.wav", np.stack([tone(500, 4, generator)] * 2, 1), 44100)
    (few_tracks / "text.wav").write_text("no sound")
    capsys.readouterr()
    files = [str(few_tracks / f"{name}.wav") for name in ("short", "silent", "stereo", "text")]
    assert main(["predict", "verma_genres", *files]) == 1
    out, err = capsys.readouterr()
    assert "short.wav: lasts 2.5 s; at least 3 s are needed" in err
    assert "silent.wav: is silent" in err
    assert "text.wav: cannot be read as audio" in err
    assert "stereo.wav: lasts 2 s; at least 3 s are needed" in err
    assert f'{CNN_1D}: not trained; python -m reproductions run verma_genres --model "{CNN_1D}"' in out


def test_untrained_says_how_to_train(few_tracks, capsys):
    assert main(["predict", "verma_genres", "a.wav"]) == 2
    assert "none of the models is trained yet. Without a corpus of yours" in capsys.readouterr().err
