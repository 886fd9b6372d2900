"""What the system says against writing, in a sentence that names the file and what to do: which variable to set."""

from __future__ import annotations

import contextlib
import errno
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from shared.base.places import CACHE_VARIABLE, DATA_VARIABLE, RESULTS_VARIABLE, variable_of

FULL = (errno.ENOSPC, errno.EDQUOT)
IN_THE_WAY = {
    errno.EISDIR: "a folder is where a file should be",
    errno.ENOTEMPTY: "a folder is where a file should be",
    errno.ELOOP: "a link is where a file should be, and is not followed",
}
IN_WORDS = IN_THE_WAY | dict.fromkeys([errno.EEXIST, errno.ENOTDIR], "a file is where a folder should be")
UNWRITABLE = (errno.EROFS, errno.EACCES, errno.EPERM, *IN_WORDS)
CALLED = {CACHE_VARIABLE: "the cache", DATA_VARIABLE: "the folder of corpora", RESULTS_VARIABLE: "the results folder"}
AGAIN = "and run the same command again"


class WriteError(OSError):
    """A file cannot be written. The text names it and says what to do."""

    def __str__(self) -> str:
        return self.strerror


class DiskFullError(WriteError):
    """The disk, or the user's quota on it, is full."""


class TooLargeError(WriteError):
    """The system allows no file of that size."""


class UnwritableError(WriteError):
    """The folder may not be written to, or cannot be made."""


@contextlib.contextmanager
def writing(path: Path, needed: Callable[[], str] = lambda: "more") -> Iterator[None]:
    """Raise a WriteError about `path` for whatever the system says against writing it inside.

    `needed` gives the size in words, for the message when the disk is full.
    """
    try:
        yield
    except WriteError:
        raise
    except (OSError, RuntimeError) as error:
        number, about = number_of(error), getattr(error, "filename", None)
        if about is not None and Path(about) not in path.parents and Path(about).parent != path.parent:
            raise  # of a file that is read
        if number in FULL:
            raise DiskFullError(number, _full(path, needed())) from error
        if number == errno.EFBIG:
            raise TooLargeError(number, _too_large(path)) from error
        if number in UNWRITABLE:
            raise UnwritableError(number, _unwritable(path, error)) from error
        raise


def number_of(error: Exception) -> int | None:
    """The system's number of an error, also where a library tells it in words only."""
    if getattr(error, "errno", None) is not None:
        return error.errno
    if "requested and" in str(error) and "written" in str(error):  # numpy.save: "1024 requested and 0 written"
        return errno.ENOSPC
    told = re.search(r"\berrno = (\d+)", str(error))  # HDF5
    return int(told[1]) if told else None


def reason(error: OSError) -> str:
    """Why the system refuses, in words."""
    return IN_WORDS.get(error.errno) or (os.strerror(error.errno).lower() if error.errno else str(error))


def _full(path: Path, needed: str) -> str:
    variable = variable_of(path)
    other = f", or set {variable} to a folder on another disk," if variable else ""
    return f"the disk is full: {path} needs {needed}. Free space there{other} {AGAIN}; nothing half-written was left"


def _too_large(path: Path) -> str:
    import resource

    limit, variable = resource.getrlimit(resource.RLIMIT_FSIZE)[0], variable_of(path)
    if limit != resource.RLIM_INFINITY:
        return (
            f"the system allows this program no file of more than {limit:,} bytes, and {path} is larger. Raise the "
            f"limit (ulimit -f unlimited) {AGAIN}; nothing half-written was left"
        )
    set_it = f"Set {variable} to a folder on another" if variable else "Use another"
    return f"the file system takes no file as large as {path}. {set_it} {AGAIN}; nothing half-written was left"


def _unwritable(path: Path, error: OSError) -> str:
    variable = variable_of(path)
    if error.errno in IN_THE_WAY:
        return f"{path} cannot be written: {reason(error)}. Move it away {AGAIN}"
    where = (
        f"{CALLED[variable]} cannot be written to: {path.parent}" if variable else f"{path.parent} cannot be written to"
    )
    remedy = f"Set {variable} to a folder that can" if variable else "Make it writable, or move away what is there"
    return f"{where}: {reason(error)}. {remedy}, {AGAIN}"


def in_words(error: OSError) -> str | None:
    """Any error of the system in a sentence, with the variable that says where its file is; None if it names none."""
    if isinstance(error, WriteError) or error.filename is None:
        return str(error) if isinstance(error, WriteError) else None
    path = Path(os.fsdecode(error.filename))
    if error.errno in (*FULL, errno.EFBIG, errno.EROFS):
        try:
            with writing(path):
                raise error
        except WriteError as told:
            return str(told)
    variable = variable_of(path)
    return f"{path}: {reason(error)}" + (f"; {variable} names its folder" if variable else "")
