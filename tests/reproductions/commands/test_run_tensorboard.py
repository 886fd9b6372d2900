"""``run --tensorboard``: `fit` is told of it, and how it is opened is printed. `test_fitting` reads what is written."""

import os

import pytest

import reproductions.commands.run as command
from reproductions.__main__ import main
from shared.base.places import TENSORBOARD_VARIABLE

RUN = ("run", "pragadaraju_digits", "--model", "RNN + Textual Representation")


@pytest.fixture(autouse=True)
def own_folders(monkeypatch, tmp_path):
    monkeypatch.setenv(TENSORBOARD_VARIABLE, "")  # so that what the command sets is gone afterwards
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_CACHE", str(tmp_path / "cache"))


def test_a_run_with_it_says_where_the_epochs_are(monkeypatch, tmp_path, capsys):
    told = []
    monkeypatch.setattr(command, "carry_out", lambda *a, **k: told.append(os.environ[TENSORBOARD_VARIABLE]) or 0)
    assert main([*RUN]) == 0
    assert main([*RUN, "--tensorboard"]) == 0
    assert told == ["", "1"]
    assert f"tensorboard.main --logdir {tmp_path / 'cache/runs/pragadaraju_digits'}\n" in capsys.readouterr().out


def test_the_machines_of_a_cluster_write_on_their_own(capsys):
    assert main([*RUN, "--tensorboard", "--cluster", "a:1"]) == 2
    assert "leave it out with --cluster" in capsys.readouterr().err
