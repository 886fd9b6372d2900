"""What the two DenseNets see of two seconds: images for the report, of a clip that is made from formulas.

    python -m reproductions.shan_tagging.examples    # seconds; writes results/shan_tagging/examples/

The clips of FSDKaggle2018 have a licence each, so none is shown; one of the corpus `synthetic` may be.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from data_prep.corpora.synthetic import synthesis
from reproductions.shan_tagging.model import DENSENET_LOGMEL, DENSENET_MFCC, PAPER, feature_layer
from reproductions.shan_tagging.settings import DenseNet, Spectrogram
from shared.audio.image_files import write_png
from shared.audio.resampling import resample
from shared.paper.loading import load_paper
from shared.paper.settings import read_settings
from shared.report.examples import EXAMPLES, picture_of, write_captions
from shared.results.store import results_folder

CLIP = ("plucked", 0, 0)  # class, song and number of the clip
SEEN = {
    "log-mel": (
        DENSENET_LOGMEL,
        "Two seconds of a clip made from formulas, none of the corpus, as the DenseNet on log-mel sees them: {bands} "
        "mel bands, the lowest at the bottom, in {frames} frames, in decibels; the brighter, the louder. The clip "
        "has nothing above 11 kHz.",
    ),
    "mfcc": (
        DENSENET_MFCC,
        "The same two seconds as the DenseNet on MFCC sees them: {bands} coefficients, the first at the bottom; it is "
        "the level, and so far from all others that they are nearly of one colour.",
    ),
}


def write_examples(folder: Path) -> None:
    """Write the images and ``examples.csv``, which says what is to be seen, into ``folder``/examples."""
    rows = []
    for name, (matrix, text) in seen().items():
        write_png(folder / EXAMPLES / f"{name}.png", picture_of(matrix))
        rows.append((f"{name}.png", f"What is seen, {name}", text))
    write_captions(folder, rows)


def seen() -> dict[str, tuple[np.ndarray, str]]:
    """Name to matrix, float32 (bands, frames), and what is to be seen."""
    paper, found = load_paper(PAPER), {}
    for name, (model, text) in SEEN.items():
        settings = paper.settings_for(model=model)
        rate_hz, length = read_settings(Spectrogram, settings).sample_rate_hz, read_settings(DenseNet, settings).length
        samples = resample(synthesis.clip(*CLIP).astype("float32"), synthesis.SAMPLE_RATE_HZ, rate_hz)[:length]
        matrix = np.asarray(feature_layer(model, settings)(samples[None]))[0].T
        found[name] = (matrix, text.format(bands=len(matrix), frames=matrix.shape[1]))
    return found


if __name__ == "__main__":
    write_examples(results_folder(PAPER))
