"""A network that begins from one that was trained on another corpus, as the report's began from VEGAS."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import keras

from reproductions.shan_tagging.model import PROBABILITIES, build
from shared import units

VARIANT = "pretrained"
FIRST = "no-augmentation"  # the variant that is trained on the other corpus


def check(variants: Iterable[str], pretrain: str | None, corpus: str) -> None:
    """Raise ValueError where a corpus to begin with is missing, not asked for, or the one to be tagged."""
    if VARIANT in variants and pretrain is None:
        raise ValueError(f"variant {VARIANT} begins on another corpus: name it with --pretrain")
    if pretrain is not None and VARIANT not in variants:
        raise ValueError(f"--pretrain is for variant {VARIANT}: add --variant {VARIANT}")
    if pretrain == corpus:
        raise ValueError(f"--pretrain {pretrain} is the corpus to be tagged itself; name another one")


def begin(model: keras.Model, folder: Path) -> None:
    """Give a network the weights of a finished unit of its kind, but for the output layer, whose classes differ."""
    record = units.read_record(folder)
    other = build(record["model"], record["settings"], len(record["classes"]))
    other.load_weights(folder / units.NETWORK)
    for layer, trained in zip(model.layers, other.layers, strict=True):
        if layer.name != PROBABILITIES:
            layer.set_weights(trained.get_weights())
