"""What mode 3 sees of a track: an image for the report, of a clip that is made from formulas.

    python -m reproductions.verma_genres.examples    # seconds; writes results/verma_genres/examples/

GTZAN is of published music, so none of it is shown; a clip of the corpus `synthetic` may be.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from data_prep.corpora.synthetic import synthesis
from reproductions.verma_genres.model import CNN_2D
from reproductions.verma_genres.predict import PAPER, SAMPLE_RATE_HZ
from reproductions.verma_genres.settings import FirstWindows, Images
from shared.audio.image_files import write_png
from shared.audio.log_mel_images import image_of
from shared.paper.loading import load_paper
from shared.paper.settings import read_settings
from shared.report.examples import EXAMPLES, write_captions
from shared.results.store import results_folder

CLIP = ("ensemble", 0, 0)  # class, song and number of the clip
N_COLOURS, GAP = 32, 4  # and points between two pictures
SEEN = (
    "{n} times {seconds:g} s from the start of a clip made from formulas, not one of GTZAN's, as mode 3 sees them, one "
    "at a time: pictures of {width} by {height} points, time to the right, the lowest frequencies at the bottom; the "
    "brighter, the louder."
)


def write_examples(folder: Path) -> None:
    """Write the image and ``examples.csv``, which says what is to be seen, into ``folder``/examples."""
    from PIL import Image

    images, text = seen()
    side_by_side = np.hstack(np.pad(images, [(0, 0), (0, 0), (0, GAP), (0, 0)], constant_values=255))[:, :-GAP]
    picture = Image.fromarray(side_by_side).quantize(N_COLOURS, dither=Image.Dither.NONE)
    write_png(folder / EXAMPLES / "mode-3.png", picture)
    write_captions(folder, [("mode-3.png", "What mode 3 sees", text)])


def seen() -> tuple[np.ndarray, str]:
    """The images, uint8 (n, height, width, 3), and what is to be seen."""
    settings = load_paper(PAPER).settings_for("paper", CNN_2D)
    windows, images = read_settings(FirstWindows, settings), read_settings(Images, settings)
    n, seconds = windows.windows_per_track, windows.window_seconds
    signal = synthesis.clip(*CLIP).astype("float32")[: n * int(seconds * SAMPLE_RATE_HZ)]
    found = np.stack([np.asarray(image_of(window, images)) for window in signal.reshape(n, -1)])
    return found, SEEN.format(n=n, seconds=seconds, width=found.shape[2], height=found.shape[1])


if __name__ == "__main__":
    write_examples(results_folder(PAPER))
