"""What each mode sees of a track: rows of 57 features, windows of samples, or their log-mel images."""

from __future__ import annotations

import numpy as np
import pandas as pd

from data_prep import Corpus
from reproductions.verma_genres.model import ANN, CNN_1D
from reproductions.verma_genres.settings import Cuts, FirstWindows, Images, OverlappingWindows
from shared.audio.log_mel_images import load_clip_images
from shared.audio.signals import load_audio
from shared.audio.summary_features import LIBROSA_0_11, PUBLIC_TABLE, table_of
from shared.base.files import cache_root
from shared.paper.settings import read_settings

FULL_SCALE = 32768  # of the 16-bit integers that the tracks are kept as
FEATURE_SETTINGS = {"public table": PUBLIC_TABLE, "librosa 0.11": LIBROSA_0_11}
WHOLE_TRACKS = ("gtzan_features_30s",)  # corpora of which a row of features is a track, and no cut


class Windows:
    """Windows of tracks as an array that is read a batch at a time: ``windows[rows]``, float32 (n, n_samples).

    The tracks stand in memory once, as 16-bit integers, whatever their windows overlap: the 29,000 windows of GTZAN
    take 1.3 GB and not 5.1. A track that is not 16 bit is rounded to it.
    """

    def __init__(self, rows: pd.DataFrame, sample_rate_hz: int):
        self.tracks = {path: _sixteen_bit(load_audio(path, sample_rate_hz)) for path in rows["path"].unique()}
        self.places = list(zip(rows["path"], rows["offset"], strict=True))
        self.shape = (len(rows), int(rows["n_samples"].iloc[0]))

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, rows) -> np.ndarray:
        places = [self.places[row] for row in rows]
        batch = np.stack([self.tracks[path][start : start + self.shape[1]] for path, start in places])
        return batch.astype("float32") / FULL_SCALE


def _sixteen_bit(signal: np.ndarray) -> np.ndarray:
    return np.clip(np.round(signal * FULL_SCALE), -FULL_SCALE, FULL_SCALE - 1).astype("int16")


def rows_for(model: str, module: Corpus, index: pd.DataFrame, settings: dict) -> pd.DataFrame:
    """The rows that a model is trained and tested on, each with its track.

    Mode 1 has the rows of a table as they are, or three-second cuts of the audio as the public table has them; Mode 2
    has overlapping windows of the whole track, Mode 3 windows of its beginning that touch. Of a track that is too short
    for all cuts or windows there are as many as it has.
    """
    if module.features:
        return index
    if model == ANN:
        # A cut is a sample short of three seconds, and is there only if the track goes on for another one.
        cuts = read_settings(Cuts, settings)
        hop = round(cuts.cut_seconds * module.SAMPLE_RATE_HZ)
        cut = hop - 1 if module.tracks_go_on else hop + 1
        return _first(cuts.cuts_per_track, module.windows(index, cut, hop), hop).assign(n_samples=hop - 1)
    windows = read_settings(OverlappingWindows if model == CNN_1D else FirstWindows, settings)
    n_samples = round(windows.window_seconds * module.SAMPLE_RATE_HZ)
    if model == CNN_1D:
        return module.windows(index, n_samples, round(windows.hop_seconds * module.SAMPLE_RATE_HZ))
    return _first(windows.windows_per_track, module.windows(index, n_samples, n_samples), n_samples)


def _first(number: int, windows: pd.DataFrame, hop: int) -> pd.DataFrame:
    """So many windows of each track, from its start."""
    return windows[windows["offset"] < number * hop].reset_index(drop=True)


def inputs_for(model: str, module: Corpus, rows: pd.DataFrame, settings: dict, fingerprint: str):
    """What a model is fed for each of the rows, as an array or as something that is indexed like one.

    Returns
    -------
    array-like of shape (n, 57) float32, (n, 44100) float32 or (n, 128, 87, 3) uint8

    Raises
    ------
    AudioError
        A recording that gives no features or no image; names it.
    """
    if model == ANN:
        return _features(module, rows, settings, fingerprint)
    if model == CNN_1D:
        return Windows(rows, module.SAMPLE_RATE_HZ)
    image = read_settings(Images, settings)
    n_samples = int(rows["n_samples"].iloc[0])
    cache = cache_root() / "features"
    return load_clip_images(lambda: _signals(module, rows), list(rows["clip"]), n_samples, image, cache, fingerprint)


def _features(module: Corpus, rows: pd.DataFrame, settings: dict, fingerprint: str) -> np.ndarray:
    if module.features:
        return module.features(rows).astype("float32")
    table, failed = table_of(
        lambda: _signals(module, rows),
        list(rows["clip"]),
        FEATURE_SETTINGS[read_settings(Cuts, settings).feature_extraction],
        rate_hz=module.SAMPLE_RATE_HZ,
        cache_dir=cache_root() / "features",
        key=fingerprint,
    )
    if failed:
        names = "\n".join(f"  {clip}: {reason}" for clip, reason in failed)
        raise ValueError(f"{len(failed)} of {len(rows)} cuts have no features; leave their tracks out:\n{names}")
    return table.to_numpy("float32")


def _signals(module: Corpus, rows: pd.DataFrame):
    """The rows' signals, a track at a time."""
    for _, of_track in rows.groupby("track", sort=False):
        yield from module.signals(of_track)
