"""A gammatone filter bank, the report's future work: impulse responses like those of the ear's hair cells.

Abdoli, Cardinal and Koerich (2019), whose network the report's 1-D CNN is, begin theirs with such a bank.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


def erb_hz(frequency_hz):
    """Equivalent rectangular bandwidth of the auditory filter at a frequency, Hz (Glasberg and Moore, 1990)."""
    return 24.7 * (4.37 * np.asarray(frequency_hz) / 1000 + 1)


def centre_frequencies(n_filters: int, lowest_hz: float, highest_hz: float) -> np.ndarray:
    """Frequencies evenly apart on the ERB-rate scale, shape (n_filters,), Hz, ascending, both ends included."""
    rate = 21.4 * np.log10(4.37e-3 * np.array([lowest_hz, highest_hz]) + 1)
    return (10 ** (np.linspace(*rate, n_filters) / 21.4) - 1) / 4.37e-3


@dataclass(frozen=True)
class Bank:
    """Gammatone filters; what paper.toml says of them.

    `order` is n and `bandwidth` b / ERB(f) of the impulse response t^(n-1) exp(-2 pi b t) cos(2 pi f t); their centre
    frequencies f go from `lowest_hz` to `highest_hz`.
    """

    sample_rate_hz: int
    lowest_hz: float
    highest_hz: float
    order: int
    bandwidth: float

    def impulse_response(self, frequency_hz: float, n_samples: int) -> np.ndarray:
        """Of the filter at a frequency, scaled to unit energy, float64 (n_samples,)."""
        t = np.arange(n_samples) / self.sample_rate_hz
        decay = 2 * np.pi * self.bandwidth * erb_hz(frequency_hz)
        response = t ** (self.order - 1) * np.exp(-decay * t) * np.cos(2 * np.pi * frequency_hz * t)
        return response / np.linalg.norm(response)

    def responses(self, n_filters: int, n_samples: int) -> np.ndarray:
        """Impulse responses of the bank, float32 (n_filters, n_samples).

        A convolution layer slides its kernel without turning it round, so the responses have to be reversed to be its
        kernels.
        """
        frequencies = centre_frequencies(n_filters, self.lowest_hz, self.highest_hz)
        return np.array([self.impulse_response(frequency, n_samples) for frequency in frequencies], "float32")
