"""The cache folder, keys of what is kept there, and writes that never leave half a file.

Nothing here knows what is cached.
"""

import contextlib
import hashlib
import json
import os
import sys
import threading
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from shared.base.leftovers import unfinished
from shared.base.places import CACHE_VARIABLE as CACHE_VARIABLE
from shared.base.places import cache_root as cache_root
from shared.base.write_errors import reason, writing

CHECKSUM = b"# crc32 "
_reported: set[Path] = set()  # cache folders of which it was said that nothing can be kept in them
_reporting = threading.Lock()


def cache_key(**params: object) -> str:
    """Name a set of parameters, the same in every process and whatever their order.

    Parameters
    ----------
    **params
        Values that JSON can hold (a tuple counts as a list); give a dataclass as ``dataclasses.asdict(...)``.

    Returns
    -------
    str
        16 hexadecimal digits of the SHA-256 of the parameters as canonical JSON.

    Raises
    ------
    TypeError
        A value that JSON cannot hold: its text could differ between two runs.
    ValueError
        NaN or infinity, which JSON cannot hold either.
    """
    text = json.dumps(params, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:16]


def atomic_write(
    path: str | Path,
    writer: Callable[[BinaryIO], object],
    *,
    n_bytes: int | None = None,
    keep_suffix: bool = False,
    durable: bool = True,
) -> Path:
    """Write a file that others see whole or not at all, even if this process is killed.

    Parameters
    ----------
    path
        The file; its folder is made if it is not there.
    writer
        Called with a binary file open for writing, under a temporary name in the same folder. A library that wants
        a name writes to ``file.name``.
    n_bytes
        The size, where it is known beforehand; only for the message when the disk is full.
    keep_suffix
        Let the temporary name end as `path` does, for libraries that choose the format by the name
        (``.weights.h5``).
    durable
        Wait until the disk has it, so that a power cut leaves the old file or the new one as well. What carries a
        checksum and can be computed again need not wait.

    Returns
    -------
    Path
        `path`.

    Raises
    ------
    WriteError
        The disk or the quota is full, the file is larger than the system allows, or nothing may be written there.
        Nothing is left behind.
    """
    path = Path(path)
    temporary = unfinished(path, keep_suffix)

    def needed() -> str:
        if n_bytes is not None:
            return f"{n_bytes:,} bytes"
        return f"more than the {temporary.stat().st_size if temporary.exists() else 0:,} bytes that were written"

    try:
        with writing(path, needed):
            path.parent.mkdir(parents=True, exist_ok=True)
            with open(temporary, "xb") as file:
                writer(file)
                file.flush()
                if durable:
                    os.fsync(file.fileno())
            os.replace(temporary, path)
    finally:
        with contextlib.suppress(OSError):  # as where the folder is a file or may not be written to
            temporary.unlink(missing_ok=True)
    return path


def keep(
    path: str | Path, writer: Callable[[BinaryIO], object], *, n_bytes: int | None = None, durable: bool = True
) -> bool:
    """Write a file of the cache that saves time and nothing else; where that cannot be, say so once and go on.

    Parameters
    ----------
    path, writer, n_bytes, durable
        As `atomic_write` takes them.

    Returns
    -------
    bool
        Whether it was written. If not, one line on standard error says why, once for each cache folder.
    """
    try:
        atomic_write(path, writer, n_bytes=n_bytes, durable=durable)
        return True
    except OSError as error:
        folder = cache_root()
        with _reporting:
            first = folder not in _reported
            _reported.add(folder)
        if first:
            print(
                f"note: in the cache folder {folder} nothing can be kept: {reason(error)}. Results are the same, only "
                f"computed anew each time; set {CACHE_VARIABLE} to another folder to keep them",
                file=sys.stderr,
            )
        return False


def keep_text(path: str | Path, text: str) -> bool:
    """`keep` a text, with a checksum as its last line."""
    content = text.encode("utf-8", "surrogateescape")  # names of files need not be UTF-8
    content += CHECKSUM + f"{zlib.crc32(content):08x}\n".encode()
    return keep(path, lambda file: file.write(content), n_bytes=len(content), durable=False)


def kept_text(path: str | Path) -> str | None:
    """What `keep_text` wrote; None if it is not there, or not as it was written."""
    try:
        content, mark, checksum = Path(path).read_bytes().rpartition(CHECKSUM)
    except OSError:
        return None
    return (
        content.decode("utf-8", "surrogateescape")
        if mark and checksum == f"{zlib.crc32(content):08x}\n".encode()
        else None
    )
