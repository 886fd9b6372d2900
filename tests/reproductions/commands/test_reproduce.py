"""``make reproduce``: what it runs, where it writes, and what it says about the answers."""

import os
import sys

import pytest

from reproductions.__main__ import main
from reproductions.commands import reproduce
from shared.paper.loading import load_paper
from shared.results import diff
from tests.committed import committed_diff


@pytest.fixture
def calls(monkeypatch, tmp_path):
    """The live jobs' command lines, result folders and logs, instead of the jobs."""
    made = []

    def run(command, environment, log):
        made.append((command[3:], environment["AUDIO_REPRODUCTIONS_RESULTS"], log))
        return 0

    monkeypatch.setenv("AUDIO_REPRODUCTIONS_CACHE", str(tmp_path))
    monkeypatch.setattr(reproduce, "run", run)
    monkeypatch.setattr(diff, "diff_paper", lambda paper, folder: committed_diff(paper.id))
    return made


def test_it_prints_one_screen_and_runs_the_text_model_anew_beside_the_committed_results(calls, tmp_path, capsys):
    assert main(["reproduce"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) <= 50, "with what the live job adds, one screen of 60 lines"
    assert max(len(line) for line in lines if "/" not in line) <= 120, "but for commands and paths"
    row = next(line.split() for line in lines if line.startswith("  RNN + Text"))
    assert row[-5:] == ["14.62", "74.39", "±", "0.25", "conditional"]
    text = ["run", "pragadaraju_digits", "--model", "RNN + Textual Representation", "--seeds", "0-2", "--restart"]
    assert calls == [(text, str(tmp_path / "reproduced"), tmp_path / "reproduced" / "live.log")]


def test_verbose_shows_whole_tables_and_what_the_job_prints(calls, capsys):
    assert main(["reproduce", "--verbose"]) == 0
    assert "Section 6 · Experimental results" in capsys.readouterr().out
    assert [log for *_, log in calls] == [None]


def test_full_runs_every_model_of_the_table_and_goes_on_where_it_stopped(calls):
    assert main(["reproduce", "--full"]) == 0
    assert {command[3] for command, *_ in calls} == set(load_paper("pragadaraju_digits").models)
    assert not [command for command, *_ in calls if "--restart" in command]


def test_a_live_job_that_fails_ends_it(calls, monkeypatch):
    monkeypatch.setattr(reproduce, "run", lambda *arguments: 2)
    assert main(["reproduce"]) == 2


def test_of_a_job_that_fails_the_end_of_its_log_is_shown_and_where_it_is(tmp_path, capsys):
    program = "import sys; print(*range(100), sep='\\n'); print('no room', file=sys.stderr); sys.exit(3)"
    log = tmp_path / "live.log"
    assert reproduce.run([sys.executable, "-u", "-c", program], dict(os.environ), log) == 3
    out = capsys.readouterr().out.splitlines()
    assert "no room" in out
    assert "99" in out
    assert "80" not in out
    assert out[-1] == f"The job ended with status 3; all that it printed: {log}"


def test_answers_are_compared_clip_by_clip(tmp_path, write_unit):
    live = write_unit("Model 3", {"validation": 300, "test": 200})
    committed = tmp_path / "committed"
    committed.mkdir()
    (live / "units").rename(committed / "units")
    live = write_unit("Model 3", {"validation": 310, "test": 200})
    write_unit("Model 1", {"validation": 310, "test": 200})
    lines = reproduce.agreement(live, committed)
    assert [line.partition(": ")[2] for line in lines] == [
        "no committed run of these conditions (model-1-paper-published-0-0-float32-vntm-e348ce06802c7c4b)",
        "615 of 625 answers as committed",
        "615 of 625 answers as committed; processors that round differently change a few answers in a thousand",
    ]
    assert lines[-1].startswith("reproduced: ")
