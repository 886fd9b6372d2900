"""librosa, imported so that processes which start together do not spoil what Numba compiles for it."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

from shared.base.locks import file_lock
from shared.base.write_errors import WriteError

# The modules of librosa whose functions Numba compiles as they are imported.
COMPILED = ("librosa.beat", "librosa.core.audio", "librosa.core.pitch", "librosa.util.utils")


@functools.cache
def import_librosa() -> ModuleType:
    """The module librosa; the first process on a machine compiles its functions, others wait for it (half a minute).

    Numba keeps each compiled function in two files, and two processes that compile at the same time can leave one file
    each. From then on librosa ends every process with a segmentation fault (numba/numba#10128). So one process compiles
    at a time, under a lock in the folder that Numba keeps the functions in, and leaves a file there that says it is
    done; where that file is, nothing waits.
    """
    librosa = import_module("librosa")
    folder = next((folder for folder in _folders(Path(librosa.__file__).parent) if _is_writable(folder)), None)
    if folder is not None:  # else Numba itself finds no place, and says so
        # Named as Numba's own files are, so that whoever deletes those deletes it as well.
        done = folder / f"audio-reproductions-{_what_is_compiled(librosa)}.nbi"
        if not done.exists():
            # Where no lock can be written, as on a full disk, Numba keeps nothing, and nothing can be spoiled.
            lock = file_lock(folder / "audio-reproductions.lock", "compiling librosa's functions", wait=True)
            with contextlib.suppress(WriteError), lock:
                for name in COMPILED:
                    import_module(name)
                with contextlib.suppress(OSError):
                    done.write_text("Numba has compiled all that librosa has it compile at import.\n")
    return librosa


def _folders(package: Path) -> Iterator[Path]:
    """The places that Numba tries for its files, in its order."""
    from numba.misc.appdirs import AppDirs

    if chosen := os.environ.get("NUMBA_CACHE_DIR"):
        yield Path(chosen)
    yield package / "__pycache__"
    yield Path(AppDirs(appname="numba", appauthor=False).user_cache_dir)


def _is_writable(folder: Path) -> bool:
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    return os.access(folder, os.W_OK)


def _what_is_compiled(librosa: ModuleType) -> str:
    """Which librosa is compiled by which Numba for which processor."""
    import numba
    from llvmlite import binding

    processor = binding.get_host_cpu_name(), binding.get_host_cpu_features().flatten()
    source = Path(librosa.__file__).stat().st_mtime_ns
    return hashlib.sha256(repr((librosa.__version__, source, numba.__version__, processor)).encode()).hexdigest()[:16]
