"""PNG files written whole, and loading against ``keras.utils.load_img``."""

import errno
import os

import numpy as np
import pytest
from PIL import Image

from shared.audio import image_files
from shared.audio.image_files import ImageError, load_images, png_mark, write_png
from shared.base.progress import progress
from shared.base.write_errors import DiskFullError

HEIGHT, WIDTH = 16, 90


@pytest.fixture
def pngs(tmp_path):
    """Images as they come: palette, RGB, RGBA by imsave, grey; as wide as asked, narrower and wider."""
    from matplotlib import pyplot

    generator = np.random.default_rng(0)
    paths = [tmp_path / f"{name}.png" for name in ("palette", "rgb", "imsave", "grey", "one", "wide")]
    grey = generator.integers(0, 256, (HEIGHT, 200), np.uint8)
    palette = Image.fromarray(grey[:, :83])
    palette.putpalette(generator.integers(0, 256, 768, np.uint8).tobytes())
    palette.save(paths[0])
    write_png(paths[1], generator.integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8))
    pyplot.imsave(paths[2], generator.random((HEIGHT, 89)))
    for path, width in zip(paths[3:], (77, 1, 200), strict=True):
        Image.fromarray(grey[:, :width]).save(path)
    return paths


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_images_are_loaded_as_keras_loads_them(pngs, n_jobs):
    import keras

    def load(path, size):
        return np.array(keras.utils.load_img(path, target_size=size, interpolation="nearest"))

    images = load_images(pngs, (HEIGHT, WIDTH), n_jobs=n_jobs)
    assert images.dtype == np.uint8
    np.testing.assert_array_equal(images, [load(path, (HEIGHT, WIDTH)) for path in pngs])
    stretched = load_images(pngs, (33, 91), n_jobs=n_jobs, stretch_height=True)
    np.testing.assert_array_equal(stretched, [load(path, (33, 91)) for path in pngs])


def test_loaded_images_are_kept_and_mapped(pngs, tmp_path, monkeypatch):
    expected = load_images(pngs, (HEIGHT, WIDTH))
    first = load_images(pngs, (HEIGHT, WIDTH), tmp_path / "cache", key="corpus")
    monkeypatch.setattr(image_files, "_decode", None)  # decoding one now would be an error
    again = load_images(pngs, (HEIGHT, WIDTH), tmp_path / "cache", key="corpus")
    assert isinstance(again, np.memmap)
    for images in (first, again):
        np.testing.assert_array_equal(images, expected)


def test_another_key_order_size_or_file_is_another_array(pngs, tmp_path):
    def names():
        return set((tmp_path / "cache").glob("*.npy"))

    for count, (paths, size, key) in enumerate(
        [
            (pngs, (HEIGHT, WIDTH), "corpus"),
            (pngs, (HEIGHT, WIDTH), "other"),
            (pngs[::-1], (HEIGHT, WIDTH), "corpus"),
            (pngs[1:], (HEIGHT, WIDTH), "corpus"),
            (pngs, (HEIGHT, WIDTH + 1), "corpus"),
            (pngs, (HEIGHT, WIDTH), None),
        ],
        start=1,
    ):
        images = load_images(paths, size, tmp_path / "cache", key)
        np.testing.assert_array_equal(images, load_images(paths, size))
        assert len(names()) == count
    Image.new("RGB", (WIDTH, HEIGHT)).save(pngs[0])
    assert not load_images(pngs, (HEIGHT, WIDTH), tmp_path / "cache")[0].any()


def test_a_cut_cache_is_decoded_again(pngs, tmp_path):
    expected = load_images(pngs, (HEIGHT, WIDTH), tmp_path / "cache").copy()
    (file,) = (tmp_path / "cache").glob("*.npy")
    file.write_bytes(file.read_bytes()[:-1])
    np.testing.assert_array_equal(load_images(pngs, (HEIGHT, WIDTH), tmp_path / "cache"), expected)


@pytest.mark.parametrize("cache_dir", [None, "cache"])
def test_files_that_cannot_be_loaded_are_named(pngs, tmp_path, cache_dir):
    cache_dir = cache_dir and tmp_path / cache_dir
    with pytest.raises(ImageError, match=r"gone\.png: no such file"):
        load_images([*pngs, tmp_path / "gone.png"], (HEIGHT, WIDTH), cache_dir)
    with pytest.raises(ImageError, match=r"palette\.png: is 16 pixels high and 83 wide; expected 128 high"):
        load_images(pngs, cache_dir=cache_dir)
    content = pngs[1].read_bytes()
    for damage in (content[: len(content) // 2], content[:10], b"", b"text", content[:60] + bytes(40) + content[100:]):
        pngs[1].write_bytes(damage)
        with pytest.raises(ImageError, match=r"rgb\.png: cannot be decoded as an image"):
            load_images(pngs, (HEIGHT, WIDTH), cache_dir)
    assert cache_dir is None or list(cache_dir.iterdir()) == []


def test_a_png_keeps_every_pixel_and_its_mark(tmp_path):
    image = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)
    path = write_png(tmp_path / "new" / "a.png", image, mark="made so")
    with Image.open(path) as picture:
        np.testing.assert_array_equal(np.array(picture), image)
    assert png_mark(path) == "made so"
    assert png_mark(write_png(path, image)) is None
    assert png_mark(tmp_path / "gone.png") is None


def test_many_images_come_in_their_order_and_the_first_bad_one_is_named(tmp_path):
    paths = [write_png(tmp_path / f"{i}.png", np.full((2, 3, 3), i, np.uint8)) for i in range(200)]
    images = load_images(paths, (2, 3), n_jobs=4)
    np.testing.assert_array_equal(images[:, 0, 0, 0], np.arange(200))
    for number in (199, 73, 70):
        paths[number].write_bytes(b"")
    with pytest.raises(ImageError, match=r"/70\.png: cannot be decoded"):
        load_images(paths, (2, 3), tmp_path / "cache", n_jobs=4)
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_full_disk_leaves_no_half_image(tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskFullError, match=r"a\.png needs \d+ bytes"):
        write_png(tmp_path / "a.png", np.zeros((20, 30, 3), np.uint8))
    assert list(tmp_path.iterdir()) == []


def test_a_bar_appears_only_for_what_takes_longer(capsys):
    assert list(progress(iter("abc"), 3, "letters")) == ["a", "b", "c"]
    assert capsys.readouterr().err == ""
