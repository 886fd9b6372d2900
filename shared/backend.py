"""The few places where TensorFlow and JAX want something different; everything else is Keras."""

from __future__ import annotations

import logging
from collections.abc import Callable

import keras

from shared.units import machine

logging.getLogger("tensorflow").setLevel(logging.ERROR)  # it warns of "retracing" when a second model is trained


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


def conditions() -> dict[str, str]:
    """Backend and device for a run's record; the device is the accelerator, or else the processor in words."""
    device = accelerator()
    return {"backend": name(), "device": machine() if device == "cpu" else device}


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
