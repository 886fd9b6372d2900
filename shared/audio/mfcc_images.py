"""Audio to grey images of mel-frequency cepstral coefficients (MFCCs), all of one size however long the clip is."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from shared.audio.clip_features import arrays_of_clips
from shared.audio.signals import AudioError, resample
from shared.base.files import cache_key
from shared.base.librosa_import import import_librosa

RESIZE = ("bilinear", "nearest")
LOW_COEFFICIENT_AT = ("top", "bottom")


@dataclasses.dataclass(frozen=True)
class MfccSettings:
    """How a clip becomes an image. The defaults up to `n_mels` are librosa's own.

    `image_height` and `image_width` are in pixels: coefficients are stretched over the height, frames over the width.
    """

    sample_rate_hz: int = 22050
    n_mfcc: int = 20
    n_fft: int = 2048
    hop_length: int = 512
    n_mels: int = 128
    image_height: int = 256
    image_width: int = 256
    resize: str = "bilinear"
    low_coefficient_at: str = "top"

    def __post_init__(self):
        for name, known in (("resize", RESIZE), ("low_coefficient_at", LOW_COEFFICIENT_AT)):
            if getattr(self, name) not in known:
                raise ValueError(f"{name} must be one of {', '.join(known)}; received {getattr(self, name)!r}")


def mfcc(signal: np.ndarray, rate_hz: int, settings: MfccSettings = MfccSettings()) -> np.ndarray:
    """``librosa.feature.mfcc`` of a signal, after resampling it to the settings' rate.

    Parameters
    ----------
    signal : ndarray, float32, shape (n,)
        One channel.
    rate_hz : int
        Its sample rate.

    Returns
    -------
    ndarray, float32, shape (n_mfcc, 1 + n' // hop_length)
        n' is the length after resampling; row 0 is the lowest coefficient.

    Raises
    ------
    AudioError
        More than one channel, samples that are NaN or infinite, or a signal shorter than one analysis window.
    """
    if signal.ndim != 1:
        raise AudioError(f"expected one channel, shape (n,); received shape {signal.shape}")
    shortest = settings.n_fft * rate_hz / settings.sample_rate_hz
    if signal.size < shortest:
        raise AudioError(
            f"holds {signal.size} samples ({1000 * signal.size / rate_hz:.0f} ms), and one analysis window takes "
            f"{1000 * shortest / rate_hz:.0f} ms. Give a longer recording"
        )
    if not np.isfinite(signal).all():
        raise AudioError(f"{np.count_nonzero(~np.isfinite(signal))} of {signal.size} samples are NaN or infinite")
    librosa = import_librosa()
    return librosa.feature.mfcc(
        y=resample(signal, rate_hz, settings.sample_rate_hz),
        sr=settings.sample_rate_hz,
        n_mfcc=settings.n_mfcc,
        n_fft=settings.n_fft,
        hop_length=settings.hop_length,
        n_mels=settings.n_mels,
    ).astype(np.float32)


def grey_image(matrix: np.ndarray, settings: MfccSettings = MfccSettings()) -> np.ndarray:
    """A matrix as a grey image: its own minimum is black, its maximum white, stretched to the settings' size.

    Parameters
    ----------
    matrix : ndarray, float32, shape (h, w)
        A constant one gives a black image.

    Returns
    -------
    ndarray, uint8, shape (image_height, image_width)
    """
    from PIL import Image

    low, high = float(matrix.min()), float(matrix.max())
    grey = (matrix - low) * (255.0 / (high - low)) if high > low else np.zeros_like(matrix)
    if settings.low_coefficient_at == "bottom":
        grey = np.ascontiguousarray(grey[::-1])
    filters = {"bilinear": Image.Resampling.BILINEAR, "nearest": Image.Resampling.NEAREST}
    size = (settings.image_width, settings.image_height)
    stretched = Image.fromarray(grey.astype(np.float32)).resize(size, filters[settings.resize])
    return np.asarray(stretched).round().astype(np.uint8)


def image_of(signal: np.ndarray, rate_hz: int, settings: MfccSettings = MfccSettings()) -> np.ndarray:
    """`mfcc`, then `grey_image`: uint8 (image_height, image_width)."""
    return grey_image(mfcc(signal, rate_hz, settings), settings)


def load_mfcc_images(
    signals: Callable[[], Sequence[np.ndarray]],
    names: Sequence[str],
    rate_hz: int,
    settings: MfccSettings,
    cache_dir: str | Path,
    key: str,
) -> np.ndarray:
    """The images of many clips as one array, computed once in several threads and kept.

    Parameters
    ----------
    signals : function
        Gives the clips' signals at `rate_hz`, one a name; called only if the images are not there yet.
    names : sequence of str
        The clips' names, in order; they are part of the kept file's name and of messages.
    cache_dir, key
        Where to keep the array, and what the clips are (the corpus's fingerprint).

    Returns
    -------
    ndarray, uint8, shape (n, image_height, image_width)
        Read-only, mapped from the file.

    Raises
    ------
    AudioError
        A clip of which no image can be made; names it.
    DiskFullError
        The disk is full.
    """
    name = cache_key(key=key, names=list(names), rate_hz=rate_hz, **dataclasses.asdict(settings))
    return arrays_of_clips(
        lambda signal: image_of(signal, rate_hz, settings),
        signals,
        names,
        (settings.image_height, settings.image_width),
        Path(cache_dir) / f"mfcc-{name}.npy",
        "making MFCC images",
    )
