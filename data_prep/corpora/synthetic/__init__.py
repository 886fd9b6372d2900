"""The embedded corpus: 100 clips of 30 s, made from formulas in seconds, in the same layout as the real ones.

What you hear, a class each:

========  =========================================================================================================
plucked   a zither runs up and down a major pentatonic scale, at a walking to brisk pace, long notes as a tremolo
bowed     a two-stringed fiddle, slow and singing, in a minor pentatonic scale, with slides and vibrato
voice     a singer on open vowels, slower still, with grace notes, wide vibrato and pauses for breath
drums     drum, wood block and now and then a gong, in a sixteenth-note pattern that repeats with small changes
ensemble  two of zither, fiddle and voice, and the drums, in one scale and tempo though each in its own melody
========  =========================================================================================================

To begin with: ``plucked.004`` (a zither alone), ``bowed.000`` (a fiddle alone), ``voice.002`` (a singer alone),
``drums.000``, and ``ensemble.000`` (zither, fiddle and drums). In ``voice.000`` a zither plays behind the singer: many
soloists have quiet company from another class, which makes the classes hard to tell apart at times. The recordings
differ in tonic, tempo, timbre, room, balance, loudness and hiss.

Clips 2 k and 2 k + 1 of a class are from one song (`group`): they share tonic, tempo, timbre and room, as neighbouring
clips of real corpora do. The published split parts the two clips of a song; the protocol ``grouped`` keeps them
together. Nothing measured on this corpus says anything about a paper: it shows that the machinery works.

The clips are the same on every machine (double precision, rounded to 16 bits, though a rare sample may be rounded the
other way); `shared.audio.log_mel_images` makes the
images from them with its defaults.
"""

from __future__ import annotations

import os
import shutil
import wave
from pathlib import Path
from typing import TYPE_CHECKING

from data_prep.common import folders
from data_prep.common.corpus import Corpus
from data_prep.common.errors import CorpusError
from shared.base.files import cache_root
from shared.base.locks import file_lock
from shared.base.processes import in_processes

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from data_prep.common.check_report import ImageReport

NAME = "synthetic"
CLASSES = ("bowed", "drums", "ensemble", "plucked", "voice")
VERSION = "synthetic-v1"  # to be raised whenever a sound or an image changes
PER_CLASS = {"train": 12, "validation": 4, "test": 4}
N_CLIPS = 20  # a class, numbered 0 … 19
SONG_SIZE = 2  # clips
HELD_OUT = {"test": (3, 8, 13, 18), "validation": (1, 6, 10, 15)}  # clip numbers; the same in every class
N_FOLDS = {"published": 1, "grouped": 5}
SAMPLE_RATE_HZ = 22050
N_SAMPLES = 661_500  # of each clip
README = "README.txt"


def clips() -> pd.DataFrame:
    """The clips: columns clip, label, split."""
    import pandas as pd

    split_of = {number: split for split, numbers in HELD_OUT.items() for number in numbers}
    rows = [(f"{c}.{n:03d}", c, split_of.get(n, "train")) for c in CLASSES for n in range(N_CLIPS)]
    return pd.DataFrame(rows, columns=["clip", "label", "split"])


def locate(data_root: Path | None = None) -> Path:
    """Folder that the corpus is made in, under the cache, whether it is there yet or not. `data_root` plays no part."""
    return cache_root() / "corpora" / VERSION


def index(root: Path | None = None, *, allow_incomplete: bool = False) -> pd.DataFrame:
    """Index of the corpus; it is made first if it is not there yet.

    Parameters
    ----------
    root
        Folder made by `fetch`; the one in the cache, made when needed, if None.
    allow_incomplete
        Take what can be used of a folder that is not complete.

    Returns
    -------
    DataFrame
        Columns clip, path (image), label, split, group (song), sha256 (of the image), audio_path, offset and n_samples
        (of the audio); sorted by clip.

    Raises
    ------
    CorpusError
        `root` is not the whole corpus.
    """
    place = fetch() if root is None else Path(root)
    frame, report = _examine(place)
    if report.problems and root is None:  # the cache is not trusted
        shutil.rmtree(place)
        frame, report = _examine(fetch())
    if frame.empty or (report.problems and not allow_incomplete):
        problems = "".join(f"  {problem}\n" for problem in report.problems)
        raise CorpusError(
            f"the corpus synthetic in {place} is not as it should be:\n{problems}"
            "Remove the folder and run 'python -m data_prep fetch synthetic' to have it made again."
        )
    frame.insert(4, "group", [group(row.label, row.clip) for row in frame.itertuples()])
    frame["audio_path"] = [str(place.absolute() / _audio(row)) for row in frame.itertuples()]
    frame["offset"], frame["n_samples"] = 0, N_SAMPLES
    frame.attrs["notes"] = report.problems
    return frame


def check(root: Path | None = None) -> ImageReport:
    """Compare a folder of the corpus with what is expected; it is made first if it is not there yet."""
    return _examine(fetch() if root is None else Path(root))[1]


def group(label: str, clip: str) -> str:
    """Song that a clip is from: ``plucked.007`` → ``plucked/3``."""
    return f"{label}/{folders.clip_number(clip) // SONG_SIZE}"


def with_protocol(frame: pd.DataFrame, protocol: str, fold: int = 0) -> pd.DataFrame:
    """Copy of an index, or of windows cut from it, with the split of a protocol.

    ``published``: as in the folders; each held-out clip has its song's other clip in training. ``grouped``: whole
    songs; fold f of 5 tests clips 4 f … 4 f + 3 of each class and validates on the next four.

    Raises
    ------
    ValueError
        Unknown protocol or fold.
    """
    folders.check_protocol(protocol, fold, N_FOLDS)
    if protocol == "published":
        return frame.copy()
    whole = frame.assign(clip=frame["track"]) if "track" in frame else frame  # windows go where their clip goes
    split = folders.rotated_split(
        whole, fold, n_clips=N_CLIPS, n_test=PER_CLASS["test"], n_validation=PER_CLASS["validation"]
    )["split"]
    return frame.assign(split=split)


def windows(frame: pd.DataFrame, n_samples: int, hop: int, n_windows: int | None = None) -> pd.DataFrame:
    """Windows of the clips' audio, as `data_prep.common.folders.windows` cuts them; they keep the split of their
    clip."""
    audio = frame.assign(path=frame["audio_path"], track=frame["clip"])
    return folders.windows(audio, n_samples, hop, n_windows)


def signals(frame: pd.DataFrame) -> list[np.ndarray]:
    """The samples of an index, or of `windows`: float32 (n_samples,) in [-1, 1), one a row. Raises AudioError as
    `read_signals`."""
    from data_prep.common.recordings import read_signals

    return read_signals(frame.assign(path=frame["audio_path"]), SAMPLE_RATE_HZ)


def fetch(root: Path | None = None) -> Path:
    """Make the corpus, unless it is there.

    Parameters
    ----------
    root
        Folder to make, e.g. to listen to; the one in the cache if None.

    Returns
    -------
    Path
        The folder: audio in ``train|val|test/<class>/<clip>.wav``, images in ``images/``, laid out the same way.

    Raises
    ------
    CorpusError
        `root` is there and holds something else.
    """
    root = locate() if root is None else Path(root)
    with file_lock(root.parent / f".{root.name}.lock", f"making the corpus synthetic in {root}", wait=True):
        if (root / README).exists():  # written last
            return root
        if folders.visible(root):
            raise CorpusError(f"{root} is not empty; name a folder that is not there yet")
        partial = root.parent / f".{root.name}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        try:
            _make(partial)
            if root.is_dir():  # with hidden files at most
                shutil.rmtree(root)
            os.replace(partial, root)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return root


def _make(folder: Path) -> None:
    from joblib import delayed

    from shared.audio.log_mel_images import SpectrogramSettings, make_images
    from shared.base.progress import progress

    rows = list(clips().itertuples(index=False))
    work = in_processes(-1, return_as="generator")(
        delayed(write_clip)(row.label, folders.clip_number(row.clip), folder / _audio(row)) for row in rows
    )
    list(progress(work, len(rows), "making synthetic"))
    jobs = [(folder / _audio(row), folder / "images" / _audio(row).with_suffix(".png")) for row in rows]
    failed = make_images(jobs, SpectrogramSettings(), n_jobs=-1)
    if failed:
        raise CorpusError(f"no image could be made from {failed[0][0]}: {failed[0][1]}")
    (folder / README).write_text(__doc__, encoding="utf-8")


def write_clip(label: str, number: int, path: Path) -> None:
    """Make one clip and write it as WAV: 22,050 Hz, mono, 16 bits."""
    from data_prep.corpora.synthetic import synthesis

    samples = synthesis.clip(label, number // SONG_SIZE, number)
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(synthesis.SAMPLE_RATE_HZ)
        file.writeframes(samples.astype("<i2").tobytes())


def _audio(row) -> Path:
    return Path(folders.FOLDERS[row.split], row.label, f"{row.clip}.wav")


def _examine(root: Path) -> tuple[pd.DataFrame, ImageReport]:
    if not folders.has_layout(root / "images"):
        raise CorpusError(
            f"the corpus synthetic is not in {root} (expected there: images/train, images/val, images/test); "
            f"to make it there: python -m data_prep fetch synthetic --to {root}"
        )
    return folders.examine(NAME, root / "images", CLASSES, clips())


CORPUS = Corpus(
    NAME,
    TITLE="Made on the spot: plucked and bowed strings, voice, drums and ensemble, 100 clips of 30 s",
    SOURCE="data_prep/corpora/synthetic/synthesis.py",
    LICENCE="Apache-2.0, as this project",
    SIZE="100 clips, 0.13 GB of audio and 0.01 GB of images; no download, made in about ten seconds",
    N_FOLDS=N_FOLDS,
    classes=lambda: CLASSES,
    locate=locate,
    index=index,
    check=check,
    with_protocol=with_protocol,
    SAMPLE_RATE_HZ=SAMPLE_RATE_HZ,
    fetch=fetch,
    signals=signals,
    windows=windows,
)
