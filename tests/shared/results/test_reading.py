"""Results are read once; what does not fit is named, left out of everything, and stops nothing."""

import json
import shutil
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.paper.schema import Comparison
from shared.report import files
from shared.report.files import write_outputs
from shared.report.readme import paper_blocks, suite_blocks
from shared.report.site import drawn_site
from shared.report.tables import render_text
from shared.results import store
from shared.results.diff import compare, diff_paper
from shared.results.reading import Results
from shared.runs.units import FileError, checksum_of

RIGHT = {"validation": 300, "test": 200}
MODELS = ("Model 1", "Model 2", "Model 3")


@pytest.fixture
def paper(lam):
    return lam


@pytest.fixture
def damaged(paper, write_unit, monkeypatch):
    """A function that takes a change to the text of Model 2's predictions; gives the folder, reported on before."""
    monkeypatch.setattr(files, "pictured_sections", lambda *arguments: set())  # pictures take long
    for model in MODELS:
        folder = write_unit(model, RIGHT)
    for record in folder.glob("units/*/record.json"):
        text = record.with_name("predictions.csv").read_bytes()
        record.write_text(json.dumps(json.loads(record.read_text()) | {"predictions_sha256": checksum_of(text)}))
    write_outputs(paper, folder)

    def damage(change):
        path = next(folder.glob("units/model-2*/predictions.csv"))
        path.write_text(change(path.read_text()))
        return folder

    return damage


def kept(folder):
    return {path: path.read_bytes() for path in folder.glob("units/*/*")}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: text + text.partition("\n")[2], "stands twice in split validation"),
        (lambda text: text[: len(text) // 2].rpartition("\n")[0] + "\n", "was changed since it was written"),
        (lambda text: text.replace("\ntest,", "\ntset,"), "250 of split tset"),
        (lambda text: text.replace("cailuong,catru", "catru,cailuong", 1), "was changed since it was written"),
        (
            lambda text: "\n".join(sorted(text.splitlines(), key=lambda line: line[:6] != "split,")[::-1]),
            "expected the",
        ),
        (lambda text: "\ufeff" + text, r"found \ufeffsplit,clip,true"),
        (lambda text: text.replace("0.9", "90"), "is 90, not a number in 0..1"),
        (lambda text: text.replace("0.9", "nan", 1), "is nan, not a number in 0..1"),
        (lambda text: text + "\n", "has 0 cells, expected 8"),
    ],
)
def test_a_unit_that_does_not_fit_its_record_is_named_and_left_out(paper, damaged, change, words):
    folder = damaged(change)
    before = kept(folder)
    for _ in range(2):  # `report` makes no truth of it
        diff = diff_paper(paper, folder)
        (one,) = diff.left_out
        assert one.name.startswith("model-2")
        assert words in one.reason
        assert {row["model"] for row in diff.runs} == {"Model 1", "Model 3"}, "nor is it in an ensemble"
        write_outputs(paper, folder)
        assert kept(folder) == before
        assert "Model 2" not in (folder / "runs.csv").read_text()


def test_what_is_left_out_is_said_everywhere(paper, damaged, tmp_path):
    diff = diff_paper(paper, damaged(lambda text: text.replace("\ntest,", "\ntset,")))
    name, reason = diff.left_out[0].name, diff.left_out[0].reason
    assert reason.startswith("predictions.csv: was changed since it was written"), (
        "in words that name no machine's path"
    )
    texts = [render_text(diff), paper_blocks(diff)["tables"](), suite_blocks([diff])["papers"]()]
    texts += [page.decode() for name, page in drawn_site([diff], tmp_path).items() if name.endswith(".html")]
    assert len(texts) == 5
    for text in texts:
        assert "Left out of every table of lam_ensemble, until they are restored or run again:" in text
        assert name in text
        assert "250 of split tset" in " ".join(text.split())


def test_nothing_is_said_where_everything_counts(paper, damaged):
    diff = diff_paper(paper, damaged(str))
    assert diff.left_out == ()
    assert "Left out" not in render_text(diff) + paper_blocks(diff)["tables"]()


def test_a_restored_unit_counts_again(paper, damaged):
    before = diff_paper(paper, damaged(str)).rows()
    folder = damaged(lambda text: text.replace("\ntest,", "\ntset,"))
    assert diff_paper(paper, folder).rows() != before
    damaged(lambda text: text.replace("\ntset,", "\ntest,"))
    assert diff_paper(paper, folder).rows() == before


def test_a_record_that_cannot_be_read_leaves_its_unit_out(paper, damaged):
    folder = damaged(str)
    next(folder.glob("units/model-2*/record.json")).write_text("{")
    (one,) = diff_paper(paper, folder).left_out
    assert one.reason.startswith("record.json: Invalid JSON")


def test_members_whose_columns_are_named_otherwise_make_no_ensemble(paper, write_unit):
    classes = ["a", "b", "c", "d", "e"]
    for model in MODELS:
        folder = write_unit(model, RIGHT, **({"classes": classes} if model == "Model 2" else {}))
    path = next(folder.glob("units/model-2*/predictions.csv"))
    text = path.read_text()
    for old, new in zip(("cailuong", "catru", "chauvan", "cheo", "hatxam"), classes, strict=True):
        text = text.replace(old, new)
    path.write_text(text)
    results = Results.read(paper, folder, for_writing=True)
    assert {row["model"] for row in results.table} == set(MODELS)
    (one,) = results.left_out
    assert one.name.startswith("PROD (variant paper, protocol published, seed 0")
    assert "does not go with the others: the classes are a, b, c, d, e, not cailuong" in one.reason


def test_one_clip_is_a_number_without_an_interval(paper, write_unit):
    folder = write_unit("Model 3", {"validation": 300, "test": 200})
    path = next(folder.glob("units/*/predictions.csv"))
    lines = path.read_text().splitlines()
    path.write_text(
        "\n".join([lines[0], *(line for line in lines[1:] if "test,test.1," not in line and line[:4] != "test")])
    )
    with path.open("a") as file:
        file.write("\ntest,test.1,catru,0.025,0.9,0.025,0.025,0.025\n")
    diff = write_outputs(paper, folder)
    assert not diff.left_out
    assert diff.sections[0].entries["IV", "Model 3", "test", "accuracy"].n == 1
    assert "NaN" not in render_text(diff)


def test_comparisons_match_columns_by_name(paper, write_unit):
    for seed, right in enumerate((190, 200)):
        folder = write_unit("Model 3", {"test": right}, variant=("paper", "paper-none")[seed])
    sides = {"first": ("paper", "Model 3"), "second": ("paper-none", "Model 3")}
    paper = replace(paper, comparisons=(Comparison("one", **sides),))
    before = compare(Results.read(paper, folder, for_writing=True)).comparisons
    path = next(folder.glob("units/*none*/predictions.csv"))
    rows = [line.split(",") for line in path.read_text().splitlines()]
    path.write_text("\n".join(",".join([*row[:3], *row[:2:-1]]) for row in rows) + "\n")
    assert compare(Results.read(paper, folder, for_writing=True)).comparisons == before
    assert before[0]["delta"] == pytest.approx(10 / 250)


def test_histories_are_read_once(paper, write_unit):
    folder = write_unit("Model 3", RIGHT)
    results = Results.read(paper, folder, for_writing=True)
    (record,) = results.records.values()
    next(folder.glob("units/*/history.csv")).unlink()
    assert [row["accuracy"] for row in results.history(record)] == [0.3, 0.6, 0.8]
    with pytest.raises(FileError, match="the history of model-3.* lacks the column test_accuracy"):
        results.history(record, "test_accuracy")


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("history.csv", "epoch,loss\n1,high\n", "history.csv: line 2"),
        ("skipped.csv", "file,file\n", "skipped.csv: expected a first line of columns, each once"),
    ],
)
def test_a_unit_is_left_out_for_any_of_its_files(paper, damaged, name, text, words):
    folder = damaged(str)
    next(folder.glob("units/model-2*")).joinpath(name).write_text(text)
    (one,) = diff_paper(paper, folder).left_out
    assert words in one.reason


def test_a_copied_folder_is_not_counted_twice(paper, damaged):
    folder = damaged(str)
    shutil.copytree(next(folder.glob("units/model-2*")), folder / "units" / "model-2-copy")
    (one,) = diff_paper(paper, folder).left_out
    assert one.name == "model-2-copy"
    assert "not of the folder it stands in" in one.reason


class TestMerge:
    @pytest.fixture
    def cached(self, write_unit, tmp_path, monkeypatch):
        """A function that writes a unit into the cache, as a run does; gives its folder there."""
        monkeypatch.setenv("AUDIO_REPRODUCTIONS_RESULTS", str(tmp_path / "results"))
        runs = tmp_path / "cache/runs/lam_ensemble"
        monkeypatch.setenv("AUDIO_REPRODUCTIONS_CACHE", str(tmp_path / "cache"))

        def write(model, right=RIGHT, **conditions):
            (written,) = (write_unit(model, right, **conditions) / "units").iterdir()
            runs.mkdir(parents=True, exist_ok=True)
            return written.rename(runs / written.name)

        return write

    def test_what_cannot_be_scored_is_refused_and_the_rest_is_merged(self, paper, cached, tmp_path):
        good, bad = cached("Model 1"), cached("Model 2")
        predictions = bad / "predictions.csv"
        predictions.write_text(predictions.read_text().replace("0.9", "nan", 1))
        with pytest.raises(
            FileError, match=r"^model-2.* is not merged: .*predictions.csv: line 2 .* is nan, not a num"
        ):
            store.merge(paper, [good.name, bad.name])
        folder = tmp_path / "results/lam_ensemble"
        assert [path.name for path in folder.glob("units/*")] == [good.name]
        assert {row["model"] for row in diff_paper(paper, folder).runs} == {"Model 1"}

    def test_only_rows_of_what_is_merged_are_written(self, paper, cached, tmp_path):
        folder = tmp_path / "results/lam_ensemble"
        others = [cached(model, seed=1) for model in MODELS]
        store.merge(paper, [unit.name for unit in others])
        runs = folder / "runs.csv"
        rows = runs.read_text().splitlines()
        runs.write_text("\n".join([rows[0], rows[1].replace("tensorflow", "kept as it was"), *rows[2:]]) + "\n")
        for model in MODELS:
            store.merge(paper, [cached(model).name])
        assert "kept as it was" in runs.read_text()
        store.write_runs(paper, folder)
        whole = runs.read_text()
        assert "kept as it was" not in whole
        assert whole.count("PROD") == 2 * 8, "the ensembles of both seeds"

    @pytest.fixture
    def units(self, cached):
        return [cached(model, seed=seed) for seed in (0, 1) for model in MODELS]

    @given(order=st.permutations(range(6)), at_once=st.integers(1, 3))
    @settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_any_order_of_merging_gives_the_same_table(self, paper, units, tmp_path, order, at_once):
        folder = tmp_path / "results/lam_ensemble"
        shutil.rmtree(folder, ignore_errors=True)
        for start in range(0, len(order), at_once):
            store.merge(paper, [units[number].name for number in order[start : start + at_once]])
        assert {row["seed"] for row in store.read_runs(folder / "runs.csv")} == {"0", "1"}
        merged = (folder / "runs.csv").read_text()
        store.write_runs(paper, folder)
        assert (folder / "runs.csv").read_text() == merged, "as all of it computed at once"

    def test_units_of_which_the_table_knows_nothing_are_found(self, paper, cached, tmp_path):
        """As where a process was killed between a unit and its rows, or somebody removed one by hand."""
        first, second, third = (cached(model, seed=seed) for seed, model in enumerate(MODELS))
        folder = tmp_path / "results/lam_ensemble"
        store.merge(paper, [first.name, second.name])
        runs = folder / "runs.csv"
        runs.write_text("\n".join(line for line in runs.read_text().splitlines() if "Model 1" not in line) + "\n")
        for path in (folder / "units" / second.name).iterdir():
            path.unlink()
        (folder / "units" / second.name).rmdir()
        store.merge(paper, [third.name])
        assert {row["model"] for row in store.read_runs(runs)} == {"Model 1", "Model 3"}

    def test_a_unit_that_answered_the_same_keeps_its_record(self, paper, cached, tmp_path):
        folder = tmp_path / "results/lam_ensemble"
        unit = cached("Model 1")
        store.merge(paper, [unit.name])
        (record,) = folder.glob("units/*/record.json")
        before = record.read_bytes()
        elsewhere = json.loads((unit / "record.json").read_text()) | {"seconds": 99.0, "device": "another"}
        (unit / "record.json").write_text(json.dumps(elsewhere))
        store.merge(paper, [unit.name])
        assert record.read_bytes() == before, "nobody asked for it"
        (unit / "record.json").write_text(json.dumps(elsewhere | {"epochs_planned": 60}))
        store.merge(paper, [unit.name])
        assert json.loads(record.read_text())["device"] == "another"

    def test_a_damaged_unit_is_replaced_by_the_one_that_was_run_again(self, paper, cached, tmp_path):
        folder = tmp_path / "results/lam_ensemble"
        unit = cached("Model 1")
        store.merge(paper, [unit.name])
        (predictions,) = folder.glob("units/*/predictions.csv.gz")
        good = predictions.read_bytes()
        predictions.write_bytes(good[:1000])
        store.merge(paper, [unit.name])
        assert predictions.read_bytes() == good
        assert not diff_paper(paper, folder).left_out
