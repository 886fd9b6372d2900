"""Reads a ``paper.toml``, and names every place of one whose form is another: file, key and what was expected.

Unknown keys are errors, since they are mostly misspelt. What was expected is taken from the form's JSON Schema.
"""

from __future__ import annotations

import difflib
import json
import os
import tomllib
from collections.abc import Iterable
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from shared.base.suggestions import suggestion
from shared.paper.fields import Rest
from shared.paper.form import GROUP, SETTING, PaperFile
from shared.paper.json_schema import json_schema
from shared.paper.schema import Paper, PaperError

os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")  # looking for some in all packages takes longer than reading

LONGEST = 80
KEY = "[key]"  # what pydantic puts behind a name that is none of those expected
A_SETTING = {"value", "origin"}  # the keys by which one is known
KINDS = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "array": "a list",
    "object": "a table",
    "boolean": "true or false",
}


def read_paper(file: Path) -> Paper:
    """The paper of one ``paper.toml``. Raises PaperError naming file, keys and what was expected, a line each."""
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:  # also a number of thousands of digits
        raise PaperError(f"{file}: not a TOML file: {error}") from None
    rest = Rest(file, values)
    try:  # as JSON, in which lists and tables are all that a tuple or a class can be written as
        paper = PaperFile.model_validate_json(json.dumps(values, default=_date), context=rest).read(file)
    except ValidationError as error:
        definitions = json_schema()
        found = dict.fromkeys(f"{file}: {in_words(one, definitions)}" for one in error.errors(include_url=False))
        raise PaperError("\n".join(found)) from None
    if paper.headline and paper.headline_cell is None:
        raise PaperError(f"{file}: paper.headline is {', '.join(paper.headline)}: no table has a number there")
    return paper


def _date(value) -> dict:
    return {"a date": str(value)}  # which no key is, so that it is refused at its place


def in_words(error: ErrorDetails, definitions: dict) -> str:
    """The key that an error is about and what was expected there, by the form's JSON Schema."""
    unknown = error["type"] in ("extra_forbidden", "unexpected_keyword_argument")
    nodes, path = _alternatives(definitions, definitions), ""
    of_key = error["loc"][-1:] == (KEY,)  # it is a name of an entry that is wrong, and not what stands under it
    for key in error["loc"][:-2] if of_key else error["loc"]:
        if key in (GROUP, SETTING):
            continue
        known = sorted({name for node in nodes for name in node.get("properties", {})})
        below = _below(nodes, key, definitions)
        if below is None and not unknown:
            break  # not a key, but which of several kinds did not fit
        path += f"[{key}]" if isinstance(key, int) else f".{key}" if path else key
        nodes = below or []
    if of_key:
        known = [name for node in nodes for name in node.get("propertyNames", {}).get("enum", ())]
        return f"{path} has {error['input']!r}; {suggestion(str(error['input']), known)}"
    wrong = error.get("ctx", {}).get("error")
    if isinstance(wrong, ValueError):
        return f"{'.'.join(part for part in (path, getattr(wrong, 'key', '')) if part)} {wrong}"
    if unknown:
        said = f"{path} is not a key of this section; {suggestion(str(key), known)}"
        a_setting = isinstance(error["input"], dict) and error["input"].keys() >= A_SETTING
        return said + ". It looks like a setting: is the line [settings] above it missing?" * a_setting
    if error["type"] == "missing":
        return f"{path} is missing: expected {_expected(nodes)}"
    found = repr(error["input"])
    found = found if len(found) <= LONGEST else f"{found[:LONGEST]} ..."
    if any(node.get("properties", {}).keys() >= A_SETTING for node in nodes):
        return f"{path} is {found}: expected {_setting(path.rpartition('.')[2], error['input'])}"
    return f"{path} is {found}: expected {_expected(nodes)}"


def _setting(name: str, found) -> str:
    """What is expected where a setting would stand and is none: most often its value alone, or a group's models."""
    if difflib.get_close_matches(name, ["models"]):
        return "models = [...], as the first line of a section for their settings, such as [settings.cnn]"
    return f'a setting such as {{ value = {json.dumps(found)}, origin = "paper", where = "Section 2" }}'


def _alternatives(node: dict, definitions: dict) -> list[dict]:
    """What a part of a JSON Schema allows, each a node without references."""
    if "$ref" in node:
        return _alternatives(definitions["$defs"][node["$ref"].rpartition("/")[2]], definitions)
    if parts := node.get("anyOf", node.get("oneOf")):
        return [one for part in parts for one in _alternatives(part, definitions)]
    return [node]


def _below(nodes: Iterable[dict], key: str | int, definitions: dict) -> list[dict] | None:
    """What is allowed under a key, or None where it is none."""
    for node in nodes:
        if isinstance(key, int):
            child = dict(enumerate(node.get("prefixItems", ()))).get(key, node.get("items"))
        else:
            child = node.get("properties", {}).get(key, node.get("additionalProperties"))
        if child:
            return _alternatives(child, definitions)
    return None


def _expected(nodes: list[dict]) -> str:
    """What these alternatives allow, in words, and what it is about."""
    about = nodes[0].get("description") if nodes[0]["type"] != "object" else None
    if about and "pattern" in nodes[0]:
        return about
    return " or ".join(dict.fromkeys(map(_kind, nodes))) + (f"; {about}" if about else "")


def _kind(node: dict) -> str:
    if "const" in node:
        return repr(node["const"])
    if "enum" in node:
        return f"one of {', '.join(map(str, node['enum']))}"
    if "exclusiveMinimum" in node:
        return "a positive whole number" if node["type"] == "integer" else "a number above 0"
    if "prefixItems" in node:
        return f"a list of {len(node['prefixItems'])}"
    return KINDS[node["type"]] + (", 0 or more" if "minimum" in node else "")
