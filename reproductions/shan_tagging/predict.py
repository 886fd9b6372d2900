"""Say what recordings are of, with each of the four networks that is trained.

    python -m reproductions predict shan_tagging dog.wav other.mp3 [--json]

It uses what ``run`` has trained: of each model the training that `shared.runs.networks` prefers (the paper's corpus
before another, published split before grouped, finished before partial, variant paper first, fold 0 first); the answer
says which. A recording longer than two seconds is heard two seconds at a time, from places drawn at random but the same
each time, until the answer is certain enough or the limit is reached, as in the evaluation.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from reproductions.shan_tagging.evaluation import confident
from reproductions.shan_tagging.model import PAPER, build, settings_of
from reproductions.shan_tagging.settings import Crop, Evaluation
from reproductions.shan_tagging.waveforms import Clips, Heard
from shared.audio.long_recordings import LongRecording, hear
from shared.paper.loading import load_paper
from shared.paper.settings import read_settings
from shared.runs.inference import answer_of, classify
from shared.runs.networks import load_network


def main(files: list[str], as_json: bool = False) -> int:
    """Classify each file and print a line a model (or JSON); returns 1 when a file could not be classified, else 0."""
    paper = load_paper(PAPER)
    sample_rate_hz = read_settings(Crop, paper.settings_for()).sample_rate_hz
    hint = (
        f"Without a corpus of yours: python -m reproductions run {PAPER} --corpus synthetic --variant no-augmentation "
        "--epochs 2, which knows instruments and no other sounds"
    )
    return classify(
        paper,
        files,
        as_json,
        signal_of=lambda file: hear(file, sample_rate_hz),
        answers_of=answers_of,
        hint=hint,
    )


def answers_of(record: dict, folder: Path, signals: list[LongRecording]) -> list[dict]:
    """One model's answer for each recording: class, probabilities, and the number of crops that were heard."""
    settings, classes = settings_of(record), record["classes"]
    crop, redraw = read_settings(Crop, settings), read_settings(Evaluation, settings)
    network = build(record["model"], settings, len(classes))
    load_network(network, folder)
    answers = []
    for signal in signals:
        probabilities, draws = confident(
            network,
            Clips(Heard(signal), np.zeros((1, 1), int), crop.length),
            np.zeros(1, int),
            np.random.default_rng(record["seed"]),
            below=redraw.redraw_below,
            limit=redraw.redraw_limit,
            batch_size=1,
        )
        answers.append(answer_of(probabilities[0], classes) | {"crops": int(draws[0])})
    return answers
