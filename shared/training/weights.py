"""Weights on the disk with a checksum, so that no damaged file is trained on, predicted with, or given to HDF5."""

from __future__ import annotations

import errno
import io
import math
import os
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from shared.base.files import CHECKSUM, atomic_write
from shared.base.own_files import FileError, read_bytes

if TYPE_CHECKING:
    import keras

MOST_BYTES = 2**33
N_SEAL = len(CHECKSUM) + 9  # bytes at the end: the mark, eight digits, a line's end
N_HEAD = 4096  # bytes at most of what HDF5 keeps of each array besides its values
CANNOT_TELL = (errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL)  # of a system or a disk that reserves no space
SIGNATURE, END = b"\x89HDF\r\n\x1a\n\x00", slice(40, 48)  # how HDF5 begins, and where it says how long it is


def save_weights(model: keras.Model, path: Path) -> Path:
    """Write a model's weights, and its optimiser's if it has one, as Keras does, with a checksum behind them.

    Raises
    ------
    WriteError
    """
    variables = [*model.weights, *(model.optimizer.variables if getattr(model, "optimizer", None) else ())]
    n_bytes = sum(4 * math.prod(variable.shape) + N_HEAD for variable in variables)
    return atomic_write(path, lambda file: _write(model, file, n_bytes), keep_suffix=True)


def _write(model: keras.Model, file: BinaryIO, n_bytes: int) -> None:
    try:  # HDF5 may end the program where it cannot write all: better to know before
        os.posix_fallocate(file.fileno(), 0, n_bytes)
    except (OSError, AttributeError) as error:
        if getattr(error, "errno", errno.ENOSYS) not in CANNOT_TELL:
            raise
    model.save_weights(file.name)
    _seal(file.name)


def _seal(path: str) -> None:
    """Write the checksum of a file behind what it holds."""
    crc32 = 0
    with open(path, "r+b") as written:
        while chunk := written.read(1 << 20):
            crc32 = zlib.crc32(chunk, crc32)
        written.write(CHECKSUM + f"{crc32:08x}\n".encode())  # HDF5 does not look there


def save_half(source: Path, target: Path) -> Path:
    """Write weights that `save_weights` wrote once more, in half precision and compressed; Keras reads both alike.

    An array whose values half precision cannot hold to a thousandth of its largest one stays as it is, such as the
    means and variances that inputs of very different sizes are standardised by.

    Raises
    ------
    FileError
        `source` cannot be read, or was changed since it was written.
    """
    import h5py

    remedy = "train it again with run --restart"
    content = io.BytesIO(check_weights(source, remedy))

    def write(file: BinaryIO) -> None:
        with h5py.File(content, "r") as given, h5py.File(file.name, "w") as made:
            made.attrs.update(given.attrs)

            def copy(name: str, item: h5py.Group | h5py.Dataset) -> None:
                if isinstance(item, h5py.Group):
                    kept = made.require_group(name)
                else:
                    values = _halved(np.asarray(item))
                    packed = {"compression": "gzip", "compression_opts": 9, "shuffle": True} if values.shape else {}
                    kept = made.create_dataset(name, data=values, **packed)
                kept.attrs.update(item.attrs)

            given.visititems(copy)
        _seal(file.name)

    return atomic_write(target, write, keep_suffix=True)


def _halved(values: np.ndarray) -> np.ndarray:
    if values.dtype.kind != "f" or not values.size:
        return values
    with np.errstate(over="ignore"):
        half = values.astype("float16")
    largest = np.abs(values).max()
    return half if np.abs(half.astype(values.dtype) - values).max() <= largest / 1000 else values


def load_weights(model: keras.Model, path: Path, remedy: str = "run with --restart to begin again") -> None:
    """Load what `save_weights` wrote into a model of the same form.

    Raises
    ------
    FileError
        The file cannot be read, was changed since it was written, or is of another network.
    """
    check_weights(path, remedy)
    try:
        model.load_weights(path)
    except Exception as error:  # Keras and HDF5 raise whatever they come upon
        told = str(error).strip().partition("\n")[0]
        raise FileError(f"{path}: expected the weights of this network: {told}; {remedy}") from error


def check_weights(path: Path, remedy: str) -> memoryview:
    """The content of a file of weights that is as it was written; `remedy` ends the error's sentence.

    Raises
    ------
    FileError
    """
    content = memoryview(read_bytes(path, remedy, MOST_BYTES))
    is_sound = content[-N_SEAL:] == CHECKSUM + f"{zlib.crc32(content[:-N_SEAL]):08x}\n".encode()
    if not is_sound and not _has_none(content):
        raise FileError(f"{path}: expected the checksum with which it was written, found another: damaged; {remedy}")
    return content


def _has_none(content: memoryview) -> bool:
    """Whether it is a whole HDF5 file, as they were written before there were checksums."""
    return content[: len(SIGNATURE)] == SIGNATURE and int.from_bytes(content[END], "little") == len(content)
