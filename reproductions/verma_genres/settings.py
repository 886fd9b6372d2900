"""The settings of paper.toml that the code reads, in groups by what uses them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from reproductions.verma_genres.gammatone import Bank
from shared.audio.log_mel_images import SpectrogramSettings
from shared.training.settings import TrainingSettings

Kernels = Literal["glorot uniform", "uniform, fan in"]  # what they begin as


@dataclass(frozen=True)
class Cuts:
    """Mode 1: cuts of a track, and how their features are extracted."""

    cut_seconds: float
    cuts_per_track: int
    feature_extraction: Literal["public table", "librosa 0.11"]


@dataclass(frozen=True)
class OverlappingWindows:
    """Mode 2: windows of samples."""

    window_seconds: float
    hop_seconds: float


@dataclass(frozen=True)
class FirstWindows:
    """Mode 3: windows of a track's beginning."""

    window_seconds: float
    windows_per_track: int


@dataclass(frozen=True)
class Images(SpectrogramSettings):
    """Mode 3: the image of a window; what is no setting is as in the shared one."""

    db: str = "power_to_db"


@dataclass(frozen=True)
class Scaling:
    """Mode 1: how the features are scaled."""

    feature_scaling: Literal["standard", "min-max"]


@dataclass(frozen=True)
class Ann:
    """The network of Mode 1; the fields of these are parameters of the builders in model.py."""

    units: Annotated[tuple[int, ...], Field(alias="ann_units")]
    kernels: Annotated[Kernels, Field(alias="initialisation")]


@dataclass(frozen=True)
class Cnn1d:
    """The network of Mode 2."""

    units: Annotated[tuple[int, ...], Field(alias="cnn_units")]
    dropout: float
    first_layer: Literal["learned", "gammatone", "gammatone-fixed"]
    first_kernel: int
    momentum: Annotated[float, Field(alias="norm_momentum")]
    epsilon: Annotated[float, Field(alias="norm_epsilon")]
    kernels: Annotated[Kernels, Field(alias="initialisation")]


@dataclass(frozen=True)
class Gammatone(Bank):
    """The filters that the network of Mode 2 may begin with."""

    lowest_hz: Annotated[float, Field(alias="gammatone_lowest_hz")]
    highest_hz: Annotated[float, Field(alias="gammatone_highest_hz")]
    order: Annotated[int, Field(alias="gammatone_order")]
    bandwidth: Annotated[float, Field(alias="gammatone_bandwidth")]


@dataclass(frozen=True)
class ResNet:
    """The network of Mode 3."""

    order: Literal["conv-bn-relu", "conv-relu-bn"]
    pixel_divisor: int
    momentum: Annotated[float, Field(alias="resnet_norm_momentum")]
    epsilon: Annotated[float, Field(alias="resnet_norm_epsilon")]
    kernels: Annotated[Kernels, Field(alias="initialisation")]


@dataclass(frozen=True)
class Training(TrainingSettings):
    """Every mode's training, and the epoch that counts."""

    evaluated_epoch: Literal["last", "best on test"]
