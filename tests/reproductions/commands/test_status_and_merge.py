"""What is complete, partial and failed on this machine, and units that another has trained."""

import gzip
import json
import os
import re
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from reproductions.__main__ import main
from reproductions.commands import run
from shared.base.locks import file_lock
from shared.paper.loading import load_paper
from shared.results import store
from shared.runs import units
from shared.runs.plan import Task, in_order
from shared.runs.predictions import predictions_file, read_predictions, write_predictions
from shared.runs.units import Unit
from tests.shared.runs import small_paper

PAPER = load_paper("_template")
CLASSES = list(PAPER.corpus.classes)
SETTINGS = PAPER.settings_for("paper", "Small CNN")


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_RESULTS", str(tmp_path / "results"))
    return tmp_path


def trained(seed: int, status: str = "complete", epochs: int = 20, sure: float = 0.9, **settings) -> Unit:
    """A unit of the template in the cache, with predictions."""
    unit = Unit("_template", "Small CNN", "paper", "published", 0, seed, "float32", "synthetic", "0" * 16)
    clips = pd.DataFrame({"split": "test", "clip": [f"c.{n}" for n in range(len(CLASSES))], "label": CLASSES})
    off = (1 - sure) / (len(CLASSES) - 1)
    probabilities = np.full((len(CLASSES), len(CLASSES)), off) + np.eye(len(CLASSES)) * (sure - off)
    write_predictions(unit.folder, CLASSES, clips, probabilities)
    settings = SETTINGS | settings
    conditions = {"status": status, "epochs": epochs, "epochs_planned": 20, "seconds": 1.0}
    units.write_record(unit, **conditions, settings=settings, classes=CLASSES)
    return unit


def moved(unit: Unit, place):
    """The unit, no longer in the cache but in a folder from elsewhere."""
    target = place / "elsewhere" / unit.key
    target.parent.mkdir(exist_ok=True)
    shutil.move(unit.folder, target)
    return target


def test_status_counts_and_names_what_is_not_complete(place, capsys):
    trained(0)
    partial = trained(1, "partial", 3)
    failed = Unit("_template", "Small CNN", "paper", "published", 0, 2, "float32", "synthetic", "0" * 16)
    failed.folder.mkdir(parents=True)
    (failed.folder / "failure.json").write_text(json.dumps({"error": "no memory", "commit": "a"}))
    with file_lock(partial.folder.with_name(f"{partial.key}.lock"), "the run"):
        assert main(["status", "_template"]) == 0
        out = capsys.readouterr().out
        assert main(["status", "_template", "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
    assert out.splitlines()[0] == "_template: 1 complete, 1 failed, 1 under way"
    assert f"{partial.key}  partial at epoch 3 of 20, under way" in out
    assert f"{failed.key}  failed: no memory" in out
    assert [unit["state"] for unit in found] == ["complete", "partial", "failed"]
    assert main(["status"]) == 0
    assert "verma_genres: nothing begun on this machine\n" in capsys.readouterr().out


def test_status_says_what_the_results_have(place, capsys):
    trained(0).folder.rename(in_results(trained(0)))
    assert main(["status", "_template"]) == 0
    assert capsys.readouterr().out == "_template: nothing begun on this machine; 1 unit in the results\n"


def test_status_names_a_damaged_record_of_the_results(place, capsys):
    trained(0).folder.rename(in_results(trained(0)))
    (damaged := in_results(trained(1))).mkdir()
    (damaged / "record.json").write_text("{")
    assert main(["status", "_template"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first == "_template: 1 complete; 1 unit in the results"
    assert second.startswith(f"  in the results, and in no table: {damaged / 'record.json'}: ")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names on this system")
def test_merge_does_not_wait_for_a_pipe(place, capsys):
    (place / "elsewhere" / "x").mkdir(parents=True)
    os.mkfifo(place / "elsewhere" / "x" / "record.json")
    assert main(["merge", str(place / "elsewhere")]) == 1
    assert "record.json: cannot be read (a pipe is where a file should be)" in capsys.readouterr().out


def in_results(unit: Unit, corpus: str = ""):
    """A unit's place in the results; the folders above it are there."""
    target = store.results_folder("_template", corpus) / "units" / unit.key
    target.parent.mkdir(parents=True, exist_ok=True)
    return target


def test_a_plan_says_which_of_its_trainings_are_in_the_results(place, capsys):
    """Complete and with the same settings, in this precision or another."""
    finished, other, partial = trained(0), trained(1, learning_rate=0.5), trained(2, "partial", 3)
    tasks = in_order(
        replace(small_paper.task(place, work="train"), unit=u, settings=SETTINGS) for u in (finished, other, partial)
    )
    for unit in (finished, other, partial):
        shutil.move(unit.folder, in_results(unit, "synthetic"))
    asked = [replace(task, unit=replace(task.unit, precision="bfloat16")) for task in tasks[1:]]
    assert run.show_plan(PAPER, in_order(asked), True) == 0
    found = {
        t["unit"]["seed"]: t["in_results"] for t in json.loads(capsys.readouterr().out)["tasks"] if t["work"] == "train"
    }
    assert found == {0: ["float32"], 1: [], 2: []}
    assert run.show_plan(PAPER, tasks, False) == 0
    out = capsys.readouterr().out
    assert re.search(rf"{re.escape(finished.key)}  missing .*  in the results, float32\n", out)
    assert out.count("in the results") == 1
    assert out.endswith("\n1 of them counts in the tables already; run does them once more\n")


def test_what_the_plan_says_of_damaged_files(place, capsys):
    """In the results such a unit does not count, in the cache it is failed, and neither ends the plan."""
    damaged, old, broken = trained(0), trained(1), trained(2)
    tasks = in_order(
        replace(small_paper.task(place, work="train"), unit=unit, settings=SETTINGS) for unit in (damaged, old, broken)
    )
    for unit in (damaged, old):
        shutil.move(unit.folder, in_results(unit, "synthetic"))
    (in_results(damaged, "synthetic") / "predictions.csv").write_text("split,clip\n")
    record = in_results(old, "synthetic") / "record.json"
    kept = {k: v for k, v in json.loads(record.read_text()).items() if k not in ("crc32", "settings")}
    record.write_text(json.dumps(kept))
    (broken.folder / "record.json").write_text("{")
    assert run.show_plan(PAPER, tasks, True) == 0
    listed = [task for task in json.loads(capsys.readouterr().out)["tasks"] if task["work"] == "train"]
    assert [(task["state"], task["in_results"]) for task in listed] == [
        ("missing", []),
        ("missing", ["float32"]),
        ("failed", []),
    ]
    assert str(broken.folder / "record.json") in listed[2]["reason"]


def test_what_is_complete_here_is_not_said_to_be_done_once_more(place, capsys):
    unit = trained(0)
    shutil.copytree(unit.folder, in_results(unit, "synthetic"))
    task = replace(small_paper.task(place, work="train"), unit=unit, settings=SETTINGS)
    assert run.show_plan(PAPER, in_order([task]), False) == 0
    out = capsys.readouterr().out
    assert "in the results, float32" in out
    assert "once more" not in out


def test_units_from_elsewhere_come_into_cache_and_results(place, capsys):
    unit = trained(0)
    moved(unit, place)
    assert main(["merge", str(place / "elsewhere")]) == 0
    assert "1 units found, 1 taken in" in capsys.readouterr().out
    merged = store.results_folder("_template", "synthetic") / "units" / unit.key
    assert units.read_record(unit.folder) == units.read_record(merged)
    assert len(read_predictions(merged).clips) == len(CLASSES)
    assert main(["merge", str(place / "elsewhere")]) == 0
    assert "one is here already, complete" in capsys.readouterr().out


def test_compressed_predictions_come_along(place, capsys):
    folder = moved(trained(0), place)
    text = (folder / "predictions.csv").read_bytes()
    (folder / "predictions.csv.gz").write_bytes(gzip.compress(text))
    (folder / "predictions.csv").unlink()
    assert main(["merge", str(place / "elsewhere")]) == 0
    merged = store.results_folder("_template", "synthetic") / "units" / folder.name
    assert predictions_file(merged)[1] == text


def test_a_cut_off_unit_is_refused_before_ones_own_is_touched(place, capsys):
    cut = moved(trained(0), place)
    (cut / "predictions.csv").write_text((cut / "predictions.csv").read_text()[:-20])
    own = trained(0, "partial", 3)
    (own.folder / "state.json").write_text("{}")
    before = {path.name: path.read_bytes() for path in own.folder.iterdir()}
    assert main(["merge", str(place / "elsewhere")]) == 1
    out = capsys.readouterr().out
    assert f"not merged: {cut}: " in out
    assert "1 units found, 0 taken in" in out
    assert {path.name: path.read_bytes() for path in own.folder.iterdir()} == before


def test_a_training_that_can_go_on_is_kept_before_one_that_cannot(place, capsys):
    brought = moved(trained(0, "partial", 5), place)
    own = trained(0, "partial", 3)
    (own.folder / "state.json").write_text("{}")
    assert main(["merge", str(place / "elsewhere")]) == 0
    assert "one is here already that can go on, which this one cannot" in capsys.readouterr().out
    assert units.read_record(own.folder)["epochs"] == 3
    (brought / "state.json").write_text("{}")
    assert main(["merge", str(place / "elsewhere")]) == 0
    assert units.read_record(own.folder)["epochs"] == 5


def test_predictions_written_anew_are_read_and_not_compressed_ones_from_before(place):
    folder = trained(0, sure=0.9).folder
    (folder / "predictions.csv.gz").write_bytes(gzip.compress((folder / "predictions.csv").read_bytes()))
    trained(0, sure=0.6)
    assert read_predictions(folder).y_prob.max() == pytest.approx(0.6)


def test_a_network_that_came_with_results_stays_with_them(place):
    folder = moved(trained(0), place)
    for name in ("network.weights.h5", "network.json", "vocabulary.json"):
        (folder / name).write_text("{}")
    assert main(["merge", str(place / "elsewhere")]) == 0
    (unit,) = (place / "cache" / "runs" / "_template").glob("*/record.json")
    names = {path.name for path in unit.parent.iterdir()}
    assert "vocabulary.json" in names
    assert not names & {"network.weights.h5", "network.json"}


def test_an_empty_folder_name_is_not_the_folder_that_one_stands_in(place, capsys):
    assert main(["merge", ""]) == 2
    assert "expected the folder with the units that were brought" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"paper": 3}, "found 3;"),
        ({"variant": "../../x"}, "found '../../x';"),
        ({"corpus": "a/b"}, "found 'a/b';"),
        ({"product_seconds": "x"}, "found 'x';"),
    ],
)
def test_an_odd_record_is_named_and_stops_no_other(place, capsys, changed, says):
    odd, good = moved(trained(0), place), moved(trained(1), place)
    record = {k: v for k, v in json.loads((odd / "record.json").read_text()).items() if k != "crc32"} | changed
    (odd / "record.json").write_text(json.dumps(record))
    odd.rename(odd.with_name("odd"))
    assert main(["merge", str(place / "elsewhere")]) == 1
    out = capsys.readouterr().out
    assert f"not merged: {place / 'elsewhere/odd'}: " in out
    assert f"record.json: {next(iter(changed))}: expected a " in out
    assert says in out
    assert "2 units found, 1 taken in" in out
    assert (store.results_folder("_template", "synthetic") / "units" / good.name / "predictions.csv").exists()


def test_a_partial_unit_never_takes_the_place_of_one_that_is_further(place, capsys):
    moved(trained(0, "partial", 5, sure=0.4), place)
    trained(0, sure=0.8)
    before = read_predictions(trained(0).folder).y_prob
    assert main(["merge", str(place / "elsewhere")]) == 0
    unit = Unit("_template", "Small CNN", "paper", "published", 0, 0, "float32", "synthetic", "0" * 16)
    assert (read_predictions(unit.folder).y_prob == before).all()


def test_other_settings_and_other_names_are_refused_and_the_rest_is_taken(place, capsys):
    moved(trained(0), place)
    moved(trained(1, learning_rate=0.5), place)
    renamed = moved(trained(2), place)
    renamed.rename(renamed.with_name("a.seed3.b"))
    assert main(["merge", str(place / "elsewhere")]) == 1
    out = capsys.readouterr().out
    assert "trained under other settings than paper.toml has now (learning_rate was 0.5, is" in out
    assert "expected a record of a.seed3.b" in out
    assert "3 units found, 1 taken in" in out


def test_a_folder_without_units_is_refused(place, capsys):
    assert main(["merge", str(place)]) == 2
    assert "expected folders with a record.json" in capsys.readouterr().err


def test_a_plan_is_printed_with_its_sum(place, capsys):
    there, other = (small_paper.task(place, seed, work="train") for seed in (0, 1))
    units.write_record(there.unit, status="complete", epochs=3, epochs_planned=3, seconds=30.0)
    tasks = in_order([there, other])
    assert run.show_plan(PAPER, tasks, True) == 0
    printed = json.loads(capsys.readouterr().out)
    found = [(t["work"], t["state"], t["seconds"]) for t in printed["tasks"]]
    assert found == [("open_data", "missing", 0.0), ("train", "complete", 0.0), ("train", "missing", None)]
    assert (printed["seconds"], printed["of_unknown_time"]) == (0.0, 1)
    assert Task.from_dict({name: printed["tasks"][2][name] for name in tasks[2].as_dict()}) == tasks[2]
    assert run.show_plan(PAPER, tasks, False) == 0
    out = capsys.readouterr().out
    assert f"{other.key}  missing                   time not known" in out
    assert "other settings" not in out
    units.keep_settings(other.unit, other.settings | {"learning_rate": 99.0})
    assert run.show_plan(PAPER, tasks, False) == 0
    assert "  begun under other settings (learning_rate was 99.0, is " in capsys.readouterr().out
    assert out.endswith("2 tasks, 1 complete; 1 of which no record tells the time\n")
