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
PRINT = f"import json, keras; print(json.dumps({{name: getattr(keras.config, name)() for name in {[*OURS]}}}))"


@pytest.mark.parametrize(
    ("theirs", "first"),
    [
        (THEIRS | {"backend": "jax"}, "import reproductions.lam_ensemble.model"),
        ({"backend": "theano", "image_dim_ordering": "th"}, "import shared.layers.backend"),
        (THEIRS, "import keras, shared.layers.backend"),  # as in a notebook
    ],
)
def test_a_users_keras_json_changes_nothing(tmp_path, theirs, first):
    (tmp_path / ".keras").mkdir()
    (tmp_path / ".keras" / "keras.json").write_text(json.dumps(theirs))
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KERAS_")}
    told = subprocess.run(
        [sys.executable, "-c", f"{first}; {PRINT}"],
        cwd=PROJECT,
        env=kept | {"HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(told.stdout) == OURS
