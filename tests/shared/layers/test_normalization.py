"""Batch normalisation against Keras's own layer: values, gradients, moving statistics, weights."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

from shared.layers import backend
from shared.layers.normalization import BatchNormalization

SHAPES = [(7, 5), (4, 6, 3), (3, 5, 4, 8)]  # dense, in time, in time and frequency
ROUNDING = 2e-5  # of float32 sums in another order, on values of a few units
ROUNDING_BFLOAT16 = 0.05  # eight bits of values up to 5


def pair(shape, dtype="float32", **options):
    """Keras's layer and ours with the same random weights, and inputs with an offset in each channel."""
    rng = np.random.default_rng(0)
    inputs = (rng.normal(size=shape) * 2 + np.arange(shape[-1])).astype("float32")
    made = [kind(dtype=dtype, **options) for kind in (layers.BatchNormalization, BatchNormalization)]
    for layer in made:
        layer.build(shape)
    for weights in zip(*(layer.weights for layer in made), strict=True):
        value = rng.uniform(0.5, 1.5, weights[0].shape)
        for variable in weights:
            variable.assign(value)
    return *made, inputs


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("options", [{}, {"epsilon": 1e-6, "momentum": 0.9}, {"center": False, "scale": False}])
def test_values_and_moving_statistics_are_those_of_keras(shape, training, options):
    theirs, ours, inputs = pair(shape, **options)
    expected, found = theirs(inputs, training=training), ours(inputs, training=training)
    np.testing.assert_allclose(found, expected, atol=ROUNDING)
    for one, other in zip(theirs.weights, ours.weights, strict=True):
        assert one.name == other.name
        assert one.trainable == other.trainable
        np.testing.assert_allclose(other.numpy(), one.numpy(), atol=ROUNDING)


@pytest.mark.parametrize("shape", SHAPES[1:])
def test_gradients_are_those_of_keras(shape):
    import tensorflow as tf

    theirs, ours, inputs = pair(shape)
    found = []
    for layer in (theirs, ours):
        values = tf.constant(inputs)
        with tf.GradientTape() as tape:
            tape.watch(values)
            loss = tf.reduce_sum(tf.square(layer(values, training=True)) * tf.sin(values))
        found.append(tape.gradient(loss, [values, *(v.value for v in layer.trainable_variables)]))
    for expected, gradient in zip(*found, strict=True):
        np.testing.assert_allclose(gradient, expected, rtol=1e-3, atol=1e-3)  # sums of 100 products


def test_one_value_a_channel_has_variance_zero():
    theirs, ours, inputs = pair((1, 1, 4))
    np.testing.assert_allclose(ours(inputs, training=True), theirs(inputs, training=True), atol=ROUNDING)
    np.testing.assert_allclose(ours.moving_variance, theirs.moving_variance, atol=ROUNDING)


def test_in_bfloat16_values_keep_their_type_and_statistics_are_float32():
    theirs, ours, inputs = pair((8, 6, 5, 3), dtype="mixed_bfloat16")
    expected, found = theirs(inputs, training=True), ours(inputs, training=True)
    assert keras.backend.standardize_dtype(found.dtype) == "bfloat16"
    np.testing.assert_allclose(
        keras.ops.cast(found, "float32"), keras.ops.cast(expected, "float32"), atol=ROUNDING_BFLOAT16
    )
    for one, other in zip(theirs.weights, ours.weights, strict=True):
        assert keras.backend.standardize_dtype(other.dtype) == "float32"
        np.testing.assert_allclose(other.numpy(), one.numpy(), atol=ROUNDING_BFLOAT16)


def test_frozen_it_uses_the_moving_statistics_in_training_too():
    theirs, ours, inputs = pair((4, 6, 3))
    theirs.trainable = ours.trainable = False
    before = ours.moving_mean.numpy()
    np.testing.assert_allclose(ours(inputs, training=True), theirs(inputs, training=True), atol=ROUNDING)
    np.testing.assert_array_equal(ours.moving_mean, before)


def test_what_the_kernel_does_not_do_is_done_by_keras(monkeypatch):
    def refuse(*_):
        raise AssertionError("the kernel was asked")

    monkeypatch.setattr(backend, "fused_normalization", refuse)
    theirs, ours, inputs = pair((4, 6, 3), axis=1)
    np.testing.assert_array_equal(ours(inputs, training=True), theirs(inputs, training=True))
    theirs, ours, inputs = pair((4, 6, 3))
    with pytest.raises(AssertionError, match="kernel"):
        ours(inputs, training=True)
    monkeypatch.setattr(backend, "fuses_normalization", lambda: False)  # another backend
    np.testing.assert_array_equal(ours(inputs, training=True), theirs(inputs, training=True))


def test_a_model_of_any_length_can_be_built_and_saved(tmp_path):
    inputs = keras.Input((None, 3))
    model = keras.Model(inputs, BatchNormalization()(inputs))
    assert model.output_shape == (None, None, 3)
    model.save_weights(tmp_path / "model.weights.h5")
    other = keras.Model(inputs, layers.BatchNormalization()(inputs))
    other.load_weights(tmp_path / "model.weights.h5")
    sample = np.ones((2, 5, 3), "float32")
    np.testing.assert_allclose(other.predict(sample, verbose=0), model.predict(sample, verbose=0), atol=ROUNDING)
