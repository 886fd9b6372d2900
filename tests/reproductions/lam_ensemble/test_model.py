"""The networks as the paper prints them: every shape and every parameter count."""

import keras
import numpy as np
import pytest

from reproductions.lam_ensemble.model import build, convolution_block
from shared.paper.loading import load_paper

PAPER = load_paper("lam_ensemble")

# Tables I to III: the outputs after each pooling, the flattened size, the dense layers.
SHAPES = {
    "Model 1": [(63, 645, 16), (30, 321, 32), (14, 159, 64), (6, 78, 64), (29952,), (256,), (128,), (5,)],
    "Model 2": [(64, 646, 32), (32, 323, 32), (16, 161, 64), (164864,), (128,), (64,), (5,)],
    "Model 3": [(62, 644, 16), (30, 321, 32), (14, 159, 64), (6, 78, 64), (29952,), (128,), (64,), (5,)],
}
# 29952 x 256 + 256 is Table I's "FC 7667968"; the totals follow from the shapes.
PARAMETERS = {"Model 1": 7_762_021, "Model 2": 21_141_477, "Model 3": 3_904_613}
PRINTED = (keras.layers.MaxPooling2D, keras.layers.Flatten, keras.layers.Dense)


def shapes(model):
    return [tuple(layer.output.shape[1:]) for layer in model.layers if isinstance(layer, PRINTED)]


@pytest.mark.parametrize("name", SHAPES)
def test_shapes_and_parameters(name):
    model = build(name, PAPER.settings_for())
    assert shapes(model) == SHAPES[name]
    assert model.count_params() == PARAMETERS[name]


@pytest.mark.parametrize("name", SHAPES)
def test_paper_toml_says_the_same(name):
    model = PAPER.model(name)
    assert model.parameters == PARAMETERS[name]
    assert [shape for _, shape in model.layers] == SHAPES[name]


def test_the_parameter_count_that_table_one_prints_as_a_layer():
    model = build("Model 1", PAPER.settings_for())
    first_dense = next(layer for layer in model.layers if isinstance(layer, keras.layers.Dense))
    assert first_dense.count_params() == 7_667_968


def test_model_3_has_a_5x5_kernel_and_batch_normalisation_after_dropout():
    model = build("Model 3", PAPER.settings_for())
    kinds = [type(layer).__name__ for layer in model.layers]
    assert model.layers[1].kernel_size == (5, 5)
    assert kinds[-7:] == ["Dense", "Dropout", "BatchNormalization", "Dense", "Dropout", "BatchNormalization", "Dense"]


def dropout(model):
    return {layer.rate for layer in model.layers if isinstance(layer, keras.layers.Dropout)}


def test_the_released_model_2_is_the_notebooks_and_the_only_one_that_differs():
    built = {name: build(name, PAPER.settings_for("authors-notebook", name)) for name in SHAPES}
    assert shapes(built["Model 2"])[3:] == [(164864,), (64,), (5,)]
    assert built["Model 2"].count_params() == PARAMETERS["Model 2"] - 64 * (164864 + 1) - (128 + 1) * 64
    assert {name: dropout(model) for name, model in built.items()} == {
        "Model 1": {0.2},
        "Model 2": {0.3},
        "Model 3": {0.2},
    }
    assert [shapes(built[name]) for name in ("Model 1", "Model 3")] == [SHAPES["Model 1"], SHAPES["Model 3"]]


@pytest.mark.parametrize("name", SHAPES)
def test_dropout_is_the_papers(name):
    assert dropout(build(name, PAPER.settings_for())) == {0.2}


def test_batch_normalisation_is_as_the_settings_say():
    settings = PAPER.settings_for(model="Model 3")
    for changed in ({}, {"batch_norm_momentum": 0.5, "batch_norm_epsilon": 0.25}):
        model = build("Model 3", settings | changed)
        found = {(x.momentum, x.epsilon) for x in model.layers if isinstance(x, keras.layers.BatchNormalization)}
        assert found == {tuple((settings | changed)[f"batch_norm_{name}"] for name in ("momentum", "epsilon"))}


def test_relu_after_pooling_is_relu_before_pooling_to_the_bit():
    """Weights after three steps: what the table prints (convolution, ReLU, pooling) and what the block does."""
    generator = np.random.default_rng(0)
    x = generator.normal(size=(8, 20, 24, 3)).astype("float32")
    y = np.eye(2, dtype="float32")[generator.integers(0, 2, 8)]

    def as_printed(x):
        x = keras.layers.Conv2D(4, 3, activation="relu")(x)
        return keras.layers.MaxPooling2D(2)(x)

    trained = []
    for block in (as_printed, lambda x: convolution_block(x, 4, 3, "valid")):
        keras.utils.set_random_seed(0)
        inputs = keras.Input(x.shape[1:])
        outputs = keras.layers.Dense(2, activation="softmax")(keras.layers.Flatten()(block(block(inputs))))
        model = keras.Model(inputs, outputs)
        model.compile(keras.optimizers.SGD(0.1), "categorical_crossentropy", jit_compile=False)
        for _ in range(3):
            model.train_on_batch(x, y)
        trained.append(model.get_weights())
    for printed, ours in zip(*trained, strict=True):
        assert np.array_equal(printed, ours)


def test_probabilities_are_float32_whatever_the_precision():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = build("Model 3", PAPER.settings_for(), (96, 96, 3))
    finally:
        keras.config.set_dtype_policy(before)
    probabilities = model.predict_on_batch(np.zeros((2, 96, 96, 3), "float32"))
    assert probabilities.dtype == np.float32
    assert np.allclose(probabilities.sum(1), 1.0, atol=1e-6)
