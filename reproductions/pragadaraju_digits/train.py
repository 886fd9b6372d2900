"""Train the three models of Pragadaraju and Shah's report and regenerate its table.

    python -m reproductions run pragadaraju_digits                           # everything, many hours without a GPU
    python -m reproductions run pragadaraju_digits --model "RNN + Textual Representation" --seeds 0-2

The table of Section 6, test accuracy, published: CNN 88.40 %, RNN 69.0 %, LSTM on text 14.62 %. Ours, machine and time
are in README.md, drawn from results/. The corpus is part of the project, so nothing has to be downloaded.
"""

from __future__ import annotations

import functools
import sys
import time
from dataclasses import asdict, astuple, dataclass
from pathlib import Path

if __name__ == "__main__":  # run as a script: the same as the commands above, with the same options
    import runpy

    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    sys.argv[1:1] = ["run", "pragadaraju_digits"]
    runpy.run_module("reproductions", run_name="__main__")

import keras
import numpy as np
import pandas as pd

import data_prep
from data_prep import Corpus
from reproductions.pragadaraju_digits.features import content_hash, images_of_clips, transcripts_of_clips
from reproductions.pragadaraju_digits.model import CNN, SCALING, TEXT, build
from reproductions.pragadaraju_digits.settings import Image, Probe, Recogniser, Scaling, Training, Words
from reproductions.pragadaraju_digits.words import Vocabulary, keep_vocabulary
from shared.metrics import probes as probe
from shared.paper.schema import Paper
from shared.paper.settings import read_settings
from shared.runs import units
from shared.runs.networks import write_network, write_unit
from shared.runs.plan import Request, Task
from shared.runs.predictions import write_predictions
from shared.runs.units import Unit
from shared.training import fitting
from shared.training.precision import resolve_precision

PROBE = "linear probe"


@dataclass(frozen=True, eq=False)
class Data:
    """A corpus's module, its index (clip, path, label, split, group, sha256), and what the networks see of each clip.

    `seen` is an image a clip, (clips, 256, 256) uint8, or a transcript a clip, an array of str.
    """

    module: Corpus
    index: pd.DataFrame
    seen: np.ndarray
    fingerprint: str


def plan(paper: Paper, request: Request) -> list[Task]:
    """A training for each model, variant, fold and seed; where images are seen, the probe on every fold as well.

    ``auto`` precision is float32 for the recurrent networks, whose time does not go into arithmetic.
    """
    corpus, folds = request.corpus or paper.corpus.name, request.folds or (0,)
    if corpus != paper.corpus.name:
        raise ValueError(f"corpus {corpus} has no spoken digits; {paper.corpus.name} is part of the project")
    fingerprint, module = data_prep.planned(corpus, request.protocol, folds), data_prep.corpus(corpus)
    transcripts = functools.cache(functools.partial(transcripts_of_clips, module.index()))
    place, probed, tasks = (corpus, fingerprint), False, []
    for model, variant, fold, seed in request.combinations(paper, folds):
        precision, settings = precision_of(model, request.precision), paper.settings_for(variant, model)
        unit = Unit(paper.id, model, variant, request.protocol, fold, seed, precision, *place)
        if model == TEXT:  # other transcripts are other data
            heard = transcripts(*astuple(read_settings(Recogniser, settings)))
            settings |= {"transcripts_sha256": content_hash(heard)}
        probed |= model != TEXT
        tasks.append(Task(unit, settings, data_of(model, corpus, settings), __name__, epochs=request.epochs))
    settings = paper.settings_for(model=CNN)  # it sees the CNN's image
    for fold in range(module.N_FOLDS[request.protocol]) if probed else ():
        unit = Unit(paper.id, PROBE, "probe", request.protocol, fold, 0, "float32", *place)
        data = data_of(CNN, corpus, settings)
        tasks.append(Task(unit, settings, data, __name__, work="run_probe", asked=False))
    return tasks


def data_of(model: str, corpus: str, settings: dict) -> dict:
    """What `open_data` is to open for a model."""
    if model == TEXT:
        return {"corpus": corpus, "transcripts": asdict(read_settings(Recogniser, settings))}
    return {"corpus": corpus, "image": asdict(read_settings(Image, settings))}


def open_data(corpus: str, image: dict | None = None, transcripts: dict | None = None) -> Data:
    """The clips and their images or transcripts, each computed once; the samples come from the embedded FLAC file."""
    module = data_prep.corpus(corpus)
    index = module.index()
    if image is not None:
        seen = images_of_clips(module, index, Image(**image))
    else:
        seen = transcripts_of_clips(index, *transcripts.values())
    return Data(module, index, seen, data_prep.fingerprint(index))


def precision_of(model: str, precision: str) -> str:
    """``auto`` for the CNN is bfloat16 where the hardware has it; the recurrent networks gain nothing from it."""
    return resolve_precision("float32" if precision == "auto" and model != CNN else precision)


def train(task: Task, data: Data) -> None:
    """One unit of work: split, model, fit, evaluate, write."""
    unit, settings, classes = task.unit, read_settings(Training, task.settings), data.module.CLASSES
    split = data.module.with_protocol(data.index, unit.protocol, unit.fold)
    labels = np.eye(len(classes), dtype="float32")[[classes.index(label) for label in split["label"]]]
    rows = {name: np.flatnonzero(split["split"] == name) for name in ("train", "test")}

    # Model: fitted to the training clips (mean and deviation of the images, vocabulary of the words), then trained.
    keras.utils.set_random_seed(unit.seed)
    inputs = text_inputs if unit.model == TEXT else image_inputs
    x, model = inputs(unit, task.settings, data.seen, rows["train"], len(classes))
    fitting.compile_model(model, settings)

    # Fit: the report draws the test accuracy epoch by epoch, so it is watched; in variant paper the last epoch counts.
    history = fitting.fit(
        model,
        fitting.Subset(x, labels, rows["train"]),
        fitting.Subset(x, labels, rows["test"]),
        folder=unit.folder,
        epochs=task.at_most(settings.epochs),
        batch_size=settings.batch_size,
        validation_batch_size=settings.batch_size,
        validation_name="test",
        seed=unit.seed,
        shuffle=settings.shuffle,
        monitor={"last": None, "best on test": "test_accuracy"}[settings.evaluated_epoch],
        name=unit.key,
    )
    write_network(unit, model)

    # Evaluate: all tables are computed from these predictions, those of training accuracy as well.
    evaluated = np.concatenate([rows["train"], rows["test"]])
    probabilities = fitting.predict(model, x, evaluated, settings.batch_size)

    # Write.
    write_unit(unit, history, task.settings, classes, split.iloc[evaluated], probabilities)


def image_inputs(
    unit: Unit, settings: dict, images: np.ndarray, train_rows: np.ndarray, n_classes: int
) -> tuple[np.ndarray, keras.Model]:
    """The images, and the network with the training images' mean and deviation in it."""
    model = build(unit.model, settings, images.shape[1:], n_classes)
    if read_settings(Scaling, settings).kind != "unit":
        model.get_layer(SCALING).adapt(images[train_rows].astype("float32"))
    return images, model


def text_inputs(
    unit: Unit, settings: dict, transcripts: np.ndarray, train_rows: np.ndarray, n_classes: int
) -> tuple[np.ndarray, keras.Model]:
    """The transcripts in the training clips' vocabulary, which is kept beside the weights, and the network for it."""
    vocabulary = Vocabulary.fit(transcripts[train_rows], read_settings(Words, settings).text_words)
    keep_vocabulary(vocabulary, unit.folder)
    numbers = vocabulary.encode(transcripts)
    return numbers, build(unit.model, settings, numbers.shape[1:], n_classes, vocabulary.n_numbers)


def run_probe(task: Task, data: Data) -> None:
    """Logistic regression on every eighth pixel of the image, 32 x 32 standardised values.

    What does the image give away to a linear model?
    """
    start = time.perf_counter()
    unit, settings, classes = task.unit, task.settings, data.module.CLASSES
    split = data.module.with_protocol(data.index, unit.protocol, unit.fold)
    is_train = (split["split"] == "train").to_numpy()
    labels = np.array([classes.index(label) for label in split["label"]])
    step = read_settings(Probe, settings).probe_pixels
    pixels = data.seen[:, step // 2 :: step, step // 2 :: step].reshape(len(split), -1)
    probabilities = probe.linear(pixels[is_train], labels[is_train], pixels)
    write_predictions(unit.folder, classes, split, probabilities)
    seconds = time.perf_counter() - start
    units.write_record(
        unit, status="complete", epochs=0, epochs_planned=0, seconds=seconds, settings=settings, classes=classes
    )
