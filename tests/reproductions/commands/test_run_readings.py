"""`run --readings`, `--budget` and `--set`: what is planned, what is not run again, what stays out of the results."""

import contextlib
import io
import json
import shutil

import pytest

from reproductions.__main__ import main
from shared.base.places import results_root
from shared.paper.loading import load_paper
from shared.results import store
from shared.results.diff import diff_paper
from shared.results.reading import Results

TEXT = "RNN + Textual Representation"
PAPER = load_paper("pragadaraju_digits")


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """The committed named variants of the text model, none of its readings; and a folder for the cache."""
    folder = tmp_path_factory.mktemp("readings")
    for unit in (results_root() / PAPER.id / "units").glob("rnn-textual-representation.*.published.*"):
        if "+" not in unit.name:
            shutil.copytree(unit, folder / "results" / PAPER.id / "units" / unit.name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUDIO_REPRODUCTIONS_CACHE", str(folder / "cache"))
        patch.setenv("AUDIO_REPRODUCTIONS_RESULTS", str(folder / "results"))
        yield folder


def planned(*options):
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
        assert main(["run", PAPER.id, "--plan", "--json", *options]) == 0
    return json.loads(out.getvalue()), err.getvalue()


@pytest.fixture(scope="module")
def plan_of_all(kept):
    """Every reading and all combinations, and what is said of them."""
    return planned("--readings", "--model", TEXT, "--budget", "100h")


def test_readings_are_planned_one_at_a_time_and_what_the_results_have_is_not_run_again(kept):
    plan, words = planned("--readings", "--model", TEXT)
    variants = [task["unit"]["variant"] for task in plan["tasks"] if task["work"] == "train"]
    assert [variant for variant in variants if "+" not in variant] == []  # at-least-3-permille and others are there
    assert "paper+text_activation=relu" in variants
    assert "are in the results already, with these settings, and not done again" in words
    task = next(task for task in plan["tasks"] if task["unit"]["variant"] == "paper+text_activation=relu")
    paper = PAPER.settings_for(model=TEXT)
    assert {name: value for name, value in task["settings"].items() if paper.get(name, value) != value} == {
        "text_activation": "relu"
    }
    assert plan["left_out"] == []


def test_the_key_of_a_reading_or_of_several_is_a_task(plan_of_all):
    plan, _ = plan_of_all
    keys = [task["key"] for task in plan["tasks"] if "+" in task["key"]]
    for key in (keys[0], max(keys, key=len)):
        one, _ = planned("--task", key)
        assert [task["key"] for task in one["tasks"] if task["work"] == "train"] == [key]


def test_a_budget_adds_combinations_and_says_what_does_not_fit(plan_of_all):
    plan, _ = plan_of_all
    variants = {task["unit"]["variant"] for task in plan["tasks"] if task["work"] == "train"}
    assert any(variant.count("+") > 1 for variant in variants)
    assert plan["left_out"] == []
    short, _ = planned("--readings", "--model", TEXT, "--budget", f"{plan['seconds'] / 2:.0f}s")
    assert short["seconds"] <= plan["seconds"] / 2
    assert short["left_out"]
    keys = {task["key"] for task in plan["tasks"]}
    assert {task["key"] for task in short["tasks"]} | set(short["left_out"]) <= keys


def test_a_setting_of_ones_own_is_a_variant_that_says_so(kept):
    plan, _ = planned("--model", TEXT, "--set", "learning_rate=0.0003", "--set", "text_readout=all words")
    (task,) = (task for task in plan["tasks"] if task["work"] == "train")
    assert task["unit"]["variant"] == "custom+learning_rate=3e-4+text_readout=all-words"
    assert (task["settings"]["learning_rate"], task["settings"]["text_readout"]) == (0.0003, "all words")


def test_the_key_of_a_setting_of_ones_own_is_a_task_where_it_is_set(kept):
    own = ("--set", "learning_rate=0.0003")
    plan, _ = planned("--model", TEXT, *own)
    (key,) = (task["key"] for task in plan["tasks"] if task["work"] == "train")
    one, _ = planned(*own, "--task", key)
    assert [task["key"] for task in one["tasks"] if task["work"] == "train"] == [key]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--set", "learning_rat=1"], "has no setting 'learning_rat'"),
        (["--set", "learning_rate"], "--set learning_rate: expected learning_rate= and a value such as"),
        (["--set", "learning_rate=inf"], "--set learning_rate=inf: expected learning_rate= and a value such as"),
        (["--set", "learning_rate=nan"], "--set learning_rate=nan: expected learning_rate= and a value such as"),
        (["--model", TEXT, "--set", "learning_rate=-1"], "learning_rate is -1"),
        (["--model", TEXT, "--set", "epochs=0"], "epochs is 0"),
        (["--set", "learning_rate=fast"], "--set learning_rate=fast: expected learning_rate= and a value such as"),
        (["--model", TEXT, "--set", "text_readout=x"], "text_readout is 'x': expected one of last word, all words"),
        (["--set", "learning_rate=0.001"], "that is what variant paper has"),
        (["--readings", "--set", "learning_rate=0.1"], "--readings are those of variant paper"),
        (["--readings", "--variant", "all"], "--readings are those of variant paper"),
        (["--budget", "6"], "expected a time such as 6h, 90min or 45s"),
    ],
)
def test_what_is_refused(options, message, capsys):
    assert main(["run", PAPER.id, "--plan", *options]) == 2
    assert message in capsys.readouterr().err


def test_a_paper_without_readings_says_so(capsys):
    assert main(["run", "shan_tagging", "--readings", "--plan"]) == 2
    assert "shan_tagging has no setting with readings" in capsys.readouterr().err


@pytest.fixture
def cached(write_unit, tmp_path, monkeypatch):
    """Units of Model 3 in the cache, of paper, of a reading and of somebody's own settings; their keys."""
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_RESULTS", str(tmp_path / "results"))
    for variant in ("paper", "paper+zoom_range=1e-1", "custom+zoom_range=2e-1"):
        folder = write_unit("Model 3", {"validation": 300, "test": 200}, variant=variant)
    (tmp_path / "cache/runs").mkdir(parents=True)
    runs = (folder / "units").rename(tmp_path / "cache/runs/lam_ensemble")
    return sorted(path.name for path in runs.iterdir())


def test_readings_are_kept_and_stand_in_no_table_and_custom_runs_stay_in_the_cache(cached, lam):
    store.merge(lam, cached)
    folder = store.results_folder("lam_ensemble")
    results = Results.read(lam, folder)
    assert {record["variant"] for record in results.records.values()} == {"paper", "paper+zoom_range=1e-1"}
    assert {row["variant"] for row in results.rows} == {"paper", "paper+zoom_range=1e-1"}
    reading = next(path for path in (folder / "units").iterdir() if "+" in path.name)
    assert {path.name for path in reading.iterdir()} == {"history.csv", "predictions.csv.gz", "record.json"}
    diff = diff_paper(lam, folder)
    assert {section.variant for section in diff.sections} == {"paper"}
    assert diff.counts == diff_paper(lam, folder, ["paper"]).counts
