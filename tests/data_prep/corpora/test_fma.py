"""FMA: a small hand-made copy of its metadata's layout, with three lines of header, and tracks in its folders."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest
import soundfile

from data_prep import CorpusError
from data_prep.common import label_sets
from data_prep.corpora import fma
from data_prep.corpora.music_library import library_audio
from tests.data_prep.check_corpus import check_corpus

RATE = 44100
# As in tracks.csv: two lines of column names, a third that names the index, and cells that hold commas and line ends.
HEADER = [
    ",album,album,artist,artist,set,set,track,track,track,track",
    ",comments,title,id,name,split,subset,genre_top,genres,genres_all,title",
    "track_id,,,,,,,,,,",
]
TRACKS = {
    2: ("1", "training", "small", "[21]"),
    3: ("1", "training", "medium", "[21, 76]"),
    5: ("6", "validation", "small", "[10]"),
    10: ("7", "test", "small", "[10, 12]"),
    134: ("7", "test", "small", "[21, 10, 12]"),
    140: ("", "training", "small", "[76, 10]"),
    141: ("9", "training", "large", "[]"),
    1001: ("9", "training", "small", "[]"),
}
GENRES = """genre_id,#tracks,parent,title,top_level
10,13845,0,Pop,10
12,32923,0,Rock,12
21,12706,0,Hip-Hop,21
76,1876,10,Experimental Pop,10
"""


@pytest.fixture(autouse=True)
def _short_middle(monkeypatch):
    monkeypatch.setattr(library_audio, "SECONDS", 1.5)
    monkeypatch.setattr("data_prep.corpora.music_library.library.SECONDS", 1.5)


@pytest.fixture
def root(tmp_path):
    """The small subset under the data root: tracks of 1.6 s. Tracks 3 and 141 are not in it."""
    folder = tmp_path / "data" / "fma"
    (folder / "fma_metadata").mkdir(parents=True)
    lines = [
        f'{number},0,"a title, with a comma\nand a line",{artist},"A, B",{split},{subset},,"{genres}","{genres}",t'
        for number, (artist, split, subset, genres) in TRACKS.items()
    ]
    (folder / "fma_metadata" / "tracks.csv").write_text("\n".join(HEADER + lines) + "\n", encoding="utf-8")
    (folder / "fma_metadata" / "genres.csv").write_text(GENRES)
    for number, (_, _, subset, _) in TRACKS.items():
        if subset == "small":
            save(folder / "fma_small", number)
    return folder


def save(folder, number, seconds=1.6):
    path = folder / f"{number:06d}"[:3] / f"{number:06d}.mp3"
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(number).standard_normal(int(seconds * RATE))
    soundfile.write(path, 0.1 * noise, RATE)
    return path


def test_the_hand_made_file_is_read_as_fmas_own_code_reads_it(root):
    """``pandas.read_csv(path, index_col=0, header=[0, 1])``, as in the repository's utils.py."""
    tracks = pd.read_csv(root / "fma_metadata" / "tracks.csv", index_col=0, header=[0, 1])
    found = fma._tracks(root / "fma_metadata" / "tracks.csv")
    assert list(tracks.index) == [int(number) for number in found["track_id"]] == list(TRACKS)
    assert list(tracks["set", "split"]) == list(found["split"])
    assert list(tracks["set", "subset"]) == list(found["subset"])
    assert list(tracks["track", "genres"]) == list(found["genres"])
    assert list(tracks["artist", "id"].dropna().astype(int)) == [int(artist) for artist in found["artist"] if artist]


def test_it_does_what_every_corpus_does(root):
    check_corpus(fma.CORPUS)


def test_index(root):
    frame = fma.index()
    assert tuple(frame.columns) == fma.COLUMNS == (*label_sets.COLUMNS, "official")
    assert dict(zip(frame["clip"], frame["label"], strict=True)) == {
        "000002": "Hip-Hop",
        "000005": "Pop",
        "000010": "Pop|Rock",
        "000140": "Experimental Pop|Pop",
    }
    row = frame.set_index("clip").loc["000010"]
    assert row["path"] == str(root / "fma_small" / "000" / "000010.mp3")
    assert (row["group"], row["official"], row["n_samples"]) == ("artist 7", "test", 1.5 * RATE)
    assert frame.set_index("clip").loc["000140", "group"] == "000140"  # no artist: the track
    assert Counter(frame["split"]) == {"train": 3, "validation": 1}
    assert "1 tracks with more than two genres and 1 with none are left out." in frame.attrs["notes"]
    assert frame.attrs["skipped"] == []
    assert fma.classes() == ("Experimental Pop", "Hip-Hop", "Pop", "Rock")
    assert next(fma.signals(frame)).shape == (1.5 * RATE,)


def test_top_genres(root):
    """Experimental Pop is a kind of Pop: track 140 has one genre then. Track 134 has three at both levels."""
    frame = fma.index(level="top")
    assert list(frame["label"]) == ["Hip-Hop", "Pop", "Pop|Rock", "Pop"]
    with pytest.raises(ValueError, match="unknown level 'all'; known are: own, top"):
        fma.index(level="all")


def test_official_split(root):
    frame = fma.index()
    split = fma.with_protocol(frame, "official").set_index("clip")["split"]
    assert dict(split) == {"000002": "train", "000005": "validation", "000010": "test", "000140": "train"}


def test_larger_subset_is_taken(root):
    for number, (_, _, subset, _) in TRACKS.items():
        if subset in ("small", "medium"):
            save(root / "fma_medium", number)
    frame = fma.index()
    assert "000003" in set(frame["clip"])
    assert frame["path"].str.contains("fma_medium").all()
    assert frame.set_index("clip").loc["000003", "label"] == "Experimental Pop|Hip-Hop"


def test_rare_genres(root):
    assert sorted(fma.index(n_genres=1)["label"]) == ["Others", "Others|Pop", "Others|Pop", "Pop"]


def test_short_and_unreadable_tracks(root):
    save(root / "fma_small", 2, 1.2)
    (root / "fma_small" / "000" / "000005.mp3").write_bytes(b"")
    (root / "fma_small" / "000" / "000010.mp3").unlink()
    frame = fma.index()  # half of them: no more than half is missing
    assert [clip for clip, _ in frame.attrs["skipped"]] == ["000010", "000005"]
    assert any(
        "1 track is shorter than 1.5 s and indexed whole, a paper may leave it out: 000002." in note
        for note in frame.attrs["notes"]
    )
    assert list(frame["clip"]) == ["000002", "000140"]


def test_genre_without_a_name(root):
    (root / "fma_metadata" / "genres.csv").write_text(GENRES.replace("76,", "77,"))
    frame = fma.index()
    assert frame.attrs["skipped"] == [["000140", "has the genre 76, which genres.csv does not name"]]


@pytest.mark.parametrize("line", [0, 1, 2])
def test_metadata_of_another_form(root, line):
    path = root / "fma_metadata" / "tracks.csv"
    lines = path.read_text().splitlines()
    del lines[line]
    path.write_text("\n".join(lines))
    with pytest.raises(CorpusError, match=r"tracks.csv is not FMA's tracks.csv: .*Unpack fma_metadata.zip again"):
        fma.index()


def test_genres_of_another_form(root):
    (root / "fma_metadata" / "genres.csv").write_text("genre_id,title\n10,Pop\n")
    with pytest.raises(CorpusError, match="is not FMA's genres.csv: it has no column top_level"):
        fma.index()


def test_no_corpus(root, tmp_path):
    (root / "fma_small").rename(tmp_path / "elsewhere")
    for ask in (fma.locate, fma.index, fma.check):
        with pytest.raises(CorpusError, match=r"the corpus fma is not in .*tracks.csv.*fma_small/000/.*SHA-1 f0df49ff"):
            ask()
    assert fma.classes() == ()
