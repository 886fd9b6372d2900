"""What a paper's tables taught, in three sentences: the first words of its page, and of its README's results."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from shared.paper.loading import PAPERS_ROOT

FINDINGS = PAPERS_ROOT.parent / "docs" / "findings.md"  # written by hand


def story(paper_id: str) -> str:
    """The paragraph that begins with the paper's id in bold, as Markdown on one line; empty where there is none."""
    return _paragraphs(FINDINGS).get(paper_id, "")


@cache
def _paragraphs(file: Path) -> dict[str, str]:
    """Paper to paragraph, on one line."""
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    found = re.findall(r"^\*\*(\w+)\*\* \([^)]*\)\. (.*?)(?=\n\n|\Z)", text, re.MULTILINE | re.DOTALL)
    return {name: " ".join(body.split()) for name, body in found}
