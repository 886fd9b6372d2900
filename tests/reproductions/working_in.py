"""A folder for what a run leaves, which tests of whole runs share."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import keras
import pytest


@contextlib.contextmanager
def working_in(folder: Path) -> Iterator[Path]:
    """Inside, results, cache and corpora are below a folder; behind it, Keras computes in the precision of before."""
    before = keras.config.dtype_policy()
    with pytest.MonkeyPatch.context() as patch:
        for name in ("cache", "data", "results"):
            patch.setenv(f"AUDIO_REPRODUCTIONS_{name.upper()}", str(folder / name))
        try:
            yield folder
        finally:
            keras.config.set_dtype_policy(before)
