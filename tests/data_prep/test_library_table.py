"""The table of a library: encodings, delimiters, columns, lines that cannot be used, and how files are found."""

import pytest

from data_prep import CorpusError
from data_prep.library_table import Files, Row, read_table

TEXT = "file,genre 1,genre 2,artist\na.mp3,Rock,Pop,Zoë\nb.mp3,Jazz,,\n"
ROWS = [Row(2, "a.mp3", ("Rock", "Pop"), "Zoë"), Row(3, "b.mp3", ("Jazz",))]


@pytest.fixture
def table(tmp_path):
    """Function that writes a table and reads it: text or bytes."""

    def read(content):
        path = tmp_path / "library.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_table(path)

    return read


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings(table, encoding):
    found = table(TEXT.encode(encoding))
    assert found.rows == ROWS
    assert found.notes == []


def test_windows_encoding_is_said(table):
    found = table(TEXT.encode("cp1252"))
    assert found.rows == ROWS
    assert found.notes == ["library.csv is not UTF-8; it was read as Windows-1252. Look whether its accents are right."]


def test_unknown_encoding(table):
    with pytest.raises(CorpusError, match=r"neither UTF-8 nor Windows-1252 \(byte 0x81 at 28\). Save it as UTF-8"):
        table(b"file,genre 1,genre 2,artist\n\x81.mp3,Rock,Pop,x\n")


@pytest.mark.parametrize("delimiter", [";", "\t"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_delimiters_and_line_ends(table, delimiter, line_end):
    assert table(TEXT.replace(",", delimiter).replace("\n", line_end)).rows == ROWS


def test_a_comma_inside_a_name(table):
    assert table("file;genre 1\na.mp3;Ambient, Chill\n").rows == [Row(2, "a.mp3", ("Ambient, Chill",))]
    assert table('file,genre 1\na.mp3,"Ambient, Chill"\n').rows == [Row(2, "a.mp3", ("Ambient, Chill",))]
    (row,) = table("file,genre 1\na.mp3,Ambient, Chill\n").rows
    assert row.reason == "3 cells for 2 columns; put a name that holds the separator in double quotes"


@pytest.mark.parametrize(
    "header",
    ["File Name,Genre_1,genre-2,Artist Name", "fname,genre1,genre2,artist", '"path","Genre","Genre 2","ARTIST"'],
)
def test_names_of_columns(table, header):
    assert table(TEXT.replace("file,genre 1,genre 2,artist", header)).rows == ROWS


def test_columns_in_another_order_and_more_of_them(table):
    text = "year;genre 2;artist;file;genre 1\n1999;Pop;Zoë;a.mp3;Rock\n"
    assert table(text).rows == [Row(2, "a.mp3", ("Pop", "Rock"), "Zoë")]


@pytest.mark.parametrize("header", ["a.mp3,Rock,Pop", "file|genre 1", "genre 1,genre 2", "file,artist", ""])
def test_first_line_without_names(table, header):
    with pytest.raises(
        CorpusError, match=r"first line must name the columns file, genre 1.*by commas, semicolons, tabs"
    ):
        table(f"{header}\na.mp3,Rock,Pop\n")


@pytest.mark.parametrize("content", ["file,genre 1\n", "file,genre 1\n\n ,\n"])
def test_table_without_tracks(table, content):
    with pytest.raises(CorpusError, match="no line after the first"):
        table(content)


def test_a_quote_that_is_not_closed_takes_the_rest(table):
    (row,) = table('file,genre 1\n"a.mp3,Rock\nb.mp3,Pop\n').rows
    assert row.reason == "has no genre"


def test_a_cell_that_is_too_long(table):
    with pytest.raises(CorpusError, match=r"library.csv, line 2: field larger than field limit"):
        table("file,genre 1\n" + "x" * 200_000 + ",Rock\n")


@pytest.mark.parametrize(
    ("cells", "genres", "reason"),
    [
        ("a.mp3,Rock,Pop,", ("Rock", "Pop"), ""),
        ("a.mp3,Rock,Rock,", ("Rock",), ""),
        ("a.mp3, Rock ,,", ("Rock",), ""),
        ("a.mp3,,Pop,", ("Pop",), ""),
        ("a.mp3,Rock|Pop,,", ("Rock", "Pop"), ""),
        ("a.mp3,Rock", ("Rock",), ""),
        ("a.mp3,,,", (), "has no genre"),
        ("a.mp3, ,,", (), "has no genre"),
        ("a.mp3", (), "has no genre"),
        ("a.mp3,Rock,Pop,Jazz", ("Rock", "Pop", "Jazz"), "has 3 genres (Rock, Pop, Jazz); one or two are expected"),
        ("a.mp3,Rock|Pop,Jazz,", ("Rock", "Pop", "Jazz"), "has 3 genres (Rock, Pop, Jazz); one or two are expected"),
        (",Rock,,", ("Rock",), "names no file"),
    ],
)
def test_genres_of_a_line(table, cells, genres, reason):
    (row,) = table(f"file,genre 1,genre 2,genre 3\n{cells}\n").rows
    assert (row.genres, row.reason) == (genres, reason)


def test_spellings_that_differ_in_capitals(table):
    found = table("file,genre 1\na,Rock\nb,rock\nc,Pop\n")
    assert found.notes == ["'Rock' and 'rock' count as different genres; they differ in capitals only."]


@pytest.fixture
def files(tmp_path):
    for name in ("a.mp3", "x/b.wav", "x/c.ogg", "y/c.flac", "y/a.mp3", "Zoe\u0308.mp3", "notes.txt", ".hidden.mp3"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    return Files(tmp_path)


def test_files_below_a_folder(files):
    names = [path.relative_to(files.root).as_posix() for path in files.paths]
    assert names == sorted(["a.mp3", "x/b.wav", "x/c.ogg", "y/c.flac", "y/a.mp3", "Zoe\u0308.mp3"])


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
        ("Zo\u00eb.mp3", "Zoe\u0308.mp3"),  # one letter in the table, two in the file's name
    ],
)
def test_file_is_found(files, name, found):
    assert files.find(name) == files.root / found


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("d.mp3", "no such file"),
        ("notes.txt", "no such file"),
        ("c", "2 files have this name (x/c.ogg, y/c.flac); give the path"),
    ],
)
def test_file_is_not_found(files, name, reason):
    assert files.find(name) == reason
