"""The networks as paper.toml prints them: shapes, parameter counts, and what each reading changes."""

import keras
import numpy as np
import pytest

from reproductions.pragadaraju_digits.model import CNN, RNN, SCALING, TEXT, build, scaling
from shared.paper.loading import load_paper

PAPER = load_paper("pragadaraju_digits")
N_WORDS = 30
BLOCK_ENDS = {
    CNN: ("BatchNormalization", "Flatten", "Dense"),
    RNN: ("Dropout", "Dense"),
    TEXT: ("Embedding", "Dropout", "Dense"),
}


def built(name, variant="paper"):
    return build(name, PAPER.settings_for(variant), PAPER.model(name).input_shape, n_words=N_WORDS)


def shapes(model, *kinds):
    """Output shapes of the layers of these kinds, without the batch."""
    return [tuple(layer.output.shape[1:]) for layer in model.layers if type(layer).__name__ in kinds]


@pytest.mark.parametrize("name", [CNN, RNN, TEXT])
def test_shapes_are_those_of_paper_toml(name):
    assert shapes(built(name), *BLOCK_ENDS[name]) == [shape for _, shape in PAPER.model(name).layers]


def test_parameters_of_the_image_networks():
    """By hand: k·k·in·out + out a convolution, 4 a batch-normalised channel, in·h + h·h + h a recurrent layer."""
    convolutions = (16 * 1 + 1) * 256 + (16 * 256 + 1) * 128 + (16 * 128 + 1) * 64
    cnn = convolutions + 4 * (256 + 128 + 64) + (29 * 29 * 64 + 1) * 10
    recurrent = sum((n_in + h + 1) * h for n_in, h in ((256, 256), (256, 128), (128, 64)))
    for name, parameters in ((CNN, cnn), (RNN, recurrent + 650)):
        model = built(name)
        scaling_weights = sum(int(np.prod(weight.shape)) for weight in model.get_layer(SCALING).weights)
        assert model.count_params() - scaling_weights == PAPER.model(name).parameters == parameters


def test_parameters_of_the_text_network():
    lstm = sum(4 * (n_in + h + 1) * h for n_in, h in ((256, 256), (256, 128), (128, 64)))
    assert built(TEXT).count_params() == N_WORDS * 256 + lstm + 650


def test_each_pixel_is_standardised_by_the_training_images():
    images = np.random.default_rng(0).integers(0, 256, (20, 4, 6)).astype("uint8")
    by_pixel, by_image = scaling("pixel", 255), scaling("image", 255)
    for layer in (by_pixel, by_image):
        layer.adapt(images.astype("float32"))
    expected = (images - images.mean(axis=0)) / images.std(axis=0)
    assert np.allclose(by_pixel(images), expected, atol=1e-4)
    assert np.allclose(by_image(images), (images - images.mean()) / images.std(), atol=1e-4)
    assert np.allclose(scaling("unit", 255)(images), images / 255, atol=1e-6)
    assert np.allclose(scaling("unit", 51)(images), images / 51, atol=1e-5)


def test_the_mean_and_deviation_travel_with_the_weights(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (20, 256, 256)).astype("uint8")
    first, second = built(RNN), built(RNN)
    first.get_layer(SCALING).adapt(images.astype("float32"))
    first.save_weights(tmp_path / "network.weights.h5")
    second.load_weights(tmp_path / "network.weights.h5")
    assert np.allclose(first.predict_on_batch(images[:2]), second.predict_on_batch(images[:2]), atol=1e-6)


def test_the_steps_go_along_time_or_along_the_coefficients():
    image = np.zeros((1, 256, 256), "uint8")
    image[0, 3, 7] = 255  # coefficient row 3, time column 7
    settings = PAPER.settings_for("unit-scale")
    for axis, step in (("time", 7), ("coefficient", 3)):
        model = build(RNN, settings | {"rnn_sequence_axis": axis}, (256, 256))
        first = next(layer for layer in model.layers if type(layer).__name__ == "SimpleRNN")
        fed = np.asarray(keras.Model(model.inputs[0], first.input)(image))[0]
        assert fed.max(axis=1).argmax() == step


def test_variants_of_the_rnn():
    kinds = [type(layer).__name__ for layer in built(RNN, "lstm-cell").layers]
    assert (kinds.count("LSTM"), kinds.count("SimpleRNN")) == (3, 0)
    assert shapes(built(RNN, "all-steps"), "Flatten") == [(16384,)]
    assert shapes(built(RNN, "step-pooling"), "MaxPooling1D") == [(128, 256), (64, 128)]  # between the layers only
    assert shapes(built(RNN, "as-cnn"), "MaxPooling1D", "Flatten") == [(128, 256), (64, 128), (32, 64), (2048,)]
    for variant, activation in (("paper", "tanh"), ("relu-cell", "relu"), ("as-cnn", "relu")):
        recurrent = [layer for layer in built(RNN, variant).layers if type(layer).__name__ == "SimpleRNN"]
        assert [layer.activation for layer in recurrent] == 3 * [activation]


def test_batch_normalisation_is_that_of_paper_toml():
    settings = PAPER.settings_for()
    assert (settings["batch_normalization_momentum"], settings["batch_normalization_epsilon"]) == (0.99, 0.001)
    changed = settings | {"batch_normalization_momentum": 0.5, "batch_normalization_epsilon": 0.25}
    for of, expected in ((settings, (0.99, 0.001)), (changed, (0.5, 0.25))):
        layers = [x for x in build(CNN, of, (256, 256)).layers if type(x).__name__ == "BatchNormalization"]
        assert [(layer.momentum, layer.epsilon) for layer in layers] == 3 * [expected]


def test_relu_follows_the_pooling_and_gives_the_same_to_the_bit():
    settings = PAPER.settings_for() | {"units": [3, 2, 2], "input_scaling": "unit"}
    ours = build(CNN, settings, (40, 40))
    kinds = [type(layer).__name__ for layer in ours.layers]
    block = ["Conv2D", "MaxPooling2D", "ReLU", "BatchNormalization"]
    assert kinds[3:-2] == 3 * block
    inputs = keras.Input((40, 40), dtype="uint8")
    x = keras.layers.Reshape((40, 40, 1))(keras.layers.Rescaling(1 / 255)(inputs))
    for filters in settings["units"]:
        x = keras.layers.Conv2D(filters, 4, activation="relu")(x)
        x = keras.layers.BatchNormalization()(keras.layers.MaxPooling2D(2)(x))
    printed = keras.Model(inputs, keras.layers.Dense(10, activation="softmax")(keras.layers.Flatten()(x)))
    printed.set_weights(ours.get_weights())
    images = np.random.default_rng(0).integers(0, 256, (4, 40, 40)).astype("uint8")
    assert np.array_equal(ours.predict_on_batch(images), printed.predict_on_batch(images))


def test_words_that_are_not_there_change_nothing():
    """A row padded with zeros gives what the same words give in a shorter row."""
    settings = PAPER.settings_for() | {"dropout": 0.0}
    short, long = build(TEXT, settings, (2,), n_words=N_WORDS), build(TEXT, settings, (4,), n_words=N_WORDS)
    long.set_weights(short.get_weights())
    words = np.array([[5, 6], [7, 0], [1, 2]], "int32")
    padded = np.pad(words, ((0, 0), (0, 2)))
    assert np.allclose(short.predict_on_batch(words), long.predict_on_batch(padded), atol=1e-6)


def test_numbers_instead_of_vectors():
    model = built(TEXT, "word-numbers")
    assert not [layer for layer in model.layers if type(layer).__name__ == "Embedding"]
    answers = model.predict_on_batch(np.array([[5, 0], [6, 0]], "int32"))
    assert np.abs(answers[0] - answers[1]).max() > 0


@pytest.mark.parametrize(
    ("name", "setting", "message"),
    [
        (CNN, {"input_scaling": "none"}, "input_scaling is 'none': expected one of pixel, image, unit"),
        (RNN, {"rnn_cell": "elman"}, "rnn_cell is 'elman': expected one of simple, lstm"),
        (RNN, {"rnn_sequence_axis": "rows"}, "rnn_sequence_axis is 'rows': expected one of time, coefficient"),
        (RNN, {"rnn_readout": "mean"}, "rnn_readout is 'mean': expected one of last step, all steps"),
        (TEXT, {"text_representation": "x"}, "text_representation is 'x': expected one of embedding, number"),
    ],
)
def test_unknown_choices_list_the_known(name, setting, message):
    with pytest.raises(ValueError, match=message):
        build(name, PAPER.settings_for() | setting, PAPER.model(name).input_shape, n_words=N_WORDS)
