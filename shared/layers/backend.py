"""The few places where TensorFlow and JAX want something different; everything else is Keras."""

from __future__ import annotations

import logging
from collections.abc import Callable

import keras

from shared.base.provenance import machine

logging.getLogger("tensorflow").setLevel(logging.ERROR)  # it warns of "retracing" when a second model is trained

# As keras_home/keras.json says, also where Keras was imported before this project, with a user's own.
keras.config.set_floatx("float32")
keras.config.set_epsilon(1e-7)
keras.config.set_image_data_format("channels_last")


def name() -> str:
    """``tensorflow`` or ``jax``."""
    return keras.backend.backend()


def accelerator() -> str:
    """The device that Keras computes on, for example ``cpu`` or ``NVIDIA H200``."""
    if name() == "jax":
        import jax

        return jax.devices()[0].device_kind
    import tensorflow as tf

    devices = tf.config.list_physical_devices("GPU")
    return tf.config.experimental.get_device_details(devices[0]).get("device_name", "gpu") if devices else "cpu"


def conditions() -> dict:
    """Backend, device and Keras's own settings for a run's record; the device is the accelerator, or else the processor
    in words."""
    device = accelerator()
    configured = {key: getattr(keras.config, key)() for key in ("floatx", "epsilon", "image_data_format")}
    return {"backend": name(), "device": machine() if device == "cpu" else device, "keras": configured}


def jit_compile() -> bool:
    """Whether Keras should compile the training step with XLA: on a GPU and under JAX, not on a TensorFlow CPU.

    On a CPU, XLA's convolutions miss oneDNN: with it a step of a small convolutional network took six times longer in
    float32 and eleven times in bfloat16.
    """
    return name() == "jax" or accelerator() != "cpu"


def compiled(function: Callable) -> Callable:
    """``function`` of tensors as one XLA computation, also inside a training step that is not compiled with XLA."""
    if name() == "jax":
        return function  # Keras compiles the whole step
    import tensorflow as tf

    return tf.function(function, jit_compile=True, autograph=False)


def fuses_normalization() -> bool:
    """Whether `fused_normalization` is there."""
    return name() == "tensorflow"


def fused_normalization(inputs, scale, offset, epsilon: float, statistics=None) -> tuple:
    """Batch normalisation of the last axis by TensorFlow's kernel, which needs two passes over the values and no copy.

    Parameters
    ----------
    inputs : tensor, (batch, ..., channels)
        float32, float16 or bfloat16; sums are float32 in any case.
    scale, offset : float32 tensors, (channels,)
    epsilon : float
    statistics : pair of float32 tensors, (channels,), optional
        Mean and variance to normalise with; those of `inputs` if None.

    Returns
    -------
    normalised values, of the shape and dtype of `inputs`; mean; variance (biased, as Keras has it)
    """
    import tensorflow as tf

    shape = tf.shape(inputs)
    flat = tf.reshape(inputs, (shape[0], -1, 1, inputs.shape[-1]))
    mean, variance = statistics or (tf.zeros(0), tf.zeros(0))
    values, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
        x=flat, scale=scale, offset=offset, mean=mean, variance=variance, epsilon=epsilon, is_training=not statistics
    )
    if not statistics:  # the kernel's is divided by n - 1
        n = tf.cast(tf.size(flat) // inputs.shape[-1], "float32")
        variance *= tf.maximum(n - 1.0, 1.0) / n
    values = tf.reshape(values, shape)
    values.set_shape(inputs.shape)
    return values, mean, variance
