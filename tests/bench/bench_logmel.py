"""Cost of log-mel spectrograms and MFCCs in the graph, against a loop over librosa: ``python -m tests.bench logmel``.

Batches of 32 clips of 2 s at 44.1 kHz, window 2048, hop 512. Ours is the layer in a compiled graph; the last row is
what it would cost with the transform as a product with the windowed DFT matrix instead of the real FFT. Times are of
the fastest of many turns, one way after the other: in turns each would wait for threads that the last left spinning.
"""

import functools

import joblib
import librosa
import numpy as np
import tensorflow as tf
from keras import ops

from shared.layers.spectral import MFCC, LogMel
from tests.bench.bench_spectrogram import fastest, row_of

RATE_HZ, N_SAMPLES, BATCH = 44100, 88200, 32
N_FFT, HOP, N_MELS = 2048, 512, 80
TURNS = 40


class LogMelByProduct(LogMel):
    """The same layer with a product in place of the transform: (frames, 2048) by (2048, 2050), 1.45 GFLOP a clip."""

    def features(self, signals):
        n_frames = 1 + N_SAMPLES // HOP
        steps = np.arange(n_frames)[:, None] * HOP + np.arange(N_FFT)
        padded = ops.pad(ops.convert_to_tensor(signals), ((0, 0), (N_FFT // 2, N_FFT // 2)))
        spectrum = ops.matmul(ops.take(padded, steps.astype("int32"), axis=1), _windowed_dft())
        real, imaginary = ops.split(ops.square(spectrum), 2, axis=-1)
        bank = librosa.filters.mel(sr=RATE_HZ, n_fft=N_FFT, n_mels=N_MELS).T
        return self._decibels(ops.matmul(real + imaginary, bank))


@functools.cache
def _windowed_dft() -> np.ndarray:
    """Cosines and sines of bins 0 to 1024 under a Hann window, float32 (2048, 2 * 1025)."""
    time, bins = np.arange(N_FFT)[:, None], np.arange(N_FFT // 2 + 1)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * time / N_FFT)
    angles = 2 * np.pi * (time * bins % N_FFT) / N_FFT
    return np.concatenate([window * np.cos(angles), window * np.sin(angles)], axis=1).astype("float32")


def librosa_log_mel(clip: np.ndarray) -> np.ndarray:
    mel = librosa.feature.melspectrogram(y=clip, sr=RATE_HZ, n_fft=N_FFT, hop_length=HOP, n_mels=N_MELS)
    return librosa.power_to_db(mel)


def librosa_mfcc(clip: np.ndarray) -> np.ndarray:
    return librosa.feature.mfcc(y=clip, sr=RATE_HZ, n_mfcc=80, n_fft=N_FFT, hop_length=HOP)


def run() -> list[dict]:
    """Rows of what, ours, reference, ratio (above 1: ours is faster), unit."""
    batch = np.random.default_rng(0).standard_normal((BATCH, N_SAMPLES), "float32") / 10
    layers = (LogMel(), MFCC(), LogMelByProduct())
    for layer, reference in zip(layers, (librosa_log_mel, librosa_mfcc, librosa_log_mel), strict=True):
        assert np.abs(ops.convert_to_numpy(layer(batch[:1]))[0] - reference(batch[0]).T).max() < 1e-3
    tensor = ops.convert_to_tensor(batch)
    graphs = [functools.partial(tf.function(layer, autograph=False), tensor) for layer in layers]
    threads = joblib.Parallel(n_jobs=2, prefer="threads")
    loops = [
        lambda: [librosa_log_mel(clip) for clip in batch],
        lambda: [librosa_mfcc(clip) for clip in batch],
        lambda: threads(joblib.delayed(librosa_log_mel)(clip) for clip in batch),
    ]
    rates = [BATCH / fastest([call], TURNS)[0] for call in graphs + loops]
    log_mel, mfcc, product, theirs, their_mfcc, in_threads = rates
    unit = "clips of 2 s a second"
    return [
        row_of("log-mel in the graph / a loop over librosa", log_mel, theirs, unit),
        row_of("log-mel in the graph / librosa in two threads", log_mel, in_threads, unit),
        row_of("80 MFCCs of 128 bands in the graph / a loop over librosa", mfcc, their_mfcc, unit),
        row_of("log-mel by the real FFT / by a product with the DFT matrix", log_mel, product, unit),
    ]


if __name__ == "__main__":
    for row in run():
        print("{what:58} {ours:9.2f} {reference:9.2f} {ratio:7.2f}  {unit}".format(**row))
