"""Files are found by what people call them, an exact name before a like one; links and folders mislead nobody."""

import os
import unicodedata

import pytest

from shared.base.file_names import READABLE, Files, files_below, is_ignored, why_unreadable, without_suffix

NFC, NFD = (unicodedata.normalize(form, "Zoé.mp3") for form in ("NFC", "NFD"))


@pytest.fixture
def make(tmp_path):
    """Function that makes empty files below a folder and gives `Files` of it."""

    def make(*names):
        for name in names:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(b"")
        return Files(tmp_path)

    return make


@pytest.fixture
def files(make):
    return make("a.mp3", "x/b.wav", "x/c.ogg", "y/c.flac", "y/a.mp3", NFD, "notes.txt", ".hidden.mp3", "e.m4a")


def test_files_below_a_folder(files):
    names = [path.relative_to(files.root).as_posix() for path in files.paths]
    assert names == sorted(["a.mp3", "x/b.wav", "x/c.ogg", "y/c.flac", "y/a.mp3", NFD, "e.m4a"])


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("a.mp3", "a.mp3"),  # the one beside the table, though y/a.mp3 has this name too
        ("y/a.mp3", "y/a.mp3"),
        ("y\\a.mp3", "y/a.mp3"),
        ("./a.mp3", "a.mp3"),
        ("b.wav", "x/b.wav"),
        ("b", "x/b.wav"),
        ("X/B.WAV", "x/b.wav"),
        ("x/c", "x/c.ogg"),
        (NFC, NFD),  # one letter in the table, two in the file's name
        ("a.mp3\u200b", "a.mp3"),
        ("notes.txt", "notes.txt"),
    ],
)
def test_file_is_found(files, name, found):
    assert files.find(name) == files.root / found


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("d.mp3", "no such file"),
        ("c", "2 files have this name (x/c.ogg, y/c.flac); give the path"),
        ("b.mp3", "no such file; is it x/b.wav? Then write that"),
        ("music/b.wav", "no such file; is it x/b.wav? Then write that"),
        ("C:\\Music\\b.wav", "no such file; is it x/b.wav? Then write that"),
        ("/elsewhere/A.wav", "no such file; is it a.mp3 or y/a.mp3? Then write that"),
        ("e.mp3", "no such file; is it e.m4a? Then write that"),
        ("x", "is a folder"),
        ("a\0b", "no such file"),
        ("a" * 5000, "no such file"),
    ],
)
def test_file_is_not_found(files, name, reason):
    assert files.find(name) == reason


def test_an_absolute_name_is_taken(files, tmp_path_factory):
    other = tmp_path_factory.mktemp("other") / "o.wav"
    other.write_bytes(b"")
    assert files.find(str(other)) == other
    assert files.find(str(files.root / "x" / "b.wav")) == files.root / "x" / "b.wav"


def test_an_exact_name_goes_before_one_in_other_capitals_and_that_before_a_short_one(make):
    files = make("Song.wav", "song.wav", "other.wav", "sub/OTHER.wav")
    for name in ("Song.wav", "song.wav"):
        assert files.find(name) == files.find(name.removesuffix(".wav")) == files.root / name
    assert files.find("SONG.wav") == "2 files have this name (Song.wav, song.wav); give the path"
    assert files.find("OTHER.wav") == files.root / "sub" / "OTHER.wav"
    assert files.find("Other.wav") == files.root / "other.wav"


def test_an_exact_name_goes_before_one_with_accents_written_otherwise(make):
    files = make(NFC, NFD)
    assert len(files.paths) == 2
    assert files.find(NFC) == files.root / NFC
    assert files.find(NFD) == files.root / NFD
    assert files.find(NFC.upper()).startswith("2 files have this name")


def test_a_link_to_the_folder_itself_is_walked_through_once(make):
    files = make("a.wav", "sub/b.wav")
    (files.root / "all").symlink_to(".")
    (files.root / "sub" / "up").symlink_to("..")
    assert files.paths == [files.root / "a.wav", files.root / "sub" / "b.wav"]
    assert files.find("all/a.wav") == files.root / "all" / "a.wav"


def test_a_linked_folder_is_walked_through(make, tmp_path_factory):
    files, other = make("a.wav"), tmp_path_factory.mktemp("other")
    (other / "o.wav").write_bytes(b"")
    (files.root / "linked").symlink_to(other)
    assert files_below(files.root) == [files.root / "a.wav", files.root / "linked" / "o.wav"]
    assert files.find("o") == files.root / "linked" / "o.wav"


def test_links_that_lead_nowhere_and_what_is_no_file(make):
    files = make("a.wav")
    (files.root / "gone.wav").symlink_to("nowhere.wav")
    (files.root / "loop.wav").symlink_to("loop.wav")
    os.mkfifo(files.root / "pipe.wav")
    assert files.find("gone.wav") == files.find("gone") == "is a link to nowhere.wav, where no file is"
    assert files.find("loop.wav") == "is a link to loop.wav, where no file is"
    assert files.find("pipe") == "is not a file that can be read from its beginning to its end"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("a.opus", ""),
        ("a.AIFF", ""),
        ("e.m4a", ".m4a cannot be read; convert it with: ffmpeg -i 'e.m4a' 'e.flac'"),
        ("notes.txt", f"is no audio file (.txt); readable are {', '.join(s.removeprefix('.') for s in READABLE)}"),
    ],
)
def test_suffixes(tmp_path, name, reason):
    assert why_unreadable(tmp_path / name) == reason


def test_readable_suffixes_are_those_of_formats_that_libsndfile_has():
    """By soundfile's own list, but for names of the same formats: oga and opus are ogg, aif and aifc are AIFF."""
    import soundfile

    same = {"oga": "OGG", "opus": "OGG", "aif": "AIFF", "aifc": "AIFF"}
    names = {suffix.removeprefix(".") for suffix in READABLE}
    assert {same.get(name, name.upper()) for name in names} <= soundfile.available_formats().keys()


def test_names_without_a_suffix():
    assert [without_suffix(name) for name in ("a.wav", "x/a.b.M4A", "blues.00000", "blues.00000.3.wav", ".wav")] == [
        *("a", "x/a.b", "blues.00000", "blues.00000.3", ".wav"),
    ]
    assert [is_ignored(name) for name in (".a", "Thumbs.db", "__MACOSX", "a")] == [True, True, True, False]
