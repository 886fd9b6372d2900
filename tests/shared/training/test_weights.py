"""Weights come back as they were, or an error names the file: HDF5 itself has no checksum and trusts what it reads."""

import random

import keras
import numpy as np
import pytest

from shared.base.own_files import FileError
from shared.training.weights import N_SEAL, load_weights, save_half, save_weights


def network(n_outputs=3):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(n_outputs)])
    model.compile("adam", "mse", jit_compile=False)
    model.optimizer.build(model.trainable_variables)
    return model


def values(model):
    return [np.array(variable) for variable in (*model.weights, *model.optimizer.variables)]


@pytest.fixture
def kept(tmp_path):
    model = network()
    model.train_on_batch(np.ones((2, 4)), np.zeros((2, 3)))
    return model, save_weights(model, tmp_path / "last-001.weights.h5")


def test_weights_and_the_optimisers_state_come_back(kept, tmp_path):
    model, path = kept
    again = network()
    load_weights(again, path)
    for first, second in zip(values(model), values(again), strict=True):
        assert np.array_equal(first, second)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_files_without_a_checksum_are_still_read_if_they_are_whole(kept, tmp_path):
    model, again, path = kept[0], network(), tmp_path / "before.weights.h5"
    model.save_weights(path)
    load_weights(again, path)
    assert np.array_equal(values(model)[0], values(again)[0])
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(FileError, match=r"before\.weights\.h5: expected the checksum"):
        load_weights(again, path)


def test_every_damaged_byte_is_found_before_hdf5_reads_it(kept):
    _, path = kept
    whole, draw = path.read_bytes(), random.Random(0)
    for offset in [0, 9, 40, *(draw.randrange(len(whole)) for _ in range(60)), -N_SEAL, -1]:
        damaged = bytearray(whole)
        damaged[offset] ^= 1 << draw.randrange(8)
        path.write_bytes(damaged)
        with pytest.raises(FileError, match=r"last-001\.weights\.h5: expected the checksum .* run with --restart"):
            load_weights(network(), path)
    for damaged in (b"", whole[:100], whole[:-4096] + bytes(4096), whole + b"x"):
        path.write_bytes(damaged)
        with pytest.raises(FileError, match="expected the checksum"):
            load_weights(network(), path)
    path.unlink()
    with pytest.raises(FileError, match="cannot be read .no such file or directory.; run with --restart"):
        load_weights(network(), path)


def test_another_networks_weights_are_refused(kept):
    _, path = kept
    with pytest.raises(FileError, match=r"expected the weights of this network: .*; train it again"):
        load_weights(network(5), path, "train it again")


def test_half_precision_gives_the_same_answers_to_a_thousandth_in_less_than_half_the_bytes(tmp_path):
    def big(seed):
        keras.utils.set_random_seed(seed)
        inputs = keras.Input((50,))
        return keras.Model(inputs, keras.layers.Dense(4000)(keras.layers.Normalization()(inputs)))

    made, again = big(0), big(1)
    sizes = np.geomspace(1e-4, 1e6, 50)  # means and variances that half precision cannot hold
    made.layers[1].adapt(np.random.default_rng(0).standard_normal((100, 50)) * sizes)
    whole = save_weights(made, tmp_path / "whole.weights.h5")
    half = save_half(whole, tmp_path / "half.weights.h5")
    assert half.stat().st_size < 0.55 * whole.stat().st_size
    load_weights(again, half)
    x = np.random.default_rng(1).standard_normal((20, 50)) * sizes
    expected = made.predict_on_batch(x)
    assert np.abs(again.predict_on_batch(x) - expected).max() < 1e-3 * np.abs(expected).max()
    assert half.read_bytes() == save_half(whole, tmp_path / "twice.weights.h5").read_bytes(), "the same bytes each time"


def test_half_precision_is_not_made_of_a_damaged_file_and_has_a_checksum_itself(kept, tmp_path):
    _, path = kept
    half = save_half(path, tmp_path / "half.weights.h5")
    for file in (half, path):
        damaged = bytearray(file.read_bytes())
        damaged[len(damaged) // 2] ^= 1
        file.write_bytes(damaged)
    with pytest.raises(FileError, match=r"half\.weights\.h5: expected the checksum"):
        load_weights(network(), half)
    with pytest.raises(FileError, match=r"last-001\.weights\.h5: expected the checksum"):
        save_half(path, half)
