"""How loud samples are: silence, channels that cancel each other, and what is no sound at all."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from shared.audio.errors import AudioError

SILENCE = 1e-4  # of full scale, -80 dB: three steps of 16 bits; a recording below it is heard as silent
LOUDEST = 10.0  # times full scale; floats beyond it were meant for another scale
CANCELLED = 1e-3  # -60 dB: what is left of two channels, each the other's opposite


class Levels:
    """What is seen of a file's samples while they pass by: how many, and the largest before and after averaging.

    Parameters
    ----------
    channels : int
        1: the mean of the file's. More: the file's first ones; where there are fewer, the last one is repeated.
    """

    def __init__(self, channels: int = 1):
        self.channels, self.n, self.peak, self.kept_peak = channels, 0, 0.0, 0.0

    def kept(self, block: np.ndarray) -> np.ndarray:
        """What is kept of a block (n, n_channels): float32 (n,), or (n, channels) if several.

        Raises AudioError about samples that are no sound.
        """
        peak = peak_of(block)
        self.n += block.size
        if not math.isfinite(peak):
            n_bad = np.count_nonzero(~np.isfinite(block))
            raise AudioError(f"{n_bad} of {self.n} samples are NaN or infinite. Write the file again, or remove it")
        if peak > LOUDEST:
            times = f"{peak:,.0f}" if peak < 1e6 else f"{peak:.3g}"
            raise AudioError(
                f"samples reach {times} times full scale, which is 1.0 in a file of floating-point numbers. Divide "
                "them, by 32,768 if they were 16-bit integers, and write the file again"
            )
        n_channels = block.shape[1]
        if self.channels == 1:
            signal = average(block)
        else:
            signal = block[:, np.minimum(np.arange(self.channels), n_channels - 1)]
        self.peak = max(self.peak, peak)
        self.kept_peak = max(self.kept_peak, peak if n_channels == 1 or self.channels > 1 else peak_of(signal))
        return signal

    def check(self, rate_hz: int) -> None:
        """Raise AudioError about no samples, and about channels that cancel each other; to be called at the end."""
        if not self.n:
            raise AudioError(f"holds no samples ({rate_hz} Hz, 0 s). Remove it or replace it")
        if self.peak >= SILENCE and self.kept_peak < CANCELLED * self.peak:
            raise AudioError(
                "its channels cancel each other: averaged, nothing is left of them, as where one has the wrong "
                "polarity. Give one of them: ffmpeg -i IN -af pan=mono|c0=c0 OUT.flac"
            )


def average(block: np.ndarray) -> np.ndarray:
    """``np.mean(block.T, axis=0)``, as librosa averages channels, bit for bit and in a tenth of the time.

    Parameters
    ----------
    block : ndarray, float32, shape (n, n_channels)
    """
    n_channels = block.shape[1]
    if n_channels >= 8:  # NumPy adds them in another order
        return np.mean(block.T, axis=0)
    signal = block[:, 0] if n_channels == 1 else block[:, 0] + block[:, 1]
    for channel in range(2, n_channels):
        signal += block[:, channel]
    return signal if n_channels == 1 else signal / np.float32(n_channels)


def peak_of(samples: np.ndarray) -> float:
    """The largest sample, whatever its sign; 0 of none, NaN where one is NaN."""
    return float(max(samples.max(), -samples.min())) if samples.size else 0.0


def is_silent(signal: np.ndarray) -> bool:
    """Whether no sample of a signal reaches `SILENCE`."""
    return peak_of(signal) < SILENCE


def refuse_silence(file: str | Path, signal: np.ndarray, part: str = "") -> None:
    """Raise AudioError for a signal, shape (n,), in which no sample reaches `SILENCE`.

    `part` is what it is of the file, if not all of it: ``middle 40 s``.
    """
    if is_silent(signal):
        what = f"its {part} are silent" if part else "is silent"
        raise AudioError(f"{what}. Give a recording with sound{' there' if part else ''}", file)
