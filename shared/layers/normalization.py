"""Batch normalisation in one pass of TensorFlow's own, with Keras's weights and values."""

from __future__ import annotations

from keras import layers, ops

from shared.layers import backend


class BatchNormalization(layers.BatchNormalization):
    """`keras.layers.BatchNormalization` of the last axis, computed by TensorFlow's fused kernel where that is there.

    Keras composes it of moments, differences and products, each a pass over a float32 copy of the whole tensor; with
    many channels and small kernels that takes as long as the convolutions. Weights, their order, moving statistics and
    values are Keras's but for rounding, so that either loads the other's weights: both sum in float32, and over 176,128
    values a channel the variance was off by up to 6e-4 of itself here, by 2e-4 in Keras's. Under JAX it is Keras's.
    """

    def call(self, inputs, training=None, mask=None):
        """(batch, ..., channels) to the same shape; statistics are of the batch in training, else the moving ones."""
        channels = inputs.shape[-1]
        last = self.axis in (-1, len(inputs.shape) - 1)
        if mask is not None or self.renorm or not last or len(inputs.shape) < 3 or not backend.fuses_normalization():
            return super().call(inputs, training=training, mask=mask)
        learning = bool(training and self.trainable)
        scale = ops.cast(self.gamma, "float32") if self.scale else ops.ones(channels)
        offset = ops.cast(self.beta, "float32") if self.center else ops.zeros(channels)
        moving = (self.moving_mean, self.moving_variance)
        statistics = None if learning else tuple(ops.cast(value, "float32") for value in moving)
        outputs, *now = backend.fused_normalization(inputs, scale, offset, self.epsilon, statistics)
        if learning:
            for value, of_batch in zip(moving, now, strict=True):
                value.assign(value * self.momentum + of_batch * (1.0 - self.momentum))
        return outputs
