"""The cache folder: keys, writes that never leave half a file, and a lock against running the same thing twice.

Nothing here knows what is cached. The locks need a POSIX system (Linux, macOS).
"""

import contextlib
import errno
import hashlib
import json
import os
import socket
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

CACHE_VARIABLE = "AUDIO_REPRODUCTIONS_CACHE"
SAMPLED_BLOCKS = 64  # of an array's file go into its checksum: a few milliseconds for any size
BLOCK_BYTES = 4096


class CacheFullError(OSError):
    """The disk, or the user's quota on it, is full."""


class LockedError(RuntimeError):
    """Another process holds the lock."""


def cache_root() -> Path:
    """Folder of every cached file: the environment variable AUDIO_REPRODUCTIONS_CACHE, or the project's ``cache/``."""
    return Path(os.environ.get(CACHE_VARIABLE) or Path(__file__).resolve().parents[1] / "cache")


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
        (``.weights.h5``). Otherwise it ends in ``.tmp``, so that no search for ``*.png`` finds a leftover.

    Returns
    -------
    Path
        `path`.

    Raises
    ------
    CacheFullError
        The disk or the quota is full. Nothing is left behind.
    """
    path = Path(path)
    mark = f"{os.getpid()}-{os.urandom(4).hex()}"
    temporary = path.with_name(f".{mark}.tmp.{path.name}" if keep_suffix else f".{path.name}.{mark}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(temporary, "xb") as file:
            writer(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        if _disk_is_full(error):
            raise _full(path, temporary, n_bytes) from error
        raise
    finally:
        temporary.unlink(missing_ok=True)
    return path


def _disk_is_full(error: OSError) -> bool:
    # numpy.save reports a short write without an error number: "1024 requested and 0 written".
    short_write = error.errno is None and "requested and" in str(error)
    return short_write or error.errno in (errno.ENOSPC, errno.EDQUOT)


def _full(path: Path, temporary: Path, n_bytes: int | None) -> CacheFullError:
    if n_bytes is None:
        written = temporary.stat().st_size if temporary.exists() else 0
        needed = f"more than the {written:,} bytes that were written"
    else:
        needed = f"{n_bytes:,} bytes"
    return CacheFullError(
        errno.ENOSPC,
        f"the disk is full: {path} needs {needed}. Free space there, or set {CACHE_VARIABLE} to a folder on "
        "another disk, and run the same command again; nothing half-written was left",
    )


@contextlib.contextmanager
def file_lock(path: str | Path, what: str, *, wait: bool = False) -> Iterator[None]:
    """Hold a lock file, so that one process at a time does `what`.

    The operating system gives the lock back when the process ends in any way, ``kill -9`` included, so a lock file
    that is left over locks nothing.

    Parameters
    ----------
    path
        The lock file. It is made here and removed at the end.
    what
        What is being done, for the message, e.g. ``"the run lam_ensemble"``.
    wait
        Wait for the other process instead of raising.

    Raises
    ------
    LockedError
        Another process (or another part of this one) holds the lock; names its number, its host and its start.
    """
    import fcntl

    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = None
    while descriptor is None:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            holder = _holder(os.read(descriptor, 4096))
            os.close(descriptor)
            raise LockedError(
                f"{what} is already under way: {holder} holds {path}. Wait until it ends or stop it, then try again"
            ) from None
        except BaseException:  # Ctrl-C while waiting
            os.close(descriptor)
            raise
        if not _is_still_at(descriptor, path):  # the holder before us removed the file while we waited
            os.close(descriptor)
            descriptor = None
    try:
        started = time.strftime("%Y-%m-%d %H:%M:%S")
        record = {"pid": os.getpid(), "host": socket.gethostname(), "started": started}
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(record).encode(), 0)
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(descriptor)


def _is_still_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except FileNotFoundError:
        return False


def _holder(content: bytes) -> str:
    try:
        record = json.loads(content)
        return f"process {record['pid']} on {record['host']}, started {record['started']},"
    except (ValueError, KeyError, TypeError):  # it has the lock and has not written its record yet
        return "another process"


def cached_array(
    path: str | Path, shape: tuple[int, ...], dtype: type, rows: Callable[[], Iterable[np.ndarray]]
) -> np.ndarray:
    """An array that is computed once, kept as an npy file, and opened by memory-mapping afterwards.

    Beside ``name.npy`` stands ``name.npy.json`` with its size and a checksum of its header and of blocks spread over
    it. A file that does not agree with that, or with `shape` and `dtype`, is computed again.

    Parameters
    ----------
    path
        The npy file.
    shape, dtype
        Of the whole array.
    rows
        Called if the array must be computed; yields its ``shape[0]`` rows in order, so that they need not all be in
        memory.

    Returns
    -------
    ndarray
        Read-only, mapped from the file.

    Raises
    ------
    CacheFullError
        The disk is full.
    """
    path = Path(path)
    record_path = path.with_name(path.name + ".json")
    expected = {"shape": list(shape), "dtype": np.dtype(dtype).str}
    if not _is_sound(path, record_path, expected):
        header = {"descr": np.dtype(dtype).str, "fortran_order": False, "shape": tuple(shape)}
        n_bytes = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize

        def write(file: BinaryIO) -> None:
            np.lib.format.write_array_header_1_0(file, header)
            count = 0
            for count, row in enumerate(rows(), start=1):
                if row.shape != tuple(shape[1:]) or row.dtype != dtype:
                    raise ValueError(
                        f"row {count} of {path} is {row.dtype} {row.shape}, expected {np.dtype(dtype)} {shape[1:]}"
                    )
                file.write(np.ascontiguousarray(row).data)
            if count != shape[0]:
                raise ValueError(f"{path} got {count} rows, not {shape[0]}")

        record_path.unlink(missing_ok=True)
        atomic_write(path, write, n_bytes=n_bytes)
        record = json.dumps(expected | _sampled(path)).encode()
        atomic_write(record_path, lambda file: file.write(record), n_bytes=len(record))
    return np.load(path, mmap_mode="r", allow_pickle=False)


def _is_sound(path: Path, record_path: Path, expected: dict) -> bool:
    try:
        return json.loads(record_path.read_bytes()) == expected | _sampled(path)
    except (OSError, ValueError):
        return False


def _sampled(path: Path) -> dict[str, int]:
    """Size of a file and a checksum of blocks of it: the first, the last and some between."""
    n_bytes = path.stat().st_size
    checksum = 0
    with path.open("rb") as file:
        for offset in np.linspace(0, max(n_bytes - BLOCK_BYTES, 0), SAMPLED_BLOCKS).astype(int):
            file.seek(offset)
            checksum = zlib.crc32(file.read(BLOCK_BYTES), checksum)
    return {"n_bytes": n_bytes, "sampled_crc32": checksum}
