"""The settings of paper.toml that the code reads, in groups by what uses them.

A field has its setting's name, or names it: ``Annotated[int, Field(alias="the setting")]``. Where the code branches on
a text, a Literal lists the texts that it knows.
"""

from __future__ import annotations

from dataclasses import dataclass

from shared.audio.log_mel_images import SpectrogramSettings
from shared.training.settings import TrainingSettings


@dataclass(frozen=True)
class Windows:
    """How a recording is cut."""

    window_seconds: float
    hop_seconds: float
    windows_per_clip: int


@dataclass(frozen=True)
class LogMel(SpectrogramSettings):
    """The spectrogram of a window; what is no setting is as in the shared one, but for this."""

    db: str = "power_to_db"


@dataclass(frozen=True)
class SmallCnn:
    """The network; the fields are parameters of its builder in model.py."""

    filters: tuple[int, ...]
    kernel: int
    dropout: float


@dataclass(frozen=True)
class Training(TrainingSettings):
    """What every training has, options of the optimiser among them; add what only this paper's has."""
