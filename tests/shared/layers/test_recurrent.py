"""The recurrent layer against Keras's own, against NumPy in float64 and against finite differences."""

import keras
import numpy as np
import pytest

from shared.layers.recurrent import SimpleRNN

# Both sides round in float32 and add in another order: some 1e-7 of the largest number a step, and a state forgets.
TOLERANCE = 1e-5
SHAPES = [
    (32, 20, 24, 16),
    (3, 1, 5, 4),
    (1, 9, 7, 3),
    (5, 33, 1, 1),
    (2, 256, 13, 27),
]  # batch, steps, features, units


def inputs_of(batch, steps, features, seed=0):
    return np.random.default_rng(seed).standard_normal((batch, steps, features)).astype("float32")


def pair_of(units, features, return_sequences, dtype="float32", activation="tanh"):
    """Our layer and Keras's with the same weights, drawn from one generator, the bias not zero."""
    options = {"return_sequences": return_sequences, "activation": activation, "dtype": dtype}
    ours, theirs = SimpleRNN(units, **options), keras.layers.SimpleRNN(units, **options)
    for layer in (ours, theirs):
        layer.build((None, None, features))
    generator = np.random.default_rng(1)
    weights = [generator.standard_normal(weight.shape) / len(weight) ** 0.5 for weight in theirs.get_weights()]
    ours.set_weights(weights)
    theirs.set_weights(weights)
    return ours, theirs


def value_and_gradients(layer, x):
    """The layer's output, and the gradients of a fixed weighted sum of it for the inputs and for each weight."""
    import tensorflow as tf

    x = tf.convert_to_tensor(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        out = layer(x)
        target = np.random.default_rng(2).standard_normal(out.shape).astype(out.dtype.as_numpy_dtype)
        total = tf.reduce_sum(out * target)
    gradients = tape.gradient(total, [x, *(weight.value for weight in layer.trainable_variables)])
    return [np.asarray(array) for array in (out, *gradients)]


def assert_close(ours, theirs, tolerance=TOLERANCE):
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).max() <= tolerance * np.abs(theirs).max()


@pytest.mark.parametrize("activation", ["tanh", "relu"])
@pytest.mark.parametrize("return_sequences", [True, False])
@pytest.mark.parametrize(("batch", "steps", "features", "units"), SHAPES)
def test_output_and_gradients_are_those_of_keras(batch, steps, features, units, return_sequences, activation):
    ours, theirs = pair_of(units, features, return_sequences, activation=activation)
    x = inputs_of(batch, steps, features)
    for got, expected in zip(value_and_gradients(ours, x), value_and_gradients(theirs, x), strict=True):
        assert_close(got, expected)


def test_two_steps_by_hand():
    """One unit, W = 0.5, U = -2, b = 0.25, x = 1, 3: h_1 = tanh(0.75), h_2 = tanh(1.75 - 2 h_1)."""
    layer = SimpleRNN(1, return_sequences=True)
    layer.build((None, None, 1))
    layer.set_weights([np.array([[0.5]]), np.array([[-2.0]]), np.array([0.25])])
    out = keras.ops.convert_to_numpy(layer(np.array([[[1.0], [3.0]]], "float32")))
    first = np.tanh(0.75)
    assert np.allclose(out[0, :, 0], [first, np.tanh(1.75 - 2 * first)], rtol=1e-6)


def test_loop_in_numpy_float64():
    layer, _ = pair_of(6, 4, return_sequences=True)
    kernel, recurrent, bias = (weight.astype(float) for weight in layer.get_weights())
    x = inputs_of(3, 50, 4)
    state, expected = np.zeros((3, 6)), []
    for step in range(50):
        state = np.tanh(x[:, step] @ kernel + state @ recurrent + bias)
        expected.append(state)
    assert_close(keras.ops.convert_to_numpy(layer(x)), np.stack(expected, axis=1))


def test_gradients_are_finite_differences():
    """In float64, where a central difference over 1e-5 is good to some 1e-9."""
    ours, _ = pair_of(3, 2, return_sequences=True, dtype="float64")
    x = inputs_of(2, 6, 2).astype("float64")
    out, *gradients = value_and_gradients(ours, x)
    target = np.random.default_rng(2).standard_normal(out.shape)
    weights = ours.get_weights()

    def total(number, index, change):
        arrays = [array.copy() for array in (x, *weights)]
        arrays[number][index] += change
        ours.set_weights(arrays[1:])
        return float(np.sum(np.asarray(ours(arrays[0])) * target))

    for number, gradient in enumerate(gradients):
        for index in np.ndindex(gradient.shape):
            difference = (total(number, index, 1e-5) - total(number, index, -1e-5)) / 2e-5
            assert abs(gradient[index] - difference) < 1e-7


def network(layer):
    """Two layers with dropout between them and a classifier, as the papers stack them."""
    return keras.Sequential(
        [
            keras.Input((40, 12)),
            layer(16, return_sequences=True),
            keras.layers.Dropout(0.2, seed=1),
            layer(8),
            keras.layers.Dropout(0.2, seed=2),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )


def losses_of(model, n_steps=12):
    """Training losses; the batches are of 8 clips, every third one of 5."""
    x, y = inputs_of(8, 40, 12, seed=3), np.eye(3, dtype="float32")[np.arange(8) % 3]
    model.compile(keras.optimizers.Adam(0.01), "categorical_crossentropy", jit_compile=keras.backend.backend() == "jax")
    sizes = [5 if step % 3 == 2 else 8 for step in range(n_steps)]
    return np.array([float(model.train_on_batch(x[:size], y[:size])) for size in sizes])


def test_training_gives_the_losses_of_keras():
    ours, theirs = network(SimpleRNN), network(keras.layers.SimpleRNN)
    theirs.set_weights(ours.get_weights())
    got, expected = losses_of(ours), losses_of(theirs)
    assert expected[-1] < 0.7 * expected[0]  # it did learn
    assert np.allclose(got, expected, rtol=1e-4)  # rounding grows from update to update


def test_weights_are_those_of_keras():
    keras.utils.set_random_seed(0)
    ours, theirs = SimpleRNN(64), keras.layers.SimpleRNN(64)
    for layer in (ours, theirs):
        layer.build((None, None, 48))
    assert [weight.name for weight in ours.weights] == ["kernel", "recurrent_kernel", "bias"]
    assert [weight.name for weight in theirs.weights] == ["kernel", "recurrent_kernel", "bias"]
    for layer in (ours, theirs):
        kernel, recurrent, bias = layer.get_weights()
        limit = np.sqrt(6 / (48 + 64))  # Glorot and Bengio's uniform
        assert 0.95 * limit < np.abs(kernel).max() <= limit
        assert np.abs(recurrent @ recurrent.T - np.eye(64)).max() < TOLERANCE
        assert not bias.any()


def test_mixed_bfloat16():
    """The loop is in float32, so the error is that of bfloat16's 8 bits in inputs, weights and output."""
    ours, theirs = pair_of(16, 24, return_sequences=True, dtype="mixed_bfloat16")
    _, exact = pair_of(16, 24, return_sequences=True)
    x = inputs_of(4, 30, 24)
    out, expected = ours(x), keras.ops.convert_to_numpy(exact(x))
    assert keras.backend.standardize_dtype(out.dtype) == "bfloat16"
    assert {weight.dtype for weight in ours.weights} == {"float32"}

    def error(out):
        return np.sqrt(np.mean((keras.ops.convert_to_numpy(keras.ops.cast(out, "float32")) - expected) ** 2))

    assert error(out) < 0.02
    assert error(out) < 1.1 * error(theirs(x))
    model = network(lambda *args, **options: SimpleRNN(*args, **options, dtype="mixed_bfloat16"))
    assert np.isfinite(losses_of(model, 2)).all()


def test_config_round_trip_and_saved_model(tmp_path):
    layer = SimpleRNN(7, return_sequences=True, activation="relu", name="first")
    assert SimpleRNN.from_config(layer.get_config()).get_config() == layer.get_config()
    model = network(SimpleRNN)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert type(again.layers[0]) is SimpleRNN
    x = inputs_of(2, 40, 12)
    assert np.array_equal(again.predict(x, verbose=0), model.predict(x, verbose=0))


@pytest.mark.parametrize("return_sequences", [True, False])
def test_shape_before_the_length_is_known(return_sequences):
    out = SimpleRNN(4, return_sequences=return_sequences)(keras.Input((None, 6)))
    assert out.shape == ((None, None, 4) if return_sequences else (None, 4))


@pytest.mark.parametrize("shape", [(4, 5), (2, 3, 4, 5)])
def test_wrong_rank(shape):
    with pytest.raises(ValueError, match=f"expected ndim=3, found ndim={len(shape)}"):
        SimpleRNN(3)(np.zeros(shape, "float32"))


@pytest.mark.parametrize("units", [0, -1, 2.5, "8"])
def test_wrong_units(units):
    with pytest.raises(ValueError, match="units must be a positive integer. Received: units="):
        SimpleRNN(units)


def test_unknown_activation():
    with pytest.raises(ValueError, match="activation must be one of tanh, relu. Received: activation='gelu'"):
        SimpleRNN(3, activation="gelu")


def test_jax_gives_the_same_numbers(on_jax, tmp_path):
    model = network(SimpleRNN)
    x = inputs_of(8, 40, 12, seed=3)
    np.savez(tmp_path / "in.npz", *model.get_weights(), x=x)
    code = (
        "import numpy as np, keras; from shared.layers.recurrent import SimpleRNN\n"
        "data = dict(np.load(folder / 'in.npz'))\n"
        "x = data.pop('x')\n"
        "model = keras.Sequential([keras.Input((40, 12)), SimpleRNN(16, return_sequences=True), SimpleRNN(8),\n"
        "                          keras.layers.Dense(3, activation='softmax')])\n"
        "model.set_weights(list(data.values()))\n"
        "out = model.predict(x, verbose=0)\n"
        "model.compile(keras.optimizers.SGD(0.1), 'mse')\n"
        "model.train_on_batch(x, np.zeros((8, 3), 'float32'))\n"
        "np.savez(folder / 'out.npz', *model.get_weights(), out=out)\n"
    )
    on_jax(code, tmp_path)
    theirs = dict(np.load(tmp_path / "out.npz"))
    assert_close(model.predict(x, verbose=0), theirs.pop("out"))
    layers = [layer for layer in model.layers if not isinstance(layer, keras.layers.Dropout)]
    plain = keras.Sequential([keras.Input((40, 12)), *layers])
    plain.compile(keras.optimizers.SGD(0.1), "mse", jit_compile=False)
    plain.train_on_batch(x, np.zeros((8, 3), "float32"))
    for ours, jax in zip(plain.get_weights(), theirs.values(), strict=True):
        assert np.abs(ours - jax).max() <= TOLERANCE  # SGD: so the gradients agree, too
