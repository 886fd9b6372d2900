"""Windows of clips: of so many seconds at so many hertz, of any corpus that has audio.

`cut` gives a row a window, `signals` its samples, `with_protocol` its split, which is that of its clip. A window is
called after its clip, ``0_theo_7.03``, so that predictions of windows can be put together by clip
(`shared.results.derived`). GTZAN's own `windows` are something else: its published split draws windows one by one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from data_prep.common.corpus import Corpus
from data_prep.common.errors import CorpusError
from shared.audio.resampling import resample

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

OF_CLIP = {"offset": "clip_offset", "n_samples": "clip_n_samples"}  # of a window's row: where its clip is
N_SHOWN = 12  # clips that are too short


def cut(
    corpus: Corpus,
    index: pd.DataFrame,
    rate_hz: int,
    window_seconds: float,
    hop_seconds: float | None = None,
    at_most: int | None = None,
    fill: bool = False,
) -> pd.DataFrame:
    """Windows of a corpus's clips.

    Parameters
    ----------
    index
        From the corpus, or some of its rows.
    rate_hz
        Sample rate of the windows; a clip of another rate is resampled whole, before it is cut.
    window_seconds, hop_seconds
        Length of a window, and distance of two starts; without one they touch. What is left at a clip's end is dropped.
    at_most
        So many windows of each clip, from its start; None: as many as it has.
    fill
        A clip shorter than a window is filled up with zeros, and has one.

    Returns
    -------
    DataFrame
        The index's columns, one row a window, in the order of the clips and of time. clip is the window's name, track
        its clip's; offset and n_samples are the window's, in samples at `rate_hz` from the start of the clip, and
        clip_offset and clip_n_samples those of the clip, as the index had them; rate_hz.

    Raises
    ------
    ValueError
        The corpus has no audio, or a length is no sample.
    CorpusError
        Clips are shorter than a window, and nothing may be filled up; names the first.
    """
    import numpy as np

    if corpus.signals is None:
        raise ValueError(f"corpus {corpus.NAME} has no audio to cut into windows")
    length, hop = _in_samples(rate_hz, window_seconds, hop_seconds)
    n_samples = np.ceil(index["n_samples"] * float(rate_hz) / corpus.SAMPLE_RATE_HZ).astype(int)  # as `resample` gives
    short = n_samples < length
    if short.any() and not fill:
        rows = index[short].head(N_SHOWN)
        lines = [f"  {row.clip}: {row.n_samples / corpus.SAMPLE_RATE_HZ:.2f} s" for row in rows.itertuples()]
        lines += ["  …"] if short.sum() > N_SHOWN else []
        raise CorpusError(
            f"{short.sum():,} of {len(index):,} clips of corpus {corpus.NAME} are shorter than a window of "
            f"{window_seconds:g} s; have them filled up with zeros, leave them out, or cut shorter windows:\n"
            + "\n".join(lines)
        )
    count = [_count(n, length, hop, at_most) for n in n_samples]
    rows = index.rename(columns=OF_CLIP).assign(track=index["clip"]).loc[index.index.repeat(count)]
    number = np.concatenate([np.arange(0), *map(np.arange, count)])
    rows = rows.reset_index(drop=True).assign(offset=number * hop, n_samples=length, rate_hz=rate_hz)
    rows["clip"] = [f"{clip}.{n:02d}" for clip, n in zip(rows["track"], number, strict=True)]
    rows.attrs = dict(index.attrs)
    return rows


def signals(corpus: Corpus, rows: pd.DataFrame) -> Iterator[np.ndarray]:
    """The samples of windows that `cut` gave, in the rows' order; neighbouring ones of a clip have it read once.

    Yields
    ------
    ndarray, float32, shape (n_samples,)
        At the rows' rate.

    Raises
    ------
    AudioError
        As the corpus's `signals`.
    """
    first = (rows["track"] != rows["track"].shift()).to_numpy()
    clips = clips_of(rows[first])
    files = (clips["path"] != clips["path"].shift()).cumsum().to_numpy()  # clips of one file are read together
    read = (signal for _, of_file in clips.groupby(files, sort=False) for signal in corpus.signals(of_file))
    for (_, windows), signal in zip(rows.groupby(first.cumsum(), sort=False), read, strict=True):
        whole = resample(signal, corpus.SAMPLE_RATE_HZ, int(windows["rate_hz"].iloc[0]))
        for offset, n_samples in zip(windows["offset"], windows["n_samples"], strict=True):
            yield _window(whole, offset, n_samples)


def of_signal(
    signal: np.ndarray, rate_hz: int, window_seconds: float, hop_seconds: float | None = None
) -> list[np.ndarray]:
    """The windows of one signal, float32 (n,), as those of a clip are; a short one is filled up."""
    length, hop = _in_samples(rate_hz, window_seconds, hop_seconds)
    return [_window(signal, number * hop, length) for number in range(_count(signal.size, length, hop, None))]


def _in_samples(rate_hz: int, window_seconds: float, hop_seconds: float | None) -> tuple[int, int]:
    """Length of a window and distance of two starts."""
    length = round(window_seconds * rate_hz)
    hop = length if hop_seconds is None else round(hop_seconds * rate_hz)
    if length < 1 or hop < 1:
        raise ValueError(f"windows of {window_seconds} s, {hop_seconds} s apart, at {rate_hz} Hz hold no sample")
    return length, hop


def _count(n_samples: int, length: int, hop: int, at_most: int | None) -> int:
    """How many windows a clip has, at least one."""
    fitting = max((n_samples - length) // hop + 1, 1)
    return fitting if at_most is None else min(fitting, at_most)


def _window(signal: np.ndarray, offset: int, n_samples: int) -> np.ndarray:
    import numpy as np

    window = signal[offset : offset + n_samples]
    return np.pad(window, (0, n_samples - window.size))


def with_protocol(corpus: Corpus, rows: pd.DataFrame, protocol: str, fold: int = 0) -> pd.DataFrame:
    """Copy of windows with the split of a protocol: each goes where its clip goes. Raises as the corpus's own."""
    clips = clips_of(rows.drop_duplicates("track"))
    split = corpus.with_protocol(clips, protocol, fold).set_index("clip")["split"]
    return rows.assign(split=rows["track"].map(split))


def clips_of(rows: pd.DataFrame) -> pd.DataFrame:
    """The clips of windows, a row of the index for each row."""
    back = {of_clip: name for name, of_clip in OF_CLIP.items()}
    return rows.drop(columns=list(OF_CLIP)).rename(columns=back).assign(clip=rows["track"])
