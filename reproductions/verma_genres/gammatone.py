"""A gammatone filter bank, the report's future work: impulse responses like those of the ear's hair cells.

Abdoli, Cardinal and Koerich (2019), whose network the report's 1-D CNN is, begin theirs with such a bank.
"""

from __future__ import annotations

import numpy as np

ORDER = 4  # Patterson's; as scipy.signal.gammatone's default
BANDWIDTH = 1.019  # of the equivalent rectangular bandwidth, for order 4 (Patterson et al., 1992)
LOWEST_HZ = 100.0


def erb_hz(frequency_hz):
    """Equivalent rectangular bandwidth of the auditory filter at a frequency, Hz (Glasberg and Moore, 1990)."""
    return 24.7 * (4.37 * np.asarray(frequency_hz) / 1000 + 1)


def centre_frequencies(n_filters: int, lowest_hz: float, highest_hz: float) -> np.ndarray:
    """Frequencies evenly apart on the ERB-rate scale, shape (n_filters,), Hz, ascending, both ends included."""
    rate = 21.4 * np.log10(4.37e-3 * np.array([lowest_hz, highest_hz]) + 1)
    return (10 ** (np.linspace(*rate, n_filters) / 21.4) - 1) / 4.37e-3


def impulse_response(frequency_hz: float, n_samples: int, sample_rate_hz: float) -> np.ndarray:
    """t^(n-1) exp(-2 pi b t) cos(2 pi f t) of order n = 4, b = 1.019 ERB(f), scaled to unit energy; (n_samples,)."""
    t = np.arange(n_samples) / sample_rate_hz
    decay = 2 * np.pi * BANDWIDTH * erb_hz(frequency_hz)
    response = t ** (ORDER - 1) * np.exp(-decay * t) * np.cos(2 * np.pi * frequency_hz * t)
    return response / np.linalg.norm(response)


def filter_bank(n_filters: int, n_samples: int, sample_rate_hz: float) -> np.ndarray:
    """Impulse responses of filters from 100 Hz to 90 % of half the sample rate, float32 (n_filters, n_samples).

    A convolution layer slides its kernel without turning it round, so the responses have to be reversed to be
    its kernels.
    """
    frequencies = centre_frequencies(n_filters, LOWEST_HZ, 0.45 * sample_rate_hz)
    bank = [impulse_response(frequency, n_samples, sample_rate_hz) for frequency in frequencies]
    return np.array(bank, "float32")
