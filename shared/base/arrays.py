"""Large arrays that are computed once, kept with a checksum, and mapped from the disk afterwards."""

import contextlib
import json
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import BinaryIO

import numpy as np

from shared.base.files import atomic_write

CHUNK_BYTES = 1 << 20  # read at once for a checksum


def cached_array(
    path: str | Path, shape: tuple[int, ...], dtype: type, rows: Callable[[], Iterable[np.ndarray]]
) -> np.ndarray:
    """An array that is computed once, kept as an npy file, and opened by memory-mapping afterwards.

    Beside ``name.npy`` stands ``name.npy.json`` with its size and a checksum of the whole of it. A file that does not
    agree with that, or with `shape` and `dtype`, is computed again. To see that, the whole file is read whenever it is
    opened: reading it from a disk takes more than twice as long as its checksum, and what was read is in the
    system's memory afterwards.

    Parameters
    ----------
    path
        The npy file.
    shape, dtype
        Of the whole array.
    rows
        Called if the array must be computed; yields its ``shape[0]`` rows in order, so that they need not all be in
        memory.

    Returns
    -------
    ndarray
        Read-only, mapped from the file.

    Raises
    ------
    DiskFullError, UnwritableError
        The array cannot be kept, and may be too large to be held in memory instead.
    """
    path = Path(path)
    record_path = path.with_name(path.name + ".json")
    expected = {"shape": list(shape), "dtype": np.dtype(dtype).str}
    if not _is_sound(path, record_path, expected):
        header = {"descr": np.dtype(dtype).str, "fortran_order": False, "shape": tuple(shape)}
        n_bytes = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize

        summed = _Summed()

        def write(file: BinaryIO) -> None:
            summed.file = file
            np.lib.format.write_array_header_1_0(summed, header)
            count = 0
            for count, row in enumerate(rows(), start=1):
                if row.shape != tuple(shape[1:]) or row.dtype != dtype:
                    raise ValueError(
                        f"row {count} of {path} is {row.dtype} {row.shape}, expected {np.dtype(dtype)} {shape[1:]}"
                    )
                summed.write(np.ascontiguousarray(row).data)
            if count != shape[0]:
                raise ValueError(f"{path} got {count} rows, not {shape[0]}")

        with contextlib.suppress(OSError):  # where nothing may be written, that is said below
            record_path.unlink(missing_ok=True)
        atomic_write(path, write, n_bytes=n_bytes)
        record = json.dumps(expected | summed.record()).encode()
        atomic_write(record_path, lambda file: file.write(record), n_bytes=len(record))
    return np.load(path, mmap_mode="r", allow_pickle=False)


class _Summed:
    """Sums up what is written to a file."""

    def __init__(self):
        self.file, self.n_bytes, self.crc32 = None, 0, 0

    def write(self, content) -> None:
        """Write bytes, or the memory of an array, and add them to the sum."""
        self.add(content)
        self.file.write(content)

    def add(self, content) -> None:
        """Add bytes to the sum."""
        self.n_bytes += memoryview(content).nbytes
        self.crc32 = zlib.crc32(content, self.crc32)

    def record(self) -> dict[str, int]:
        """The sum so far, for JSON."""
        return {"n_bytes": self.n_bytes, "crc32": self.crc32}


def _is_sound(path: Path, record_path: Path, expected: dict) -> bool:
    try:
        record = json.loads(record_path.read_bytes())
        if record != expected | {"n_bytes": path.stat().st_size, "crc32": record["crc32"]}:  # before all is read
            return False
        return record == expected | _sum_of(path).record()
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return False


def _sum_of(path: Path) -> _Summed:
    """The sum of a whole file, as it was when it was written."""
    summed, chunk = _Summed(), memoryview(bytearray(CHUNK_BYTES))
    with open(path, "rb", buffering=0) as file:
        while n_read := file.readinto(chunk):
            summed.add(chunk[:n_read])
    return summed
