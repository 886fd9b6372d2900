"""The pooled convolution against Keras's own four layers with the same weights."""

import keras
import numpy as np
import pytest
from keras import layers

from shared.layers.convolutions import PooledConv1D

# Both round in float32 and add in another order; the variance is a difference of two sums here.
TOLERANCE = 2e-4
CASES = [
    # samples, channels, filters, kernel, strides, pooling, fold
    (131, 1, 4, 16, 2, 8, 4),  # 58 outputs: two too many for the windows, two more to fill the last block
    (128, 1, 3, 8, 2, 4, 1),
    (90, 3, 5, 7, 3, 2, 2),  # a kernel that no block divides, samples at the end that no output sees
    (64, 2, 2, 64, 1, 1, 4),  # one output only
    (300, 16, 8, 32, 2, 8, 2),
]


def pair_of(n, channels, filters, kernel, strides, pooling, fold):
    """Our layer, and Keras's four as a model, with the same weights; half of the gammas are negative."""
    ours = PooledConv1D(filters, kernel, strides, pooling, fold=fold)
    theirs = keras.Sequential(
        [
            layers.Conv1D(filters, kernel, strides=strides),
            layers.ReLU(),
            layers.BatchNormalization(),
            layers.MaxPooling1D(pooling),
        ]
    )
    for layer in (ours, theirs):
        layer.build((None, n, channels))
    generator = np.random.default_rng(1)
    weights = [generator.standard_normal(weight.shape).astype("float32") for weight in theirs.get_weights()]
    weights[2][::2] = -np.abs(weights[2][::2])  # gamma
    weights[5] = np.abs(weights[5]) + 0.5  # moving variance
    ours.set_weights(weights)
    theirs.set_weights(weights)
    return ours, theirs


def values_and_gradients(layer, x):
    """Outputs in training, and the gradients of a fixed weighted sum of them for the inputs and each weight."""
    import tensorflow as tf

    x = tf.convert_to_tensor(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        out = layer(x, training=True)
        total = tf.reduce_sum(out * np.random.default_rng(2).standard_normal(out.shape).astype("float32"))
    gradients = tape.gradient(total, [x, *(weight.value for weight in layer.trainable_variables)])
    return [np.asarray(array) for array in (out, *gradients)]


def assert_close(ours, theirs, tolerance=TOLERANCE):
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).max() <= tolerance * max(1.0, np.abs(theirs).max())


@pytest.mark.parametrize("case", CASES)
def test_values_gradients_and_statistics_are_those_of_keras(case):
    ours, theirs = pair_of(*case)
    x = np.random.default_rng(0).standard_normal((6, *case[:2])).astype("float32")
    assert_close(np.asarray(ours(x, training=False)), np.asarray(theirs(x, training=False)))
    for got, expected in zip(values_and_gradients(ours, x), values_and_gradients(theirs, x), strict=True):
        assert_close(got, expected)
    for got, expected in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        assert_close(got, expected)  # the moving statistics, after one step
    assert ours.compute_output_shape((None, *case[:2])) == theirs.output_shape


def test_the_fold_changes_nothing():
    x = np.random.default_rng(0).standard_normal((3, 131, 1)).astype("float32")
    outputs = [np.asarray(pair_of(131, 1, 4, 16, 2, 8, fold)[0](x, training=True)) for fold in (1, 3, 8)]
    for other in outputs[1:]:
        assert_close(other, outputs[0], 1e-5)


def test_a_kernel_that_is_not_trained_keeps_its_values():
    ours, _ = pair_of(*CASES[0])
    ours.kernel.trainable = False
    assert [weight.name for weight in ours.trainable_variables] == ["bias", "gamma", "beta"]


def test_too_short_a_signal_is_refused():
    with pytest.raises(ValueError, match="20 samples are fewer than one pooling window needs"):
        PooledConv1D(4, 16, 2, 8).build((None, 20, 1))


def test_a_model_with_it_is_saved_and_loaded(tmp_path):
    inputs = keras.Input((131, 1))
    model = keras.Model(inputs, PooledConv1D(4, 16, 2, 8, fold=2, name="stage")(inputs))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", custom_objects={"PooledConv1D": PooledConv1D})
    x = np.random.default_rng(0).standard_normal((2, 131, 1)).astype("float32")
    assert np.array_equal(loaded.predict_on_batch(x), model.predict_on_batch(x))


def test_bfloat16_stays_near_float32():
    float32, _ = pair_of(*CASES[0])
    mixed = PooledConv1D(4, 16, 2, 8, dtype="mixed_bfloat16")
    mixed.build((None, 131, 1))
    mixed.set_weights(float32.get_weights())
    x = np.random.default_rng(0).standard_normal((6, 131, 1)).astype("float32")
    got, expected = (np.asarray(keras.ops.cast(layer(x, training=True), "float32")) for layer in (mixed, float32))
    assert np.abs(got - expected).max() < 0.05 * np.abs(expected).max()  # eight bits of mantissa


def test_jax_gives_the_same_numbers(on_jax, tmp_path):
    ours, _ = pair_of(*CASES[0])
    x = np.random.default_rng(0).standard_normal((6, 131, 1)).astype("float32")
    np.savez(tmp_path / "given.npz", x=x, **{f"w{i}": w for i, w in enumerate(ours.get_weights())})
    code = (
        "import numpy as np, keras; from shared.layers.convolutions import PooledConv1D\n"
        "given = np.load(folder / 'given.npz')\n"
        "inputs = keras.Input((131, 1))\n"
        "model = keras.Model(inputs, PooledConv1D(4, 16, 2, 8, fold=4)(inputs))\n"
        "model.set_weights([given[f'w{i}'] for i in range(6)])\n"
        "model.compile(keras.optimizers.SGD(0.1), 'mean_squared_error')\n"
        "model.train_on_batch(given['x'], np.ones((6, 7, 4), 'float32'))\n"
        "np.savez(folder / 'kept.npz', *model.get_weights())\n"
    )
    on_jax(code, tmp_path)
    inputs = keras.Input((131, 1))
    model = keras.Model(inputs, PooledConv1D(4, 16, 2, 8, fold=4)(inputs))
    model.set_weights(ours.get_weights())
    model.compile(keras.optimizers.SGD(0.1), "mean_squared_error")
    model.train_on_batch(x, np.ones((6, 7, 4), "float32"))
    theirs = np.load(tmp_path / "kept.npz")
    for got, expected in zip(model.get_weights(), theirs.values(), strict=True):
        assert_close(got, expected)  # SGD: so the gradients agree, too
