"""The network of figure 2: every shape and the parameter count; its penalty; the loss of `corrected`."""

import itertools

import keras
import numpy as np
import pytest
from sklearn.metrics import log_loss

from reproductions.pascuo_multilabel.model import CNN, CONSTANT, balanced_crossentropy, build
from shared.paper.loading import load_paper
from shared.training.class_weights import balanced_labels

PAPER = load_paper("pascuo_multilabel")
FACTS, SETTINGS = PAPER.models[CNN], PAPER.settings_for()
POOLED = (keras.layers.Conv2D, keras.layers.MaxPooling2D, keras.layers.Flatten, keras.layers.Dense)


def network(**changed):
    return build(SETTINGS | changed, FACTS.input_shape, len(PAPER.corpus.classes))


def test_every_shape_and_the_parameter_count():
    model = network()
    shown = [layer for layer in model.layers if isinstance(layer, POOLED)]
    assert [layer.output.shape[1:] for layer in shown] == [shape for _, shape in FACTS.layers]
    assert [layer.count_params() for layer in shown if layer.count_params()] == [
        *(400, 3_216, 2_320, 4_640, 9_248),
        *(4_160, 1_950),
    ]
    assert model.count_params() == FACTS.parameters == 25_934
    assert sum(np.prod(weight.shape) for weight in model.trainable_weights) == 25_934


def test_the_parameter_count_by_hand():
    channels, kernels, widths = [1, 8, 16, 16, 32, 32], [7, 5, 3, 3, 3], [2 * 1 * 32, 64, 30]
    count = sum(k * k * a * b + b for k, (a, b) in zip(kernels, itertools.pairwise(channels), strict=True))
    assert count + sum(a * b + b for a, b in itertools.pairwise(widths)) == FACTS.parameters


def test_activations_and_dropout_are_those_of_the_paper():
    model = network()
    convolutions = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    assert [layer.activation.__name__ for layer in convolutions] == ["tanh", "relu", "relu", "relu", "relu"]
    dense = [layer for layer in model.layers if isinstance(layer, keras.layers.Dense)]
    assert [layer.activation.__name__ for layer in dense] == ["relu", "sigmoid"]
    (dropout,) = (layer for layer in model.layers if isinstance(layer, keras.layers.Dropout))
    assert dropout.rate == 0.2
    assert model.layers.index(dropout) == model.layers.index(dense[0]) - 1


def test_the_penalty_is_of_the_hidden_answers_and_a_mean_over_the_batch():
    """0.001 times the sum of squares of a sample's 64 answers; Keras divides by the batch, in evaluation as well."""
    keras.utils.set_random_seed(0)
    model = network()
    inputs = 100 * np.random.default_rng(0).random((5, 19, 13), "float32")  # a penalty above the loss's rounding
    hidden = keras.Model(model.inputs[0], model.layers[-2].output)
    squares = (np.asarray(hidden(inputs)) ** 2).sum(axis=1)
    assert squares.max() > 0
    model.compile(loss="binary_crossentropy", metrics=["binary_crossentropy"])
    logs = model.test_on_batch(inputs, np.zeros((5, 30), "float32"), return_dict=True)
    assert logs["loss"] - logs["binary_crossentropy"] == pytest.approx(0.001 * squares.mean(), rel=1e-3)
    assert network(activity_l2=0.0).layers[-2].activity_regularizer is None


@pytest.mark.parametrize("frames", [9, 24])
def test_other_inputs_fit(frames):
    assert build(SETTINGS, (frames, 13), 10).output_shape == (None, 10)


def test_the_constant_predictor_is_none_of_the_reports_networks():
    assert [name for name, model in PAPER.models.items() if not model.learns] == [CONSTANT]


def test_probabilities_are_float32_and_of_each_label_alone():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = build(SETTINGS, (19, 13), 5)
    finally:
        keras.config.set_dtype_policy("float32")
    given = np.asarray(model(np.random.default_rng(0).random((3, 19, 13), "float32")))
    assert given.dtype == np.float32
    assert ((given > 0) & (given < 1)).all()
    assert not np.allclose(given.sum(axis=1), 1)  # no softmax


def test_the_balanced_loss_is_scikit_learns_with_balanced_sample_weights():
    generator = np.random.default_rng(0)
    true, prob = generator.integers(0, 2, (20, 3)), generator.uniform(0.01, 0.99, (20, 3))
    positive, negative = balanced_labels(true)
    loss = np.asarray(balanced_crossentropy(positive, negative)(true, prob.astype("float32")))
    assert loss.shape == (20,)
    weights = np.where(true, positive, negative)
    columns = [log_loss(true[:, i], prob[:, i], sample_weight=weights[:, i]) for i in range(3)]
    assert loss.mean() == pytest.approx(np.mean(columns), rel=1e-5)  # its weights add up to n, so the means agree


def test_the_balanced_loss_of_one_half_is_ln_2_whatever_the_weights():
    true = np.eye(3)[[0, 0, 0, 1, 2]]
    loss = balanced_crossentropy(*balanced_labels(true))(true, np.full((5, 3), 0.5, "float32"))
    assert np.asarray(loss).mean() == pytest.approx(np.log(2), rel=1e-6)
