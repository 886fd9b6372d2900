"""The corpora that the networks can be trained on, and what they are given of one."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

import data_prep
from reproductions.shan_tagging import augmentation
from reproductions.shan_tagging.settings import Augmentation, Crop
from reproductions.shan_tagging.waveforms import Clips, clips_of
from shared.paper.settings import read_settings

WINDOW_SECONDS = 10.0  # of recordings that a corpus cuts into windows; crops are drawn from these
SYNTHETIC_SECONDS = 2.0  # of a synthetic clip of 30 s: a single crop, which keeps the run short,
SYNTHETIC_EVERY = 4  # and so does taking every fourth clip of a class


@dataclass(frozen=True)
class Corpus:
    """A corpus of `data_prep`, its clips in no particular split, and the fingerprint of them all."""

    name: str
    module: data_prep.Corpus
    index: pd.DataFrame
    fingerprint: str

    @property
    def classes(self) -> tuple[str, ...]:
        return tuple(self.module.CLASSES)

    def clips(self, settings: dict) -> Clips:
        """The clips' waveforms, with SoX's copies where the settings have them."""
        augmented, crop = read_settings(Augmentation, settings).n_copies > 0, read_settings(Crop, settings)
        copies = augmentation.copies(self.module, self.index, settings) if augmented else ()
        return clips_of(self.module, self.index, crop.sample_rate_hz, crop.length, copies)


def read_corpus(name: str) -> Corpus:
    """A corpus with one label a clip.

    Raises
    ------
    ValueError
        A corpus without audio; names those that have it.
    """
    module = data_prep.with_audio(name)
    index = module.index()
    fingerprint = data_prep.fingerprint(index)
    if module.windows:
        synthetic = name == "synthetic"
        if synthetic:
            index = index[index.groupby("label").cumcount() % SYNTHETIC_EVERY == 0]
        n_samples = round((SYNTHETIC_SECONDS if synthetic else WINDOW_SECONDS) * module.SAMPLE_RATE_HZ)
        index = module.windows(index, n_samples, n_samples, 1 if synthetic else None)
    return Corpus(name, module, index, fingerprint)
