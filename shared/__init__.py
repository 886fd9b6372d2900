"""What two papers or more need, in rooms of which each uses only those before it: base, paper, metrics, audio, layers,
training, runs, results, audit, report."""

import os
from pathlib import Path

# Keras reads ~/.keras/keras.json when it is imported, and a user's may change backend, float type and image format
# under a run. It reads the file in keras_home instead; KERAS_BACKEND still chooses the backend, and records name it.
os.environ["KERAS_HOME"] = str(Path(__file__).resolve().with_name("keras_home"))
