"""From an index of tracks to the network's input: which tracks, which samples of them, their MFCCs, their scale.

A sample is a piece of a track of 4,410 values a channel. Samples are drawn as the authors' code does: first a label,
then a track that has it, then a place in the track. Their MFCCs are computed once and kept under ``cache/``; at no time
are more than some dozens of them in memory.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pandas as pd

import data_prep
from data_prep.common import folders, label_sets
from reproductions.pascuo_multilabel.mfcc import mfcc
from reproductions.pascuo_multilabel.settings import Mfcc, Sample, Split, Tracks
from shared.base.arrays import cached_array
from shared.base.files import cache_key, cache_root
from shared.base.processes import in_processes
from shared.paper.settings import names_of, read_settings

VERSION = 2  # to be raised whenever other samples are drawn or other values come out
LIBRARY = "music_library"  # somebody's own, to which all that the report does to its tracks applies
THINNED = (LIBRARY, "fma")  # of which the tracks of the most frequent genres are thinned
MIXTURES = "mixtures"  # made on the spot, as many tracks as are asked for
MADE = (MIXTURES, *(name for name in data_prep.CORPORA if name.startswith("library_labels-")))
DRAW_SEED = 0  # the samples are part of the data: they are the same whatever the seed of a training
CHUNK = 64  # samples, and at least one track, that a worker is given at once
BLOCK = 2048  # samples that are looked at at once for their range or their mean


def tracks_of(module, settings: dict) -> pd.DataFrame:
    """The index of a corpus, its most frequent genres thinned; notes and what was skipped are in its ``attrs``.

    Raises
    ------
    ValueError
        The tracks of Others are to be left out, and there are none; or no track is as long as it has to be.
    """
    wanted = read_settings(Tracks, settings)
    index = module.index(n_tracks=wanted.mixed_tracks) if module.NAME == MIXTURES else module.index()
    attrs = {name: list(index.attrs.get(name, ())) for name in ("notes", "skipped")}
    if module.NAME == LIBRARY:
        seconds = wanted.shortest_seconds
        long_enough = index["n_samples"] >= seconds * label_sets.SAMPLE_RATE_HZ
        if not long_enough.any():
            raise ValueError(
                f"none of the {len(index)} tracks lasts {seconds:g} s, as all that the report's network hears do; "
                "shorter ones can be used with another shortest_seconds in paper.toml"
            )
        if not long_enough.all():
            attrs["notes"].append(
                f"{(~long_enough).sum()} of {len(index)} tracks are shorter than {seconds:g} s and left out."
            )
        index = index[long_enough]
    if wanted.drop_others:
        others = index["label"].map(lambda labels: label_sets.OTHERS in label_sets.split(labels))
        if not others.any():
            raise ValueError(f"no track of the corpus {module.NAME} has the label {label_sets.OTHERS}; nothing to drop")
        index = index[~others]
    if module.NAME in THINNED:
        most = max(1, round(wanted.max_per_set_share * len(index)))
        thin = label_sets.thinned(index, most)
        attrs["notes"].append(
            f"{len(index) - len(thin)} of {len(index)} tracks are left out to thin the most frequent genres."
        )
        index = thin
    index = index.reset_index(drop=True)
    index.attrs = attrs
    return index


def draw(index: pd.DataFrame, n_samples: int, settings: dict, seed: int = DRAW_SEED) -> pd.DataFrame:
    """Samples of the tracks, drawn with replacement: a label by its share, a track that has it, a place in it.

    A track has a label where the text of its labels contains the label's, as in the authors' code.

    Parameters
    ----------
    index
        One row a track: clip, label, n_samples (at 44,100 Hz), and whatever else.
    n_samples
        How many to draw.
    settings
        Sample rate and length of a sample. Tracks that are shorter are not drawn from.

    Returns
    -------
    DataFrame
        The index's columns, one row a sample, in the order of the tracks and of time. clip is ``<track>.<number>``,
        track the track's name, offset and n_samples the sample's, at its own rate; drawn is its place, from 0, in the
        order in which the samples were drawn.

    Raises
    ------
    ValueError
        No track is as long as a sample.
    """
    sample = read_settings(Sample, settings)
    rate_hz, length = sample.sample_rate_hz, sample.sample_samples
    at_rate = index["n_samples"] * rate_hz // label_sets.SAMPLE_RATE_HZ
    index = index.assign(n_samples=at_rate)[at_rate >= length]
    if index.empty:
        raise ValueError(f"no track lasts {length / rate_hz:g} s, the length of a sample")
    random = np.random.RandomState(seed)  # NumPy promises that this generator never changes
    counts = label_sets.count(index["label"])
    labels = sorted(counts)
    shares = np.array([counts[label] for label in labels]) / sum(counts.values())
    chosen = random.choice(len(labels), n_samples, p=shares)
    tracks = np.empty(n_samples, np.int64)
    for number, label in enumerate(labels):
        mine, having = chosen == number, np.flatnonzero(index["label"].str.contains(label, regex=False))
        tracks[mine] = having[random.randint(len(having), size=mine.sum())]
    room = index["n_samples"].to_numpy()[tracks] - length
    offsets = (random.uniform(size=n_samples) * (room + 1)).astype(np.int64)
    order = np.lexsort((offsets, tracks))
    rows = index.iloc[tracks[order]].reset_index(drop=True)
    rows["track"] = rows["clip"]
    numbers = rows.groupby("track").cumcount().map("{:02d}".format)
    rows = rows.assign(clip=rows["track"] + "." + numbers, offset=offsets[order], n_samples=length, drawn=order)
    rows.attrs = {}
    return rows


def samples_of(module, index: pd.DataFrame, settings: dict) -> pd.DataFrame:
    """As many samples as there are seconds in the tracks; of a corpus that is made, as many as paper.toml says."""
    seconds, wanted = index["n_samples"].sum() / label_sets.SAMPLE_RATE_HZ, read_settings(Tracks, settings)
    made = module.NAME in MADE
    return draw(index, wanted.made_samples if made else round(seconds / wanted.seconds_per_sample), settings)


def split_of(module, rows: pd.DataFrame, protocol: str, fold: int, shares: Split) -> pd.DataFrame:
    """Copy of the samples with the split of a protocol. ``published``: the last that were drawn are held out."""
    if protocol != "published":
        return module.with_protocol(rows, protocol, fold)
    folders.check_protocol(protocol, fold, module.N_FOLDS)
    n_train = math.floor(len(rows) * (1 - shares.validation_fraction))
    return rows.assign(split=np.where(rows["drawn"] < n_train, "train", "validation"))


def kept_of(split: pd.DataFrame, shares: Split) -> np.ndarray:
    """Row numbers of the validation samples whose predictions are kept: evenly spaced in the order of drawing."""
    held_out = np.flatnonzero(split["split"] == "validation")
    in_order = held_out[np.argsort(split["drawn"].to_numpy()[held_out])]
    n = min(shares.kept_predictions, len(in_order))
    return np.sort(in_order[np.arange(n) * len(in_order) // max(n, 1)])


def n_frames(settings: dict) -> int:
    """Number of frames of a sample: 19 of 4,410 values at 22,050 Hz, and of twice as many at 44,100 Hz."""
    sample = read_settings(Sample, settings)
    return read_settings(Mfcc, settings).n_frames(sample.sample_samples * sample.channels)


def features_of(corpus: str, rows: pd.DataFrame, settings: dict, fingerprint: str, n_jobs: int = -1) -> np.ndarray:
    """MFCCs of samples: computed in parallel once, then read from the cache.

    Parameters
    ----------
    corpus
        Name of the corpus.
    rows
        From `draw`, samples of a track beside each other, so that each track is decoded once.
    fingerprint
        Of the index that the rows were drawn from.
    n_jobs
        Workers; -1 for one a core.

    Returns
    -------
    ndarray, float32, shape (n, 19, 13)
        Mapped from its file.
    """
    given = {name: settings[name] for name in (names_of(Sample) | names_of(Mfcc)) & settings.keys()}
    key = cache_key(version=VERSION, corpus=corpus, fingerprint=fingerprint, n=len(rows), seed=DRAW_SEED, **given)
    shape = (len(rows), n_frames(settings), read_settings(Mfcc, settings).n_mfcc)
    path = cache_root() / "features" / f"pascuo_multilabel-{corpus}-{key}.npy"
    return cached_array(path, shape, np.float32, lambda: compute(corpus, rows, settings, n_jobs))


def compute(corpus: str, rows: pd.DataFrame, settings: dict, n_jobs: int = -1) -> Iterator[np.ndarray]:
    """The MFCCs of each row in turn, float32 (19, 13); a few chunks are in memory at once."""
    from joblib import delayed

    from shared.base.progress import progress

    chunks = list(_chunks(rows["track"].to_numpy()))
    columns = [name for name in ("clip", "path", "label", "offset", "n_samples") if name in rows]
    work = (delayed(_of_chunk)(corpus, rows[columns].iloc[chunk], settings) for chunk in chunks)
    done = in_processes(n_jobs, return_as="generator")(work)
    for features in progress(done, len(chunks), f"MFCCs of {corpus}"):
        yield from features


def _chunks(tracks: np.ndarray) -> Iterator[slice]:
    """Neighbouring rows of whole tracks, `CHUNK` or a little more."""
    starts = np.append(np.flatnonzero(np.append(True, tracks[1:] != tracks[:-1])), len(tracks))
    start = 0
    for end in starts[1:]:
        if end - start >= CHUNK or end == len(tracks):
            yield slice(start, int(end))
            start = int(end)


def _of_chunk(corpus: str, rows: pd.DataFrame, settings: dict) -> np.ndarray:
    module, sample = data_prep.corpus(corpus), read_settings(Sample, settings)
    return mfccs(np.stack(list(module.signals(rows, sample.sample_rate_hz, sample.channels))), settings)


def mfccs(signals: np.ndarray, settings: dict) -> np.ndarray:
    """MFCCs of samples in [-1, 1), float32 (n, n_samples) or (n, n_samples, channels) → float32 (n, 19, 13)."""
    full_scale = read_settings(Sample, settings).full_scale
    return mfcc(np.multiply(signals, full_scale, dtype=np.float32), read_settings(Mfcc, settings))


# ---- scale


def scale_of(features: np.ndarray, how: str, training: np.ndarray) -> dict[str, list[float]]:
    """What is subtracted from each coefficient and what it is divided by then.

    Parameters
    ----------
    features
        (n, 19, 13); read `BLOCK` samples at a time.
    how
        ``set``: the least of all values and their range, the same for all coefficients, as the authors' code does;
        ``coefficient``: each coefficient's mean and standard deviation.
    training
        Rows of training, to which ``coefficient`` looks; ``set`` looks at all rows.

    Returns
    -------
    dict
        ``shift`` and ``divisor``, each with a number a coefficient.
    """
    n_coefficients = features.shape[-1]
    if how == "set":
        blocks = [features[start : start + BLOCK] for start in range(0, len(features), BLOCK)]
        low = min(float(block.min()) for block in blocks)
        width = max(float(block.max()) for block in blocks) - low
        return {"shift": [low] * n_coefficients, "divisor": [width or 1.0] * n_coefficients}
    mean = _mean(features, training, lambda values: values)
    variance = _mean(features, training, lambda values: (values - mean) ** 2)
    deviation = np.where(variance > 0, np.sqrt(variance), 1.0)
    return {"shift": mean.tolist(), "divisor": deviation.tolist()}


def _mean(features: np.ndarray, rows: np.ndarray, function) -> np.ndarray:
    """Mean of a function over samples and frames, float64 (13,)."""
    total = np.zeros(features.shape[-1])
    for start in range(0, len(rows), BLOCK):
        total += function(features[rows[start : start + BLOCK]].astype(np.float64)).sum(axis=(0, 1))
    return total / (len(rows) * features.shape[1])


class Scaled:
    """Features that are scaled as they are read, a batch at a time: ``scaled[rows]``, float32 (n, 19, 13)."""

    def __init__(self, features: np.ndarray, scale: dict[str, list[float]]):
        self.features, self.shape = features, features.shape
        self.shift, self.divisor = (np.array(scale[name]) for name in ("shift", "divisor"))

    def __len__(self) -> int:
        return len(self.features)

    def __getitem__(self, rows) -> np.ndarray:
        return ((self.features[rows] - self.shift) / self.divisor).astype(np.float32)
