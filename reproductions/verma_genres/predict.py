"""Say the genre of recordings, with each of the three modes that is trained.

    python -m reproductions predict verma_genres song.mp3 other.wav [--json]

It uses what ``run`` has trained: of each model the training that `shared.runs.networks` prefers (the paper's corpus
before another, published split before grouped, finished before partial, variant paper first); the answer says which. A
recording is cut as the model's training was, and gets the mean of the probabilities of its windows.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from reproductions.verma_genres.features import FEATURE_SETTINGS, WHOLE_TRACKS
from reproductions.verma_genres.model import ANN, CNN_1D, build
from reproductions.verma_genres.settings import Cuts, FirstWindows, Images, OverlappingWindows
from shared.audio.log_mel_images import image_of
from shared.audio.long_recordings import LongRecording, hear
from shared.audio.summary_features import features_of
from shared.paper.loading import load_paper
from shared.paper.settings import read_settings
from shared.runs.inference import answer_of, classify
from shared.runs.networks import load_network

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


def signal_of(file: str) -> LongRecording:
    """A file as one channel at 22,050 Hz, read through. Raises AudioError: no audio, silence, under 3 s."""
    return hear(file, SAMPLE_RATE_HZ, least_seconds=SHORTEST_SECONDS)


def answers_of(record: dict, folder: Path, signals: list[LongRecording]) -> list[dict]:
    """One model's answer for each recording: class, probabilities, and the number of windows they are the mean of."""
    settings, classes, network, answers = settings_of(record), record["classes"], None, []
    for signal in signals:
        given = []
        inputs = inputs_of(record["model"], record["corpus"], settings, signal)
        while windows := list(itertools.islice(inputs, WINDOWS_AT_ONCE)):
            batch = np.stack(windows)
            if network is None:
                network = build(record["model"], settings, batch.shape[1:], len(classes))
                load_network(network, folder)
            given.append(np.asarray(network.predict_on_batch(batch)))
        probabilities = np.concatenate(given)
        answers.append(answer_of(probabilities.mean(axis=0), classes) | {"windows": len(probabilities)})
    return answers


def settings_of(record: dict) -> dict:
    """A training's settings; what its record does not have, since it was no setting then, is as in paper.toml now."""
    return load_paper(PAPER).settings_for(record["variant"], record["model"]) | record["settings"]


def inputs_of(model: str, corpus: str, settings: dict, signal: LongRecording) -> Iterator[np.ndarray]:
    """What a model is fed for each window of a recording, cut as its training was."""
    if model == ANN:
        cuts = read_settings(Cuts, settings)
        seconds = min(TRACK_SECONDS, signal.seconds) if corpus in WHOLE_TRACKS else cuts.cut_seconds
        extraction = FEATURE_SETTINGS[cuts.feature_extraction]
        of_cut = functools.partial(features_of, rate_hz=SAMPLE_RATE_HZ, settings=extraction)
        return (of_cut(cut).astype("float32") for cut in signal.windows(int(seconds * SAMPLE_RATE_HZ)))
    windows = read_settings(OverlappingWindows if model == CNN_1D else FirstWindows, settings)
    n_samples = int(windows.window_seconds * SAMPLE_RATE_HZ)
    if model == CNN_1D:
        return signal.windows(n_samples, int(windows.hop_seconds * SAMPLE_RATE_HZ))
    image, cuts = (
        read_settings(Images, settings),
        itertools.islice(signal.windows(n_samples), windows.windows_per_track),
    )
    return (image_of(cut, image) for cut in cuts)
