"""The table of a library: its columns, and lines that cannot be used. test_csv_files.py has how files are read."""

import pytest

from data_prep import CorpusError
from data_prep.corpora.music_library.library_table import Row, read_table

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


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("line_end", ["\r", "\r\n"])
def test_a_table_from_a_spreadsheet(table, encoding, line_end):
    found = table(TEXT.replace(",", ";").replace("\n", line_end).encode(encoding))
    assert found.rows == ROWS
    note = "library.csv is not UTF-8; it was read as Windows-1252. Look whether its accents are right."
    assert found.notes == ([note] if encoding == "cp1252" else [])


def test_a_comma_inside_a_name(table):
    found = table("file;genre 1\na.mp3;Ambient, Chill\n")
    assert found.rows == [Row(2, "a.mp3", ("Ambient, Chill",))]
    words = (
        "1 genre holds a comma or a semicolon, such as 'Ambient, Chill' in line 2: taken as one name. For two, write"
    )
    assert found.notes == [f"{words} Ambient|Chill."]
    assert table('file,genre 1\na.mp3,"Ambient, Chill"\n').rows == [Row(2, "a.mp3", ("Ambient, Chill",))]
    (row,) = table("file,genre 1\na.mp3,Ambient, Chill\n").rows
    assert row.reason == "3 cells for 2 columns; put a text that holds the separator in double quotes"


def test_words_that_programs_write_for_nothing(table):
    found = table("file,genre 1,genre 2,artist\na.mp3,Rock,nan,NaN\nb.mp3,nan,,x\n")
    assert found.rows == [Row(2, "a.mp3", ("Rock",)), Row(3, "b.mp3", (), "x", "has no genre")]
    assert found.notes == ["3 cells hold 'nan' or the like (line 2), as programs write for nothing: taken as empty."]


def test_lines_that_are_short(table):
    found = table("file,genre 1,genre 2\na.mp3,Rock,\nb.mp3,Rock\nc.mp3\n")
    assert [row.reason for row in found.rows] == ["", "", "has no genre"]
    assert found.notes == [
        "2 lines have fewer cells than library.csv has columns, such as line 3 (2 cells for 3 columns); what is not "
        "there is taken as empty."
    ]


def test_what_nobody_sees_makes_no_genre(table):
    found = table("file,genre 1\na.mp3,Rock\nb.mp3,Rock\u200b\n")
    assert {row.genres for row in found.rows} == {("Rock",)}
    assert "zero width space in line 3" in found.notes[0]


def test_accents_written_in_two_ways_make_one_genre(table):
    found = table("file,genre 1\na.mp3,Me\u0301tal\nb.mp3,M\u00e9tal\n")
    assert {row.genres for row in found.rows} == {("M\u00e9tal",)}


@pytest.mark.parametrize(
    "header",
    ["File Name,Genre_1,genre-2,Artist Name", "fname,genre1,genre2,artist", '"path","Genre","Genre 2","ARTIST"'],
)
def test_names_of_columns(table, header):
    assert table(TEXT.replace("file,genre 1,genre 2,artist", header)).rows == ROWS


def test_columns_in_another_order_and_more_of_them(table):
    text = "year;genre 2;artist;file;genre 1\n1999;Pop;Zoë;a.mp3;Rock\n"
    assert table(text).rows == [Row(2, "a.mp3", ("Pop", "Rock"), "Zoë")]


@pytest.mark.parametrize("header", ["a.mp3,Rock,Pop", "file|genre 1", "genre 1,genre 2", "file,artist", "\n"])
def test_first_line_without_names(table, header):
    with pytest.raises(
        CorpusError, match=r"first line must name the columns file, genre 1.*by commas, semicolons, tabs"
    ):
        table(f"{header}\na.mp3,Rock,Pop\n")


@pytest.mark.parametrize("content", ["file,genre 1\n", "file,genre 1\n\n ,\n"])
def test_table_without_tracks(table, content):
    with pytest.raises(CorpusError, match="no line after the first"):
        table(content)


@pytest.mark.parametrize("last", ["d.mp3,Rock", 'd.mp3,Rock"'])
def test_a_quote_too_many_swallows_nothing(table, last):
    with pytest.raises(
        CorpusError, match=r"""library.csv, line 3: 'b.mp3,"Pop' opens a double quote that .*Remove a"""
    ):
        table(f'file,genre 1\na.mp3,Rock\nb.mp3,"Pop\nc.mp3,Jazz\n{last}\n')


def test_a_genre_of_two_lines(table):
    with pytest.raises(CorpusError, match="line 2: genre 1 goes on in the next line"):
        table('file,genre 1,genre 2,artist\na.mp3,"Rock\nPop",,\n')


def test_a_column_that_is_passed_over(table):
    found = table(",file,genre 1,year\n0,a.mp3,Rock,1999\n")
    assert found.notes == ["Columns of library.csv that were passed over: column 1 (which has no name), year."]


def test_a_cell_that_is_too_long(table):
    with pytest.raises(CorpusError, match=r"library.csv, line 2: 'xxx.*' goes on for more than 131,072 characters"):
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
