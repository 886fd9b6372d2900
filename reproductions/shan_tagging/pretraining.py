"""A network that begins where the report's did: SoundNet from its published weights, the others from VEGAS."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import keras

from reproductions.shan_tagging import soundnet
from reproductions.shan_tagging.corpora import read_corpus
from reproductions.shan_tagging.model import PROBABILITIES, SOUNDNET, build, settings_of
from reproductions.shan_tagging.settings import Pretraining
from shared.paper.schema import Paper
from shared.paper.settings import read_settings
from shared.runs import units
from shared.runs.networks import load_network

VARIANT = "pretrained"


def check(paper: Paper, wanted: dict[str, Iterable[str]], pretrain: str | None, corpus: str) -> None:
    """Refuse what cannot be begun on.

    Parameters
    ----------
    wanted : dict
        Variant to the models that are to be trained.
    pretrain : str, optional
        The corpus to begin with, where it is not the report's.
    corpus : str
        The corpus to be tagged.

    Raises
    ------
    ValueError
        A corpus to begin with that nothing asks for, or that is the one to be tagged; no weights for SoundNet.
    """
    if pretrain is not None and VARIANT not in wanted:
        raise ValueError(f"--pretrain is for variant {VARIANT}: add --variant {VARIANT}")
    if VARIANT in wanted and (pretrain or paper.setting("pretrained_on", VARIANT)) == corpus:
        raise ValueError(f"{corpus} is the corpus to be tagged itself: name another one with --pretrain")
    if SOUNDNET in wanted.get(VARIANT, ()):
        soundnet.require()


def first(paper: Paper, pretrain: str | None) -> dict:
    """Variant, protocol, fold, corpus and fingerprint of the units that the variant's networks begin from."""
    begun = read_settings(Pretraining, paper.settings_for(VARIANT))
    corpus = pretrain or begun.pretrained_on
    place = {"variant": begun.pretrained_by, "protocol": "published", "fold": begun.pretrained_fold}
    return {**place, "corpus": corpus, "fingerprint": read_corpus(corpus).fingerprint}


def begin(model: keras.Model, folder: Path) -> None:
    """Give a network the weights of a finished unit of its kind, but for the output layer, whose classes differ."""
    record = units.read_record(folder)
    other = build(record["model"], settings_of(record), len(record["classes"]))
    load_network(other, folder)
    for layer, trained in zip(model.layers, other.layers, strict=True):
        if layer.name != PROBABILITIES:
            layer.set_weights(trained.get_weights())
