"""A training epoch of lam_ensemble's Model 3 against the authors' way, and the share of the matrix peak of each step.

The authors' way is Keras's legacy ``flow_from_directory`` generator, with augmentation, into ``fit`` in float32. Both
sides run without XLA, with which a step on a CPU takes several times longer.
"""

import dataclasses
import tempfile
import time
from pathlib import Path

import keras
import numpy as np

from data_prep.corpora import synthetic
from reproductions.lam_ensemble.model import build
from reproductions.lam_ensemble.train import with_augmentation
from shared.audio.image_files import load_images
from shared.layers import backend
from shared.paper.loading import load_paper
from shared.training import fitting
from shared.training.precision import resolve_precision, set_precision

BATCH, STEPS = 32, 4
COPIES = 31  # of the corpus's 60 training images: 1,860 an epoch, as many as the paper's corpus has
WARM_UP = 2  # steps
PEAK_SIZE = 4096


def run() -> list[dict]:
    """Rows of the epoch, then of the peak."""
    before = keras.config.dtype_policy()
    try:
        return epochs() + steps()
    finally:
        keras.config.set_dtype_policy(before)


def epochs() -> list[dict]:
    """Milliseconds an image over a whole epoch on images of the synthetic corpus, after two steps."""
    index = synthetic.index()
    index = index[index["split"] == "train"]
    images = load_images(list(index["path"]))
    labels = np.eye(5, dtype="float32")[[synthetic.CLASSES.index(label) for label in index["label"]]]
    data = fitting.Subset(images, labels, np.tile(np.arange(len(labels)), COPIES))
    with tempfile.TemporaryDirectory() as folder:
        for path, label in zip(map(Path, index["path"]), index["label"], strict=True):
            (Path(folder) / label).mkdir(exist_ok=True)
            for copy in range(COPIES):
                (Path(folder) / label / f"{copy}-{path.name}").symlink_to(path.resolve())
        ways = {None: _authors_way(folder)} | {precision: _our_way(precision, data) for precision in _precisions()}
        best = {key: 1000 * _seconds(epoch) / len(data.rows) for key, epoch in ways.items()}
    return [
        {
            "what": f"Model 3, epoch with augmentation, {precision} / flow_from_directory, float32",
            "ours": best[precision],
            "reference": best[None],
            "ratio": best[None] / best[precision],
            "unit": "ms an image",
        }
        for precision in ways
        if precision
    ]


def _precisions() -> list[str]:
    return list(dict.fromkeys(["float32", resolve_precision("auto")]))


def _authors_way(folder: str):
    from keras.src.legacy.preprocessing.image import ImageDataGenerator

    keras.config.set_dtype_policy("float32")
    generator = ImageDataGenerator(
        rescale=1 / 255, width_shift_range=0.05, height_shift_range=0.05, zoom_range=0.025
    ).flow_from_directory(folder, target_size=(128, 1292), batch_size=BATCH)
    model = build("Model 3", load_paper("lam_ensemble").settings_for())
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"], jit_compile=False)
    model.fit(generator, steps_per_epoch=WARM_UP, verbose=0)
    return lambda: model.fit(generator, epochs=1, verbose=0)


def _our_way(precision: str, data: fitting.Subset):
    set_precision(precision)
    settings = load_paper("lam_ensemble").settings_for()
    model = with_augmentation(build("Model 3", settings), settings)
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"], jit_compile=backend.jit_compile())
    first = dataclasses.replace(data, rows=data.rows[: WARM_UP * BATCH])
    fitting.run_epoch(model.train_on_batch, first, BATCH)
    return lambda: fitting.run_epoch(model.train_on_batch, data, BATCH)


def steps() -> list[dict]:
    """GFLOP/s of a training step without augmentation, of each model and precision, against a large matrix product."""
    settings = load_paper("lam_ensemble").settings_for()
    x = np.random.default_rng(0).random((BATCH, 128, 1292, 3), "float32")
    y = np.eye(5, dtype="float32")[np.arange(BATCH) % 5]
    rows = []
    for precision in _precisions():
        set_precision(precision)
        at_best = peak(precision)
        for name in ("Model 1", "Model 2", "Model 3"):
            model = build(name, settings)
            model.compile("adam", "categorical_crossentropy", jit_compile=backend.jit_compile())
            tensors = keras.ops.convert_to_tensor(x), keras.ops.convert_to_tensor(y)
            model.train_on_batch(*tensors)
            seconds = min(_seconds(lambda model=model, t=tensors: model.train_on_batch(*t)) for _ in range(STEPS))
            rate = BATCH * training_flops(model) / seconds / 1e9
            what = f"{name}, training step, {precision} / matrix peak"
            rows.append({"what": what, "ours": rate, "reference": at_best, "ratio": rate / at_best, "unit": "GFLOP/s"})
    return rows


def training_flops(model: keras.Model) -> int:
    """Operations of forward and backward pass, an image: two a multiply-add; no input gradient of the first layer."""
    multiply_adds = []
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2D):
            _, height, width, _ = layer.output.shape
            multiply_adds.append(height * width * int(np.prod(layer.kernel.shape)))
        elif isinstance(layer, keras.layers.Dense):
            multiply_adds.append(int(np.prod(layer.kernel.shape)))
    return 2 * (3 * sum(multiply_adds) - multiply_adds[0])


def peak(precision: str) -> float:
    """GFLOP/s of a large matrix product."""
    matrix = keras.random.normal((PEAK_SIZE, PEAK_SIZE), dtype=precision)

    def product():
        float(keras.ops.cast(keras.ops.matmul(matrix, matrix)[0, 0], "float32"))

    product()
    return 2 * PEAK_SIZE**3 / min(_seconds(product) for _ in range(STEPS)) / 1e9


def _seconds(call) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start
