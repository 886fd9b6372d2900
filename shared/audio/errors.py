"""The error about one audio file, and the one place that turns whatever a decoder raises into it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FORMATS = "wav, flac, ogg, opus, mp3, aiff and au"
CONVERT = "ffmpeg -i IN OUT.flac"
AGAIN = "Fetch or copy it again"
AS_IT_IS = f"{AGAIN}; to take what is there: {CONVERT}"


class AudioError(ValueError):
    """Audio that cannot be used. The text names the file, what was found and what to do.

    Parameters
    ----------
    reason : str
        What was found and what to do.
    file : str or Path, optional
        The file that it is about; its name stands before the reason.
    """

    def __init__(self, reason: str, file: str | Path | None = None):
        self.reason, self.file = reason, file
        super().__init__(reason if file is None else f"{shown(file)}: {reason}")


def shown(file: str | Path) -> str:
    """A file's name as text that can be printed: a byte that is not UTF-8 becomes ``\\xe9``."""
    text = os.fspath(file)
    return text if text.isascii() else os.fsencode(text).decode("utf-8", "backslashreplace")


@contextmanager
def errors_about(file: Path) -> Iterator[None]:
    """Whatever goes wrong inside is raised as an AudioError about `file`: a decoder raises more than it says."""
    try:
        yield
    except AudioError as error:
        if error.file is not None:
            raise
        raise AudioError(error.reason, file) from None
    except MemoryError:
        raise AudioError("does not fit into memory. Cut it into shorter files", file) from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise AudioError(f"cannot be read ({reason}). Check its permissions and the disk", file) from error
    except Exception as error:
        reason = getattr(error, "error_string", None) or f"{type(error).__name__}: {error}"
        raise AudioError(_not_audio(file, reason.rstrip(".")), file) from error


def short(promised: int, held: int, rate_hz: int, reason: str = "") -> AudioError:
    """The error about a file that says that it has `promised` samples in each channel and has `held`."""
    why = f" ({reason})" if reason else ""
    if held >= promised:
        return AudioError(f"cannot be decoded to its end{why}: it is cut off or damaged. {AS_IT_IS}")
    says, holds = (f"{n / rate_hz:,.3f} s" for n in (promised, held))
    if says == holds:
        says, holds = f"{promised:,} samples", f"{held:,}"
    return AudioError(f"the header says {says}, the file holds {holds}{why}: it is cut off or damaged. {AS_IT_IS}")


def _not_audio(file: Path, reason: str) -> str:
    try:
        with file.open("rb") as content:
            start, size = content.read(12), os.fstat(content.fileno()).st_size
    except OSError:
        return f"cannot be read as audio ({reason})"
    return (
        f"cannot be read as audio ({reason}); it is {size:,} bytes and begins with {start!r}. Readable are {FORMATS}. "
        f"Fetch it again, or convert it: {CONVERT}"
    )
