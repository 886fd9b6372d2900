"""The checksum of a kept array beside reading it: what it costs to look at every byte before it is trusted.

The checksum counts by the processor's time, so that other work on the machine does not enter.
"""

import os
import tempfile
import time
import zlib
from pathlib import Path

import numpy as np

from shared.base.arrays import CHUNK_BYTES, cached_array
from shared.base.files import cache_root

N_CHUNKS, TURNS = 196, 5


def run() -> list[dict]:
    """Megabytes a second of the checksum, and of opening a kept array, beside those of reading the file."""
    cache_root().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache_root()) as folder:
        path, shape = Path(folder) / "a.npy", (N_CHUNKS, CHUNK_BYTES)
        random = np.random.default_rng(0)
        cached_array(path, shape, np.uint8, lambda: random.integers(0, 256, shape, np.uint8))
        os.sync()
        content = memoryview(path.read_bytes())

        def opened():
            cached_array(path, shape, np.uint8, lambda: iter(()))

        def read():
            with open(path, "rb", buffering=0) as file:
                chunk = bytearray(CHUNK_BYTES)
                while file.readinto(chunk):
                    pass

        def summed():
            crc32 = 0
            for start in range(0, len(content), CHUNK_BYTES):
                crc32 = zlib.crc32(content[start : start + CHUNK_BYTES], crc32)

        checksum, disk, memory = _rate(summed, clock=time.process_time), _rate(read, path), _rate(read)
        return [
            _row("checksum, beside reading from disk", checksum, disk),
            _row("checksum, beside reading again, from the system's memory", checksum, memory),
            _row("opened and checked, beside reading from disk", _rate(opened, path), disk),
        ]


def _rate(work, forgotten: Path | None = None, clock=time.perf_counter) -> float:
    """Megabytes a second of the fastest of several turns, before each of which the system forgets the file."""
    seconds = []
    for _ in range(TURNS):
        if forgotten:
            with open(forgotten, "rb") as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        start = clock()
        work()
        seconds.append(clock() - start)
    return N_CHUNKS * CHUNK_BYTES / min(seconds) / 1e6


def _row(what: str, ours: float, reference: float) -> dict:
    return {"what": what, "ours": ours, "reference": reference, "ratio": ours / reference, "unit": "MB/s"}
