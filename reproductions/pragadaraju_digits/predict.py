"""Classify recordings of a spoken digit with the trained networks, each in its own way of hearing.

    python -m reproductions predict pragadaraju_digits seven.wav other.flac [--json]

It uses what ``run`` has trained: of each of the three models the training that `shared.runs.networks` prefers
(published split before grouped, finished before partial, variant paper first); the answer says which. A model that is
not trained is left out and named.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from reproductions.pragadaraju_digits.recognition import CLIP_RATE_HZ
from reproductions.pragadaraju_digits.settings import Image, Recogniser
from reproductions.pragadaraju_digits.words import kept_vocabulary
from shared.audio.long_recordings import hear
from shared.audio.mfcc_images import image_of
from shared.audio.signals import load_audio
from shared.paper.loading import load_paper
from shared.paper.settings import read_settings
from shared.runs.inference import answer_of, classify
from shared.runs.networks import load_network

PAPER = "pragadaraju_digits"
TEXT = "RNN + Textual Representation"
LONGEST_SECONDS = 5.0  # the longest clip of the corpus has 2.28 s


def main(files: list[str], as_json: bool = False) -> int:
    """Classify each file and print a line a model (or JSON); returns 1 when a file could not be classified, else 0."""
    paper = load_paper(PAPER)
    hint = f'The text model takes a minute: python -m reproductions run {PAPER} --model "{TEXT}"'
    return classify(paper, files, as_json, signal_of=signal_of, answers_of=answers_of, hint=hint)


def signal_of(file: str) -> np.ndarray:
    """A file as one channel at the corpus's 8 kHz, float32, shape (n,): the networks never heard what lies above 4 kHz.

    Raises
    ------
    AudioError
        No audio, silence, or longer than one spoken digit can be.
    """
    hear(file, CLIP_RATE_HZ, most_seconds=LONGEST_SECONDS)  # of a long one, no more is read
    signal = load_audio(file, CLIP_RATE_HZ)
    image = read_settings(Image, load_paper(PAPER).settings_for())
    image_of(signal, CLIP_RATE_HZ, image)  # refuses what is shorter than one analysis window
    return signal


def answers_of(record: dict, folder: Path, signals: list[np.ndarray]) -> list[dict]:
    """One model's answer for each signal: class and probabilities, and the words heard where it goes by words."""
    from reproductions.pragadaraju_digits.model import build

    settings, classes = settings_of(record), record["classes"]
    if record["model"] == TEXT:
        vocabulary = kept_vocabulary(folder)
        by = read_settings(Recogniser, settings)
        heard = words_heard(by.recogniser, signals, by.recogniser_least_probability)
        if isinstance(heard, Exception):
            return [{"class": None, "reason": str(heard)} for _ in signals]
        inputs = vocabulary.encode(heard)
        network = build(TEXT, settings, inputs.shape[1:], len(classes), vocabulary.n_numbers)
    else:
        heard, image = [None] * len(signals), read_settings(Image, settings)
        inputs = np.stack([image_of(signal, CLIP_RATE_HZ, image) for signal in signals])
        network = build(record["model"], settings, inputs.shape[1:], len(classes))
    load_network(network, folder)
    answers = []
    for row, text in zip(inputs, heard, strict=True):
        answers.append(answer_of(np.asarray(network.predict_on_batch(row[None]))[0], classes))
        if text is not None:
            answers[-1]["heard"] = text
    return answers


def settings_of(record: dict) -> dict:
    """The settings that a network was trained under: its record's, and paper.toml's where an older record lacks one."""
    paper = load_paper(PAPER)
    variant = record["variant"] if record["variant"] in paper.variants else "paper"
    return paper.settings_for(variant, record["model"]) | record["settings"]


def words_heard(recogniser: str, signals: list[np.ndarray], least_probability: float) -> list[str] | Exception:
    """What the recogniser makes of each signal, or why it cannot be asked: the other models still answer."""
    from reproductions.pragadaraju_digits import recognition

    try:
        ask = recognition.BACKENDS[recogniser]
        ask.version()
        return [ask.ask(signal).words(least_probability) for signal in signals]
    except recognition.RecognitionError as error:
        return error
