"""Many files read once: what was found in each is kept, and a file that has not changed is not read again."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from shared.audio.signals import N_HEX
from shared.base.files import cache_root, keep_text, kept_text

BATCH = 50  # files that are dealt out to the threads at once
SAVE_EVERY = 500  # files, so that a reading of hours that is stopped goes on from there

Found = TypeVar("Found")
Stamp = tuple[str, int, int]  # path, time stamp in nanoseconds, size in bytes


def read_once(
    paths: Sequence[str | Path], name: str, read: Callable[[Path], Found], make: Callable[..., Found], version: str = ""
) -> list[Found]:
    """Read many files, several at a time; unchanged ones (same path, time stamp and size) come from the cache.

    Parameters
    ----------
    paths
        The files.
    name
        Name of the corpus, for the progress bar (shown after two seconds) and for the cache file,
        ``<cache>/hashes/<name>-<folder>.jsonl``. A damaged cache file is ignored and written again.
    read
        Gives what is found in a file: an object of numbers and texts. If it has an ``error``, it is not kept.
    make
        Makes that object again, of the path and of its other attributes as keywords.
    version
        Of the reading; what was kept under another one is not taken.

    Returns
    -------
    list
        What is found, one a path, in their order.
    """
    from shared.base.progress import progress

    if not paths:
        return []
    stamps = [_stamp(path) for path in paths]
    folder = os.path.commonpath([os.path.dirname(path) for path, *_ in stamps])
    key = hashlib.sha256(f"{version}:".encode() + os.fsencode(folder)).hexdigest()[:N_HEX]
    cache = cache_root() / "hashes" / f"{name}-{key}.jsonl"
    known = _kept(cache, make)
    todo = [stamp for stamp in stamps if stamp not in known]
    readings = progress(_read([Path(path) for path, *_ in todo], read), len(todo), f"reading {name}")
    for number, (stamp, found) in enumerate(zip(todo, readings, strict=True), start=1):
        known[stamp] = found
        if number % SAVE_EVERY == 0 or number == len(todo):
            _keep(cache, known)
    return [known[stamp] for stamp in stamps]


def _stamp(path: str | Path) -> Stamp:
    status = os.stat(path)
    return os.path.abspath(path), status.st_mtime_ns, status.st_size


def _read(paths: Sequence[Path], read: Callable[[Path], Found]) -> Iterator[Found]:
    from joblib import Parallel, delayed

    # Threads: decoding and hashing both release Python's lock, and threads start at once.
    with Parallel(n_jobs=-1, prefer="threads") as parallel:
        for start in range(0, len(paths), BATCH):
            yield from parallel(delayed(read)(path) for path in paths[start : start + BATCH])


def _kept(cache: Path, make: Callable[..., Found]) -> dict[Stamp, Found]:
    try:
        lines = [json.loads(line) for line in (kept_text(cache) or "").splitlines()]
        return {(path, *stamp): make(Path(path), **facts) for path, *stamp, facts in lines}
    except (ValueError, TypeError):
        return {}


def _keep(cache: Path, known: dict[Stamp, Found]) -> None:
    lines = []
    for stamp, found in sorted(known.items(), key=lambda item: item[0]):
        if not found.error:
            facts = {name: value for name, value in vars(found).items() if name not in ("path", "error")}
            lines.append(json.dumps([*stamp, facts]) + "\n")
    keep_text(cache, "".join(lines))
