"""Small corpora with lists of their own, the real ones where they are, zip files and a server to fetch them from.

The small VNTM has 3, 1 and 1 images a class instead of 375, 75 and 50, the small FSDD two takes of three digits by two
speakers, the small GTZAN six tracks a genre of about 400 samples each, the small FSDKaggle2018 eleven training and two
test clips of three classes.
"""

import contextlib
import functools
import http.server
import os
import shutil
import threading
import wave
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

from data_prep import CorpusError
from data_prep.corpora import fsdd, gtzan, vntm
from data_prep.corpora.fsdkaggle2018 import clips
from data_prep.corpora.gtzan import tracks

PER_CLASS = {"train": 3, "validation": 1, "test": 1}
SPLIT_OF_NUMBER = {0: "validation", 1: "train", 2: "train", 3: "test", 4: "train"}


@pytest.fixture(autouse=True)
def _own_folders(tmp_path, monkeypatch):
    """No test reads or writes the user's cache or data; tests of the real corpora ask for `real_vntm`."""
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_DATA", str(tmp_path / "data"))


def _save_image(path: Path, seed: int, height: int = 128, width: int = 1292) -> None:
    """Write a PNG of random grey columns, stored with a palette as the published images are."""
    columns = np.random.default_rng(seed).integers(0, 256, width, dtype=np.uint8)
    image = Image.fromarray(np.broadcast_to(columns, (height, width)).copy())
    image.putpalette([v for i in range(256) for v in (i, 255 - i, i // 2)])
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path)


@pytest.fixture
def save_image():
    """Function that writes a PNG: path, seed, height=128, width=1292."""
    return _save_image


def _file_names() -> list[str]:
    """Relative names of the small corpus's 25 images."""
    folder_of = {"train": "train", "validation": "val", "test": "test"}
    return [
        f"{folder_of[split]}/{label}/{prefix}.{number:03d}.png"
        for label, prefix in vntm.PREFIXES.items()
        for number, split in SPLIT_OF_NUMBER.items()
    ]


@pytest.fixture
def small_vntm(tmp_path, monkeypatch) -> Path:
    """Root of the small corpus, under the data root, with its list in place of the committed one.

    Cheo.003 (test) is narrower; Cheo.000 (validation) and Cheo.001 (train) are identical to the pixel.
    """
    root = tmp_path / "data" / "vntm_images"
    for seed, name in enumerate(_file_names()):
        _save_image(root / name, seed, width=700 if "Cheo.003" in name else 1292)
    (root / "train/cheo/Cheo.001.png").write_bytes((root / "val/cheo/Cheo.000.png").read_bytes())
    monkeypatch.setattr(vntm, "PER_CLASS", PER_CLASS)
    monkeypatch.setattr(vntm, "LIST", tmp_path / "vntm_clips.csv")
    vntm.write_list(root, tmp_path / "vntm_clips.csv")
    return root


def _save_wav(path: Path, samples: np.ndarray) -> None:
    """Write 16-bit integers as a wav file, mono, 8 kHz."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(samples.astype("<i2").tobytes())


SMALL_FSDD = {
    "CLASSES": ("0", "1", "2"),
    "SPEAKERS": ("george", "theo"),
    "N_TAKES": 2,
    "N_OFFICIAL": 1,
    "N_TEST": {"published": 6, "arithmetic": 3},
}


@pytest.fixture(scope="session")
def made_fsdd(tmp_path_factory) -> Path:
    """Folder with the small FSDD's ``recordings/`` and ``embedded/``, made once; the tests must not change it."""
    folder = tmp_path_factory.mktemp("fsdd")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in SMALL_FSDD.items():
            patch.setattr(fsdd, name, value)
        for seed, clip in enumerate(fsdd.clip_names()):
            samples = np.random.default_rng(seed).integers(-9000, 9000, 1200 + 100 * seed)
            samples[:2] = (-32768, 32767) if seed == 0 else samples[:2]
            _save_wav(folder / "recordings" / f"{clip}.wav", samples)
        fsdd.write_list(folder / "recordings", folder / "embedded")
    shutil.copyfile(fsdd.EMBEDDED / "ATTRIBUTION.md", folder / "embedded" / "ATTRIBUTION.md")
    return folder


@pytest.fixture
def small_fsdd(made_fsdd, tmp_path, monkeypatch) -> Path:
    """Folder of the small corpus's 12 wav files, ``recordings/``; packed, they are the embedded corpus for this test.

    0_george_0 holds the least and the greatest 16-bit number.
    """
    embedded = shutil.copytree(made_fsdd / "embedded", tmp_path / "embedded")
    for name, value in (SMALL_FSDD | {"EMBEDDED": embedded, "LIST": embedded / "fsdd_clips.csv"}).items():
        monkeypatch.setattr(fsdd, name, value)
    return shutil.copytree(made_fsdd / "recordings", tmp_path / "wavs" / "recordings")


N_SMALL_TRACKS = 6  # a genre


def _track(clip: str) -> np.ndarray:
    """Samples of a made-up track, 16-bit integers; reggae.00004 repeats reggae.00002, and rock.00001 metal.00003."""
    clip = {"reggae.00004": "reggae.00002", "rock.00001": "metal.00003"}.get(clip, clip)
    random = np.random.default_rng(list(clip.encode()))
    return random.integers(-9000, 9000, random.integers(380, 420), dtype=np.int16)


@pytest.fixture
def small_gtzan(tmp_path, monkeypatch) -> Path:
    """Root of the small corpus under the data root, in ``genres/``: mostly wav files, some au and flac."""
    monkeypatch.setattr(tracks, "N_TRACKS", N_SMALL_TRACKS)
    monkeypatch.setattr(gtzan, "N_SAMPLES", (380, 420))
    monkeypatch.setattr(gtzan, "KNOWN_FAULTS", ("jazz.00005",))
    root = tmp_path / "data" / "gtzan"
    for clip in tracks.track_names():
        suffix = {"0": ".au", "1": ".flac"}.get(clip[-1], ".wav")
        path = root / "genres" / clip.partition(".")[0] / f"{clip}{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, _track(clip), gtzan.SAMPLE_RATE_HZ, subtype="PCM_16")
    return root


@pytest.fixture
def gtzan_track():
    """Function that gives a track of the small GTZAN as 16-bit integers: its clip's name."""
    return _track


SMALL_LABELS = ("Bark", "Hi-hat", "Oboe")
N_SMALL_CLIPS = {"train": 11, "test": 2}  # a class


def _sound(clip: str) -> np.ndarray:
    """Samples of a made-up clip, 16-bit integers; 1 and 4 hold the same."""
    number = 1 if int(clip, 16) == 4 else int(clip, 16)
    random = np.random.default_rng(number)
    return random.integers(-9000, 9000, random.integers(300, 400), dtype=np.int16)


@pytest.fixture
def small_fsdkaggle2018(tmp_path, monkeypatch) -> Path:
    """Root of the small corpus under the data root, as Zenodo's archives have it: clips 00000000 to 00000026.

    Training clips 2 and 5 are of one Freesound sound, and so are training clip 0 and the first test clip.
    """
    n_clips = {split: n * len(SMALL_LABELS) for split, n in N_SMALL_CLIPS.items()}
    monkeypatch.setattr(clips, "N_PUBLISHED", n_clips)
    root, number = tmp_path / "data" / "fsdkaggle2018", 0
    tables = {"train": ["fname,label,manually_verified,freesound_id,license"]}
    tables["test"] = ["fname,label,usage,freesound_id,license"]
    for split, lines in tables.items():
        folder = root / f"FSDKaggle2018.audio_{split}"
        folder.mkdir(parents=True)
        for place in range(n_clips[split]):
            clip, sound = f"{number:08x}", {5: 2, n_clips["train"]: 0}.get(number, number)
            middle = f"{number % 2}" if split == "train" else ("Public", "Private")[place % 2]
            lines.append(f"{clip}.wav,{SMALL_LABELS[place % 3]},{middle},{5000 + sound},Creative Commons 0")
            soundfile.write(folder / f"{clip}.wav", _sound(clip), 44100, subtype="PCM_16")
            number += 1
    names = {"train": "train_post_competition.csv", "test": "test_post_competition_scoring_clips.csv"}
    (root / "FSDKaggle2018.meta").mkdir()
    for split, name in names.items():
        (root / "FSDKaggle2018.meta" / name).write_text("\n".join(tables[split]) + "\n")
    return root


@pytest.fixture
def fsdkaggle2018_sound():
    """Function that gives a clip of the small FSDKaggle2018 as 16-bit integers: its name."""
    return _sound


def _make_zip(path: Path, folder: Path, prefix: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.rglob("*.*")):
            archive.write(file, f"{prefix}/{file.relative_to(folder)}")
    return path


@pytest.fixture
def make_zip():
    """Function that packs a folder: path of the zip file, folder, name that the folder has in it."""
    return _make_zip


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


class CutHandler(QuietHandler):
    """Promises a file and closes the connection half way."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "100000")
        self.end_headers()
        self.wfile.write(b"x" * 5000)


@contextlib.contextmanager
def _serve(folder: Path, cut: bool = False):
    handler = functools.partial(CutHandler if cut else QuietHandler, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def serve():
    """Context manager that serves a folder on this machine and gives the address; with ``cut=True``, half of a file."""
    return _serve


DATA = os.environ.get("AUDIO_REPRODUCTIONS_DATA")


@pytest.fixture
def real_vntm() -> Path:
    """Root of the real corpus; skips without it."""
    if not DATA:
        pytest.skip("AUDIO_REPRODUCTIONS_DATA is not set: no real corpus to test on")
    try:
        return vntm.locate(Path(DATA))
    except CorpusError:
        pytest.skip(f"no corpus vntm under AUDIO_REPRODUCTIONS_DATA ({DATA})")


def _real(folder: str) -> Path:
    """A folder under the real data root; skips, and says why, without it."""
    if not DATA:
        pytest.skip("AUDIO_REPRODUCTIONS_DATA is not set: no real corpus to test on")
    if not (Path(DATA) / folder).is_dir():
        pytest.skip(f"no folder {folder} under AUDIO_REPRODUCTIONS_DATA ({DATA})")
    return Path(DATA) / folder


@pytest.fixture
def real_fsdd() -> Path:
    """Folder of the published wav files; skips without it."""
    return _real("fsdd/recordings")


@pytest.fixture
def real_gtzan_subset() -> Path:
    """Folder of the 36 readable tracks of three genres, and jazz.00054.wav; skips without it."""
    return _real("gtzan_subset")


@pytest.fixture
def real_gtzan_excerpts() -> Path:
    """Folder of the first 15 s of ten tracks of each genre; skips without it."""
    return _real("gtzan_excerpts")


@pytest.fixture
def real_gtzan_features() -> Path:
    """Folder of the public tables of features; skips without it."""
    return _real("gtzan_features")


@pytest.fixture
def real_fsdkaggle2018_subset() -> Path:
    """Folder of 200 training clips of ten classes; skips without it."""
    return _real("fsdkaggle2018_subset")
