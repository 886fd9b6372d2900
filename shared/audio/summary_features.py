"""The 57 features of GTZAN's public tables (`features_30_sec.csv`, `features_3_sec.csv`), as librosa computes them.

A feature set is the mean and the variance over a recording of librosa's spectral features, of the waveforms of its
harmonic and percussive parts, and of its MFCCs, with the tempo between. One Fourier transform serves all of them. Most
of librosa's time goes into two median filters of 31 x 1 on the matrix; here they run along one line of samples.
"""

import dataclasses
import functools
import hashlib
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from shared.audio.signals import READING, AudioError, load_audio, resample
from shared.base.files import cache_key, keep
from shared.base.librosa_import import import_librosa
from shared.base.processes import in_processes
from shared.base.progress import progress

if TYPE_CHECKING:
    import pandas as pd

FRAMED = ("chroma_stft", "rms", "spectral_centroid", "spectral_bandwidth", "rolloff", "zero_crossing_rate")
CHOICES = {
    "pad_mode": ("reflect", "constant"),
    "onset_aggregate": ("median", "mean"),
    "tail": ("silent", "kept"),
}
PITCH_HZ = (150.0, 4000.0)  # librosa looks for the tuning between these,
PITCH_THRESHOLD = 0.1  # among bins above this share of their frame's largest
LARGEST_POWER = 1e30  # of a bin: well below what float32 holds, and far above full scale's 1e6
TABLE_CUTS, TABLE_CUT_SAMPLES = 10, 66150  # the three-second table: 3 s at 22,050 Hz

Source = str | Path | np.ndarray
Sources = Sequence[Source] | Callable[[], Iterable[Source]]


def feature_names(n_mfcc: int = 20) -> tuple[str, ...]:
    """Names in the tables' order: 17 + 2 n_mfcc."""
    kinds = [*FRAMED, "harmony", "perceptr"]
    coefficients = [f"mfcc{number}" for number in range(1, n_mfcc + 1)]
    both = ("mean", "var")
    return (
        *(f"{kind}_{value}" for kind in kinds for value in both),
        "tempo",
        *(f"{kind}_{value}" for kind in coefficients for value in both),
    )


FEATURES = feature_names()


@dataclasses.dataclass(frozen=True)
class FeatureSettings:
    """How a signal becomes features. The numbers are librosa's defaults.

    The three words say how the public tables were made; with them all 57 features agree. `pad_mode` is what stands
    before the first and after the last sample of centred frames: librosa repeated the signal backwards up to 0.8 and
    puts zeros since 0.9. `tail` is what the harmonic and percussive waveforms hold after the centre of the last frame:
    up to 0.8 zeros, since then the signal. `onset_aggregate` joins the mel bands into the onset strength that the tempo
    is read from: the median as in ``librosa.beat.beat_track``, or the mean as in ``librosa.feature.tempo``.
    """

    sample_rate_hz: int = 22050
    n_fft: int = 2048
    hop_length: int = 512
    n_mels: int = 128
    n_mfcc: int = 20
    n_chroma: int = 12
    roll_percent: float = 0.85
    median_length: int = 31
    pad_mode: str = "reflect"
    onset_aggregate: str = "median"
    tail: str = "silent"

    def __post_init__(self):
        for name, known in CHOICES.items():
            if getattr(self, name) not in known:
                raise ValueError(f"{name} must be one of {', '.join(known)}; received {getattr(self, name)!r}")


PUBLIC_TABLE = FeatureSettings()
LIBROSA_0_11 = FeatureSettings(pad_mode="constant", onset_aggregate="mean", tail="kept")


def features_of(signal: np.ndarray, rate_hz: int, settings: FeatureSettings = PUBLIC_TABLE) -> np.ndarray:
    """The features of one recording.

    Parameters
    ----------
    signal : ndarray, float32, shape (n,)
        One channel; resampled to the settings' rate.
    rate_hz : int
        Its sample rate.

    Returns
    -------
    ndarray, float64, shape (17 + 2 n_mfcc,)
        In the order of ``feature_names(n_mfcc)``, all finite. Frequencies in Hz, the tempo in beats a minute. Silence
        has the tempo that librosa's prior prefers, 117.45.

    Raises
    ------
    AudioError
        More than one channel, samples that are NaN, infinite or absurdly large, or a signal shorter than one analysis
        window.
    """
    return _features(_checked(signal, rate_hz, settings), settings)


def _checked(signal: np.ndarray, rate_hz: int, settings: FeatureSettings) -> np.ndarray:
    if signal.ndim != 1:
        raise AudioError(f"expected one channel, shape (n,); received shape {signal.shape}")
    if not np.isfinite(signal).all():
        raise AudioError(f"{np.count_nonzero(~np.isfinite(signal))} of {signal.size} samples are NaN or infinite")
    resampled = resample(signal.astype(np.float32, copy=False), rate_hz, settings.sample_rate_hz)
    if resampled.size < settings.n_fft:
        raise AudioError(
            f"holds {signal.size} samples ({1000 * signal.size / rate_hz:.0f} ms), and one analysis window takes "
            f"{1000 * settings.n_fft / settings.sample_rate_hz:.0f} ms. Give a longer recording"
        )
    return resampled


def _features(signal: np.ndarray, settings: FeatureSettings) -> np.ndarray:
    """The features of a signal that can have some. Matrices are (bins, frames), each frame's bins side by side."""
    librosa = import_librosa()
    n_fft, hop_length = settings.n_fft, settings.hop_length
    with np.errstate(over="ignore", invalid="ignore"):
        spectrum = librosa.stft(signal, n_fft=n_fft, hop_length=hop_length, pad_mode=settings.pad_mode)
        magnitude = np.abs(spectrum)
        power = np.square(magnitude)
    if not power.max() < LARGEST_POWER:
        raise AudioError(f"holds samples as large as {np.abs(signal).max():.3g}, too large for features. Scale it down")
    log_mel = librosa.power_to_db(_mel_bank(settings) @ power)
    rows = [
        _chroma(power, settings),
        librosa.feature.rms(y=signal, frame_length=n_fft, hop_length=hop_length, pad_mode=settings.pad_mode),
        *_centroid_and_bandwidth(magnitude, settings),
        _rolloff(magnitude, settings),
        _zero_crossing_rate(signal, settings),
        *(_waveform(part, signal.size, settings) for part in _harmonic_and_percussive(spectrum, magnitude, settings)),
    ]
    coefficients = librosa.feature.mfcc(S=log_mel, n_mfcc=settings.n_mfcc)
    before, after = ([value for row in some for value in _mean_and_variance(row)] for some in (rows, coefficients))
    return np.array([*before, _tempo(log_mel, settings), *after])


def _mean_and_variance(values: np.ndarray) -> tuple[float, float]:
    return values.mean(dtype=np.float64), values.var(dtype=np.float64)


@functools.lru_cache(maxsize=8)
def _mel_bank(settings: FeatureSettings) -> np.ndarray:
    librosa = import_librosa()
    return librosa.filters.mel(sr=settings.sample_rate_hz, n_fft=settings.n_fft, n_mels=settings.n_mels)


@functools.lru_cache(maxsize=128)  # librosa's tunings are a hundred, a hundredth of a bin apart
def _chroma_bank(settings: FeatureSettings, tuning: float) -> np.ndarray:
    librosa = import_librosa()
    return librosa.filters.chroma(
        sr=settings.sample_rate_hz, n_fft=settings.n_fft, tuning=tuning, n_chroma=settings.n_chroma
    )


def _chroma(power: np.ndarray, settings: FeatureSettings) -> np.ndarray:
    """``librosa.feature.chroma_stft(S=power)``: (n_chroma, frames)."""
    librosa = import_librosa()
    return librosa.util.normalize(_chroma_bank(settings, _tuning(power, settings)) @ power, norm=np.inf, axis=0)


def _tuning(power: np.ndarray, settings: FeatureSettings) -> float:
    """``librosa.estimate_tuning(S=power)``, interpolating at the peaks only, in its order and precision."""
    librosa = import_librosa()
    bins_hz = librosa.fft_frequencies(sr=settings.sample_rate_hz, n_fft=settings.n_fft)[:-1]
    inside = np.flatnonzero((bins_hz >= PITCH_HZ[0]) & (bins_hz < PITCH_HZ[1]))
    if inside.size == 0:
        return 0.0
    low, high = inside[0], inside[-1] + 1
    below, here, above = (power[low + shift : high + shift] for shift in (-1, 0, 1))
    peaks = (here > PITCH_THRESHOLD * power.max(axis=0)) & (here > below) & (here >= above)
    bins = np.nonzero(peaks)[0] + low
    below, here, above = (values[peaks] for values in (below, here, above))
    if bins.size == 0:
        return 0.0
    curvature = (above + below) - 2.0 * here.astype(np.float64)
    slope = (above - below) / 2
    steep = np.abs(slope) >= np.abs(curvature)
    shift = np.where(steep, 0.0, -slope / np.where(steep, 1.0, curvature)).astype(np.float32)
    pitch_hz = ((bins + shift) * float(settings.sample_rate_hz) / settings.n_fft).astype(np.float32)
    height = here + 0.5 * slope * shift
    return float(librosa.pitch_tuning(pitch_hz[height >= np.median(height)], bins_per_octave=settings.n_chroma))


def _centroid_and_bandwidth(magnitude: np.ndarray, settings: FeatureSettings) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of the frequency in Hz, weighted with the magnitude; 0 in silence. (frames,) each."""
    librosa = import_librosa()
    bins_hz = librosa.fft_frequencies(sr=settings.sample_rate_hz, n_fft=settings.n_fft)
    total, first, second = np.stack([np.ones_like(bins_hz), bins_hz, bins_hz**2]) @ magnitude.astype(np.float64)
    total[total < np.finfo(np.float32).tiny] = 1.0  # as librosa does: too quiet to be normalised
    centroid = first / total
    return centroid, np.sqrt(np.maximum(second / total - centroid**2, 0.0))


def _rolloff(magnitude: np.ndarray, settings: FeatureSettings) -> np.ndarray:
    """``librosa.feature.spectral_rolloff``: Hz below which `roll_percent` of the magnitude lies, (frames,)."""
    librosa = import_librosa()
    so_far = np.cumsum(magnitude, axis=0)
    bins = np.count_nonzero(so_far < settings.roll_percent * so_far[-1], axis=0)
    return librosa.fft_frequencies(sr=settings.sample_rate_hz, n_fft=settings.n_fft)[bins]


def _zero_crossing_rate(signal: np.ndarray, settings: FeatureSettings) -> np.ndarray:
    """``librosa.feature.zero_crossing_rate``: changes of sign a sample in each frame, (frames,)."""
    n_fft, hop_length = settings.n_fft, settings.hop_length
    negative = np.pad(signal, n_fft // 2, mode="edge") < -1e-10
    crossings = np.concatenate([[0, 0], np.cumsum(negative[1:] != negative[:-1])])  # up to each sample, without it
    starts = np.arange(0, negative.size - n_fft + 1, hop_length)
    return (crossings[starts + n_fft] - crossings[starts + 1]) / n_fft


def _tempo(log_mel: np.ndarray, settings: FeatureSettings) -> float:
    """Beats a minute by ``librosa.feature.tempo``, of the onset strength of the settings."""
    librosa = import_librosa()
    rate = {"sr": settings.sample_rate_hz, "hop_length": settings.hop_length}
    aggregate = getattr(np, settings.onset_aggregate)
    onsets = librosa.onset.onset_strength(S=log_mel, n_fft=settings.n_fft, aggregate=aggregate, **rate)
    return float(librosa.feature.tempo(onset_envelope=onsets, **rate)[0])


def _harmonic_and_percussive(
    spectrum: np.ndarray, magnitude: np.ndarray, settings: FeatureSettings
) -> tuple[np.ndarray, np.ndarray]:
    """``librosa.decompose.hpss`` with its defaults: soft masks of the medians along time and along frequency."""
    harmonic = _median_filter(magnitude, settings.median_length, axis=1)
    percussive = _median_filter(magnitude, settings.median_length, axis=0)
    larger = np.maximum(harmonic, percussive)
    silent = larger < np.finfo(np.float32).tiny
    larger[silent] = 1.0
    for part in (harmonic, percussive):
        part /= larger
        np.square(part, out=part)
    both = harmonic + percussive
    both[silent] = 1.0
    for part in (harmonic, percussive):
        part /= both
        part[silent] = 0.5
    return spectrum * harmonic, spectrum * percussive


def _median_filter(matrix: np.ndarray, length: int, axis: int) -> np.ndarray:
    """``scipy.ndimage.median_filter`` along one axis, mode "reflect", in one call on all lines one after another.

    SciPy's filter of one dimension takes a fraction of the time of its filter of two. Each line is extended at its
    ends before, so that no value comes from its neighbour.
    """
    from scipy.ndimage import median_filter

    lines = matrix if axis == 1 else matrix.T
    places = np.pad(np.arange(lines.shape[1]), length // 2, mode="symmetric")
    extended = lines[:, places]
    filtered = median_filter(extended.ravel(), length).reshape(extended.shape)
    filtered = filtered[:, length // 2 : length // 2 + lines.shape[1]]
    return np.asfortranarray(filtered if axis == 1 else filtered.T)


def _waveform(spectrum: np.ndarray, n_samples: int, settings: FeatureSettings) -> np.ndarray:
    """``librosa.istft`` in single precision, float32 (n_samples,); its end is the settings' `tail`."""
    import scipy.fft

    librosa = import_librosa()

    n_fft, hop_length, n_frames = settings.n_fft, settings.hop_length, spectrum.shape[1]
    window = librosa.filters.get_window("hann", n_fft).astype(np.float32)
    frames = scipy.fft.irfft(spectrum.T, n_fft, axis=1)
    frames *= window
    padded = np.zeros(n_fft + hop_length * (n_frames - 1), np.float32)
    for frame, start in zip(frames, range(0, padded.size, hop_length), strict=False):
        padded[start : start + n_fft] += frame
    weight = librosa.filters.window_sumsquare(
        window="hann", n_frames=n_frames, n_fft=n_fft, hop_length=hop_length, dtype=np.float32
    )
    padded /= np.where(weight > np.finfo(np.float32).tiny, weight, 1.0)
    end = padded.size - n_fft // 2 if settings.tail == "silent" else padded.size
    signal = padded[n_fft // 2 : end][:n_samples]
    return np.pad(signal, (0, n_samples - signal.size))


def table_cuts(signal: np.ndarray) -> list[np.ndarray]:
    """A track of GTZAN as the three-second table cuts it: ten pieces from every third second on, of 66,149 samples.

    Each is a sample shorter than three seconds, and the end of the track belongs to none. Tracks of 30 s or less
    (661,500 samples) have nine.

    Parameters
    ----------
    signal : ndarray, shape (n,)
        At 22,050 Hz.

    Returns
    -------
    list of ndarray, shape (66149,)
        Views, at most ten.
    """
    starts = range(0, TABLE_CUTS * TABLE_CUT_SAMPLES, TABLE_CUT_SAMPLES)
    whole = [start for start in starts if start + TABLE_CUT_SAMPLES < signal.size]
    return [signal[start : start + TABLE_CUT_SAMPLES - 1] for start in whole]


def table_of(
    sources: Sources,
    names: Sequence[str],
    settings: FeatureSettings = PUBLIC_TABLE,
    *,
    rate_hz: int | None = None,
    cache_dir: str | Path | None = None,
    key: str | None = None,
    n_jobs: int = -1,
) -> tuple["pd.DataFrame", list[tuple[str, str]]]:
    """The features of many recordings, several at a time, computed once and kept.

    Parameters
    ----------
    sources
        Audio files, or signals of shape (n,) at `rate_hz`; or a function that gives them one after another, called
        only if the table is not there yet.
    names
        What the rows are called, each name once; part of the kept file's name.
    rate_hz
        Sample rate of signals; files have their own.
    cache_dir
        Where to keep the table; None: nowhere. If nothing can be kept there, it is computed anew each time.
    key
        What the sources are, e.g. the corpus's fingerprint. None: the files' sizes and dates, or the signals' samples,
        stand for it; a function needs a key.
    n_jobs
        Workers as joblib counts them, -1 for a worker a core. They are processes, since SciPy's median filter, half of
        the work, does not let go of Python's lock; each imports librosa first. The values do not depend on it.

    Returns
    -------
    DataFrame
        float64, a row a recording with its name as index, a column a feature. Recordings that could not be used are
        left out.
    list of (str, str)
        Their names, with the reason, in the order of `names`.

    Raises
    ------
    ValueError
        A name twice, or a function without a key.
    """
    import pandas as pd

    names = list(names)
    if len(set(names)) < len(names):
        raise ValueError(f"each name may stand once; received {max(names, key=names.count)!r} again")
    if cache_dir is None:
        values, reasons = _computed(sources, names, settings, rate_hz, n_jobs)
    else:
        content = key if key is not None else _content(sources)
        word = cache_key(content=content, names=names, rate_hz=rate_hz, **dataclasses.asdict(settings))
        path = Path(cache_dir) / f"features-{word}.npz"
        kept = _kept(path)
        if kept is None:
            kept = _computed(sources, names, settings, rate_hz, n_jobs)
            keep(path, lambda file: np.savez(file, values=kept[0], reasons=json.dumps(kept[1])))
        values, reasons = kept
    good = [name for name in names if name not in reasons]
    table = pd.DataFrame(values, index=good, columns=list(feature_names(settings.n_mfcc)))
    return table, [(name, reasons[name]) for name in names if name in reasons]


def _kept(path: Path) -> tuple[np.ndarray, dict[str, str]] | None:
    """What `_computed` gave, from a file; None if it is not there or damaged (the format has checksums)."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return file["values"], json.loads(str(file["reasons"]))
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile):
        return None


def _content(sources: Sources) -> list:
    """What the sources hold, without decoding them."""
    if callable(sources):
        raise ValueError("a function that gives sources needs a key that says what they are")
    content = []
    for source in sources:
        if isinstance(source, np.ndarray):
            content.append([source.dtype.str, hashlib.sha256(np.ascontiguousarray(source).data).hexdigest()])
        else:
            status = Path(source).stat() if Path(source).is_file() else None
            content.append(status and [status.st_size, status.st_mtime_ns, READING])
    return content


def _computed(
    sources: Sources, names: list[str], settings: FeatureSettings, rate_hz: int | None, n_jobs: int
) -> tuple[np.ndarray, dict[str, str]]:
    """Features of the recordings that have some, (n, features), and by name why the others have none."""
    import joblib

    values, reasons = [], {}
    given = sources() if callable(sources) else sources
    rows = _rows(given, settings, rate_hz, min(joblib.effective_n_jobs(n_jobs), len(names)))
    for name, row in zip(names, progress(rows, len(names), "audio features"), strict=True):
        if isinstance(row, str):
            reasons[name] = row
        else:
            values.append(row)
    return np.reshape(values, (len(values), len(feature_names(settings.n_mfcc)))), reasons


def _rows(
    sources: Iterable[Source], settings: FeatureSettings, rate_hz: int | None, n_workers: int
) -> Iterator[np.ndarray | str]:
    """Features, or why there are none, a source. Each worker has one thread for matrix products."""
    import joblib
    import threadpoolctl

    if n_workers < 2:
        with threadpoolctl.threadpool_limits(1, "blas"):
            yield from (_row(source, rate_hz, settings) for source in sources)
        return
    parallel = in_processes(n_workers, threads=1, return_as="generator", max_nbytes=None)  # no copies on disk
    yield from parallel(joblib.delayed(_row)(source, rate_hz, settings) for source in sources)


def _row(source: Source, rate_hz: int | None, settings: FeatureSettings) -> np.ndarray | str:
    try:
        if isinstance(source, np.ndarray):
            if rate_hz is None:
                raise TypeError("signals need rate_hz, their sample rate")
            return features_of(source, rate_hz, settings)
        return features_of(load_audio(source, settings.sample_rate_hz), settings.sample_rate_hz, settings)
    except (AudioError, OSError) as error:
        return str(error)
