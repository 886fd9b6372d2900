"""Recordings of any length: read through once to see that they are good, and decoded again a window after another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from shared.audio.levels import peak_of
from shared.audio.signals import AudioError, refuse_short, refuse_silence, stream_audio


@dataclass(frozen=True)
class LongRecording:
    """A file of which `n_samples` samples were heard at `sample_rate_hz`, one channel.

    Whatever is asked of it is what `shared.audio.signals.load_audio` gives, sample for sample, without the rest in
    memory.
    """

    path: Path
    sample_rate_hz: int
    n_samples: int

    @property
    def seconds(self) -> float:
        return self.n_samples / self.sample_rate_hz

    def windows(self, n_samples: int, hop: int | None = None) -> Iterator[np.ndarray]:
        """Whole windows from the start, as they are decoded; what is left at the end is dropped.

        Parameters
        ----------
        n_samples, hop
            Length of a window and distance of two starts; windows touch if `hop` is None.

        Yields
        ------
        ndarray, float32, shape (n_samples,)
        """
        hop = hop or n_samples
        kept, skip = np.zeros(0, np.float32), 0
        for block in stream_audio(self.path, self.sample_rate_hz):
            kept, skip = np.concatenate([kept, block[skip:]]), max(skip - block.size, 0)
            while kept.size >= n_samples:
                yield kept[:n_samples]
                kept, skip = kept[hop:], max(hop - kept.size, 0)

    def crops(self, starts: Sequence[int], n_samples: int) -> np.ndarray:
        """Windows from anywhere, with zeros behind the recording's end: float32 (len(starts), n_samples)."""
        found, begin = np.zeros((len(starts), n_samples), np.float32), 0
        for block in stream_audio(self.path, self.sample_rate_hz):
            for crop, start in zip(found, starts, strict=True):
                first, last = max(start, begin), min(start + n_samples, begin + block.size)
                if first < last:
                    crop[first - start : last - start] = block[first - begin : last - begin]
            begin += block.size
        return found


def hear(
    path: str | Path, sample_rate_hz: int, *, least_seconds: float = 0, most_seconds: float = float("inf")
) -> LongRecording:
    """Read a file through, a block after another.

    Raises
    ------
    AudioError
        As `shared.audio.signals.load_audio`; a recording that is silent, shorter than `least_seconds`, or longer than
        `most_seconds`, of which the rest is not read.
    """
    n, loudest = 0, 0.0
    for block in stream_audio(path, sample_rate_hz):
        n, loudest = n + block.size, max(loudest, peak_of(block))
        if n > most_seconds * sample_rate_hz:
            raise AudioError(f"lasts more than {most_seconds:g} s. Give a shorter part of it", path)
    refuse_short(path, n, sample_rate_hz, least_seconds)
    refuse_silence(path, np.array([loudest]))
    return LongRecording(Path(path), sample_rate_hz, n)
