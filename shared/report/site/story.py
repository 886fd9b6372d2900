"""What a paper's tables taught, in a paragraph: the page's first words. It is written by hand in docs/findings.md."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from shared.paper.loading import PAPERS_ROOT
from shared.report.site.html import Html, h, prose

FINDINGS = PAPERS_ROOT.parent / "docs" / "findings.md"


def story(paper_id: str) -> Html | None:
    """The paragraph that begins with the paper's id in bold; nothing where there is none."""
    text = _paragraphs(FINDINGS).get(paper_id)
    return h("p", prose(text), class_="story") if text else None


@cache
def _paragraphs(file: Path) -> dict[str, str]:
    """Paper to paragraph, on one line."""
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    found = re.findall(r"^\*\*(\w+)\*\* \([^)]*\)\. (.*?)(?=\n\n|\Z)", text, re.MULTILINE | re.DOTALL)
    return {name: " ".join(body.split()) for name, body in found}
