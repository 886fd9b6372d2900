"""Frames of mp3: headers by the standard's arithmetic, and files whose frames are counted whatever is between them."""

import os

import numpy as np
import pytest
import soundfile

from shared.audio import byte_ranges, mpeg_frames
from shared.audio.byte_ranges import Bytes, Spliced
from shared.audio.mpeg_frames import read_header, streams_of
from shared.audio.signals import load_audio


@pytest.mark.parametrize(
    ("head", "n_bytes", "n_samples", "rate_hz", "info_at"),
    [
        # 144 * bitrate / rate, rounded down; the side information is 32 bytes long, and 17 in mono.
        ("fffb9064", 417, 1152, 44100, 36),  # MPEG 1, 128 kbit/s, stereo
        ("fffb9264", 418, 1152, 44100, 36),  # the same, filled up
        ("fffb94c4", 384, 1152, 48000, 21),  # mono, 48 kHz
        ("fff380c4", 208, 576, 22050, 13),  # MPEG 2: 72 * 64,000 / 22,050; the side information is 9 bytes in mono
        ("ffe318c4", 72, 576, 8000, 13),  # MPEG 2.5, 8 kbit/s
        ("fffd9064", 522, 1152, 44100, 36),  # layer II: 144 * 160,000 / 44,100
        ("ffff9064", 312, 384, 44100, 36),  # layer I: 12 * 288,000 / 44,100 = 78 slots of 4 bytes
    ],
)
def test_headers(head, n_bytes, n_samples, rate_hz, info_at):
    header = read_header(bytes.fromhex(head))
    assert (header.n_bytes, header.n_samples, header.rate_hz, header.info_at) == (n_bytes, n_samples, rate_hz, info_at)


@pytest.mark.parametrize("head", ["fffb0064", "fffbf064", "fffb9c64", "ffeb9064", "fff99064", "fefb9064", "fffb90", ""])
def test_what_begins_no_frame(head):
    """A free or forbidden bitrate, a forbidden rate, version or layer, another byte, too few bytes."""
    assert read_header(bytes.fromhex(head)) is None


@pytest.fixture
def mp3(tmp_path):
    """Three seconds in stereo."""
    path, time = tmp_path / "a.mp3", np.arange(3 * 44100) / 44100
    soundfile.write(path, np.stack([np.sin(3000 * time), np.sin(2000 * time)], 1) / 2, 44100, format="MP3")
    return path


def counted(path) -> list[tuple[int, int | None, bool]]:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        found = streams_of(Bytes(descriptor))
    finally:
        os.close(descriptor)
    return [(stream.n_frames, stream.promised, stream.cut) for stream in found]


def test_frames_are_as_many_as_the_encoder_says(mp3, monkeypatch):
    ((n_frames, promised, cut),) = counted(mp3)
    assert (n_frames, cut) == (promised, False)
    assert 3 * 44100 / 1152 < n_frames < 3 * 44100 / 1152 + 3
    monkeypatch.setattr(mpeg_frames, "CHUNK", 8192)
    monkeypatch.setattr(byte_ranges, "CHUNK", 8192)
    assert counted(mp3) == [(n_frames, promised, cut)]


def test_an_information_frame_of_fraunhofers_encoder(mp3):
    """VBRI, at 36 bytes; version, delay and quality of two bytes each, the size of four, the number of frames."""
    content, whole = bytearray(mp3.read_bytes()), load_audio(mp3, 44100)
    ((n_frames, _, _),) = counted(mp3)
    end = content.index(content[:2], 40)
    made = b"VBRI" + bytes([0, 1, 0, 0, 0, 75]) + bytes(4) + n_frames.to_bytes(4, "big")
    content[4:end] = (bytes(32) + made).ljust(end - 4, b"\0")
    mp3.write_bytes(content)
    assert counted(mp3) == [(n_frames, n_frames, False)]
    assert load_audio(mp3, 44100).size >= whole.size
    mp3.write_bytes(content[: len(content) // 2])
    ((half, promised, cut),) = counted(mp3)
    assert (promised, cut) == (n_frames, True)
    assert half < 0.6 * n_frames


@pytest.mark.parametrize("content", [b"", b"ID3", b"\xff\xfb\x90", bytes(200_000), b"RIFF" + bytes(range(256)) * 500])
def test_no_mp3(tmp_path, content):
    (tmp_path / "a").write_bytes(content)
    assert counted(tmp_path / "a") == []


def test_parts_of_a_file_are_read_as_one(tmp_path):
    (tmp_path / "a").write_bytes(bytes(range(100)))
    descriptor = os.open(tmp_path / "a", os.O_RDONLY)
    file = Spliced(Bytes(descriptor), [(10, 13), b"abc", (50, 52), (100, 200), b"end"])
    assert file.read(9) == bytes([10, 11, 12]) + b"abc" + bytes([50, 51])  # then nothing, though the size says so
    assert file.read(9) == b""
    assert file.seek(0, os.SEEK_END) == 111
    assert file.seek(-3, os.SEEK_END) == 108
    assert file.read(100) == b"end"
    assert file.seek(2) == 2
    assert file.read(3) == bytes([12]) + b"ab"
    os.close(descriptor)


def test_bytes_are_found_across_chunks(tmp_path, monkeypatch):
    monkeypatch.setattr(byte_ranges, "CHUNK", 64)
    (tmp_path / "a").write_bytes(bytes(62) + b"OggS" + bytes(70) + b"OggS")
    descriptor = os.open(tmp_path / "a", os.O_RDONLY)
    content = Bytes(descriptor)
    assert content.find(b"OggS", 0, content.size) == 62
    assert content.find(b"OggS", 63, content.size) == 136
    assert content.find(b"OggS", 137, content.size) == -1
    assert content.at(60, 8) == bytes(2) + b"OggS" + bytes(2)
    os.close(descriptor)
