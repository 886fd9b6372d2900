"""What is printed, on terminals and in pipes of any encoding, and which errors need no traceback."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from shared.base.places import PROJECT
from shared.base.write_errors import FULL, WriteError, in_words, reason


def prepare(for_programs: bool = False) -> None:
    """Make standard output and error take any text.

    Parameters
    ----------
    for_programs
        What goes to standard output is JSON or CSV, which is UTF-8 whatever the terminal's encoding is. Otherwise
        characters that the encoding lacks are written as ``\\xb7``, and so are names of files that are not UTF-8.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    if for_programs and hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8", errors="surrogateescape")


def raised_here(error: BaseException) -> bool:
    """Whether our own code refused something, so that its message is enough; a library's error keeps its traceback."""
    innermost = error.__traceback__
    while innermost.tb_next is not None:
        innermost = innermost.tb_next
    file = Path(innermost.tb_frame.f_code.co_filename)
    return any(file.is_relative_to(PROJECT / package) for package in ("reproductions", "shared", "data_prep"))


def drop_output() -> None:
    """Let what is still to be printed go nowhere: whoever read it has left, or there is no room for it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def words_of(error: OSError) -> str | None:
    """An error of the system in a sentence, also of a full disk that standard output goes to; None if there is none."""
    if error.errno in FULL and error.filename is None and not isinstance(error, WriteError):
        drop_output()
        return f"what is printed cannot be written: {reason(error)}"
    return in_words(error)
