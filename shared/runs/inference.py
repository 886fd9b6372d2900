"""What trained networks say of a user's files."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from shared.audio.errors import shown
from shared.audio.signals import AudioError
from shared.base.own_files import FileError
from shared.paper.schema import Paper
from shared.runs.networks import is_shipped, preferred


def classify(
    paper: Paper,
    files: Sequence[str],
    as_json: bool,
    *,
    signal_of: Callable[[str], np.ndarray],
    answers_of: Callable[[dict, Path, list[np.ndarray]], list[dict]],
    hint: str,
) -> int:
    """Let each trained model of a paper classify each file, and print a line a model, or JSON.

    Parameters
    ----------
    signal_of : function
        Reads a file; raises AudioError where nothing can be said of it.
    answers_of : function
        Answers of one training, from its record, its folder and all signals: each with ``class`` (None, and a
        ``reason``), ``probabilities`` by class, and whatever else is worth printing.
    hint : str
        How to train a model, where none is.

    Returns
    -------
    int
        1 when a file could not be classified or a network cannot be read, which the others do not wait for; else 0.
    """
    trained = preferred(paper, hint)
    answers, signals = [], []
    for file in files:
        try:
            signals.append(signal_of(file))
            answers.append({"file": file, "models": {}})
        except AudioError as error:
            named = error.file is not None or str(error).startswith(file)
            answers.append({"file": file, "error": str(error) if named else f"{shown(file)}: {error}"})
    heard, damaged = [answer for answer in answers if "models" in answer], {}
    for name, (record, folder) in trained.items():
        try:
            given = answers_of(record, folder, signals) if heard else []
        except FileError as error:  # the other networks answer
            damaged[name] = str(error)
            continue
        for answer, one in zip(heard, given, strict=True):
            answer["models"][name] = one
    failed = int(len(heard) < len(files) or bool(damaged))
    missing = [name for name, model in paper.models.items() if model.learns and name not in trained]
    conditions = {name: conditions_of(paper, *unit) for name, unit in trained.items()}
    for name, words in damaged.items():
        print(f"error: {name}: {words}", file=sys.stderr)
    if as_json:
        print(
            json.dumps({"paper": paper.id, "trained": conditions, "not trained": missing, "files": answers}, indent=1)
        )
        return failed
    print("\n".join(f"{name}: {text}" for name, text in conditions.items()))
    for name in missing:
        print(f'{name}: not trained; python -m reproductions run {paper.id} --model "{name}"')
    for answer in answers:
        if "error" in answer:
            print(f"error: {answer['error']}", file=sys.stderr)
        elif answer["models"]:
            print(_table(answer))
    return failed


def answer_of(probabilities: np.ndarray, classes: Sequence[str]) -> dict:
    """An answer: the most probable class, and the probabilities by class, four decimals."""
    by_class = dict(zip(classes, np.asarray(probabilities, float).round(4).tolist(), strict=True))
    return {"class": classes[int(np.argmax(probabilities))], "probabilities": by_class}


def conditions_of(paper: Paper, record: dict, folder: Path) -> str:
    """What a training was, in words."""
    partial = "" if record["status"] == "complete" else f" of {record['epochs_planned']}"
    corpus = "" if paper.is_own(record["model"], record["corpus"]) else f"corpus {record['corpus']}, "
    fold = f"fold {record['fold']}, " if paper.corpus.folds > 1 or record["protocol"] == "grouped" else ""
    shipped = "; comes with the project, in half precision" if is_shipped(folder) else ""
    return (
        f"{corpus}variant {record['variant']}, protocol {record['protocol']}, {fold}seed {record['seed']}, "
        f"{record['precision']}, {record['epochs']}{partial} epochs{shipped}"
    )


def _table(answer: dict) -> str:
    """A file's answers as text, a line a model."""
    width = max(map(len, answer["models"])) + 2
    lines = ["", answer["file"]]
    for name, given in answer["models"].items():
        if given["class"] is None:
            lines.append(f"  {name:<{width}}no answer: {given['reason']}")
            continue
        others = "".join(f"   {k}: {v}" for k, v in given.items() if k not in ("class", "probabilities"))
        lines.append(f"  {name:<{width}}{given['class']}   {given['probabilities'][given['class']]:.2f}{others}")
    return "\n".join(lines)
