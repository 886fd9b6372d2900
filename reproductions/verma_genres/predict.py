"""Say the genre of recordings, with each of the three modes that is trained.

    python -m reproductions predict verma_genres song.mp3 other.wav [--json]

It uses what ``run`` has trained: of each model the training that `shared.runs.networks` prefers (the paper's corpus
before another, published split before grouped, finished before partial, variant paper first); the answer says which. A
recording is cut as the model's training was, and gets the mean of the probabilities of its windows.
"""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np

from reproductions.verma_genres.features import FEATURE_SETTINGS, WHOLE_TRACKS, image_settings
from reproductions.verma_genres.model import ANN, CNN_1D, build
from shared.audio.log_mel_images import image_of
from shared.audio.signals import AudioError, load_audio, refuse_silence
from shared.audio.summary_features import features_of
from shared.paper.loading import load_paper
from shared.runs.inference import classify, named
from shared.runs.unit import NETWORK

PAPER = "verma_genres"
SAMPLE_RATE_HZ = 22050
SHORTEST_SECONDS = 3.0  # the longest of the modes' windows
TRACK_SECONDS = 30.0  # of GTZAN's tracks
WINDOWS_AT_ONCE = 64


def main(files: list[str], as_json: bool = False) -> int:
    """Classify each file and print a line a model (or JSON); returns 1 when a file could not be classified, else 0."""
    hint = (
        f"Without a corpus of yours: python -m reproductions run {PAPER} --corpus synthetic --epochs 1, which knows "
        "instruments and no genres"
    )
    return classify(load_paper(PAPER), files, as_json, signal_of=signal_of, answers_of=answers_of, hint=hint)


def signal_of(file: str) -> np.ndarray:
    """A file as one channel at 22,050 Hz, float32 (n,). Raises AudioError: no audio, silence, under 3 s."""
    signal = load_audio(file, SAMPLE_RATE_HZ)
    refuse_silence(file, signal)
    if signal.size < SHORTEST_SECONDS * SAMPLE_RATE_HZ:
        raise AudioError(
            f"{file}: lasts {signal.size / SAMPLE_RATE_HZ:.1f} s, and the models hear windows of up to "
            f"{SHORTEST_SECONDS:g} s. Give a longer recording"
        )
    return signal


def answers_of(record: dict, folder: Path, signals: list[np.ndarray]) -> list[dict]:
    """One model's answer for each signal: class, probabilities, and the number of windows they are the mean of."""
    settings, classes, network, answers = settings_of(record), record["classes"], None, []
    for signal in signals:
        inputs = inputs_of(record["model"], record["corpus"], settings, signal)
        if network is None:
            network = build(record["model"], settings, inputs.shape[1:], len(classes))
            network.load_weights(folder / NETWORK)
        starts = range(0, len(inputs), WINDOWS_AT_ONCE)
        given = [np.asarray(network.predict_on_batch(inputs[start : start + WINDOWS_AT_ONCE])) for start in starts]
        answers.append(named(np.concatenate(given).mean(axis=0), classes) | {"windows": len(inputs)})
    return answers


def settings_of(record: dict) -> dict:
    """A training's settings; what its record does not have, since it was no setting then, is as in paper.toml now."""
    return load_paper(PAPER).settings_for(record["variant"], record["model"]) | record["settings"]


def inputs_of(model: str, corpus: str, settings: dict, signal: np.ndarray) -> np.ndarray:
    """What a model is fed for each window of a recording, cut as its training was."""
    if model == ANN:
        longest = signal.size / SAMPLE_RATE_HZ
        seconds = min(TRACK_SECONDS, longest) if corpus in WHOLE_TRACKS else settings["cut_seconds"]
        of_cut = functools.partial(
            features_of, rate_hz=SAMPLE_RATE_HZ, settings=FEATURE_SETTINGS[settings["feature_extraction"]]
        )
        return np.stack([of_cut(cut) for cut in windows(signal, seconds, seconds)]).astype("float32")
    seconds = settings["window_seconds"]
    if model == CNN_1D:
        return np.stack(list(windows(signal, seconds, settings["hop_seconds"])))
    cuts = list(windows(signal, seconds, seconds))[: settings["windows_per_track"]]
    return np.stack([image_of(cut, image_settings(settings)) for cut in cuts])


def windows(signal: np.ndarray, seconds: float, hop_seconds: float):
    """Whole windows of a signal from its start, each float32 (n,)."""
    n, hop = int(seconds * SAMPLE_RATE_HZ), int(hop_seconds * SAMPLE_RATE_HZ)
    for start in range(0, signal.size - n + 1, hop):
        yield signal[start : start + n]
