"""Audio files to mono float32 signals, exactly as ``librosa.load`` reads them, with errors that name the file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from shared.audio.errors import AudioError
from shared.audio.levels import SILENCE, is_silent, refuse_silence
from shared.audio.resampling import resample

__all__ = [
    "SILENCE",
    "AudioError",
    "is_silent",
    "load_audio",
    "load_middle",
    "refuse_short",
    "refuse_silence",
    "resample",
    "segments",
    "signal_hash",
    "stream_audio",
]

N_HEX = 16  # digits of a hash that are kept
READING = 2  # to be raised whenever a file's samples come out otherwise; part of what is kept by a file's date and size


def load_audio(path: str | Path, sample_rate_hz: int) -> np.ndarray:
    """Read all of an audio file as one channel at one sample rate.

    The channels are averaged, then resampled with soxr's "HQ" filter: the steps and the defaults of
    ``librosa.load(path, sr=sample_rate_hz)`` in librosa 0.11, whose result this equals sample for sample where librosa
    reads the whole file. Of files joined into one, as mp3 and ogg can be, it gives one after another.

    Parameters
    ----------
    path
        A file of a format that libsndfile reads: wav, flac, ogg, opus, mp3, aiff, au.
    sample_rate_hz
        Sample rate of the result.

    Returns
    -------
    ndarray, float32, shape (n,)
        The signal; full scale of integer formats is 1.0. n = ceil(samples in the file * sample_rate_hz / its rate).

    Raises
    ------
    AudioError
        No such file, not audio, cut off or damaged (a file that holds less or more than its header says), no samples,
        samples that are NaN, infinite or far beyond full scale, or channels that cancel each other.
    """
    from shared.audio.files import AudioFile

    with AudioFile(path) as file:
        return file.signal(sample_rate_hz)


def load_middle(path: str | Path, sample_rate_hz: int, seconds: float, channels: int = 1) -> np.ndarray:
    """Read the middle of an audio file at one sample rate; little else is decoded.

    Parameters
    ----------
    path
        A file of a format that libsndfile reads: wav, flac, ogg, opus, mp3, aiff, au.
    sample_rate_hz
        Sample rate of the result. What is resampled is the middle, cut out at the file's own rate.
    seconds
        Length of the middle, more than zero. A file that is not longer is read whole.
    channels
        1: the mean of the file's. More: the file's first ones; a file with fewer has its last one repeated.

    Returns
    -------
    ndarray, float32, shape (n,), or (n, channels) if several
        One channel is as `load_audio` gives it. As many samples of the file are left out before it as after it, or one
        fewer.

    Raises
    ------
    AudioError
        As `load_audio`, of what is in the middle; a file that is cut off is refused wherever that is.
    """
    from shared.audio.files import AudioFile

    with AudioFile(path) as file:
        return file.middle(sample_rate_hz, seconds, channels)


def stream_audio(path: str | Path, sample_rate_hz: int) -> Iterator[np.ndarray]:
    """The signal of `load_audio`, sample for sample, a block after another: memory does not grow with the file.

    Yields
    ------
    ndarray, float32, shape (n,)
        The blocks, of some seconds each.

    Raises
    ------
    AudioError
        As `load_audio`; that a file ends too early, or that its channels cancel each other, after the last block.
    """
    from shared.audio.files import AudioFile

    with AudioFile(path) as file:
        yield from file.stream(sample_rate_hz)


def segments(signal: np.ndarray, sample_rate_hz: int, seconds: float) -> np.ndarray:
    """Cut a signal into whole segments; what is left at the end is dropped.

    Parameters
    ----------
    signal
        Shape (n,).
    sample_rate_hz
        Its sample rate.
    seconds
        Length of a segment, more than zero.

    Returns
    -------
    ndarray, shape (k, round(seconds * sample_rate_hz))
        A view; k = 0 if the signal is shorter than one segment.
    """
    length = round(seconds * sample_rate_hz)
    if length < 1:
        raise ValueError(f"a segment of {seconds} s at {sample_rate_hz} Hz holds no sample")
    if signal.ndim != 1:
        raise ValueError(f"segments needs one channel, shape (n,); received shape {signal.shape}")
    count = signal.size // length
    return signal[: count * length].reshape(count, length)


def refuse_short(file: str | Path, n_samples: int, sample_rate_hz: int, seconds: float) -> None:
    """Raise AudioError for fewer samples than last `seconds`; it never says that 30.0 s are less than 30 s."""
    lacking = round(seconds * sample_rate_hz) - n_samples
    if lacking > 0:
        lasts = int(1000 * n_samples / sample_rate_hz) / 1000  # rounded down
        raise AudioError(f"lasts {lasts:g} s; at least {seconds:g} s are needed. Give a longer recording", file)


def signal_hash(signal, sample_rate_hz: int) -> str:
    """Hash a clip's samples.

    Parameters
    ----------
    signal : float32 array (n,), in [-1, 1)
    sample_rate_hz
        Its sample rate.

    Returns
    -------
    str
        16 hexadecimal digits of the SHA-256 of the sample rate and the number of samples, ``b"8000:2384:"``, followed
        by the samples as little-endian 16-bit integers. A signal that 16 bits cannot hold, as after resampling, has
        ``b"8000:2384:float32:"`` and its little-endian 32-bit floats instead.
    """
    scaled = signal * np.float32(32768)  # exact: a power of two
    integers = np.clip(scaled, -32768, 32767).astype("<i2")
    digest = hashlib.sha256(f"{sample_rate_hz}:{signal.size}:".encode("ascii"))
    if np.array_equal(integers, scaled):
        digest.update(integers.data)
    else:
        digest.update(b"float32:")
        digest.update(np.ascontiguousarray(signal, dtype="<f4").data)
    return digest.hexdigest()[:N_HEX]
