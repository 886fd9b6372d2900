"""One folder a paper, each with its paper.toml, model.py, train.py and README.md."""

import os

import shared  # noqa: F401  # which sets what Keras reads when it is imported

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow's start-up remarks would bury our own lines
