"""A training step of shan_tagging's DenseNet on log-mel, against plain Keras, and what its input costs beside it.

Batch 32, two seconds at 44.1 kHz, Adam, each precision that this processor is quick in. The reference has Keras's own
batch normalisation in place of the fused one. Input: 32 crops of clips of 10 s, from memory and decoded from wav and
flac files; their ratio is how many times the step is as long.
"""

import os
import tempfile
import time
from pathlib import Path
from unittest import mock

import keras
import numpy as np
import soundfile

from reproductions.shan_tagging.model import DENSENET_LOGMEL, build
from reproductions.shan_tagging.waveforms import Clips, InMemory, Streamed
from shared.layers import backend
from shared.paper.loading import load_paper
from shared.training.precision import resolve_precision, set_precision
from tests.bench.bench_recurrent import median_ms, row

BATCH, N_CLASSES, RATE_HZ, N_SAMPLES = 32, 41, 44100, 88200
SECONDS = 10  # of a clip
UNIT = f"ms a batch of {BATCH}"


def run() -> list[dict]:
    """Rows of the step, of the cores that it keeps busy, and of its input."""
    before = keras.config.dtype_policy()
    try:
        rows = []
        for precision in dict.fromkeys(["float32", resolve_precision("auto")]):
            ours, plain = step(precision), plain_step(precision)
            times = median_ms([ours, plain])
            rows.append(row(f"DenseNet, training step, {precision} / plain Keras layers", UNIT, *times))
            rows.append(
                row(f"DenseNet, cores busy in a step, {precision} / cores", "cores", busy(ours), os.cpu_count())
            )
        return rows + inputs(times[0])
    finally:
        keras.config.set_dtype_policy(before)


def step(precision: str):
    """A training step, to be called; it has been traced."""
    set_precision(precision)
    model = build(DENSENET_LOGMEL, load_paper("shan_tagging").settings_for(model=DENSENET_LOGMEL), N_CLASSES)
    model.compile(keras.optimizers.Adam(0.001), "categorical_crossentropy", jit_compile=backend.jit_compile())
    x = np.random.default_rng(0).standard_normal((BATCH, N_SAMPLES), "float32") / 10
    y = np.eye(N_CLASSES, dtype="float32")[np.arange(BATCH) % N_CLASSES]
    model.train_on_batch(x, y)
    return lambda: model.train_on_batch(x, y)


def plain_step(precision: str):
    """The same with Keras's own batch normalisation."""
    with mock.patch.object(backend, "fuses_normalization", return_value=False):
        return step(precision)


def busy(call) -> float:
    """Processor time of a call over its time."""
    start, start_cpu = time.perf_counter(), time.process_time()
    call()
    return (time.process_time() - start_cpu) / (time.perf_counter() - start)


def inputs(step_ms: float) -> list[dict]:
    """Rows of drawing and reading the crops of a batch; the reference is a training step."""
    rng = np.random.default_rng(0)
    signals = [(rng.standard_normal(SECONDS * RATE_HZ) / 10).astype("float32") for _ in range(BATCH)]
    versions, n_samples = np.arange(BATCH)[:, None], [SECONDS * RATE_HZ] * BATCH
    with tempfile.TemporaryDirectory() as folder:
        sources = {"memory": InMemory(signals)}
        for form in ("wav", "flac"):
            paths = [str(Path(folder) / f"{number}.{form}") for number in range(BATCH)]
            for path, signal in zip(paths, signals, strict=True):
                soundfile.write(path, signal, RATE_HZ, subtype="PCM_16")
            sources[f"{form} files"] = Streamed(paths, n_samples)
        clips = {name: Clips(source, versions, N_SAMPLES) for name, source in sources.items()}
        times = median_ms([lambda c=c: c.drawn(rng)[np.arange(BATCH)] for c in clips.values()])
    return [
        row(f"32 crops from {name} / a training step", UNIT, time_ms, step_ms)
        for name, time_ms in zip(clips, times, strict=True)
    ]
