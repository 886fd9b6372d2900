"""Specification curves: which units are readings, and every number again from the predictions' text, by other means."""

import csv
import gzip
import json
import re
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from shared.paper.loading import list_papers
from shared.paper.schema import Clusters, Reading
from shared.report.readings import at_chance_lines, draw_curve, effects_table, readings_markdown
from shared.results import store
from shared.results.diff import compare
from shared.results.reading import Results
from shared.results.readings import additive, chosen_of, curves, effect_rows, rows, sentence
from shared.runs.units import ResultsError

MODEL = "Model 3"
WRITTEN = {"reason": "another reading", "written": "2026-11-29"}
READINGS = {
    "optimizer": (Reading("sgd", **WRITTEN, also={"learning_rate": 0.1}),),
    "zoom_range": (Reading(0.1, **WRITTEN), Reading(0.2, **WRITTEN)),
    "dropout": (Reading(0.5, **WRITTEN),),
    "learning_rate": (),
    **dict.fromkeys(("augmentation", "height_shift_range", "width_shift_range", "checkpoint_monitor"), ()),
}


@pytest.fixture
def paper(lam):
    settings = {
        name: replace(setting, readings=READINGS.get(name, setting.readings)) for name, setting in lam.settings.items()
    }
    return replace(lam, settings=settings)


def read(paper, folder):
    store.write_runs(paper, folder)
    return Results.read(paper, folder)


def record(paper, **settings):
    return {"model": MODEL, "settings": paper.settings_for(model=MODEL) | settings}


def test_a_unit_is_the_reading_that_its_settings_say_whatever_it_is_called(paper):
    assert chosen_of(paper, record(paper)) == ()
    assert chosen_of(paper, record(paper, zoom_range=0.2)) == (("zoom_range", "0.2"),)
    both = (("optimizer", "sgd"), ("zoom_range", "0.1"))
    assert sorted(chosen_of(paper, record(paper, zoom_range=0.1, optimizer="sgd", learning_rate=0.1))) == sorted(both)
    assert chosen_of(paper, {"model": MODEL, "settings": {}}) == ()  # an older record


@pytest.mark.parametrize(
    "settings", [{"zoom_range": 0.3}, {"epochs": 20}, {"optimizer": "sgd"}, {"zoom_range": 0.1, "epochs": 20}]
)
def test_a_unit_that_differs_by_more_than_listed_readings_is_none(paper, settings):
    assert chosen_of(paper, record(paper, **settings)) is None


@pytest.fixture
def kept(paper, write_unit):
    """Units of which so many of 250 test clips are right, the first so many; the results folder."""

    def write(variant, right, seed=0, device="a processor", **settings):
        counts = {"validation": 1, "test": right}
        return write_unit(MODEL, counts, variant=variant, seed=seed, settings=settings, device=device)

    for seed in range(3):
        write("paper", 200 + 5 * seed, seed)
        write("paper+zoom_range=1e-1", 150 + 10 * seed, seed, zoom_range=0.1)
        device = "another processor" if seed == 2 else "a processor"
        folder = write("paper+dropout=5e-1", 205, seed, device, dropout=0.5)
    write("paper+zoom_range=1e-1+dropout=5e-1", 230, zoom_range=0.1, dropout=0.5)
    write("paper+optimizer=sgd", 50, optimizer="sgd", learning_rate=0.1)
    write("another", 240, epochs=20)
    write_unit(MODEL, {"validation": 1, "test": 249}, variant="late", settings={"zoom_range": 0.2}, status="partial")
    write_unit(MODEL, {"validation": 1, "test": 249}, variant="folds", settings={"zoom_range": 0.2}, protocol="grouped")
    return folder


def scores(folder, variant, seed=0):
    """`right` of the unit of a variant and a seed."""
    (unit,) = (
        path.parent
        for path in folder.glob("units/*/record.json")
        if [json.loads(path.read_text())[name] for name in ("variant", "seed")] == [variant, seed]
    )
    return right(unit)


def answers(unit, split):
    """Clip, true labels and each class's probability, of the clips of a unit's split: from the text."""
    packed = unit / "predictions.csv.gz"
    text = gzip.decompress(packed.read_bytes()).decode() if packed.exists() else (unit / "predictions.csv").read_text()
    for row in csv.DictReader(text.splitlines()):
        if row["split"] == split:
            probabilities = {name: float(p) for name, p in row.items() if name not in ("split", "clip", "true")}
            yield row["clip"], row["true"].split("|"), probabilities


def right(unit):
    """Of each test clip of a unit, whether the highest probability is its own class's."""
    return {clip: [max(p, key=p.get)] == true for clip, true, p in answers(unit, "test")}


def shares_right(unit, cell):
    """Of each clip of a cell's split, 1 or 0 for its class, or the share of classes that are told rightly at 0.5."""
    if cell.metric == "accuracy":
        assert cell.split == "test"
        return list(right(unit).values())
    assert cell.metric == "binary_accuracy"
    told = [[(p[name] > 0.5) == (name in true) for name in p] for _, true, p in answers(unit, cell.split)]
    return [np.mean(classes) for classes in told]


def gained(folder, variant, seed=0):
    """What each clip has more than with paper: 1, 0 or -1."""
    ours, papers = scores(folder, variant, seed), scores(folder, "paper", seed)
    return np.array([ours[clip] - papers[clip] for clip in papers], float)


def by_hand(folder, variant, seeds):
    """Difference to paper and its half interval: clips' own spread by scipy, and the seeds', in quadrature."""
    of_seed = [gained(folder, variant, seed) for seed in seeds]
    clips = np.mean(of_seed, axis=0)
    half = stats.t.ppf(0.975, len(clips) - 1) * stats.sem(clips)
    if len(seeds) > 2:
        means = [values.mean() for values in of_seed]
        half = np.hypot(half, stats.t.ppf(0.975, len(seeds) - 1) * stats.sem(means))
    return clips.mean(), half


def test_the_table_of_effects_from_the_predictions_text(paper, kept):
    (curve,) = curves(read(paper, kept))
    effects = {(one["setting"], one["value"]): one for one in effect_rows(curve)}
    for setting, value, variant, seeds in [
        ("zoom_range", "0.1", "paper+zoom_range=1e-1", (0, 1, 2)),
        ("dropout", "0.5", "paper+dropout=5e-1", (0, 1, 2)),
        ("optimizer", "sgd", "paper+optimizer=sgd", (0,)),
    ]:
        delta, half = by_hand(kept, variant, seeds)
        found = effects[setting, value]
        assert found["delta"] == pytest.approx(delta, abs=1e-6)
        assert (found["low"], found["high"]) == pytest.approx((delta - half, delta + half), abs=2e-6)
        assert found["span"] == pytest.approx(abs(delta), abs=1e-6)
    assert effects["zoom_range", "0.1"]["delta"] == pytest.approx((160 - 205) / 250)
    assert list(curve.values) == ["optimizer", "zoom_range", "dropout"]  # the one that moves most first
    assert curve.values["zoom_range"] == ("0.025", "0.1")  # 0.2 was run in part and on another split only


def test_the_curve_has_every_complete_reading_once_lowest_first(paper, kept):
    (curve,) = curves(read(paper, kept))
    found = [(point.variant, round(point.value * 250, 6), point.seeds) for point in curve.points]
    assert found == [
        ("paper+optimizer=sgd", 50, (0,)),
        ("paper+zoom_range=1e-1", 160, (0, 1, 2)),
        *[("paper", 205, (0, 1, 2)), ("paper+dropout=5e-1", 205, (0, 1, 2))],
        ("paper+zoom_range=1e-1+dropout=5e-1", 230, (0,)),
    ]
    alone = np.array(list(scores(kept, "paper+optimizer=sgd").values()), float)
    half = stats.t.ppf(0.975, 249) * stats.sem(alone)
    assert (curve.points[0].low, curve.points[0].high) == pytest.approx((0.2 - half, 0.2 + half))
    header = rows(curve)[0]
    assert (header["published"], header["optimizer"], header["zoom_range"], header["dropout"]) == (
        *(0.908, "sgd"),
        *("0.025", "0.2"),
    )


def test_where_the_published_number_lies_and_what_reaches_it(paper, kept):
    (curve,) = curves(read(paper, kept))
    effects = {(one.setting, one.value): one for one in curve.effects}
    assert [(one.below, one.holding, one.above) for one in (effects["dropout", "0.5"], effects["dropout", "0.2"])] == [
        (1, 1, 0),  # 230 of 250 are 0.92, whose interval has 0.908
        (3, 0, 0),
    ]
    words = sentence(curve)
    assert (
        "The published 0.9080 lies inside the 5 readings, which reach from 0.2000 to 0.9200; 1 has it in the" in words
    )
    assert "`optimizer` moves the number most, alone by 0.6000" in words  # 200 to 50 of the seed that both have
    assert "all other choices together move it by 0.2800" in words  # 230 - 160
    assert words.endswith("1 is not shown to be above chance.")
    assert sentence(replace(curve, own_corpus=False)).startswith(words + " The published number is of other data;")


def test_a_published_number_outside_of_all_readings_is_said_to_be(paper, kept):
    (table,) = paper.tables
    cells = [replace(cell, value=0.99, printed="0.9900") for cell in paper.cells() if cell.model == MODEL]
    changed = [replace(row, cells=tuple(cells)) if row.model == MODEL else row for row in table.rows]
    (curve,) = curves(read(replace(paper, tables=(replace(table, rows=tuple(changed)),)), kept))
    assert "lies above all 5 readings, of which the nearest has 0.9200; 0 have it" in sentence(curve)


def test_a_reading_at_chance_is_marked_and_told_why(paper, kept):
    (curve,) = curves(read(paper, kept))
    (point,) = (point for point in curve.points if point.at_chance)
    assert point.variant == "paper+optimizer=sgd"  # a fifth of five classes
    (line,) = at_chance_lines(curve)
    assert line.startswith("`optimizer = sgd`: 20% of its answers are ")
    assert "it learned the training clips, and nothing that holds for others: 80.0% in training" in line
    assert "a loss of 0.50, 1.61 being a constant answer's" in line  # ln 5


def test_the_sum_of_choices_is_the_least_squares_fit_and_is_silent_where_choices_are_mixed(paper, kept):
    (curve,) = curves(read(paper, kept))
    parts = additive(curve.points)
    design = np.array([[1, 0, 0, 1], [1, 0, 1, 0], [1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0]], float)
    fitted, *_ = np.linalg.lstsq(design, np.array([50, 160, 205, 205, 230]) / 250, rcond=None)
    expected = dict(zip([("dropout", "0.5"), ("zoom_range", "0.1"), ("optimizer", "sgd")], fitted[1:], strict=True))
    assert parts == pytest.approx(expected)
    assert additive(curve.points[:4]) == {}  # one at a time: the differences alone say it
    mixed = [p for p in curve.points if p.chosen in ((), (("optimizer", "sgd"),)) or len(p.chosen) > 1]
    assert additive(mixed).keys() == {("optimizer", "sgd")}


def test_a_reading_of_other_clips_is_named(paper, kept):
    for unit in kept.glob("units/*dropout=5e-1*"):
        text = (unit / "predictions.csv").read_text()
        (unit / "predictions.csv").write_text(text.replace(",test.", ",another."))
    with pytest.raises(ResultsError, match="Model 3, paper and the reading dropout = 0.5: of fold 0, seed 0 the two"):
        curves(read(paper, kept))


def test_clips_of_a_cluster_are_taken_together(paper, kept):
    clusters = {"vntm": Clusters("shelf", r"\.(\d+)$", block=25)}
    (curve,) = curves(read(replace(paper, corpus=replace(paper.corpus, clusters=clusters)), kept))
    shelves = gained(kept, "paper+optimizer=sgd").reshape(10, 25).mean(axis=1)
    half = stats.t.ppf(0.975, 9) * stats.sem(shelves)
    alone = next(one.alone for one in curve.effects if one.value == "sgd")
    assert (alone["low"], alone["high"]) == pytest.approx((-0.6 - half, -0.6 + half), abs=2e-6)


def test_too_few_readings_make_no_curve_and_the_readme_says_what_to_run(paper, write_unit):
    write_unit(MODEL, {"validation": 1, "test": 200})
    folder = write_unit(MODEL, {"validation": 1, "test": 150}, variant="x", settings={"zoom_range": 0.1})
    results = read(paper, folder)
    assert curves(results) == []
    assert "`python -m reproductions run lam_ensemble --readings --plan`" in readings_markdown(compare(results))


def test_the_picture_is_drawn_and_the_same_numbers_give_the_same(paper, kept, tmp_path):
    (curve,) = curves(read(paper, kept))
    for name in ("one.png", "two.png"):
        draw_curve(tmp_path / name, curve)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
    head, lines = effects_table(curve)
    assert {len(line) for line in lines} == {len(head)}
    marked = [line[1] for line in lines if line[2].endswith(", on another machine")]
    assert marked == [one["value"] for one in effect_rows(curve) if one["other_machine"]] == ["0.5"]
    assert lines[0][:3] == ["`optimizer` (0.6000)", "adam", "as in paper"]


@pytest.mark.parametrize("paper_id", list_papers())
def test_committed_effects_are_those_of_the_committed_predictions(committed, paper_id):
    """Each difference to paper again, from the text of both predictions."""
    (diff,) = (diff for diff in committed if diff.paper.id == paper_id)
    folder = diff.results.folder
    for curve in diff.curves:
        of = {point.chosen: point for point in curve.points}
        for one in curve.effects:
            if one.is_papers or one.alone is None:
                continue
            point = of[((one.setting, one.value),)]
            units = [
                [unit_of(folder, curve, variant, seed) for seed in sorted({*point.seeds} & {*of[()].seeds})]
                for variant in ("paper", point.variant)
            ]
            scores = [[score for unit in side for score in shares_right(unit, curve.cell)] for side in units]
            papers, others = map(np.mean, scores)
            assert one.alone["delta"] == pytest.approx(others - papers, abs=2e-6), (one.setting, one.value)


def unit_of(folder, curve, variant, seed):
    """The committed unit of a curve."""
    model = re.sub("[^a-z0-9]+", "-", curve.model.lower())
    (unit,) = folder.glob(f"units/{model}.{variant}.published.fold0.seed{seed}.{curve.precision}.{curve.corpus}-*")
    return unit
