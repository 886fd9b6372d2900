"""What containers of audio say of their length, read from their own bytes: the chunks of wav and its like, ogg's pages.

libsndfile puts a length that the file does not have right without a word, and stops where the first of several streams
ends. Here is what the file says itself, to compare with.
"""

from __future__ import annotations

import re
import struct
import zlib
from dataclasses import dataclass, field
from typing import NamedTuple

from shared.audio.byte_ranges import Bytes

_UNKNOWN = (0xFFFFFFFF, 0x80000000, 0x7F000000)  # and a little less: the sizes that programs write into a pipe
_A_LITTLE = 1 << 16


class _Chunks(NamedTuple):
    """How a format lays out its chunks: each has a name and a size, and one of them is the sound."""

    first: int  # where the first begins
    header: struct.Struct  # name and size
    sound: bytes  # the first four bytes of its name
    before: int = 0  # bytes in it before the sound
    multiple: int = 2  # sizes are filled up to a multiple of so many bytes
    counts_header: bool = False  # whether the size is with the chunk's header


_FORMATS = {
    (b"RIFF", b"WAVE"): _Chunks(12, struct.Struct("<4sI"), b"data"),
    (b"RIFX", b"WAVE"): _Chunks(12, struct.Struct(">4sI"), b"data"),
    (b"RF64", b"WAVE"): _Chunks(12, struct.Struct("<4sI"), b"data"),
    (b"FORM", b"AIFF"): _Chunks(12, struct.Struct(">4sI"), b"SSND", before=8),
    (b"FORM", b"AIFC"): _Chunks(12, struct.Struct(">4sI"), b"SSND", before=8),
    (b"caff", b"desc"): _Chunks(8, struct.Struct(">4sq"), b"data", before=4, multiple=1),
    (b"riff", b"\xa5\xd6\x28\xdb"): _Chunks(40, struct.Struct("<16sq"), b"data", multiple=8, counts_header=True),
}


@dataclass(frozen=True)
class Sound:
    """Where the sound lies in a file; all in bytes.

    `promised` is what the header says, None where it says that it does not know; `held` is what there is, from `start`
    to the end of the file; `stray` is what follows the promised sound and is no chunk. The size stands at `size_at`.
    """

    start: int
    promised: int | None
    held: int
    size_at: int
    stray: int = 0


def sound_of(content: Bytes) -> Sound | None:
    """Where the sound of a wav (also RF64 and Wave64), aiff, caf, au or NIST file lies; None of another file."""
    start = content.at(0, 16)
    layout = _FORMATS.get((start[:4], start[8:12]))
    if layout:
        return _in_chunks(content, layout)
    if start[:4] in (b".snd", b"dns."):
        place, promised = struct.unpack(">II" if start[:4] == b".snd" else "<II", start[4:12])
        return _sound(content, place, promised, 8)
    if start[:7] == b"NIST_1A":
        head = content.at(0, 1024)
        numbers = dict(re.findall(rb"^(\w+) -i (\d+)$", head, re.MULTILINE))
        names = (b"sample_count", b"sample_n_bytes", b"channel_count")
        if names[0] in numbers:
            n_samples, n_bytes, n_channels = (int(numbers.get(name, 1)) for name in names)
            return _sound(content, int(head[8:16]), n_samples * n_bytes * n_channels, 0)
    return None


def _in_chunks(content: Bytes, layout: _Chunks) -> Sound | None:
    wide = None
    for name, place, n_bytes in _chunks(content, layout, layout.first):
        if name == b"ds64":  # of RF64: the sizes that 32 bits do not hold
            wide = int.from_bytes(content.at(place + 8, 8), "little")
        if name == layout.sound:
            promised = wide if wide is not None and n_bytes == 0xFFFFFFFF else n_bytes - layout.before
            size_at = place - 4 if layout.header.size == 8 else place - 8
            return _sound(content, place + layout.before, promised, size_at, layout)
    return None


def _chunks(content: Bytes, layout: _Chunks, place: int):
    """Name, start and size of the chunks from `place` on."""
    while len(head := content.at(place, layout.header.size)) == layout.header.size:
        name, n_bytes = layout.header.unpack(head)
        n_bytes -= layout.header.size if layout.counts_header else 0
        place += layout.header.size
        yield name[:4], place, n_bytes
        if n_bytes < 0:
            return
        place += n_bytes + -n_bytes % layout.multiple


def _sound(content: Bytes, start: int, promised: int, size_at: int, layout: _Chunks | None = None) -> Sound:
    held = max(content.size - start, 0)
    counts_all = promised in (content.size, content.size - 8) and promised > held  # a writer's slip that loses nothing
    if promised < 0 or counts_all or (promised > held and any(n - _A_LITTLE < promised <= n for n in _UNKNOWN)):
        return Sound(start, None, held, size_at)
    end = start + promised
    if layout:
        end += -promised % layout.multiple
        for name, place, n_bytes in _chunks(content, layout, end):
            after = place + n_bytes + -n_bytes % layout.multiple
            if not (name.isascii() and name.decode("ascii").isprintable()) or name in (b"RIFF", b"RF64", b"FORM"):
                break
            if n_bytes < 0 or after > content.size + layout.multiple:
                break
            end = after
    return Sound(start, promised, held, size_at, 0 if content.is_zero(end, content.size) else content.size - end)


# Ogg. RFC 3533: pages, each with the serial number of its stream and its own number in it.

_PAGE = struct.Struct("<4sBBqIIIB")
_BEGINS, _ENDS = 2, 4  # flags of a page


_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))  # each byte's bits, the last one first


def _checksum(page: bytes) -> int:
    """Ogg's CRC-32 of a page: zlib's polynomial, but the highest bit first and beginning with zero."""
    content = (page[:22] + bytes(4) + page[26:]).translate(_REVERSED)
    found = zlib.crc32(content, 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{found:032b}"[::-1], 2)


@dataclass
class Link:
    """One of the streams that an ogg file holds one after another, with those that run beside it.

    `ended` is whether the last page of each says that it is the last; `n_gaps` counts places where pages are missing.
    """

    start: int
    end: int
    open: set[int] = field(default_factory=set)
    n_gaps: int = 0

    @property
    def ended(self) -> bool:
        return not self.open


def links_of(content: Bytes) -> list[Link]:
    """The links of an ogg file, in its order; none of another file.

    What follows the last page is passed over, and so are what lies between pages and pages that are damaged, as
    decoders do; the numbers of the others tell that one is missing there.
    """
    found: list[Link] = []
    place, numbers, had_begun = 0, {}, False
    if content.at(0, 4) != b"OggS":
        return []
    while place >= 0:
        head = content.at(place, _PAGE.size)
        table = content.at(place + _PAGE.size, head[-1]) if len(head) == _PAGE.size else b""
        if head[:4] != b"OggS" or len(head) < _PAGE.size:
            place = content.find(b"OggS", place + 1, content.size)
            continue
        _, _, flags, _, serial, number, checksum, n_segments = _PAGE.unpack(head)
        after = place + _PAGE.size + n_segments + sum(table)
        page = content.at(place, after - place)
        if len(table) < n_segments or after > content.size:
            break  # cut off within a page
        if _checksum(page) != checksum:  # a decoder leaves the page out
            place = after
            continue
        if flags & _BEGINS and not had_begun:
            found.append(Link(place, place))
            numbers = {}
        had_begun = bool(flags & _BEGINS)
        if found:
            link = found[-1]
            link.end = after
            begins = had_begun or serial in numbers
            link.n_gaps += not begins or (serial in numbers and number != numbers[serial] + 1)
            numbers[serial] = number
            (link.open.discard if flags & _ENDS else link.open.add)(serial)
        place = after
    return found
