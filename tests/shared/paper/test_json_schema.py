"""The JSON Schema of a paper.toml: as committed, named by every paper, true of each and of no other."""

import json
import tomllib

import jsonschema
import pytest

from shared.paper import json_schema
from shared.paper.loading import PAPERS_ROOT, list_papers

SCHEMA = json_schema.json_schema()
PAPERS = [*list_papers(), "_template"]


def test_the_committed_one_is_the_forms():
    command = "python -m shared.paper.json_schema writes it anew"
    assert json_schema.FILE.read_text(encoding="utf-8") == json_schema.text(), command
    assert json.loads(json_schema.text()) == SCHEMA
    jsonschema.Draft7Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("paper_id", PAPERS)
def test_every_paper_names_it_and_keeps_to_it(paper_id):
    text = (PAPERS_ROOT / paper_id / "paper.toml").read_text(encoding="utf-8")
    named = text.splitlines()[0].removeprefix("#:schema ")
    assert (PAPERS_ROOT / paper_id / named).resolve() == json_schema.FILE
    jsonschema.validate(tomllib.loads(text), SCHEMA)


@pytest.mark.parametrize(
    ("good", "bad", "place"),
    [
        ('labels = "single"', 'labels = "one"', ["corpus", "labels"]),
        ("batch_size = { value = 16, unit", "batch_size = { value = 16, units", ["settings", "batch_size"]),
        ('values = ["0.85"]', 'values = ["85 %"]', ["tables", 0, "rows", 1, "values", 0]),
        ("[variants.no-dropout]\n", "[variants.no-dropout]\nheadline = 1\n", ["variants", "no-dropout", "headline"]),
        ("parameters = 1333", "parameters = 13.33", ["models", "Small CNN", "parameters"]),
        ('[paper]\nid = "_template"', "[paper]\n", ["paper"]),
    ],
)
def test_what_an_editor_marks(good, bad, place):
    text = (PAPERS_ROOT / "_template" / "paper.toml").read_text(encoding="utf-8")
    assert good in text
    (error,) = jsonschema.Draft7Validator(SCHEMA).iter_errors(tomllib.loads(text.replace(good, bad)))
    assert list(error.absolute_path) == place


def test_nothing_in_it_is_null_or_a_name_that_no_file_has():
    """TOML has no null, and the name of an entry is the key that it stands under."""
    assert '"null"' not in json_schema.text()
    assert "<name>" not in json_schema.text()
