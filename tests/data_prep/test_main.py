"""The command line: what it prints, where, and its exit status."""

import csv
import io
import json
import os
import re
import subprocess
import sys
import time

import pandas as pd
import pytest

import data_prep
from data_prep import __main__ as command_line
from data_prep import fingerprint
from data_prep.__main__ import index_text
from data_prep.corpora import fsdd, synthetic, vntm


def run(*words: str) -> int:
    return command_line.main(list(words))


def test_list(small_vntm, capsys):
    assert run("list") == 0
    text = capsys.readouterr().out
    assert f"found in {small_vntm}" in text
    assert "synthetic-v1 when it is first used" in text
    assert text.count("licence  Apache-2.0") == 6  # vntm, synthetic, library_labels-none, -little, -some, -all
    assert f"found in {fsdd.EMBEDDED}" in text
    assert "splits   published, arithmetic, official, grouped (6 folds)" in text
    assert text.count("fetch    ") == 6  # synthetic has one source only, and parts of a corpus have none
    assert "--source github | kaggle, --from PATH, --url URL" in text


def test_list_without_the_corpus(capsys):
    assert run("list") == 0
    text = capsys.readouterr().out
    fetched = re.findall(r"not found under .*; to fetch it: python -m data_prep fetch (\S+)$", text, re.MULTILINE)
    assert fetched == ["fsdkaggle2018", "gtzan", "gtzan_features_30s", "gtzan_features_3s", "vntm"]
    by_hand = [line for line in text.splitlines() if "not found" in line and "to fetch it" not in line]
    assert len(by_hand) == 8  # fma, four parts, mixtures, music_library, vegas
    assert any(
        "put your own into the folder music_library under the data root: library.csv" in line for line in by_hand
    )


def test_list_for_programs(small_vntm, capsys):
    assert run("list", "--json") == 0
    found = {of["name"]: of for of in json.loads(capsys.readouterr().out)}
    assert list(found) == sorted(data_prep.CORPORA)
    assert found["vntm"]["folder"] == str(small_vntm)
    assert (found["vntm"]["found"], found["vntm"]["can"], found["vntm"]["whole"]) == (True, ["fetch"], True)
    assert found["vntm"]["protocols"] == {"published": 1, "grouped": 10}
    assert (found["gtzan-subset"]["found"], found["gtzan-subset"]["folder"]) == (False, None)
    assert (found["gtzan-subset"]["can"], found["gtzan-subset"]["whole"]) == (["signals", "windows"], False)
    assert found["gtzan_features_3s"]["how_to_get"] == "to fetch it: python -m data_prep fetch gtzan_features_3s"
    assert not found["synthetic"]["found"]
    assert found["synthetic"]["folder"].endswith("synthetic-v1")


def test_check_good_and_bad(small_vntm, capsys):
    assert run("check", "vntm") == 0
    assert capsys.readouterr().out.endswith("OK\n")
    (small_vntm / "val/cheo/Cheo.000.png").unlink()
    assert run("check", "vntm", "--root", str(small_vntm)) == 1
    assert "missing: validation cheo: 1 of 1 images (Cheo.000)" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["check", "index"])
def test_missing_corpus(command, capsys):
    assert run(command, "vntm") == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("error: the corpus vntm is not in")
    assert "python -m data_prep fetch vntm" in printed.err


def test_index_prints_csv_and_writes_it(small_vntm, tmp_path, capsys):
    assert run("index", "vntm") == 0
    printed = capsys.readouterr()
    assert len(printed.out.splitlines()) == 26
    assert f"vntm: 25 clips (train 15, validation 5, test 5), fingerprint {fingerprint(vntm.index())}" in printed.err
    assert run("index", "vntm", "--csv", str(tmp_path / "index.csv")) == 0
    assert (tmp_path / "index.csv").read_text() == printed.out
    assert capsys.readouterr().out == ""


def test_names_stand_in_the_index_as_they_are_and_as_text():
    clips = ["=1+1", "a\rb", 'a,"b"', "plain"]
    frame = pd.DataFrame({"clip": clips, "group": [None, "g", float("nan"), "-1"], "fold": [0, 1, 2, 3]})
    frame["seconds"] = [0.1, 2.0, None, 1e-7]
    header, *rows = csv.reader(io.StringIO(index_text(frame), newline=""))
    assert header == ["clip", "group", "fold", "seconds"]
    assert [row[0] for row in rows] == ["'=1+1", *clips[1:]], "a formula is text, a CR ends no line"
    assert [row[1:] for row in rows] == [["", "0", "0.1"], ["g", "1", "2.0"], ["", "2", ""], ["-1", "3", "1e-07"]]


def test_index_of_a_protocol(small_vntm, tmp_path):
    file = tmp_path / "index.csv"
    assert run("index", "vntm", "--protocol", "grouped", "--fold", "2", "--csv", str(file)) == 0
    split = pd.read_csv(file).set_index("clip")["split"]
    assert list(split[[f"Cheo.00{i}" for i in range(5)]]) == ["train", "train", "test", "validation", "train"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--protocol", "loose"), "unknown protocol 'loose'; the known are: published, grouped"),
        (("--protocol", "grouped", "--fold", "10"), "has fold 0 to 9, not 10"),
    ],
)
def test_index_with_an_unknown_protocol(small_vntm, capsys, words, message):
    assert run("index", "vntm", *words) == 1
    assert message in capsys.readouterr().err


def test_index_allow_incomplete(small_vntm, capsys):
    (small_vntm / "val/cheo/Cheo.000.png").unlink()
    assert run("index", "vntm") == 1
    assert run("index", "vntm", "--allow-incomplete") == 0
    printed = capsys.readouterr()
    assert len(printed.out.splitlines()) == 25
    assert "note: missing: validation cheo" in printed.err


def test_write_list(small_vntm, capsys):
    vntm.LIST.unlink()
    assert run("index", "vntm", "--write-list") == 0
    assert "wrote the list of 25 clips" in capsys.readouterr().out
    assert len(vntm.clips()) == 25
    assert run("index", "synthetic", "--write-list") == 1
    assert "--write-list is not for the corpus synthetic" in capsys.readouterr().err


def test_fetch_from_folder(small_vntm, tmp_path, capsys):
    assert run("fetch", "vntm", "--from", str(small_vntm), "--to", str(tmp_path / "copy")) == 0
    printed = capsys.readouterr()
    assert printed.out == f"vntm is in {tmp_path / 'copy'}\n"
    assert "Apache-2.0" in printed.err
    assert vntm.check(tmp_path / "copy").ok


def test_fetch_synthetic(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(synthetic, "clips", lambda clips=synthetic.clips: clips().query("clip == 'drums.000'"))
    assert run("fetch", "synthetic", "--to", str(tmp_path / "listen")) == 0
    assert (tmp_path / "listen/train/drums/drums.000.wav").exists()
    assert run("fetch", "synthetic", "--from", str(tmp_path)) == 1
    assert "--from is not for the corpus synthetic" in capsys.readouterr().err


def test_fsdd_needs_no_folder(small_fsdd, tmp_path, capsys):
    assert run("check", "fsdd") == 0
    assert run("index", "fsdd", "--protocol", "grouped", "--fold", "1", "--csv", str(tmp_path / "index.csv")) == 0
    assert "fsdd: 12 clips (train 6, test 6), fingerprint" in capsys.readouterr().err
    frame = pd.read_csv(tmp_path / "index.csv")
    assert set(frame.loc[frame["split"] == "test", "group"]) == {"theo"}


def test_fetch_fsdd_and_its_sources(small_fsdd, tmp_path, capsys):
    assert run("fetch", "fsdd") == 0
    printed = capsys.readouterr()
    assert printed.out == f"fsdd is in {tmp_path / 'data' / 'fsdd'}\n"
    assert "CC BY-SA 4.0" in printed.err
    assert run("check", "fsdd", "--root", str(tmp_path / "data" / "fsdd")) == 0
    assert run("fetch", "fsdd", "--source", "kaggle", "--to", str(tmp_path / "other")) == 1
    assert "unknown source 'kaggle'; the known are: embedded, github" in capsys.readouterr().err


def test_part_of_gtzan(small_gtzan, tmp_path, capsys):
    root = tmp_path / "data" / "gtzan_subset"
    (small_gtzan / "genres" / "pop").rename(root.parent / "pop")
    root.mkdir()
    (root.parent / "pop").rename(root / "pop")
    assert run("check", "gtzan-subset") == 0
    assert run("index", "gtzan-subset", "--protocol", "grouped", "--csv", str(tmp_path / "index.csv")) == 0
    assert "gtzan-subset: 6 clips (train 4, test 2), fingerprint" in capsys.readouterr().err
    assert run("index", "gtzan-subset", "--protocol", "fault_filtered") == 1
    assert "error: the protocol fault_filtered needs the lists" in capsys.readouterr().err
    assert run("fetch", "gtzan-subset") == 1
    assert "the corpus gtzan-subset cannot be fetched: put folders of a genre's tracks" in capsys.readouterr().err
    assert run("check", "gtzan") == 1


def test_write_list_of_fsdd(small_fsdd, capsys):
    before = fsdd.LIST.read_bytes()
    assert run("index", "fsdd", "--write-list") == 1
    assert "with --root" in capsys.readouterr().err
    fsdd.LIST.unlink()
    assert run("index", "fsdd", "--root", str(small_fsdd), "--write-list") == 0
    assert "wrote the list of 12 clips" in capsys.readouterr().out
    assert fsdd.LIST.read_bytes() == before


@pytest.mark.parametrize("words", [(), ("check",), ("check", "gtzn"), ("fetch", "vntm", "--from", "a", "--url", "b")])
def test_wrong_usage(words, capsys):
    with pytest.raises(SystemExit) as exit_:
        run(*words)
    assert exit_.value.code == 2
    if "gtzn" in words:
        assert "synthetic" in capsys.readouterr().err


def test_help_is_fast_and_says_where_corpora_are():
    started = time.perf_counter()
    result = subprocess.run(
        [sys.executable, "-m", "data_prep", "--help"], capture_output=True, text=True, check=True, timeout=60
    )
    assert "AUDIO_REPRODUCTIONS_DATA" in result.stdout
    assert time.perf_counter() - started < 5  # 0.2 s alone; a loaded machine gets room


def test_reader_that_has_seen_enough(small_vntm):
    """As in ``python -m data_prep index vntm | head -1``: no traceback."""
    process = subprocess.Popen(
        [sys.executable, "-m", "data_prep", "list"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ
    )
    process.stdout.close()
    assert b"Traceback" not in process.stderr.read()
    process.stderr.close()
    assert process.wait() == 0
