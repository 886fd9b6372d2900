"""What the networks see of a clip: an image of its MFCCs, and the words that a recogniser heard."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd

from data_prep import Corpus, fingerprint
from reproductions.pragadaraju_digits.recognition import read_transcripts
from shared.audio.mfcc_images import MfccSettings, load_mfcc_images
from shared.base.files import cache_root


def images_of_clips(module: Corpus, index: pd.DataFrame, settings: MfccSettings) -> np.ndarray:
    """The images of all clips of a corpus, uint8, shape (n, 256, 256), rows as in the index; kept in the cache."""
    return load_mfcc_images(
        lambda: module.signals(index),
        list(index["clip"]),
        module.SAMPLE_RATE_HZ,
        settings,
        cache_root() / "features",
        fingerprint(index),
    )


def transcripts_of_clips(index: pd.DataFrame, recogniser: str, least_probability: float) -> np.ndarray:
    """The kept transcripts of the clips of an index, an array of str in its order.

    What the recogniser held less probable than `least_probability` is "Not Recognizable".

    Raises
    ------
    RecognitionError
        Clips without a transcript, or whose audio is not what was recognised; names them and the command.
    """
    return np.array(read_transcripts(list(index["clip"]), list(index["sha256"]), recogniser, least_probability))


def content_hash(transcripts: np.ndarray) -> str:
    """16 hexadecimal digits of the SHA-256 of the transcripts, a line each, in their order."""
    return hashlib.sha256("\n".join(transcripts).encode()).hexdigest()[:16]
