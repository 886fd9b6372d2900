"""Which of several trainings a prediction takes, and what a training leaves for it."""

import json

import keras
import numpy as np

from shared.paper import load_paper
from shared.trained import trained_units, write_network
from shared.units import Unit

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

    trained, x = network(0), np.random.default_rng(0).standard_normal((8, 4)).astype("float32")
    trained.compile("adam", "mse", jit_compile=False)
    trained.train_on_batch(x, np.ones((8, 3), "float32"))
    unit = Unit("toy", "CNN", "paper", "published", 0, 0, "float32", "vntm", "0" * 16)
    file = write_network(unit, trained)
    assert file == unit.folder / "network.weights.h5"
    again = network(1)
    again.load_weights(file)
    assert np.array_equal(again.predict_on_batch(x), trained.predict_on_batch(x))
    trained.save_weights(tmp_path / "all.weights.h5")
    assert file.stat().st_size < (tmp_path / "all.weights.h5").stat().st_size
