"""Verdicts on hand-made rows, and the whole way from kept predictions to a diff."""

import math
import re
import threading
from dataclasses import replace
from statistics import mean, stdev

import pytest

from shared.base.locks import file_lock
from shared.paper.loading import load_paper
from shared.paper.schema import Clusters, PaperError, Protocol, Row
from shared.results.diff import compare as compare_results
from shared.results.diff import diff_paper
from shared.results.reading import Results
from shared.results.runs_table import RUNS, DiffError, read_runs
from shared.results.store import write_runs
from shared.results.verdicts import (
    CONDITIONAL,
    CONSISTENT,
    DIFFERS,
    MATCH,
    NOT_COMPARABLE,
    NOT_RUN,
    TWIN,
    UNDETERMINED,
    UNPUBLISHED,
)
from shared.runs.units import ResultsError

ROUNDED = 0.5e-4  # half a unit of Table IV's last decimal
PUBLISHED, OTHER = "e348ce06802c7c4b", "0123456789abcdef"


@pytest.fixture(name="paper", scope="module")
def paper_with_margins(lam):
    table = replace(lam.tables[0], margins={"accuracy": 0.1}, margin_reason="made up")
    return replace(lam, tables=(table,))


def compare(paper, rows, records, *conditions, **named):
    """The diff of hand-made rows."""
    results = Results(paper, paper.path.parent, records=records, rows=tuple(rows))
    return compare_results(results, *conditions, **named)


def row(value, metric="accuracy", split="test", model="Model 3", seed=0, **conditions):
    base = {
        "model": model,
        "variant": "paper",
        "protocol": "published",
        "split": split,
        "metric": metric,
        "value": value,
        "n": {"validation": 375, "test": 250}[split],
        "seed": seed,
        "fold": 0,
        "corpus": "vntm",
        "fingerprint": PUBLISHED,
        "precision": "float32",
        "epochs": 50,
        "status": "complete",
        "unit": f"unit {model} {seed}",
    }
    return base | conditions


def entry(paper, rows, records=None, metric="accuracy", split="test", model="Model 3", section=0):
    return compare(paper, rows, records or {}).sections[section].entries["IV", model, split, metric]


# ---- verdicts


@pytest.mark.parametrize(
    ("value", "verdict"), [(0.908, MATCH), (0.87, MATCH), (0.855, CONSISTENT), (0.84, DIFFERS), (1.0, DIFFERS)]
)
def test_verdicts_of_an_accuracy(paper, value, verdict):
    found = entry(paper, [row(value, seed=seed) for seed in range(3)])
    assert found.verdict == verdict
    assert found.delta == pytest.approx(value - 0.908)
    assert "95 % interval" in found.reason


def test_few_seeds_borrow_the_spread_of_the_tables_other_rows(paper):
    def widths(others):
        rows = [row(0.9 + 0.01 * seed, seed=seed) for seed in range(3)]
        rows += [row(value, model=model, seed=seed) for model, values in others for seed, value in enumerate(values)]
        found = entry(paper, rows)
        return found.high - found.low, found.reason

    alone, why = widths([])
    assert "3 seeds, sd 0.0100, 2 degrees of freedom" in why
    pooled, why = widths([("Model 1", [0.85, 0.86, 0.87]), ("Model 2", [0.88])])
    assert "3 seeds, sd 0.0100 pooled over 2 rows, 4 degrees of freedom" in why
    assert pooled < alone


def test_a_setting_that_departs_from_the_text_makes_its_models_conditional(paper):
    dropout = replace(paper.settings["dropout"], condition="no warm-up", models=("Model 3",))
    departing = replace(paper, settings=paper.settings | {"dropout": dropout})
    rows = [row(0.84, seed=seed, model=model) for seed in range(3) for model in ("Model 1", "Model 3")]
    found = entry(departing, rows)
    assert (found.verdict, found.condition) == (CONDITIONAL, "no warm-up")
    assert "under it differs" in found.reason
    assert entry(departing, rows, model="Model 1").verdict in (MATCH, CONSISTENT)
    assert not compare(departing, rows, {}).differs, "--strict does not fail for what could not be avoided"


def test_the_mean_over_seeds_is_compared(paper):
    found = entry(paper, [row(0.88, seed=0), row(0.92, seed=1)])
    assert (found.value, found.runs) == (pytest.approx(0.9), 2)
    assert found.sd == pytest.approx(0.02 * math.sqrt(2))


def test_folds_of_the_published_protocol_are_the_spread_and_must_all_be_there():
    paper = load_paper("shan_tagging")
    model = "2D Conv (DenseNet, Log-Mel)"

    def of_folds(n_folds):
        rows = [
            row(
                0.93 + 0.002 * fold, "map@3", "validation", model, fold=fold, corpus="fsdkaggle2018", n=948 - (fold > 2)
            )
            for fold in range(n_folds)
        ]
        rows = [one | {"standard_error": 0.007, "epochs": 40} for one in rows]
        return compare(paper, rows, {}).sections[0].entries["1", model, "validation", "map@3"]

    found = of_folds(10)
    assert found.verdict in (MATCH, CONSISTENT, CONDITIONAL)
    assert (found.runs, found.n) == (10, 9473)
    assert found.value == pytest.approx(0.939)
    assert "the spread over 10 folds and the published one over 10" in found.reason
    assert of_folds(3).reason == "partial: 3 of 10 folds"
    assert of_folds(3).verdict == NOT_COMPARABLE


@pytest.fixture(scope="module")
def voting(paper):
    """Model 3's windows are not printed, and its votes on 50 tracks are."""
    cell = replace(paper.cell("IV", "Model 3", "test", "accuracy"), model="Model 3, by track", n=50, own_n=True)
    table = replace(paper.tables[0], rows=(Row("Model 3, voting", cell.model, (cell,)),))
    return replace(paper, tables=(table,))


def votes(value, seed=0, **conditions):
    """The rows of a training on windows and of their votes."""
    windows = row(0.7, seed=seed, n=500, **conditions)
    voted = {"model": "Model 3, by track", "unit": f"{windows['unit']}, by track"}
    return [windows, row(value, seed=seed, n=50, **conditions) | voted]


def test_published_votes_are_judged_as_any_other_row(voting):
    rows = [one for seed in range(3) for one in votes(0.9, seed)]
    section = compare(voting, rows, {}).sections[0]
    found = section.entries["IV", "Model 3, by track", "test", "accuracy"]
    assert found.verdict in (MATCH, CONSISTENT)
    assert (found.value, found.n, found.runs) == (pytest.approx(0.9), 50, 3)
    assert "n = 50 and 50" in found.reason
    assert [(e.model, e.verdict) for e in section.extras] == [("Model 3", UNPUBLISHED)]
    other = [one | ({"n": 49} if one["model"].endswith("track") else {}) for one in rows]
    found = entry(voting, other, model="Model 3, by track")
    assert (found.verdict, found.reason) == (NOT_COMPARABLE, "n = 49 test rows, the split has 50")


def test_votes_have_the_settings_of_the_unit_that_they_follow_from(voting):
    records = {"unit Model 3 0": {"settings": {"dropout": 0.9}, "epochs_planned": 50}}
    found = entry(voting, votes(0.9), records, model="Model 3, by track")
    assert found.verdict == NOT_COMPARABLE
    assert found.reason.startswith("run with dropout = 0.9")


def test_votes_that_are_not_there_say_why(voting):
    found = entry(voting, [], model="Model 3, by track")
    assert found.command == 'python -m reproductions run lam_ensemble --variant paper --model "Model 3"'
    found = entry(voting, [row(0.7)], model="Model 3, by track")
    assert (found.verdict, found.reason[:42]) == (NOT_COMPARABLE, "its runs are not of several windows or seg")


def test_what_was_not_run_says_how(paper):
    found = entry(paper, [])
    assert found.verdict == NOT_RUN
    assert found.command == 'python -m reproductions run lam_ensemble --variant paper --model "Model 3"'


@pytest.mark.parametrize(
    ("conditions", "record", "reason"),
    [
        ({"protocol": "grouped"}, {}, "protocol grouped, the paper's is the published split"),
        ({"corpus": "synthetic"}, {}, "corpus synthetic, the paper's is vntm"),
        ({"fingerprint": OTHER}, {}, f"other data: fingerprint {OTHER}, the published ones have {PUBLISHED}"),
        ({"status": "partial", "epochs": 12}, {}, "partial: 12 of 50 epochs"),
        ({"n": 240}, {}, "n = 240 test clips, the split has 250"),
        ({}, {"epochs_planned": 2}, "run with epochs = 2, the variant has 50"),
        ({}, {"settings": {"batch_size": 64}}, "run with batch_size = 64, the variant has 32"),
    ],
)
def test_what_may_not_stand_beside_the_paper(paper, conditions, record, reason):
    rows = [row(0.908, **conditions)]
    diff = compare(paper, rows, {rows[0]["unit"]: record})
    found = [e for section in diff.sections for e in section.entries.values() if e.value is not None]
    assert [(e.verdict, e.reason) for e in found] == [(NOT_COMPARABLE, reason)]


def test_synthetic_data_is_no_reproduction_even_where_it_is_the_corpus_of_paper_toml(paper):
    made = replace(paper, corpus=replace(paper.corpus, name="synthetic", fingerprint=""))
    found = entry(made, [row(0.908, corpus="synthetic")])
    assert (found.verdict, found.value) == (NOT_COMPARABLE, 0.908)
    assert found.reason == "corpus synthetic: made from formulas, so it says nothing about the paper"


def test_nobodys_library_is_held_against_a_private_one(paper):
    private = replace(paper, corpus=replace(paper.corpus, private=True, fingerprint=""))
    rows = [row(0.9, seed=seed, fingerprint=OTHER) for seed in range(3)]
    found = entry(private, rows)
    assert (found.verdict, found.value) == (NOT_COMPARABLE, pytest.approx(0.9))
    assert found.reason == "vntm is private: a library of that name is another one than the paper's"
    assert entry(private, rows, model="Model 1").reason.startswith("the audio of vntm is private: nobody else can run")
    exact = entry(private, [row(0.908, exact=True)])
    assert exact.verdict == MATCH, "arithmetic needs no audio"


def test_a_protocol_that_is_a_reading_of_the_paper_is_compared_with_its_own_number_of_clips(paper):
    other = Protocol("other", comparable=True, n={"test": 200})
    paper = replace(paper, corpus=replace(paper.corpus, protocols={"other": other}))
    for n, verdict in ((200, UNDETERMINED), (250, NOT_COMPARABLE)):
        section = compare(paper, [row(0.9, protocol="other", n=n)], {}, protocol="other").sections[0]
        found = next(e for e in section.entries.values() if e.value is not None)
        assert found.verdict == verdict
    assert found.reason == "n = 250 test clips, the split has 200"


def test_folds_of_a_protocol_that_is_a_reading_of_the_paper_are_where_the_published_number_may_be_from(paper):
    held_out = Protocol("grouped", comparable=True, n={"test": 200}, folds=("anna", "ben", "cem", "dora"))
    paper = replace(paper, corpus=replace(paper.corpus, protocols={"grouped": held_out}))
    values = {0: (0.7, 0.72), 1: (0.9, 0.88), 2: (0.8, 0.8), 3: (0.6, 0.6)}
    rows = [
        row(value, protocol="grouped", n=200, fold=fold, seed=seed)
        for fold, of_seeds in values.items()
        for seed, value in enumerate(of_seeds)
    ]
    found = next(e for s in compare(paper, rows, {}).sections for e in s.entries.values() if e.value is not None)
    means = [0.71, 0.89, 0.8, 0.6]
    assert (found.value, found.sd) == (pytest.approx(mean(means)), pytest.approx(stdev(means)))
    assert found.verdict == CONSISTENT
    assert "one published number, the spread over 4 folds" in found.reason
    few = [r for r in rows if r["fold"] < 3]
    found = next(e for s in compare(paper, few, {}).sections for e in s.entries.values() if e.value is not None)
    assert (found.verdict, found.reason) == (NOT_COMPARABLE, "partial: 3 of 4 folds")


def test_a_split_that_a_run_kept_no_predictions_for_says_so(paper):
    section = compare(paper, [row(0.9)], {}).sections[0]
    found = section.entries["IV", "Model 3", "validation", "accuracy"]
    assert (found.verdict, found.reason, found.command) == (
        NOT_COMPARABLE,
        "its runs kept predictions for test only",
        "",
    )


def test_results_without_a_published_number_are_kept_apart(paper):
    section = compare(paper, [row(0.95, model="PROD")], {}).sections[0]
    assert [(e.model, e.verdict, e.value) for e in section.extras] == [("PROD", UNPUBLISHED, 0.95)]


def test_a_finished_run_comes_before_a_partial_one(paper):
    rows = [row(0.3, seed=0, status="partial", epochs=2), row(0.9, seed=1)]
    section = compare(paper, rows, {r["unit"]: {"seed": r["seed"]} for r in rows}).sections[0]
    found = section.entries["IV", "Model 3", "test", "accuracy"]
    assert (found.value, found.runs, found.verdict) == (0.9, 1, UNDETERMINED)
    assert [record["seed"] for record in section.records] == [1]
    assert [record["seed"] for record in section.partial] == [0]


def test_one_seed_in_two_precisions_counts_once(paper):
    rows = [row(0.9, precision="bfloat16"), row(0.95, seed=1, precision="bfloat16"), row(0.8, precision="float32")]
    section = compare(paper, rows, {}).sections[0]
    assert section.entries["IV", "Model 3", "test", "accuracy"].runs == 2
    found = section.extras[0]
    assert (found.model, found.value, found.verdict, found.twin) == ("Model 3 (float32)", 0.8, TWIN, "bfloat16")
    assert found.twin_delta == pytest.approx(-0.1), "to the run of the same seed, not to the mean"
    assert found.reason == "a second run of the same seed: difference to bfloat16 -0.1000"


@pytest.mark.parametrize(
    ("rows", "value"),
    [
        ([{"precision": "bfloat16"}, {"precision": "float32"}, {"precision": "float32", "model": "Model 1"}], 0.1),
        ([{"precision": "bfloat16", "status": "partial"}, {"precision": "float32"}], 0.1),
        ([{"precision": "float32"}, {"precision": "bfloat16"}], 0.1),
    ],
    ids=["more runs", "finished", "bfloat16 before float32"],
)
@pytest.mark.parametrize("turned", [False, True])
def test_the_precision_that_counts(paper, rows, value, turned):
    rows = [row(number / 10, **conditions) for number, conditions in enumerate(rows)]
    assert entry(paper, rows[::-1] if turned else rows).value == value


def test_runs_on_other_data_are_kept_apart_and_not_averaged(paper):
    rows = [row(0.9, seed=3), *(row(0.5, seed=seed, fingerprint=OTHER, precision="bfloat16") for seed in (0, 1, 3))]
    section = compare(paper, rows, {}).sections[0]
    found = section.entries["IV", "Model 3", "test", "accuracy"]
    assert (found.value, found.runs, found.verdict) == (0.9, 1, UNDETERMINED)
    assert [(e.model, e.value, e.runs, e.verdict) for e in section.extras] == [
        ("Model 3 (01234567)", 0.5, 3, NOT_COMPARABLE)
    ]
    assert OTHER in section.extras[0].reason


def test_of_two_sets_of_data_that_the_paper_does_not_have_the_one_with_more_runs_counts(paper):
    rows = [row(0.1, fingerprint="a" * 16), *(row(0.5, seed=seed, fingerprint=OTHER) for seed in (0, 1))]
    section = compare(paper, rows, {}).sections[0]
    assert section.entries["IV", "Model 3", "test", "accuracy"].value == 0.5
    assert section.extras[0].model == "Model 3 (aaaaaaaa)"


def test_an_impossible_cell_cannot_differ(paper):
    diff = compare(paper, [row(0.6, "recall", "validation", "Model 2")], {})
    found = diff.sections[0].entries["IV", "Model 2", "validation", "recall"]
    assert (found.verdict, found.value) == (NOT_COMPARABLE, 0.6)
    assert found.reason.startswith("impossible as printed: A clip is recalled only when")
    assert not diff.differs


def test_a_number_that_belongs_to_another_row_is_held_against_nothing(paper):
    first, second, third = paper.tables[0].rows
    cells = tuple(replace(c, note_kind="misplaced", note="It is Model 1's.") for c in second.cells)
    table = replace(paper.tables[0], rows=(first, replace(second, cells=cells), third))
    found = entry(replace(paper, tables=(table,)), [row(0.88, model="Model 2")], model="Model 2")
    assert (found.verdict, found.reason) == (NOT_COMPARABLE, "the printed number is another row's: It is Model 1's.")


def test_a_table_is_held_against_the_variants_that_it_names(paper):
    table = replace(paper.tables[0], variants=("authors-notebook",))
    found = compare(replace(paper, tables=(table,)), [row(0.9), row(0.9, variant="authors-notebook")], {})
    entries = {section.variant: len(section.entries) for section in found.sections}
    assert entries["paper"] == 0
    assert entries["authors-notebook"] == len(paper.cells())


def test_a_corpus_that_was_asked_for_and_not_run_says_how(paper):
    section = compare(paper, [], {}, corpus="synthetic").sections[0]
    assert {e.verdict for e in section.entries.values()} == {NOT_RUN}
    assert len(section.entries) == sum(cell.table == "IV" for cell in paper.cells())
    assert section.all()[0].command.endswith('--variant paper --model "Model 1" --corpus synthetic')


def test_sections_by_variant_protocol_and_corpus(paper):
    rows = [
        row(0.9, variant="authors-notebook"),
        row(0.8, protocol="grouped"),
        row(0.7, corpus="synthetic"),
        row(0.99, model="1-NN probe", variant="probe"),
    ]
    sections = compare(paper, rows, {}).sections
    assert [s.name for s in sections] == ["paper", "authors-notebook", "probe", "paper_synthetic", "paper_grouped"]
    assert len(sections[3].entries) == 1, "a foreign corpus shows what was run and nothing else"
    assert [s.name for s in compare(paper, rows, {}, variants=["paper-none"]).sections] == ["paper-none"]
    assert [s.name for s in compare(paper, rows, {}, protocol="grouped").sections] == ["paper_grouped"]


def test_a_variant_with_one_model_has_one_row(paper):
    variants = paper.variants | {"one": replace(paper.variants["paper-none"], name="one", models=("Model 2",))}
    section = compare(replace(paper, variants=variants), [], {}, variants=["one"]).sections[0]
    assert {e.model for e in section.entries.values()} == {"Model 2"}


# ---- from kept predictions


def test_everything_is_recomputed_from_the_predictions(paper, write_unit):
    folder = write_unit("Model 3", {"validation": 324, "test": 227})
    write_runs(paper, folder)
    section = diff_paper(paper, folder).sections[0]
    test = section.entries["IV", "Model 3", "test", "accuracy"]
    assert (test.value, test.n, test.verdict) == (227 / 250, 250, UNDETERMINED)
    loss = section.entries["IV", "Model 3", "test", "loss"]
    expected = (227 * -math.log(0.9) + 23 * -math.log(0.025)) / 250
    variance = (227 * (-math.log(0.9) - expected) ** 2 + 23 * (-math.log(0.025) - expected) ** 2) / 249
    assert loss.value == pytest.approx(expected, abs=1e-6)
    assert (loss.high - loss.low) / 2 == pytest.approx(1.959964 * math.sqrt(2 * variance / 250) + ROUNDED, rel=1e-5)
    assert section.records[0]["skipped"] == 0


def test_clips_that_share_a_recording_widen_what_their_predictions_say(paper, write_unit):
    folder = write_unit("Model 3", {"validation": 324, "test": 227})
    write_runs(paper, folder)
    clusters = {"vntm": Clusters("recording", r"\.(\d+)$", block=25)}  # the wrong clips are the last of the split
    clustered = replace(paper, corpus=replace(paper.corpus, clusters=clusters))
    alone, together = (diff_paper(one, folder).sections[0] for one in (paper, clustered))
    for metric in ("accuracy", "loss", "precision", "recall"):
        first, second = (section.entries["IV", "Model 3", "test", metric] for section in (alone, together))
        assert second.high - second.low > 2 * (first.high - first.low)
        assert "in clusters by recording, 10 of ours" in second.reason


def test_an_ensemble_is_fused_and_has_nothing_to_compare_with(paper, write_unit):
    for model in paper.models:
        folder = write_unit(model, {"validation": 300, "test": 200})
    write_runs(paper, folder)
    extras = diff_paper(paper, folder).sections[0].extras
    assert {(e.model, e.split) for e in extras} == {("PROD", "validation"), ("PROD", "test")}


def test_clips_set_aside_are_counted(paper, write_unit):
    folder = write_unit("Model 3", {"test": 227})
    next(folder.glob("units/*")).joinpath("skipped.csv").write_text("clip,reason\nCheo.1,no audio\n", encoding="utf-8")
    write_runs(paper, folder)
    assert diff_paper(paper, folder).sections[0].records[0]["skipped"] == 1


def test_a_diff_waits_for_who_merges(paper, write_unit):
    folder = write_unit("Model 3", {"test": 227})
    found = []
    reader = threading.Thread(target=lambda: found.append(diff_paper(paper, folder)))
    with file_lock(folder / ".lock", "merging"):
        reader.start()
        reader.join(0.2)
        assert not found, "runs.csv is not there yet"
        write_runs(paper, folder)
    reader.join(10)
    assert found[0].counts[UNDETERMINED]


def test_results_that_cannot_be_written_to_can_be_read(paper, write_unit, monkeypatch):
    folder = write_unit("Model 3", {"test": 227})
    write_runs(paper, folder)
    monkeypatch.setattr("os.access", lambda path, mode: False)
    with file_lock(folder / ".lock", "somebody else's"):
        assert diff_paper(paper, folder).counts[UNDETERMINED]


def test_no_results_yet_is_not_run_throughout(paper, tmp_path):
    diff = diff_paper(paper, tmp_path / "nothing")
    assert set(diff.counts) == {NOT_RUN}
    assert not diff.differs


def test_an_unknown_variant_lists_the_known(paper, tmp_path):
    with pytest.raises(PaperError, match="no variant 'x'; the known are: paper, paper-intended"):
        diff_paper(paper, tmp_path, ["x"])


def test_a_row_that_its_predictions_do_not_give_is_named(paper, write_unit):
    folder = write_unit("Model 3", {"test": 227})
    write_runs(paper, folder)
    runs = folder / RUNS
    runs.write_text(runs.read_text(encoding="utf-8").replace("0.908000", "0.918000"), encoding="utf-8")
    message = r"model Model 3, .*split test, metric accuracy says 0\.918000, but its predictions give 0\.908000"
    with pytest.raises(DiffError, match=message):
        diff_paper(paper, folder)


def test_a_row_too_few_or_too_many_is_named(paper, write_unit):
    folder = write_unit("Model 3", {"test": 227})
    write_runs(paper, folder)
    lines = (folder / RUNS).read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / RUNS).write_text("".join(lines[:-1]), encoding="utf-8")
    with pytest.raises(DiffError, match=re.escape("is missing, although its predictions are there")):
        diff_paper(paper, folder)
    (folder / RUNS).write_text("".join([*lines, lines[-1].replace("Model 3", "Model 1")]), encoding="utf-8")
    with pytest.raises(DiffError, match=r"model Model 1, .* has no predictions that give it"):
        diff_paper(paper, folder)


def test_an_older_schema_is_refused(paper, write_unit):
    folder = write_unit("Model 3", {"test": 227})
    (folder / RUNS).write_text("paper,model,value\nlam_ensemble,Model 3,0.9\n", encoding="utf-8")
    with pytest.raises(ResultsError, match="line 2 table: is missing"):
        diff_paper(paper, folder)
    assert len(read_runs(folder / "none.csv")) == 0


# ---- corpora besides the paper's


def with_tables(paper):
    """The paper, as if Model 1 had been given a table made from its corpus, and a subset had been explained."""
    models = paper.models | {"Model 1": replace(paper.models["Model 1"], corpus="vntm_table")}
    corpus = replace(paper.corpus, others={"vntm-subset": "two of the five classes"}, fingerprint="")
    return replace(paper, models=models, corpus=corpus)


def test_a_models_own_corpus_stands_in_the_papers_table(paper):
    found = compare(with_tables(paper), [row(0.864, model="Model 1", corpus="vntm_table"), row(0.908)], {})
    assert [(section.corpus, section.own_corpus) for section in found.sections] == [("vntm", True)]
    verdicts = {
        entry.model: entry.verdict for entry in found.sections[0].entries.values() if entry.metric == "accuracy"
    }
    assert verdicts["Model 1"] == verdicts["Model 3"] == UNDETERMINED


def test_the_table_of_one_model_is_another_corpus_for_the_others(paper):
    found = compare(with_tables(paper), [row(0.908, corpus="vntm_table")], {})
    entry = found.sections[0].entries["IV", "Model 3", "test", "accuracy"]
    assert entry.reason == "corpus vntm_table, the paper's is vntm"


def test_the_reason_of_another_corpus_is_the_papers_own(paper):
    found = compare(
        with_tables(paper), [row(0.9, corpus="vntm-subset"), row(0.9, model="Model 1", corpus="vntm-subset")], {}
    )
    entries = found.sections[0].entries
    assert entries["IV", "Model 3", "test", "accuracy"].verdict == NOT_COMPARABLE
    assert entries["IV", "Model 3", "test", "accuracy"].reason.endswith("the paper's is vntm: two of the five classes")
    assert "the paper's is vntm_table: two of" in entries["IV", "Model 1", "test", "accuracy"].reason
