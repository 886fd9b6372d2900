"""The network of figure 2: every shape and the parameter count; the loss against scikit-learn."""

import itertools

import keras
import numpy as np
import pytest
from sklearn.metrics import log_loss

from reproductions.pascuo_multilabel.model import CNN, balanced_crossentropy, build, build_cnn
from shared.class_weights import balanced_labels
from shared.paper import load_paper

PAPER = load_paper("pascuo_multilabel")
FACTS = PAPER.models[CNN]
SHAPED = (keras.layers.Conv2D, keras.layers.Dropout, keras.layers.Flatten, keras.layers.Dense)


def test_every_shape_and_the_parameter_count():
    model = build(PAPER.settings_for(), FACTS.input_shape, len(PAPER.corpus.classes))
    shapes = [layer.output.shape[1:] for layer in model.layers if isinstance(layer, SHAPED)]
    assert shapes == [shape for _, shape in FACTS.layers]
    assert model.count_params() == FACTS.parameters == 4_924_382


def test_the_parameter_count_by_hand():
    channels, widths = [1, 16, 32, 64, 128], [49 * 6 * 128, 128, 64, 30]
    convolutions = sum(9 * a * b + b for a, b in itertools.pairwise(channels))
    assert convolutions + sum(a * b + b for a, b in itertools.pairwise(widths)) == FACTS.parameters


@pytest.mark.parametrize(("input_shape", "flat"), [((24, 13), 12 * 6 * 128), ((101, 13), 50 * 6 * 128)])
def test_the_inputs_of_the_variants_fit(input_shape, flat):
    model = build_cnn(input_shape, 10)
    assert next(layer for layer in model.layers if isinstance(layer, keras.layers.Flatten)).output.shape == (None, flat)
    assert model.output_shape == (None, 10)


def test_probabilities_are_float32_and_of_each_label_alone():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = build_cnn((24, 13), 5, filters=(2, 2, 2, 2), units=(4, 4))
    finally:
        keras.config.set_dtype_policy("float32")
    given = np.asarray(model(np.random.default_rng(0).random((3, 24, 13), "float32")))
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
