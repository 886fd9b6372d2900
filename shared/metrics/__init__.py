"""What answers are worth: scores, intervals, ensembles, and probes without a network."""

from shared.metrics.scores import (
    METRICS,
    accuracy,
    binary_accuracy,
    binary_crossentropy,
    confusion_matrix,
    loss,
    map_at_k,
    per_class,
    precision,
    recall,
)

__all__ = [
    "METRICS",
    "accuracy",
    "binary_accuracy",
    "binary_crossentropy",
    "confusion_matrix",
    "loss",
    "map_at_k",
    "per_class",
    "precision",
    "recall",
]
