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
        ("path,label\na,1\nb\n", "line 3: 1 cells for 2 columns"),
        ("path,label\na,1\n,2\n", "line 3: the path is empty"),
        ("path,label\na,1\nb,\n", "line 3: the label is empty"),
        ("path,label\na,1\nb,2\na,1\n", "line 4: a stands in line 2 already"),
        ("path,label\na,1\nb,1\n", "every clip has the label '1'"),
        ("path,label,split\na,1,train\nb,2,tset\n", "line 3: the split is 'tset'; expected are train, validation"),
        ("path,label,split\na,1,train\nb,2,train\n", "has train only; needed is train beside test"),
        ("path,label,split\na,1,test\nb,2,val\n", "has test and validation only"),
        ("path,label,split\na,1,0\nb,2,test\n", "numbers of folds and also test"),
    ],
)
def test_an_index_that_cannot_be_used(tmp_path, text, words):
    with pytest.raises(SplitError, match=words):
        read_index(write(tmp_path, text))


def test_another_encoding_is_named_with_its_line(tmp_path):
    with pytest.raises(SplitError, match="line 2: not UTF-8 .byte 0xe9.. Save it as 'CSV UTF-8'"):
        read_index(write(tmp_path, "path,label\né,1\n", "latin-1"))


def test_no_such_index(tmp_path):
    with pytest.raises(SplitError, match="no such file; --index takes a CSV file"):
        read_index(tmp_path / "my.csv")
    with pytest.raises(SplitError, match="is a folder"):
        read_index(tmp_path)


def test_a_table_without_numbers(tmp_path):
    with pytest.raises(SplitError, match="no column is left for features"):
        read_index(write(tmp_path, "path,label\na,1\nb,2\n"), with_numbers=True)


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
    index = read_index(write(tmp_path, "path,label\na,rock; pop\nb,pop;rock;\nc,jazz\n"))
    assert index.labels == (("pop", "rock"), ("pop", "rock"), ("jazz",))


def test_words_for_splits():
    words = ["Training", "val", "dev", "EVAL", "excluded", " test "]
    assert normalised_splits(words, words) == ["train", "validation", "validation", "test", "excluded", "test"]
    assert normalised_splits(["00", "1"], ["", ""]) == ["0", "1"]
