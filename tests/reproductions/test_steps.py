"""A training step in a graph, as a run takes it, is the step that plain Python takes: of a network of each paper.

Tests of whole runs take their steps without graphs (the fixture ``eagerly``); this one stands in for them.
"""

from dataclasses import replace
from importlib import import_module

import keras
import numpy as np
import pytest
import tensorflow as tf

from shared.paper.loading import list_papers, load_paper
from shared.paper.settings import read_settings
from shared.training.fitting import compile_model, epoch_generator, reseed
from shared.training.settings import TrainingSettings

N_CLASSES, N_CLIPS = 3, 4
SMALLER = {  # inputs and layers, so that a step takes a moment
    "lam_ensemble": {"input_shape": (96, 96, 3)},
    "pragadaraju_digits": {"input_shape": (24, 24), "units": [4, 3, 2]},
    "shan_tagging": {
        **{"crop_seconds": 0.125, "n_fft": 512, "hop_length": 256, "n_mels": 16, "n_mfcc": 8},
        **{"dense_blocks": 2, "units_per_block": 1, "growth_rate": 4, "stem_filters": 4},
    },
    "verma_genres": {"input_shape": (20000,)},
}
NETWORKS = {  # of each paper the one with the most layers of this project's own
    "lam_ensemble": "Model 3",
    "pascuo_multilabel": "CNN",
    "pragadaraju_digits": "RNN + Spectrogram",
    "shan_tagging": "2D Conv (DenseNet, MFCC)",
    "verma_genres": "1-D Convolutional NN",
    "_template": "Small CNN",
}


def network_of(paper: str, model: str) -> tuple[keras.Model, dict]:
    """A small network of a paper, and its settings."""
    loaded = load_paper(paper)
    changed = dict(SMALLER.get(paper, {}))
    shape = changed.pop("input_shape", loaded.models[model].input_shape)
    settings = loaded.settings_for(model=model)
    settings |= {name: value for name, value in changed.items() if name in settings}
    build = import_module(f"reproductions.{paper}.model").build
    arguments = {
        "pascuo_multilabel": (settings, shape, N_CLASSES),
        "shan_tagging": (model, settings, N_CLASSES),
    }
    return build(*arguments.get(paper, (model, settings, shape, N_CLASSES))), settings


@pytest.mark.parametrize(("paper", "model"), NETWORKS.items())
def test_a_step_in_a_graph_is_the_step_without_one(paper, model):
    keras.utils.set_random_seed(0)
    network, settings = network_of(paper, model)
    generator = np.random.default_rng(0)
    x = generator.integers(0, 256, (N_CLIPS, *network.input_shape[1:]), "uint8")
    y = np.eye(N_CLASSES, dtype="float32")[generator.integers(0, N_CLASSES, N_CLIPS)]
    # Adam would turn a gradient that is nothing but rounding into a whole step.
    training = replace(read_settings(TrainingSettings, settings), optimizer="sgd", learning_rate=0.1)
    first, after, logs = network.get_weights(), {}, {}
    for eagerly in (True, False):
        network.set_weights(first)
        compile_model(network, training)
        reseed(network, epoch_generator(0, 0))
        tf.config.run_functions_eagerly(eagerly)
        try:
            logs[eagerly] = network.train_on_batch(x, y, return_dict=True)
        finally:
            tf.config.run_functions_eagerly(False)
        after[eagerly] = network.get_weights()
    assert logs[True] == pytest.approx(logs[False], rel=1e-4)
    for plain, traced in zip(after[True], after[False], strict=True):
        assert np.allclose(plain, traced, rtol=1e-3, atol=1e-4)
    assert not all(np.array_equal(before, now) for before, now in zip(first, after[False], strict=True))


def test_each_paper_is_there():
    missing = {*list_papers(), "_template"} - set(NETWORKS)
    assert not missing, f"write a network of {missing} into NETWORKS in {__file__}"
