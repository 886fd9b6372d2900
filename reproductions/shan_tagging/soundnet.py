"""SoundNet's published weights: a converter that you run on purpose, and loading what it wrote.

    python -m reproductions.shan_tagging.soundnet sound8.npy

The weights of Aytar, Vondrick and Torralba (2016) are known to Python as ``sound8.npy`` of a port to TensorFlow: a
dictionary of the layers ``conv1`` … ``conv7``, each with ``weights``, ``biases``, ``mean``, ``var``, ``gamma`` and
``beta``. Such a file is a pickle, which can run any program when it is opened. The converter lets it make arrays and
nothing else, and writes them to the cache as plain arrays; a training reads only those.
"""

from __future__ import annotations

import argparse
import pickle
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from shared.base.files import atomic_write, cache_root
from shared.paper.loading import load_paper

if TYPE_CHECKING:
    import keras

PUBLISHED = "published weights"  # as the setting soundnet_start calls them
PARTS = ("weights", "biases", "gamma", "beta", "mean", "var")  # in the file; kernel and bias, then Keras's order
HARMLESS = {
    ("_codecs", "encode"),
    *((f"{numpy}.multiarray", name) for numpy in ("numpy.core", "numpy._core") for name in ("_reconstruct", "scalar")),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
}


class WeightsError(ValueError):
    """A file that does not hold SoundNet's weights; says what was expected and found."""


class ArraysOnly(pickle.Unpickler):
    """Opens a pickle of dictionaries and arrays, and refuses any other."""

    def find_class(self, module: str, name: str):
        if (module, name) not in HARMLESS:
            raise WeightsError(f"it asks for {module}.{name}, which no array needs; do not open it otherwise either")
        return super().find_class(module, name)


def converted_file() -> Path:
    """Where the converted weights are: in the cache."""
    return cache_root() / "soundnet" / "soundnet.npz"


def require() -> None:
    """Raise WeightsError, which says what to do, unless the published weights were converted."""
    if not converted_file().exists():
        raise WeightsError(
            f"SoundNet's published weights are not in {converted_file()}. Get sound8.npy and run 'python -m "
            "reproductions.shan_tagging.soundnet sound8.npy', or name the other models with --model"
        )


def convert(source: Path, target: Path) -> None:
    """Write SoundNet's seven convolutions as plain arrays, ``conv1/weights`` and so on.

    Raises
    ------
    WeightsError
        Not such a file, an object in it that is no array, a layer that is missing or of another shape.
    """
    try:
        layers = _opened(source)
        arrays = {}
        channels = 1
        for number, (filters, kernel, _) in enumerate(load_paper("shan_tagging").setting("soundnet_layers"), 1):
            for part in PARTS:
                shape = (kernel, channels, filters) if part == "weights" else (filters,)
                arrays[f"conv{number}/{part}"] = _array(layers, f"conv{number}", part, shape)
            channels = filters
    except WeightsError as error:
        raise WeightsError(f"{source}: {error}") from None
    target.parent.mkdir(parents=True, exist_ok=True)
    atomic_write(target, lambda file: np.savez(file, **arrays))


def _opened(source: Path) -> dict:
    if not source.is_file():
        raise WeightsError("no such file")
    with source.open("rb") as file:
        try:
            np.lib.format.read_magic(file)
            np.lib.format.read_array_header_1_0(file)
            layers = ArraysOnly(file, encoding="latin1").load().item()
        except WeightsError:
            raise
        except Exception as error:  # a damaged pickle can raise anything
            raise WeightsError(f"is not a .npy file of a dictionary ({type(error).__name__}: {error})") from None
    if not isinstance(layers, dict):
        raise WeightsError(f"holds a {type(layers).__name__}; expected a dictionary of layers")
    return layers


def _array(layers: dict, layer: str, part: str, shape: tuple[int, ...]) -> np.ndarray:
    if not isinstance(layers.get(layer), dict) or part not in layers[layer]:
        there = ", ".join(sorted(map(str, layers.get(layer) or layers)))
        raise WeightsError(f"has no {layer}/{part}; there are {there}")
    found = np.asarray(layers[layer][part], "float32")
    squeezed = found[:, 0] if part == "weights" and found.ndim == 4 and found.shape[1] == 1 else found
    if squeezed.shape != shape:
        raise WeightsError(f"{layer}/{part} has the shape {found.shape}; expected {shape}")
    if not np.isfinite(squeezed).all():
        raise WeightsError(f"{layer}/{part} holds values that are not finite")
    return squeezed


def load_into(model: keras.Model, file: Path) -> None:
    """Give a network of `model.build_soundnet` the converted weights; its output layer keeps its own.

    Raises
    ------
    WeightsError
        A converted file that is damaged or of other shapes; says how to write it anew.
    """
    try:
        with file.open("rb") as opened, np.load(opened, allow_pickle=False) as arrays:
            for number in range(1, len(arrays.files) // len(PARTS) + 1):
                weights = [arrays[f"conv{number}/{part}"] for part in PARTS]
                model.get_layer(f"conv{number}").set_weights(weights[:2])
                model.get_layer(f"norm{number}").set_weights(weights[2:])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise WeightsError(
            f"{file}: cannot be used as SoundNet's weights ({error}). Remove it, or convert the published file again"
        ) from None


def main(arguments: list[str] | None = None) -> int:
    """Convert the file named on the command line; 0 when it is done, 2 when it cannot be."""
    parser = argparse.ArgumentParser(description="Convert SoundNet's published weights (sound8.npy) for shan_tagging.")
    parser.add_argument("file", type=Path)
    source = parser.parse_args(arguments).file
    try:
        convert(source, converted_file())
    except WeightsError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"{converted_file()}: written; 'run shan_tagging --variant pretrained' fine-tunes SoundNet from it")
    return 0


if __name__ == "__main__":
    sys.exit(main())
