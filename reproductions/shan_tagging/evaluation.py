"""What a network says of clips when it may listen again: section 2.4 of the report."""

from __future__ import annotations

import keras
import numpy as np

from reproductions.shan_tagging.settings import Evaluation
from reproductions.shan_tagging.waveforms import Clips
from shared.paper.schema import Paper
from shared.paper.settings import names_of
from shared.training import fitting


def trained_as(paper: Paper, variant: str) -> str:
    """The first variant with the same training: what differs in the evaluation alone needs no training of its own."""

    def training_of(name: str) -> dict:
        return {key: value for key, value in paper.settings_for(name).items() if key not in names_of(Evaluation)}

    return next(name for name in paper.variants if training_of(name) == training_of(variant))


def confident(
    model: keras.Model,
    clips: Clips,
    rows: np.ndarray,
    generator: np.random.Generator,
    *,
    below: float,
    limit: int,
    batch_size: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of clips from one crop each, and from another one while the highest is below a threshold.

    Parameters
    ----------
    rows : ndarray of int
        The clips to classify.
    generator : numpy.random.Generator
        Draws the crops.
    below : float
        A prediction is discarded while its highest probability is smaller.
    limit : int
        How often another crop is drawn at most. When no draw is certain, the most certain one counts. A clip that is no
        longer than a crop has only one.

    Returns
    -------
    probabilities : ndarray, float32, shape (n_rows, n_classes)
    draws : ndarray of int, shape (n_rows,)
        How many crops were heard, 1 or more.
    """
    probabilities = fitting.predict(model, clips.drawn(generator), rows, batch_size)
    draws = np.ones(len(rows), int)
    for _ in range(limit):
        again = np.flatnonzero((probabilities.max(axis=1) < below) & clips.longer[rows])
        if not again.size:
            break
        heard = fitting.predict(model, clips.drawn(generator), rows[again], batch_size)
        better = heard.max(axis=1) > probabilities[again].max(axis=1)
        probabilities[again[better]] = heard[better]
        draws[again] += 1
    return probabilities, draws
