"""Planted faults of a split, each found and nothing else; a clean split without any; the forms of the output."""

import csv
import json

import numpy as np
import pytest

from shared.audit.split import audit_split
from shared.audit.split.clips import Clips
from shared.audit.split.loading import clips_of_index, clips_of_table, with_features
from shared.audit.split.report import render_split, write_split
from tests.shared.audit.split.conftest import RATE_HZ, sound


def audited(folder, columns="path,label,split,group"):
    return audit_split(clips_of_index(folder.index(columns)))


def kinds(audit, severity="leak"):
    return [finding.kind for finding in audit.findings if finding.severity == severity]


def figure(audit, name):
    (found,) = [figure.value for figure in audit.figures if figure.name.strip() == name]
    return found


def test_a_clean_split_has_no_finding_but_the_note_on_preprocessing(folder):
    audit = audited(folder)
    assert [finding.kind for finding in audit.findings] == ["preprocessing fitted on all clips"]
    assert audit.pairs == ()
    assert figure(audit, "by split") == {"train": 8, "test": 4}


def test_a_file_that_is_there_twice_leaks(folder):
    folder.add("copy.wav", sound(0), "label 0", "test", "g20")
    audit = audited(folder)
    assert kinds(audit) == ["exact duplicates"]
    (pair,) = audit.pair_rows()
    assert (pair["kind"], pair["first"], pair["second"]) == ("identical file", "a.wav", "copy.wav")
    assert (pair["split_first"], pair["split_second"]) == ("train", "test")
    assert "train and test (1): a.wav and copy.wav" in audit.findings[0].arithmetic


def test_the_same_samples_in_another_container_are_identical(folder):
    folder.add("copy.flac", sound(0), "label 0", "train", "g20")
    audit = audited(folder)
    assert [pair.kind for pair in audit.pairs] == ["identical samples"]
    assert kinds(audit) == []
    assert "leaks nothing" in audit.findings[0].follows


@pytest.mark.parametrize(
    ("name", "change", "form"),
    [
        ("copy.mp3", lambda x: x, {"format": "MP3"}),
        ("copy.ogg", lambda x: x, {"format": "OGG", "subtype": "VORBIS"}),
        ("copy.wav", lambda x: 0.25 * x, {}),
        ("copy.wav", lambda x: x[round(0.04 * RATE_HZ) :], {}),
        ("copy.mp3", lambda x: 0.5 * x[round(0.1 * RATE_HZ) :], {"format": "MP3"}),
    ],
    ids=["mp3", "ogg", "gain", "offset", "offset, gain and mp3"],
)
def test_another_encoding_level_or_offset_is_a_near_duplicate(folder, name, change, form):
    folder.add(name, change(sound(0)), "label 0", "test", "g20", **form)
    audit = audited(folder)
    (pair,) = audit.pair_rows()
    assert (pair["kind"], pair["first"], pair["second"]) == ("near", "a.wav", name)
    assert kinds(audit) == ["near duplicates"]


def test_near_duplicates_of_a_clip_that_is_trained_on_in_a_copy(folder):
    """The test's own wav stands first, its copy is trained on, and the test has its mp3 and ogg, too: all leak."""
    folder.rows[0][2] = "test"
    folder.add("copy.wav", sound(0), "label 0", "train", "g20")
    folder.add("a1.mp3", sound(0), "label 0", "test", "g21", format="MP3")
    folder.add("a2.ogg", sound(0), "label 0", "test", "g22", format="OGG", subtype="VORBIS")
    audit = audited(folder)
    assert kinds(audit) == ["exact duplicates", "near duplicates"]
    across = {
        frozenset((row["first"], row["second"]))
        for row in audit.pair_rows()
        if row["split_first"] != row["split_second"]
    }
    assert across == {frozenset(("copy.wav", other)) for other in ("a.wav", "a1.mp3", "a2.ogg")}


def test_near_duplicates_of_two_sets_of_copies_are_a_pair_of_each_two_splits(folder):
    """Not of each two clips: ten copies of either would be a hundred."""
    for number, split in enumerate(("test", "test", "train")):
        folder.add(f"copy{number}x.wav", sound(0), "label 0", split, "g20")
        folder.add(f"quiet{number}x.wav", 0.25 * sound(0), "label 0", split, "g20")
    audit = audited(folder)
    near = [row for row in audit.pair_rows() if row["kind"] == "near"]
    assert sorted((row["split_first"], row["split_second"]) for row in near) == [
        *(("test", "test"), ("test", "train"), ("train", "test"), ("train", "train")),
    ]


def test_one_sound_with_two_labels_is_a_contradiction(folder):
    folder.add("copy.wav", sound(0), "label 1", "train", "g20")
    audit = audited(folder)
    assert kinds(audit, "contradiction") == ["one sound, two labels"]
    (found,) = [finding for finding in audit.findings if finding.severity == "contradiction"]
    assert "a.wav (label 0) and copy.wav (label 1)" in found.arithmetic


def test_a_group_on_both_sides_leaks(folder):
    folder.rows[0][3] = folder.rows[2][3] = "one speaker"  # a trains, c tests
    audit = audited(folder)
    assert "groups across the split" in kinds(audit)
    assert figure(audit, "held-out clips whose group is trained on") == 1


def test_without_a_split_what_needs_none_is_audited(folder):
    folder.add("copy.wav", sound(0), "label 1")
    audit = audited(folder, "path,label")
    assert [pair.kind for pair in audit.pairs] == ["identical file"]
    assert kinds(audit, "contradiction") == ["one sound, two labels"]
    assert "the index has no column split" in audit.skipped[0]
    assert audit.probes is None


def test_unreadable_and_silent_clips_are_named_set_aside_and_counted(folder):
    (folder.root / "m.wav").write_bytes(b"no audio")
    (folder.root / "n.wav").write_bytes(b"")
    for name in ("m.wav", "n.wav", "o.wav"):
        folder.rows.append([name, "label 0", "train", ""])
    folder.add("silent.wav", np.zeros(RATE_HZ, np.float32), "label 0")
    folder.add("nan.wav", np.full(RATE_HZ, np.nan, np.float32), "label 0", subtype="FLOAT")
    audit = audited(folder)
    reasons = dict(audit.clips.set_aside)
    assert list(reasons) == ["m.wav", "n.wav", "o.wav", "silent.wav", "nan.wav"]
    assert "cannot be read as audio" in reasons["m.wav"]
    assert "is empty" in reasons["n.wav"]
    assert "no such file" in reasons["o.wav"]
    assert "silent" in reasons["silent.wav"]
    assert "NaN" in reasons["nan.wav"]
    assert figure(audit, "set aside, unreadable or not usable") == 5
    assert len(audit.clips) == 12


def test_folds_test_each_clip_once(folder):
    for number, row in enumerate(folder.rows):
        row[2] = str(number % 3)
    folder.add("copy.wav", sound(0), "label 0", "1", "g20")
    audit = audited(folder)
    assert len(audit.probes.given.rows) == 13
    assert "fold 0 and fold 1 (1)" in audit.findings[0].arithmetic


def test_equal_rows_of_a_table_are_identical_and_text_among_numbers_is_set_aside(tmp_path):
    path = tmp_path / "table.csv"
    rows = ["path,label,split,x,y", "a,1,train,0.5,1", "b,2,test,0.50,1.0", "c,2,train,2,3", "d,1,test,nan,3"]
    path.write_text("\n".join([*rows, "e,1,test,?,3"]) + "\n", encoding="utf-8")
    audit = audit_split(clips_of_table(path))
    assert [(pair.first, pair.second) for pair in audit.pairs] == [(0, 1)]
    assert audit.clips.set_aside[1] == ("e", "table.csv, line 6: x is '?', no number")
    assert any("no audio" in sentence for sentence in audit.skipped)


def test_a_tables_pictures_show_distances(tmp_path):
    rows = [f"c{n},{n % 2},{'test' if n > 5 else 'train'},g{n % 3},{n}" for n in range(9)]
    (tmp_path / "t.csv").write_text("\n".join(["path,label,split,group,x", *rows]) + "\n")
    audit = audit_split(clips_of_table(tmp_path / "t.csv"))
    written = write_split(audit, tmp_path / "out")
    assert {"similarities.png", "probe.png"} < {path.name for path in written}
    assert (audit.probes.given.similarity <= 0).all()  # a distance, with a minus


def test_figures_stand_before_words_and_names_that_are_long_break_nothing(folder):
    text = render_split(audited(folder))
    assert text.index("  clips ") < text.index("NOTE") < text.index("checked and sound")
    assert all(len(line) <= 100 for line in text.splitlines())


def test_the_folder_holds_findings_pairs_and_pictures_and_the_same_twice(folder, tmp_path):
    folder.add("copy.wav", sound(0), "label 0", "test", "g0")
    contents = []
    for turn in ("one", "two"):
        written = write_split(audited(folder), tmp_path / turn)
        contents.append({path.name: path.read_bytes() for path in written})
    assert contents[0] == contents[1]
    assert set(contents[0]) == {"findings.json", "pairs.csv", "set_aside.csv", "similarities.png", "probe.png"}
    assert json.loads(contents[0]["findings.json"])["pairs"][0]["second"] == "copy.wav"
    (row,) = csv.DictReader(contents[0]["pairs.csv"].decode().splitlines())
    assert (row["kind"], row["label_second"], row["similarity"]) == ("identical file", "label 0", "1.0")


def test_many_copies_of_one_clip_are_all_found():
    names = tuple(f"{letter}.wav" for letter in "abcdefghijklmnopqrst")
    clips = Clips("x", names, (("1",), ("2",)) * 10, ("train", "test") * 10)
    audit = audit_split(with_features(clips, np.ones((20, 3))))
    assert len(audit.pairs) == 19
    assert figure(audit, "rows of the same numbers") == 19
