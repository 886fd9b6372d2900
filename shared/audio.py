"""Audio files to mono float32 signals, exactly as ``librosa.load`` reads them, with errors that name the file."""

import hashlib
from pathlib import Path

import numpy as np

FORMATS = "wav, flac, ogg and mp3"
N_HEX = 16  # digits of a hash that are kept
SILENCE = 1e-4  # of full scale, -80 dB: three steps of 16 bits; a recording below it is heard as silent


class AudioError(ValueError):
    """A file that cannot be used as audio. The text names the file, what was found and what to do."""


def load_audio(path: str | Path, sample_rate_hz: int) -> np.ndarray:
    """Read an audio file as one channel at one sample rate.

    The channels are averaged, then resampled with soxr's "HQ" filter: the steps and the defaults of
    ``librosa.load(path, sr=sample_rate_hz)`` in librosa 0.11, whose result this equals sample for sample.

    Parameters
    ----------
    path
        A file of a format that libsndfile reads: wav, flac, ogg, mp3.
    sample_rate_hz
        Sample rate of the result.

    Returns
    -------
    ndarray, float32, shape (n,)
        The signal; full scale of integer formats is 1.0. n = ceil(samples in the file * sample_rate_hz / its rate).

    Raises
    ------
    AudioError
        No such file, not audio, no samples, or samples that are NaN or infinite.
    """
    import soundfile

    path = Path(path)
    _check_file(path)
    try:
        signal, file_rate_hz = soundfile.read(path, dtype="float32")
    except soundfile.LibsndfileError as error:
        raise AudioError(_not_audio(path, error.error_string)) from None
    _check_samples(path, signal, file_rate_hz)
    if signal.ndim == 2:
        signal = np.mean(signal.T, axis=0)  # librosa averages the transposed array; another order rounds otherwise
    return resample(signal, file_rate_hz, sample_rate_hz)


def load_middle(path: str | Path, sample_rate_hz: int, seconds: float, channels: int = 1) -> np.ndarray:
    """Read the middle of an audio file at one sample rate; the rest of it is not decoded.

    Parameters
    ----------
    path
        A file of a format that libsndfile reads: wav, flac, ogg, mp3.
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
        No such file, not audio, damaged before the end of the middle, no samples, or samples in the middle that are
        NaN or infinite.
    """
    import soundfile

    path = Path(path)
    _check_file(path)
    try:
        with soundfile.SoundFile(path) as file:
            n_wanted = min(round(seconds * file.samplerate), file.frames)
            file.seek((file.frames - n_wanted) // 2)
            signal = file.read(n_wanted, dtype="float32", always_2d=True)
            file_rate_hz = file.samplerate
    except soundfile.LibsndfileError as error:
        raise AudioError(_not_audio(path, error.error_string)) from None
    if len(signal) < n_wanted:
        raise AudioError(
            f"{path}: ends early, after {len(signal):,} of the {n_wanted:,} samples of its middle. Fetch or copy it "
            "again"
        )
    _check_samples(path, signal, file_rate_hz)
    if channels == 1:
        return resample(np.mean(signal.T, axis=0), file_rate_hz, sample_rate_hz)
    chosen = [signal[:, min(channel, signal.shape[1] - 1)] for channel in range(channels)]
    return np.stack([resample(np.ascontiguousarray(one), file_rate_hz, sample_rate_hz) for one in chosen], axis=1)


def refuse_silence(file: str | Path, signal: np.ndarray) -> None:
    """Raise AudioError for a signal, shape (n,), in which no sample reaches `SILENCE`."""
    if np.abs(signal).max() < SILENCE:
        raise AudioError(f"{file}: is silent. Give a recording with sound")


def resample(signal: np.ndarray, from_hz: int, to_hz: int) -> np.ndarray:
    """Another sample rate, with soxr's "HQ" filter: what ``librosa.resample`` does by default in librosa 0.11.

    Parameters
    ----------
    signal : ndarray, float32, shape (n,)
    from_hz, to_hz : int
        Its sample rate and the wanted one. If they are equal, `signal` itself is returned.

    Returns
    -------
    ndarray, float32, shape (ceil(n * to_hz / from_hz),)
    """
    if from_hz == to_hz:
        return signal
    import soxr

    n_samples = int(np.ceil(signal.size * float(to_hz) / from_hz))
    resampled = soxr.resample(signal, from_hz, to_hz, quality="soxr_hq")[:n_samples]
    return np.pad(resampled, (0, n_samples - resampled.size))


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


def _check_file(path: Path) -> None:
    if not path.exists():
        raise AudioError(f"{path}: no such file. Check the name")
    if not path.is_file():
        raise AudioError(f"{path}: is a folder, not an audio file. Name the files in it")
    if path.stat().st_size == 0:
        raise AudioError(f"{path}: is empty (0 bytes). Fetch or copy it again")


def _check_samples(path: Path, signal: np.ndarray, file_rate_hz: int) -> None:
    if signal.size == 0:
        raise AudioError(f"{path}: holds no samples ({file_rate_hz} Hz, 0 s). Remove it or replace it")
    if not np.isfinite(signal).all():
        n_bad = np.count_nonzero(~np.isfinite(signal))
        raise AudioError(
            f"{path}: {n_bad} of {signal.size} samples are NaN or infinite. Write the file again, or remove it"
        )


def _not_audio(path: Path, reason: str) -> str:
    with path.open("rb") as file:
        start = file.read(12)
    return (
        f"{path}: cannot be read as audio ({reason.rstrip('.')}); it is {path.stat().st_size:,} bytes and begins with "
        f"{start!r}. Readable are {FORMATS}. Fetch or convert it again"
    )
