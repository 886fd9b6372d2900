"""A paper as data: what its ``paper.toml`` says, read and checked."""

from shared.paper.loading import list_papers, load_paper

__all__ = ["list_papers", "load_paper"]
