"""What the demo's page of this paper has beside its networks' answers: what to give, and what the modes see of it."""

from __future__ import annotations

import itertools

import numpy as np

from reproductions.verma_genres.model import ANN, CNN_2D, SCALING, build
from reproductions.verma_genres.predict import PAPER, SAMPLE_RATE_HZ, inputs_of, settings_of
from reproductions.verma_genres.settings import FirstWindows, Images
from shared.audio.log_mel_images import image_of
from shared.audio.long_recordings import LongRecording
from shared.paper.loading import load_paper
from shared.paper.settings import read_settings
from shared.runs.networks import load_network

INVITATION = "Drop a song (wav, flac, ogg or mp3), or let the microphone listen to one for half a minute."
LIMITS = (
    "The networks know the ten genres of GTZAN and nothing else: of anything that is no music, too, they name the one "
    "that is nearest."
)
MOST_DEVIATIONS = 3.0  # from the mean, at which a colour is full
MOST_CUTS, ROW_HEIGHT = 20, 3  # in the picture


def prepared(signal: LongRecording) -> tuple[LongRecording, str]:
    """The recording as it is, and how long it is."""
    return signal, f"{signal.seconds:.1f} s."


def pictures_of(signal: LongRecording, trained: dict) -> dict[str, np.ndarray]:
    """What the modes see of a recording, by caption: uint8 (h, w, 3)."""
    settings = load_paper(PAPER).settings_for("paper", CNN_2D)
    seconds = read_settings(FirstWindows, settings).window_seconds
    window = next(signal.windows(int(seconds * SAMPLE_RATE_HZ)))
    seen = np.asarray(image_of(window, read_settings(Images, settings)))
    pictures = {f"What mode 3 sees of the first {seconds:g} s: a log-mel spectrogram": seen}
    if ANN in trained:
        rows = standardised(signal, *trained[ANN])
        pictures[
            "What mode 1 sees: 57 features of each cut, a column a feature and a row a cut, in standard deviations "
            "from the training's mean; blue is below, red above"
        ] = coloured(np.repeat(rows, ROW_HEIGHT, axis=0))
    return pictures


def standardised(signal: LongRecording, record: dict, folder) -> np.ndarray:
    """Mode 1's features behind its first layer, which has the training's mean and deviation: float32 (n_cuts, 57)."""
    settings = settings_of(record)
    cuts = np.stack(list(itertools.islice(inputs_of(ANN, record["corpus"], settings, signal), MOST_CUTS)))
    network = build(ANN, settings, cuts.shape[1:], len(record["classes"]))
    load_network(network, folder)
    return np.asarray(network.get_layer(SCALING)(cuts))


def coloured(matrix: np.ndarray) -> np.ndarray:
    """A matrix as an image, a pixel a value, from blue over white to red: uint8 (h, w, 3)."""
    import matplotlib

    scaled = np.clip(0.5 + matrix / (2 * MOST_DEVIATIONS), 0.0, 1.0)
    return matplotlib.colormaps["coolwarm"](scaled, bytes=True)[..., :3]


def examples() -> dict[str, tuple[np.ndarray, int]]:
    """None: no song is part of the project."""
    return {}
