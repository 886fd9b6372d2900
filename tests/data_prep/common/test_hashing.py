"""Content hashes: by pixels, remembered, never trusted when damaged."""

import hashlib
import struct

import numpy as np
import pytest
from PIL import Image

from data_prep.common import hashing


def test_hash_is_of_shape_and_pixels():
    pixels = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    by_hand = hashlib.sha256(b"2x3x3:" + bytes(range(18))).hexdigest()[:16]
    assert hashing.pixel_hash(pixels) == by_hand
    assert hashing.pixel_hash(pixels.reshape(3, 2, 3)) != by_hand
    assert hashing.pixel_hash(np.asfortranarray(pixels)) == by_hand


def test_hash_of_a_signal_is_of_its_rate_and_16_bit_samples():
    integers = np.array([-32768, -2, 0, 1, 32767], dtype="<i2")
    by_hand = hashlib.sha256(b"8000:5:" + integers.tobytes()).hexdigest()[:16]
    signal = integers.astype(np.float32) / 32768
    assert hashing.signal_hash(signal, 8000) == by_hand
    assert hashing.signal_hash(np.repeat(signal, 2)[::2], 8000) == by_hand
    assert hashing.signal_hash(signal, 16000) != by_hand
    assert hashing.signal_hash(signal[:4], 8000) != by_hand


@pytest.mark.parametrize("signal", [[0.25, 1.0], [0.25, 1e-6], [0.25, -1.5]])
def test_hash_of_a_signal_that_16_bits_cannot_hold(signal):
    floats = np.array(signal, dtype="<f4")
    by_hand = hashlib.sha256(b"8000:2:float32:" + floats.tobytes()).hexdigest()[:16]
    assert hashing.signal_hash(floats, 8000) == by_hand


def test_hash_of_a_row_is_of_its_numbers():
    values = np.array([0.1, -2.0, 1e300])
    by_hand = hashlib.sha256(b"3:" + struct.pack("<3d", 0.1, -2.0, 1e300)).hexdigest()[:16]
    assert hashing.values_hash(values) == by_hand
    assert hashing.values_hash(np.repeat(values, 2)[::2]) == by_hand
    assert hashing.values_hash(values[:2]) != by_hand


def test_same_pixels_in_palette_rgb_and_rgba_have_one_hash(tmp_path):
    palette = Image.fromarray(np.arange(60, dtype=np.uint8).reshape(5, 12))
    palette.putpalette([v for i in range(256) for v in (i, 0, 255 - i)])
    contents = []
    for mode in ("P", "RGB", "RGBA"):
        path = tmp_path / f"{mode}.png"
        palette.convert(mode).save(path)
        contents.append(hashing.read_image(path))
    assert contents[0] == contents[1] == contents[2]
    assert (contents[0].height, contents[0].width) == (5, 12)


@pytest.mark.parametrize(
    ("content", "reason"), [(b"", "empty"), (b"no image at all", "cannot identify image"), (None, "truncated")]
)
def test_bad_file_gives_a_reason(tmp_path, content, reason):
    path = tmp_path / "bad.png"
    noise = np.random.default_rng(0).integers(0, 256, (128, 300, 3), dtype=np.uint8)
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[:20000] if content is None else content)
    found = hashing.read_image(path)
    assert reason in found.error
    assert found.sha256 == ""
    assert str(tmp_path) not in found.error  # the caller names the file


@pytest.fixture
def paths(tmp_path):
    files = []
    for i in range(4):
        path = tmp_path / f"{i}.png"
        Image.fromarray(np.full((4, 5, 3), i, dtype=np.uint8)).save(path)
        files.append(path)
    return files


@pytest.fixture
def decoded(monkeypatch):
    """Names of the files that were really decoded."""
    names, read_image = [], hashing.read_image
    monkeypatch.setattr(hashing, "read_image", lambda path: names.append(path[-5:]) or read_image(path))
    return names


def test_second_time_nothing_is_decoded(paths, decoded):
    first = hashing.read_images(paths, "demo")
    assert sorted(decoded) == ["0.png", "1.png", "2.png", "3.png"]
    decoded.clear()
    assert hashing.read_images(paths, "demo") == first
    assert decoded == []


def test_changed_file_is_decoded_again(paths, decoded):
    first = hashing.read_images(paths, "demo")
    decoded.clear()
    Image.fromarray(np.full((4, 5, 3), 99, dtype=np.uint8)).save(paths[2])
    second = hashing.read_images(paths, "demo")
    assert decoded == ["2.png"]
    assert second[2] != first[2]
    assert second[:2] + second[3:] == first[:2] + first[3:]


@pytest.mark.parametrize("damage", [b"", b"path,mtime_ns\n1,2\n", b"\xff\xfe\x00", "cut"])
def test_damaged_cache_is_made_again(paths, decoded, tmp_path, damage):
    first = hashing.read_images(paths, "demo")
    (cache,) = (tmp_path / "cache" / "hashes").iterdir()
    whole = cache.read_bytes()
    cache.write_bytes(whole[:-9] if damage == "cut" else damage)
    decoded.clear()
    assert hashing.read_images(paths, "demo") == first
    assert len(decoded) == 4
    assert cache.read_bytes() == whole


def test_unreadable_files_are_not_remembered(paths, decoded):
    paths[1].write_bytes(b"junk")
    assert hashing.read_images(paths, "demo")[1].error
    decoded.clear()
    assert hashing.read_images(paths, "demo")[1].error
    assert decoded == ["1.png"]


def test_no_files():
    assert hashing.read_images([], "demo") == []
