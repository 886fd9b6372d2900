"""CSV files as people write them: each is read as it was meant, against Python's csv writer, or refused in words."""

import csv
import io
import random

import pytest

from shared.base.csv_files import (
    CsvError,
    csv_text,
    is_missing,
    is_row_number,
    no_formula,
    number,
    plain,
    read_csv,
    spellings,
    without_apostrophe,
)

TEXT = "path,label\na.wav,Zoë\nb.wav,Jazz\n"
ROWS = [(2, ("a.wav", "Zoë")), (3, ("b.wav", "Jazz"))]
WINDOWS = "my.csv is not UTF-8; it was read as Windows-1252. Look whether its accents are right."


@pytest.fixture
def read(tmp_path):
    """Function that writes a file, text or bytes, and reads it."""

    def read(content):
        path = tmp_path / "my.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_csv(path)

    return read


def rows(found):
    assert not any(line.fault for line in found.lines)
    return [(line.number, line.cells) for line in found.lines]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_encodings_line_ends_and_separators(read, encoding, line_end, delimiter):
    found = read(TEXT.replace(",", delimiter).replace("\n", line_end).encode(encoding))
    assert found.header == ("path", "label")
    assert rows(found) == ROWS
    assert found.delimiter == delimiter
    assert found.notes == ((WINDOWS,) if encoding == "cp1252" else ())


def test_whatever_pythons_writer_writes_is_read_back(read):
    """Two hundred tables of cells with separators, quotes and accents, written by the csv module in its dialects."""
    draw = random.Random(0)
    for _ in range(200):
        n_columns = draw.randint(2, 5)
        cells = [["".join(draw.choices("ab \"',;\té|.", k=draw.randint(0, 8))).strip() for _ in range(n_columns)]]
        cells += [["".join(draw.choices("ab \"',;é|.", k=draw.randint(1, 8))).strip() or "x" for _ in range(n_columns)]]
        cells = [[f"c{n}" for n in range(n_columns)], *cells, cells[-1]]
        delimiter, end = draw.choice(",;\t"), draw.choice(["\n", "\r\n", "\r"])
        text = io.StringIO(newline="")
        csv.writer(text, delimiter=delimiter, lineterminator=end, quoting=draw.choice([0, 1])).writerows(cells)
        found = read(text.getvalue().encode(draw.choice(["utf-8", "utf-8-sig", "utf-16"])))
        assert [list(cells) for _, cells in rows(found)] == [line for line in cells[1:] if any(line)]


def with_quotes(draw):
    """A table with a quote before one cell, and perhaps another one at a later cell; and that cell's line."""
    n_columns, n_lines = draw.randint(2, 5), draw.randint(3, 12)
    cells = [[f"c{n}" for n in range(n_columns)], *([f"v{m}.{n}" for n in range(n_columns)] for m in range(n_lines))]
    line, column = draw.randint(1, n_lines), draw.randrange(n_columns)
    cells[line][column] = '"' + cells[line][column]
    if draw.random() < 0.7:
        later, other = draw.randint(line, n_lines), draw.randrange(n_columns)
        cells[later][other] = draw.choice(['{}"', '"{}', '{}"{}']).replace("{}", cells[later][other])
    return "\n".join(map(",".join, cells)) + "\n", n_lines, line + 1


def test_a_quote_too_many_is_refused_or_harmless(read):
    """Of 600 such tables none loses a line: each is refused by the line of the quote, or read with all of them."""
    refused = 0
    for seed in range(600):
        text, n_lines, line = with_quotes(random.Random(seed))
        try:
            found = read(text)
        except CsvError as error:
            words, refused = str(error), refused + 1
        else:
            words = ""
            assert len(found.lines) == n_lines
            assert not any("\n" in cell for row in found.lines for cell in row.cells)
        assert not words or (f"my.csv, line {line}: " in words and "Remove a stray quote" in words)
    assert 400 < refused < 600


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('path,label\n"a,1\nb,2\n', r"""line 2: '"a,1' opens a double quote that is never closed. Remove a stray"""),
        ('path,label\na,"1\nb,2"\nc,3\n', r"""line 2: 'a,"1' opens a double quote that swallows all up to line 3"""),
        ('path,label\na,"1\nb"2,x\n', "line 2: .* swallows all up to line 3"),
        ('path,label\na,"1" x\n', "line 2: .* has text behind a closing double quote"),
        ('path,label\na,"1\nb"\n', None),  # a text of two lines; what needs one line refuses it below
        ('"path,label\na,1\n', "line 1: .* never closed"),
        ('path,"label\n"\na,1\n', "line 1: .* swallows all up to line 2"),
    ],
)
def test_quotes(read, text, words):
    if words is None:
        found = read(text)
        assert found.lines[0].cells == ("a", "1\nb")
        with pytest.raises(CsvError, match=r"line 2: label goes on in the next line: '1\\nb'. Remove a stray quote"):
            found.refuse_line_breaks([0, 1])
        found.refuse_line_breaks([0])
        return
    with pytest.raises(CsvError, match=words):
        read(text)


def test_a_quote_within_a_cell_stays_and_is_said(read):
    found = read('path,label\n12" mix.wav,1\n"12"" mix.wav",2\n"a, b",3\n')
    assert [line.cells[0] for line in found.lines] == ['12" mix.wav', '12" mix.wav', "a, b"]
    assert found.notes == (
        "In my.csv, 2 cells have a double quote as part of the text, such as '12\" mix.wav' in line 2.",
    )


def test_cells_too_many_and_too_few_are_named(read):
    found = read("path,label\na\nb,1,2\nc,1,,\nd,1\n\n , \n")
    assert [(line.number, line.cells, line.fault) for line in found.lines] == [
        (2, ("a", ""), "1 cell for 2 columns"),
        (3, ("b", "1", "2"), "3 cells for 2 columns; put a text that holds the separator in double quotes"),
        (4, ("c", "1"), ""),
        (5, ("d", "1"), ""),
    ]
    assert [line.is_short for line in found.lines] == [True, False, False, False]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "my.csv is empty"),
        (b"\n \r\n", "my.csv is empty"),
        (
            b"path,label\n\x81,1\n",
            r"my.csv, line 2: neither UTF-8 nor Windows-1252 \(byte 0x81\). Save it as 'CSV UTF-8'",
        ),
        ("path,label\né,1\n".encode() + b"\xe9,2\n", r"line 3: .* is not UTF-8 \(byte 0xe9\), though other text"),
        (b"\xff\xfe\x00", r"begins as UTF-16 and is not \(truncated data\)"),
        ("path,label\na,1\n".encode("utf-16-le"), "line 1: holds a zero byte"),
        (b"PK\x03\x04rest", "is an Excel workbook or another zip file, no CSV file. Save it as 'CSV UTF-8'"),
        (b"\xd0\xcf\x11\xe0rest", "an old Excel workbook"),
        (b"path,label\n" + b"x" * 200_000 + b",1\n", "line 2: 'xxx.* goes on for more than 131,072 characters"),
    ],
)
def test_what_is_no_csv_file(read, content, words):
    with pytest.raises(CsvError, match=words):
        read(content)


def test_excels_line_on_the_separator(read):
    found = read("sep=;\r\npath;label\r\na,b;1\r\n")
    assert (found.header, rows(found)) == (("path", "label"), [(3, ("a,b", "1"))])


def test_what_nobody_sees_is_left_out_and_said(read):
    found = read("path,label\na,Rock\nb,Rock\u200b\nc,Hip\u00a0Hop\n")
    assert [line.cells[1] for line in found.lines] == ["Rock", "Rock", "Hip Hop"]
    (note,) = found.notes
    assert "such as a zero width space in line 3" in note


def test_columns_without_a_name_are_called_so(read):
    found = read(",path,Unnamed: 0,mids,\n0,a,0,/m/1,\n1,b,1,/m/2,\n")
    pandas = "Unnamed: 0 (which pandas calls a column without a name)"
    assert found.unused([1]) == [
        f"Columns of my.csv that were passed over: column 1 (which has no name), {pandas}, mids."
    ]
    assert [is_row_number(name) for name in found.header] == [True, False, True, False, True]
    assert read("path,label\na,1\n").unused([0, 1]) == []


def test_decimal_commas(read):
    found = read("path;x;y\na;0,5;-1161,5951\nb;2;1,5e-3\nc;;loud\n")
    values, (note,) = found.numbers([1, 2])
    assert values[:2] == [(0.5, -1161.5951), (2.0, 0.0015)]
    assert all(value != value for value in values[2])
    assert note == "3 numbers of my.csv have a decimal comma, such as x '0,5' in line 2."


def test_points_and_commas_that_can_mean_one_thing_only(read):
    values, _ = read("path;x\na;0,25\nb;0.25\nc;12.5\n").numbers([1])
    assert values == [(0.25,), (0.25,), (12.5,)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("path;x\na;0,5\nb;1.234\n", "line 3: x is '1.234', and line 2 has '0,5', so point and comma both stand in"),
        ("path;x\na;0.5\nb;1,234\n", "line 3: x is '1,234', and line 2 has '0.5'"),
        ("path\tx\na\t1,234\nb\t7\n", "line 2: x is '1,234', and cells are separated by tabs"),
    ],
)
def test_a_mark_of_thousands_is_not_guessed(read, text, words):
    with pytest.raises(CsvError, match=words):
        read(text).numbers([1])


def test_between_commas_a_comma_is_no_decimal_mark(read):
    values, notes = read('path,x\na,"0,5"\nb,0.5\n').numbers([1])
    assert values[0][0] != values[0][0]
    assert (values[1], notes) == ((0.5,), [])


@pytest.mark.parametrize(
    ("text", "value"),
    [("1", 1.0), ("-2.5e3", -2500.0), (" 7 ", 7.0), ("1_000", None), ("1,000", None), ("", None), ("x", None)],
)
def test_numbers(text, value):
    found = number(text)
    assert found == value if value is not None else found != found


def test_words():
    assert plain(" File_Name-1 ") == "file name 1"
    assert [is_missing(text) for text in ("", "nan", "NaN", "<NA>", "#N/A", "Nancy", "None")] == [True] * 5 + [
        False
    ] * 2
    assert spellings(["Rock", "rock", "Pop"], "genres") == [
        "'Rock' and 'rock' count as different genres; they differ in capitals only."
    ]


def test_a_cell_that_a_spreadsheet_would_compute_is_text():
    cells = ["=1+1", "@SUM(A1)", "-1.5", "+1", "a=b", "", "'=1", "-2+3", "+a|'b'!A1", "\t=1", "'s Nachts"]
    written = ["'=1+1", "'@SUM(A1)", "-1.5", "+1", "a=b", "", "''=1", "'-2+3", "'+a|'b'!A1", "'\t=1", "'s Nachts"]
    assert [no_formula(cell) for cell in cells] == written
    assert [without_apostrophe(cell) for cell in written] == cells


def test_text_with_a_line_end_of_any_kind_stands_in_quotes():
    """Python's writer leaves a CR bare where lines end in LF; a reader then ends the line there."""
    rows = [["Icon\r", "a,b", 1], ["two\nlines", 'a "word"', 0.5]]
    assert csv_text(rows) == '"Icon\r","a,b",1\n"two\nlines","a ""word""",0.5\n'
