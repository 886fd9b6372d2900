"""``evaluate``: the networks that come with the results answer again, by the code that trained them."""

import csv
import gzip
import shutil

import pytest

from reproductions.__main__ import main
from shared.base.places import RESULTS_VARIABLE, results_root

KEY = "rnn-textual-representation.paper.published.fold0.seed0.float32.fsdd-8fb0df95"
KEPT = results_root() / "pragadaraju_digits" / "units" / KEY


@pytest.fixture
def unit(tmp_path, monkeypatch):
    """A copy of the results that has this unit only; nothing in the cache."""
    monkeypatch.setenv(RESULTS_VARIABLE, str(tmp_path / "results"))
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "results" / "pragadaraju_digits" / "units" / KEY
    shutil.copytree(KEPT, folder)
    return folder


def test_the_text_network_that_comes_with_the_project_gives_the_kept_predictions(unit, capsys):
    before = {path.name: path.read_bytes() for path in unit.iterdir()}
    assert main(["evaluate", "pragadaraju_digits"]) == 0
    assert f"{KEY}: the same, 3,000 of 3,000 answers as kept" in capsys.readouterr().out
    assert {path.name: path.read_bytes() for path in unit.iterdir()} == before
    assert not list((unit.parents[3] / "cache").glob("runs/*/*/record.json")), "it works in a place of its own"


def test_predictions_that_are_not_the_networks_are_told(unit, capsys):
    path = unit / "predictions.csv.gz"
    rows = list(csv.reader(gzip.decompress(path.read_bytes()).decode().splitlines()))
    for row in rows[1::10]:  # of every tenth clip the probabilities stand in the wrong order
        row[-10:] = row[-10:][::-1]
    path.write_bytes(gzip.compress("\n".join(map(",".join, rows)).encode()))
    assert main(["evaluate", "pragadaraju_digits"]) == 1
    assert f"{KEY}: NOT the same, 2,7" in capsys.readouterr().out


def test_a_damaged_network_is_named(unit, capsys):
    (unit / "network.weights.h5").write_bytes(b"cut off")
    assert main(["evaluate", "pragadaraju_digits"]) == 1
    said = capsys.readouterr().err
    assert "error: RNN + Textual Representation: " in said
    assert "network.weights.h5" in said


def test_a_corpus_that_is_not_there_is_named(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_DATA", str(tmp_path))
    assert main(["evaluate", "verma_genres"]) == 1
    assert "error: Feature Extraction: the corpus gtzan-excerpts is not in" in capsys.readouterr().err


def test_a_paper_without_networks_says_so(capsys):
    assert main(["evaluate", "shan_tagging"]) == 1
    assert "no network comes with the results of shan_tagging" in capsys.readouterr().err


def test_ship_says_what_it_leaves_as_it_is(unit, capsys):
    assert main(["ship", "pragadaraju_digits", "--model", "RNN + Textual Representation"]) == 0
    assert capsys.readouterr().out == "RNN + Textual Representation: comes with the results already\n"
    assert main(["ship", "pragadaraju_digits", "--model", "CNN + Spectrogram"]) == 1
    assert "CNN + Spectrogram: not trained; python -m reproductions run" in capsys.readouterr().out
