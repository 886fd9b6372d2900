"""Waveforms to log-mel spectrograms and MFCCs inside the model, with librosa's values: layers for TensorFlow and JAX.

A waveform that is cropped or changed anew each time it is shown has no spectrogram that could be kept, so the graph
computes it. ``keras.layers.MelSpectrogram`` is no help: other filters (HTK's), other padding (mirrored), and its floor
in decibels is that of the loudest clip of the batch. Here each clip has its own, as a loop over librosa gives it.

The transform is the real FFT. A product with a windowed DFT matrix is 1.5 GFLOP for the 173 frames of a 2-s clip: on
two cores that took more than ten times as long (``python -m tests.bench logmel`` measures both).
"""

from __future__ import annotations

import math

import keras
import numpy as np
from keras import ops

from shared.base.librosa_import import import_librosa
from shared.layers import backend

CLIPS_AT_ONCE = 8  # in one call of what XLA has compiled; a call for every clip takes an eighth longer
BANDS_AT_ONCE = 8  # mel bands in one product: fewer bands skip more of the bank's zeros but make more products
SETTINGS = ("sample_rate_hz", "n_fft", "hop_length", "n_mels", "fmin_hz", "fmax_hz", "ref", "amin", "top_db")
DECIBELS = 10.0 / math.log(10.0)  # of a natural logarithm of power


@keras.saving.register_keras_serializable(package="audio_reproductions")
class LogMel(keras.layers.Layer):
    """Log-mel spectrogram in decibels: ``librosa.feature.melspectrogram``, then ``librosa.power_to_db``, clip by clip.

    As in librosa 0.11 by default: a periodic Hann window of `n_fft` samples, frames centred on multiples of
    `hop_length` with zeros beyond the ends, power 2, mel scale and area-normalised triangles after Slaney.

    It computes in float32 under every policy: bfloat16, which ``mixed_bfloat16`` would take, has eight bits, steps of
    half a decibel at 80. Down to 80 dB below the clip's greatest value the difference to librosa is below 0.002 dB;
    further down (``top_db=None``) the rounding of float32 shows where librosa, which transforms in float64, has less.

    Parameters
    ----------
    sample_rate_hz : int
        Of the waveforms.
    n_fft : int
        Window in samples; even.
    hop_length : int
        Distance of two frames in samples.
    n_mels : int
        Mel bands.
    fmin_hz, fmax_hz : float
        Ends of the mel bands; None for half the sample rate.
    ref : float or "max"
        Power that counts as 0 dB; ``"max"`` for the clip's own greatest.
    amin : float
        Powers below it are raised to it.
    top_db : float, optional
        Nothing is further below the clip's own greatest value than this; None for no such floor.

    Notes
    -----
    Input: (batch, n_samples), any number type, full scale 1.0, n_samples fixed and at least `n_fft`. Output: float32
    (batch, 1 + n_samples // hop_length, n_mels), lowest band first; 88,200 samples give (batch, 173, 80). A clip with
    NaN changes no other. There are no weights.

    Raises
    ------
    ValueError
        Impossible settings; waveforms of another shape, of unknown length or shorter than `n_fft`.
    """

    def __init__(
        self,
        sample_rate_hz: int = 44100,
        n_fft: int = 2048,
        hop_length: int = 512,
        n_mels: int = 80,
        fmin_hz: float = 0.0,
        fmax_hz: float | None = None,
        ref: float | str = 1.0,
        amin: float = 1e-10,
        top_db: float | None = 80.0,
        **kwargs,
    ):
        super().__init__(**{"dtype": "float32", **kwargs})
        if self.compute_dtype != "float32":
            raise ValueError(f"{type(self).__name__} computes in float32. Received: dtype={self.compute_dtype!r}")
        self.sample_rate_hz, self.n_fft, self.hop_length, self.n_mels = sample_rate_hz, n_fft, hop_length, n_mels
        self.fmin_hz, self.fmax_hz, self.ref, self.amin, self.top_db = fmin_hz, fmax_hz, ref, amin, top_db
        self._check_settings()
        self._of_clips = None

    def call(self, signals):
        self._n_frames(signals.shape)
        signals = ops.cast(signals, "float32")
        if backend.jit_compile():
            return self.features(signals)  # Keras compiles the whole step
        # On a CPU clip by clip, so that what is between the operations stays in its second cache. A few clips are one
        # call, of which TensorFlow runs several at once; with the rest that is two shapes for XLA, however many clips a
        # batch has.
        if self._of_clips is None:
            self._of_clips = backend.compiled(lambda some: ops.map(lambda signal: self.features(signal[None])[0], some))
        whole = ops.shape(signals)[0] // CLIPS_AT_ONCE * CLIPS_AT_ONCE
        parts = []
        for part, at_once in ((signals[:whole], CLIPS_AT_ONCE), (signals[whole:], 1)):
            if part.shape[0] != 0:
                features = ops.map(self._of_clips, ops.reshape(part, (-1, at_once, signals.shape[1])))
                parts.append(ops.reshape(features, (-1, *features.shape[2:])))
        return ops.concatenate(parts)

    def features(self, signals):
        """What the layer computes: float32 (batch, n_samples) to (batch, frames, n_mels), in plain operations."""
        signals = ops.convert_to_tensor(signals)
        real, imaginary = ops.rfft(self._frames(signals) * _window(self.n_fft))  # (batch, frames, 1 + n_fft / 2)
        power = ops.square(real) + ops.square(imaginary)
        mel = [ops.matmul(power[..., bins], weights) for bins, weights in self._products()]
        return self._decibels(ops.concatenate(mel, axis=-1))  # (batch, frames, n_mels)

    def _frames(self, signals):
        """Overlapping stretches of `n_fft` samples, zeros beyond the ends: (batch, frames, n_fft)."""
        n_frames, hop = self._n_frames(signals.shape), self.hop_length
        padded = ops.pad(signals, ((0, 0), (self.n_fft // 2, self.n_fft // 2)))
        if self.n_fft % hop:
            first = hop * np.arange(n_frames, dtype="int32")
            return ops.take(padded, first[:, None] + np.arange(self.n_fft, dtype="int32"), axis=1)
        hops = self.n_fft // hop  # in a frame: copies of whole hops are faster than a look-up of every sample
        blocks = ops.reshape(padded[:, : (n_frames - 1 + hops) * hop], (-1, n_frames - 1 + hops, hop))
        return ops.concatenate([blocks[:, shift : shift + n_frames] for shift in range(hops)], axis=-1)

    def _decibels(self, power):
        """``librosa.power_to_db`` of each clip on its own."""
        decibels = DECIBELS * ops.log(ops.maximum(power, self.amin))
        peak = ops.max(decibels, axis=(1, 2), keepdims=True)
        if self.ref == "max":
            decibels, peak = decibels - peak, ops.zeros_like(peak)
        else:
            level = 10.0 * math.log10(max(self.amin, self.ref))
            decibels, peak = decibels - level, peak - level
        return decibels if self.top_db is None else ops.maximum(decibels, peak - self.top_db)

    def _products(self) -> list[tuple[slice, np.ndarray]]:
        """librosa's filter bank in groups of neighbouring bands: the bins they reach, float32 weights (bins, bands)."""
        bank = import_librosa().filters.mel(
            sr=self.sample_rate_hz, n_fft=self.n_fft, n_mels=self.n_mels, fmin=self.fmin_hz, fmax=self.fmax_hz
        )
        products = []
        for first in range(0, self.n_mels, BANDS_AT_ONCE):
            group = bank[first : first + BANDS_AT_ONCE]
            reached = np.flatnonzero(group.any(axis=0))
            bins = slice(reached[0], reached[-1] + 1) if reached.size else slice(0, 1)
            products.append((bins, np.ascontiguousarray(group[:, bins].T)))
        return products

    def _n_frames(self, shape) -> int:
        name = type(self).__name__
        if len(shape) != 2 or shape[1] is None:
            raise ValueError(f"{name} needs waveforms (batch, n_samples) of one known length. Received: {tuple(shape)}")
        if shape[1] < self.n_fft:
            raise ValueError(
                f"{name} needs at least one window of {self.n_fft} samples; pad shorter clips with zeros. "
                f"Received: n_samples={shape[1]}"
            )
        return 1 + shape[1] // self.hop_length

    def _check_settings(self):
        whole = {"sample_rate_hz": self.sample_rate_hz, "hop_length": self.hop_length, "n_mels": self.n_mels}
        for name, value in whole.items():
            if not isinstance(value, int) or value < 1:
                raise ValueError(f"{name} must be a positive integer. Received: {name}={value!r}")
        if not isinstance(self.n_fft, int) or self.n_fft < 2 or self.n_fft % 2:
            raise ValueError(f"n_fft must be a positive even integer. Received: n_fft={self.n_fft!r}")
        if self.ref != "max" and not (isinstance(self.ref, (int, float)) and self.ref > 0):
            raise ValueError(f"ref must be 'max' or a power above 0. Received: ref={self.ref!r}")
        if self.amin <= 0:
            raise ValueError(f"amin must be above 0. Received: amin={self.amin!r}")
        if self.top_db is not None and self.top_db < 0:
            raise ValueError(f"top_db must be None, 0 or more. Received: top_db={self.top_db!r}")

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self._n_frames(input_shape), self.n_mels)

    def get_config(self):
        return {**super().get_config(), **{name: getattr(self, name) for name in SETTINGS}}


@keras.saving.register_keras_serializable(package="audio_reproductions")
class MFCC(LogMel):
    """Mel-frequency cepstral coefficients: ``librosa.feature.mfcc``, the orthonormal DCT-II of each frame's `LogMel`.

    Parameters
    ----------
    n_mfcc : int
        Coefficients, from the lowest; at most `n_mels`.
    n_mels : int
        Mel bands that they are computed from; 128 as in librosa.
    **kwargs
        Settings of `LogMel`, and what every layer takes.

    Notes
    -----
    Input as `LogMel`. Output: float32 (batch, 1 + n_samples // hop_length, n_mfcc), lowest coefficient first.
    """

    def __init__(self, n_mfcc: int = 80, n_mels: int = 128, **kwargs):
        super().__init__(n_mels=n_mels, **kwargs)
        if not isinstance(n_mfcc, int) or not 1 <= n_mfcc <= n_mels:
            raise ValueError(f"n_mfcc must be an integer from 1 to n_mels={n_mels}. Received: n_mfcc={n_mfcc!r}")
        self.n_mfcc = n_mfcc

    def features(self, signals):
        """What the layer computes: float32 (batch, n_samples) to (batch, frames, n_mfcc), in plain operations."""
        import scipy.fft

        cosines = scipy.fft.dct(np.eye(self.n_mels), type=2, norm="ortho", axis=1)[:, : self.n_mfcc]
        return ops.matmul(super().features(signals), cosines.astype("float32"))

    def compute_output_shape(self, input_shape):
        return (*super().compute_output_shape(input_shape)[:2], self.n_mfcc)

    def get_config(self):
        return {**super().get_config(), "n_mfcc": self.n_mfcc}


def _window(n_fft: int) -> np.ndarray:
    import scipy.signal

    return scipy.signal.get_window("hann", n_fft).astype("float32")
