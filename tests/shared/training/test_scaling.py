"""Standardisation: the training rows' statistics as scikit-learn has them, and nobody else's."""

import keras
import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from shared.training import scaling
from shared.training.scaling import fit_scaling, standardisation

N_BANDS, N_FRAMES, N_CHANNELS = 3, 5, 2


def network(axis) -> keras.Model:
    inputs = keras.Input((N_BANDS, N_FRAMES, N_CHANNELS))
    return keras.Model(inputs, standardisation(axis)(inputs))


@pytest.fixture
def inputs():
    """Loud and quiet rows, far from 0, as decibels are."""
    generator = np.random.default_rng(0)
    return (generator.normal(size=(20, N_BANDS, N_FRAMES, N_CHANNELS)) * 9 - 50).astype("float32")


@pytest.mark.parametrize(
    ("axis", "columns"),
    [
        ((1, 3), lambda x: x.transpose(0, 2, 1, 3).reshape(-1, N_BANDS * N_CHANNELS)),
        (-1, lambda x: x.reshape(-1, N_CHANNELS)),
        (None, lambda x: x.reshape(-1, 1)),
    ],
    ids=["band and channel", "channel", "all"],
)
def test_it_is_what_a_standard_scaler_fits_to_the_same_rows(inputs, axis, columns, monkeypatch):
    monkeypatch.setattr(scaling, "AT_ONCE", 4)
    train, model = np.array([3, 0, 7, 19, 5, 11, 2]), network(axis)
    inputs[1] = np.nan  # of no row that is asked for
    fit_scaling(model, inputs, train)
    scaler = StandardScaler().fit(columns(inputs[train]).astype("float64"))
    other = inputs[[4, 6]]
    found = columns(np.asarray(model.predict_on_batch(other)))
    np.testing.assert_allclose(found, scaler.transform(columns(other)), atol=1e-4)


def test_rows_that_are_not_trained_on_leave_it_alone(inputs):
    model, train = network((1, 3)), np.arange(10)
    fit_scaling(model, inputs, train)
    before = [np.array(weight) for weight in model.get_weights()]
    inputs[10:] *= 100
    fit_scaling(model, inputs, train)
    assert all(np.array_equal(one, other) for one, other in zip(before, model.get_weights(), strict=True))
    fit_scaling(model, inputs, np.arange(11))
    assert not np.array_equal(before[0], model.get_weights()[0])


def test_it_is_kept_with_the_weights(inputs, tmp_path):
    model, again = network(-1), network(-1)
    fit_scaling(model, inputs, np.arange(20))
    model.save_weights(tmp_path / "kept.weights.h5")
    again.load_weights(tmp_path / "kept.weights.h5")
    assert np.array_equal(model.predict_on_batch(inputs), again.predict_on_batch(inputs))
    assert not np.array_equal(model.predict_on_batch(inputs), network(-1).predict_on_batch(inputs))
    assert model.trainable_weights == []


def test_no_rows_are_refused(inputs):
    with pytest.raises(ValueError, match="the scaling needs training rows to be fitted to; received none"):
        fit_scaling(network(-1), inputs, np.arange(0))
