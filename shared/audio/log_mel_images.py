"""Audio to log-mel spectrograms to colour-mapped images, as librosa and ``matplotlib.pyplot.imsave`` make them, faster.

Most of imsave's time goes into a PNG of four channels; an image of one channel and a palette has the same pixels.
Most of librosa's goes into a Fourier transform in double precision and into a product with a filter bank of which
99 % is zero; here the transform is in single precision and the product skips the zeros.
"""

import dataclasses
import functools
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from shared.audio.clip_features import arrays_of_clips
from shared.audio.image_files import ImageError, load_images, png_mark, write_png
from shared.audio.signals import READING, AudioError, load_audio
from shared.base.files import cache_key
from shared.base.librosa_import import import_librosa
from shared.base.progress import progress

if TYPE_CHECKING:
    from PIL import Image

FRAMES_AT_ONCE = 64  # 64 frames of 2048 samples are half a megabyte: they stay in the processor's second cache
BANDS_AT_ONCE = 16  # mel bands in one product: fewer bands skip more zeros but make more, smaller products

__all__ = [
    "ImageError",
    "SpectrogramSettings",
    "image_of",
    "load_clip_images",
    "load_images",
    "log_mel",
    "make_images",
    "to_image",
    "write_png",
]

CHOICES = {
    "db": ("amplitude_to_db", "power_to_db"),
    "low_frequency_at": ("top", "bottom"),
    "resize": ("nearest", "bilinear"),
}


@dataclasses.dataclass(frozen=True)
class SpectrogramSettings:
    """How audio becomes an image. The defaults are those of `lam_ensemble`.

    `db` names the librosa function that is applied to the mel spectrogram; ``amplitude_to_db`` of a power spectrogram
    gives twice the usual decibels. `low_frequency_at` is the edge of the image where the lowest band lies. `size` is
    (height, width) in pixels, None for a pixel a band and frame; `resize` is how the image gets there.
    """

    sample_rate_hz: int = 22050
    n_fft: int = 2048
    hop_length: int = 512
    n_mels: int = 128
    fmin_hz: float = 0.0
    fmax_hz: float | None = None
    power: float = 2.0
    top_db: float = 80.0
    db: str = "amplitude_to_db"
    cmap: str = "viridis"
    low_frequency_at: str = "top"
    size: tuple[int, int] | None = None
    resize: str = "nearest"

    def __post_init__(self):
        for name, known in CHOICES.items():
            if getattr(self, name) not in known:
                raise ValueError(f"{name} must be one of {', '.join(known)}; received {getattr(self, name)!r}")


def log_mel(signal: np.ndarray, settings: SpectrogramSettings = SpectrogramSettings()) -> np.ndarray:
    """Log-mel spectrogram in decibels below the clip's own peak.

    ``librosa.feature.melspectrogram`` with a Hann window, centred frames and zeros at the ends, then
    ``librosa.amplitude_to_db`` or ``power_to_db`` with ``ref=np.max``.

    Parameters
    ----------
    signal
        One channel at ``settings.sample_rate_hz``, shape (n,), n > 0. Computed in float32.

    Returns
    -------
    ndarray, float32, shape (n_mels, 1 + n // hop_length)
        Decibels from -top_db to 0; row 0 is the lowest band. Silence is 0 everywhere.

    Raises
    ------
    ValueError
        More than one channel, no samples, or a sample that is NaN, infinite or too large to square.
    """
    if signal.ndim != 1 or signal.size == 0:
        raise ValueError(f"log_mel needs one channel with samples, shape (n,); received shape {signal.shape}")
    with np.errstate(over="ignore", invalid="ignore"):  # absurdly large samples are refused below
        mel = _mel_spectrogram(signal, settings)
    peak = mel.max()
    if not np.isfinite(peak):
        raise ValueError("the signal holds NaN, infinite or absurdly large samples: its spectrogram is not finite")
    # The steps of librosa's amplitude_to_db (amin 1e-5) and power_to_db (amin 1e-10), in its order and precision.
    power = np.square(mel) if settings.db == "amplitude_to_db" else mel
    peak_power = np.square(peak) if settings.db == "amplitude_to_db" else peak
    decibels = 10.0 * np.log10(np.maximum(1e-10, power))
    decibels -= 10.0 * np.log10(np.maximum(1e-10, peak_power))
    return np.maximum(decibels, decibels.max() - settings.top_db)


def _mel_spectrogram(signal: np.ndarray, settings: SpectrogramSettings) -> np.ndarray:
    """Mel spectrogram, float32, shape (n_mels, frames)."""
    import scipy.fft

    n_fft, hop_length = settings.n_fft, settings.hop_length
    window, products = _window(n_fft), _mel_products(settings)
    padded = np.zeros(signal.size + 2 * (n_fft // 2), np.float32)
    padded[n_fft // 2 :][: signal.size] = signal
    frames = np.lib.stride_tricks.sliding_window_view(padded, n_fft)[::hop_length]
    mel = np.empty((settings.n_mels, len(frames)), np.float32)
    windowed = np.empty((FRAMES_AT_ONCE, n_fft), np.float32)
    for start in range(0, len(frames), FRAMES_AT_ONCE):
        some = frames[start : start + FRAMES_AT_ONCE]
        np.multiply(some, window, out=windowed[: len(some)])
        spectrum = scipy.fft.rfft(windowed[: len(some)], axis=1, workers=1)  # (frames, 1 + n_fft / 2)
        parts = spectrum.view(np.float32)
        np.square(parts, out=parts)
        energy = parts[:, ::2] + parts[:, 1::2]
        if settings.power != 2.0:
            energy **= settings.power / 2
        for bands, bins, weights in products:
            mel[bands, start : start + len(some)] = (energy[:, bins] @ weights).T
    return mel


@functools.cache
def _window(n_fft: int) -> np.ndarray:
    import scipy.signal

    return scipy.signal.get_window("hann", n_fft).astype(np.float32)


@functools.lru_cache(maxsize=8)
def _mel_products(settings: SpectrogramSettings) -> list[tuple[slice, slice, np.ndarray]]:
    """librosa's filter bank in groups of neighbouring bands: (bands, the bins they reach, weights (bins, bands))."""
    bank = import_librosa().filters.mel(
        sr=settings.sample_rate_hz,
        n_fft=settings.n_fft,
        n_mels=settings.n_mels,
        fmin=settings.fmin_hz,
        fmax=settings.fmax_hz,
    )
    products = []
    for first in range(0, settings.n_mels, BANDS_AT_ONCE):
        group = bank[first : first + BANDS_AT_ONCE]
        reached = np.flatnonzero(group.any(axis=0))
        bins = slice(reached[0], reached[-1] + 1) if reached.size else slice(0, 0)
        products.append((slice(first, first + len(group)), bins, np.ascontiguousarray(group[:, bins].T)))
    return products


def to_image(matrix: np.ndarray, cmap: str = "viridis", low_frequency_at: str = "top") -> np.ndarray:
    """Colour a matrix as ``matplotlib.pyplot.imsave(..., matrix, cmap=cmap)`` does, pixel for pixel.

    The matrix's own minimum and maximum get the colour map's ends; a constant matrix gets its first colour. If it
    holds NaN or infinities, the pixels that imsave makes transparent are black.

    Parameters
    ----------
    matrix
        float32 or float64 (imsave computes in the matrix's own precision, so the two can differ), shape (h, w).
    cmap
        A matplotlib colour map of at most 256 colours.
    low_frequency_at
        "top": row 0 of the matrix is row 0 of the image, as in imsave. "bottom": rows are reversed.

    Returns
    -------
    ndarray, uint8, shape (h, w, 3)
        RGB.
    """
    index, bad = _colour_index(matrix, cmap)
    image = np.array(_with_palette(index, cmap).convert("RGB"))
    if bad is not None:
        image[bad] = 0
    return image[::-1].copy() if _at_bottom(low_frequency_at) else image


def _at_bottom(low_frequency_at: str) -> bool:
    if low_frequency_at not in CHOICES["low_frequency_at"]:
        raise ValueError(f"low_frequency_at must be top or bottom; received {low_frequency_at!r}")
    return low_frequency_at == "bottom"


def _colour_index(matrix: np.ndarray, cmap: str) -> tuple[np.ndarray, np.ndarray | None]:
    """Number of each entry's colour, uint8 (h, w), and where there is none (None: everywhere is one).

    matplotlib's Normalize and Colormap in their order and precision: limits in float64, the rest in the matrix's own.
    """
    if matrix.ndim != 2 or matrix.size == 0 or matrix.dtype not in (np.float32, np.float64):
        raise ValueError(f"an image needs a float32 or float64 (h, w); received {matrix.dtype} {matrix.shape}")
    n_colours = len(_palette(cmap))
    low, high = float(matrix.min()), float(matrix.max())
    if low == high:
        return np.zeros(matrix.shape, np.uint8), None
    with np.errstate(invalid="ignore", over="ignore"):
        scaled = matrix.copy()
        scaled -= low
        scaled /= high - low
        scaled *= n_colours
        bad = None if np.isfinite(high - low) else np.isnan(scaled)
        return np.minimum(scaled, n_colours - 1).astype(np.uint8), bad


@functools.cache
def _palette(cmap: str) -> np.ndarray:
    import matplotlib

    if cmap not in matplotlib.colormaps:
        raise ValueError(f"unknown colour map {cmap!r}; matplotlib has {', '.join(sorted(matplotlib.colormaps))}")
    colours = matplotlib.colormaps[cmap]
    if colours.N > 256:
        raise ValueError(f"the colour map {cmap} has {colours.N} colours; a palette image holds 256")
    return colours(np.arange(colours.N), bytes=True)[:, :3].copy()


def _with_palette(index: np.ndarray, cmap: str) -> "Image.Image":
    from PIL import Image

    picture = Image.fromarray(index)
    picture.putpalette(_palette(cmap).tobytes())
    return picture


def _picture(signal: np.ndarray, settings: SpectrogramSettings) -> "Image.Image":
    from PIL import Image

    index, _ = _colour_index(log_mel(signal, settings), settings.cmap)
    if _at_bottom(settings.low_frequency_at):
        index = np.ascontiguousarray(index[::-1])
    picture = _with_palette(index, settings.cmap)
    if settings.size is None or picture.size == settings.size[::-1]:
        return picture
    if settings.resize == "nearest":  # the same in palette numbers as in colours
        return picture.resize(settings.size[::-1], Image.Resampling.NEAREST)
    return picture.convert("RGB").resize(settings.size[::-1], Image.Resampling.BILINEAR)


def image_of(signal: np.ndarray, settings: SpectrogramSettings = SpectrogramSettings()) -> np.ndarray:
    """Colour image of a signal, uint8 (height, width, 3): `log_mel`, then `to_image`, then the size of the settings."""
    return np.array(_picture(signal, settings).convert("RGB"))


def load_clip_images(
    signals: Callable[[], Iterable[np.ndarray]],
    names: Sequence[str],
    n_samples: int,
    settings: SpectrogramSettings,
    cache_dir: str | Path,
    key: str,
) -> np.ndarray:
    """The images of many clips of one length as one array, computed once in several threads and kept.

    Parameters
    ----------
    signals : function
        Gives the clips' signals at ``settings.sample_rate_hz``, one a name; called only if the images are not there.
    names : sequence of str
        The clips' names, in order; they are part of the kept file's name and of messages.
    n_samples : int
        Of each clip.
    cache_dir, key
        Where to keep the array, and what the clips are (the corpus's fingerprint).

    Returns
    -------
    ndarray, uint8, shape (n, height, width, 3)
        Read-only, mapped from the file.

    Raises
    ------
    AudioError, DiskFullError
        As `shared.audio.clip_features.arrays_of_clips`.
    """
    word = cache_key(key=key, names=list(names), n_samples=n_samples, **dataclasses.asdict(settings))
    size = settings.size or (settings.n_mels, 1 + n_samples // settings.hop_length)
    _mel_products(settings), _palette(settings.cmap)  # once, before the threads ask for them at the same time
    path = Path(cache_dir) / f"log-mel-{word}.npy"
    return arrays_of_clips(
        lambda signal: image_of(signal, settings), signals, names, (*size, 3), path, "making spectrogram images"
    )


def make_images(
    jobs: Sequence[tuple[str | Path, str | Path]],
    settings: SpectrogramSettings = SpectrogramSettings(),
    n_jobs: int = -1,
) -> list[tuple[Path, str]]:
    """Write one PNG for each audio file, several at a time, with a progress bar if it takes more than two seconds.

    An image is skipped if it is there and says (in a PNG text) that it was made with these settings from an audio
    file of this size and date. So a run that was killed goes on where it stopped.

    Parameters
    ----------
    jobs
        Pairs of audio file and PNG. Folders are made.
    n_jobs
        Workers as joblib counts them, -1 for a worker a core. They are threads: nearly all of the work is in
        libraries that let go of Python's lock, and threads start at once, where each process imports librosa first.
        Inside ``joblib.parallel_config(backend=...)`` that backend is used instead.

    Returns
    -------
    list of (Path, str)
        Audio files that could not be read, with the reason, in the order of `jobs`.

    Raises
    ------
    DiskFullError
        The disk is full.
    """
    import joblib
    import threadpoolctl

    _mel_products(settings), _palette(settings.cmap)  # once, before the threads ask for them at the same time
    work = (joblib.delayed(_make_image)(Path(audio), Path(png), settings) for audio, png in jobs)
    with threadpoolctl.threadpool_limits(1, "blas"):  # the workers are the parallelism
        reasons = joblib.Parallel(n_jobs, prefer="threads", return_as="generator")(work)
        reasons = list(progress(reasons, len(jobs), "spectrogram images"))
    return [(Path(audio), reason) for (audio, _), reason in zip(jobs, reasons, strict=True) if reason is not None]


def _make_image(audio_path: Path, png_path: Path, settings: SpectrogramSettings) -> str | None:
    """Why the image could not be made; None if it is there."""
    try:
        mark = _mark(audio_path, settings)
        if mark is not None and png_mark(png_path) == mark:
            return None
        signal = load_audio(audio_path, settings.sample_rate_hz)
    except (AudioError, OSError) as error:
        return str(error)
    write_png(png_path, _picture(signal, settings), mark)
    return None


def _mark(audio_path: Path, settings: SpectrogramSettings) -> str | None:
    """What an image is made from, as one word; None without the audio file."""
    if not audio_path.is_file():
        return None
    status = audio_path.stat()
    content = {"n_bytes": status.st_size, "changed_ns": status.st_mtime_ns, "reading": READING}
    return cache_key(settings=dataclasses.asdict(settings), **content)
