"""The middle 40 s of each track of a library: what they hold, kept once known, and their samples, a track at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from data_prep.common.hashing import signal_hash
from data_prep.common.label_sets import SAMPLE_RATE_HZ
from data_prep.common.read_once import read_once
from data_prep.common.recordings import Recording, describe
from shared.audio.signals import READING, AudioError, is_silent, load_middle

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

SECONDS = 40.0  # of the middle of each track (section 3)
LEAST_SECONDS = 1.0  # one sample


def read_middle(path: Path) -> Recording:
    """Read the middle of a track. Never raises for a bad file: the reason is in ``error``.

    ``form`` says which sample rate the file has if it is not 44,100 Hz.
    """
    from shared.audio.files import AudioFile

    try:
        with AudioFile(path) as file:
            signal, found = file.middle(SAMPLE_RATE_HZ, SECONDS), file.form
    except AudioError as error:
        return Recording(path, error=error.reason)
    if signal.size < LEAST_SECONDS * SAMPLE_RATE_HZ:
        return Recording(path, error=f"lasts {signal.size / SAMPLE_RATE_HZ:.2f} s, less than one sample of 1 s")
    form = "" if found.rate_hz == SAMPLE_RATE_HZ else describe(*found)
    return Recording(path, 0, signal.size, signal_hash(signal, SAMPLE_RATE_HZ), form, silent=is_silent(signal))


def read_middles(paths: Sequence[Path], name: str) -> list[Recording]:
    """Read the middles of many tracks of the corpus `name`, each once; of their samples only the hash is kept.

    As `data_prep.common.read_once`: one Recording a path, in their order.
    """
    return read_once(paths, name, read_middle, Recording, version=READING)


def signals(frame: pd.DataFrame, sample_rate_hz: int = SAMPLE_RATE_HZ, channels: int = 1) -> Iterator[np.ndarray]:
    """The rows' samples, one after another: the middles of tracks, or parts of them.

    Parameters
    ----------
    frame
        Columns path, offset and n_samples, in samples at `sample_rate_hz` from the start of the track's middle.
        Neighbouring rows of one path have it decoded once; no other row is in memory.
    channels
        See `shared.audio.signals.load_middle`.

    Yields
    ------
    ndarray, float32, shape (n_samples,), or (n_samples, channels) if several
        One a row, in the frame's order.

    Raises
    ------
    AudioError
        A file that cannot be read, or that has become shorter since it was indexed.
    """
    opened, whole = None, None
    for path, offset, n_samples in zip(frame["path"], frame["offset"], frame["n_samples"], strict=True):
        if path != opened:
            opened, whole = path, load_middle(path, sample_rate_hz, SECONDS, channels)
        signal = whole[offset : offset + n_samples].copy()
        if len(signal) != n_samples:
            raise AudioError(
                f"{path}: has {len(whole):,} samples in its middle, expected {offset + n_samples:,}; it has changed "
                "since it was indexed. Make the index again"
            )
        yield signal
