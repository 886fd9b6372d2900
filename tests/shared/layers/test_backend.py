"""What a user's own Keras settings may not change."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[3]
OURS = {"backend": "tensorflow", "floatx": "float32", "epsilon": 1e-7, "image_data_format": "channels_last"}
THEIRS = {"floatx": "float16", "epsilon": 1e-3, "image_data_format": "channels_first"}
CASES = [
    (THEIRS | {"backend": "jax"}, "import reproductions.lam_ensemble.model"),
    ({"backend": "theano", "image_dim_ordering": "th"}, "import shared.layers.backend"),
    (THEIRS, "import keras, shared.layers.backend"),  # as in a notebook
]
# TensorFlow takes long to import, so it is imported once, and a process is forked for each case, which imports Keras.
PROGRAM = f"""
import json, os, sys, tensorflow
assert "keras" not in sys.modules
for home, first in json.load(sys.stdin):
    if (process := os.fork()) == 0:
        os.environ["HOME"] = home
        exec(first)
        import keras
        print(json.dumps({{name: getattr(keras.config, name)() for name in {[*OURS]}}}), flush=True)
        os._exit(0)
    assert os.waitpid(process, 0)[1] == 0
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What Keras says of itself in each case."""
    homes = [tmp_path_factory.mktemp("home") for _ in CASES]
    for home, (theirs, _) in zip(homes, CASES, strict=True):
        (home / ".keras").mkdir()
        (home / ".keras" / "keras.json").write_text(json.dumps(theirs))
    given = json.dumps([(str(home), first) for home, (_, first) in zip(homes, CASES, strict=True)])
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KERAS_")}
    options = {"cwd": PROJECT, "env": kept, "stdout": subprocess.PIPE, "text": True, "check": True}
    return subprocess.run([sys.executable, "-c", PROGRAM], input=given, **options).stdout.splitlines()


@pytest.mark.parametrize("case", range(len(CASES)))
def test_a_users_keras_json_changes_nothing(told, case):
    assert json.loads(told[case]) == OURS
