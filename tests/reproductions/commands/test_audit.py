"""The command that audits a split: its options, its errors, and real corpora of this project."""

import json
import os

import pytest

from reproductions.__main__ import main
from reproductions.commands.audit import clips_of_corpus
from shared.audit.split import audit_split

TABLE = "path,label,split,x,y\na,1,train,0,1\nb,2,train,4,2\nc,1,test,1,1\nd,2,test,4,2\n"


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "my.csv"
    path.write_text(TABLE, encoding="utf-8")
    return path


def test_text_goes_to_stdout_and_times_to_stderr(table, capsys):
    assert main(["audit", "--features", str(table)]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("split of my.csv\n1 leak")
    assert "audited in" in err


def test_json_is_one_object(table, tmp_path, capsys):
    assert main(["audit", "--features", str(table), "--json", "--out", str(tmp_path / "out")]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["findings"][0]["severity"] == "leak"
    assert json.loads((tmp_path / "out" / "findings.json").read_text("utf-8")) == found


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--index", "nowhere.csv"], "nowhere.csv: no such file; --index takes a CSV file"),
        (["--out", "x"], "--out goes with --index or --features or --corpus"),
        (["--audio-root", "x", "--corpus", "fsdd"], "--audio-root goes with --index"),
        (["--protocol", "grouped"], "--protocol goes with --corpus"),
        (["lam_ensemble", "--corpus", "fsdd"], "give a paper or --corpus, not both"),
        (["--corpus", "fsd"], "unknown corpus 'fsd'"),
        (["--corpus", "fsdd", "--protocol", "x"], "fsdd has no protocol 'x'; the known are: published"),
        (["--corpus", "fsdd", "--fold", "3"], "protocol 'published' has fold 0, not 3"),
    ],
)
def test_what_cannot_be_audited_gets_one_line_and_status_2(arguments, message, capsys):
    assert main(["audit", *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


@pytest.mark.skipif(not os.environ.get("AUDIO_REPRODUCTIONS_DATA"), reason="AUDIO_REPRODUCTIONS_DATA is not set")
def test_cuts_of_the_same_tracks_are_recognised():
    """The published table of 3-s cuts, drawn at random: cuts of one track on both sides."""
    audit = audit_split(clips_of_corpus("gtzan_features_3s-subset", "published", 0))
    assert audit.probes.given.right.mean() - audit.probes.grouped.right.mean() > 0.05
    assert "groups across the split" in [finding.kind for finding in audit.findings]
