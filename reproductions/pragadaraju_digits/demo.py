"""What the demo's page of this paper has beside its networks' answers: what to say, clips to try, and the image."""

from __future__ import annotations

import numpy as np

import data_prep
from reproductions.pragadaraju_digits.predict import PAPER
from reproductions.pragadaraju_digits.recognition import CLIP_RATE_HZ
from reproductions.pragadaraju_digits.settings import Image
from shared.audio.mfcc_images import image_of
from shared.base.librosa_import import import_librosa
from shared.paper.loading import load_paper
from shared.paper.settings import read_settings

INVITATION = "Say one digit in English, zero to nine, or give a file of one."
LIMITS = (
    "The networks learned from six voices. Yours is none of them, so expect more errors than on the clips below, which "
    "are of the six; the paper's page has how many, under protocol `grouped`."
)
SILENT_DB = 30.0  # below the loudest frame
MOST_SILENCE_SECONDS = 0.3  # at both ends together: 95 % of the corpus's clips have less


def prepared(signal: np.ndarray) -> tuple[np.ndarray, str]:
    """A recording, float32 (n,) at 8 kHz, cut to what was said as the corpus's clips are; and in words what was cut."""
    spoken, _ = import_librosa().effects.trim(signal, top_db=SILENT_DB, frame_length=256, hop_length=64)
    seconds, left = len(signal) / CLIP_RATE_HZ, len(spoken) / CLIP_RATE_HZ
    if seconds - left <= MOST_SILENCE_SECONDS:
        return signal, f"{seconds:.2f} s."
    return spoken, f"{left:.2f} of {seconds:.2f} s: the silence at both ends is cut off, as in the corpus's clips."


def pictures_of(signal: np.ndarray, trained: dict) -> dict[str, np.ndarray]:
    """What the networks see of a signal, by caption: uint8 (256, 256)."""
    image = image_of(signal, CLIP_RATE_HZ, read_settings(Image, load_paper(PAPER).settings_for()))
    return {
        "What CNN and RNN + Spectrogram see: 20 MFCCs, the lowest at the top, time from left to right, stretched to "
        "the full width": image
    }


def examples() -> dict[str, tuple[np.ndarray, int]]:
    """A clip of each digit, from the test part of the published split: signal and sample rate by name."""
    fsdd = data_prep.corpus("fsdd")
    index = fsdd.with_protocol(fsdd.index(), "published")
    test = index[index["split"] == "test"].groupby(["label", "group"], as_index=False).nth(0)
    voices = sorted(set(test["group"]))
    wanted = [
        test[(test["label"] == label) & (test["group"] == voices[number % len(voices)])].iloc[0]
        for number, label in enumerate(fsdd.CLASSES)
    ]
    signals = fsdd.signals(test.loc[[row.name for row in wanted]])
    return {row["clip"]: (signal, CLIP_RATE_HZ) for row, signal in zip(wanted, signals, strict=True)}
