"""What a user's own Keras settings may not change."""

import json
import os

import pytest

from tests.forking import forking

OURS = {"backend": "tensorflow", "floatx": "float32", "epsilon": 1e-7, "image_data_format": "channels_last"}
THEIRS = {"floatx": "float16", "epsilon": 1e-3, "image_data_format": "channels_first"}
PRINT = f"import json, keras; print(json.dumps({{name: getattr(keras.config, name)() for name in {[*OURS]}}}))"

# TensorFlow imports Keras, which reads the file once.
FORGET = "import sys\nfor name in [name for name in sys.modules if name.startswith('keras')]: del sys.modules[name]"


@pytest.fixture(scope="module")
def start():
    """A function that runs a program in a Python that has imported TensorFlow, which takes long."""
    with forking(["tensorflow"]) as start:
        yield start


@pytest.mark.parametrize(
    ("theirs", "first"),
    [
        (THEIRS | {"backend": "jax"}, "import reproductions.lam_ensemble.model"),
        ({"backend": "theano", "image_dim_ordering": "th"}, "import shared.layers.backend"),
        (THEIRS, "import keras, shared.layers.backend"),  # as in a notebook
    ],
)
def test_a_users_keras_json_changes_nothing(tmp_path, start, theirs, first):
    (tmp_path / ".keras").mkdir()
    (tmp_path / ".keras" / "keras.json").write_text(json.dumps(theirs))
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KERAS_")}
    told = tmp_path / "told.json"
    assert start(f"{FORGET}\n{first}; {PRINT}", environment=kept | {"HOME": str(tmp_path)}, out=told).wait() == 0
    assert json.loads(told.read_text()) == OURS


def test_without_this_project_it_does(tmp_path, start):
    """So the test above looks at what the file changes."""
    (tmp_path / ".keras").mkdir()
    (tmp_path / ".keras" / "keras.json").write_text(json.dumps(THEIRS))
    told = tmp_path / "told.json"
    assert start(f"{FORGET}\n{PRINT}", environment={"HOME": str(tmp_path)}, out=told).wait() == 0
    assert json.loads(told.read_text()) == OURS | THEIRS


@pytest.mark.parametrize(("chosen", "expected"), [({}, True), ({"TF_ENABLE_ONEDNN_OPTS": "0"}, False)])
def test_tensorflow_uses_onednn_on_every_processor_unless_told_otherwise(tmp_path, start, chosen, expected):
    kept = {name: value for name, value in os.environ.items() if name != "TF_ENABLE_ONEDNN_OPTS"}
    told = tmp_path / "told.json"
    program = "import shared\nfrom tensorflow.python.framework import test_util\nprint(test_util.IsMklEnabled() * 1)"
    assert start(program, environment=kept | chosen, out=told).wait() == 0
    assert json.loads(told.read_text()) == expected
