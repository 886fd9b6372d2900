"""``make reproduce``: what it runs, where it writes, and what it says about the answers."""

import subprocess
from types import SimpleNamespace

import pytest

from reproductions.__main__ import main
from reproductions.commands import reproduce
from shared.paper.loading import load_paper


@pytest.fixture
def calls(monkeypatch, tmp_path):
    """The live jobs' command lines and result folders, instead of the jobs."""
    made = []

    def run(command, env, cwd):
        made.append((command[3:], env["AUDIO_REPRODUCTIONS_RESULTS"]))
        return SimpleNamespace(returncode=0)

    monkeypatch.setenv("AUDIO_REPRODUCTIONS_CACHE", str(tmp_path))
    monkeypatch.setattr(subprocess, "run", run)
    return made


def test_it_prints_every_diff_and_runs_the_text_model_anew_beside_the_committed_results(calls, tmp_path, capsys):
    assert main(["reproduce"]) == 0
    out = capsys.readouterr().out
    assert "Table IV" in out
    assert "Section 6 · Experimental results" in out
    text = ["run", "pragadaraju_digits", "--model", "RNN + Textual Representation", "--seeds", "0-2", "--restart"]
    assert calls == [(text, str(tmp_path / "reproduced"))]


def test_full_runs_every_model_of_the_table_and_goes_on_where_it_stopped(calls):
    assert main(["reproduce", "--full"]) == 0
    assert {command[3] for command, _ in calls} == set(load_paper("pragadaraju_digits").models)
    assert not [command for command, _ in calls if "--restart" in command]


def test_a_live_job_that_fails_ends_it(calls, monkeypatch):
    monkeypatch.setattr(subprocess, "run", lambda *arguments, **options: SimpleNamespace(returncode=2))
    assert main(["reproduce"]) == 2


def test_answers_are_compared_clip_by_clip(tmp_path, write_unit):
    live = write_unit("Model 3", {"validation": 300, "test": 200})
    committed = tmp_path / "committed"
    committed.mkdir()
    (live / "units").rename(committed / "units")
    live = write_unit("Model 3", {"validation": 310, "test": 200})
    write_unit("Model 1", {"validation": 310, "test": 200})
    lines = reproduce.agreement(live, committed)
    assert len(lines) == 2
    assert lines[0].endswith(": no committed run of these conditions")
    assert lines[1].endswith(": 615 of 625 answers as committed")
