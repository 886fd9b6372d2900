"""What the network hears of a track: an image for the report, of a clip that is made from formulas.

    python -m reproductions.pascuo_multilabel.examples    # seconds; writes results/pascuo_multilabel/examples/

The library's audio is private; a clip of the corpus `synthetic` may be shown.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from data_prep.corpora.synthetic import synthesis
from reproductions.pascuo_multilabel.samples import mfccs
from reproductions.pascuo_multilabel.settings import Sample
from shared.audio.image_files import write_png
from shared.paper.loading import load_paper
from shared.paper.settings import read_settings
from shared.report.examples import EXAMPLES, picture_of, write_captions
from shared.results.store import results_folder

PAPER = "pascuo_multilabel"
CLIP = ("ensemble", 0, 0)  # class, song and number of the clip
N_SAMPLES, FIRST_SECOND = 6, 5  # samples side by side, and where in the clip they begin
SEEN = (
    "{n} samples of {seconds:g} s, one after the other, of a clip made from formulas, not one of the library's, as the "
    "network sees them, one at a time: {frames} frames to the right and {coefficients} coefficients, the first at the "
    "bottom."
)


def write_examples(folder: Path) -> None:
    """Write the image and ``examples.csv``, which says what is to be seen, into ``folder``/examples."""
    matrices, text = seen()
    gap = np.full((matrices.shape[2], 1), matrices.min())
    parts = [part for matrix in matrices for part in (matrix.T, gap)][:-1]
    write_png(folder / EXAMPLES / "samples.png", picture_of(np.hstack(parts)))
    write_captions(folder, [("samples.png", "What the network sees", text)])


def seen() -> tuple[np.ndarray, str]:
    """The samples' MFCCs, float32 (n, frames, coefficients), and what is to be seen."""
    settings = load_paper(PAPER).settings_for()
    sample = read_settings(Sample, settings)
    first = FIRST_SECOND * synthesis.SAMPLE_RATE_HZ
    signal = synthesis.clip(*CLIP).astype("float32")[first:][: N_SAMPLES * sample.sample_samples]
    matrices = mfccs(signal.reshape(N_SAMPLES, sample.sample_samples), settings)
    frames, coefficients = matrices.shape[1:]
    seconds = sample.sample_samples / sample.sample_rate_hz
    return matrices, SEEN.format(n=N_SAMPLES, seconds=seconds, frames=frames, coefficients=coefficients)


if __name__ == "__main__":
    write_examples(results_folder(PAPER))
