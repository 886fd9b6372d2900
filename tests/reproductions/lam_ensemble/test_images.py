"""The images that this project makes from audio are the published ones: two recordings of the paper's own corpus."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reproductions.lam_ensemble.settings import Spectrogram
from shared.audio.log_mel_images import make_images
from shared.paper.loading import load_paper
from shared.paper.settings import read_settings

EQUAL = 0.99998  # of an image's pixels, at least: measured are all but 2 and 1 of 165,376, as with librosa and imsave
GREY_LEVELS = 2  # of 255, by which the others may differ: measured is 1
PUBLISHED = {"Chauvan.012": "train/chauvan", "Xam.250": "train/hatxam"}


@pytest.mark.parametrize("clip", PUBLISHED)
def test_the_image_made_from_a_recording_is_the_published_one(clip, tmp_path):
    data = Path(os.environ.get("AUDIO_REPRODUCTIONS_DATA") or "no folder of data")
    recording = data / "vntm_audio" / f"{clip}.flac"
    image = data / "vntm_images" / PUBLISHED[clip] / f"{clip}.png"
    for file in (recording, image):
        if not file.is_file():
            pytest.skip(f"no {file.relative_to(data)} in AUDIO_REPRODUCTIONS_DATA")
    settings = load_paper("lam_ensemble").settings_for()
    spectrogram = read_settings(Spectrogram, settings)
    assert make_images([(recording, tmp_path / "made.png")], spectrogram) == []
    made, published = (grey_levels(Image.open(file)) for file in (tmp_path / "made.png", image))
    assert made.shape == published.shape == (settings["image_height"], settings["image_width"])
    assert (made == published).mean() >= EQUAL
    assert np.abs(made - published).max() <= GREY_LEVELS


def grey_levels(image: Image.Image) -> np.ndarray:
    """The number of each pixel's colour in viridis, 0 to 255, (height, width); another colour is a KeyError."""
    import matplotlib

    viridis = matplotlib.colormaps["viridis"](np.arange(256), bytes=True)[:, :3]
    level_of = {tuple(colour): level for level, colour in enumerate(viridis.tolist())}
    return np.array([[level_of[tuple(pixel)] for pixel in row] for row in np.asarray(image.convert("RGB")).tolist()])
