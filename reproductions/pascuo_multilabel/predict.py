"""Say the genres of recordings.

    python -m reproductions predict pascuo_multilabel song.mp3 other.wav [--json]

It uses what ``run`` has trained: the training that `shared.runs.networks` prefers (the paper's corpus before another,
published split before grouped, finished before partial, variant paper first); the answer says which. Of a recording
the middle 40 s are cut into samples that touch; their probabilities are averaged, and each genre above its threshold is
named: 0.5 in variant paper, chosen in training in variant corrected.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from reproductions.pascuo_multilabel.model import build
from reproductions.pascuo_multilabel.samples import mfccs
from reproductions.pascuo_multilabel.settings import Sample, Tracks
from shared.audio.signals import load_middle, refuse_short, refuse_silence, resample, segments
from shared.paper.loading import load_paper
from shared.paper.settings import read_settings
from shared.runs.inference import answer_of, classify
from shared.runs.networks import load_network

PAPER = "pascuo_multilabel"
SAMPLE_RATE_HZ = 44100
SHORTEST_SECONDS = 1.0  # longer than a sample of any variant


def main(files: list[str], as_json: bool = False) -> int:
    """Classify each file and print its genres (or JSON); returns 1 when a file could not be classified, else 0."""
    hint = (
        f"Without a library of yours: python -m reproductions run {PAPER} --corpus library_labels-some --epochs 1, "
        "which knows made sounds and no music"
    )
    return classify(load_paper(PAPER), files, as_json, signal_of=signal_of, answers_of=answers_of, hint=hint)


def signal_of(file: str) -> np.ndarray:
    """The middle of a file, two channels at 44,100 Hz, float32 (n, 2).

    Raises
    ------
    AudioError
        No audio, silence, or less than 1 s.
    """
    middle_seconds = read_settings(Tracks, load_paper(PAPER).settings_for()).middle_seconds
    signal = load_middle(file, SAMPLE_RATE_HZ, middle_seconds, channels=2)
    refuse_short(file, len(signal), SAMPLE_RATE_HZ, SHORTEST_SECONDS)
    refuse_silence(file, signal, f"middle {middle_seconds:g} s")
    return signal


def answers_of(record: dict, folder: Path, signals: list[np.ndarray]) -> list[dict]:
    """The answer for each signal: the most probable genre, all above their thresholds, probabilities, samples."""
    settings, classes, scale = record["settings"], record["classes"], record["scale"]
    network, answers = None, []
    for signal in signals:
        features = mfccs(cut(signal, settings), settings)
        inputs = ((features - scale["shift"]) / scale["divisor"]).astype("float32")
        if network is None:
            network = build(settings, inputs.shape[1:], len(classes))
            load_network(network, folder)
        mean = np.asarray(network.predict_on_batch(inputs)).mean(axis=0)
        above = [classes[i] for i in np.argsort(-mean, kind="stable") if mean[i] > record["thresholds"][i]]
        answers.append(answer_of(mean, classes) | {"labels": above, "samples": len(inputs)})
    return answers


def cut(signal: np.ndarray, settings: dict) -> np.ndarray:
    """Samples that touch, as a training's settings have them: (n, 2) at 44,100 Hz → (k, length) or (k, length, 2)."""
    sample = read_settings(Sample, settings)
    rate_hz, seconds = sample.sample_rate_hz, sample.sample_samples / sample.sample_rate_hz
    channels = [signal.mean(axis=1)] if sample.channels == 1 else list(signal.T)
    pieces = [
        segments(resample(np.ascontiguousarray(one), SAMPLE_RATE_HZ, rate_hz), rate_hz, seconds) for one in channels
    ]
    return pieces[0] if len(pieces) == 1 else np.stack(pieces, axis=-1)
