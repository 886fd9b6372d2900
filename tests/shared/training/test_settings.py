"""The settings of a training: an optimiser that Keras has, and options that it takes."""

import keras
import pytest

from shared.paper.settings import SettingsError, names_of, read_settings
from shared.training.settings import TrainingSettings, keras_optimizers, options_of

PLAIN = {
    "epochs": 1,
    "batch_size": 2,
    "shuffle": True,
    "optimizer": "sgd",
    "learning_rate": 0.01,
    "loss": "categorical_crossentropy",
}


def test_options_are_read_by_their_names_in_keras_and_are_none_where_not_stated():
    assert read_settings(TrainingSettings, PLAIN).optimizer_options == {}
    stated = {"optimizer_momentum": 0.9, "optimizer_nesterov": True, "dropout": 0.5}
    assert read_settings(TrainingSettings, PLAIN | stated).optimizer_options == {"momentum": 0.9, "nesterov": True}
    assert names_of(TrainingSettings) > {*PLAIN, "optimizer_momentum", "optimizer_nesterov"}


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"optimizer": "sdg"}, "optimizer is 'sdg': Keras has no such optimiser; the closest are: sgd"),
        ({"optimizer": 1}, "optimizer is 1: expected a text"),
        ({"optimizer_momentum": "much"}, "optimizer_momentum is 'much': expected a number"),
        ({"optimizer_beta_1": 0.9}, "optimizer_beta_1 is no option of Keras's SGD, which takes optimizer_momentum, "),
        ({"optimizer_momentun": 0.9}, "optimizer_momentun is no option of Keras's SGD, which takes optimizer_momentum"),
        ({"optimizer": "Adam", "optimizer_nesterov": True}, "optimizer_nesterov is no option of Keras's Adam, which t"),
    ],
)
def test_what_keras_does_not_take_is_refused(changed, words):
    with pytest.raises(SettingsError) as error:
        read_settings(TrainingSettings, PLAIN | changed)
    assert f"TrainingSettings: {words}" in str(error.value)


@pytest.mark.parametrize("name", ["sgd", "Adam", "RMSprop", "adagrad"])
def test_every_option_is_one_that_the_optimiser_can_be_made_with(name):
    made = keras.optimizers.get({"class_name": name, "config": {}}).get_config()
    assert set(options_of(name)) <= made.keys()
    assert "weight_decay" in options_of(name)
    assert isinstance(keras.optimizers.get(name), keras_optimizers()[name.lower()])
