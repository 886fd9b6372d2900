"""The cache folder: keys, writes that never leave half a file, and a lock against running the same thing twice.

Nothing here knows what is cached. The locks need a POSIX system (Linux, macOS).
"""

import contextlib
import errno
import hashlib
import json
import os
import socket
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

CACHE_VARIABLE = "AUDIO_REPRODUCTIONS_CACHE"
CHUNK_BYTES = 1 << 20  # read at once for a checksum
CHECKSUM = b"# crc32 "
UNWRITABLE = (errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EEXIST)
_reported: set[Path] = set()  # cache folders of which it was said that nothing can be kept in them
_reporting = threading.Lock()


class CacheError(OSError):
    """Something cannot be kept in the cache. The text names the folder and says what to do."""

    def __str__(self) -> str:
        return self.strerror


class CacheFullError(CacheError):
    """The disk, or the user's quota on it, is full."""


class CacheUnwritableError(CacheError):
    """The cache folder may not be written to, or cannot be made."""


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
    CacheUnwritableError
        `path` is in the cache folder, and nothing may be written there.
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
        _refuse_unwritable(path, error)
        raise
    finally:
        with contextlib.suppress(OSError):  # as where the folder is a file or may not be written to
            temporary.unlink(missing_ok=True)
    return path


def keep(path: str | Path, writer: Callable[[BinaryIO], object], *, n_bytes: int | None = None) -> bool:
    """Write a file of the cache that saves time and nothing else; where that cannot be, say so once and go on.

    Parameters
    ----------
    path, writer, n_bytes
        As `atomic_write` takes them.

    Returns
    -------
    bool
        Whether it was written. If not, one line on standard error says why, once for each cache folder.
    """
    try:
        atomic_write(path, writer, n_bytes=n_bytes)
        return True
    except OSError as error:
        folder = cache_root()
        with _reporting:
            first = folder not in _reported
            _reported.add(folder)
        if first:
            print(
                f"note: in the cache folder {folder} nothing can be kept: {_reason(error)}. Results are the same, only "
                f"computed anew each time; set {CACHE_VARIABLE} to another folder to keep them",
                file=sys.stderr,
            )
        return False


def keep_text(path: str | Path, text: str) -> bool:
    """`keep` a text, with a checksum as its last line."""
    content = text.encode("utf-8", "surrogateescape")  # names of files need not be UTF-8
    content += CHECKSUM + f"{zlib.crc32(content):08x}\n".encode()
    return keep(path, lambda file: file.write(content), n_bytes=len(content))


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


def _reason(error: OSError) -> str:
    if error.errno in (errno.EEXIST, errno.ENOTDIR):
        return "a file is where a folder should be"
    return os.strerror(error.errno).lower() if error.errno else str(error)


def _refuse_unwritable(path: Path, error: OSError) -> None:
    """Raise CacheUnwritableError if the error says that nothing may be written, and the path is in the cache."""
    if error.errno in UNWRITABLE and path.absolute().is_relative_to(cache_root().absolute()):
        raise CacheUnwritableError(
            error.errno,
            f"the cache cannot be written to: {path.parent}: {_reason(error)}. Set {CACHE_VARIABLE} to a folder that "
            "can, and run the same command again",
        ) from error


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
    CacheUnwritableError
        `path` is in the cache folder, and nothing may be written there.
    """
    import fcntl

    path, descriptor = Path(path), None
    while descriptor is None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            _refuse_unwritable(path, error)
            raise
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

    Beside ``name.npy`` stands ``name.npy.json`` with its size and a checksum of the whole of it. A file that does not
    agree with that, or with `shape` and `dtype`, is computed again. To see that, the whole file is read whenever it is
    opened: reading it from a disk takes more than twice as long as its checksum, and what was read is in the
    system's memory afterwards.

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
    CacheFullError, CacheUnwritableError
        The array cannot be kept, and may be too large to be held in memory instead.
    """
    path = Path(path)
    record_path = path.with_name(path.name + ".json")
    expected = {"shape": list(shape), "dtype": np.dtype(dtype).str}
    if not _is_sound(path, record_path, expected):
        header = {"descr": np.dtype(dtype).str, "fortran_order": False, "shape": tuple(shape)}
        n_bytes = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize

        summed = _Summed()

        def write(file: BinaryIO) -> None:
            summed.file = file
            np.lib.format.write_array_header_1_0(summed, header)
            count = 0
            for count, row in enumerate(rows(), start=1):
                if row.shape != tuple(shape[1:]) or row.dtype != dtype:
                    raise ValueError(
                        f"row {count} of {path} is {row.dtype} {row.shape}, expected {np.dtype(dtype)} {shape[1:]}"
                    )
                summed.write(np.ascontiguousarray(row).data)
            if count != shape[0]:
                raise ValueError(f"{path} got {count} rows, not {shape[0]}")

        with contextlib.suppress(OSError):  # where nothing may be written, that is said below
            record_path.unlink(missing_ok=True)
        atomic_write(path, write, n_bytes=n_bytes)
        record = json.dumps(expected | summed.record()).encode()
        atomic_write(record_path, lambda file: file.write(record), n_bytes=len(record))
    return np.load(path, mmap_mode="r", allow_pickle=False)


class _Summed:
    """Sums up what is written to a file."""

    def __init__(self):
        self.file, self.n_bytes, self.crc32 = None, 0, 0

    def write(self, content) -> None:
        """Write bytes, or the memory of an array, and add them to the sum."""
        self.add(content)
        self.file.write(content)

    def add(self, content) -> None:
        """Add bytes to the sum."""
        self.n_bytes += memoryview(content).nbytes
        self.crc32 = zlib.crc32(content, self.crc32)

    def record(self) -> dict[str, int]:
        """The sum so far, for JSON."""
        return {"n_bytes": self.n_bytes, "crc32": self.crc32}


def _is_sound(path: Path, record_path: Path, expected: dict) -> bool:
    try:
        record = json.loads(record_path.read_bytes())
        if record != expected | {"n_bytes": path.stat().st_size, "crc32": record["crc32"]}:  # before all is read
            return False
        return record == expected | _sum_of(path).record()
    except (OSError, ValueError, TypeError, KeyError):
        return False


def _sum_of(path: Path) -> _Summed:
    """The sum of a whole file, as it was when it was written."""
    summed, chunk = _Summed(), memoryview(bytearray(CHUNK_BYTES))
    with open(path, "rb", buffering=0) as file:
        while n_read := file.readinto(chunk):
            summed.add(chunk[:n_read])
    return summed
