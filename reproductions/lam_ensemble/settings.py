"""The settings of paper.toml that the code reads, in groups by what uses them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from shared.audio.log_mel_images import SpectrogramSettings
from shared.training.settings import TrainingSettings


@dataclass(frozen=True)
class Spectrogram(SpectrogramSettings):
    """The spectrogram of a segment."""


@dataclass(frozen=True)
class Song:
    """Segments of a song, the size of their images, what their pixels are multiplied by, and how they vote."""

    clip_seconds: float
    image_height: int
    image_width: int
    rescale: float
    segment_vote: Literal["majority"]


@dataclass(frozen=True)
class Model1:
    """The fields of these three are parameters of the builders in model.py."""

    dropout: float


@dataclass(frozen=True)
class Model2:
    """The network of Table II."""

    dropout: Annotated[float, Field(alias="model_2_dropout")]
    hidden_units: Annotated[tuple[int, ...], Field(alias="model_2_hidden_units")]


@dataclass(frozen=True)
class Model3(Model1):
    """The network of Table III."""

    momentum: Annotated[float, Field(alias="batch_norm_momentum")]
    epsilon: Annotated[float, Field(alias="batch_norm_epsilon")]


@dataclass(frozen=True)
class Augmentation:
    """Parameters of `shared.layers.augmentation.ZoomShift`."""

    zoom: Annotated[float, Field(alias="zoom_range")]
    height_shift: Annotated[float, Field(alias="height_shift_range")]
    width_shift: Annotated[float, Field(alias="width_shift_range")]
    fill_mode: str
    semantics: Annotated[Literal["legacy", "intended", "none"], Field(alias="augmentation")]


@dataclass(frozen=True)
class Training(TrainingSettings):
    """Every training; what is monitored are Keras's names, and ``none`` stops no training early."""

    validation_batch_size: int
    checkpoint_monitor: Literal["last", "val_accuracy", "val_loss"]
    early_stopping_monitor: str
    early_stopping_patience: int
