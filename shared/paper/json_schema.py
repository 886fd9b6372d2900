"""The form of a ``paper.toml`` as a JSON Schema, by which an editor checks and completes one while it is written.

``python -m shared.paper.json_schema`` writes it to ``reproductions/paper.schema.json``, which a paper.toml names in its
first line.
"""

from __future__ import annotations

import json

from pydantic.json_schema import GenerateJsonSchema

from shared.paper.form import PaperFile
from shared.paper.schema import PAPERS_ROOT

FILE = PAPERS_ROOT / "paper.schema.json"


class Plain(GenerateJsonSchema):
    """Without titles, which say the keys once more, and without null, which TOML does not have."""

    def field_title_should_be_set(self, schema) -> bool:
        return False

    def nullable_schema(self, schema) -> dict:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema) -> dict:
        return super().default_schema(schema) if schema.get("default") else self.generate_inner(schema["schema"])


def json_schema() -> dict:
    """The form, in the draft that editors of TOML know."""
    draft = {"$schema": "http://json-schema.org/draft-07/schema#"}
    return draft | PaperFile.model_json_schema(schema_generator=Plain)


def text() -> str:
    """The form as a file has it."""
    return json.dumps(json_schema(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
    print(FILE)
