"""One bad recording is one bad recording: named, and the others are used; and silence is named in each corpus."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

import data_prep
from data_prep.corpora import music_library, vegas

RATE_HZ = 44100
PIPED = Path(__file__).parents[1] / "shared" / "audio" / "recordings" / "piped.flac"


def sound(seed: int, n_samples: int = 66_150) -> np.ndarray:
    return 0.2 * np.random.default_rng(seed).standard_normal((n_samples, 1)).clip(-3, 3)


def cut_off(path: Path) -> None:
    soundfile.write(path, sound(1), RATE_HZ, format="WAV")
    path.write_bytes(path.read_bytes()[:-30_000])


def spike(path: Path) -> None:
    signal = sound(2).astype("float32")
    signal[700] = 1e30
    soundfile.write(path, signal, RATE_HZ, format="WAV", subtype="FLOAT")


def cancelled(path: Path) -> None:
    soundfile.write(path, sound(3) * [1, -1], RATE_HZ, format="WAV")


def no_rate(path: Path) -> None:
    soundfile.write(path, sound(4), 1, format="WAV")


BAD = {
    cut_off: "the header says 1.500 s, the file holds 1.160 s",
    spike: "samples reach 1e+30 times full scale",
    cancelled: "its channels cancel each other",
    no_rate: "has 1 Hz by its header",
}


def gtzan(root: Path, names: list[str]) -> list[Path]:
    return [root / "rock" / f"rock.{number:05d}.wav" for number in range(len(names))]


def kaggle(root: Path, names: list[str]) -> list[Path]:
    (root / "train.csv").write_text("fname,label\n" + "".join(f"{name}.wav,Oboe\n" for name in names))
    return [root / f"{name}.wav" for name in names]


def video(root: Path, names: list[str]) -> list[Path]:
    return [root / "dog" / f"{name}.wav" for name in names]


def library(root: Path, names: list[str]) -> list[Path]:
    (root / "library.csv").write_text("file,genre 1\n" + "".join(f"{name}.wav,Rock\n" for name in names))
    return [root / f"{name}.wav" for name in names]


PLACES = {
    "gtzan-subset": gtzan,
    "fsdkaggle2018-subset": kaggle,
    "vegas": video,
    "music_library": library,
    "mixtures": kaggle,
}


@pytest.mark.parametrize("name", PLACES)
def test_bad_recordings_are_named_and_the_others_used(name, tmp_path, monkeypatch):
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_CACHE", str(tmp_path / "cache"))
    root = tmp_path / "corpus"
    root.mkdir()
    names = [f"{name}{number}" for number, name in enumerate(["good"] * 12 + ["silent", "piped", *["bad"] * len(BAD)])]
    paths = PLACES[name](root, names)
    paths[0].parent.mkdir(exist_ok=True)
    for number, path in enumerate(paths[:13]):
        soundfile.write(path, sound(number) * (number < 12), RATE_HZ)
    shutil.copyfile(PIPED, paths[13])
    for make, path in zip(BAD, paths[14:], strict=True):
        make(path)

    corpus = data_prep.corpus(name)
    report = corpus.check(root)
    unreadable = dict(report.unreadable)
    assert len(unreadable) == len(BAD)
    for reason, path in zip(BAD.values(), paths[14:], strict=True):
        (found,) = (text for name, text in unreadable.items() if name.endswith(path.name))
        assert found.startswith(reason)
    (silence,) = (note for note in report.notes if "silent" in note or "no sound" in note)
    assert paths[12].stem in silence
    if name == "mixtures":  # of one label only, so nothing can be mixed
        return
    frame = corpus.index(root, allow_incomplete=True)
    assert {Path(path).name for path in frame["path"]} == {path.name for path in paths[:14]}
    assert [len(signal) for signal in corpus.signals(frame)] == frame["n_samples"].tolist()


def test_a_name_that_is_not_utf8_is_named(tmp_path):
    folder = tmp_path / "corpus" / "dog"
    folder.mkdir(parents=True)
    for number in range(11):
        soundfile.write(folder / f"{number}.wav", sound(number), RATE_HZ)
    (folder / "0.wav").rename(Path(os.fsdecode(os.fsencode(folder) + b"/z\xe9ro.wav")))
    ((_, reason),) = vegas.check(tmp_path / "corpus").unreadable
    assert reason.startswith("its name is not UTF-8")
    assert len(vegas.index(tmp_path / "corpus")) == 10


def test_a_name_that_is_not_utf8_is_found_in_a_table_of_the_same_bytes(tmp_path, monkeypatch):
    """Both are of an old Windows. The file is there, but its name cannot stand in an index, which is UTF-8."""
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_CACHE", str(tmp_path / "cache"))
    root = tmp_path / "corpus"
    root.mkdir()
    for number in range(3):
        soundfile.write(root / f"{number}.wav", sound(number), RATE_HZ)
    (root / "0.wav").rename(Path(os.fsdecode(os.fsencode(root) + b"/z\xe9ro.wav")))
    (root / "library.csv").write_bytes(b"file,genre 1\nz\xe9ro.wav,Rock\n1.wav,Rock\n2.wav,Pop\n")
    ((_, reason),) = music_library.check(root).unreadable
    assert reason.startswith("its name is not UTF-8. Rename it")
    assert len(music_library.index(root)) == 2
