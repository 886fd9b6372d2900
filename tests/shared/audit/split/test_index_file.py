"""What an index may look like, and how each that cannot be used is refused."""

import pytest

from shared.audit.split.clips import SplitError, normalised_splits
from shared.audit.split.index_file import read_index
from shared.audit.split.loading import clips_of_index


def write(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "my.csv"
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty; expected is a CSV file whose first line is path,label,split,group"),
        ("path,label\n", "no line after the first names a clip"),
        ("path,klass\na,1\n", "names no column label; expected is path,label,split,group.*found is 'path,klass'"),
        ("x,y\na,1\n", "names no column path and no column label"),
        ("path,label,label\na,1,2\n", "two columns are called 'label'"),
        ("path,label\na,1\nb\n", "line 3: 1 cell for 2 columns"),
        ("path,label\na,1\nb,2,3\n", "line 3: 3 cells for 2 columns; put a text that holds the separator in double"),
        ('path,label\na,"1\nb,2"\nc,3\n', 'line 2: .a,"1. opens a double quote that swallows all up to line 3. Remove'),
        ('path,label,x\na,"1\n2",3\n', "line 2: label goes on in the next line"),
        ("path,label\na,1\nb,nan\n", "line 3: the label is 'nan', which is none; give it or remove the line"),
        ("path,label\na,1\n,2\n", "line 3: the path is empty"),
        ("path,label\na,1\nb,\n", "line 3: the label is empty"),
        ("path,label\na,1\nb,2\na,1\n", "line 4: a stands in line 2 already"),
        ("path,label\na,1\nb,1\n", "every clip has the label '1'"),
        ("path,label,split\na,1,train\nb,2,tset\n", "line 3: the split is 'tset'; expected are train, validation"),
        ("path,label,split\na,1,train\nb,2,train\n", "has train only; needed is train beside test"),
        ("path,label,split\na,1,test\nb,2,val\n", "has test and val only; needed is train"),
        ("path,label,split\na,1,0\nb,2,test\n", "numbers of folds and also test"),
    ],
)
def test_an_index_that_cannot_be_used(tmp_path, text, words):
    with pytest.raises(SplitError, match=words):
        read_index(write(tmp_path, text))


def test_windows_encoding_is_said(tmp_path):
    index = read_index(write(tmp_path, "path,label\né,1\nb,2\n", "cp1252"))
    assert index.names == ("é", "b")
    assert index.notes == ("my.csv is not UTF-8; it was read as Windows-1252. Look whether its accents are right.",)


def test_no_such_index(tmp_path):
    with pytest.raises(SplitError, match="no such file; --index takes a CSV file"):
        read_index(tmp_path / "my.csv")
    with pytest.raises(SplitError, match="is a folder"):
        read_index(tmp_path)
    with pytest.raises(SplitError, match=r"mem: cannot be read \(input/output error\)"):
        read_index("/proc/self/mem")


def test_a_table_without_numbers(tmp_path):
    with pytest.raises(SplitError, match="no column is left for features"):
        read_index(write(tmp_path, ",path,label,Unnamed: 0\n0,a,1,0\n1,b,2,1\n"), with_numbers=True)


def test_a_table_in_which_no_line_has_all_numbers(tmp_path):
    words = r"no line after the first names a clip that can be used: my.csv, line 2: title is 'x', no number; remove a"
    with pytest.raises(SplitError, match=words):
        read_index(write(tmp_path, "path,label,title\na,1,x\nb,2,y\n"), with_numbers=True)


def test_a_table_saved_by_a_german_spreadsheet(tmp_path):
    text = "path;x;y;label;split\r\na.wav;0,1257;-132,1049;a;train\r\nb.wav;1161,5951;2;b;test\r\n"
    index = read_index(write(tmp_path, text, "utf-8-sig"), with_numbers=True)
    assert index.numbers == ((0.1257, -132.1049), (1161.5951, 2.0))
    assert index.feature_names == ("x", "y")
    assert index.notes == ("3 numbers of my.csv have a decimal comma, such as x '0,1257' in line 2.",)


def test_a_label_that_no_line_has_any_more(tmp_path):
    index = read_index(write(tmp_path, "path,label,x\na,1,1\nb,2,2\nc,3,loud\n"), with_numbers=True)
    assert index.set_aside == (("c", "my.csv, line 4: x is 'loud', no number"),)
    assert index.notes == ("No clip that can be used has the label 3: see what was set aside.",)


@pytest.mark.parametrize("header", [",path,a,label", "Unnamed: 0,path,a,label", "Unnamed: 0.1,path,a,label"])
def test_row_numbers_of_pandas_are_no_feature(tmp_path, header):
    index = read_index(write(tmp_path, f"{header}\n0,a,0.5,1\n1,b,0.7,2\n"), with_numbers=True)
    assert index.numbers == ((0.5,), (0.7,))
    assert index.feature_names == ("a",)
    name = header.partition(",")[0]
    shown = f"{name} (which pandas calls a column without a name)" if name else "column 1 (which has no name)"
    assert index.notes == (f"Columns of my.csv that were passed over: {shown}.",)


def test_names_that_differ_a_little(folder):
    """Without their suffix, in other capitals, with other separators; and no file twice."""
    path = folder.index("path,label,split")
    expected = clips_of_index(path)
    text = path.read_text()
    path.write_text(text.replace("a.wav", "a").replace("b.wav", "B.WAV").replace("c.wav", ".\\\\c.wav"))
    clips = clips_of_index(path)
    assert clips.content_hashes == expected.content_hashes
    assert clips.notes == ("2 files are called otherwise than in my.csv, such as a as a.wav.",)
    path.write_text(text.replace("b.wav", "A.wav"))
    with pytest.raises(SplitError, match=r"a\.wav and A\.wav are the same file, .*a\.wav; remove one of the lines"):
        clips_of_index(path)
    path.write_text(text.replace("b.wav", "b.mp3").replace("c.wav", f"{folder.root}/c.wav"))
    clips = clips_of_index(path)
    assert clips.set_aside == (("b.mp3", "no such file; is it b.wav? Then write that"),)
    assert len(clips) == 11


def test_a_label_that_is_lost_with_its_files(folder):
    path = folder.index("path,label")
    path.write_text(path.read_text() + "gone.wav,label 2\n")
    assert clips_of_index(path).notes == ("No clip that can be used has the label label 2: see what was set aside.",)


def test_audio_that_is_elsewhere(tmp_path):
    path = write(tmp_path, "path,label\na.wav,1\nb.wav,2\n")
    with pytest.raises(SplitError, match=r"none of the 2 files is there, such as .*a.wav; see --audio-root"):
        clips_of_index(path)
    with pytest.raises(SplitError, match="no such folder; --audio-root names"):
        clips_of_index(path, tmp_path / "nowhere")


def test_what_is_left_after_unreadable_files_must_be_a_split(tmp_path):
    (tmp_path / "a.wav").write_bytes(b"no audio")
    with pytest.raises(SplitError, match=r"none of its files can be read, such as b.wav: no such file"):
        clips_of_index(write(tmp_path, "path,label\na.wav,1\nb.wav,2\n"))


def test_spreadsheets_ways_are_understood(tmp_path):
    text = "Filename;Class;Fold;Notes\r\na.wav;rock;1.0;x\r\nb.wav;pop;2.0;\r\n\r\nc.wav;pop;;\r\n"
    index = read_index(write(tmp_path, text, "utf-8-sig"))
    assert index.names == ("a.wav", "b.wav")
    assert index.split == ("1", "2")
    assert index.groups is None
    assert index.set_aside == (("c.wav", "takes no part: the split is empty or excluded"),)
    assert index.notes == ("Columns of my.csv that were passed over: Notes.",)


def test_several_labels_are_a_set(tmp_path):
    index = read_index(write(tmp_path, "path,label\na,rock; pop\nb,pop;rock;\nc,jazz\nd,pop|rock\n"))
    assert index.labels == (("pop", "rock"), ("pop", "rock"), ("jazz",), ("pop", "rock"))


FSD50K = 'fname,labels,split\n1,"Dog,Bark,Animal",train\n2,"Animal,Dog",val\n3,Speech,train\n'


def test_labels_joined_by_commas(tmp_path):
    """FSD50K's way: no space behind the comma, and neither ; nor | in any label."""
    index = read_index(write(tmp_path, FSD50K))
    assert index.labels == (("Animal", "Bark", "Dog"), ("Animal", "Dog"), ("Speech",))
    assert index.notes == (
        "2 labels have a comma in them, such as 'Dog,Bark,Animal' in line 2: several labels each; --label-separator "
        "';' takes it as one.",
    )
    index = read_index(write(tmp_path, FSD50K), separator=";")
    assert index.labels == (("Dog,Bark,Animal",), ("Animal,Dog",), ("Speech",))
    assert index.notes == ()


def test_labels_with_a_comma_that_may_be_one_or_several(tmp_path):
    path = write(tmp_path, 'path,label\na,"Male speech, man speaking"\nb,Dog\n')
    with pytest.raises(SplitError, match=r"line 2: the label 'Male speech, man speaking' holds a comma, and may be"):
        read_index(path)
    assert read_index(path, separator=";").labels[0] == ("Male speech, man speaking",)
    assert read_index(path, separator=",").labels[0] == ("Male speech", "man speaking")


def test_commas_beside_another_separator_are_part_of_names(tmp_path):
    index = read_index(write(tmp_path, 'path,label\na,"Speech, male;Dog"\nb,Dog\n'))
    assert index.labels == (("Dog", "Speech, male"), ("Dog",))
    assert "part of a name, since others have ; or |" in index.notes[0]


def test_spellings_of_labels_and_groups(tmp_path):
    """Two ways to write an accent are one; capitals are not, which is said; nan is no group."""
    text = "path,label,group\na,e\u0301,e\u0301\nb,\u00e9,\u00e9\nc,Rock,nan\nd,rock,\n"
    index = read_index(write(tmp_path, text))
    assert index.labels == (("\u00e9",), ("\u00e9",), ("Rock",), ("rock",))
    assert index.groups == ("\u00e9", "\u00e9", "", "")
    assert "'Rock' and 'rock' count as different labels; they differ in capitals only." in index.notes
    assert "2 clips have an empty group: each stands for itself." in index.notes


def test_words_for_splits():
    words = ["Training", "val", "dev", "EVAL", "excluded", " test "]
    expected = ["train", "validation", "validation", "test", "excluded", "test"]
    assert normalised_splits(words, words) == (expected, [])
    assert normalised_splits(["00", "1"], ["", ""]) == (["0", "1"], [])


def test_development_beside_evaluation_is_trained_on():
    """As in DCASE's challenges, where the development set is all that there is to train on."""
    splits, (note,) = normalised_splits(["dev", "eval", "excluded"], ["", "", ""])
    assert splits == ["train", "test", "excluded"]
    assert note == "The split dev was taken as what is trained on: there is no train."
