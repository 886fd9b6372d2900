"""A folder for what a run leaves, which tests of whole runs share."""

import contextlib
import io
from collections.abc import Iterator
from pathlib import Path

import keras
import pytest

from reproductions.commands.run import run_paper
from shared.training import precision


@contextlib.contextmanager
def working_in(folder: Path) -> Iterator[Path]:
    """Inside, results, cache and corpora are below a folder; behind it, Keras computes in the precision of before.

    How fast this machine is, which a record says of it, is not measured.
    """
    before = keras.config.dtype_policy()
    with pytest.MonkeyPatch.context() as patch:
        for name in ("cache", "data", "results"):
            patch.setenv(f"AUDIO_REPRODUCTIONS_{name.upper()}", str(folder / name))
        patch.setattr(precision, "product_seconds", lambda dtype: 0.01)
        try:
            yield folder
        finally:
            keras.config.set_dtype_policy(before)


def printed_by_run(folder: Path, paper_id: str, **asked) -> str:
    """Run a paper inside a folder, which must go well; what it printed."""
    with working_in(folder), contextlib.redirect_stdout(io.StringIO()) as out:
        assert run_paper(paper_id, **asked) == 0
    return out.getvalue()
