"""The frames of an mp3 file, found one by one: how many they are and where they lie, whatever a header says.

A decoder takes a file's length from its information frame (Xing, Info or VBRI), and guesses where there is none; both
may be wrong. Several files joined into one have an information frame each, between the others' frames.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from shared.audio.byte_ranges import CHUNK, Bytes, Part

# Layouts of ISO/IEC 11172-3 and 13818-3: kbit/s by bitrate index, 1 to 14.
_KBPS = {
    ("1", 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    ("1", 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    ("1", 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    ("2", 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    ("2", 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_KBPS["2", 3] = _KBPS["2", 2]
_VERSIONS = {0: "2.5", 2: "2", 3: "1"}
_RATES_HZ = {"1": (44100, 48000, 32000), "2": (22050, 24000, 16000), "2.5": (11025, 12000, 8000)}
_SAMPLES = {("1", 1): 384, ("1", 2): 1152, ("1", 3): 1152, ("2", 1): 384, ("2", 2): 1152, ("2", 3): 576}
_BEGINS_WITHIN = 1 << 16  # bytes; what has no frame until then is no mp3
_VBRI_AT, _VBRI_COUNT_AT = 36, 50
_NAMES = (b"Xing", b"Info")
_PADDING = 128  # zeros at the end of a file that are no hole in it
_LARGEST = 1 << 12  # bytes, more than a frame has
_START = 40  # bytes of a frame that hold its header and the name of an information frame
_MOST_ADDED = 2 * 4095  # samples, of two numbers of 12 bits
_ID3V1_BYTES, _APE_BYTES = 128, 32


@dataclass(frozen=True)
class Header:
    """What the four bytes at the start of a frame say; frames of one `kind` belong together."""

    kind: tuple
    n_bytes: int
    n_samples: int
    rate_hz: int
    info_at: int  # where an information frame has its name


@dataclass
class Stream:
    """Frames that were encoded together."""

    header: Header  # of it
    info: tuple[int, int] | None = None  # where the information frame begins and ends
    promised: int | None = None  # the number of the other frames that it gives
    count_at: int | None = None  # where in it that number stands, if a decoder goes by it
    ranges: list[tuple[int, int]] = field(default_factory=list)  # the bytes of the other frames
    n_frames: int = 0  # in `ranges`
    n_stray: int = 0  # bytes before, between and after the frames that are none, nor tags, nor some zeros at the end
    cut: bool = False  # whether another begins and is not whole

    @property
    def n_samples(self) -> int:
        """What the frames hold, with what an encoder puts before and after."""
        return self.n_frames * self.header.n_samples

    @property
    def least_samples(self) -> int:
        """What is left when a decoder takes away as much of the start and of the end as an encoder can have added."""
        return max(self.n_samples - _MOST_ADDED - 2 * self.header.n_samples, 1)

    def is_file(self, content: Bytes) -> bool:
        """Whether a decoder that trusts the information frame of the file reads all of this stream and no more."""
        counted = self.count_at is not None and self.promised == self.n_frames
        return counted and len(self.ranges) == 1 and self.info == (first_frame(content), self.ranges[0][0])

    def parts(self, content: Bytes) -> list[Part]:
        """The stream as a file of its own, which a decoder reads to the end."""
        if self.count_at is not None:
            info = bytearray(content.at(self.info[0], self.info[1] - self.info[0]))
            info[self.count_at : self.count_at + 4] = self.n_frames.to_bytes(4, "big")
            return [bytes(info), *self.ranges]
        # Without a number, a decoder divides the size by that of the first frame, and stops there. So let the size be
        # enough, though nothing can be read after the last frame but what the decoder takes for a tag at the end.
        nothing = (content.size, content.size + (self.n_frames + 1) * _LARGEST)
        return [*self.ranges, nothing, bytes(_ID3V1_BYTES)]


def read_header(head: bytes) -> Header | None:
    """What four bytes say; None if they do not begin a frame, or one of a free bitrate."""
    if len(head) < 4 or head[0] != 0xFF or head[1] < 0xE0:
        return None
    version, layer = _VERSIONS.get(head[1] >> 3 & 3), 4 - (head[1] >> 1 & 3)
    bitrate, rate, padding, mono = head[2] >> 4, head[2] >> 2 & 3, head[2] >> 1 & 1, head[3] >> 6 == 3
    if version is None or layer == 4 or bitrate in (0, 15) or rate == 3:
        return None
    family = version[0]
    kbps, rate_hz, n_samples = _KBPS[family, layer][bitrate - 1], _RATES_HZ[version][rate], _SAMPLES[family, layer]
    slot = 4 if layer == 1 else 1
    n_bytes = (n_samples // 8 * kbps * 1000 // rate_hz // slot + padding) * slot
    side_bytes = {("1", False): 32, ("1", True): 17, ("2", False): 17, ("2", True): 9}[family, mono]
    return Header((version, layer, rate, mono), n_bytes, n_samples, rate_hz, 4 + side_bytes)


def streams_of(content: Bytes) -> list[Stream]:
    """The streams of a file, in its order; none if it is no mp3.

    Tags are passed over, and so is, though it is counted, whatever else is no frame.
    """
    found: list[Stream] = []
    start, end = first_frame(content), _end(content)
    place = _next_frame(content, start, min(end, start + _BEGINS_WITHIN), end)
    n_stray = 0 if place is None else place - start
    while place is not None and place < end:
        start = content.at(place, _START)
        header = read_header(start[:4])
        if header is None or (found and header.kind != found[-1].header.kind and not _is_followed(content, place, end)):
            if end - place < 4 and start[:1] == b"\xff":
                found[-1].cut = True  # in the middle of its header
            after_tags = min(_skipped_tags(content, place), end)
            place = _next_frame(content, after_tags, end, end)
            until = end if place is None else place
            n_stray = until - after_tags
            if place is not None or n_stray > _PADDING or not content.is_zero(after_tags, end):
                found[-1].n_stray += n_stray
            continue
        info = _information(content, place, start)
        if info or not found or header.kind != found[-1].header.kind:
            found.append(Stream(header, *(info or ()), n_stray=n_stray))
        stream, begin, n_stray = found[-1], place, 0
        if place + header.n_bytes > end:
            stream.cut = True
            break
        place += header.n_bytes
        if info:
            continue
        n_more, place = _run(content, place, end, header)
        stream.n_frames += 1 + n_more
        if stream.ranges and stream.ranges[-1][1] == begin:
            begin = stream.ranges.pop()[0]
        stream.ranges.append((begin, place))
    return found


def _run(content: Bytes, place: int, end: int, first: Header) -> tuple[int, int]:
    """How many frames of the kind of `first` lie in a row from `place` on, without information, and where they end.

    This is where the time goes: a song has ten thousand frames.
    """
    n, sizes, info_at, name_ends = 0, {}, first.info_at, first.info_at + 4
    while place < end:
        chunk = content.at(place, min(CHUNK, end - place))
        n_bytes, here, last = len(chunk), 0, len(chunk)
        if place + n_bytes < end:
            last -= _LARGEST
        while here < last:
            head = chunk[here : here + 4]
            if head not in sizes:
                header = read_header(head)
                if header is None or header.kind != first.kind:
                    return n, place + here
                sizes[head] = header.n_bytes
            after = here + sizes[head]
            if after > n_bytes or chunk[here + info_at : here + name_ends] in _NAMES:
                return n, place + here
            here = after
            n += 1
        place += here
    return n, place


def _information(content: Bytes, place: int, start: bytes) -> tuple | None:
    """Where an information frame lies, the number of frames that it gives, and where in it; None if it is none."""
    header = read_header(start[:4])
    lies, count_at, goes_by_it = (place, place + header.n_bytes), header.info_at + 8, True
    if start[header.info_at : header.info_at + 4] in _NAMES:
        if any(start[6 : header.info_at]):  # a frame of sound has something here
            return None
        flags = content.at(place + header.info_at + 4, 4)
        if not int.from_bytes(flags, "big") & 1:
            return lies, None, None
    elif start[_VBRI_AT:] == b"VBRI":
        count_at, goes_by_it = _VBRI_COUNT_AT, False  # libmpg123 does not know it
    else:
        return None
    return lies, int.from_bytes(content.at(place + count_at, 4), "big"), count_at if goes_by_it else None


def _is_followed(content: Bytes, place: int, end: int) -> bool:
    """Whether a frame begins at `place` and another of its kind, or the end, comes right after it."""
    header = read_header(content.at(place, 4))
    if header is None:
        return False
    after = place + header.n_bytes
    following = read_header(content.at(after, 4))
    return after == end or (following is not None and following.kind == header.kind)


def _next_frame(content: Bytes, place: int, until: int, end: int) -> int | None:
    """Where the next frame begins, before `until`; None if nowhere."""
    while (place := content.find(b"\xff", place, until)) >= 0:
        if _is_followed(content, place, end):
            return place
        place += 1
    return None


def first_frame(content: Bytes) -> int:
    """Where the first frame belongs: after the tags at the start."""
    return _skipped_tags(content, 0)


def _skipped_tags(content: Bytes, place: int) -> int:
    """The end of the tags that begin at `place`."""
    while True:
        start = content.at(place, _APE_BYTES)
        if start[:3] == b"ID3" and len(start) >= 10:
            sizes = start[6:10]
            place += 10 + sum(size << shift for size, shift in zip(sizes, (21, 14, 7, 0), strict=True))
            place += 10 if start[5] & 0x10 else 0
        elif start[:3] == b"TAG":
            place += _ID3V1_BYTES
        elif start[:8] == b"APETAGEX" and len(start) == _APE_BYTES:
            place += _APE_BYTES + int.from_bytes(start[12:16], "little")
        else:
            return place


def _end(content: Bytes) -> int:
    """The end of the file, without the tags there."""
    end = content.size
    if content.at(max(end - _ID3V1_BYTES, 0), 3) == b"TAG":
        end -= _ID3V1_BYTES
    footer = content.at(max(end - _APE_BYTES, 0), _APE_BYTES)
    if footer[:8] == b"APETAGEX":
        has_header = footer[23] & 0x80
        end -= int.from_bytes(footer[12:16], "little") + (_APE_BYTES if has_header else 0)
    elif footer.endswith(b"LYRICS200") and footer[-15:-9].isdigit():
        end -= int(footer[-15:-9]) + 15
    return max(end, 0)
