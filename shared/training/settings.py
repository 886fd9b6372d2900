"""The settings that every training has."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TrainingSettings:
    """Epochs, batches and optimiser, under the names that they have in each paper.toml.

    `optimizer` and `loss` are Keras's names; `batch_size` is in rows of the input.
    """

    epochs: int
    batch_size: int
    shuffle: bool
    optimizer: str
    learning_rate: float
    loss: str
