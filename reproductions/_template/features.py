"""What the network sees of a recording: the log-mel image of each window. Used in training and by predict.py alike."""

from __future__ import annotations

import numpy as np
import pandas as pd

from data_prep import Corpus
from reproductions._template.settings import Images, Windows
from shared.audio.log_mel_images import image_of, load_clip_images
from shared.audio.signals import segments
from shared.base.files import cache_root
from shared.paper.settings import read_settings


def windows_of(module: Corpus, index: pd.DataFrame, settings: dict) -> pd.DataFrame:
    """The rows to train and test on: windows of a corpus's clips, each with the split of its clip.

    Raises
    ------
    ValueError
        The corpus has no audio to cut, or another sample rate than the settings.
    """
    if module.windows is None:
        raise ValueError(f"corpus {module.NAME} has no audio to cut into windows; give one that has windows")
    windows, rate_hz = read_settings(Windows, settings), read_settings(Images, settings).sample_rate_hz
    if rate_hz != module.SAMPLE_RATE_HZ:
        raise ValueError(
            f"corpus {module.NAME} has {module.SAMPLE_RATE_HZ:,} samples a second, and paper.toml's sample_rate_hz is "
            f"{rate_hz:,}: change the setting, or resample the corpus in its module"
        )
    n_samples = round(windows.window_seconds * module.SAMPLE_RATE_HZ)
    return module.windows(index, n_samples, n_samples, windows.windows_per_clip)


def images_of(module: Corpus, rows: pd.DataFrame, settings: dict, fingerprint: str) -> np.ndarray:
    """The rows' images, uint8 (n, n_mels, n_frames, 3); computed once in several threads and kept in the cache."""
    n_samples, names = int(rows["n_samples"].iloc[0]), list(rows["clip"])
    image, kept = read_settings(Images, settings), cache_root() / "features"
    return load_clip_images(lambda: module.signals(rows), names, n_samples, image, kept, fingerprint)


def images_of_signal(signal: np.ndarray, settings: dict) -> np.ndarray:
    """The images of all whole windows of a recording, as `images_of` makes them; (n, n_mels, n_frames, 3)."""
    image, windows = read_settings(Images, settings), read_settings(Windows, settings)
    cuts = segments(signal, image.sample_rate_hz, windows.window_seconds)
    return np.stack([image_of(cut, image) for cut in cuts])
