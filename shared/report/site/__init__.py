"""The report as a static site: a front page, a page a paper, one style sheet; no script, nothing from elsewhere.

It is drawn from the diffs, the files of ``results/`` and the papers' ``paper.toml``, knows no paper by name, and gives
the same bytes for the same results.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import quote

from shared.base.files import atomic_write
from shared.report.site.front import front_page
from shared.report.site.page import FRONT, STYLE
from shared.report.site.paper_page import paper_page
from shared.results import store
from shared.results.diff import Diff

SITE = "report"
PAGE = ".html"


def write_site(diffs: Sequence[Diff], folder: Path | None = None) -> list[Path]:
    """Write the site of all papers, remove pages of papers that are no more, and return the files.

    Parameters
    ----------
    diffs : sequence of Diff
        Of all papers.
    folder : Path, optional
        Where to; ``results/report`` when not given.
    """
    folder = folder or store.results_folder(SITE)
    written = []
    for name, text in drawn_site(diffs, folder).items():
        written.append(atomic_write(folder / name, lambda file, text=text: file.write(text.encode("utf-8"))))
    for stale in set(folder.glob(f"*{PAGE}")) - set(written):
        stale.unlink(missing_ok=True)
    return written


def drawn_site(diffs: Sequence[Diff], folder: Path) -> dict[str, str]:
    """File name to text of the site that would be written into `folder`."""
    pages = {FRONT: front_page(diffs, lambda paper_id: quote(page_name(paper_id)))}
    for diff in diffs:
        pages[page_name(diff.paper.id)] = paper_page(diff, _link(folder))
    return pages | {STYLE: Path(__file__).with_name(STYLE).read_text(encoding="utf-8")}


def page_name(paper_id: str) -> str:
    """``lam_ensemble.html``."""
    return f"{paper_id}{PAGE}"


def _link(folder: Path) -> Callable[[Path], str]:
    """A function that gives the address of a file from the pages in `folder`."""
    return lambda file: quote(Path(os.path.relpath(file, folder)).as_posix())
