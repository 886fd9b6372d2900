"""Keras on its other backend, in a process of its own."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
READER = """
import sys
from pathlib import Path
import keras
assert keras.backend.backend() == "jax"
sys.stdout = sys.stderr  # what a program prints is no answer
for line in sys.stdin:
    folder = Path(line.rstrip("\\n"))
    exec((folder / "program.py").read_text(encoding="utf-8"), {"folder": folder})
    print("done", file=sys.__stdout__, flush=True)
"""


@pytest.fixture(scope="session")
def on_jax() -> Iterator[Callable[[str, Path], None]]:
    """A function that executes a program on JAX with the variable `folder`, one after the other in one process."""
    pytest.importorskip("jax", reason="JAX is not installed: the second backend is not tested")
    environment = {**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu", "TF_CPP_MIN_LOG_LEVEL": "3"}
    options = {"cwd": ROOT, "env": environment, "stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", READER], **options) as process:

        def execute(program: str, folder: Path) -> None:
            (folder / "program.py").write_text(program, encoding="utf-8")
            print(folder, file=process.stdin, flush=True)
            assert process.stdout.readline() == "done\n", "the program has failed on JAX; standard error says why"

        yield execute
