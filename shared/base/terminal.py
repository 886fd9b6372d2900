"""What is printed, on terminals and in pipes of any encoding, and which errors need no traceback."""

from __future__ import annotations

import sys
from pathlib import Path

from shared.base.places import PROJECT


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
