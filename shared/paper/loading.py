"""The papers there are, and each of them read from its ``paper.toml``."""

from __future__ import annotations

from pathlib import Path

from shared.base.suggestions import suggestion
from shared.paper.schema import PAPERS_ROOT, Paper, PaperError


def list_papers(root: Path | None = None) -> list[str]:
    """Ids of all papers, that is of the folders of `root` with a ``paper.toml``, sorted.

    Those that begin with an underscore are left out: ``_template`` is what `python -m reproductions new` copies.
    """
    return [name for name in _folders(root) if not name.startswith("_")]


def _folders(root: Path | None) -> list[str]:
    return sorted(file.parent.name for file in Path(root or PAPERS_ROOT).glob("*/paper.toml"))


def load_paper(paper_id: str, root: Path | None = None) -> Paper:
    """Read and check ``<root>/<paper_id>/paper.toml``.

    Parameters
    ----------
    paper_id : str
        The paper's folder name, such as ``lam_ensemble``.
    root : Path, optional
        The folder of the papers' folders; ``reproductions/`` when not given.

    Raises
    ------
    PaperError
        For an unknown paper (the known are listed) and for a malformed file (file, key and what was expected are
        named).
    """
    from shared.paper.reading import read_paper

    root = Path(root or PAPERS_ROOT)
    if paper_id not in _folders(root):
        raise PaperError(f"there is no paper {paper_id!r}; {suggestion(paper_id, list_papers(root))}")
    return read_paper(root / paper_id / "paper.toml")
