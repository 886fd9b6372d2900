"""The middle 40 s of each track of a library: what they hold, kept once known, and their samples, a track at a time."""

from __future__ import annotations

import csv
import hashlib
import io
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from data_prep.common.hashing import N_HEX, signal_hash
from data_prep.common.label_sets import SAMPLE_RATE_HZ
from data_prep.common.recordings import Recording, describe
from shared.audio.signals import READING, AudioError, is_silent, load_middle
from shared.base.files import cache_root, keep_text, kept_text

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

SECONDS = 40.0  # of the middle of each track (section 3)
LEAST_SECONDS = 1.0  # one sample
FIELDS = ("path", "mtime_ns", "n_bytes", "n_samples", "sha256", "form", "silent")
BATCH = 50  # tracks that are dealt out to the threads at once
SAVE_EVERY = 500  # tracks, so that a reading of hours that is stopped goes on from there

Stamp = tuple[str, int, int]


def read_middle(path: Path) -> Recording:
    """Read the middle of a track. Never raises for a bad file: the reason is in ``error``.

    ``form`` says which sample rate the file has if it is not 44,100 Hz.
    """
    from shared.audio.files import AudioFile

    try:
        with AudioFile(path) as file:
            signal, found = file.middle(SAMPLE_RATE_HZ, SECONDS), file.form
    except AudioError as error:
        return Recording(path, error=error.reason)
    if signal.size < LEAST_SECONDS * SAMPLE_RATE_HZ:
        return Recording(path, error=f"lasts {signal.size / SAMPLE_RATE_HZ:.2f} s, less than one sample of 1 s")
    form = "" if found.rate_hz == SAMPLE_RATE_HZ else describe(*found)
    return Recording(path, 0, signal.size, signal_hash(signal, SAMPLE_RATE_HZ), form, silent=is_silent(signal))


def read_middles(paths: Sequence[Path], name: str) -> list[Recording]:
    """Read the middles of many tracks, several at a time; of their samples only the hash is kept.

    Parameters
    ----------
    paths
        The tracks, absolute.
    name
        Name of the corpus, for the progress bar (shown after two seconds) and for the cache file,
        ``<cache>/hashes/<name>-<folder>.csv``: unchanged files (same path, time stamp and size) are not read again. A
        damaged cache file is ignored and written again.

    Returns
    -------
    list of Recording
        One a path, in their order.
    """
    from shared.base.progress import progress

    if not paths:
        return []
    folder = os.path.commonpath([path.parent for path in paths])
    word = hashlib.sha256(f"{READING}:".encode() + os.fsencode(folder)).hexdigest()[:N_HEX]
    cache = cache_root() / "hashes" / f"{name}-{word}.csv"
    stamps, known = [_stamp(path) for path in paths], _read_cache(cache)
    todo = [(path, stamp) for path, stamp in zip(paths, stamps, strict=True) if stamp not in known]
    fresh: dict[Stamp, Recording] = {}
    readings = progress(_read([path for path, _ in todo]), len(todo), f"reading {name}")
    for (_, stamp), recording in zip(todo, readings, strict=True):
        fresh[stamp] = recording
        if len(fresh) % SAVE_EVERY == 0:
            _write_cache(cache, known | fresh)
    if fresh:
        _write_cache(cache, known | fresh)
    return [fresh.get(stamp) or known[stamp] for stamp in stamps]


def _read(paths: Sequence[Path]) -> Iterator[Recording]:
    from joblib import Parallel, delayed

    # Threads: decoding and hashing both release Python's lock, and threads start at once.
    with Parallel(n_jobs=-1, prefer="threads") as parallel:
        for start in range(0, len(paths), BATCH):
            yield from parallel(delayed(read_middle)(path) for path in paths[start : start + BATCH])


def _stamp(path: Path) -> Stamp:
    status = os.stat(path)
    return str(path), status.st_mtime_ns, status.st_size


def _read_cache(path: Path) -> dict[Stamp, Recording]:
    try:
        known = {}
        for row in csv.DictReader(io.StringIO(kept_text(path) or "", newline="")):
            if len(row["sha256"]) != N_HEX or None in row.values():
                raise ValueError("a line is cut off")
            stamp = (row["path"], int(row["mtime_ns"]), int(row["n_bytes"]))
            silent = {"True": True, "False": False}[row["silent"]]
            place = Path(row["path"]), 0, int(row["n_samples"])
            known[stamp] = Recording(*place, row["sha256"], row["form"], silent=silent)
        return known
    except (ValueError, KeyError, TypeError, csv.Error):
        return {}


def _write_cache(path: Path, known: dict[Stamp, Recording]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(FIELDS)
    for stamp, recording in sorted(known.items(), key=lambda item: item[0]):
        if not recording.error:
            writer.writerow([*stamp, recording.n_samples, recording.sha256, recording.form, recording.silent])
    keep_text(path, text.getvalue())


def signals(frame: pd.DataFrame, sample_rate_hz: int = SAMPLE_RATE_HZ, channels: int = 1) -> Iterator[np.ndarray]:
    """The rows' samples, one after another: the middles of tracks, or parts of them.

    Parameters
    ----------
    frame
        Columns path, offset and n_samples, in samples at `sample_rate_hz` from the start of the track's middle.
        Neighbouring rows of one path have it decoded once; no other row is in memory.
    channels
        See `shared.audio.signals.load_middle`.

    Yields
    ------
    ndarray, float32, shape (n_samples,), or (n_samples, channels) if several
        One a row, in the frame's order.

    Raises
    ------
    AudioError
        A file that cannot be read, or that has become shorter since it was indexed.
    """
    opened, whole = None, None
    for path, offset, n_samples in zip(frame["path"], frame["offset"], frame["n_samples"], strict=True):
        if path != opened:
            opened, whole = path, load_middle(path, sample_rate_hz, SECONDS, channels)
        signal = whole[offset : offset + n_samples].copy()
        if len(signal) != n_samples:
            raise AudioError(
                f"{path}: has {len(whole):,} samples in its middle, expected {offset + n_samples:,}; it has changed "
                "since it was indexed. Make the index again"
            )
        yield signal
