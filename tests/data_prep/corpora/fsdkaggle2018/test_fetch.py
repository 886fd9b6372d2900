"""Putting FSDKaggle2018 in place: three archives, one archive, folders, a server."""

import hashlib
import shutil
import zipfile

import pytest

from data_prep import CorpusError, fingerprint
from data_prep.corpora import fsdkaggle2018
from data_prep.corpora.fsdkaggle2018 import fetch


@pytest.fixture
def source(small_fsdkaggle2018, tmp_path):
    """The small corpus at another place; the data root is empty."""
    return small_fsdkaggle2018.rename(tmp_path / "source")


@pytest.fixture
def goal(tmp_path):
    return tmp_path / "data" / "fsdkaggle2018"


@pytest.fixture
def archives(source, tmp_path, make_zip, monkeypatch):
    """Folder of the three archives as on Zenodo, and a fourth that nobody needs; their sums are the published ones."""
    folder = tmp_path / "served"
    folder.mkdir()
    sums = {}
    for name in fsdkaggle2018.ARCHIVES:
        part = name.removesuffix(".zip")
        make_zip(folder / name, source / part, part)
        sums[name] = hashlib.md5((folder / name).read_bytes()).hexdigest()
    monkeypatch.setattr(fsdkaggle2018, "ARCHIVES", sums)
    (folder / "FSDKaggle2018.doc.zip").write_bytes(b"no zip file")
    return folder


def nothing_left(goal):
    """True if neither the corpus nor anything temporary is there."""
    return not goal.parent.exists() or not list(goal.parent.iterdir())


def test_from_folder_of_archives(archives, source, goal):
    before = fingerprint(fsdkaggle2018.index(source))
    assert fetch.fetch(origin=archives) == goal
    assert fingerprint(fsdkaggle2018.index()) == before
    assert sorted(path.name for path in goal.iterdir()) == [
        *("FSDKaggle2018.audio_test", "FSDKaggle2018.audio_train", "FSDKaggle2018.meta"),
    ]
    assert len(list(archives.iterdir())) == 4  # the user's own files


def test_from_folder_and_one_archive(source, goal, tmp_path, make_zip):
    (source / "notes.txt").write_text("x")
    before = fingerprint(fsdkaggle2018.index(source))
    fetch.fetch(tmp_path / "a", origin=source)
    fetch.fetch(tmp_path / "b", origin=make_zip(tmp_path / "all.zip", source, "any/name"))
    assert fingerprint(fsdkaggle2018.index(tmp_path / "a")) == before
    assert fingerprint(fsdkaggle2018.index(tmp_path / "b")) == before
    assert len(list((source / "FSDKaggle2018.audio_train").iterdir())) == 33  # copied, not moved
    assert nothing_left(goal)


def test_from_kaggles_files(source, tmp_path, make_zip):
    """A folder with ``audio_train.zip`` and ``train.csv`` beside it."""
    folder = tmp_path / "kaggle"
    folder.mkdir()
    make_zip(folder / "audio_train.zip", source / "FSDKaggle2018.audio_train", "audio_train")
    lines = (source / "FSDKaggle2018.meta" / "train_post_competition.csv").read_text().splitlines()
    (folder / "train.csv").write_text("".join(",".join(line.split(",")[:3]) + "\n" for line in lines))
    fetch.fetch(tmp_path / "a", origin=folder)
    assert set(fsdkaggle2018.index(tmp_path / "a")["split"]) == {"train", "validation"}


def test_archive_of_another_content(archives, goal):
    with zipfile.ZipFile(archives / "FSDKaggle2018.audio_train.zip", "a") as archive:
        archive.writestr("FSDKaggle2018.audio_train/more.txt", "x")
    with pytest.raises(CorpusError, match="audio_train.zip is not the archive on Zenodo: its MD5 sum is not .*again"):
        fetch.fetch(origin=archives)
    assert nothing_left(goal)


def test_zenodo_goes_on_where_it_stopped(archives, goal, tmp_path, serve, monkeypatch):
    assert fsdkaggle2018.ARCHIVE_URL.format(name="a.zip") == "https://zenodo.org/records/2552860/files/a.zip?download=1"
    downloads = tmp_path / "cache" / "downloads"
    hidden = (archives / "FSDKaggle2018.audio_train.zip").rename(tmp_path / "later.zip")
    with serve(archives) as address:
        monkeypatch.setattr(fsdkaggle2018, "ARCHIVE_URL", f"{address}/{{name}}?download=1")
        with pytest.raises(CorpusError, match=r"(?s)cannot download .*audio_train.zip.*again.*use --from PATH"):
            fetch.fetch()
        assert nothing_left(goal)
        kept = {path.name: path.stat().st_mtime_ns for path in downloads.iterdir()}
        assert len(kept) == 2
        (archives / "FSDKaggle2018.meta.zip").unlink()  # it is not asked for again
        hidden.rename(archives / "FSDKaggle2018.audio_train.zip")
        fetch.fetch()
    assert fsdkaggle2018.check().ok
    assert not list(downloads.iterdir())


def test_changed_archive_on_the_server(archives, goal, serve, monkeypatch):
    with zipfile.ZipFile(archives / "FSDKaggle2018.meta.zip", "a") as archive:
        archive.writestr("FSDKaggle2018.meta/more.txt", "x")
    with serve(archives) as address:
        monkeypatch.setattr(fsdkaggle2018, "ARCHIVE_URL", f"{address}/{{name}}?download=1")
        with pytest.raises(CorpusError, match=r"(?s)cannot download .*meta.zip.*MD5|md5"):
            fetch.fetch()
    assert nothing_left(goal)


def test_url(source, tmp_path, make_zip, serve):
    (tmp_path / "served").mkdir()
    make_zip(tmp_path / "served" / "all.zip", source, "x")
    with serve(tmp_path / "served") as address:
        fetch.fetch(url=f"{address}/all.zip")
    assert fsdkaggle2018.check().ok


def test_incomplete_source(source, goal):
    (source / "FSDKaggle2018.audio_train" / "00000007.wav").unlink()
    with pytest.raises(CorpusError, match=r"(?s)not the corpus:.*missing: train Hi-hat: 1 of 11 recordings"):
        fetch.fetch(origin=source)
    shutil.rmtree(source / "FSDKaggle2018.meta")
    with pytest.raises(CorpusError, match=r"source has no train_post_competition.csv or train.csv, or no folder"):
        fetch.fetch(origin=source)
    assert nothing_left(goal)


def test_no_source(goal, tmp_path):
    with pytest.raises(CorpusError, match="no folder and no zip file or tar file .*nowhere"):
        fetch.fetch(origin=tmp_path / "nowhere")
    with pytest.raises(ValueError, match="unknown source 'kaggle'; the known are: zenodo"):
        fetch.fetch(source="kaggle")
    assert nothing_left(goal)


def test_broken_corpus_is_left_alone(source, goal):
    fetch.fetch(origin=source)
    assert fetch.fetch() == goal  # nothing is asked of anybody
    (goal / "FSDKaggle2018.audio_train" / "00000007.wav").unlink()
    with pytest.raises(CorpusError, match=r"already there and is not the whole corpus.*check fsdkaggle2018 --root"):
        fetch.fetch()


def test_assign():
    names = ["in/audio_train/0a.wav", "audio_test/0b.WAV", "x/train.csv", "FSDKaggle2018.audio_train/1c.flac"]
    others = ["audio_train/a.txt", "0d.wav", "__MACOSX/audio_train/0a.wav", "audio_train/._0a.wav", "sample.csv"]
    assert fetch.assign([*names, *others]) == {
        "in/audio_train/0a.wav": "FSDKaggle2018.audio_train/0a.wav",
        "audio_test/0b.WAV": "FSDKaggle2018.audio_test/0b.WAV",
        "x/train.csv": "FSDKaggle2018.meta/train.csv",
        "FSDKaggle2018.audio_train/1c.flac": "FSDKaggle2018.audio_train/1c.flac",
    }
    with pytest.raises(CorpusError, match="0a.wav is there twice: a/audio_train/0a.wav and in/audio_train"):
        fetch.assign([*names, "a/audio_train/0a.wav"])
