"""CITATION.cff has what the Citation File Format 1.2.0 requires, and says of the project what its other files say."""

from pathlib import Path

import yaml

from shared.report.site.page import SITE_TITLE

ROOT = Path(__file__).parents[1]
CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))


def test_it_has_what_the_format_requires():
    assert CITATION["cff-version"] == "1.2.0"
    assert all(isinstance(CITATION[key], str) and CITATION[key] for key in ("message", "title"))
    assert CITATION["authors"]
    assert all(author.keys() & {"name", "family-names", "alias"} for author in CITATION["authors"])


def test_it_says_what_the_licence_and_the_report_say():
    licence = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert CITATION["license"] == "Apache-2.0"
    assert "Apache License" in licence
    assert [f"Copyright 2026 {author['name']}" in licence for author in CITATION["authors"]] == [True]
    assert CITATION["title"] == SITE_TITLE
