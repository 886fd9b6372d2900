"""A file's bytes by their place in it, and parts of it put together as another file."""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate

FIRST_CHUNK, CHUNK = 1 << 12, 1 << 20  # bytes that are read at once: few at first, since most headers are short
SPLICED_CHUNK = 1 << 16  # the same where a decoder reads on

Part = bytes | tuple[int, int]  # content, or where it begins and ends in the file


class Bytes:
    """The bytes of an open file; a mebibyte of them is in memory at most.

    Parameters
    ----------
    descriptor : int
        Of the open file, whose position is left alone.
    """

    def __init__(self, descriptor: int):
        self.descriptor = descriptor
        self.size = os.fstat(descriptor).st_size
        self._begin, self._chunk, self._n_bytes = 0, b"", FIRST_CHUNK

    def at(self, start: int, n_bytes: int) -> bytes:
        """`n_bytes` bytes from `start` on, fewer at the end of the file; at most `CHUNK`."""
        place = start - self._begin
        if place < 0 or place + n_bytes > len(self._chunk):
            n_read = max(n_bytes, self._n_bytes)
            self._begin, self._chunk, place = start, os.pread(self.descriptor, n_read, start), 0
            self._n_bytes = min(4 * self._n_bytes, CHUNK)
        return self._chunk[place : place + n_bytes]

    def find(self, what: bytes, start: int, end: int) -> int:
        """Where `what` first lies from `start` on and before `end`; -1 if nowhere."""
        while start < end:
            chunk = self.at(start, min(CHUNK, end - start))
            place = chunk.find(what)
            if place >= 0:
                return start + place
            if start + len(chunk) >= end or len(chunk) < len(what):
                break
            start += len(chunk) - len(what) + 1
        return -1

    def is_zero(self, start: int, end: int) -> bool:
        """Whether all bytes from `start` on and before `end` are zero."""
        return not any(any(self.at(place, min(CHUNK, end - place))) for place in range(start, end, CHUNK))


class Spliced:
    """Parts of a file and other bytes, one after another: what a decoder asks of a file, and no more.

    A part may lie beyond the end of the file. It counts in the size, and reading ends there.
    """

    def __init__(self, content: Bytes, parts: Sequence[Part]):
        self._descriptor, self._parts, self._position = content.descriptor, parts, 0
        lengths = (len(part) if isinstance(part, bytes) else part[1] - part[0] for part in parts)
        self._starts = [0, *accumulate(lengths)]
        self._begin, self._chunk = 0, b""

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._starts[-1]}[whence]
        self._position = max(base + offset, 0)
        return self._position

    def readinto(self, buffer) -> int:
        """Fill `buffer` as far as there is something left; returns the number of bytes."""
        found = self.read(len(buffer))
        buffer[: len(found)] = found
        return len(found)

    def read(self, n_bytes: int) -> bytes:
        """The next `n_bytes` bytes, fewer at the end; an mp3 decoder asks for a few hundred at a time."""
        place = self._position - self._begin
        if place < 0 or place + n_bytes > len(self._chunk):
            self._begin, place = self._position, 0
            self._chunk = b"".join(self._pieces(max(n_bytes, SPLICED_CHUNK)))
        found = self._chunk[place : place + n_bytes]
        self._position += len(found)
        return found

    def _pieces(self, n_bytes: int) -> Iterator[bytes]:
        """`n_bytes` bytes from `_position` on, as they lie in the parts."""
        place = self._position
        while n_bytes and place < self._starts[-1]:
            number = bisect_right(self._starts, place) - 1
            part, skipped = self._parts[number], place - self._starts[number]
            n = min(n_bytes, self._starts[number + 1] - place)
            if isinstance(part, bytes):
                piece = part[skipped : skipped + n]
            else:
                piece = os.pread(self._descriptor, n, part[0] + skipped)
            if not piece:
                return
            yield piece
            n_bytes, place = n_bytes - len(piece), place + len(piece)
