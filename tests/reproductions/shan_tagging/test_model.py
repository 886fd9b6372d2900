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
    SOUNDNET_LAYERS,
    build,
    build_densenet,
    build_resnet,
    build_soundnet,
    crop_length,
)
from shared.paper import load_paper
from shared.spectral_layers import LogMel

PAPER = load_paper("shan_tagging")
TRAINED = {SOUNDNET: 2_916_345, RESNET: 938_665, DENSENET_MFCC: 1_884_393, DENSENET_LOGMEL: 1_884_393}


@pytest.fixture(scope="module")
def networks():
    return {name: build(name, PAPER.settings_for(model=name), 41) for name in TRAINED}


@pytest.mark.parametrize("name", TRAINED)
def test_parameters_are_those_of_paper_toml(networks, name):
    network, facts = networks[name], PAPER.models[name]
    assert network.input_shape[1:] == facts.input_shape == (crop_length(PAPER.settings_for()),)
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


def test_the_resnet_has_ten_blocks_of_two_convolutions(networks):
    convolutions = [layer for layer in networks[RESNET].layers if isinstance(layer, keras.layers.Conv1D)]
    assert [layer.kernel_size for layer in convolutions] == [(32,)] * 2 + [(3,)] * 18
    kinds = [type(layer).__name__ for layer in networks[RESNET].layers]
    pooled = [at for at, kind in enumerate(kinds) if kind == "MaxPooling1D"]
    assert len(pooled) == 4
    assert all(kinds[at + 1] == "Dropout" for at in pooled)
    assert kinds.count("Add") == 10


def test_around_a_block_go_the_samples_and_channels_of_zeros():
    network = build_resnet(64, 3, channels=(2, 4), blocks_per_stage=1)
    for layer in network.layers:
        if isinstance(layer, keras.layers.Conv1D):
            layer.kernel.assign(np.zeros(layer.kernel.shape))
    x = np.random.default_rng(0).standard_normal((1, 64)).astype("float32")
    pooled = keras.Model(network.input, network.layers[-2].output)(x)
    assert np.asarray(pooled)[0] == pytest.approx([max(x.max(), 0), 0, 0, 0])


def test_a_densenet_on_samples_is_the_rest_of_it_on_their_decibels():
    network = build_densenet(4096, 3, feature=LogMel(n_mels=16), blocks=2, units_per_block=1, growth_rate=4)
    x = 0.1 * np.random.default_rng(0).standard_normal((2, 4096)).astype("float32")
    rest = keras.Model(network.layers[1].output, network.output)
    decibels = LogMel(n_mels=16)(x)
    assert np.asarray(rest(decibels)) == pytest.approx(np.asarray(network(x)), abs=1e-6)
    assert np.asarray(network(x)).sum(axis=1) == pytest.approx([1, 1])


def test_soundnets_convolutions_are_padded_by_half_their_kernel():
    network = build_soundnet(8192, 3)
    first = network.get_layer("conv1")
    x = np.random.default_rng(0).standard_normal(8192).astype("float32")
    given = np.asarray(keras.Model(network.input, first.output)(x[None]))[0]
    kernel = np.asarray(first.kernel)[:, 0, :]
    padded = np.pad(256.0 * x.astype(float), 32)
    expected = np.stack([scipy.signal.correlate(padded, k, "valid")[::2] for k in kernel.T], axis=1)
    assert given == pytest.approx(expected, abs=1e-2, rel=1e-4)  # float32 sums of 64 products of up to 1,000
    assert {network.get_layer(f"norm{number}").epsilon for number in range(1, len(SOUNDNET_LAYERS) + 1)} == {1e-5}


@pytest.mark.parametrize("name", [SOUNDNET, RESNET, DENSENET_MFCC, DENSENET_LOGMEL])
@pytest.mark.parametrize(("variant", "momentum"), [("paper", 0.99), ("settled", 0.9)])
def test_every_batch_normalisation_has_the_momentum_of_the_settings(name, variant, momentum):
    model = build(name, load_paper("shan_tagging").settings_for(variant, name), 3)
    norms = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    assert len(norms) >= 7
    assert {layer.momentum for layer in norms} == {momentum}
