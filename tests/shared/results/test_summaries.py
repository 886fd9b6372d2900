"""What predictions say is computed once, and anew where they, the question or the code are others."""

import json
from dataclasses import replace

import pytest

from shared.paper.schema import Clusters
from shared.results import summaries
from shared.results.reading import Results

RIGHT = {"validation": 300, "test": 200}


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "summaries"


@pytest.fixture
def computed(monkeypatch):
    """The models whose predictions were looked into, one after the other."""
    models, once = [], summaries._computed

    def watched(answer, *rest):
        models.append(answer.record["model"])
        return once(answer, *rest)

    monkeypatch.setattr(summaries, "_computed", watched)
    return models


def rows(paper, folder):
    return Results.read(paper, folder, for_writing=True).rows


def test_the_second_reading_opens_no_predictions(lam, write_unit, cache, computed):
    for model, right in (("Model 1", 190), ("Model 2", 200), ("Model 3", 210)):
        folder = write_unit(model, {"validation": 300, "test": right})
    first = rows(lam, folder)
    assert computed == ["Model 1", "Model 2", "Model 3", "PROD"]
    assert rows(lam, folder) == first
    assert len(computed) == 4
    path = next(folder.glob("units/model-2*/predictions.csv"))
    path.write_text(path.read_text().replace("0.9", "0.8"))
    assert rows(lam, folder) != first
    assert computed[4:] == ["Model 2", "PROD"], "and what follows from it"


def test_another_question_or_other_code_is_another_summary(lam, write_unit, cache, computed, monkeypatch):
    folder = write_unit("Model 1", RIGHT)
    rows(lam, folder)
    clustered = replace(
        lam, corpus=replace(lam.corpus, clusters={"vntm": Clusters("recording", r"\.(\d+)$", block=25)})
    )
    assert {row.get("clusters") for row in rows(clustered, folder)} == {15, 10}
    monkeypatch.setattr(summaries, "_code", lambda: "changed")
    rows(lam, folder)
    assert len(computed) == 3
    assert len(list(cache.glob("*/*.json"))) == 3


@pytest.mark.parametrize("damage", [lambda text: text[:40], lambda text: text.replace("0.8", "0.9"), lambda text: ""])
def test_a_damaged_summary_is_computed_anew(lam, write_unit, cache, computed, damage):
    folder = write_unit("Model 1", RIGHT)
    first = rows(lam, folder)
    (file,) = cache.glob("*/*.json")
    file.write_text(damage(file.read_text()))
    assert rows(lam, folder) == first
    assert rows(lam, folder) == first
    assert len(computed) == 2


def test_where_nothing_can_be_kept_everything_is_computed(lam, write_unit, cache, computed):
    folder = write_unit("Model 1", RIGHT)
    cache.parent.mkdir(parents=True)
    cache.write_text("a file where a folder should be")
    assert rows(lam, folder) == rows(lam, folder)
    assert len(computed) == 2


def test_the_code_is_that_of_every_module_that_computes():
    assert len(summaries._code()) == 64
    for name in summaries.CODE:
        assert (summaries.Path(summaries.__file__).resolve().parents[2] / name).exists(), name


def test_a_summary_is_a_few_numbers(lam, write_unit, cache):
    rows(lam, write_unit("Model 1", RIGHT))
    (file,) = cache.glob("*/*.json")
    summary = json.loads(file.read_text().partition("\n")[0])
    assert summary["test"]["n"] == 250
    assert summary["test"]["scores"]["accuracy"] == {"value": 0.8}
    assert set(summary["test"]["scores"]["loss"]) == {"value", "standard_error"}
