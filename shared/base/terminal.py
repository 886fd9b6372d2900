"""What is printed, on terminals and in pipes of any encoding."""

from __future__ import annotations

import sys


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
