"""Features of many clips as one array, computed once in several threads and kept."""

from __future__ import annotations

import dataclasses
import hashlib
import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from shared.audio.errors import AudioError
from shared.audio.signals import READING
from shared.base.arrays import cached_array
from shared.base.files import cache_key
from shared.base.progress import progress


def load_features(
    feature_of: Callable[[np.ndarray, Any], np.ndarray],
    signals: Callable[[], Iterable[np.ndarray]],
    names: Sequence[str],
    n_samples: int,
    settings: Any,
    cache_dir: str | Path,
    key: str,
) -> np.ndarray:
    """Features of clips of one length, by a paper's own function.

    Parameters
    ----------
    feature_of : function
        From a signal, float32 (n_samples,), and the settings to an array, always of one shape and kind. Where the text
        of the file that defines it is changed, all is computed anew.
    signals : function
        Gives the clips' signals, one a name; called only if the features are not there.
    names : sequence of str
        The clips' names, in order; they are part of the kept file's name and of messages. Where windows are cut, they
        must say from where.
    settings : dataclass
        What `feature_of` is given; part of the kept file's name.
    cache_dir, key
        Where to keep the array, and what the clips are (the corpus's fingerprint).

    Returns
    -------
    ndarray, shape (n, ...)
        Read-only, mapped from the file.

    Raises
    ------
    AudioError, DiskFullError
        As `arrays_of_clips`.
    """
    code = hashlib.sha256(Path(inspect.getfile(feature_of)).read_bytes()).hexdigest()
    facts = {"key": key, "names": list(names), "n_samples": n_samples, "reading": READING, "code": code}
    word = cache_key(feature=feature_of.__name__, settings=dataclasses.asdict(settings), **facts)
    like = feature_of(np.zeros(n_samples, np.float32), settings)
    return arrays_of_clips(
        lambda signal: feature_of(signal, settings),
        signals,
        names,
        like.shape,
        Path(cache_dir) / f"features-{word}.npy",
        "making features",
        like.dtype.type,
    )


def arrays_of_clips(
    array_of: Callable[[np.ndarray], np.ndarray],
    signals: Callable[[], Iterable[np.ndarray]],
    names: Sequence[str],
    shape: tuple[int, ...],
    path: Path,
    what: str,
    dtype: type = np.uint8,
) -> np.ndarray:
    """The images or features of many clips as one array, computed once in several threads and kept.

    Parameters
    ----------
    array_of : function
        Makes the image or the features of a signal, of this shape and kind.
    signals : function
        Gives the clips' signals, one a name, a few at a time; called only if the arrays are not there yet.
    names : sequence of str
        The clips' names, in order, for messages.
    shape : tuple of int
        Of one clip's array.
    path : Path
        The npy file to keep them in; its name must say what the clips and the settings are.
    what : str
        For the progress bar.

    Returns
    -------
    ndarray, shape (n, *shape)
        Read-only, mapped from the file.

    Raises
    ------
    AudioError
        A clip of which no array can be made; names it.
    DiskFullError
        The disk is full.
    """

    def row(clip: str, signal: np.ndarray) -> np.ndarray:
        try:
            return array_of(signal)
        except AudioError as error:
            raise AudioError(f"{clip}: {error}") from None

    def rows() -> Iterator[np.ndarray]:
        from joblib import Parallel, delayed

        work = (delayed(row)(clip, signal) for clip, signal in zip(names, signals(), strict=True))
        found = Parallel(n_jobs=-1, prefer="threads", return_as="generator")(work)
        return progress(found, len(names), what)

    return cached_array(path, (len(names), *shape), dtype, rows)
