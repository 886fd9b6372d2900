"""Clips for the report: to be heard, with the image that the networks see and the words that the recogniser heard.

    python -m reproductions.pragadaraju_digits.examples    # writes results/pragadaraju_digits/examples/

They are the test clips of the published split that all models of variant `paper`, seed 0, get wrong, and of each
speaker one that all get right. The report says what they answer. Clips are of the Free Spoken Digit Dataset, CC
BY-SA 4.0.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import PIL.Image
import soundfile

import data_prep
from reproductions.pragadaraju_digits.features import transcripts_of_clips
from reproductions.pragadaraju_digits.predict import PAPER
from reproductions.pragadaraju_digits.recognition import CLIP_RATE_HZ
from reproductions.pragadaraju_digits.settings import Image, Recogniser
from shared.audio.image_files import write_png
from shared.audio.mfcc_images import image_of
from shared.paper.loading import load_paper
from shared.paper.settings import read_settings
from shared.report.examples import EXAMPLES, write_captions
from shared.results.store import results_folder
from shared.runs.predictions import read_predictions
from shared.runs.units import UNITS, read_unit, units_in

SIDE, N_GREYS = 128, 32  # of a picture


def write_examples(folder: Path) -> None:
    """Write sounds, images and ``examples.csv`` into ``folder``/examples."""
    settings = load_paper(PAPER).settings_for()
    seen, by = read_settings(Image, settings), read_settings(Recogniser, settings)
    fsdd = data_prep.corpus("fsdd")
    index = fsdd.index().set_index("clip", drop=False)
    wrong, right = all_wrong_and_all_right(results_folder(PAPER))
    rows = index.loc[[*wrong, *one_a_voice(index.loc[right])]]
    heard = transcripts_of_clips(rows, by.recogniser, by.recogniser_least_probability)
    captions = []
    for row, signal, words in zip(rows.itertuples(), fsdd.signals(rows), heard, strict=True):
        sound, picture = f"{row.clip}.wav", f"{row.clip}.png"
        image = PIL.Image.fromarray(image_of(signal, CLIP_RATE_HZ, seen))
        image = image.resize((SIDE, SIDE), PIL.Image.Resampling.BOX).quantize(N_GREYS, dither=PIL.Image.Dither.NONE)
        write_png(folder / EXAMPLES / picture, image)
        soundfile.write(folder / EXAMPLES / sound, signal, CLIP_RATE_HZ, subtype="PCM_16")
        text = f"The recogniser heard “{words}”."
        captions.append((picture, f"{row.label}, said by {row.group}", text, sound, row.clip))
    write_captions(folder, captions)


def one_a_voice(rows: pd.DataFrame) -> list[str]:
    """Of each speaker the first clip of a digit that none of those before has."""
    found: dict[str, str] = {}
    for _, mine in rows.groupby("group"):
        row = mine[~mine["label"].isin(found)].iloc[0]
        found[row["label"]] = row["clip"]
    return list(found.values())


def all_wrong_and_all_right(folder: Path) -> tuple[list[str], list[str]]:
    """Test clips that every model of variant `paper`, seed 0, gets wrong, and those that every one gets right."""
    right: list[dict[str, bool]] = []
    for unit in units_in(folder / UNITS):
        record = read_unit(unit)
        if (record["variant"], record["protocol"], record["seed"]) == ("paper", "published", 0):
            kept = read_predictions(unit).on("test")
            hits = np.take_along_axis(kept.y_true, kept.y_prob.argmax(axis=1)[:, None], axis=1)[:, 0] > 0
            right.append(dict(zip(kept.clips, hits.tolist(), strict=True)))
    clips = sorted(right[0])
    wrong = [clip for clip in clips if not any(of[clip] for of in right)]
    return wrong, [clip for clip in clips if all(of[clip] for of in right)]


if __name__ == "__main__":
    write_examples(results_folder(PAPER))
