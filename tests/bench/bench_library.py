"""Audio-hours per hour from audio files to stored MFCCs, against the report's way: ``python -m tests.bench library``.

Both begin with the same stereo tracks of two minutes, mp3 as the report's and once more wav, and end with the same
samples' MFCCs in a file, those of variant two-channels. Ours: `shared.base.files` and `samples` decode the middle 40 s
of each track, in as many processes as there are cores, and write the samples' MFCCs. The report's way, after its
authors' code: one process; each track is decoded whole and its middle written as 16-bit wav; then, sample by sample,
the wav file is read anew, a tenth of a second is cut out and goes through python_speech_features; the list of all
samples becomes an array that is saved. Without that library the row says so.

Memory is `tests/reproductions/pascuo_multilabel/test_samples.py`'s: no more for 10,000 tracks than for 1,000.
"""

import os
import tempfile
import time
from pathlib import Path
from unittest import mock

import numpy as np
import pandas as pd
import soundfile

from reproductions.pascuo_multilabel import samples
from shared.base.files import CACHE_VARIABLE
from shared.paper.loading import load_paper
from tests.bench.bench_psf_mfcc import RATE_HZ, _music

N_TRACKS, TRACK_SECONDS, MIDDLE_SECONDS, TURNS = 24, 120, 40, 3
WHAT = (
    f"{N_TRACKS} {{}} files of {TRACK_SECONDS} s to stored MFCCs, a sample a second of their middle {MIDDLE_SECONDS} s"
)
UNIT = "audio-hours an hour"


def run() -> list[dict]:
    """Rows of what, ours, reference, ratio (above 1: ours is faster), unit."""
    return [row_of_form("mp3"), row_of_form("wav")]


def row_of_form(form: str) -> dict:
    """The row of tracks in one audio format."""
    settings = load_paper("pascuo_multilabel").settings_for("two-channels")
    with tempfile.TemporaryDirectory() as name, mock.patch.dict(os.environ, {CACHE_VARIABLE: name}):
        rows = samples.draw(make_library(Path(name), form), N_TRACKS * MIDDLE_SECONDS, settings)
        ours(rows.iloc[:1], settings, "warm up")  # starts the workers
        mine, theirs = [], []
        for turn in range(TURNS):
            mine.append(timed(ours, rows, settings, f"turn {turn}"))
            theirs.append(timed(reports_way, rows, Path(name)))
    rate, what = len(rows) / min(mine), WHAT.format(form)  # seconds of audio in a second: hours in an hour
    if None in theirs:
        what += " (python_speech_features is not installed here: nothing to compare with)"
        return {"what": what, "ours": rate, "reference": None, "ratio": None, "unit": UNIT}
    reference = len(rows) / min(theirs)
    what += " / one process, sample by sample"
    return {"what": what, "ours": rate, "reference": reference, "ratio": rate / reference, "unit": UNIT}


def timed(function, *arguments) -> float | None:
    """Seconds of a call; None where it says that it cannot."""
    start = time.perf_counter()
    return None if function(*arguments) is None else time.perf_counter() - start


def make_library(folder: Path, form: str) -> pd.DataFrame:
    """Write the tracks; their index, in the form of the corpus music_library."""
    whole = np.tile(_music(4).ravel().astype(np.float32), TRACK_SECONDS // 4)
    table = []
    for number in range(N_TRACKS):
        path = folder / f"{number:03d}.{form}"
        left = np.roll(whole, 997 * number)
        soundfile.write(path, np.stack([left, np.roll(left, 11)], axis=1), RATE_HZ)
        table.append((path.name, str(path), f"genre {number % 5}", MIDDLE_SECONDS * RATE_HZ))
    index = pd.DataFrame(table, columns=["clip", "path", "label", "n_samples"])
    return index.assign(group=index["clip"], offset=0)


def ours(rows: pd.DataFrame, settings: dict, key: str) -> np.ndarray:
    """What ``run`` does with the samples of a library."""
    return samples.features_of("music_library", rows, settings, key)


def reports_way(rows: pd.DataFrame, folder: Path) -> np.ndarray | None:
    """The same MFCCs as the report got them; None without python_speech_features."""
    try:
        from python_speech_features import mfcc
    except ImportError:
        return None
    from scipy.io import wavfile

    for path in rows["path"].unique():
        signal, rate_hz = soundfile.read(path, always_2d=True)
        start = (len(signal) - MIDDLE_SECONDS * rate_hz) // 2
        soundfile.write(f"{path}.wav", signal[start : start + MIDDLE_SECONDS * rate_hz], rate_hz, "PCM_16")
    features = []
    for path, offset, n_samples in zip(rows["path"], rows["offset"], rows["n_samples"], strict=True):
        rate_hz, whole = wavfile.read(f"{path}.wav")
        features.append(mfcc(whole[offset : offset + n_samples], rate_hz, numcep=13, nfilt=26, nfft=2048))
    features = np.array(features)
    np.save(folder / "reports_way.npy", features)
    return features


if __name__ == "__main__":
    for row in run():
        print(row)
