"""Which of several trainings a prediction takes, and what a training leaves for it."""

import json
import os

import keras
import numpy as np
import soundfile

from shared.audio.signals import load_audio
from shared.paper.loading import load_paper
from shared.runs import inference
from shared.runs.inference import classify
from shared.runs.networks import load_network, trained_units, write_network
from shared.runs.unit import Unit

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
