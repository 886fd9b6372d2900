"""A paper as data: what its ``paper.toml`` says, read and checked."""

from shared.paper.loading import list_papers, load_paper
from shared.paper.schema import Paper, PaperError

__all__ = ["Paper", "PaperError", "list_papers", "load_paper"]
