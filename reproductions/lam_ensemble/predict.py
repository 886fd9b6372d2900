"""Classify songs with the trained networks, as Section IV-D does: 30-s segments, PROD fusion, majority vote.

    python -m reproductions predict lam_ensemble song.mp3 other.wav [--json]

It uses what ``run`` has trained. Of several trainings it takes the paper's own corpus before a synthetic one, the
published protocol before the grouped, finished before partial, then paper.toml's order of variants and the lowest
seed; the answer says which. Where not all three models are trained, those that are answer, and the others are named.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from reproductions.lam_ensemble.settings import Song, Spectrogram
from shared.audio.image_files import stretched
from shared.audio.log_mel_images import image_of
from shared.audio.long_recordings import LongRecording, hear
from shared.audio.signals import SILENCE, AudioError
from shared.metrics.ensembles import ENSEMBLES
from shared.paper.loading import load_paper
from shared.paper.schema import Paper
from shared.paper.settings import read_settings
from shared.runs.networks import NotTrainedError, is_shipped, load_network, trained_units
from shared.runs.units import CONDITIONS, NETWORK

PAPER = "lam_ensemble"
ENSEMBLE = "PROD"
LEAST_SECONDS = 29.0  # of a segment: the published images of clips that are a little short are stretched to 30 s


@dataclasses.dataclass(frozen=True)
class Trained:
    """The ensemble's members that are trained: records and weight files that share every condition but the model."""

    records: tuple[dict, ...]
    weights: tuple[Path, ...]

    @property
    def conditions(self) -> str:
        first = self.records[0]
        epochs = ", ".join(str(record["epochs"]) for record in self.records)
        pairs = zip(self.records, self.weights, strict=True)
        shipped = [record["model"] for record, weights in pairs if is_shipped(weights.parent)]
        which = f"{', '.join(shipped)} " if len(shipped) < len(self.records) else ""
        return (
            f"corpus {first['corpus']}, variant {first['variant']}, protocol {first['protocol']}, "
            f"seed {first['seed']}, {first['precision']}, epochs {epochs}"
            + (f"; {which}comes with the project, in half precision" if shipped else "")
        )


def main(songs: list[str], as_json: bool = False) -> int:
    """Classify each song and print a table (or JSON); returns 1 when a song could not be classified, else 0."""
    paper = load_paper(PAPER)
    trained = find_trained(paper)
    there = [record["model"] for record in trained.records]
    missing = [name for name in paper.ensembles[ENSEMBLE].members if name not in there]
    answers = []
    for song in songs:
        try:
            images, silent = images_of(song, paper.settings_for())
            answers.append({"song": song, "images": images, "silent": silent})
        except (AudioError, OSError, ValueError) as error:
            answers.append({"song": song, "error": str(error) if song in str(error) else f"{song}: {error}"})
    heard = [answer for answer in answers if "images" in answer]
    if heard:
        probabilities = predict(paper, trained, np.concatenate([answer["images"] for answer in heard]))
        for answer in heard:
            n_heard = len(answer.pop("images"))
            answer |= vote(paper, probabilities[:, :n_heard], answer.pop("silent"), trained.records[0]["classes"])
            probabilities = probabilities[:, n_heard:]
    if as_json:
        said = {"paper": PAPER, "models": there, "trained": trained.conditions, "not trained": missing}
        print(json.dumps(said | {"songs": answers}, indent=1))
    else:
        print(f"{f'{ENSEMBLE} of ' if not missing else ''}{', '.join(there)} ({trained.conditions})")
        for name in missing:
            print(f'{name}: not trained like that; python -m reproductions run {PAPER} --model "{name}"')
        for answer in answers:
            if "error" in answer:
                print(f"error: {answer['error']}", file=sys.stderr)
            else:
                print(table(answer, paper.setting("clip_seconds")))
    return 1 if len(heard) < len(songs) else 0


def find_trained(paper: Paper) -> Trained:
    """The trained members to predict with; the module's text says which are preferred.

    Raises
    ------
    NotTrainedError
        No member is trained; says how to train them.
    """
    members = paper.ensembles[ENSEMBLE].members
    groups: dict[tuple, dict[str, tuple[dict, Path]]] = {}
    for record, folder in trained_units(paper):
        conditions = tuple(record[name] for name in CONDITIONS)
        groups.setdefault(conditions, {}).setdefault(record["model"], (record, folder / NETWORK))
    if not groups:
        raise NotTrainedError(
            f"{', '.join(members)} are not trained yet. Train them with 'python -m reproductions run {paper.id}', or, "
            f"to try it without the corpus, with 'python -m reproductions run {paper.id} --corpus synthetic'"
        )
    there = [[group[name] for name in members if name in group] for group in groups.values()]

    def preference(group: list[tuple[dict, Path]]) -> tuple:  # groups stand in the order of their preferred members
        first, partial = group[0][0], any(record["status"] != "complete" for record, _ in group)
        incomplete = len(group) < len(members)
        return first["corpus"] != paper.corpus.name, incomplete, first["protocol"] != "published", partial

    best = min(there, key=preference)
    return Trained(tuple(record for record, _ in best), tuple(weights for _, weights in best))


def images_of(song: str, settings: dict) -> tuple[np.ndarray, list[bool]]:
    """A song's 30-s segments: the images of those with sound, and for each segment whether it is silent.

    The images are uint8, shape (n_heard, 128, 1292, 3). What is left at the song's end is dropped, but 29 s or more
    count as a segment, whose image is stretched as those of the corpus are. One segment at a time is in memory.

    Raises
    ------
    AudioError
        A file that is no audio, a song shorter than 29 s, or one without any sound.
    """
    spectrogram, wanted = read_settings(Spectrogram, settings), read_settings(Song, settings)
    images, silent, size = [], [], (wanted.image_height, wanted.image_width)
    heard = hear(song, spectrogram.sample_rate_hz, least_seconds=LEAST_SECONDS)
    for segment in segments_of(heard, wanted.clip_seconds):
        silent.append(bool(np.abs(segment).max() < SILENCE))
        if not silent[-1]:
            images.append(stretched(Image.fromarray(image_of(segment, spectrogram)), size))
    if not images:
        raise AudioError(f"is silent in all of its {len(silent)} segments. Give a recording with sound", song)
    return np.stack(images), silent


def segments_of(heard: LongRecording, seconds: float) -> Iterator[np.ndarray]:
    """Whole segments of a recording, float32 (n,), and the rest where it is long enough."""
    length = round(seconds * heard.sample_rate_hz)
    yield from heard.windows(length)
    rest = heard.n_samples % length
    if rest >= LEAST_SECONDS * heard.sample_rate_hz:
        yield heard.crops([heard.n_samples - rest], rest)[0]


def predict(paper: Paper, trained: Trained, images: np.ndarray) -> np.ndarray:
    """The members' probabilities for each segment, shape (n_members, n_segments, n_classes)."""
    from reproductions.lam_ensemble.model import build

    predicted = []
    for record, weights in zip(trained.records, trained.weights, strict=True):
        settings = paper.settings_for(record["variant"])
        network = build(record["model"], settings, images.shape[1:], len(record["classes"]))
        load_network(network, weights.parent)
        rescale = read_settings(Song, settings).rescale
        scaled = (image.astype("float32")[None] * rescale for image in images)
        predicted.append(np.concatenate([network.predict_on_batch(image) for image in scaled]))
    return np.stack(predicted)


def vote(paper: Paper, probabilities: np.ndarray, silent: list[bool], classes: list[str]) -> dict:
    """Fuse the members a segment, then let the segments vote; silent ones have no vote.

    ``probabilities`` has shape (n_members, n_heard, n_classes), in the order of the segments that are not silent.
    """
    fused = ENSEMBLES[paper.ensembles[ENSEMBLE].rule](probabilities)
    voting = read_settings(Song, paper.settings_for()).segment_vote
    winner = classes[ENSEMBLES[f"{voting}_vote"](fused).argmax()]
    rows = iter(fused)
    answers = []
    for no_sound in silent:
        if no_sound:
            answers.append({"class": None, "probabilities": None})
            continue
        row = next(rows)
        named = dict(zip(classes, row.round(4).tolist(), strict=True))
        answers.append({"class": classes[row.argmax()], "probabilities": named})
    return {"class": winner, "votes": sum(row["class"] == winner for row in answers), "segments": answers}


def table(answer: dict, seconds: float) -> str:
    """A song's answer as text: a line a segment and the vote."""
    segments_ = answer["segments"]
    classes = next(list(row["probabilities"]) for row in segments_ if row["class"])
    lines = ["", answer["song"], f"  {'segment':<13}" + "".join(f"{name:>10}" for name in classes) + "  class"]
    for i, row in enumerate(segments_):
        time = "-".join(f"{int(seconds * j) // 60}:{int(seconds * j) % 60:02d}" for j in (i, i + 1))
        cells = "".join(f"{row['probabilities'][name]:>10.4f}" if row["class"] else f"{'-':>10}" for name in classes)
        lines.append(f"  {time:<13}{cells}  {row['class'] or 'silent, no vote'}")
    n_voters = sum(row["class"] is not None for row in segments_)
    lines.append(f"  => {answer['class']} ({answer['votes']} of {n_voters} votes)")
    return "\n".join(lines)
