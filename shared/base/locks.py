"""A lock against doing the same thing twice at once. It needs a POSIX system (Linux, macOS)."""

import contextlib
import json
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

from shared.base.write_errors import writing


class LockedError(RuntimeError):
    """Another process holds the lock; `state` says which."""

    def __init__(self, state: str):
        super().__init__(f"{state}. Wait until it ends or stop it, then try again")
        self.state = state


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
    WriteError
        Nothing may be written there, the disk is full, or `path` is a link: what it leads to would be overwritten.
    """
    import fcntl

    path, descriptor = Path(path), None
    while descriptor is None:
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            holder = _holder(os.read(descriptor, 4096))
            os.close(descriptor)
            raise LockedError(f"{what} is already under way: {holder} holds {path}") from None
        except BaseException:  # Ctrl-C while waiting
            os.close(descriptor)
            raise
        if not _is_still_at(descriptor, path):  # the holder before us removed the file while we waited
            os.close(descriptor)
            descriptor = None
    try:
        started = time.strftime("%Y-%m-%d %H:%M:%S")
        record = {"pid": os.getpid(), "host": socket.gethostname(), "started": started}
        with writing(path):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, json.dumps(record).encode(), 0)
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(descriptor)


def remove_abandoned(path: Path) -> None:
    """Remove a lock file that a killed process left, which nobody needs any more; one that is held stays."""
    if path.exists():
        with contextlib.suppress(LockedError, OSError), file_lock(path, "a removal"):
            pass


def is_held(path: Path) -> bool:
    """Whether a process holds a lock."""
    import fcntl

    try:
        with path.open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def _is_still_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except FileNotFoundError:
        return False


def _holder(content: bytes) -> str:
    try:
        record = json.loads(content)
        return f"process {record['pid']} on {record['host']}, started {record['started']},"
    except (ValueError, KeyError, TypeError, RecursionError):  # it has the lock and has not written its record yet
        return "another process"
