"""Writing FSDD's wav files: from the embedded corpus, from folders, zip files and a server."""

import errno
import shutil
import zipfile

import pytest

from data_prep import CorpusError, fingerprint
from data_prep.corpora import fsdd
from data_prep.corpora.fsdd import fetch


@pytest.fixture
def goal(tmp_path):
    return tmp_path / "data" / "fsdd"


def nothing_left(goal):
    """True if neither the corpus nor anything temporary is there."""
    return not goal.parent.exists() or not list(goal.parent.iterdir())


def test_embedded(small_fsdd, goal):
    assert fetch.fetch() == goal
    assert fingerprint(fsdd.index(goal)) == fingerprint(fsdd.index())
    for path in small_fsdd.iterdir():
        assert (goal / "recordings" / path.name).read_bytes() == path.read_bytes()
    assert sorted(path.name for path in goal.iterdir()) == ["ATTRIBUTION.md", "recordings"]


def test_from_folder(small_fsdd, goal, tmp_path):
    deep = tmp_path / "deep" / "a"
    deep.mkdir(parents=True)
    for number, path in enumerate(small_fsdd.iterdir()):  # in two folders, some with capitals
        path.rename(deep.parent / path.name if number % 2 else deep / f"{path.stem}.WAV")
    fetch.fetch(goal, origin=tmp_path / "deep")
    assert fsdd.check(goal).ok
    assert len(list((goal / "recordings").glob("*.wav"))) == 12


def test_from_zip_of_the_repository(small_fsdd, goal, tmp_path, make_zip):
    """Only the clips are taken, and where one is there twice, the one in ``recordings/``."""
    archive = make_zip(tmp_path / "a.zip", small_fsdd, "repository-abc/recordings")
    with zipfile.ZipFile(archive, "a") as opened:
        opened.writestr("repository-abc/README.md", "x")
        opened.writestr("repository-abc/a/1_theo_1.wav", b"junk")
        opened.writestr("__MACOSX/recordings/1_theo_1.wav", b"junk")
    fetch.fetch(goal, origin=archive)
    assert fsdd.check(goal).ok
    assert len(list(goal.rglob("*"))) == 14  # 12 clips, their folder and the terms
    assert archive.exists()  # the user's own file


def test_download(small_fsdd, goal, tmp_path, make_zip, serve):
    make_zip(tmp_path / "served.zip", small_fsdd, "repository-abc/recordings")
    with serve(tmp_path) as address:
        fetch.fetch(url=f"{address}/served.zip")
    assert fsdd.check(goal).ok
    assert not list((tmp_path / "cache" / "downloads").iterdir())


def test_github_is_asked_for_a_released_version(small_fsdd, goal, tmp_path, make_zip, serve, monkeypatch):
    assert fetch.ARCHIVE_URL == (
        "https://codeload.github.com/Jakobovski/free-spoken-digit-dataset/zip/d6938f9bf1545aa66d8489fc9f1385a7abd64282"
    )
    make_zip(tmp_path / "served.zip", small_fsdd, "repository-abc/recordings")
    with serve(tmp_path) as address:
        monkeypatch.setattr(fetch, "ARCHIVE_URL", f"{address}/served.zip")
        fetch.fetch(source="github")
    assert fsdd.check(goal).ok


def test_download_of_other_recordings(small_fsdd, goal, tmp_path, make_zip, serve):
    shutil.copyfile(small_fsdd / "0_theo_0.wav", small_fsdd / "1_theo_1.wav")
    make_zip(tmp_path / "served.zip", small_fsdd, "recordings")
    with (
        serve(tmp_path) as address,
        pytest.raises(CorpusError, match=r"(?s)not the corpus.*changed: 1_theo_1 holds the recording of 0_theo_0"),
    ):
        fetch.fetch(url=f"{address}/served.zip")
    assert nothing_left(goal)
    assert not list((tmp_path / "cache" / "downloads").iterdir())


def test_incomplete_source(small_fsdd, goal):
    (small_fsdd / "1_theo_1.wav").unlink()
    words = r"(?s)has 11 of the 12 clips, as files named .*missing: theo 1: 1 of 2 recordings \(1_theo_1\)"
    with pytest.raises(CorpusError, match=words):
        fetch.fetch(origin=small_fsdd)
    assert nothing_left(goal)


def test_no_source(small_fsdd, goal, tmp_path):
    with pytest.raises(CorpusError, match="no folder and no zip file"):
        fetch.fetch(origin=tmp_path / "nowhere")
    with pytest.raises(ValueError, match="unknown source 'zenodo'; the known are: embedded, github"):
        fetch.fetch(source="zenodo")
    assert nothing_left(goal)


def test_whole_corpus_is_left_alone_and_a_broken_one_too(small_fsdd, goal):
    fetch.fetch()
    stamp = (goal / "recordings").stat().st_mtime_ns
    assert fetch.fetch() == goal
    assert (goal / "recordings").stat().st_mtime_ns == stamp
    (goal / "recordings" / "1_theo_1.wav").unlink()
    with pytest.raises(CorpusError, match=r"already there and is not the whole corpus.*check fsdd --root"):
        fetch.fetch()
    shutil.rmtree(goal / "recordings")
    with pytest.raises(CorpusError, match="already there and is not the whole corpus"):
        fetch.fetch()
    assert (goal / "ATTRIBUTION.md").exists()


def test_full_disk_leaves_nothing(small_fsdd, goal, monkeypatch):
    def full(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(fetch.wave, "open", full)
    with pytest.raises(OSError, match="the disk is full"):
        fetch.fetch()
    assert nothing_left(goal)


def test_assign(small_fsdd):
    names = ["a/recordings/1_theo_1.wav", "b/1_theo_1.wav", "0_george_0.WAV", "0_george_1.flac", "9_theo_1.wav"]
    assert fetch.assign([*names, "recordings/._0_theo_0.wav"]) == {
        "1_theo_1": "a/recordings/1_theo_1.wav",
        "0_george_0": "0_george_0.WAV",
    }
    with pytest.raises(CorpusError, match=r"1_theo_1 is there twice: a/1_theo_1\.wav and b/1_theo_1\.wav; remove"):
        fetch.assign(["b/1_theo_1.wav", "a/1_theo_1.wav"])
