"""The three networks: every printed shape and count, and ResNet-18 against PyTorch's own layers."""

from itertools import product

import keras
import numpy as np
import pytest
import scipy.signal

from reproductions.verma_genres.gammatone import centre_frequencies, erb_hz
from reproductions.verma_genres.model import ANN, CNN_1D, CNN_2D, build, build_cnn_1d, build_cnn_2d
from reproductions.verma_genres.settings import Gammatone, Training
from shared.layers import backend
from shared.paper.loading import load_paper
from shared.paper.settings import SettingsError, read_settings
from shared.training import fitting

PAPER = load_paper("verma_genres")
BANK = read_settings(Gammatone, PAPER.settings_for("gammatone"))
TAPS = PAPER.setting("first_kernel", "gammatone")


def trainable(model):
    return sum(int(np.prod(weight.shape)) for weight in model.trainable_variables)


@pytest.mark.parametrize("name", [ANN, CNN_1D, CNN_2D])
def test_parameters_and_output_are_those_of_paper_toml(name):
    facts = PAPER.models[name]
    model = build(name, PAPER.settings_for(model=name), facts.input_shape)
    assert model.output_shape == (None, 10)
    assert facts.parameters in (None, trainable(model))


def test_every_printed_shape_of_the_1d_cnn():
    model = build_cnn_1d(fast=False)
    shapes = {
        kind: [layer.output.shape[1:] for layer in model.layers if isinstance(layer, kind)]
        for kind in (keras.layers.Conv1D, keras.layers.MaxPooling1D, keras.layers.Flatten, keras.layers.Dense)
    }
    printed = [shape for layer, shape in PAPER.models[CNN_1D].layers]
    assert [shape for found in shapes.values() for shape in found] == sorted(printed, key=printed_order(printed))
    assert trainable(model) == 388_378
    assert model.count_params() == 389_370  # with the statistics of batch normalisation
    kinds = [type(layer).__name__ for layer in model.layers[2:6]]
    assert kinds == ["Conv1D", "ReLU", "BatchNormalization", "MaxPooling1D"]  # normalisation after the activation
    strides = {layer.strides for layer in model.layers if isinstance(layer, keras.layers.Conv1D)}
    assert strides == {(2,)}


def test_the_printed_count_leaves_open_which_single_layers_are_padded():
    """The notes and the lesson say so: all convolutions padded are excluded, half of the mixtures are not."""
    model = build_cnn_1d(fast=False)
    convolutions, poolings = (
        [layer.name for layer in model.layers if isinstance(layer, kind)]
        for kind in (keras.layers.Conv1D, keras.layers.MaxPooling1D)
    )

    def fits(*padded):
        shape = (None, 44100, 1)
        for layer in model.layers:
            if layer.name in (*convolutions, *poolings):
                config = layer.get_config() | {"padding": "same" if layer.name in padded else "valid"}
                shape = type(layer).from_config(config).compute_output_shape(shape)
        return shape[1] * shape[2] == 1024

    mixtures = [
        [name for name, chosen in zip(convolutions, way, strict=True) if chosen] for way in product((0, 1), repeat=5)
    ]
    assert fits()
    assert not fits(*convolutions)
    assert sum(fits(*padded) for padded in mixtures) == 16
    assert [fits(name) for name in poolings] == [True, True, False]


def printed_order(printed):
    """Convolutions, poolings, flatten and dense layers, each in the order of the table."""
    kinds = ("Conv", "Max-pool", "Flatten", "Dense")
    of = {shape: layer for layer, shape in PAPER.models[CNN_1D].layers}
    return lambda shape: (next(i for i, kind in enumerate(kinds) if of[shape].startswith(kind)), printed.index(shape))


def test_the_fast_arrangement_is_the_plain_network(monkeypatch):
    keras.utils.set_random_seed(0)
    monkeypatch.setattr(backend, "fuses_normalization", lambda: False)  # Keras's own, which rounds less
    plain, fast = (build_cnn_1d((20000,), 3, dropout=0.0, fast=fast) for fast in (False, True))
    fast.set_weights(plain.get_weights())
    generator = np.random.default_rng(0)
    x, y = generator.standard_normal((8, 20000)).astype("float32"), np.eye(3, dtype="float32")[np.arange(8) % 3]
    assert np.abs(plain.predict_on_batch(x) - fast.predict_on_batch(x)).max() < 1e-5
    losses = {}
    for name, model in (("plain", plain), ("fast", fast)):
        model.compile(keras.optimizers.SGD(1e-3), "categorical_crossentropy", jit_compile=False)
        losses[name] = [model.train_on_batch(x, y) for _ in range(2)]
    assert losses["fast"] == pytest.approx(
        losses["plain"], rel=1e-2
    )  # so the gradients agree, too; rounding grows in the last norm
    assert losses["fast"][0] > losses["fast"][-1]


def test_every_shape_of_resnet_18():
    model = build_cnn_2d()
    stages = [shape for layer, shape in PAPER.models[CNN_2D].layers if "block" in layer or "Conv" in layer]
    sums = [layer.output.shape[1:] for layer in model.layers if isinstance(layer, keras.layers.Add)]
    assert sums[1::2] == stages[1:]
    convolutions = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    assert convolutions[0].output.shape[1:] == stages[0]
    assert [layer.kernel.shape for layer in convolutions].count((1, 1, 64, 128)) == 1
    assert len(convolutions) == 20
    assert not any(layer.use_bias for layer in convolutions)
    assert not any(layer.padding == "same" for layer in convolutions)
    norms = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    assert {(layer.epsilon, layer.momentum) for layer in norms} == {(1e-5, 0.9)}


def test_the_caption_has_another_order():
    printed, caption = build_cnn_2d(), build_cnn_2d(order="conv-relu-bn")
    assert trainable(printed) == trainable(caption) == 11_181_642

    def after_the_first(model):
        return [type(layer).__name__ for layer in model.layers if "conv" not in layer.name][3:5]

    assert after_the_first(printed) == ["BatchNormalization", "ReLU"]
    assert after_the_first(caption) == ["ReLU", "BatchNormalization"]


def test_resnet_18_gives_what_pytorchs_layers_give():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: ResNet-18 is not held against its layers")
    model = build_cnn_2d((70, 61, 3), 4)  # sizes at which asymmetric padding would show
    generator = np.random.default_rng(0)
    for weight in model.weights:
        low, high = (0.5, 1.5) if "variance" in weight.name or "gamma" in weight.name else (-0.05, 0.05)
        weight.assign(generator.uniform(low, high, weight.shape))
    x = generator.integers(0, 256, (2, 70, 61, 3)).astype("uint8")
    ours = model.predict_on_batch(x)
    with torch.no_grad():
        theirs = in_pytorch(torch, model, x)
    assert np.abs(ours - theirs).max() < 1e-5
    assert np.ptp(ours) > 0.01


def in_pytorch(torch, model, x):
    """torchvision's ResNet-18, written with PyTorch's own functions, with the model's weights."""
    functional = torch.nn.functional
    convolutions = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    norms = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]

    def tensor(weight):
        return torch.tensor(np.asarray(weight))

    def convolve(x, filters, size, stride):
        shape = (size, size, x.shape[1], filters)  # those of one shape stand in order
        found = convolutions.pop(next(i for i, layer in enumerate(convolutions) if layer.kernel.shape == shape))
        x = functional.conv2d(x, tensor(found.kernel).permute(3, 2, 0, 1), stride=stride, padding=size // 2)
        norm = next(layer for layer in norms if layer.input is found.output)
        statistics = (tensor(norm.moving_mean), tensor(norm.moving_variance), tensor(norm.gamma), tensor(norm.beta))
        return functional.batch_norm(x, *statistics, training=False, eps=1e-5)

    x = functional.relu(convolve(torch.tensor(x).permute(0, 3, 1, 2).float() / 255, 64, 7, 2))
    x = functional.max_pool2d(x, 3, 2, 1)
    for filters, stride in ((64, 1), (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1)):
        around = convolve(x, filters, 1, stride) if stride == 2 else x
        inner = functional.relu(convolve(x, filters, 3, stride))
        x = functional.relu(convolve(inner, filters, 3, 1) + around)
    assert not convolutions
    dense = model.layers[-1]
    x = x.mean((2, 3)) @ tensor(dense.kernel) + tensor(dense.bias)
    return torch.softmax(x, 1).numpy()


@pytest.mark.parametrize("frequency_hz", [100.0, 1000.0, 5000.0])
def test_gammatone_responses_are_those_of_scipy(frequency_hz):
    theirs, _ = scipy.signal.gammatone(frequency_hz, "fir", order=4, numtaps=512, fs=22050)
    ours = BANK.impulse_response(frequency_hz, 512)
    assert np.abs(ours - theirs / np.linalg.norm(theirs)).max() < 1e-6


def test_gammatone_bank_covers_what_is_heard():
    frequencies = centre_frequencies(16, BANK.lowest_hz, BANK.highest_hz)
    assert frequencies[[0, -1]] == pytest.approx([100.0, 9922.5])
    assert (np.diff(frequencies, 2) > 0).all()  # wider apart the higher they are
    assert erb_hz(1000.0) == pytest.approx(132.6, abs=0.1)  # Glasberg and Moore's own example
    bank = BANK.responses(16, 512)
    peaks = np.abs(np.fft.rfft(bank, 8192)).argmax(axis=1) * 22050 / 8192
    assert peaks == pytest.approx(frequencies, rel=0.1)


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("kind", ["gammatone", "gammatone-fixed"])
def test_a_gammatone_network_begins_with_the_bank(kind, fast):
    model = build_cnn_1d(first_layer=kind, first_kernel=TAPS, bank=BANK, fast=fast)
    kernel = model.get_layer("convolution_1").kernel
    assert np.array_equal(np.asarray(kernel)[:, 0, :], BANK.responses(16, 512).T[::-1])
    assert any(weight is kernel for weight in model.trainable_variables) == (kind == "gammatone")
    impulse = np.zeros((1, 1200, 1), "float32")
    impulse[0, 600] = 1.0
    response = keras.ops.conv(impulse, kernel, padding="valid")[0, :, 0]  # position p sees samples p to p + 511
    assert np.abs(np.asarray(response)[89:601] - BANK.responses(16, 512)[0]).max() < 1e-6


def test_the_control_of_the_gammatone_network_differs_from_it_in_its_first_weights_only():
    networks = {
        name: build(CNN_1D, PAPER.settings_for(name, CNN_1D), (44100,)) for name in ("long-kernel", "gammatone")
    }
    assert len({trainable(network) for network in networks.values()}) == 1
    kernels = [np.asarray(network.get_layer("convolution_1").kernel)[:, 0, :] for network in networks.values()]
    assert [kernel.shape for kernel in kernels] == [(512, 16)] * 2
    assert np.array_equal(kernels[1], BANK.responses(16, 512).T[::-1])
    assert not np.array_equal(kernels[0], kernels[1])
    changed = PAPER.variants["long-kernel"].settings
    assert list(changed) == ["first_kernel"]  # one setting


def test_the_optimiser_of_the_cited_work_is_one_that_keras_has():
    settings = read_settings(Training, PAPER.settings_for("adadelta", CNN_1D))
    model = build(CNN_1D, PAPER.settings_for("adadelta", CNN_1D), (20000,), 3)
    fitting.compile_model(model, settings)
    assert isinstance(model.optimizer, keras.optimizers.Adadelta)
    assert float(model.optimizer.learning_rate.numpy()) == 1.0
    assert model.optimizer.rho == 0.95  # as in the cited work's code


@pytest.mark.parametrize(("name", "setting"), [(CNN_1D, "first_layer"), (CNN_2D, "order")])
def test_unknown_readings_are_refused(name, setting):
    with pytest.raises(SettingsError, match=f"{setting} is 'x': expected one of {PAPER.setting(setting)}, "):
        build(name, PAPER.settings_for(model=name) | {setting: "x"}, PAPER.models[name].input_shape)


def test_a_first_layer_of_filters_needs_them():
    with pytest.raises(ValueError, match="first_layer 'gammatone' needs a bank of filters; received none"):
        build_cnn_1d(first_layer="gammatone", first_kernel=512)


@pytest.mark.parametrize(
    ("variant", "momentum", "epsilon"), [("paper", 0.99, 1e-3), ("pytorch-normalisation", 0.9, 1e-5)]
)
def test_batch_normalisation_of_the_1d_cnn_is_that_of_the_settings(variant, momentum, epsilon):
    model = build(CNN_1D, PAPER.settings_for(variant, CNN_1D), (44100,))
    norms = [layer for layer in model.layers if hasattr(layer, "moving_variance")]
    assert len(norms) == 5
    assert {(layer.momentum, layer.epsilon) for layer in norms} == {(momentum, epsilon)}


def test_resnet_18_is_that_of_the_settings():
    settings = PAPER.settings_for(model=CNN_2D)
    model = build(CNN_2D, settings | {"pixel_divisor": 100, "resnet_norm_momentum": 0.7}, (128, 87, 3))
    norms = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    assert {(layer.momentum, layer.epsilon) for layer in norms} == {(0.7, settings["resnet_norm_epsilon"])}
    (rescaling,) = (layer for layer in model.layers if isinstance(layer, keras.layers.Rescaling))
    assert rescaling.scale == pytest.approx(1 / 100)


def test_weights_begin_as_the_settings_say():
    """Glorot's uniform distribution in Modes 1 and 2 and in every last layer, He's normal one in ResNet-18."""
    for name in (ANN, CNN_1D):
        model = build(name, PAPER.settings_for(model=name), PAPER.models[name].input_shape)
        kernels = [weight for weight in model.trainable_variables if weight.name == "kernel"]
        for kernel in (np.asarray(kernel) for kernel in kernels):
            receptive = np.prod(kernel.shape[:-2], dtype=int)
            limit = np.sqrt(6 / (receptive * (kernel.shape[-2] + kernel.shape[-1])))
            assert 0.9 * limit < np.abs(kernel).max() <= limit
    resnet = build_cnn_2d()
    kernel = np.asarray(next(layer for layer in resnet.layers if isinstance(layer, keras.layers.Conv2D)).kernel)
    assert kernel.std() == pytest.approx(np.sqrt(2 / (7 * 7 * 64)), rel=0.05)  # fan out: 49 places, 64 filters
    assert np.abs(kernel).max() > 2.5 * kernel.std()  # not cut off
    last = np.abs(np.asarray(resnet.layers[-1].kernel)).max()
    assert 0.9 * np.sqrt(6 / 522) < last <= np.sqrt(6 / 522)
