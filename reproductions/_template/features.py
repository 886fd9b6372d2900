"""What the network sees of a recording: the log-mel spectrogram of each window. Used in training and by predict.py."""

from __future__ import annotations

import numpy as np
import pandas as pd

from data_prep import Corpus
from data_prep.common import windows
from reproductions._template.settings import LogMel, Windows
from shared.audio.clip_features import load_features
from shared.audio.log_mel_images import log_mel
from shared.base.files import cache_root
from shared.paper.settings import read_settings


def feature_of(signal: np.ndarray, settings: LogMel) -> np.ndarray:
    """A window's log-mel spectrogram in decibels below its peak, float32 (n_mels, n_frames, 1)."""
    return log_mel(signal, settings)[..., None]


def windows_of(module: Corpus, index: pd.DataFrame, settings: dict) -> pd.DataFrame:
    """The rows to train and test on: windows of a corpus's clips, at the settings' sample rate."""
    cut, rate_hz = read_settings(Windows, settings), read_settings(LogMel, settings).sample_rate_hz
    return windows.cut(module, index, rate_hz, cut.window_seconds, cut.hop_seconds, cut.windows_per_clip, fill=True)


def features_of(module: Corpus, rows: pd.DataFrame, settings: dict, fingerprint: str) -> np.ndarray:
    """The rows' features, float32 (n, n_mels, n_frames, 1); computed once in several threads and kept in the cache."""
    names = [f"{clip} from sample {offset}" for clip, offset in zip(rows["clip"], rows["offset"], strict=True)]
    n_samples, kept = int(rows["n_samples"].iloc[0]), cache_root() / "features"
    signals, how = lambda: windows.signals(module, rows), read_settings(LogMel, settings)
    return load_features(feature_of, signals, names, n_samples, how, kept, fingerprint)


def features_of_signal(signal: np.ndarray, settings: dict) -> np.ndarray:
    """The features of all windows of a recording, as `features_of` makes them; (n, n_mels, n_frames, 1)."""
    how, cut = read_settings(LogMel, settings), read_settings(Windows, settings)
    found = windows.of_signal(signal, how.sample_rate_hz, cut.window_seconds, cut.hop_seconds)
    return np.stack([feature_of(window, how) for window in found])
