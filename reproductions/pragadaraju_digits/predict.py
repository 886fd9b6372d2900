"""Classify recordings of a spoken digit with the trained networks, each in its own way of hearing.

    python -m reproductions predict pragadaraju_digits seven.wav other.flac [--json]

It uses what ``run`` has trained: of each of the three models the training that `shared.trained` prefers (published
split before grouped, finished before partial, variant paper first); the answer says which. A model that is not trained
is left out and named.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

from reproductions.pragadaraju_digits.features import mfcc_settings
from reproductions.pragadaraju_digits.recognition import CLIP_RATE_HZ
from reproductions.pragadaraju_digits.words import kept_vocabulary
from shared.audio import SILENCE, AudioError, load_audio
from shared.mfcc_images import MfccSettings, image_of
from shared.paper import Paper, load_paper
from shared.trained import NotTrainedError, trained_units
from shared.units import NETWORK

PAPER = "pragadaraju_digits"
TEXT = "RNN + Textual Representation"
LONGEST_SECONDS = 5.0  # the longest clip of the corpus has 2.28 s


def main(files: list[str], as_json: bool = False) -> int:
    """Classify each file and print a line a model (or JSON); returns 1 when a file could not be classified, else 0."""
    paper = load_paper(PAPER)
    trained, mfcc = find_trained(paper), mfcc_settings(paper.settings_for())
    answers = []
    for file in files:
        try:
            answers.append({"file": file, "signal": signal_of(file, mfcc)})
        except (AudioError, OSError) as error:
            answers.append({"file": file, "error": str(error) if file in str(error) else f"{file}: {error}"})
    heard = [answer for answer in answers if "signal" in answer]
    signals = [answer.pop("signal") for answer in heard]
    for answer in heard:
        answer["models"] = {}
    for name, (record, folder) in trained.items():
        if heard:
            for answer, given in zip(heard, answers_of(record, folder, signals), strict=True):
                answer["models"][name] = given
    missing = [name for name in paper.models if name not in trained]
    if as_json:
        conditions = {name: conditions_of(record) for name, (record, _) in trained.items()}
        print(json.dumps({"paper": PAPER, "trained": conditions, "not trained": missing, "files": answers}, indent=1))
    else:
        for name, (record, _) in trained.items():
            print(f"{name}: {conditions_of(record)}")
        for name in missing:
            print(f'{name}: not trained; python -m reproductions run {PAPER} --model "{name}"')
        for answer in answers:
            if "error" in answer:
                print(f"error: {answer['error']}", file=sys.stderr)
            else:
                print(table(answer))
    return 1 if len(heard) < len(files) else 0


def find_trained(paper: Paper) -> dict[str, tuple[dict, Path]]:
    """Record and folder of the training to use, model by model, in the paper's order.

    Raises
    ------
    NotTrainedError
        None of the models is trained; says how to train the quickest.
    """
    preferred: dict[str, tuple[dict, Path]] = {}
    for record, folder in trained_units(paper):
        preferred.setdefault(record["model"], (record, folder))
    if not preferred:
        raise NotTrainedError(
            "none of the models is trained yet. The text model takes a minute: "
            f'python -m reproductions run {PAPER} --model "{TEXT}"'
        )
    return {name: preferred[name] for name in paper.models if name in preferred}


def conditions_of(record: dict) -> str:
    """What a training was, in words."""
    partial = "" if record["status"] == "complete" else f" of {record['epochs_planned']}"
    return (
        f"variant {record['variant']}, protocol {record['protocol']}, seed {record['seed']}, {record['precision']}, "
        f"{record['epochs']}{partial} epochs"
    )


def signal_of(file: str, mfcc: MfccSettings) -> np.ndarray:
    """A file as one channel at the corpus's 8 kHz, float32, shape (n,): the networks never heard what lies above 4 kHz.

    Raises
    ------
    AudioError
        No audio, silence, or longer than one spoken digit can be.
    """
    signal = load_audio(file, CLIP_RATE_HZ)
    if np.abs(signal).max() < SILENCE:
        raise AudioError(f"{file}: is silent. Give a recording with sound")
    if signal.size > LONGEST_SECONDS * CLIP_RATE_HZ:
        seconds = signal.size / CLIP_RATE_HZ
        raise AudioError(
            f"{file}: lasts {seconds:.1f} s, and the networks hear one digit of at most {LONGEST_SECONDS:g} s. Cut it "
            "into one digit a file"
        )
    image_of(signal, CLIP_RATE_HZ, mfcc)  # refuses what is shorter than one analysis window
    return signal


def answers_of(record: dict, folder: Path, signals: list[np.ndarray]) -> list[dict]:
    """One model's answer for each signal: class and probabilities, and the words heard where it goes by words."""
    from reproductions.pragadaraju_digits.model import build

    settings, classes = record["settings"], record["classes"]
    if record["model"] == TEXT:
        vocabulary, heard = kept_vocabulary(folder), words_heard(settings["recogniser"], signals)
        if isinstance(heard, Exception):
            return [{"class": None, "reason": str(heard)} for _ in signals]
        inputs = vocabulary.encode(heard)
        network = build(TEXT, settings, inputs.shape[1:], len(classes), vocabulary.n_numbers)
    else:
        heard = [None] * len(signals)
        inputs = np.stack([image_of(signal, CLIP_RATE_HZ, mfcc_settings(settings)) for signal in signals])
        network = build(record["model"], settings, inputs.shape[1:], len(classes))
    network.load_weights(folder / NETWORK)
    answers = []
    for row, text in zip(inputs, heard, strict=True):
        probabilities = np.asarray(network.predict_on_batch(row[None]))[0]
        named = dict(zip(classes, probabilities.round(4).tolist(), strict=True))
        answers.append({"class": classes[probabilities.argmax()], "probabilities": named})
        if text is not None:
            answers[-1]["heard"] = text
    return answers


def words_heard(recogniser: str, signals: list[np.ndarray]) -> list[str] | Exception:
    """What the recogniser makes of each signal, or why it cannot be asked: the other models still answer."""
    from reproductions.pragadaraju_digits import recognition

    try:
        ask = recognition.BACKENDS[recogniser]
        ask.version()
        return [ask.ask(signal) or recognition.NOT_RECOGNIZABLE for signal in signals]
    except recognition.RecognitionError as error:
        return error


def table(answer: dict) -> str:
    """A file's answers as text, a line a model."""
    width = max(map(len, answer["models"])) + 2
    lines = ["", answer["file"]]
    for name, given in answer["models"].items():
        if given["class"] is None:
            lines.append(f"  {name:<{width}}no answer: {given['reason']}")
            continue
        heard = f"   heard: {given['heard']}" if "heard" in given else ""
        lines.append(f"  {name:<{width}}{given['class']}   {given['probabilities'][given['class']]:.2f}{heard}")
    return "\n".join(lines)
