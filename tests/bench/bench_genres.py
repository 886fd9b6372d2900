"""A training step of verma_genres' two convolutional networks, against Keras's layers and, where it is, PyTorch.

Batch 64, Adam, float32, two seconds of samples or an image of 128 x 87 pixels; the median of several turns, taken in
turns. The PyTorch networks are of the same layers, written here from the report's lists; it is no dependency of the
project: ``pip install torch`` in a copy of the environment gives the rows.
"""

import functools
from unittest import mock

import keras
import numpy as np

from reproductions.verma_genres.model import CONVOLUTIONS, STAGES, STRIDE, build_cnn_1d, build_cnn_2d
from shared.layers import backend
from tests.bench.bench_recurrent import median_ms, row

BATCH, N_CLASSES = 64, 10
UNIT = f"ms a batch of {BATCH}"


def run() -> list[dict]:
    """Rows of Mode 2 and of Mode 3."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32")
    try:
        return mode_2() + mode_3()
    finally:
        keras.config.set_dtype_policy(before)


def mode_2() -> list[dict]:
    """The 1-D CNN as it is trained, beside the plain layers it equals."""
    x = np.random.default_rng(0).standard_normal((BATCH, 44100), "float32")
    ours = step_of(build_cnn_1d(), x)
    with mock.patch.object(backend, "fuses_normalization", return_value=False):
        plain = step_of(build_cnn_1d(fast=False), x)
        plain()  # traced here
    theirs = torch_step(torch_cnn_1d, x[:, None])
    times = median_ms([call for call in (ours, plain, theirs) if call])
    rows = [row("1-D CNN, training step / plain Keras layers", UNIT, times[0], times[1])]
    return rows + [row("1-D CNN, training step / PyTorch", UNIT, times[0], time) for time in times[2:]]


def mode_3() -> list[dict]:
    """ResNet-18 as it is trained, beside Keras's own layers."""
    x = np.random.default_rng(0).integers(0, 256, (BATCH, 128, 87, 3)).astype("uint8")
    theirs = torch_step(torch_resnet_18, (x / 255).transpose(0, 3, 1, 2).astype("float32"))
    ours = step_of(build_cnn_2d(), x)
    with mock.patch.object(backend, "fuses_normalization", return_value=False):
        plain = step_of(build_cnn_2d(), x)
        plain()  # traced here
    times = median_ms([call for call in (ours, plain, theirs) if call])
    rows = [row("ResNet-18, training step / plain Keras layers", UNIT, times[0], times[1])]
    return rows + [row("ResNet-18, training step / PyTorch", UNIT, times[0], time) for time in times[2:]]


def step_of(model: keras.Model, x: np.ndarray):
    """A training step of a Keras model, to be called."""
    y = np.eye(N_CLASSES, dtype="float32")[np.arange(BATCH) % N_CLASSES]
    model.compile(keras.optimizers.Adam(0.001), "categorical_crossentropy", jit_compile=backend.jit_compile())
    return functools.partial(model.train_on_batch, x, y)


def torch_step(network, x: np.ndarray):
    """A training step of a PyTorch network, to be called; None where PyTorch is not installed."""
    try:
        import torch
    except ImportError:
        return None
    model = network(torch.nn)
    optimizer = torch.optim.Adam(model.parameters(), 0.001)
    x, y = torch.tensor(x), torch.arange(BATCH) % N_CLASSES

    def step():
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()

    return step


def torch_cnn_1d(nn):
    """The report's table of Mode 2."""
    layers, channels = [], 1
    for filters, kernel, pooling in CONVOLUTIONS:
        layers += [nn.Conv1d(channels, filters, kernel, STRIDE), nn.ReLU(), nn.BatchNorm1d(filters)]
        layers += [nn.MaxPool1d(pooling)] if pooling else []
        channels = filters
    head = [nn.Linear(1024, 128), nn.ReLU(), nn.Dropout(0.25), nn.Linear(128, 64), nn.ReLU(), nn.Dropout(0.25)]
    return nn.Sequential(*layers, nn.Flatten(), *head, nn.Linear(64, N_CLASSES))


def torch_resnet_18(nn):
    """The report's list of Mode 3."""

    class Block(nn.Module):
        def __init__(self, channels, filters, stride):
            super().__init__()
            convolutions = [
                nn.Conv2d(channels, filters, 3, stride, 1, bias=False),
                nn.BatchNorm2d(filters),
                nn.ReLU(),
                nn.Conv2d(filters, filters, 3, 1, 1, bias=False),
                nn.BatchNorm2d(filters),
            ]
            self.inner = nn.Sequential(*convolutions)
            projection = [nn.Conv2d(channels, filters, 1, stride, bias=False), nn.BatchNorm2d(filters)]
            self.around = nn.Sequential(*projection) if channels != filters else nn.Identity()

        def forward(self, x):
            return (self.inner(x) + self.around(x)).relu()

    layers = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    channels = 64
    for filters, stride in STAGES:
        layers += [Block(channels, filters, stride), Block(filters, filters, 1)]
        channels = filters
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, N_CLASSES))
