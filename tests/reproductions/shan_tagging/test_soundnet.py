"""The converter of SoundNet's weights: what it writes, what it refuses, and that a network has them afterwards."""

import keras
import numpy as np
import pytest

from reproductions.shan_tagging import soundnet
from reproductions.shan_tagging.model import build_soundnet
from reproductions.shan_tagging.soundnet import WeightsError, convert, load_into, main
from shared.paper.loading import load_paper

SETTINGS = load_paper("shan_tagging").settings_for()


@pytest.fixture
def layers():
    """The published file's form: a dictionary of dictionaries, kernels of shape (kernel, 1, channels, filters)."""
    generator, channels, found = np.random.default_rng(0), 1, {}
    for number, (filters, kernel, _) in enumerate(SETTINGS["soundnet_layers"], 1):
        shapes = {"weights": (kernel, 1, channels, filters)} | dict.fromkeys(soundnet.PARTS[1:], (filters,))
        found[f"conv{number}"] = {
            part: 0.1 * generator.random(shape).astype("float32") for part, shape in shapes.items()
        }
        channels = filters
    return found | {"conv8": {"weights": np.zeros((8, 1, 1024, 1000), "float32")}}


def saved(layers, path):
    np.save(path, np.array(layers), allow_pickle=True)
    return path


def test_a_network_has_the_converted_weights(layers, tmp_path, monkeypatch):
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_CACHE", str(tmp_path / "cache"))
    with pytest.raises(WeightsError, match="published weights are not in .*soundnet.npz. Get sound8.npy and run"):
        soundnet.require()
    assert main([str(saved(layers, tmp_path / "sound8.npy"))]) == 0
    soundnet.require()
    network = build_soundnet(SETTINGS | {"crop_seconds": 0.25}, 3)
    load_into(network, soundnet.converted_file())
    for number in (1, 7):
        norm, given = network.get_layer(f"norm{number}"), layers[f"conv{number}"]
        assert np.array_equal(network.get_layer(f"conv{number}").kernel, given["weights"][:, 0])
        assert np.array_equal(network.get_layer(f"conv{number}").bias, given["biases"])
        parts = {"gamma": norm.gamma, "beta": norm.beta, "mean": norm.moving_mean, "var": norm.moving_variance}
        assert all(np.array_equal(value, given[part]) for part, value in parts.items())


class Program:
    """A pickle that runs something when it is opened."""

    def __init__(self, touched):
        self.touched = touched

    def __reduce__(self):
        return open, (str(self.touched), "w")


def test_a_file_that_would_run_something_is_refused(layers, tmp_path):
    touched = tmp_path / "touched"
    source = saved(layers | {"conv1": Program(touched)}, tmp_path / "sound8.npy")
    with pytest.raises(WeightsError, match="sound8.npy: it asks for .*io.open, which no array needs"):
        convert(source, tmp_path / "out.npz")
    assert not touched.exists()
    assert not (tmp_path / "out.npz").exists()


def changed(layers, how):
    if how == "missing":
        return {name: layer for name, layer in layers.items() if name != "conv3"}
    values = {"shape": np.zeros((16, 1, 32, 63)), "nan": np.full((16, 1, 32, 64), np.nan)}
    return layers | {"conv3": layers["conv3"] | {"weights": values[how].astype("float32")}}


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("missing", "has no conv3/weights; there are conv1, conv2, conv4"),
        ("shape", r"conv3/weights has the shape \(16, 1, 32, 63\); expected \(16, 32, 64\)"),
        ("nan", "conv3/weights holds values that are not finite"),
    ],
)
def test_other_weights_are_refused(layers, tmp_path, how, message):
    with pytest.raises(WeightsError, match=message):
        convert(saved(changed(layers, how), tmp_path / "sound8.npy"), tmp_path / "out.npz")


def test_what_is_no_such_file_is_said_so(tmp_path, capsys):
    (tmp_path / "text.npy").write_text("no weights")
    assert main([str(tmp_path / "text.npy")]) == 2
    assert "text.npy: is not a .npy file of a dictionary" in capsys.readouterr().err
    assert main([str(tmp_path / "none.npy")]) == 2
    assert "none.npy: no such file" in capsys.readouterr().err
    np.save(tmp_path / "list.npy", np.array({"a"}), allow_pickle=True)
    assert main([str(tmp_path / "list.npy")]) == 2


def test_damaged_converted_weights_say_what_to_do(tmp_path):
    network = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    (tmp_path / "soundnet.npz").write_bytes(b"PK\x03\x04 cut off")
    with pytest.raises(
        WeightsError, match="cannot be used as SoundNet's weights .* or convert the published file again"
    ):
        load_into(network, tmp_path / "soundnet.npz")
