"""Augmented copies of clips by SoX: time stretch, pitch shift, reverb and dynamic range compression, made once.

The report changes the waveforms with SoX before anything else. Running it anew in each epoch would make the training
wait, so every clip gets a few copies in the cache, and an epoch shows the clip or one of them. What a copy is depends
on the clip's samples, the copy's number and the settings, and on nothing else.
"""

from __future__ import annotations

import logging
import math
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from data_prep import Corpus
from reproductions.shan_tagging.settings import Augmentation
from shared.audio.signals import AudioError, resample
from shared.base.files import atomic_write, cache_key, cache_root
from shared.base.progress import progress
from shared.paper.settings import read_settings

VERSION = 1  # to be raised whenever a copy changes
RANGES = ("tempo", "pitch_semitones", "reverberance_percent", "compression_ratio")
LOWEST_DB = -100.0  # where the compressor's curve begins
HEADROOM_DB = 20 * math.log10(2)  # left to the effects: signals go through SoX at half their level


class MissingSoxError(ValueError):
    """SoX, or the package that runs it, is not installed."""


@dataclass(frozen=True)
class Effects:
    """The strengths of a copy's effects; None where it does without."""

    tempo: float | None = None
    pitch_semitones: float | None = None
    reverberance_percent: float | None = None
    compression_ratio: float | None = None


def drawn_effects(sha256: str, number: int, settings: Augmentation) -> Effects:
    """The effects of copy `number` of the clip with that hash: at least one, with strengths from the settings' ranges.

    Tempo and compression ratio are drawn on a logarithmic scale: a faster and a slower copy are equally probable.
    """
    generator = np.random.default_rng([int(sha256[:8], 16), number, VERSION])
    probability = settings.effect_probability
    chosen = generator.random(len(RANGES)) < probability
    while not chosen.any():
        chosen = generator.random(len(RANGES)) < probability
    strengths = {}
    for name, taken in zip(RANGES, chosen, strict=True):
        low, high = getattr(settings, name)
        share = generator.random()
        logarithmic = name in ("tempo", "compression_ratio")
        strength = low * (high / low) ** share if logarithmic else low + (high - low) * share
        strengths[name] = float(strength) if taken else None
    return Effects(**strengths)


def apply(effects: Effects, signal: np.ndarray, settings: Augmentation) -> np.ndarray:
    """A signal at the settings' sample rate through SoX, float32 (n,); n changes with the tempo.

    The compressor divides decibels above the threshold by the ratio. Whatever the effects, the result has the signal's
    own peak level.

    Raises
    ------
    MissingSoxError
        SoX is not there; says how to install it.
    """
    sox = _sox()
    transformer = sox.Transformer()
    transformer.set_globals(dither=False, verbosity=1)
    if effects.tempo is not None:
        transformer.tempo(effects.tempo)
    if effects.pitch_semitones is not None:
        transformer.pitch(effects.pitch_semitones)
    if effects.reverberance_percent is not None:
        transformer.reverb(effects.reverberance_percent, stereo_depth=0)  # or one channel would become two
    half = signal.astype("float32") / 2
    if effects.compression_ratio is not None:
        # The package's own method leaves SoX's follower begin at full scale, which would fade every clip in.
        transformer.effects += _compressor(effects.compression_ratio, settings, half)
    made = transformer.build_array(input_array=half, sample_rate_in=settings.sample_rate_hz)
    made = np.asarray(made, "float32").reshape(-1)
    peak = np.abs(made).max(initial=0.0)
    return made * (np.abs(signal).max() / peak) if peak else made


def _compressor(ratio: float, settings: Augmentation, signal: np.ndarray) -> list[str]:
    """SoX's arguments: attack and decay, soft knee and curve, gain, and the level that its follower begins with."""
    attack, decay = settings.compression_attack_seconds, settings.compression_decay_seconds
    from_db, knee_db = settings.compression_threshold_db - HEADROOM_DB, settings.compression_knee_db
    points = (LOWEST_DB, LOWEST_DB, from_db, from_db, 0.0, from_db - from_db / ratio)
    curve = ",".join(f"{point:.2f}" for point in points)
    level_db = 20 * math.log10(max(np.abs(signal).mean(), 10 ** (LOWEST_DB / 20)))
    return ["compand", f"{attack:g},{decay:g}", f"{knee_db:g}:{curve}", "0", f"{level_db:.2f}"]


def copies(module: Corpus, index: pd.DataFrame, settings: dict) -> list[list[Path]]:
    """The files of each row's augmented copies: WAV, mono, 16 bits; those not there yet are made, in parallel.

    Test clips have none. Stopped at any moment, the next call makes what is missing. WAV, since tensorflow-io takes
    fifty times as long to decode FLAC, where the copies do not fit into memory.

    Raises
    ------
    MissingSoxError
        Copies are missing and SoX is not there.
    AudioError
        A clip of which SoX makes nothing.
    """
    from joblib import Parallel, delayed

    wanted = read_settings(Augmentation, settings)
    of_a_copy = asdict(wanted)
    del of_a_copy["n_copies"]  # further copies leave those that are there as they are
    folder = cache_root() / "augmented" / cache_key(version=VERSION, **of_a_copy)
    hashes, clips, splits = (list(index[name]) for name in ("sha256", "clip", "split"))
    numbers = range(wanted.n_copies)
    found = [
        [folder / f"{sha256[:16]}.{clip}.{k}.wav" for k in numbers] for sha256, clip in zip(hashes, clips, strict=True)
    ]
    found = [[] if split == "test" else files for files, split in zip(found, splits, strict=True)]
    missing = [row for row, files in enumerate(found) if not all(file.exists() for file in files)]
    if missing:
        _sox()
    work = (delayed(_make)(module, index.iloc[[row]], found[row], wanted) for row in missing)
    made = Parallel(n_jobs=-1, prefer="threads", return_as="generator")(work)  # SoX runs in processes of its own
    list(progress(made, len(missing), "augmenting clips"))
    return found


def _make(module: Corpus, row: pd.DataFrame, files: list[Path], settings: Augmentation) -> None:
    """The missing copies of one clip."""
    import soundfile

    rate_hz = settings.sample_rate_hz
    signal = resample(module.signals(row)[0], module.SAMPLE_RATE_HZ, rate_hz)
    for number, file in enumerate(files):
        if file.exists():
            continue
        effects = drawn_effects(row["sha256"].iloc[0], number, settings)
        made = apply(effects, signal, settings)
        if not made.size:
            raise AudioError(f"{row['path'].iloc[0]}: SoX made nothing of it with {effects}. Leave the clip out")
        atomic_write(file, lambda to, made=made: soundfile.write(to, made, rate_hz, "PCM_16", format="WAV"))


def _sox():
    """The package `sox`, if the program is there."""
    if shutil.which("sox") is None:
        raise MissingSoxError(
            "SoX is not installed, and this variant's augmented copies are made with it. Install it (Debian, Ubuntu: "
            "apt-get install sox; Fedora: dnf install sox; macOS: brew install sox; or https://sox.sourceforge.net), "
            "or run --variant no-augmentation, which needs none"
        )
    try:
        import sox
    except ImportError:
        raise MissingSoxError("the package sox is not installed: pip install -r requirements.txt") from None
    logging.getLogger("sox").setLevel(logging.ERROR)  # it recommends another effect for every other copy
    return sox
