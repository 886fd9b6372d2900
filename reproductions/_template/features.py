"""What the network sees of a recording: the log-mel image of each window. Used in training and by predict.py alike."""

from __future__ import annotations

import numpy as np
import pandas as pd

from data_prep import Corpus
from shared.audio.log_mel_images import SpectrogramSettings, image_of, load_clip_images
from shared.audio.signals import segments
from shared.base.files import cache_root


def image_settings(settings: dict) -> SpectrogramSettings:
    """The part of paper.toml's settings that makes an image of a window."""
    return SpectrogramSettings(
        sample_rate_hz=settings["sample_rate_hz"],
        n_fft=settings["n_fft"],
        hop_length=settings["hop_length"],
        n_mels=settings["n_mels"],
        db="power_to_db",
        cmap="gray",
    )


def windows_of(module: Corpus, index: pd.DataFrame, settings: dict) -> pd.DataFrame:
    """The rows to train and test on: windows of a corpus's clips, each with the split of its clip.

    Raises
    ------
    ValueError
        The corpus has no audio to cut, or another sample rate than the settings.
    """
    if module.windows is None:
        raise ValueError(f"corpus {module.NAME} has no audio to cut into windows; give one that has windows")
    if settings["sample_rate_hz"] != module.SAMPLE_RATE_HZ:
        raise ValueError(
            f"corpus {module.NAME} has {module.SAMPLE_RATE_HZ:,} samples a second, and paper.toml's sample_rate_hz is "
            f"{settings['sample_rate_hz']:,}: change the setting, or resample the corpus in its module"
        )
    n_samples = round(settings["window_seconds"] * module.SAMPLE_RATE_HZ)
    return module.windows(index, n_samples, n_samples, settings["windows_per_clip"])


def images_of(module: Corpus, rows: pd.DataFrame, settings: dict, fingerprint: str) -> np.ndarray:
    """The rows' images, uint8 (n, n_mels, n_frames, 3); computed once in several threads and kept in the cache."""
    n_samples, names = int(rows["n_samples"].iloc[0]), list(rows["clip"])
    kept = cache_root() / "features"
    return load_clip_images(lambda: module.signals(rows), names, n_samples, image_settings(settings), kept, fingerprint)


def images_of_signal(signal: np.ndarray, settings: dict) -> np.ndarray:
    """The images of all whole windows of a recording, as `images_of` makes them; (n, n_mels, n_frames, 3)."""
    cuts = segments(signal, settings["sample_rate_hz"], settings["window_seconds"])
    return np.stack([image_of(cut, image_settings(settings)) for cut in cuts])
