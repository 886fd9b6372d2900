"""The command line: what it prints, its exit statuses, how it refuses, and that it answers fast."""

import argparse
import errno
import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

import data_prep
from reproductions import __main__ as command_line
from reproductions.__main__ import main
from reproductions.commands import list as listing
from reproductions.commands import predict, run
from reproductions.commands.options import models_of, numbers
from shared.base.locks import LockedError
from shared.base.own_files import FileError
from shared.base.places import RESULTS_VARIABLE
from shared.base.write_errors import DiskFullError
from shared.paper import loading
from shared.paper.loading import list_papers, load_paper
from shared.paper.schema import PaperError
from shared.results import store
from shared.runs.plan import Request

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def kept(monkeypatch, tmp_path):
    """Results in ``tmp_path`` instead of the committed ones; returns the folder of lam_ensemble."""

    def folder(paper_id, corpus=""):
        return tmp_path if paper_id == "lam_ensemble" else tmp_path / paper_id

    monkeypatch.setattr(store, "results_folder", folder)
    return tmp_path


@pytest.fixture
def train(monkeypatch):
    """A stand-in for every paper's train.py and predict.py; its `calls` hold what it was given."""
    stand_in = SimpleNamespace(calls=[], error=None)

    def record(*arguments, **options):
        stand_in.calls.append((arguments, options))
        if stand_in.error is not None:
            raise stand_in.error
        return 0

    def plan(paper, request):
        record(paper.id, request)
        return []

    stand_in.main, stand_in.plan = record, plan
    monkeypatch.setattr(run, "carry_out", lambda *arguments, **options: stand_in.done.update(options) or 0)
    stand_in.done = {}
    for command in (run, predict):
        monkeypatch.setattr(command, "module_of", lambda paper, name: stand_in)
    return stand_in


def test_list_names_papers_variants_models_and_the_state_of_the_corpus(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv(data_prep.DATA_VARIABLE, str(tmp_path))
    assert main(["list"]) == 0
    text = capsys.readouterr().out
    assert "lam_ensemble: Ensemble of Convolutional Neural Networks" in text
    assert "Model 1; Model 2; Model 3; PROD" in text
    assert "); to fetch it: python -m data_prep fetch vntm" in text
    assert "authors-notebook" in text


def test_list_counts_no_row_twice(tmp_path, monkeypatch):
    diff = (listing.PAPERS_ROOT.parent / "results" / "lam_ensemble" / "diff.csv").read_text(encoding="utf-8")
    folder = tmp_path / "results" / "lam_ensemble"
    folder.mkdir(parents=True)
    (folder / "diff.csv").write_text(diff + diff.splitlines(keepends=True)[1], encoding="utf-8")
    monkeypatch.setattr(listing, "PAPERS_ROOT", tmp_path / "reproductions")
    with pytest.raises(
        FileError, match=r"diff\.csv: has two rows of .*'python -m reproductions report' writes it anew"
    ):
        listing._verdicts(load_paper("lam_ensemble"))


@pytest.mark.parametrize("command", ["list", "diff", "audit"])
def test_a_paper_that_cannot_be_read_is_named_and_the_others_are_shown(command, tmp_path, monkeypatch, capsys):
    for name in ("lam_ensemble", "verma_genres"):
        shutil.copytree(ROOT / "reproductions" / name, tmp_path / name)
    (tmp_path / "lam_ensemble" / "paper.toml").write_text("title =\n", encoding="utf-8")
    monkeypatch.setattr(loading, "PAPERS_ROOT", tmp_path)
    assert main([command]) == 2
    said = capsys.readouterr()
    assert said.err.startswith(f"error: {tmp_path / 'lam_ensemble' / 'paper.toml'}: not a TOML file")
    assert "verma_genres" in said.out
    assert main([command, "--json"]) == 2
    assert json.loads(capsys.readouterr().out)


def test_diff_prints_the_table_and_is_strict_on_demand(capsys, kept, write_unit):
    for seed in range(3):
        folder = write_unit("Model 3", {"validation": 5, "test": 5}, seed=seed, epochs_planned=50)
    store.write_runs(load_paper("lam_ensemble"), folder)
    assert main(["diff", "lam_ensemble", "--strict"]) == 1
    assert "differs" in capsys.readouterr().out
    assert main(["diff"]) == 0
    assert main(["diff", "--strict", "--variant", "paper-none"]) == 0, "what was not run does not differ"
    capsys.readouterr()
    assert main(["diff", "--variant", "authors-notebook,word-numbers"]) == 0, "each paper shows what it has of them"
    out = capsys.readouterr().out
    assert "variant authors-notebook" in out
    assert "variant word-numbers" in out
    assert main(["diff", "--variant", "paper,wrd-numbers"]) == 2
    assert "no paper has a variant 'wrd-numbers'" in capsys.readouterr().err
    assert main(["diff", "--protocol", "official"]) == 0
    assert "lam_ensemble" not in capsys.readouterr().out, "its corpus has no such protocol"
    assert main(["diff", "--protocol", "gruped"]) == 2
    assert "has no protocol 'gruped'; the known are: " in capsys.readouterr().err


def test_report_writes_the_pages_beside_the_results_and_names_what_it_left_out(capsys, kept, write_unit, monkeypatch):
    monkeypatch.setenv(RESULTS_VARIABLE, str(kept))  # other results than the committed ones: no README changes
    folder = write_unit("Model 3", {"validation": 5, "test": 5})
    store.write_runs(load_paper("lam_ensemble"), folder)
    (unit,) = folder.glob("units/*")
    (unit / "predictions.csv").unlink()
    assert main(["report", "lam_ensemble"]) == 0
    said = capsys.readouterr()
    assert "index.html: open it in a browser" in said.out
    head, line = said.err.splitlines()
    assert head.startswith("Left out of every table of lam_ensemble")
    assert line.startswith(f"- {unit.name}: predictions.csv: this unit has a record but no predictions")
    assert {"index.html", "style.css", "lam_ensemble.html"} <= {file.name for file in (kept / "report").iterdir()}


def test_diff_as_json_has_a_verdict_and_a_reason_a_number(capsys, kept):
    assert main(["diff", "lam_ensemble", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert len(rows) == 24
    assert {row["verdict"] for row in rows} == {"not run"}
    assert rows[0]["command"].startswith("python -m reproductions run lam_ensemble")


def test_audit_needs_no_results_and_says_what_is_wrong_with_the_published_numbers(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv(data_prep.DATA_VARIABLE, str(tmp_path))
    monkeypatch.setenv(RESULTS_VARIABLE, str(tmp_path))
    assert main(["audit", "lam_ensemble"]) == 0
    text = capsys.readouterr().out
    assert "IMPOSSIBLE recall above accuracy · Table IV, 2 (Model 2), validation Recall: 0.8720" in text
    assert "CONTRADICTION axes swapped" in text
    assert "pragadaraju" not in text
    assert main(["audit"]) == 0
    text = capsys.readouterr().out
    assert "lam_ensemble ·" in text
    assert "pragadaraju_digits ·" in text


def test_audit_as_json_has_the_arithmetic_of_each_finding(capsys):
    assert main(["audit", "pragadaraju_digits", "--json"]) == 0
    (audited,) = json.loads(capsys.readouterr().out)
    assert audited["paper"] == "pragadaraju_digits"
    keys = {"kind", "severity", "place", "printed", "arithmetic", "follows", "table", "row", "column"}
    assert all(finding.keys() == keys for finding in audited["findings"])
    printed = {finding["printed"] for finding in audited["findings"] if finding["kind"] == "no whole number of clips"}
    assert printed == {"98.56 %", "88.40 %", "97.16 %", "14.62 %"}


def test_run_plans_what_the_options_ask_for(train):
    names = ["--variant", "authors-notebook,paper", "--model", "Model 3,Model 1", "--protocol", "grouped"]
    numbers = ["--seeds", "0-2", "--folds", "3-4", "--epochs", "5", "--precision", "float32"]
    assert main(["run", "lam_ensemble", *names, *numbers]) == 0
    asked = Request(
        variants=["paper", "authors-notebook"],
        models=["Model 1", "Model 3"],
        protocol="grouped",
        folds=[3, 4],
        seeds=[0, 1, 2],
        precision="float32",
        epochs=5,
    )
    assert train.calls == [(("lam_ensemble", asked), {})]
    assert train.done == {"restart": False, "workers": 0, "cluster": "", "report": True, "seconds": None}


def test_folds_not_asked_for_are_the_papers_to_choose(train):
    assert main(["run", "lam_ensemble", "--workers", "2", "--no-report", "--restart"]) == 0
    assert train.calls[0][0][1].folds is None
    assert train.done == {"restart": True, "workers": 2, "cluster": "", "report": False, "seconds": None}


def test_the_classes_of_a_paper_are_those_of_its_corpus():
    paper = load_paper("pragadaraju_digits")
    run.same_classes(paper, "fsdd")
    less = replace(paper, corpus=replace(paper.corpus, classes=("zero", *paper.corpus.classes[2:])))
    with pytest.raises(ValueError, match=r"corpus fsdd: 'zero' is in corpus\.classes only, '0' is in the corpus only"):
        run.same_classes(less, "fsdd")
    run.same_classes(load_paper("pascuo_multilabel"), "music_library")  # a user's own


def test_the_protocols_of_a_paper_are_those_of_its_corpus():
    paper = load_paper("pragadaraju_digits")
    protocols = {"gruoped": paper.corpus.protocols["grouped"]}
    other = replace(paper, corpus=replace(paper.corpus, protocols=protocols))
    found = r"paper\.toml: corpus\.protocols\.gruoped: fsdd has no protocol 'gruoped'; .* Did you mean grouped\?"
    with pytest.raises(PaperError, match=found):
        run.checked(other, Request())
    assert run.checked(paper, Request()) == Request()


def test_a_corpus_without_a_loader_is_listed_with_what_was_probably_meant():
    assert listing._corpus("fssd")["how_to_get"].endswith("Did you mean fsdd?")


def test_the_key_of_a_task_says_what_is_to_be_planned(train, capsys):
    key = "model-3.authors-notebook.grouped.fold4.seed2.float32.vntm-0123abcd"
    assert main(["run", "lam_ensemble", "--task", key]) == 2  # the stand-in plans nothing
    request = train.calls[0][0][1]
    assert (request.variants, request.models, request.protocol) == (["authors-notebook"], ["Model 3"], "grouped")
    assert (request.folds, request.seeds, request.precision, request.corpus) == ([4], [2], "float32", "vntm")
    assert f"the plan has no task {key}" in capsys.readouterr().err
    assert main(["run", "lam_ensemble", "--task", "model-3"]) == 2
    assert "'model-3' is no key of a task; 'run lam_ensemble --plan' lists them" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["0/3", "4/3", "3", "a/b", "1/"])
def test_what_is_no_part_of_a_plan_is_refused(text, capsys):
    with pytest.raises(SystemExit):
        main(["run", "lam_ensemble", "--shard", text])
    assert "expected a part of a plan like 3/8" in capsys.readouterr().err


def test_pretraining_is_refused_where_nothing_begins_on_another_corpus(train, capsys):
    assert main(["run", "lam_ensemble", "--pretrain", "fsdd"]) == 2
    assert "lam_ensemble has no networks that begin on another corpus" in capsys.readouterr().err
    assert main(["run", "lam_ensemble", "--pretrain", "fsd"]) == 2
    assert "unknown corpus 'fsd'" in capsys.readouterr().err


def test_a_name_with_a_comma_in_parentheses_is_one_name():
    paper = load_paper("shan_tagging")
    names = ["2D Conv (DenseNet, MFCC)", "2D Conv (DenseNet, Log-Mel)"]
    assert models_of(paper, ",".join(names[::-1]), None) == names


def test_run_is_refused_only_when_no_variant_has_the_model(train, capsys):
    assert main(["run", "lam_ensemble", "--variant", "all", "--model", "Model 3"]) == 0
    assert "notebook-augmented" in train.calls[0][0][1].variants


def test_diff_of_a_corpus_without_runs_gives_the_command(capsys, kept):
    assert main(["diff", "lam_ensemble", "--corpus", "synthetic"]) == 0
    text = capsys.readouterr().out
    assert 'not run: python -m reproductions run lam_ensemble --variant paper --model "Model 3" --corpus' in text


def test_predict_hands_songs_to_the_paper(train):
    assert main(["predict", "lam_ensemble", "a.wav", "b.mp3", "--json"]) == 0
    assert train.calls == [((["a.wav", "b.mp3"], True), {})]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "lam"], "there is no paper 'lam'; the known are: lam_ensemble"),
        (["run", "lam_ensemble", "--variant", "papr"], "lam_ensemble has no variant 'papr'; the known are: paper,"),
        (["run", "lam_ensemble", "--model", "Model 4"], "has no model 'Model 4'; the known are: Model 1, Model 2"),
        (
            ["run", "lam_ensemble", "--corpus", "gtzn"],
            "unknown corpus 'gtzn'; the closest are: gtzan, gtzan-subset, gtzan-excerpts",
        ),
        (
            ["run", "lam_ensemble", "--variant", "notebook-augmented", "--model", "Model 3"],
            "variant notebook-augmented is only about Model 1",
        ),
        (["diff", "x"], "there is no paper 'x'"),
        (["diff", "--corpus", "foo"], "unknown corpus 'foo'; the known are: "),
        (["diff", "lam_ensemble", "--variant", "x"], "has no variant 'x'"),
        (["audit", "x"], f"there is no paper 'x'; the known are: {', '.join(list_papers())}"),
        (["predict", "x", "a.wav"], "there is no paper 'x'"),
    ],
)
def test_unknown_names_get_one_line_and_status_2(arguments, message, train, kept, capsys):
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not train.calls


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (data_prep.CorpusError("vntm is missing"), 2, "error: vntm is missing"),
        (LockedError("under way"), 2, "error: under way. Wait until it ends or stop it, then try again"),
        (DiskFullError(28, "the disk is full"), 2, "the disk is full"),
        (KeyboardInterrupt(), 130, "the same command goes on where this one stopped"),
    ],
)
def test_expected_errors_are_told_and_not_traced(error, status, message, train, capsys, monkeypatch):
    monkeypatch.setattr(command_line, "raised_here", lambda error: True)
    train.error = error
    assert main(["run", "lam_ensemble"]) == status
    assert message in capsys.readouterr().err


def test_a_librarys_value_error_keeps_its_traceback(train):
    train.error = ValueError("shapes do not fit")  # raised in this file, which is none of the project's packages
    with pytest.raises(ValueError, match="shapes do not fit"):
        main(["run", "lam_ensemble"])


def test_list_offers_what_lies_there_under_the_name_of_a_stand_in(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_DATA", str(tmp_path))
    assert main(["list", "--json"]) == 0
    papers = {paper["paper"]: paper for paper in json.loads(capsys.readouterr().out)}
    assert list(papers) == list_papers()
    document = load_paper("lam_ensemble").address
    assert papers["lam_ensemble"]["address"] == document
    assert (papers["verma_genres"]["address"], papers["verma_genres"]["doi"]) == (None, None)
    stand_ins = {corpus["corpus"]: corpus["found"] for corpus in papers["verma_genres"]["stand-ins"]}
    assert stand_ins["gtzan-excerpts"] is None
    paper = next(v for v in papers["verma_genres"]["variants"] if v["variant"] == "paper")
    assert paper["verdicts"]["gtzan-excerpts"] == {"not comparable": 3}
    (tmp_path / "gtzan_excerpts" / "jazz").mkdir(parents=True)
    (tmp_path / "gtzan_excerpts" / "jazz" / "jazz.00003.flac").touch()
    assert main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert f"  document  {document}" in lines
    there = tmp_path / "gtzan_excerpts"
    command = "python -m reproductions run verma_genres --corpus gtzan-excerpts"
    assert f"  stand-in  gtzan-excerpts: found in {there}; {command}" in lines


@pytest.mark.parametrize(("text", "found"), [("0", [0]), ("0-2", [0, 1, 2]), ("3,0", [0, 3]), ("1,0-1", [0, 1])])
def test_numbers(text, found):
    assert numbers(text) == found


@pytest.mark.parametrize("text", ["", "a", "-1", "2-1", "1-", "0,,1", "1.5"])
def test_what_is_no_list_of_numbers_is_refused(text):
    with pytest.raises(argparse.ArgumentTypeError, match="expected a number, a range"):
        numbers(text)


@pytest.mark.parametrize("text", ["0-99999999999", "0-10000", "0-6000,6001-12000", "0-" + "9" * 1000])
def test_more_numbers_than_anybody_runs_are_refused_before_they_take_the_memory(text):
    with pytest.raises(argparse.ArgumentTypeError, match="expected at most 10,000 numbers at once"):
        numbers(text)
    assert len(numbers("0-9999")) == 10_000


def test_an_error_of_the_system_is_one_sentence_with_file_and_variable(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_CACHE", str(tmp_path))

    def fail(*arguments):
        raise PermissionError(errno.EACCES, "Permission denied", str(tmp_path / "a.csv"))

    monkeypatch.setattr("reproductions.commands.run.load_paper", fail)
    assert main(["run", "lam_ensemble"]) == 2
    words = f"error: {tmp_path / 'a.csv'}: permission denied; AUDIO_REPRODUCTIONS_CACHE names its folder\n"
    assert capsys.readouterr().err == words


HEAVY = {"tensorflow", "keras", "jax", "librosa", "matplotlib", "pandas", "sklearn", "tqdm"}


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["list"], ["audit"], ["diff", "lam_ensemble"]])
def test_quick_commands_load_nothing_that_takes_long(arguments):
    program = f"""
import sys
from reproductions.__main__ import main
try:
    status = main({arguments})
except SystemExit as end:
    status = end.code
print(*sorted({HEAVY} & set(sys.modules)), file=sys.stderr)
sys.exit(status)
"""
    result = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr.split()) == (0, [])


def test_a_reader_that_stops_reading_is_no_error():
    command = f"{sys.executable} -m reproductions diff | head -1"
    result = subprocess.run(command, shell=True, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.stderr == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full on this system")
@pytest.mark.parametrize(("package", "status"), [("reproductions", 2), ("data_prep", 1)])
def test_output_that_has_no_room_is_told_in_a_line_and_one_that_is_closed_is_no_error(package, status):
    def run(where):
        command = f"{sys.executable} -m {package} list {where}"
        return subprocess.run(command, shell=True, cwd=ROOT, capture_output=True, text=True, check=False)

    full = run("> /dev/full")
    assert full.returncode == status
    assert full.stderr == "error: what is printed cannot be written: no space left on device\n"
    closed = run(">&-")
    assert (closed.returncode, closed.stderr) == (0, "")


def test_a_diff_on_a_corpus_that_a_paper_is_not_run_on_recommends_no_command(capsys):
    assert main(["diff", "lam_ensemble", "--corpus", "fsdd"]) == 2
    assert capsys.readouterr().err == (
        "error: lam_ensemble is not run on the corpus fsdd: nothing to compare; the known are: synthetic, vntm\n"
    )
