"""Image files on disk: writing PNG, and reading many into one array that is decoded once."""

import io
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from shared.base.arrays import cached_array
from shared.base.files import atomic_write, cache_key
from shared.base.progress import progress

if TYPE_CHECKING:
    from PIL import Image

PNG_COMPRESSION = 4  # of 9. Measured on a log-mel image: level 6 is 1 % smaller and takes 1.6 times as long
DECODED_AHEAD = 64
MARK = "audio-reproductions"  # the PNG text that says what an image was made from


class ImageError(ValueError):
    """An image that cannot be used. The text names the file, what was found and what to do."""


def write_png(path: str | Path, image: "np.ndarray | Image.Image", mark: str | None = None) -> Path:
    """Write a PNG that others see whole or not at all.

    Parameters
    ----------
    image
        uint8 (h, w, 3), or a Pillow image; one with a palette stays so.
    mark
        A word to keep in the file, for `png_mark`.

    Raises
    ------
    DiskFullError
        The disk is full.
    """
    from PIL import Image, PngImagePlugin

    picture = Image.fromarray(image) if isinstance(image, np.ndarray) else image
    texts = PngImagePlugin.PngInfo()
    if mark is not None:
        texts.add_text(MARK, mark)
    encoded = io.BytesIO()
    picture.save(encoded, "PNG", compress_level=PNG_COMPRESSION, pnginfo=texts)
    return atomic_write(path, lambda file: file.write(encoded.getbuffer()), n_bytes=encoded.getbuffer().nbytes)


def png_mark(path: Path) -> str | None:
    """The word that `write_png` kept in a file; None if there is no such file, or no such word in it."""
    from PIL import Image

    try:
        with Image.open(path) as picture:  # reads the header only
            return picture.info.get(MARK)
    except (OSError, SyntaxError, ValueError):
        return None


def load_images(
    paths: Sequence[str | Path],
    size: tuple[int, int] = (128, 1292),
    cache_dir: str | Path | None = None,
    key: str | None = None,
    n_jobs: int | None = None,
    *,
    stretch_height: bool = False,
) -> np.ndarray:
    """Read images into one array, decoded as RGB.

    An image of another width is stretched with nearest-neighbour, as
    ``keras.utils.load_img(path, target_size=size, interpolation="nearest")`` does.

    Parameters
    ----------
    paths
        The files, in the order of the result.
    size
        (height, width) of the result in pixels.
    cache_dir
        Where to keep the decoded images as one npy file. The next call opens it, and the system reads pages as they
        are used. None: decode into memory.
    key
        What the images are, e.g. the corpus's fingerprint; the files' names, their order and `size` are always part
        of the cached file's name. None: the files' sizes and dates stand for what they are.
    n_jobs
        Threads; None for one a core.
    stretch_height
        Stretch another height too. Otherwise it is an error, since the rows are frequencies.

    Returns
    -------
    ndarray, uint8, shape (n, height, width, 3)
        Read-only if it comes from the cache.

    Raises
    ------
    ImageError
        A file that is missing, no image, damaged, or of another height; names it.
    DiskFullError
        The disk is full.
    """
    paths = [Path(path) for path in paths]
    shape = (len(paths), *size, 3)
    if cache_dir is None:
        images = np.empty(shape, np.uint8)
        for row, image in zip(images, _decoded(paths, size, stretch_height, n_jobs), strict=True):
            row[...] = image
        return images
    content = key if key is not None else [_size_and_date(path) for path in paths]
    names = ["/".join(path.parts[-2:]) for path in paths]
    name = cache_key(content=content, names=names, size=list(size), stretch_height=stretch_height)
    return cached_array(
        Path(cache_dir) / f"images-{name}.npy", shape, np.uint8, lambda: _decoded(paths, size, stretch_height, n_jobs)
    )


def _decoded(
    paths: list[Path], size: tuple[int, int], stretch_height: bool, n_jobs: int | None
) -> Iterator[np.ndarray]:
    import joblib

    def images() -> Iterator[np.ndarray | ImageError]:
        with ThreadPoolExecutor(joblib.effective_n_jobs(n_jobs or -1)) as threads:
            for start in range(0, len(paths), DECODED_AHEAD):  # a bounded number wait in memory to be used
                some = paths[start : start + DECODED_AHEAD]
                yield from threads.map(lambda path: _decode(path, size, stretch_height), some)

    for image in progress(images(), len(paths), "decoding images"):
        if isinstance(image, ImageError):
            raise image
        yield image


def _decode(path: Path, size: tuple[int, int], stretch_height: bool) -> np.ndarray | ImageError:
    """The image, or what is wrong with it: raised in the order of the files, whichever thread comes first."""
    from PIL import Image

    try:
        with Image.open(path) as opened:
            picture = opened.convert("RGB")
    except FileNotFoundError:
        return ImageError(f"{path}: no such file. Check the corpus")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        return ImageError(f"{path}: cannot be decoded as an image ({error}). Fetch or make it again")
    height, _ = size
    if picture.height != height and not stretch_height:
        return ImageError(
            f"{path}: is {picture.height} pixels high and {picture.width} wide; expected {height} high. "
            "Make it again with the corpus's settings"
        )
    return stretched(picture, size)


def stretched(picture: "Image.Image", size: tuple[int, int]) -> np.ndarray:
    """A picture at `size`, (height, width), by nearest neighbour: uint8 (height, width, 3)."""
    from PIL import Image

    height, width = size
    if picture.size != (width, height):
        picture = picture.resize((width, height), Image.Resampling.NEAREST)
    return np.asarray(picture)


def _size_and_date(path: Path) -> list[int]:
    try:
        status = path.stat()
    except FileNotFoundError:
        raise ImageError(f"{path}: no such file. Check the corpus") from None
    return [status.st_size, status.st_mtime_ns]
