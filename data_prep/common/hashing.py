"""Content hashes: what an image shows or a clip sounds like, not how its file is packed."""

from __future__ import annotations

import hashlib
import os
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from data_prep.common.read_once import read_once
from shared.audio.signals import N_HEX
from shared.audio.signals import signal_hash as signal_hash

if TYPE_CHECKING:
    import pandas as pd

# What Pillow raises for a PNG that is cut off, damaged, or no PNG at all.
DECODING_ERRORS = (OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error)


@dataclass(frozen=True)
class Content:
    """Height and width in pixels and content hash of one image, or why it cannot be read."""

    height: int = 0
    width: int = 0
    sha256: str = ""
    error: str = ""


def pixel_hash(pixels) -> str:
    """Hash an image's pixels.

    Parameters
    ----------
    pixels : uint8 array (height, width, 3)

    Returns
    -------
    str
        16 hexadecimal digits of the SHA-256 of the shape, ``b"128x1292x3:"``, followed by the pixels row by row. Two
        files that decode to the same RGB image have the same hash, whether stored as palette, RGB or RGBA.
    """
    import numpy as np

    shape = "x".join(str(n) for n in pixels.shape)
    digest = hashlib.sha256(f"{shape}:".encode("ascii"))
    digest.update(np.ascontiguousarray(pixels, dtype=np.uint8).data)
    return digest.hexdigest()[:N_HEX]


def values_hash(values) -> str:
    """Hash a row of numbers: 16 hexadecimal digits of the SHA-256 of their count, ``b"57:"``, and the numbers.

    Parameters
    ----------
    values : float64 array (n,)
        Hashed as little-endian 64-bit floats, so that however a number is written, it counts as what it is.
    """
    import numpy as np

    digest = hashlib.sha256(f"{values.size}:".encode("ascii"))
    digest.update(np.ascontiguousarray(values, dtype="<f8").data)
    return digest.hexdigest()[:N_HEX]


def fingerprint(frame: pd.DataFrame) -> str:
    """16 hexadecimal digits that name the data: SHA-256 over clip, label and content hash, sorted by clip.

    Split and path do not enter, so the same images have one fingerprint under every protocol and on every machine.
    """
    rows = sorted(zip(frame["clip"], frame["label"], frame["sha256"], strict=True))
    text = "".join(f"{clip},{label},{sha256}\n" for clip, label, sha256 in rows)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:N_HEX]


def read_image(path: str | Path) -> Content:
    """Decode one image as RGB and hash its pixels. Never raises for a bad file: the reason is in ``error``."""
    import numpy as np
    from PIL import Image

    try:
        with Image.open(path) as image:
            pixels = np.asarray(image.convert("RGB"))
    except (*DECODING_ERRORS, Image.DecompressionBombError) as error:
        if os.path.getsize(path) == 0:
            return Content(error="the file is empty")
        reason = str(error).replace(repr(str(path)), "the file")
        return Content(error=reason or type(error).__name__)
    return Content(pixels.shape[0], pixels.shape[1], pixel_hash(pixels))


def read_images(paths: Sequence[str | Path], name: str) -> list[Content]:
    """Hash many images of the corpus `name`, by `data_prep.common.read_once`: one Content a path, in their order."""
    return read_once(paths, name, read_image, lambda path, **facts: Content(**facts))
