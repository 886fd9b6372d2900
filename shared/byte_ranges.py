"""A file's bytes by their place in it, and parts of it put together as another file."""

from __future__ import annotations

import io
import os
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

FIRST_CHUNK, CHUNK = 1 << 12, 1 << 20  # bytes that are read at once: few at first, since most headers are short

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


class Spliced(io.RawIOBase):
    """Parts of a file and other bytes, one after another, to be read as a file."""

    def __init__(self, content: Bytes, parts: Sequence[Part]):
        self._descriptor, self._parts, self._position = content.descriptor, parts, 0
        lengths = (len(part) if isinstance(part, bytes) else part[1] - part[0] for part in parts)
        self._starts = [0, *accumulate(lengths)]

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._starts[-1]}[whence]
        self._position = max(base + offset, 0)
        return self._position

    def readinto(self, buffer) -> int:
        """Fill `buffer` as far as there is something left; returns the number of bytes."""
        wanted, done = memoryview(buffer), 0
        while done < len(wanted) and self._position < self._starts[-1]:
            number = bisect_right(self._starts, self._position) - 1
            part, place = self._parts[number], self._position - self._starts[number]
            n = min(len(wanted) - done, self._starts[number + 1] - self._position)
            if isinstance(part, bytes):
                piece = part[place : place + n]
            else:
                piece = os.pread(self._descriptor, n, part[0] + place)
                if not piece:
                    break
            wanted[done : done + len(piece)] = piece
            done += len(piece)
            self._position += len(piece)
        return done
