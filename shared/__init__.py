"""What two papers or more need, in rooms of which each uses only those before it: base, paper, metrics, audio, layers,
training, runs, results, audit, report."""

import os
from pathlib import Path

# Keras reads ~/.keras/keras.json when it is imported, and a user's may change backend, float type and image format
# under a run. It reads the file in keras_home instead; KERAS_BACKEND still chooses the backend, and records name it.
os.environ["KERAS_HOME"] = str(Path(__file__).resolve().with_name("keras_home"))

# TensorFlow leaves oneDNN out, unless it is told, where a processor has no products of bfloat16 or 8 bits: AMD before
# Zen 4, Intel before Cascade Lake. Without it a step of a convolutional network takes twice as long.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
