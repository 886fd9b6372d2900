"""Results: the long table is computed from the predictions, ensembles included, and from nothing else."""

import csv
import gzip
import hashlib
import json
import os
import re
import shutil
import sys

import numpy as np
import pytest

from shared.base.places import results_root
from shared.metrics.ensembles import product
from shared.paper.loading import load_paper
from shared.results import store, unit_files
from shared.results.diff import diff_paper
from shared.results.reading import Results
from shared.results.runs_table import COLUMNS, read_runs
from shared.runs import units
from shared.runs.predictions import predictions_file
from shared.runs.units import ResultsError, unit_folders

RIGHT = {"validation": 300, "test": 200}


@pytest.fixture
def paper(lam):
    return lam


def recompute(paper, folder):
    return list(Results.read(paper, folder, for_writing=True).table)


def evaluated(paper, folder):
    return [(answer.record, answer.predictions) for answer in Results.read(paper, folder, for_writing=True).answers]


def left_out(paper, folder):
    """The reason why the only thing that is left out is."""
    (one,) = Results.read(paper, folder, for_writing=True).left_out
    return f"{one.name}: {one.reason}"


def test_rows_are_computed_from_the_predictions(paper, write_unit):
    folder = write_unit("Model 1", RIGHT, seed=2)
    rows = recompute(paper, folder)
    values = {(row["split"], row["metric"]): row["value"] for row in rows}
    assert values["test", "accuracy"] == "0.800000"
    assert values["validation", "recall"] == "0.800000"
    expected = -(200 * np.log(0.9) + 50 * np.log(0.025)) / 250
    assert float(values["test", "loss"]) == pytest.approx(expected, abs=1e-6)
    assert len(rows) == 8  # Table IV has four metrics on two splits
    assert {row["seed"] for row in rows} == {"2"}
    assert {row["n"] for row in rows if row["split"] == "test"} == {"250"}
    assert list(rows[0]) == list(COLUMNS)


def test_an_ensemble_is_fused_where_all_members_share_the_conditions(paper, write_unit):
    for model, right in (("Model 1", 200), ("Model 2", 210), ("Model 3", 220)):
        folder = write_unit(model, {"validation": 300, "test": right}, epochs=int(model[-1]))
    write_unit("Model 3", RIGHT, seed=1)
    fused = [row for row in recompute(paper, folder) if row["model"] == "PROD"]
    assert {row["seed"] for row in fused} == {"0"}
    accuracy = next(row for row in fused if (row["split"], row["metric"]) == ("test", "accuracy"))
    members = [
        predictions.on("test").y_prob
        for record, predictions in evaluated(paper, folder)
        if record["seed"] == 0 and record["model"] != "PROD"
    ]
    truth = evaluated(paper, folder)[0][1].on("test").y_true.argmax(1)
    assert float(accuracy["value"]) == pytest.approx((product(members).argmax(1) == truth).mean(), abs=1e-6)
    assert accuracy["epochs"] == "1"  # the least trained member's


def test_an_ensemble_with_a_partial_member_is_partial(paper, write_unit):
    for model in ("Model 1", "Model 2"):
        write_unit(model, RIGHT)
    folder = write_unit("Model 3", RIGHT, status="partial")
    assert {row["status"] for row in recompute(paper, folder) if row["model"] == "PROD"} == {"partial"}


def test_rows_do_not_depend_on_the_order_of_merging(paper, write_unit):
    for seed in (1, 0):
        for model in ("Model 3", "Model 1"):
            folder = write_unit(model, RIGHT, seed=seed)
    rows = store.write_runs(paper, folder)
    assert [(row["model"], row["seed"]) for row in rows[::8]] == [
        ("Model 1", "0"),
        ("Model 1", "1"),
        ("Model 3", "0"),
        ("Model 3", "1"),
    ]
    text = (folder / "runs.csv").read_bytes()
    store.write_runs(paper, folder)
    assert (folder / "runs.csv").read_bytes() == text
    assert b"\r" not in text
    assert read_runs(folder / "runs.csv") == rows


def test_an_older_runs_csv_is_named_with_what_to_do(tmp_path):
    path = tmp_path / "runs.csv"
    path.write_text("paper,model,value\nlam_ensemble,Model 1,0.5\n")
    with pytest.raises(ResultsError, match=r"runs\.csv: line 2 table: is missing; .*report' writes it anew"):
        read_runs(path)


def test_no_runs_csv_is_no_rows(tmp_path):
    assert read_runs(tmp_path / "runs.csv") == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text.replace("split,clip,true", "clip,true"), "expected the columns split,clip,true"),
        (lambda text: "\ufeff" + text, r"found \\ufeffsplit,clip,true"),
        (lambda text: text.replace(",cailuong,0.9", ",tuong,0.9", 1), r"line 2: 'tuong' is no class; restore it"),
        (
            lambda text: text.replace("0.9", "high", 1),
            r"line 2 \(validation\.0\): the probability of cailuong is high, not a number in 0\.\.1",
        ),
        (lambda text: text.replace("0.9", "", 1), "the probability of cailuong is empty, not a number in 0..1"),
        (lambda text: "", "an empty file"),
        (
            lambda text: text.replace("0.9", "nan", 1),
            r"line 2 \(.*\): the probability of cailuong is nan, not",
        ),
        (lambda text: text.replace("0.9", "90", 1), r"the probability of cailuong is 90, not a number in 0\.\.1"),
        (lambda text: text + text.split("\n", 2)[1] + "\n", r"line 627: the clip .* stands twice in split validation"),
        (
            lambda text: text.replace("hatxam", "xam", 1),
            "expected the classes of its record.json, .*found .*, xam",
        ),
        (lambda text: text.replace(",cailuong,0.9", ",cailuong", 1), "line 2 has 7 cells, expected 8"),
        (lambda text: text + "\n", "line 627 has 0 cells, expected 8"),
        # what only the checksum tells
        (
            lambda text: text.replace("\ntest,", "\ntset,"),
            "was changed since .* 375 of split validation, 250 of split tset",
        ),
        (
            lambda text: text[: text.index("test.125")].rpartition("\n")[0] + "\n",
            "was changed since .*, 125 of split test",
        ),
        (lambda text: text.replace("0.9", "0.90", 1), "its SHA-256 begins with"),
    ],
)
def test_damaged_predictions_are_named(paper, write_unit, change, message):
    folder = write_unit("Model 1", RIGHT)
    path = next(folder.glob("units/*/predictions.csv"))
    with_checksum(path.parent)
    path.write_text(change(path.read_text()))
    assert re.search(message, left_out(paper, folder))


def with_checksum(folder):
    """Give a unit's record the checksum of its predictions, as a run does."""
    record = json.loads((folder / "record.json").read_text())
    record["predictions_sha256"] = hashlib.sha256((folder / "predictions.csv").read_bytes()).hexdigest()
    (folder / "record.json").write_text(json.dumps(record))


def test_missing_predictions_are_named(paper, write_unit):
    folder = write_unit("Model 1", RIGHT)
    next(folder.glob("units/*/predictions.csv")).unlink()
    assert re.search(r"predictions\.csv: this unit has a record but no predictions", left_out(paper, folder))


@pytest.mark.parametrize(
    ("text", "message"),
    [("{", "Invalid JSON"), ('{"model": "Model 1"}', "record.json: key: is missing; restore")],
)
def test_a_damaged_record_is_named(paper, write_unit, text, message):
    folder = write_unit("Model 1", RIGHT)
    next(folder.glob("units/*/record.json")).write_text(text)
    assert re.search(message, left_out(paper, folder))


def test_members_on_other_clips_are_refused(paper, write_unit):
    for model in ("Model 1", "Model 2", "Model 3"):
        folder = write_unit(model, RIGHT)
    path = next(folder.glob("units/model-2*/predictions.csv"))
    path.write_text("\n".join(path.read_text().splitlines()[:-1]) + "\n")
    assert re.search("were not evaluated on the same clips", left_out(paper, folder))


@pytest.fixture
def cached_units(write_unit, tmp_path, monkeypatch):
    """A function that writes units into the cache, as runs do, and returns the paper's folder of results."""
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_RESULTS", str(tmp_path / "results"))
    runs = tmp_path / "cache/runs/lam_ensemble"

    def write(model, right, **conditions):
        folder = write_unit(model, right, **conditions)
        runs.mkdir(parents=True, exist_ok=True)
        for path in (folder / "units").iterdir():
            shutil.rmtree(runs / path.name, ignore_errors=True)
            path.rename(runs / path.name)
            (runs / path.name / "network.weights.h5").write_bytes(b"weights")
        return tmp_path / "results/lam_ensemble"

    return write


def keys(tmp_path):
    return [record["key"] for record, _ in unit_folders(tmp_path / "cache/runs/lam_ensemble")]


def test_merge_copies_units_and_keeps_synthetic_ones_out_of_the_results(paper, cached_units, tmp_path):
    folder = cached_units("Model 1", RIGHT)
    cached_units("Model 1", RIGHT, corpus="synthetic")
    for _ in range(2):  # twice changes nothing
        store.merge(paper, keys(tmp_path))
    assert {row["corpus"] for row in read_runs(folder / "runs.csv")} == {"vntm"}
    synthetic = read_runs(tmp_path / "cache/results/lam_ensemble/runs.csv")
    assert {row["corpus"] for row in synthetic} == {"synthetic"}
    kept = {path.name for path in folder.rglob("*") if path.is_file()}
    assert kept == {"runs.csv", "record.json", "history.csv", "predictions.csv.gz"}


def test_merge_compresses_large_predictions_and_keeps_what_was_skipped(paper, cached_units, tmp_path, monkeypatch):
    folder = cached_units("Model 1", RIGHT)
    source = next((tmp_path / "cache/runs/lam_ensemble").glob("*/predictions.csv"))
    units.write_skipped(source.parent, [("jazz.00054.wav", "has no header, or one of another kind")])
    store.merge(paper, keys(tmp_path))
    before = read_runs(folder / "runs.csv")
    monkeypatch.setattr(unit_files, "LARGE_BYTES", 100)
    shutil.rmtree(folder / "units")
    for _ in range(2):
        store.merge(paper, keys(tmp_path))
        kept = {path.name for path in folder.rglob("*") if path.is_file()}
        assert kept == {"runs.csv", "record.json", "history.csv", "predictions.csv.gz", "skipped.csv"}
        assert read_runs(folder / "runs.csv") == before
    packed = next(folder.rglob("predictions.csv.gz"))
    assert gzip.decompress(packed.read_bytes()) == source.read_bytes()
    assert next(folder.rglob("skipped.csv")).read_text() == (
        'file,reason\njazz.00054.wav,"has no header, or one of another kind"\n'
    )
    packed.write_bytes(packed.read_bytes()[:-9])
    assert re.search(r"predictions\.csv\.gz: cannot be read .*; restore it", left_out(paper, folder))


@pytest.mark.parametrize(("parts", "ending"), [("windows", ", by track"), ("segments", ", by clip")])
def test_windows_and_segments_vote(paper, write_unit, parts, ending):
    folder = write_unit("Model 1", RIGHT, clips_are=parts, classes=["cailuong", "catru"])
    path = next(folder.glob("units/*/predictions.csv"))
    lines = [
        "split,clip,true,cailuong,catru",
        "test,cailuong.001.00,cailuong,0.9,0.1",  # two of three windows are wrong, their mean is right
        "test,cailuong.001.01,cailuong,0.4,0.6",
        "test,cailuong.001.02,cailuong,0.4,0.6",
        "test,catru.001.00,catru,0.6,0.4",
        "test,catru.001.01,catru,0.2,0.8",
        "test,catru.002.00,catru,0.7,0.3",
        "validation,catru.001.02,catru,0.7,0.3",  # the same track on another side has a vote of its own
        "validation,catru.001.03,catru,0.6,0.4",
    ]
    path.write_text("\n".join(lines) + "\n")
    rows = recompute(paper, folder)
    found = {(r["model"], r["split"]): (r["value"], r["n"]) for r in rows if r["metric"] == "accuracy"}
    assert found == {
        ("Model 1", "test"): ("0.333333", "6"),
        ("Model 1", "validation"): ("0.000000", "2"),
        (f"Model 1{ending}", "test"): ("0.666667", "3"),
        (f"Model 1{ending}", "validation"): ("0.000000", "1"),
    }
    store.write_runs(paper, folder)
    section = diff_paper(paper, folder).sections[0]
    voted = next(entry for entry in section.extras if (entry.model, entry.split) == (f"Model 1{ending}", "test"))
    assert (voted.value, voted.n) == (pytest.approx(2 / 3), 3)


def test_merge_takes_only_the_units_that_are_named(paper, cached_units, tmp_path):
    folder = cached_units("Model 1", RIGHT)
    cached_units("Model 2", RIGHT)
    store.merge(paper, [key for key in keys(tmp_path) if key.startswith("model-2")])
    assert {row["model"] for row in read_runs(folder / "runs.csv")} == {"Model 2"}


def test_a_partial_unit_never_replaces_a_complete_one(paper, cached_units, tmp_path):
    folder = cached_units("Model 1", RIGHT)
    store.merge(paper, keys(tmp_path))
    cached_units("Model 1", {"validation": 100, "test": 100}, status="partial", epochs=1)
    store.merge(paper, keys(tmp_path))
    rows = read_runs(folder / "runs.csv")
    assert {(row["status"], row["epochs"]) for row in rows} == {("complete", "3")}
    assert next(row["value"] for row in rows if row["metric"] == "accuracy") == "0.800000"
    cached_units("Model 1", {"validation": 100, "test": 250})
    store.merge(paper, keys(tmp_path))  # a complete one does
    assert next(row["value"] for row in read_runs(folder / "runs.csv")) == "1.000000"


def killed_at(point, folder, work):
    """Do some work in a process that ends, as by `kill -9`, at its n-th act on a file below `folder`; whether it did.

    Acts are what Python audits: opening, renaming, removing, making folders."""

    def kill(event, arguments, acts=[0]):  # noqa: B006
        if event.startswith(("open", "os.", "shutil.")) and arguments and str(arguments[0]).startswith(str(folder)):
            acts[0] += 1
            if acts[0] == point:
                os._exit(9)

    child = os.fork()
    if not child:
        sys.addaudithook(kill)
        try:
            work()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


def test_killed_anywhere_a_merge_leaves_the_old_unit_or_the_new_one(paper, cached_units, tmp_path):
    """Nothing in between, nothing lost, and the next merge ends as if nobody had been killed."""
    folder = cached_units("Model 1", RIGHT)
    store.merge(paper, keys(tmp_path))
    before = tmp_path / "before"
    shutil.copytree(folder, before)
    (kept,) = before.glob("units/*")
    old = predictions_file(kept)[1]
    cached_units("Model 1", {"validation": 375, "test": 250})
    new = next(tmp_path.glob("cache/runs/*/*/predictions.csv")).read_bytes()
    found, point = [], 0
    while True:
        point += 1
        shutil.rmtree(folder)
        shutil.copytree(before, folder)
        if not killed_at(point, folder, lambda: store.merge(paper, keys(tmp_path))):
            break
        unit_files.settle(folder)  # as whoever reads or merges next does
        (unit_folder,) = (path for path in folder.glob("units/*") if not path.name.startswith("."))
        assert {path.name for path in unit_folder.iterdir()} == {path.name for path in kept.iterdir()}, point
        found.append(predictions_file(unit_folder)[1])
        store.merge(paper, keys(tmp_path))
        assert predictions_file(unit_folder)[1] == new
        assert next(row["value"] for row in read_runs(folder / "runs.csv")) == "1.000000"
    assert set(found) == {old, new}
    assert found == sorted(found, key=[old, new].index), "once the new unit is there, it stays"
    assert point > 14


def test_answers_without_probabilities_have_no_loss(paper, write_unit):
    folder = write_unit("Model 1", RIGHT)
    path = next(folder.glob("units/*/predictions.csv"))
    path.write_text(path.read_text().replace("0.9", "1").replace("0.025", "0"))
    assert {row["metric"] for row in recompute(paper, folder)} == {"accuracy", "precision", "recall"}


class TestCommittedResults:
    """What is committed under results/ agrees with itself."""

    @pytest.fixture
    def paper(self):
        return load_paper("lam_ensemble")  # with all of its tables, as runs.csv was written

    def test_runs_csv_is_what_the_predictions_give(self, paper):
        folder = store.results_folder(paper.id)
        assert read_runs(folder / "runs.csv") == recompute(paper, folder)

    def test_records_are_complete_and_real(self, paper):
        for record, folder in unit_folders(store.results_folder(paper.id) / "units"):
            assert record["corpus"] != "synthetic", folder
            assert len(record["fingerprint"]) == 16, folder
            assert record["commit"] not in ("", "unknown"), folder
            assert not record["commit"].endswith("+"), f"{folder}: run from changed code"
            assert record["settings"], folder
            assert record["status"] in ("complete", "partial"), folder
            if record["status"] == "complete" and record["epochs"]:
                history = list(csv.DictReader((folder / "history.csv").read_text().splitlines()))
                assert len(history) == record["epochs"], folder

    def test_confusion_matrices_have_the_support_as_row_sums(self, paper):
        files = [p for p in store.results_folder(paper.id).glob("confusion_*.csv") if "_grouped" not in p.name]
        for path in files:
            counts = [[int(value) for value in row[1:]] for row in list(csv.reader(path.read_text().splitlines()))[1:]]
            assert [sum(row) for row in counts] == [50] * 5, path

    def test_everything_stays_small(self):
        files = [path for path in results_root().rglob("*") if path.is_file() and path.suffix != ".h5"]
        assert sum(path.stat().st_size for path in files) < 20e6  # networks have a limit of their own
