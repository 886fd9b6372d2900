"""What is written by hand beside a paper."""

from shared.paper.schema import Paper


def written(paper: Paper) -> str:
    """The README of a paper and the notes beside it."""
    return "\n".join(paper.path.with_name(name).read_text(encoding="utf-8") for name in ("README.md", "notes.md"))
