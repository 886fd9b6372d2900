"""Content hashes: what an image shows or a clip sounds like, not how its file is packed. Those of images are kept."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from shared.audio.signals import N_HEX
from shared.audio.signals import signal_hash as signal_hash
from shared.base.files import cache_root, keep_text, kept_text

if TYPE_CHECKING:
    import pandas as pd

# What Pillow raises for a PNG that is cut off, damaged, or no PNG at all.
DECODING_ERRORS = (OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error)
FIELDS = ("path", "mtime_ns", "n_bytes", "height", "width", "sha256")


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
    """Hash many images in parallel; unchanged files (same path, time stamp and size) come from the cache.

    Parameters
    ----------
    paths
        The image files.
    name
        Name of the corpus, for the progress bar (shown after two seconds) and the cache file,
        ``<cache>/hashes/<name>-<folder>.csv``. A damaged cache file is ignored and written again.

    Returns
    -------
    list of Content
        One a path, in the order of `paths`.
    """
    absolute = [os.path.abspath(path) for path in paths]
    if not absolute:
        return []
    folder = os.path.commonpath([os.path.dirname(path) for path in absolute])
    key = hashlib.sha256(folder.encode()).hexdigest()[:N_HEX]
    cache = cache_root() / "hashes" / f"{name}-{key}.csv"
    known = _read_cache(cache)
    stamps = []
    for path in absolute:
        status = os.stat(path)
        stamps.append((path, status.st_mtime_ns, status.st_size))
    todo = [i for i, stamp in enumerate(stamps) if stamp not in known]
    for i, content in zip(todo, _read_parallel([absolute[i] for i in todo], name), strict=True):
        known[stamps[i]] = content
    contents = [known[stamp] for stamp in stamps]
    if todo:
        _write_cache(cache, {stamp: known[stamp] for stamp in stamps if not known[stamp].error})
    return contents


def _read_parallel(paths: list[str], name: str) -> list[Content]:
    from joblib import Parallel, delayed

    from shared.base.progress import progress

    if not paths:
        return []
    # Threads: decoding and hashing both release Python's lock, and threads start at once.
    results = Parallel(n_jobs=-1, prefer="threads", return_as="generator")(delayed(read_image)(path) for path in paths)
    return list(progress(results, len(paths), f"reading {name}"))


def _read_cache(path: Path) -> dict[tuple[str, int, int], Content]:
    try:
        known = {}
        for row in csv.DictReader(io.StringIO(kept_text(path) or "", newline="")):
            if len(row["sha256"]) != N_HEX:
                raise ValueError("a hash is cut off")
            stamp = (row["path"], int(row["mtime_ns"]), int(row["n_bytes"]))
            known[stamp] = Content(int(row["height"]), int(row["width"]), row["sha256"])
        return known
    except (ValueError, KeyError, TypeError, csv.Error):
        return {}


def _write_cache(path: Path, known: dict[tuple[str, int, int], Content]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(FIELDS)
    for stamp, content in sorted(known.items(), key=lambda item: item[0]):
        writer.writerow([*stamp, content.height, content.width, content.sha256])
    keep_text(path, text.getvalue())
