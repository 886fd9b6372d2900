"""The networks: every printed shape and count, pure Keras, and SoundNet against SciPy's correlation."""

import keras
import numpy as np
import pytest
import scipy.signal

from reproductions.shan_tagging.model import (
    DENSENET_LOGMEL,
    DENSENET_MFCC,
    RESNET,
    SOUNDNET,
    build,
    build_densenet,
    build_resnet,
    build_soundnet,
    settings_of,
)
from reproductions.shan_tagging.settings import Crop
from shared.layers.spectral import LogMel
from shared.paper.loading import load_paper
from shared.paper.settings import read_settings

PAPER = load_paper("shan_tagging")
SETTINGS = PAPER.settings_for()
TRAINED = {SOUNDNET: 2_916_345, RESNET: 6_341_833, DENSENET_MFCC: 1_884_393, DENSENET_LOGMEL: 1_884_393}


@pytest.fixture(scope="module")
def networks():
    return {name: build(name, PAPER.settings_for(model=name), 41) for name in TRAINED}


@pytest.mark.parametrize("name", TRAINED)
def test_parameters_are_those_of_paper_toml(networks, name):
    network, facts = networks[name], PAPER.models[name]
    assert network.input_shape[1:] == facts.input_shape == (read_settings(Crop, PAPER.settings_for()).length,)
    assert network.count_params() == facts.parameters
    assert sum(int(np.prod(weight.shape)) for weight in network.trainable_variables) == TRAINED[name]


@pytest.mark.parametrize("name", TRAINED)
def test_printed_shapes_come_in_their_order(networks, name):
    shapes = iter(tuple(layer.output.shape[1:]) for layer in networks[name].layers)
    for layer, shape in PAPER.models[name].layers:
        assert shape in shapes, layer  # the iterator goes on from where the last one was found


def test_a_densenet_has_the_reports_convolutions_and_no_others(networks):
    convolutions = [layer for layer in networks[DENSENET_LOGMEL].layers if isinstance(layer, keras.layers.Conv2D)]
    assert len(convolutions) == 1 + 5 * 4
    assert {layer.kernel_size for layer in convolutions} == {(3, 3)}
    assert [layer.filters for layer in convolutions] == [16] + [32] * 20
    output = networks[DENSENET_LOGMEL].layers[-1]
    for layer in [*convolutions, output]:
        assert float(layer.kernel_regularizer.l2) == pytest.approx(1e-4)


def convolutions_of(network):
    return [layer for layer in network.layers if isinstance(layer, keras.layers.Conv1D)]


def multiply_adds(network):
    """Products of a clip's way through the convolutions and the output layer."""
    of_convolutions = (layer.output.shape[1] * np.prod(layer.kernel.shape) for layer in convolutions_of(network))
    return int(sum(of_convolutions)) + int(np.prod(network.layers[-1].kernel.shape))


@pytest.mark.parametrize(
    ("variant", "channels", "parameters", "giga"),
    [
        ("paper", [2, 4, 8, 16, 32, 64, 128, 256, 512, 1024], (6_350_017, 6_341_833), "1.6"),
        ("four-poolings", [16, 32, 64, 128, 256], (942_633, 938_665), "8.0"),
    ],
)
def test_both_resnets_have_ten_blocks_of_two_convolutions(variant, channels, parameters, giga):
    network = build(RESNET, PAPER.settings_for(variant, RESNET), 41)
    convolutions = convolutions_of(network)
    assert [layer.kernel_size for layer in convolutions] == [(32,)] * 2 + [(3,)] * 18
    each = 20 // len(channels)  # convolutions
    assert [layer.filters for layer in convolutions] == [n for n in channels for _ in range(each)]
    shapes = [layer.output.shape[1:] for layer in convolutions[::each]]
    assert shapes == [(88200 // 2**place, n) for place, n in enumerate(channels)]
    kinds = [type(layer).__name__ for layer in network.layers]
    pooled = [at for at, kind in enumerate(kinds) if kind == "MaxPooling1D"]
    assert len(pooled) == len(channels) - 1
    assert all(kinds[at + 1] == "Dropout" for at in pooled)
    assert kinds.count("Add") == 10
    n_trained = sum(int(np.prod(weight.shape)) for weight in network.trainable_variables)
    assert (network.count_params(), n_trained) == parameters
    found = f"{multiply_adds(network) / 1e9:.1f}"
    sentence = next(finding.text for finding in PAPER.findings if "every two residual blocks" in finding.text)
    assert found == giga
    assert f"needs {found} billion" in sentence


def test_nine_doublings_end_512_times_as_high():
    sentence = next(finding.text for finding in PAPER.findings if "every two residual blocks" in finding.text)
    assert "nine places" in sentence
    growth = 2 ** (PAPER.setting("resnet_blocks") - 1)
    assert f"{growth} times" in sentence
    assert f"16 would become {16 * growth:,}" in sentence
    assert f"2 become {2 * growth:,}" in sentence
    assert PAPER.setting("soundnet_layers")[-1][0] == 2 * growth  # as the setting's reason says


def test_around_a_block_go_the_samples_and_channels_of_zeros():
    short = {"crop_seconds": 64 / 44100, "resnet_blocks": 2, "resnet_channels": [2, 4]}
    network = build_resnet(SETTINGS | short, 3)
    for layer in convolutions_of(network):
        layer.kernel.assign(np.zeros(layer.kernel.shape))
    x = np.random.default_rng(0).standard_normal((1, 64)).astype("float32")
    pooled = keras.Model(network.input, network.layers[-2].output)(x)
    assert np.asarray(pooled)[0] == pytest.approx([max(x.max(), 0), 0, 0, 0])


def test_a_densenet_on_samples_is_the_rest_of_it_on_their_decibels():
    small = {"crop_seconds": 4096 / 44100, "dense_blocks": 2, "units_per_block": 1, "growth_rate": 4}
    network = build_densenet(SETTINGS | small, 3, LogMel(n_mels=16))
    x = 0.1 * np.random.default_rng(0).standard_normal((2, 4096)).astype("float32")
    rest = keras.Model(network.layers[1].output, network.output)
    decibels = LogMel(n_mels=16)(x)
    assert np.asarray(rest(decibels)) == pytest.approx(np.asarray(network(x)), abs=1e-6)
    assert np.asarray(network(x)).sum(axis=1) == pytest.approx([1, 1])


def test_soundnets_convolutions_are_padded_by_half_their_kernel():
    network = build_soundnet(SETTINGS | {"crop_seconds": 8192 / 44100}, 3)
    first = network.get_layer("conv1")
    x = np.random.default_rng(0).standard_normal(8192).astype("float32")
    given = np.asarray(keras.Model(network.input, first.output)(x[None]))[0]
    kernel = np.asarray(first.kernel)[:, 0, :]
    padded = np.pad(256.0 * x.astype(float), 32)
    expected = np.stack([scipy.signal.correlate(padded, k, "valid")[::2] for k in kernel.T], axis=1)
    assert given == pytest.approx(expected, abs=1e-2, rel=1e-4)  # float32 sums of 64 products of up to 1,000
    assert {network.get_layer(f"norm{number}").epsilon for number in range(1, 8)} == {1e-5}


@pytest.mark.parametrize(
    ("name", "epsilon", "initializer"),
    [(SOUNDNET, 1e-5, "GlorotUniform"), *((n, 1e-3, "HeNormal") for n in (RESNET, DENSENET_MFCC, DENSENET_LOGMEL))],
)
@pytest.mark.parametrize(("variant", "momentum"), [("paper", 0.99), ("settled", 0.9)])
def test_norms_and_first_weights_are_those_of_the_settings(name, epsilon, initializer, variant, momentum):
    model = build(name, PAPER.settings_for(variant, name), 3)
    norms = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    assert len(norms) >= 7
    assert {(layer.momentum, layer.epsilon) for layer in norms} == {(momentum, epsilon)}
    with_kernels = [layer for layer in model.layers if hasattr(layer, "kernel_size")]
    assert {type(layer.kernel_initializer).__name__ for layer in with_kernels} == {initializer}


def test_a_record_that_is_too_old_to_name_a_setting_has_that_of_paper_toml():
    record = {"variant": "settled", "model": RESNET, "settings": {"norm_momentum": 0.5}}
    settings = settings_of(record)
    assert (settings["norm_momentum"], settings["norm_epsilon"]) == (0.5, 0.001)
    assert settings["resnet_channels"] == [16, 32, 64, 128, 256]
