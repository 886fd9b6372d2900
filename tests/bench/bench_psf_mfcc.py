"""Cost of a one-second sample's MFCCs against python_speech_features: ``python -m tests.bench.bench_psf_mfcc``.

The library is no requirement; without it the row says so. Ratios are of the fastest of several turns, taken in turns,
on one core. The samples sound like music: 0 or 1 % of their frames need double precision.
"""

import numpy as np

from reproductions.pascuo_multilabel.mfcc import PsfSettings, mfcc
from tests.bench.bench_spectrogram import fastest, on_one_core, row_of

RATE_HZ = 44100
TURNS, N_SAMPLES = 60, 4  # short turns, so that some of them have the core to themselves
WHAT = "99 x 13 MFCCs of a second at 44.1 kHz / python_speech_features"
UNIT = "ms a sample, one core"


def _music(n_samples: int) -> np.ndarray:
    """Notes that decay, over noise: float64, shape (n_samples, 44100)."""
    generator = np.random.default_rng(0)
    seconds = np.arange(RATE_HZ) / RATE_HZ
    pitch_hz = 220 * 2 ** (generator.integers(0, 12, (n_samples, 1)) / 12)
    tone = sum(np.sin(2 * np.pi * k * pitch_hz * seconds) / k for k in range(1, 6))
    return 0.2 * np.exp(-5 * (seconds * 2 % 1)) * tone + 0.01 * generator.standard_normal((n_samples, RATE_HZ))


def one_core() -> list[dict]:
    """A sample's coefficients on the core that the process is held to."""
    import threadpoolctl

    signals = _music(N_SAMPLES)
    calls = [lambda: mfcc(signals, PsfSettings(sample_rate_hz=RATE_HZ))]
    try:
        import python_speech_features

        calls.append(lambda: python_speech_features.mfcc(signals[0], RATE_HZ, nfft=2048))
    except ImportError:
        pass
    with threadpoolctl.threadpool_limits(1):
        seconds = fastest(calls, TURNS)
    ours = 1000 * seconds[0] / N_SAMPLES
    if len(seconds) == 1:
        what = f"{WHAT} (which is not installed here: nothing to compare with)"
        return [{"what": what, "ours": ours, "reference": None, "ratio": None, "unit": UNIT}]
    return [row_of(WHAT, ours, 1000 * seconds[1], UNIT)]


def run() -> list[dict]:
    """Rows of what, ours, reference, ratio (above 1: ours is faster), unit."""
    return on_one_core(one_core)


if __name__ == "__main__":
    for row in run():
        print(row)
