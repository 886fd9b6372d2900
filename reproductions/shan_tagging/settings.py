"""The settings of paper.toml that the code reads, in groups by what uses them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from shared.training.settings import TrainingSettings


@dataclass(frozen=True)
class Crop:
    """What every network is given."""

    sample_rate_hz: int
    crop_seconds: float

    @property
    def length(self) -> int:
        """Samples of a crop: 88,200."""
        return round(self.crop_seconds * self.sample_rate_hz)


@dataclass(frozen=True)
class Spectrogram:
    """What the DenseNet on log-mel sees; parameters of the layers in `shared.layers.spectral`."""

    sample_rate_hz: int
    n_fft: int
    hop_length: int
    n_mels: int
    fmin_hz: float
    fmax_hz: float
    amin: float
    top_db: float


@dataclass(frozen=True)
class Mfcc(Spectrogram):
    """What the DenseNet on MFCC sees."""

    n_mfcc: int


@dataclass(frozen=True)
class DenseNet(Crop):
    """The network on a spectrogram."""

    dense_blocks: int
    units_per_block: int
    growth_rate: int
    kernel: int
    l2: float
    stem_filters: int
    initializer: str
    norm_momentum: float
    norm_epsilon: float


@dataclass(frozen=True)
class ResNet(Crop):
    """The first network on samples."""

    resnet_blocks: int
    resnet_channels: tuple[int, ...]
    resnet_first_kernel: int
    resnet_kernel: int
    resnet_dropout: float
    initializer: str
    norm_momentum: float
    norm_epsilon: float


@dataclass(frozen=True)
class SoundNet(Crop):
    """The second network on samples: filters, kernel and pooling of each layer."""

    soundnet_layers: tuple[tuple[int, int, int], ...]
    soundnet_start: Literal["scratch", "published weights"]
    soundnet_initializer: str
    soundnet_full_scale: float
    soundnet_norm_epsilon: float
    norm_momentum: float


@dataclass(frozen=True)
class Augmentation:
    """How many copies of a clip there are, how probable each effect is and how strong, how the compressor works."""

    n_copies: int
    sample_rate_hz: int
    effect_probability: float
    tempo: tuple[float, float]
    pitch_semitones: tuple[float, float]
    reverberance_percent: tuple[float, float]
    compression_ratio: tuple[float, float]
    compression_threshold_db: float
    compression_attack_seconds: float
    compression_decay_seconds: float
    compression_knee_db: float


@dataclass(frozen=True)
class Pretraining:
    """The unit that a network begins from."""

    pretrained_on: str
    pretrained_by: str
    pretrained_fold: int


@dataclass(frozen=True)
class Training(TrainingSettings):
    """Every network's training: the cycles of the learning rate, and the epoch that counts."""

    cycle_high: float
    plateau_patience: int
    plateau_divisor: float
    plateau_min_delta: float
    evaluated_epoch: Literal["last", "best on validation"]


@dataclass(frozen=True)
class Evaluation:
    """When another crop is drawn, and how often; a finished training can be evaluated under others."""

    redraw_below: float
    redraw_limit: int
