"""The settings of paper.toml that the code reads, in groups by what uses them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from reproductions.pascuo_multilabel.mfcc import PsfSettings
from shared.training.settings import TrainingSettings


@dataclass(frozen=True)
class Tracks:
    """Which tracks of a corpus are used, how much of each is heard, and how many samples are drawn."""

    shortest_seconds: float
    max_per_set_share: float
    drop_others: bool
    mixed_tracks: int
    middle_seconds: float
    seconds_per_sample: float
    made_samples: int


@dataclass(frozen=True)
class Sample:
    """The values of a sample."""

    sample_rate_hz: int
    channels: Literal[1, 2]
    sample_samples: int
    full_scale: int


@dataclass(frozen=True)
class Mfcc(PsfSettings):
    """The MFCCs of a sample."""

    fmin_hz: Annotated[float, Field(alias="lowest_hz")] = 0.0
    append_energy: Annotated[bool, Field(alias="log_energy")] = True


@dataclass(frozen=True)
class Split:
    """Shares of the samples, and of how many the predictions are kept."""

    validation_fraction: float
    tuning_fraction: float
    kept_predictions: int


@dataclass(frozen=True)
class Cnn:
    """The network; the fields are parameters of its builder in model.py."""

    filters: tuple[int, ...]
    kernels: tuple[int, ...]
    activations: tuple[str, ...]
    pooling: int
    padding: str
    dropout: float
    units: int
    activity_l2: float


@dataclass(frozen=True)
class Training(TrainingSettings):
    """The network's training, and what is said of its answers."""

    scaling: Literal["set", "coefficient"]
    label_weights: Literal["first label", "balanced"]
    evaluated_epoch: Literal["last", "lowest val_loss", "lowest loss on tuning samples"]
    thresholds: Literal["one", "per genre"]
    metric_threshold: float
