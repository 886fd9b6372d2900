"""Content hashes: of pixels, of samples, of a row of numbers."""

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


def test_images_are_read_in_their_order_and_once(tmp_path, monkeypatch):
    paths = [tmp_path / f"{number}.png" for number in (2, 0, 1)]
    for height, path in enumerate(paths, start=3):
        Image.fromarray(np.full((height, 5, 3), height, dtype=np.uint8)).save(path)
    found = hashing.read_images(paths, "demo")
    assert [content.height for content in found] == [3, 4, 5]
    assert found == [hashing.read_image(path) for path in paths]
    monkeypatch.setattr(hashing, "read_image", None)
    assert hashing.read_images(paths, "demo") == found
