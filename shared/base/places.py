"""The environment variables that the project reads, and the folders that they name: cache, corpora and results."""

import os
from pathlib import Path

CACHE_VARIABLE = "AUDIO_REPRODUCTIONS_CACHE"
DATA_VARIABLE = "AUDIO_REPRODUCTIONS_DATA"
RESULTS_VARIABLE = "AUDIO_REPRODUCTIONS_RESULTS"
TENSORBOARD_VARIABLE = "AUDIO_REPRODUCTIONS_TENSORBOARD"  # no folder: set, each epoch is also written for TensorBoard
PROJECT = Path(__file__).resolve().parents[2]
FOLDERS = {CACHE_VARIABLE: PROJECT / "cache", DATA_VARIABLE: PROJECT / "data", RESULTS_VARIABLE: PROJECT / "results"}


def root_of(variable: str) -> Path:
    """The folder that one of these variables names, or the project's own where it is not set."""
    return Path(os.environ.get(variable) or FOLDERS[variable]).expanduser()


def cache_root() -> Path:
    """Folder of every cached file: the environment variable AUDIO_REPRODUCTIONS_CACHE, or the project's ``cache/``."""
    return root_of(CACHE_VARIABLE)


def results_root() -> Path:
    """Folder of all results: the environment variable AUDIO_REPRODUCTIONS_RESULTS, or the project's ``results/``."""
    return root_of(RESULTS_VARIABLE)


def variable_of(path: Path) -> str | None:
    """The variable that says where a path is; the innermost, where one of the folders lies in another."""
    roots = {variable: root_of(variable).absolute() for variable in FOLDERS}
    holding = [variable for variable, root in roots.items() if path.absolute().is_relative_to(root)]
    return max(holding, key=lambda variable: len(roots[variable].parts), default=None)
