"""A small project with every kind of file that is read again, and the work that reads each."""

import contextlib
import io
import shutil
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import keras
import numpy as np
import pandas as pd
import soundfile
from PIL import Image

from data_prep.common.archives import unpack
from data_prep.corpora.music_library import library_table
from reproductions import __main__ as command_line
from reproductions.pragadaraju_digits import recognition
from reproductions.pragadaraju_digits.words import Vocabulary, keep_vocabulary, kept_vocabulary
from shared.audio.image_files import load_images
from shared.audio.signals import load_audio
from shared.audit.split.index_file import read_index
from shared.base.arrays import cached_array
from shared.paper.loading import PAPERS_ROOT, load_paper
from shared.report import figures, files
from shared.report.site.confusions import read_counts
from shared.results import store
from shared.runs import networks, units
from shared.runs.predictions import write_predictions
from shared.runs.units import Unit
from shared.training import fitting

ZEROS = np.zeros((4, 3), np.float32)


@dataclass(frozen=True)
class Target:
    """A file, the work that reads it and gives a value to compare, and how many parts of all mutations it gets."""

    name: str
    file: Path
    work: Callable[[], object]
    parts: int = 1


def targets(root: Path) -> list[Target]:
    """Make the files, those of the cache below `root`; the project must be pointed there and to other results."""
    paper = load_paper("lam_ensemble")
    made = [make_unit(paper, model) for model in list(paper.models)[:2]]
    store.merge(paper, [unit.key for unit in made])
    folder = store.results_folder(paper.id)
    files.write_outputs(paper, folder)
    unit, kept = made[0], folder / "units" / made[0].key
    digits = _digits(root)

    def diff():
        return _command("diff", paper.id)

    def report():
        with mock.patch.object(figures, "save_figure"):  # everything but the picture itself
            diff = files.write_outputs(paper, folder)
        curves = [files.histories(diff, section) for section in diff.sections]
        return [row["regenerated"] for row in diff.rows()], curves, diff.results.left_out

    def resumed():
        with contextlib.redirect_stdout(io.StringIO()):
            run = _fit(unit.folder, 3)
        return [{name: value for name, value in row.items() if name != "seconds"} for row in run.rows]

    def begun():
        units.keep_settings(unit, {"epochs": 3, "rate": 0.5})
        return sorted(networks.preferred(paper, "train them"))

    def loaded():
        model = _network(compiled=False)
        load = getattr(networks, "load_network", lambda model, folder: model.load_weights(folder / units.NETWORK))
        load(model, unit.folder)
        return model.predict_on_batch(ZEROS + 1).tolist()

    array = root / "features" / "a.npy"

    def cached():
        return cached_array(array, (50, 4), np.float32, lambda: iter(np.ones((50, 4), np.float32))).sum()

    cached()
    return [
        Target("results: record.json", kept / "record.json", diff, 4),
        Target("results: record.json, report", kept / "record.json", report),
        Target("results: predictions.csv", kept / "predictions.csv", diff, 4),
        Target("results: history.csv", kept / "history.csv", report, 3),
        Target("results: skipped.csv", kept / "skipped.csv", diff, 2),
        Target("results: runs.csv", folder / "runs.csv", diff, 4),
        Target("results: diff.csv", folder / "diff.csv", lambda: _listed(paper, folder), 3),
        Target("results: confusion_*.csv", _counts(folder), lambda: _read_counts(folder), 2),
        Target("cache: record.json", unit.folder / "record.json", begun, 4),
        Target("cache: settings.json", unit.folder / "settings.json", begun, 4),
        Target("cache: state.json", unit.folder / "state.json", resumed, 5),
        Target("cache: last-002.weights.h5", unit.folder / "last-002.weights.h5", resumed, 4),
        Target("cache: network.weights.h5", unit.folder / "network.weights.h5", loaded, 4),
        Target("cache: vocabulary.json", digits / "vocabulary.json", lambda: kept_vocabulary(digits), 4),
        Target("cache: features", array, cached, 2),
        Target("cache: features' record", array.with_name("a.npy.json"), cached, 2),
        *_of_users(root),
    ]


def _of_users(root: Path) -> list[Target]:
    """Files that people write, or fetch."""
    folder = root / "given"
    paper, index, library = folder / "_template" / "paper.toml", folder / "index.csv", folder / "library.csv"
    transcripts, archive = folder / "sphinx.csv", folder / "corpus.tar.gz"
    paper.parent.mkdir(parents=True)
    paper.write_bytes((PAPERS_ROOT / "_template" / "paper.toml").read_bytes())
    index.write_text(
        "path,label,split\n"
        + "".join(f"clip {n}.wav,{'ab'[n % 2]},{'train' if n < 8 else 'test'}\n" for n in range(12))
    )
    library.write_text("file,genre 1,genre 2\n" + "".join(f"t{n}.mp3,Rock,{'Pop' * (n % 2)}\n" for n in range(12)))
    heard = [recognition.Transcript(f"{n}", "0" * 64, "sphinx", "5.0", "seven", "0.5") for n in range(9)]
    recognition._write(transcripts, {row.clip: row for row in heard})
    clips, hashes = [row.clip for row in heard], [row.sha256 for row in heard]
    signal = 0.1 * np.random.default_rng(0).standard_normal(4000)
    sounds = [folder / f"sound.{suffix}" for suffix in ("wav", "flac", "ogg", "mp3")]
    for sound in sounds:
        soundfile.write(sound, signal, 8000)
    picture = folder / "picture.png"
    Image.fromarray(np.arange(300, dtype=np.uint8).reshape(10, 10, 3)).save(picture)
    with tarfile.open(archive, "w:gz") as opened:
        for sound in sounds:
            opened.add(sound, sound.name)
    return [
        Target("given: paper.toml", paper, lambda: _paper(folder), 3),
        Target("given: index.csv", index, lambda: read_index(index), 2),
        Target("given: library.csv", library, lambda: library_table.read_table(library).rows, 2),
        *(Target(f"given: {sound.suffix[1:]}", sound, lambda sound=sound: _heard(sound), 2) for sound in sounds),
        Target("given: png", picture, lambda: _seen(picture)),
        Target(
            "results: transcripts", transcripts, lambda: recognition.read_transcripts(clips, hashes, store=folder), 3
        ),
        Target("given: tar.gz", archive, lambda: _unpacked(archive, folder / "unpacked"), 2),
    ]


def make_unit(paper, model: str, epochs: int = 2) -> Unit:
    """A unit of so many epochs of three, with predictions of 20 clips a split."""
    unit = Unit(paper.id, model, "paper", "published", 0, 0, "float32", paper.corpus.name, "0" * 16)
    classes = list(paper.corpus.classes)
    splits = ["validation"] * 20 + ["test"] * 20
    labels = [classes[n % len(classes)] for n in range(40)]
    clips = pd.DataFrame({"split": splits, "clip": [f"clip.{n}" for n in range(40)], "label": labels})
    probabilities = np.random.default_rng(0).dirichlet(np.ones(len(classes)), 40)
    units.keep_settings(unit, {"epochs": 3, "rate": 0.5})
    with contextlib.redirect_stdout(io.StringIO()):
        run = _fit(unit.folder, epochs)
    write_predictions(unit.folder, classes, clips, probabilities)
    units.write_history(unit.folder, run.rows)
    units.write_skipped(unit.folder, [("a.wav", "is silent"), ("b.wav", "ends early")])
    networks.write_network(unit, _network())
    status = "complete" if epochs == 3 else "partial"
    conditions = {"status": status, "epochs": epochs, "epochs_planned": 3, "best_epoch": run.best_epoch}
    units.write_record(unit, **conditions, seconds=1.5, settings={"epochs": 3, "rate": 0.5}, classes=classes)
    return unit


def _network(compiled: bool = True) -> keras.Model:
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, activation="softmax")])
    if compiled:
        model.compile("adam", "categorical_crossentropy", metrics=["accuracy"], jit_compile=False, run_eagerly=True)
    return model


def _fit(folder: Path, epochs: int):
    data = fitting.Subset(ZEROS + np.arange(4)[:, None], np.eye(2)[[0, 1, 0, 1]], np.arange(4))
    options = {"batch_size": 4, "validation_batch_size": 4, "seed": 0}
    return fitting.fit(_network(), data, data, folder=folder, epochs=epochs, **options)


def _digits(root: Path) -> Path:
    folder = root / "runs" / "pragadaraju_digits" / "a"
    keep_vocabulary(Vocabulary(("one", "two", "three"), 4), folder)
    return folder


def _command(*arguments: str) -> str:
    """What a command prints; its error is raised again, and an exit status other than 0 says that there was one."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        status = command_line.main(list(arguments))
    return out.getvalue() if status == 0 else status


def _listed(paper, folder: Path) -> dict:
    from reproductions.commands import list as listing

    with mock.patch.object(listing, "PAPERS_ROOT", folder.parent.parent / "reproductions"):
        return listing._verdicts(paper)


def _counts(folder: Path) -> Path:
    return min(folder.glob("confusion_model*.csv"))


def _read_counts(folder: Path) -> list:
    classes, counts = read_counts(_counts(folder))
    return [classes, counts.tolist()]


def _heard(sound: Path) -> list:
    signal = load_audio(sound, 8000)
    return [len(signal), float(signal.sum())]


def _seen(picture: Path) -> int:
    cache = picture.parent / "images"
    shutil.rmtree(cache, ignore_errors=True)
    return int(load_images([picture], size=(10, 10), cache_dir=cache, key="a").sum())


def _paper(folder: Path):
    paper = load_paper("_template", folder)
    return paper.settings_for(), paper.tables


def _unpacked(archive: Path, folder: Path) -> list:
    unpack(archive, folder, lambda names: names)
    return sorted((path.name, path.stat().st_size) for path in folder.iterdir())
