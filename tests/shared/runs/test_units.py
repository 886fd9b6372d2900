"""Units of work: names, settings and records."""

import functools
import hashlib
import json
import subprocess

import numpy as np
import pandas as pd
import pytest

from shared.base import provenance
from shared.base.own_files import FileError
from shared.base.provenance import commit_id
from shared.runs import units
from shared.runs.predictions import read_predictions, write_predictions
from shared.runs.units import Unit


@pytest.fixture
def unit(tmp_path, monkeypatch):
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_CACHE", str(tmp_path))
    return Unit("a_paper", "CNN + Spectrogram", "paper", "published", 0, 1, "float32", "fsdd", "0123456789abcdef")


def finish(unit, settings, status="complete"):
    units.write_record(unit, status=status, epochs=3, seconds=1.5, settings=settings)


def test_key_and_folder(unit, tmp_path):
    assert unit.key == "cnn-spectrogram.paper.published.fold0.seed1.float32.fsdd-01234567"
    assert unit.folder == tmp_path / "runs" / "a_paper" / unit.key


def test_record_holds_the_conditions(unit):
    finish(unit, {"epochs": 3, "zoom": [0.9, 1.1]})
    record = units.read_record(unit.folder)
    for name in ("paper", "model", "variant", "protocol", "fold", "seed", "precision", "corpus", "fingerprint"):
        assert record[name] == getattr(unit, name)
    assert record["settings"] == {"epochs": 3, "zoom": [0.9, 1.1]}
    assert {"commit", "device", "backend", "versions", "status", "epochs", "key"} <= record.keys()
    assert record["versions"]["keras"]
    assert "cores" in record["device"]


@pytest.mark.parametrize("change", [{"seed": 2}, {"variant": "papers"}, {"fold": 1}, {"key": "b"}, {"corpus": "fsd"}])
def test_a_record_of_another_unit_than_its_folder_is_named(unit, change):
    finish(unit, {})
    path = unit.folder / units.RECORD
    record = json.loads(path.read_text())
    del record["crc32"]
    path.write_text(json.dumps(record | change))
    with pytest.raises(FileError, match=rf"{path}: expected a record of {unit.key}, found one of .* --restart"):
        units.read_record(unit.folder)


@pytest.mark.parametrize(("was", "becomes"), [('"epochs": 3', '"epochs": 4'), ('"zoom": 0.1', '"zoom": 0.2')])
def test_a_record_that_was_changed_is_named_however_plausible(unit, was, becomes):
    finish(unit, {"zoom": 0.1})
    path = unit.folder / units.RECORD
    record = units.read_record(unit.folder)
    assert "crc32" not in record, "it is of the file, and no condition"
    path.write_text(path.read_text().replace(was, becomes))
    with pytest.raises(FileError, match=rf"{path}: expected the checksum .* changed since; .* --restart"):
        units.read_record(unit.folder)
    units.keep_record(unit.folder, record)
    assert units.read_record(unit.folder) == record


@pytest.mark.parametrize(
    ("name", "was", "becomes"), [("history.csv", "0.9,0.6", "0.8,0.6"), ("skipped.csv", "a.wav", "b.wav")]
)
def test_what_lies_beside_a_record_is_as_it_was_written(unit, name, was, becomes):
    unit.folder.mkdir(parents=True)
    path = unit.folder / name
    path.write_text({"history.csv": HISTORY, "skipped.csv": "file,reason\na.wav,is silent\n"}[name])
    units.write_record(unit, status="complete", epochs=2, seconds=1.5)
    record = units.read_record(unit.folder)
    assert units.verify_beside(unit.folder, name, record)
    path.write_text(path.read_text().replace(was, becomes))
    with pytest.raises(FileError, match=rf"{path}: was changed since it was written"):
        units.verify_beside(unit.folder, name, record)
    path.unlink()
    with pytest.raises(FileError, match=rf"{path}: is not there, although its record.json has a checksum of it"):
        units.verify_beside(unit.folder, name, record)
    assert not units.verify_beside(unit.folder, name, {}), "as in a record that is older"


def test_record_holds_the_checksum_of_the_predictions(unit):
    clips = pd.DataFrame({"split": ["test"], "clip": ["a"], "label": ["x"]})
    write_predictions(unit.folder, ["x", "y"], clips, np.array([[0.5, 0.5]]))
    finish(unit, {})
    text = b"split,clip,true,x,y\ntest,a,x,0.5,0.5\n"
    assert units.read_record(unit.folder)["predictions_sha256"] == hashlib.sha256(text).hexdigest()


def test_a_restart_that_is_killed_leaves_the_unit_whole_or_nothing(unit, monkeypatch):
    """Half of it, a record without its predictions, would be merged over good results."""
    finish(unit, {})
    monkeypatch.setattr(units.shutil, "rmtree", lambda *arguments, **options: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        units.forget(unit.folder)
    assert not unit.folder.exists()
    assert units.unit_folders(unit.folder.parent) == [], "what is left has a hidden name"
    monkeypatch.undo()
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_CACHE", str(unit.folder.parents[2]))
    monkeypatch.setattr(units.Path, "rename", lambda *arguments: 1 / 0)
    finish(unit, {})
    with pytest.raises(ZeroDivisionError):
        units.forget(unit.folder)
    assert units.read_record(unit.folder)["status"] == "complete"


def test_other_settings_are_refused_and_named(unit):
    units.keep_settings(unit, {"epochs": 3, "zoom": 0.1})
    units.keep_settings(unit, {"epochs": 3, "zoom": 0.1})
    with pytest.raises(units.SettingsChangedError, match=r"epochs was 3, is 4.*--restart"):
        units.keep_settings(unit, {"epochs": 4, "zoom": 0.1})
    assert units.changed_settings(unit.folder, {"epochs": 4, "zoom": 0.1}) == "epochs was 3, is 4"
    assert units.changed_settings(unit.folder, {"epochs": 3, "zoom": 0.1}) == ""
    assert units.changed_settings(unit.folder.with_name("not begun"), {"epochs": 4}) == ""


def test_a_setting_that_is_new_or_gone_does_not_matter(unit):
    units.keep_settings(unit, {"epochs": 3, "gone": 1})
    units.keep_settings(unit, {"epochs": 3, "new": 2})


def test_predictions_come_back_as_written(tmp_path):
    clips = pd.DataFrame({"split": ["validation", "test"], "clip": ["a.1", "b.2"], "label": ["y", "x|y"]})
    probabilities = np.array([[1.0 - 1.23456e-7, 1.23456e-7], [0.333333333, 0.666666666]])
    write_predictions(tmp_path, ["x", "y"], clips, probabilities)
    got = read_predictions(tmp_path)
    assert got.split.tolist() == ["validation", "test"]
    assert got.clips.tolist() == ["a.1", "b.2"]
    assert got.y_true.tolist() == [[0, 1], [1, 1]]
    assert np.allclose(got.y_prob, probabilities, rtol=5e-5, atol=0)  # five digits, of a small number too


def test_names_with_commas_and_several_labels_come_back(tmp_path):
    classes = ("Ambient, Chill", "R'n'B", "Pop")
    clips = pd.DataFrame({"split": ["validation"], "clip": ["a, b.mp3.00"], "label": ["Ambient, Chill|Pop"]})
    write_predictions(tmp_path, classes, clips, np.array([[0.5, 0.25, 0.125]]))
    found = read_predictions(tmp_path)
    assert found.classes == classes
    assert found.clips.tolist() == ["a, b.mp3.00"]
    assert found.y_true.tolist() == [[1, 0, 1]]


def test_a_name_that_a_spreadsheet_would_compute_is_text_in_the_file_and_comes_back(tmp_path):
    classes, names = ("=A1", "-1+2"), ["=1+1.wav", "@b.wav", "'=c.wav", "-5.wav", "-5"]
    labels = ["=A1", "-1+2", "=A1|-1+2", "-1+2|=A1", "=A1"]
    clips = pd.DataFrame({"split": "test", "clip": names, "label": labels})
    write_predictions(tmp_path, classes, clips, np.full((5, 2), 0.5))
    written = (tmp_path / "predictions.csv").read_text()
    assert written.splitlines()[:2] == ["split,clip,true,'=A1,'-1+2", "test,'=1+1.wav,'=A1,0.5,0.5"]
    found = read_predictions(tmp_path)
    assert (found.classes, found.clips.tolist()) == (classes, names)
    assert found.y_true.tolist() == [[1, 0], [0, 1], [1, 1], [1, 1], [1, 0]]


def test_history_has_a_row_an_epoch(tmp_path):
    rows = [{"epoch": 1, "loss": 0.5, "val_accuracy": 1 / 3, "seconds": 2.0}]
    units.write_history(tmp_path, rows)
    text = "epoch,loss,val_accuracy,seconds\n1,0.500000,0.333333,2.0\n"
    assert (tmp_path / units.HISTORY).read_text() == text
    units.write_history(tmp_path, [dict(sorted(row.items(), reverse=True)) for row in rows])
    assert (tmp_path / units.HISTORY).read_text() == text, "in whatever order a state that was read again has them"


def test_commit_outside_git_is_unknown(monkeypatch):
    def fails(*arguments, **options):
        raise OSError("no git")

    monkeypatch.setattr(provenance.subprocess, "run", fails)
    commit_id.cache_clear()
    try:
        assert commit_id() == "unknown"
    finally:
        commit_id.cache_clear()


def test_code_that_is_in_no_commit_is_told_of(monkeypatch, tmp_path):
    git = functools.partial(subprocess.run, cwd=tmp_path, check=True, capture_output=True)
    who = ("-c", "user.name=a", "-c", "user.email=a@b.c")
    for folder in ("shared/base", "reproductions"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "a.py").write_text("1\n")
    for words in (["init", "-q"], ["add", "."], [*who, "commit", "-q", "-m", "first"]):
        git(["git", *words])
    monkeypatch.setattr(provenance, "__file__", str(tmp_path / "shared" / "base" / "provenance.py"))
    try:
        found = []
        for name, text in (("notes.txt", "x"), ("reproductions/new.py", "2\n")):
            (tmp_path / name).write_text(text)
            commit_id.cache_clear()
            found.append(commit_id())
    finally:
        commit_id.cache_clear()
    assert found[1] == found[0] + "+", "a file beside the code is not of it, one among it is"


def test_json_of_the_record_is_sorted_text(unit):
    finish(unit, {"b": 1, "a": 2})
    text = (unit.folder / units.RECORD).read_text()
    assert text.endswith("}\n")
    assert list(json.loads(text)) == sorted(json.loads(text))


HISTORY = "epoch,loss,accuracy,val_loss,val_accuracy,seconds\n1,1.5,0.3,1.4,nan,9.0\n2,0.9,0.6,1.0,0.7,9.0\n"


def test_a_history_comes_back_and_is_as_long_as_its_record_says(tmp_path):
    assert units.read_history(tmp_path, {"epochs": 2}) == []
    path = tmp_path / "history.csv"
    path.write_text(HISTORY)
    rows = units.read_history(tmp_path, {"epochs": 2}, "val_accuracy")
    assert [row["loss"] for row in rows] == [1.5, 0.9]
    assert np.isnan(rows[0]["val_accuracy"])  # as of a training that diverged
    for text, words in (
        (HISTORY.replace("2,0.9", "3,0.9"), "expected the epochs 1 to 2 of the record, a line each"),
        (HISTORY[: HISTORY.index("2,0.9")], "expected the epochs 1 to 2 of the record"),
        (HISTORY.replace("0.6", "O.6"), "line 3 accuracy: expected a valid number"),
        (HISTORY.replace("val_loss", "value"), "expected loss and accuracy, in training and held out, found accuracy,"),
        (HISTORY.replace("val_accuracy", "val_acc"), "lacks the column val_accuracy"),
    ):
        path.write_text(text)
        with pytest.raises(FileError, match=rf"{path}: {words}.*; restore it, or run the unit again"):
            units.read_history(tmp_path, {"epochs": 2}, "val_accuracy")
