"""Describing many clips: several at a time, each kept once known, so that a reading of hours can be stopped."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from shared.audio.signals import READING, AudioError, signal_hash
from shared.audit.split import fingerprints
from shared.audit.split.fingerprints import (
    N_FEATURES,
    N_SCREEN,
    PRINT_BANDS,
    Description,
    describe_file,
    describe_signal,
)
from shared.base import files
from shared.base.files import cache_key, cache_root
from shared.base.progress import progress

FOLDER = "split_audit"  # under the cache folder
SETTINGS = {
    name: getattr(fingerprints, name)
    for name in dir(fingerprints)
    if name.isupper() and isinstance(getattr(fingerprints, name), int | float)
}
TEXTS = ("file_hash", "content_hash", "seconds")

Source = Path | tuple[np.ndarray, int] | Description


def describe_all(
    sources: Iterable[Source], what: str, n_jobs: int = -1, keep: bool = True, total: int | None = None
) -> list[Description]:
    """Describe clips, those that are not known yet; shows a progress bar after two seconds.

    Parameters
    ----------
    sources : iterable of Path, (signal, rate) or Description
        Audio files, or float32 samples of shape (n,) with their sample rate in Hz. They are taken as they are needed,
        so that samples need not all be in memory. What is described already, as one that cannot be used, stays.
    what : str
        For the progress bar.
    n_jobs : int
        Threads as joblib counts them, -1 for one a core. Decoding, transforming and hashing let go of Python's lock.
    keep : bool
        Keep each description under the cache folder, by the file's path, size and date or by the samples. One that is
        damaged is made anew.
    total : int, optional
        How many they are, for the progress bar; needed where they have no length.

    Returns
    -------
    list of Description
        One a source, in their order. One that cannot be used has its ``error``.

    Raises
    ------
    OSError
        Of what gives the sources, never of the cache: where nothing can be kept, it goes on without.
    """
    import joblib
    import threadpoolctl

    fingerprints._mel_bank()  # once, before the threads
    work = (joblib.delayed(_described)(source, keep) for source in sources)
    with threadpoolctl.threadpool_limits(1, "blas"):
        results = joblib.Parallel(n_jobs, prefer="threads", return_as="generator")(work)
        return list(progress(results, len(sources) if total is None else total, what))


def _described(source: Source, keep: bool) -> Description:
    """One clip, from the cache if it is there. Never raises for a bad file, nor for a cache that cannot be written."""
    if isinstance(source, Description):
        return source
    try:
        kept_at = _place(source) if keep else None
        found = _kept(kept_at) if kept_at else None
        if found is not None:
            return found
        found = describe_file(source) if isinstance(source, Path) else describe_signal(*source)
    except (AudioError, OSError) as error:
        return Description(error=str(error).removeprefix(f"{source}: " if isinstance(source, Path) else ""))
    if kept_at:
        _keep(kept_at, found)
    return found


def _place(source: Source) -> Path:
    """Where the description of a source is kept."""
    if isinstance(source, Path):
        status = source.stat() if source.is_file() else None
        content = [str(source.absolute()), status and [status.st_size, status.st_mtime_ns]]
    else:
        content = signal_hash(*source)
    key = cache_key(content=content, reading=READING, **SETTINGS)
    return cache_root() / FOLDER / key[:2] / f"{key}.print"


def _keep(path: Path, found: Description) -> None:
    """One line of JSON with the texts, the number of frames and a checksum, then the numbers."""
    numbers = found.features.tobytes() + found.screen.tobytes() + found.print.tobytes()
    record = {name: getattr(found, name) for name in TEXTS}
    line = json.dumps(record | {"frames": len(found.print), "crc32": zlib.crc32(numbers)}).encode("ascii")
    files.keep(path, lambda file: file.write(line + b"\n" + numbers), n_bytes=len(line) + 1 + len(numbers))


def _kept(path: Path) -> Description | None:
    """What `_keep` wrote; None if it is not there or damaged."""
    try:
        line, _, numbers = path.read_bytes().partition(b"\n")
        record = json.loads(line)
        frames = record.pop("frames")
        if record.pop("crc32") != zlib.crc32(numbers):
            return None
        averages = np.frombuffer(numbers, np.float32, N_FEATURES + N_SCREEN)
        steps = np.frombuffer(numbers, np.int8, offset=averages.nbytes).reshape(frames, PRINT_BANDS)
        return Description(**record, features=averages[:N_FEATURES], screen=averages[N_FEATURES:], print=steps)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
