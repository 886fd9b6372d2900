"""Classify recordings with what ``run`` has trained.

    python -m reproductions predict _template song.mp3 other.wav [--json]

Of several trainings it takes the one that `shared.runs.networks` prefers, and says which. A recording gets the mean of
the probabilities of its windows.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from reproductions._template.features import features_of_signal
from reproductions._template.model import build
from reproductions._template.settings import LogMel
from shared.audio.signals import load_audio, refuse_silence
from shared.paper.loading import load_paper
from shared.paper.settings import read_settings
from shared.runs.inference import answer_of, classify
from shared.runs.networks import load_network

PAPER = "_template"


def main(files: list[str], as_json: bool = False) -> int:
    """Classify each file and print a line a model (or JSON); returns 1 when a file could not be classified, else 0."""
    hint = f"Without a corpus of yours: python -m reproductions run {PAPER} --corpus synthetic --epochs 1"
    return classify(load_paper(PAPER), files, as_json, signal_of=signal_of, answers_of=answers_of, hint=hint)


def signal_of(file: str) -> np.ndarray:
    """A file as one channel, float32 (n,). Raises AudioError: no audio, silence."""
    signal = load_audio(file, read_settings(LogMel, load_paper(PAPER).settings_for()).sample_rate_hz)
    refuse_silence(file, signal)
    return signal


def answers_of(record: dict, folder: Path, signals: list[np.ndarray]) -> list[dict]:
    """One model's answer for each signal: class, probabilities, and the number of windows they are the mean of."""
    settings, classes, network, answers = record["settings"], record["classes"], None, []
    for signal in signals:
        features = features_of_signal(signal, settings)
        if network is None:
            network = build(record["model"], settings, features.shape[1:], len(classes))
            load_network(network, folder)
        mean = np.asarray(network.predict_on_batch(features)).mean(axis=0)
        answers.append(answer_of(mean, classes) | {"windows": len(features)})
    return answers
