"""The settings of paper.toml that the code reads, in groups by what uses them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from shared.audio.mfcc_images import MfccSettings
from shared.training.settings import TrainingSettings


@dataclass(frozen=True)
class Image(MfccSettings):
    """The image of a clip."""


@dataclass(frozen=True)
class Scaling:
    """Grey levels to the network's input; the fields of this and of the networks are parameters in model.py."""

    kind: Annotated[Literal["pixel", "image", "unit"], Field(alias="input_scaling")]
    white_level: int


@dataclass(frozen=True)
class Cnn:
    """The network on images without recurrent layers."""

    units: tuple[int, ...]
    kernel: Annotated[int, Field(alias="cnn_kernel")]
    padding: Annotated[str, Field(alias="cnn_padding")]
    pooling: Annotated[int, Field(alias="cnn_pooling")]
    momentum: Annotated[float, Field(alias="batch_normalization_momentum")]
    epsilon: Annotated[float, Field(alias="batch_normalization_epsilon")]


@dataclass(frozen=True)
class Rnn:
    """The recurrent network on images."""

    units: tuple[int, ...]
    dropout: float
    cell: Annotated[Literal["simple", "lstm"], Field(alias="rnn_cell")]
    activation: Annotated[str, Field(alias="rnn_activation")]
    pooling: Annotated[int, Field(alias="rnn_pooling")]
    sequence_axis: Annotated[Literal["time", "coefficient"], Field(alias="rnn_sequence_axis")]
    readout: Annotated[Literal["last step", "all steps"], Field(alias="rnn_readout")]


@dataclass(frozen=True)
class Text:
    """The recurrent network on words."""

    units: tuple[int, ...]
    dropout: float
    representation: Annotated[Literal["embedding", "number"], Field(alias="text_representation")]
    embedding_units: Annotated[int, Field(alias="text_embedding_units")]
    activation: Annotated[str, Field(alias="text_activation")]
    readout: Annotated[Literal["last word", "all words"], Field(alias="text_readout")]


@dataclass(frozen=True)
class Recogniser:
    """Who hears the words of a clip, and how sure it has to be."""

    recogniser: str
    recogniser_least_probability: float


@dataclass(frozen=True)
class Words:
    """How many words of a transcript count."""

    text_words: int


@dataclass(frozen=True)
class Training(TrainingSettings):
    """Every network's training, and the epoch that counts."""

    evaluated_epoch: Literal["last", "best on test"]


@dataclass(frozen=True)
class Probe:
    """The linear probe sees every so many pixels."""

    probe_pixels: int
