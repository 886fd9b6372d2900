"""Fetching VNTM from each kind of source, and with it how any corpus lands: whole, or not at all."""

import errno
import os
import shutil
import sys
import types
import wave
import zipfile

import numpy as np
import pytest

from data_prep import CorpusError, fingerprint
from data_prep.common import download
from data_prep.corpora import vntm
from data_prep.corpora.vntm import fetch
from shared.base.locks import LockedError, file_lock


@pytest.fixture
def source(small_vntm, tmp_path):
    """The small corpus at another place; the data root is empty."""
    moved = tmp_path / "source"
    small_vntm.rename(moved)
    return moved


@pytest.fixture
def goal(tmp_path):
    return tmp_path / "data" / "vntm_images"


def nothing_left(goal):
    """True if neither the corpus nor anything temporary is there."""
    return not goal.parent.exists() or not list(goal.parent.iterdir())


@pytest.fixture
def audio(source, tmp_path):
    """Half a second of noise for each clip, named and laid out as in the authors' README: one folder a class."""
    folder = tmp_path / "rawdata"
    for seed, path in enumerate(sorted(source.glob("*/*/*.png"))):
        number, label = path.stem[-3:], path.parent.name
        file = folder / label / f"{label.title()}{number}.wav"
        file.parent.mkdir(parents=True, exist_ok=True)
        noise = np.random.default_rng(seed).integers(-9000, 9000, 11025).astype("<i2")
        with wave.open(str(file), "wb") as writer:
            writer.setparams((1, 2, 22050, 0, "NONE", ""))
            writer.writeframes(noise.tobytes())
    return folder


def test_from_folder_in_any_order(source, goal, tmp_path):
    before = fingerprint(vntm.index(source))
    flat = tmp_path / "flat"  # one folder a class, no split
    for path in source.glob("*/*/*.png"):
        (flat / path.parent.name).mkdir(parents=True, exist_ok=True)
        path.rename(flat / path.parent.name / path.name)
    assert fetch.fetch(origin=flat) == goal
    assert fingerprint(vntm.index()) == before
    assert sorted(os.listdir(goal.parent)) == ["vntm_images"]


def test_from_zip_of_the_repository(source, goal, tmp_path, make_zip):
    """The repository has every image twice; the one in the split folders is taken, wherever the other sorts."""
    before = fingerprint(vntm.index(source))
    archive = make_zip(tmp_path / "a.zip", source, "Repository-abc/dataset")
    with zipfile.ZipFile(archive, "a") as opened:
        opened.writestr("Repository-abc/README.md", "x")
        opened.writestr("Repository-abc/a/cheo/Cheo.002.png", b"junk")
        opened.writestr("Repository-abc/mel-images/cheo/Cheo.002.png", b"junk")
        opened.writestr("__MACOSX/dataset/train/cheo/Cheo.002.png", b"junk")
    fetch.fetch(goal, origin=archive)
    assert fingerprint(vntm.index()) == before
    assert archive.exists()  # the user's own file


def test_from_audio(audio, goal):
    fetch.fetch(origin=audio)
    frame = vntm.index()
    assert len(frame) == 25
    assert "25 of 25 images differ from the published ones" in frame.attrs["notes"][0]
    assert (goal / vntm.RENDERED_MARK).exists()
    copy = fetch.fetch(goal.parent / "copy", origin=goal)
    assert (copy / vntm.RENDERED_MARK).exists()


def test_from_zip_of_audio(audio, goal, tmp_path, make_zip):
    fetch.fetch(origin=make_zip(tmp_path / "a.zip", audio, "rawdata"))
    assert vntm.check().ok
    assert not list(goal.rglob("*.wav"))


def test_from_kaggle(audio, monkeypatch):
    asked = []
    module = types.SimpleNamespace(dataset_download=lambda slug: asked.append(slug) or str(audio))
    monkeypatch.setitem(sys.modules, "kagglehub", module)
    fetch.fetch(source="kaggle")
    assert asked == ["homata123/vntm-for-building-model-5-genres"]
    assert vntm.check().ok


def test_kaggle_fails(goal, small_vntm, monkeypatch):
    shutil.rmtree(small_vntm)

    def fail(slug):
        raise RuntimeError("no network")

    monkeypatch.setitem(sys.modules, "kagglehub", types.SimpleNamespace(dataset_download=fail))
    with pytest.raises(CorpusError, match=r"(?s)from Kaggle: RuntimeError: no network.*--from FOLDER"):
        fetch.fetch(source="kaggle")
    assert nothing_left(goal)


def test_unreadable_audio_is_named(audio, goal):
    (audio / "cheo" / "Cheo002.wav").write_bytes(b"no audio")
    with pytest.raises(CorpusError, match=r"(?s)1 of 25 audio files cannot be used.*Cheo002\.wav"):
        fetch.fetch(origin=audio)
    assert nothing_left(goal)


def test_incomplete_source(source, goal):
    (source / "train/cheo/Cheo.002.png").unlink()
    with pytest.raises(
        CorpusError, match=r"(?s)has 24 of the 25 clips.*missing: train cheo: 1 of 3 images \(Cheo.002\)"
    ):
        fetch.fetch(origin=source)
    assert nothing_left(goal)


def test_corrupt_source(source, goal):
    (source / "train/cheo/Cheo.002.png").write_bytes(b"junk")
    with pytest.raises(CorpusError, match=r"(?s)not the corpus.*unreadable: train/cheo/Cheo.002.png"):
        fetch.fetch(origin=source)
    assert nothing_left(goal)


def test_no_source(goal, tmp_path):
    with pytest.raises(CorpusError, match="no folder and no zip file"):
        fetch.fetch(origin=tmp_path / "nowhere")
    with pytest.raises(ValueError, match="unknown source 'ftp'; the known are: github, kaggle"):
        fetch.fetch(source="ftp")


def test_not_a_zip(goal, tmp_path, source, make_zip):
    whole = make_zip(tmp_path / "a.zip", source, "x").read_bytes()
    for content, words in ((b"<html>", "is a web page"), (whole[: len(whole) // 2], "is not a whole zip file")):
        (tmp_path / "b.zip").write_bytes(content)
        with pytest.raises(CorpusError, match=rf"b\.zip {words}"):
            fetch.fetch(origin=tmp_path / "b.zip")
    assert nothing_left(goal)


def test_whole_corpus_is_left_alone(small_vntm, monkeypatch):
    monkeypatch.setattr(download, "from_archive", None)
    assert fetch.fetch() == small_vntm


def test_broken_corpus_is_not_overwritten(small_vntm):
    (small_vntm / "train/cheo/Cheo.002.png").unlink()
    with pytest.raises(CorpusError, match="already there and is not the whole corpus"):
        fetch.fetch()


def test_leftovers_of_a_killed_fetch_are_removed(source, goal):
    leftover = goal.parent / ".vntm_images.partial" / "train"
    leftover.mkdir(parents=True)
    (leftover / "stray.png").write_bytes(b"x")
    fetch.fetch(origin=source)
    assert vntm.check().ok
    assert os.listdir(goal.parent) == ["vntm_images"]


def test_the_lock_of_a_fetch_that_was_killed_at_its_end_is_removed(source, goal):
    fetch.fetch(origin=source)
    (goal.parent / ".vntm_images.lock").touch()
    fetch.fetch(origin=source)
    assert os.listdir(goal.parent) == ["vntm_images"]


def test_second_fetch_at_the_same_time(source, goal):
    with (
        file_lock(goal.parent / ".vntm_images.lock", "the first fetch"),
        pytest.raises(LockedError, match=r"fetching vntm into .* is already under way: process \d+"),
    ):
        fetch.fetch(origin=source)
    fetch.fetch(origin=source)
    assert vntm.check().ok


def test_full_disk_leaves_nothing(source, goal, monkeypatch):
    def full(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(OSError, match="the disk is full"):
        fetch.fetch(origin=source)
    assert nothing_left(goal)


def test_assign():
    vntm_names = ["raw/HatXam/Hatxam012.wav", "raw/catru/7.wav", "raw/cheo/Cheo.499.WAV", "raw/cheo/notes.wav"]
    others = ["raw/other/Other.001.wav", "raw/cheo/.Cheo.001.wav", "raw/cheo/Cheo.001.txt", "raw/cheo/Cheo.900.wav"]
    assert fetch.assign(vntm_names + others, (".wav",)) == {
        "Xam.012": "raw/HatXam/Hatxam012.wav",
        "Catru.007": "raw/catru/7.wav",
        "Cheo.499": "raw/cheo/Cheo.499.WAV",
    }
    with pytest.raises(CorpusError, match=r"Cheo\.001 is there twice: a/cheo/Cheo1\.wav and b/cheo/Cheo\.001\.wav"):
        fetch.assign(["b/cheo/Cheo.001.wav", "a/cheo/Cheo1.wav"], (".wav",))


def test_download(source, tmp_path, make_zip, serve):
    before = fingerprint(vntm.index(source))
    make_zip(tmp_path / "served.zip", source, "dataset")
    with serve(tmp_path) as address:
        fetch.fetch(url=f"{address}/served.zip")
    assert fingerprint(vntm.index()) == before
    assert not list((tmp_path / "cache" / "downloads").iterdir())


def test_download_that_breaks_off_starts_over(source, goal, tmp_path, make_zip, serve):
    make_zip(tmp_path / "served.zip", source, "dataset")
    with (
        serve(tmp_path, cut=True) as address,
        pytest.raises(CorpusError, match=r"(?s)cannot download .*start over.*--from"),
    ):
        fetch.fetch(url=f"{address}/served.zip")
    assert nothing_left(goal)
    assert not list((tmp_path / "cache" / "downloads").iterdir())


def test_download_that_is_not_there(small_vntm, goal, tmp_path, serve):
    shutil.rmtree(small_vntm)
    with serve(tmp_path) as address, pytest.raises(CorpusError, match="404"):
        fetch.fetch(url=f"{address}/served.zip")
    assert nothing_left(goal)


def test_authors_repository_is_pinned_to_a_commit():
    assert fetch.ARCHIVE_URL == (
        "https://codeload.github.com/LTPhat/Vietnamese-Traditional-Music-Classification/zip/"
        "2224d0f822656ccfc8c5a0602bffb6611c99765e"
    )
