"""A fully connected recurrent layer that computes what ``keras.layers.SimpleRNN`` computes, in less time on a CPU.

``keras.layers.SimpleRNN`` runs every operation of a time step on its own, forwards and backwards: half of its time is
not arithmetic, and a second core hardly helps. Here only what depends on the step before stays in the loop, and the
loop is one XLA computation. What is left of it, with h_t the state and x_t the input of step t, is

    forwards    h_t = f(z_t + h_{t-1} U)                         z = x W + b of all steps is one product
    backwards   d_t = (g_t + d_{t+1} U^T) f'(h_t)                d is the gradient for z, g the one that arrives

where f is tanh or ReLU, whose slope f' follows from the state itself: 1 - h^2, or whether h is above 0.

and after it dU = sum_t h_{t-1}^T d_t, dW = sum_t x_t^T d_t, db = sum_t d_t and dx = d W^T are one product or sum each.
The network is Elman's (1990, Finding structure in time), the backward pass Werbos's (1990, Backpropagation through
time: what it does and how to do it) with the sums taken out of the loop.
"""

from __future__ import annotations

import functools

import keras
from keras import ops

from shared.layers import backend
from shared.layers.backend import compiled


@keras.saving.register_keras_serializable(package="audio_reproductions")
class SimpleRNN(keras.layers.Layer):
    """Fully connected recurrent layer: ``h_t = f(x_t W + b + h_{t-1} U)``, starting from ``h_0 = 0``.

    Weights, their shapes, order and initialisers are those of ``keras.layers.SimpleRNN``, so ``set_weights`` of the one
    takes ``get_weights`` of the other: ``kernel`` W (features, units), ``recurrent_kernel`` U (units, units), ``bias``
    b (units,). There is no masking, no dropout inside and no state kept between batches.

    Parameters
    ----------
    units : int
        Size of the state.
    return_sequences : bool
        Return the state of every step rather than of the last one.
    activation : {"tanh", "relu"}
        f.

    Notes
    -----
    Input: (batch, steps, features), steps at least 1. Output: (batch, steps, units) or (batch, units) in the layer's
    compute dtype. The loop itself computes in float32 at least: ``mixed_bfloat16`` is for the product with W.
    """

    def __init__(self, units: int, return_sequences: bool = False, activation: str = "tanh", **kwargs):
        super().__init__(**kwargs)
        if not isinstance(units, int) or units < 1:
            raise ValueError(f"units must be a positive integer. Received: units={units!r}")
        if activation not in ACTIVATIONS:
            raise ValueError(f"activation must be one of {', '.join(ACTIVATIONS)}. Received: activation={activation!r}")
        self.units, self.return_sequences, self.activation = units, return_sequences, activation
        self.input_spec = keras.layers.InputSpec(ndim=3)

    def build(self, input_shape):
        square = (self.units, self.units)
        self.kernel = self.add_weight((input_shape[-1], self.units), name="kernel", initializer="glorot_uniform")
        self.recurrent_kernel = self.add_weight(square, name="recurrent_kernel", initializer="orthogonal")
        self.bias = self.add_weight((self.units,), name="bias", initializer="zeros")

    def call(self, inputs):
        n_steps, n_features = ops.shape(inputs)[1:]
        rows = ops.reshape(inputs, (-1, n_features))  # (batch * steps, features)
        projected = ops.reshape(ops.matmul(rows, self.kernel) + self.bias, (-1, n_steps, self.units))
        dtype = keras.backend.result_type(self.compute_dtype, "float32")
        states = recurrence(self.activation)(ops.cast(projected, dtype), ops.cast(self.recurrent_kernel, dtype))
        states = ops.cast(states, self.compute_dtype)
        return states if self.return_sequences else states[:, -1]

    def compute_output_shape(self, input_shape):
        batch, steps, _ = input_shape
        return (batch, steps, self.units) if self.return_sequences else (batch, self.units)

    def get_config(self):
        config = {"units": self.units, "return_sequences": self.return_sequences, "activation": self.activation}
        return {**super().get_config(), **config}


# f, and its slope from its value.
ACTIVATIONS = {
    "tanh": (ops.tanh, lambda state: 1 - state * state),
    "relu": (ops.relu, lambda state: ops.cast(state > 0, state.dtype)),
}


@functools.cache
def recurrence(activation: str):
    """A function that gives the states h_t = f(z_t + h_{t-1} U) of all steps, with its gradient.

    Its parameters are z, the inputs times the kernel plus the bias, (batch, steps, units), and U, (units, units); it
    returns a tensor of shape (batch, steps, units).
    """
    forward, backward = _compiled(activation)

    @ops.custom_gradient
    def states_of(projected, recurrent_kernel):
        # Its gradient is ours: without this a tape would look for one inside of the XLA computation.
        states = forward(ops.stop_gradient(projected), ops.stop_gradient(recurrent_kernel))

        def gradient(upstream):
            d_projected = backward(upstream, states, recurrent_kernel)
            units = recurrent_kernel.shape[0]
            before = ops.reshape(states[:, :-1], (-1, units))
            after = ops.reshape(d_projected[:, 1:], (-1, units))
            return d_projected, ops.matmul(ops.transpose(before), after)

        return states, gradient

    return states_of


def _forward(activation: str, projected, recurrent_kernel):
    """States (batch, steps, units) from the projected inputs."""
    steps, value = ops.transpose(projected, (1, 0, 2)), ACTIVATIONS[activation][0]

    def step(state, projected):
        state = value(projected + ops.matmul(state, recurrent_kernel))
        return state, state

    return ops.transpose(ops.scan(step, ops.zeros_like(steps[0]), steps)[1], (1, 0, 2))


def _backward(activation: str, upstream, states, recurrent_kernel):
    """Gradient for the projected inputs (batch, steps, units) from the one for the states."""
    slope = ACTIVATIONS[activation][1]
    steps = ops.transpose(upstream, (1, 0, 2)), ops.transpose(states, (1, 0, 2))
    transposed = ops.transpose(recurrent_kernel)

    def step(after, here):
        upstream, state = here
        gradient = (upstream + ops.matmul(after, transposed)) * slope(state)
        return gradient, gradient

    return ops.transpose(ops.scan(step, ops.zeros_like(steps[0][0]), steps, reverse=True)[1], (1, 0, 2))


def _compiled(activation: str):
    """The two loops as one computation each, also where the model around them is not compiled with XLA.

    There each works on the two halves of a batch, which TensorFlow gives to two cores. That pays on one core, too: at
    32 clips and 256 units XLA divides a step's product among threads, which took it twice the time.
    """
    loops = [compiled(functools.partial(loop, activation)) for loop in (_forward, _backward)]
    return loops if backend.jit_compile() else tuple(map(_in_halves, loops))


def _in_halves(loop):
    def both(*arguments):
        *sequences, recurrent_kernel = arguments
        half = ops.shape(sequences[0])[0] // 2
        first = loop(*(sequence[:half] for sequence in sequences), recurrent_kernel)
        second = loop(*(sequence[half:] for sequence in sequences), recurrent_kernel)
        return ops.concatenate([first, second], axis=0)

    return both
