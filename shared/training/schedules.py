"""Learning rates that follow from a run's history alone: a run killed and resumed has those of one that was not.

`shared.training.fitting.fit` asks its schedule for the rate of each batch. Nothing is remembered between two calls:
what a callback of Keras would keep (the best loss so far, the epochs since then, the iterations) is counted anew from
the epochs' rows, of which there are few.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


def triangular(iteration: int, half_cycle: int, low: float, high: float) -> float:
    """Cyclical learning rate of the policy "triangular": up from `low` to `high` in a straight line, and down again.

    Parameters
    ----------
    iteration : int
        Batches before this one, from 0, which gets `low`.
    half_cycle : int
        Batches from `low` to `high`, the source's ``stepsize``.
    low, high : float
        The bounds.

    Source: Smith (2017), Cyclical learning rates for training neural networks, section 3.
    """
    position = iteration % (2 * half_cycle) / half_cycle  # 0 to 2
    return low + (high - low) * (1 - abs(position - 1))


def n_plateaus(losses: Sequence[float], patience: int, min_delta: float) -> int:
    """How often a loss has not fallen for `patience` epochs; after each time the count of epochs begins anew.

    Parameters
    ----------
    losses : sequence of float
        One an epoch. NaN is no fall.
    patience : int
        Epochs.
    min_delta : float
        A loss counts as fallen if it is more than this below the least so far, that of epochs before a plateau
        included.

    Returns
    -------
    int
        How often ``keras.callbacks.ReduceLROnPlateau`` would have reduced the learning rate.
    """
    least, waited, plateaus = math.inf, 0, 0
    for loss in losses:
        if loss < least - min_delta:
            least, waited = loss, 0
            continue
        waited += 1
        if waited == patience:
            waited, plateaus = 0, plateaus + 1
    return plateaus


@dataclass(frozen=True)
class CyclicalOnPlateaus:
    """`triangular`, half a cycle an epoch, with both bounds divided at each plateau of the validation loss.

    A division moves the triangle down and leaves its phase alone: odd epochs rise, even ones fall.

    Parameters
    ----------
    low, high : float
        The bounds at the beginning.
    patience : int
        Epochs without a fall that make a plateau.
    divisor : float
        Of both bounds, at each plateau.
    monitor : str
        Which of the history's values must fall.
    min_delta : float
        See `n_plateaus`; 0.0001 is the default of Keras's callback.
    """

    low: float
    high: float
    patience: int = 5
    divisor: float = 10.0
    monitor: str = "val_loss"
    min_delta: float = 1e-4

    def __post_init__(self):
        if not 0 < self.low <= self.high:
            raise ValueError(f"expected 0 < low <= high; received low={self.low!r}, high={self.high!r}")
        if self.patience < 1 or self.divisor <= 1:
            raise ValueError(
                "expected patience of 1 or more and divisor above 1; received "
                f"patience={self.patience!r}, divisor={self.divisor!r}"
            )

    def __call__(self, rows: Sequence[dict], batch: int, n_batches: int) -> float:
        """The learning rate of one batch.

        Parameters
        ----------
        rows : sequence of dict
            The history of the epochs that are over.
        batch, n_batches : int
            Number of the batch in its epoch, from 0, and the epoch's batches.

        Raises
        ------
        ValueError
            The history does not have the value to monitor; names those that it has.
        """
        if rows and self.monitor not in rows[0]:
            raise ValueError(f"the history has no {self.monitor!r}; it has {', '.join(rows[0])}")
        plateaus = n_plateaus([row[self.monitor] for row in rows], self.patience, self.min_delta)
        scale = self.divisor**-plateaus
        return scale * triangular(len(rows) * n_batches + batch, n_batches, self.low, self.high)
