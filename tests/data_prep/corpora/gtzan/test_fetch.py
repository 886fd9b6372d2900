"""Putting GTZAN and its tables in place: archives, folders, Kaggle, a server."""

import hashlib
import io
import shutil
import sys
import tarfile
import types

import pytest

import data_prep
from data_prep import CorpusError, fingerprint
from data_prep.corpora import gtzan
from data_prep.corpora.gtzan import fetch, tracks

gtzan_features_30s = data_prep.corpus("gtzan_features_30s")


@pytest.fixture
def source(small_gtzan, tmp_path):
    """The small corpus at another place; the data root is empty."""
    return small_gtzan.rename(tmp_path / "source")


@pytest.fixture
def goal(tmp_path):
    return tmp_path / "data" / "gtzan"


@pytest.fixture
def archive(source, tmp_path):
    """A tar.gz file as the original: with Marsyas's own files, and a hidden one beside each genre."""
    path = tmp_path / "served" / "genres.tar.gz"
    path.parent.mkdir()
    (source / "genres" / "input.mf").write_text("x")
    (source / "genres" / "pop" / "._pop.00003.wav").write_bytes(b"x")
    with tarfile.open(path, "w:gz") as opened:
        opened.add(source / "genres", "./genres")
    return path


@pytest.fixture
def kaggle(monkeypatch):
    """Function that stands in for Kaggle: gives what it is told, and notes what it was asked for."""

    def stand_in(path):
        asked = []
        module = types.SimpleNamespace(dataset_download=lambda *what: asked.append(what) or str(path))
        monkeypatch.setitem(sys.modules, "kagglehub", module)
        return asked

    return stand_in


def nothing_left(goal):
    """True if neither the corpus nor anything temporary is there."""
    return not goal.parent.exists() or not list(goal.parent.iterdir())


def test_from_tar(archive, source, goal):
    before = fingerprint(gtzan.index(source))
    assert fetch.fetch(origin=archive) == goal
    assert fingerprint(gtzan.index()) == before
    assert sorted(path.name for path in goal.iterdir()) == ["genres"]
    assert sorted(path.name for path in (goal / "genres" / "pop").iterdir()) == [
        *("pop.00000.au", "pop.00001.flac", "pop.00002.wav", "pop.00003.wav", "pop.00004.wav", "pop.00005.wav"),
    ]
    assert archive.exists()  # the user's own file


def test_from_zip_and_folder(source, goal, tmp_path, make_zip):
    (source / "genres").rename(source / "genres_original")
    (source / "genres_original" / "pop" / "pop.00003.wav").rename(source / "pop.00003.WAV")
    fetch.fetch(tmp_path / "a", origin=make_zip(tmp_path / "a.zip", source, "Data"))
    fetch.fetch(tmp_path / "b", origin=source)
    assert fingerprint(gtzan.index(tmp_path / "a")) == fingerprint(gtzan.index(tmp_path / "b"))
    assert (source / "genres_original" / "rock" / "rock.00000.au").exists()  # copied, not moved
    assert nothing_left(goal)


def test_huggingface_and_its_checksum(archive, goal, tmp_path, serve, monkeypatch):
    assert gtzan.ARCHIVE_URL == "https://huggingface.co/datasets/marsyas/gtzan/resolve/main/data/genres.tar.gz"
    with serve(archive.parent) as address:
        monkeypatch.setattr(gtzan, "ARCHIVE_URL", f"{address}/genres.tar.gz")
        with pytest.raises(CorpusError, match=r"(?s)cannot download .*genres.tar.gz.*use --from PATH"):
            fetch.fetch()
        assert nothing_left(goal)
        monkeypatch.setattr(gtzan, "ARCHIVE_SHA256", hashlib.sha256(archive.read_bytes()).hexdigest())
        fetch.fetch()
    assert gtzan.check().ok
    assert not list((tmp_path / "cache" / "downloads").iterdir())


def test_url(archive, serve):
    with serve(archive.parent) as address:
        fetch.fetch(url=f"{address}/genres.tar.gz")
    assert gtzan.check().ok


@pytest.mark.parametrize("fault", ["unreadable", "missing"])
def test_kaggle_copy_with_its_fault(source, goal, kaggle, fault):
    path = source / "genres" / "jazz" / "jazz.00005.wav"
    path.write_bytes(b"samples without a header") if fault == "unreadable" else path.unlink()
    asked = kaggle(source)
    fetch.fetch(source="kaggle")
    assert asked == [("andradaolteanu/gtzan-dataset-music-genre-classification",)]
    assert len(gtzan.index(goal)) == 59


def test_incomplete_source(source, goal):
    (source / "genres" / "pop" / "pop.00003.wav").unlink()
    words = r"(?s)has 59 of the 60 clips, as files named as jazz.*missing: tracks pop: 1 of 6 recordings \(pop.00003\)"
    with pytest.raises(CorpusError, match=words):
        fetch.fetch(origin=source)
    assert nothing_left(goal)


def test_cut_archive(archive, goal):
    archive.write_bytes(archive.read_bytes()[: archive.stat().st_size // 2])
    with pytest.raises(CorpusError, match=r"genres\.tar\.gz is not a whole tar file .*fetch it again"):
        fetch.fetch(origin=archive)
    assert nothing_left(goal)


def test_archive_that_wants_to_write_elsewhere(archive, source, goal, tmp_path):
    with tarfile.open(archive, "w:gz") as opened:
        opened.add(source / "genres", "genres")
        for name in ("../../pop/pop.00003.wav", str(tmp_path / "pop" / "pop.00004.wav")):
            member = tarfile.TarInfo(name)
            member.size = 1
            opened.addfile(member, io.BytesIO(b"x"))
    fetch.fetch(origin=archive)
    assert gtzan.check().ok
    assert not (tmp_path / "pop").exists()


def test_no_source(goal, tmp_path):
    with pytest.raises(CorpusError, match="no folder and no zip file or tar file .*nowhere"):
        fetch.fetch(origin=tmp_path / "nowhere")
    with pytest.raises(ValueError, match="unknown source 'ftp'; the known are: huggingface, kaggle"):
        fetch.fetch(source="ftp")
    assert nothing_left(goal)


def test_broken_corpus_is_left_alone(source, goal):
    fetch.fetch(origin=source)
    assert fetch.fetch() == goal  # nothing is asked of anybody
    (goal / "genres" / "pop" / "pop.00003.wav").unlink()
    with pytest.raises(CorpusError, match=r"already there and is not the whole corpus.*check gtzan --root"):
        fetch.fetch()


def test_assign():
    names = ["a/jazz/jazz.00003.wav", "b/jazz.00003.wav", "pop.00001.AU", "blues/blues00001.png", "x/jazz.00100.wav"]
    assert fetch.assign([*names, "__MACOSX/jazz/jazz.00004.wav"]) == {
        "jazz.00003": "a/jazz/jazz.00003.wav",
        "pop.00001": "pop.00001.AU",
    }
    with pytest.raises(CorpusError, match=r"jazz.00003 is there twice: a/jazz/jazz.00003.au and b/jazz/jazz.00003.wav"):
        fetch.assign(["b/jazz/jazz.00003.wav", "a/jazz/jazz.00003.au"])


# The tables of features.


@pytest.fixture
def table(tmp_path, monkeypatch):
    """A folder with a table of two tracks a genre."""
    monkeypatch.setattr(tracks, "N_TRACKS", 2)
    path = tmp_path / "source" / "Data" / "features_30_sec.csv"
    path.parent.mkdir(parents=True)
    columns = ["filename", "length", *gtzan_features_30s.FEATURES, "label"]
    lines = [",".join(columns)]
    for number, track in enumerate(tracks.track_names()):
        lines.append(",".join([f"{track}.wav", "661794", *[str(number)] * 57, tracks.genre_of(track)]))
    path.write_text("\n".join(lines) + "\n")
    return path


def test_table_from_kaggle(table, tmp_path, kaggle):
    asked = kaggle(table)
    assert gtzan_features_30s.fetch() == tmp_path / "data" / "gtzan_features_30s"
    assert asked == [("andradaolteanu/gtzan-dataset-music-genre-classification", "Data/features_30_sec.csv")]
    assert len(gtzan_features_30s.index()) == 20


@pytest.mark.parametrize("kind", ["file", "folder", "zip", "url"])
def test_table_from_elsewhere(table, tmp_path, make_zip, serve, kind):
    (tmp_path / "served").mkdir()
    archive = make_zip(tmp_path / "served" / "a.zip", table.parents[1], "x")
    if kind == "url":
        with serve(archive.parent) as address:
            gtzan_features_30s.fetch(url=f"{address}/a.zip")
    else:
        renamed = shutil.copyfile(table, tmp_path / "mine.csv")
        gtzan_features_30s.fetch(origin={"file": renamed, "folder": table.parents[1], "zip": archive}[kind])
    assert gtzan_features_30s.check().ok
    assert [path.name for path in gtzan_features_30s.locate().iterdir()] == ["features_30_sec.csv"]


def test_no_table_or_a_wrong_one(table, tmp_path):
    goal, empty = tmp_path / "data" / "gtzan_features_30s", tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(CorpusError, match=r"has no file features_30_sec.csv; name the CSV file itself with --from"):
        gtzan_features_30s.fetch(origin=empty)
    shutil.copyfile(table, table.parents[1] / table.name)
    with pytest.raises(CorpusError, match=r"has 2 files features_30_sec.csv"):
        gtzan_features_30s.fetch(origin=table.parents[1])
    table.write_text(table.read_text().replace("rms_mean", "rms"))
    with pytest.raises(CorpusError, match=r"not the corpus:\n.*lacks the column rms_mean"):
        gtzan_features_30s.fetch(origin=table)
    assert nothing_left(goal)
