"""Features of clips: computed once, kept, and computed anew when anything is another."""

import importlib.util
import os
from dataclasses import dataclass

import numpy as np
import pytest

from shared.audio.clip_features import load_features
from shared.audio.errors import AudioError

MODULE = """
import numpy as np
from shared.audio.errors import AudioError

def feature_of(signal, settings):
    if signal.max() > 90:
        raise AudioError("is too loud")
    return (signal.reshape(2, -1) * settings.factor).astype(np.float16)
"""


@dataclass(frozen=True)
class Settings:
    factor: int = 2


@pytest.fixture
def loaded(tmp_path):
    """A function that loads the features of two clips of six samples, and says how often signals were read."""
    signals = [np.arange(6, dtype="float32"), np.ones(6, "float32")]
    reads, file = [], tmp_path / "features.py"

    def load(text=MODULE, names=("a", "b"), settings=Settings(), key="corpus", signals=signals):
        file.write_text(text)
        spec = importlib.util.spec_from_file_location("features", file)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)

        def read():
            reads.append(1)
            yield from signals

        found = load_features(module.feature_of, read, names, 6, settings, tmp_path / "kept", key)
        return found, len(reads)

    return load


def test_shape_and_kind_are_the_functions_own_and_a_second_call_reads_nothing(loaded):
    found, reads = loaded()
    assert (found.dtype, found.shape, reads) == (np.float16, (2, 2, 3), 1)
    assert found[0].tolist() == [[0, 2, 4], [6, 8, 10]]
    again, reads = loaded()
    assert np.array_equal(again, found)
    assert reads == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"settings": Settings(3)},
        {"key": "another corpus"},
        {"names": ("a from sample 0", "b from sample 5")},
        {"text": MODULE.replace("* settings", "- settings")},
    ],
    ids=["settings", "corpus", "windows", "code"],
)
def test_what_is_another_is_computed_anew(loaded, changed, tmp_path):
    loaded()
    os.utime(tmp_path / "features.py", (1, 1))  # dates say nothing
    found, reads = loaded(**changed)
    assert reads == 2
    assert len(found) == 2


def test_a_clip_without_features_is_named(loaded):
    with pytest.raises(AudioError, match="^b: is too loud"):
        loaded(signals=[np.ones(6, "float32"), np.full(6, 99, "float32")])
