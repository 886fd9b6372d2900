"""Clips of any length as waveforms of one length: a random crop of a longer one, a shorter one with zeros at its end.

`Clips` stand for all versions of the clips; ``clips.drawn(generator)`` chooses one version and one crop of each and is
indexed like an array: ``crops[rows]`` is float32 (n, length). `shared.training.fitting.fit` draws anew in each epoch.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd

from data_prep import Corpus
from shared.audio.long_recordings import LongRecording
from shared.audio.signals import resample
from shared.base.files import atomic_write, cache_root
from shared.base.progress import progress

FULL_SCALE = 32768  # of 16 bits
BYTES = 2  # of a sample of 16 bits
CLIPS_AT_ONCE = 64  # decoded into 32-bit samples before they become 16-bit ones
IN_PARALLEL = 8  # files that are decoded at the same time
MEMORY_SHARE = 0.5  # of what is free, that recordings may take


class Recordings(Protocol):
    """Audio to cut from: `n_samples` (n,), and `read`, which gives float32 (len(numbers), length), full scale 1.0."""

    n_samples: np.ndarray

    def read(self, numbers: np.ndarray, starts: np.ndarray, length: int) -> np.ndarray: ...


class InMemory:
    """Recordings as 16-bit integers in memory, which is what the corpus's files hold. `signals` are float32 (n,)."""

    def __init__(self, signals: Iterable[np.ndarray]):
        self.signals = [_sixteen_bit(signal) for signal in signals]
        self.n_samples = np.array([signal.size for signal in self.signals])

    def read(self, numbers: np.ndarray, starts: np.ndarray, length: int) -> np.ndarray:
        cut = np.zeros((len(numbers), length), "float32")
        for row, number, start in zip(cut, numbers, starts, strict=True):
            piece = self.signals[number][start : start + length]
            row[: piece.size] = piece
        return cut / np.float32(FULL_SCALE)


class Heard:
    """A recording of any length, decoded whenever crops of it are read; as 16-bit integers hold it."""

    def __init__(self, recording: LongRecording):
        self.recording, self.n_samples = recording, np.array([recording.n_samples])

    def read(self, numbers: np.ndarray, starts: np.ndarray, length: int) -> np.ndarray:
        return _sixteen_bit(self.recording.crops(starts, length)) / np.float32(FULL_SCALE)


class Streamed:
    """Recordings that stay in their files, mono 16-bit wav or flac; a file is decoded whenever a crop of it is read."""

    def __init__(self, paths: Sequence[str], n_samples: Sequence[int]):
        self.paths, self.n_samples = np.array(paths), np.asarray(n_samples)

    def read(self, numbers: np.ndarray, starts: np.ndarray, length: int) -> np.ndarray:
        return _decoder(length)(self.paths[numbers], np.asarray(starts, "int64")).numpy()


@functools.cache
def _decoder(length: int):
    """A compiled function from paths and starts to crops, by tensorflow-io, which is imported here and nowhere else."""
    import tensorflow as tf
    import tensorflow_io as tfio

    def crop(place):
        path, start = place
        content = tf.io.read_file(path)
        samples = tf.cond(
            tf.strings.regex_full_match(path, r".*\.flac"),
            lambda: tfio.audio.decode_flac(content, dtype=tf.int16),
            lambda: tfio.audio.decode_wav(content, dtype=tf.int16),
        )
        cut = tf.cast(samples[start : start + length, 0], tf.float32) / FULL_SCALE
        return tf.ensure_shape(tf.pad(cut, [[0, length - tf.shape(cut)[0]]]), [length])

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string), tf.TensorSpec([None], tf.int64)])
    def crops(paths, starts):
        return tf.map_fn(crop, (paths, starts), fn_output_signature=tf.float32, parallel_iterations=IN_PARALLEL)

    return crops


@dataclass(frozen=True)
class Crops:
    """One crop of each clip as an array: ``crops[rows]``, float32 (n, length).

    Clip i is recording ``numbers[i]`` from sample ``starts[i]`` on.
    """

    recordings: Recordings
    numbers: np.ndarray
    starts: np.ndarray
    length: int

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.numbers), self.length

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, rows) -> np.ndarray:
        return self.recordings.read(self.numbers[rows], self.starts[rows], self.length)


@dataclass(frozen=True)
class Clips:
    """Clips, each with one or more versions, all equally probable.

    ``versions[i]`` are the numbers of clip i's recordings, (n_clips, n_versions); the first is the clip as it is.
    """

    recordings: Recordings
    versions: np.ndarray
    length: int

    def __len__(self) -> int:
        return len(self.versions)

    @property
    def plain(self) -> Clips:
        """The clips as they are, without their other versions."""
        return Clips(self.recordings, self.versions[:, :1], self.length)

    @property
    def longer(self) -> np.ndarray:
        """Whether a clip has more than one crop, (n_clips,)."""
        return self.recordings.n_samples[self.versions[:, 0]] > self.length

    def drawn(self, generator: np.random.Generator) -> Crops:
        """A version and a crop of each clip, every start equally probable; the same generator gives the same."""
        n = len(self.versions)
        numbers = self.versions[np.arange(n), generator.integers(0, self.versions.shape[1], n)]
        n_starts = np.maximum(self.recordings.n_samples[numbers] - self.length, 0) + 1
        starts = np.floor(generator.random(n) * n_starts).astype("int64")
        return Crops(self.recordings, numbers, starts, self.length)


def clips_of(
    module: Corpus, index: pd.DataFrame, sample_rate_hz: int, length: int, copies: Sequence[Sequence[Path]] = ()
) -> Clips:
    """The clips of a corpus, in memory where they fit into half of what is free, else streamed from their files.

    Parameters
    ----------
    module, index
        The corpus, and its rows with columns path, offset, n_samples and sha256.
    sample_rate_hz, length : int
        Of the waveforms; a corpus at another rate is resampled.
    copies : sequence of sequences of Path, optional
        For each row the files of its augmented copies, at `sample_rate_hz`: equally many, or none.

    Raises
    ------
    AudioError
        A recording that cannot be read.
    """
    import soundfile

    files = [str(file) for of_clip in copies for file in of_clip]
    n_of_files = [soundfile.info(file).frames for file in files]
    versions = np.repeat(np.arange(len(index))[:, None], 1 + max(map(len, copies), default=0), axis=1)
    first = len(index)
    for row, of_clip in enumerate(copies):
        versions[row, 1 : 1 + len(of_clip)] = np.arange(first, first + len(of_clip))
        first += len(of_clip)
    n_own = index["n_samples"].sum() * sample_rate_hz / module.SAMPLE_RATE_HZ
    if BYTES * (n_own + sum(n_of_files)) <= MEMORY_SHARE * _free_memory():
        return Clips(InMemory(_signals(module, index, sample_rate_hz, files)), versions, length)
    own = _files(module, index, sample_rate_hz)
    n_samples = [*(soundfile.info(file).frames for file in own), *n_of_files]
    return Clips(Streamed([*own, *files], n_samples), versions, length)


def _files(module: Corpus, index: pd.DataFrame, sample_rate_hz: int) -> list[str]:
    """A file of each row's samples that `Streamed` can read: the corpus's own, or one in the cache.

    What is not mono, 16 bit, wav or flac and at `sample_rate_hz`, or only a part of a file, is converted once, in
    parallel; stopped at any moment, the next call converts what is missing.
    """
    import soundfile
    from joblib import Parallel, delayed

    def file_of(row: pd.DataFrame) -> str:
        path, offset, n_samples, sha256 = row[["path", "offset", "n_samples", "sha256"]].iloc[0]
        found = soundfile.info(path)
        form = (found.format, found.subtype, found.channels, found.samplerate, found.frames)
        if form in {(kind, "PCM_16", 1, sample_rate_hz, n_samples) for kind in ("WAV", "FLAC")}:
            return path
        converted = folder / f"{sha256}.{offset}.{n_samples}.wav"
        if not converted.exists():
            signal = resample(module.signals(row)[0], module.SAMPLE_RATE_HZ, sample_rate_hz)
            options = {"subtype": "PCM_16", "format": "WAV"}
            atomic_write(converted, lambda to: soundfile.write(to, _sixteen_bit(signal), sample_rate_hz, **options))
        return str(converted)

    folder = cache_root() / "converted" / f"{module.NAME}-{sample_rate_hz}"
    work = (delayed(file_of)(index.iloc[[row]]) for row in range(len(index)))
    made = Parallel(n_jobs=-1, prefer="threads", return_as="generator")(work)  # libsndfile releases Python's lock
    return list(progress(made, len(index), "reading clips"))


def _signals(module: Corpus, index: pd.DataFrame, sample_rate_hz: int, files: list[str]):
    """The rows' signals and then the files', a few in memory at a time."""
    from shared.audio.signals import load_audio

    for start in progress(range(0, len(index), CLIPS_AT_ONCE), -(-len(index) // CLIPS_AT_ONCE), "reading clips"):
        for signal in module.signals(index.iloc[start : start + CLIPS_AT_ONCE]):
            yield resample(signal, module.SAMPLE_RATE_HZ, sample_rate_hz)
    for file in files:
        yield load_audio(file, sample_rate_hz)


def _free_memory() -> float:
    """Bytes that are free; infinitely many where nobody says."""
    meminfo = Path("/proc/meminfo")
    lines = meminfo.read_text().splitlines() if meminfo.exists() else []
    return next((1024.0 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable")), float("inf"))


def _sixteen_bit(signal: np.ndarray) -> np.ndarray:
    return np.clip(np.round(signal * FULL_SCALE), -FULL_SCALE, FULL_SCALE - 1).astype("int16")
