"""What several test files need: a results folder with units made on the spot."""

import gc
import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import settings

from shared.base.librosa_import import import_librosa
from shared.paper.loading import list_papers, load_paper
from shared.paper.schema import Paper
from shared.results.diff import Diff
from tests.committed import committed_diff

if "PYTEST_XDIST_WORKER" in os.environ:  # there is one a core
    os.environ |= {"LOKY_MAX_CPU_COUNT": "1", "TF_NUM_INTRAOP_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    import_librosa()  # the test files import it as users do, and all of these start together

settings.register_profile("tests", derandomize=True, deadline=None, max_examples=30)  # the same examples each time
settings.load_profile("tests")


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """What is imported lives as long as the process: the garbage collector need not walk through it again and again."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.set_threshold(20_000, 20, 100)
        gc.enable()


CLASSES = ("cailuong", "catru", "chauvan", "cheo", "hatxam")
CLIPS = {"validation": 375, "test": 250}
SURE, REST = 0.9, 0.025  # the probability of the class that is answered, and of each of the others


@pytest.fixture
def write_unit(tmp_path) -> Callable[..., Path]:
    """A function that writes one unit of lam_ensemble below ``tmp_path`` and returns the results folder.

    ``right`` gives the number of clips a split that are answered rightly, each with probability 0.9, so accuracy,
    precision and recall are all right / n.
    """

    def write(model: str, right: dict[str, int], **conditions) -> Path:
        record = {
            "paper": "lam_ensemble",
            "model": model,
            "variant": "paper",
            "protocol": "published",
            "fold": 0,
            "seed": 0,
            "precision": "float32",
            "corpus": "vntm",
            "fingerprint": "e348ce06802c7c4b",
            "epochs": 3,
            "epochs_planned": 50,
            "best_epoch": 2,
            "status": "complete",
            "commit": "abcdef0123",
            "device": "a processor",
            "backend": "tensorflow",
            "seconds": 12.0,
            "settings": {},
            "classes": list(CLASSES),
        }
        record |= conditions
        record["best_epoch"] = min(record["best_epoch"], record["epochs"])
        names = ("model", "variant", "protocol", "fold", "seed", "precision", "corpus", "fingerprint")
        key = "-".join(str(record[name]) for name in names)
        record["key"] = key.lower().replace(" ", "-")
        folder = tmp_path / "units" / record["key"]
        folder.mkdir(parents=True)
        (folder / "record.json").write_text(json.dumps(record), encoding="utf-8")
        (folder / "predictions.csv").write_text(predictions(right), encoding="utf-8")
        epochs = ["1.5,0.3,1.4,0.4,9.0\n", "0.9,0.6,1.0,0.7,9.0\n", "0.5,0.8,1.1,0.6,9.0\n"]
        rows = [f"{epoch},{epochs[min(epoch, 3) - 1]}" for epoch in range(1, record["epochs"] + 1)]
        text = "epoch,loss,accuracy,val_loss,val_accuracy,seconds\n" + "".join(rows)
        (folder / "history.csv").write_text(text, encoding="utf-8")
        return tmp_path

    return write


def predictions(right: dict[str, int]) -> str:
    """Text of a predictions.csv: class by turns, the first `right` clips of a split answered rightly."""
    lines = [",".join(["split", "clip", "true", *CLASSES])]
    for split, n in CLIPS.items():
        for clip in range(n if split in right else 0):
            true = clip % len(CLASSES)
            answer = true if clip < right[split] else (true + 1) % len(CLASSES)
            probabilities = [str(SURE if index == answer else REST) for index in range(len(CLASSES))]
            lines.append(",".join([split, f"{split}.{clip}", CLASSES[true], *probabilities]))
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def eagerly():
    """Training steps without graphs: of a small network's training, tracing them takes more than half of the time.

    For tests of what a run does around its steps. `tests.reproductions.check_network` holds each network's step in a
    graph against the same step without.
    """
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture(scope="session")
def committed() -> list[Diff]:
    """The diff of every paper from the results of this project."""
    return [committed_diff(name) for name in list_papers()]


@pytest.fixture(scope="session")
def lam() -> Paper:
    """lam_ensemble's Table IV alone, without clusters, margins or anything that may be added beside it."""
    paper = load_paper("lam_ensemble")
    table = replace(paper.table("IV"), margins={}, margin_reason="", variants=())
    return replace(paper, tables=(table,), corpus=replace(paper.corpus, clusters={}), comparisons=())
