"""Which of several trainings a prediction takes, and what a training leaves for it."""

import json
import os
import shutil

import keras
import numpy as np
import pytest
import soundfile

from shared.audio.signals import load_audio
from shared.base.places import results_root
from shared.paper.loading import load_paper
from shared.runs import inference
from shared.runs.inference import classify
from shared.runs.networks import is_shipped, load_network, preferred, ship, trained_units, write_network
from shared.runs.units import ResultsError, Unit
from shared.training.weights import check_weights, save_weights

RESULTS_ROOT = results_root()
RECORD = {"model": "Model 1", "variant": "paper", "protocol": "published", "fold": 0, "seed": 0, "precision": "float32"}
RECORD |= {"corpus": "vntm", "fingerprint": "0" * 16, "status": "complete", "epochs": 50}
RECORD |= {"seconds": 1.0, "commit": "b", "device": "c"}
IN_ORDER = [
    {},
    {"seed": 1},
    {"variant": "authors-notebook"},
    {"status": "partial"},
    {"protocol": "grouped"},
    {"corpus": "synthetic"},
]


def test_the_preferred_comes_first_and_what_has_no_weights_is_left_out(tmp_path, monkeypatch):
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_CACHE", str(tmp_path))
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_RESULTS", str(tmp_path / "results"))
    for number, change in enumerate([*reversed(IN_ORDER), {"seed": 2}]):
        folder = tmp_path / "runs" / "lam_ensemble" / f"unit-{number}"
        folder.mkdir(parents=True)
        (folder / "record.json").write_text(json.dumps(RECORD | change | {"key": folder.name}))
        if change != {"seed": 2}:
            (folder / "network.weights.h5").write_bytes(b"")
    found = [record for record, _ in trained_units(load_paper("lam_ensemble"))]
    assert [{name: record[name] for name in RECORD} for record in found] == [RECORD | change for change in IN_ORDER]


def test_kept_weights_are_those_of_the_network_without_its_optimiser(tmp_path, monkeypatch):
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_CACHE", str(tmp_path))

    def network(seed: int) -> keras.Model:
        keras.utils.set_random_seed(seed)
        inputs = keras.Input((4,))
        return keras.Model(inputs, keras.layers.Dense(3)(keras.layers.BatchNormalization()(inputs)))

    made, x = network(0), np.random.default_rng(0).standard_normal((8, 4)).astype("float32")
    made.compile("adam", "mse", jit_compile=False)
    made.train_on_batch(x, np.ones((8, 3), "float32"))
    unit = Unit("toy", "CNN", "paper", "published", 0, 0, "float32", "vntm", "0" * 16)
    file = write_network(unit, made)
    assert file == unit.folder / "network.weights.h5"
    again = network(1)
    load_network(again, unit.folder)
    assert np.array_equal(again.predict_on_batch(x), made.predict_on_batch(x))
    made.save_weights(tmp_path / "all.weights.h5")
    assert file.stat().st_size < (tmp_path / "all.weights.h5").stat().st_size


def test_one_bad_file_is_named_and_the_others_are_answered(tmp_path, monkeypatch, capsys):
    paper = load_paper("lam_ensemble")
    monkeypatch.setattr(inference, "preferred", lambda *_: {"Model 1": (RECORD, tmp_path)})
    sound = 0.1 * np.random.default_rng(0).standard_normal((4000, 1)).astype("float32")
    contents = {"good.wav": sound, "spike.wav": sound * [1e30], "cancelled.wav": sound * [1, -1], "1hz.wav": sound}
    for name, samples in contents.items():
        soundfile.write(tmp_path / name, samples, 1 if name == "1hz.wav" else 8000, subtype="FLOAT")
    (tmp_path / "cut.wav").write_bytes((tmp_path / "good.wav").read_bytes()[:-800])
    os.mkfifo(tmp_path / "pipe.wav")
    latin = os.fsdecode(os.fsencode(tmp_path) + b"/z\xe9ro.wav")
    os.link(tmp_path / "good.wav", latin)
    names = [*contents, "cut.wav", "pipe.wav", "none.wav"]
    files = [str(tmp_path / name) for name in names] + [latin]

    def answers_of(record, folder, signals):
        return [{"class": "chauvan", "probabilities": {"chauvan": 1.0}, "samples": signal.size} for signal in signals]

    def run(as_json: bool) -> int:
        signal_of = lambda file: load_audio(file, 8000)  # noqa: E731
        return classify(paper, files, as_json, signal_of=signal_of, answers_of=answers_of, hint="")

    assert run(as_json=False) == 1
    shown = capsys.readouterr()
    assert "samples: 4000" in shown.out
    lines = shown.err.splitlines()
    words = [
        "samples reach",
        "cancel each other",
        "has 1 Hz",
        "the header says",
        "is a pipe",
        "no such file",
        "not UTF-8",
    ]
    assert len(lines) == len(words)
    for line, name, word in zip(lines, [*names[1:], "z\\xe9ro.wav"], words, strict=True):
        assert line.startswith("error: ")
        assert name in line
        assert word in line
        assert line.count(str(tmp_path)) == 1
    assert run(as_json=True) == 1
    assert [("error" in file) for file in json.loads(capsys.readouterr().out)["files"]] == [False] + 7 * [True]


@pytest.fixture
def trained(tmp_path, monkeypatch, write_unit):
    """A unit in the results, and its folder in the cache with a network."""
    committed = write_unit("Model 3", {"validation": 300, "test": 200})
    kept = next((committed / "units").iterdir())
    results = tmp_path / "results" / "lam_ensemble" / "units"
    results.mkdir(parents=True)
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_RESULTS", str(tmp_path / "results"))
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_CACHE", str(tmp_path / "cache"))
    cached = tmp_path / "cache" / "runs" / "lam_ensemble" / kept.name
    shutil.copytree(kept, cached)
    record = json.loads((cached / "record.json").read_text()) | {"versions": {"keras": "3"}}
    (cached / "record.json").write_text(json.dumps(record))
    kept.rename(results / kept.name)
    save_weights(keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)]), cached / "network.weights.h5")
    (cached / "vocabulary.json").write_text("[]")
    return cached, results / kept.name


def test_a_network_is_loaded_into_the_whole_model_that_was_trained(tmp_path, monkeypatch):
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_CACHE", str(tmp_path))

    def made(seed: int) -> tuple[keras.Model, keras.Model]:
        keras.utils.set_random_seed(seed)
        inputs, whole = keras.Input((4,)), keras.Input((4,))
        network = keras.Model(inputs, keras.layers.Dense(3)(inputs))
        return network, keras.Model(whole, network(keras.layers.Rescaling(0.5)(whole)))

    (network, trained), (_, other) = made(0), made(1)
    x = np.random.default_rng(0).standard_normal((8, 4)).astype("float32")
    unit = Unit("toy", "CNN", "paper", "published", 0, 0, "float32", "vntm", "0" * 16)
    write_network(unit, network)
    assert not np.allclose(other(x), trained(x))
    load_network(other, unit.folder)
    assert np.array_equal(other(x), trained(x))


def test_a_network_that_comes_with_the_results_is_taken_where_none_was_trained(trained):
    cached, kept = trained
    paper = load_paper("lam_ensemble")
    assert ship(cached, kept) == (kept / "network.weights.h5").stat().st_size
    said = json.loads((kept / "network.json").read_text())
    assert (said["commit"], said["same"], said["clips"]) == ("abcdef0123", 625, 625)
    assert (kept / "vocabulary.json").exists()
    assert [folder for _, folder in trained_units(paper)] == [cached, kept], "the one trained here comes first"
    shutil.rmtree(cached)
    assert preferred(paper, "")["Model 3"][1] == kept
    assert is_shipped(kept)


def test_a_network_that_answers_otherwise_than_the_results_is_not_shipped(trained, write_unit):
    cached, kept = trained
    other = next((write_unit("Model 3", {"validation": 296, "test": 200}) / "units").iterdir())
    shutil.copy(other / "predictions.csv", kept / "predictions.csv")
    with pytest.raises(ResultsError, match=r"answers 621 of 625 clips as the unit in .*at least 99\.5%"):
        ship(cached, kept)
    assert not (kept / "network.weights.h5").exists()


def test_a_network_of_changes_that_were_not_committed_is_not_shipped(trained):
    cached, kept = trained
    record = json.loads((cached / "record.json").read_text()) | {"commit": "abcdef0123+"}
    (cached / "record.json").write_text(json.dumps(record))
    with pytest.raises(ResultsError, match="changes that were not committed"):
        ship(cached, kept)


def test_a_network_is_shipped_by_its_size_in_half_precision(trained, monkeypatch):
    cached, kept = trained
    whole = save_weights(
        keras.Sequential([keras.Input((256,)), keras.layers.Dense(256)]), cached / "network.weights.h5"
    )
    size = ship(cached, kept)
    assert size < 0.7 * whole.stat().st_size
    monkeypatch.setattr("shared.runs.networks.MOST_BYTES", size)
    assert ship(cached, kept) == size
    monkeypatch.setattr("shared.runs.networks.MOST_BYTES", size - 1)
    with pytest.raises(ResultsError, match="its weights are .* MB, and at most .* MB are shipped"):
        ship(cached, kept)
    assert not (kept / "network.weights.h5").exists()


def test_the_networks_of_this_project_can_be_read_and_are_small():
    files = sorted(RESULTS_ROOT.glob("*/units/*/network.weights.h5"))
    assert files, "predict answers from a fresh clone"
    assert sum(file.stat().st_size for file in files) < 25 * 2**20
    for file in files:
        check_weights(file, "")
        said = json.loads((file.parent / "network.json").read_text())
        assert said["key"] == file.parent.name
        assert said["same"] >= 0.995 * said["clips"]
