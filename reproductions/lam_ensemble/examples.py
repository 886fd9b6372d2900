"""One spectrogram image and what the online augmentation makes of it, in both readings, for the report.

    python -m reproductions.lam_ensemble.examples    # half a minute; writes results/lam_ensemble/examples/

The image is of a clip of the corpus `synthetic`, made from formulas, so anybody may see it. One draw of the two shifts
is applied as ImageDataGenerator really did (`legacy`) and as its documentation says (`intended`), without the zoom, so
that what is said of pixels is exact. For the page the images are made smaller, to half the width and 32 colours.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from data_prep.corpora.synthetic import synthesis
from reproductions.lam_ensemble.settings import Augmentation
from shared.audio.image_files import write_png
from shared.audio.log_mel_images import image_of
from shared.paper.loading import load_paper
from shared.paper.settings import read_settings
from shared.report.examples import EXAMPLES, write_captions
from shared.results.store import results_folder

CLIP = ("ensemble", 0, 0)  # class, song and number of the clip
HIGH, WIDE = 0.8, -0.9  # of the largest shifts of height and width: the draw that is shown
N_COLOURS, SHRINK = 32, 2
SEEN = {
    "original": "A clip made from formulas, not one of the paper's, as the network sees it in validation and test: "
    "time runs to the right, the lowest frequencies are at the top, as in the authors' code.",
    "legacy": "The reading legacy, what ImageDataGenerator did: the shift of the width, drawn from 5 % of "
    "{columns:,} pixels, moves the 128 mel rows, here by {wide:.0f}, and the edge is drawn out over what is left; time "
    "moves by {high:.0f}.",
    "intended": "The reading intended, what its documentation says: the same draw moves time by {wide:.0f} of "
    "{columns:,} columns and the mel rows by {high:.0f}.",
}


def write_examples(folder: Path) -> None:
    """Write the images and ``examples.csv``, which says what is to be seen, into ``folder``/examples."""
    settings = load_paper("lam_ensemble").settings_for()
    image = image_of(synthesis.clip(*CLIP).astype("float32"))
    rows = []
    for name, (picture, text) in augmented(image, settings).items():
        file = f"{name}.png"
        write_png(folder / EXAMPLES / file, smaller(picture))
        rows.append((file, f"Spectrogram image, {name}", text))
    write_captions(folder, rows)


def augmented(image: np.ndarray, settings: dict) -> dict[str, tuple[np.ndarray, str]]:
    """Name to image, uint8 (height, width, 3), and what is to be seen: the image itself, then both readings."""
    from shared.layers.augmentation import ZoomShift

    shifts, (height, width) = read_settings(Augmentation, settings), image.shape[:2]
    high, wide = HIGH * shifts.height_shift * height, WIDE * shifts.width_shift * width
    parameters = np.array([[high, wide, 1.0, 1.0]], "float32")
    found = {"original": (image, SEEN["original"])}
    for semantics in ("legacy", "intended"):
        layer = ZoomShift(fill_mode=shifts.fill_mode, semantics=semantics)
        moved = np.asarray(layer.transform(image[None].astype("float32"), parameters))[0]
        text = SEEN[semantics].format(high=abs(high), wide=abs(wide), columns=width)
        found[semantics] = (np.rint(moved).astype("uint8"), text)
    return found


def smaller(image: np.ndarray):
    """The image at half the width, in few colours: a Pillow picture with a palette."""
    from PIL import Image

    picture = Image.fromarray(image)
    picture = picture.resize((picture.width // SHRINK, picture.height), Image.Resampling.BOX)
    return picture.quantize(N_COLOURS, dither=Image.Dither.NONE)


if __name__ == "__main__":
    write_examples(results_folder("lam_ensemble"))
