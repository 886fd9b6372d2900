"""The report as a static site: a front page, a page a paper, a style sheet, a script; nothing from elsewhere.

It is drawn from the diffs, the files of ``results/`` and the papers' ``paper.toml``, knows no paper by name, and gives
the same bytes for the same results. What a page links to, shows or plays is copied into ``files/``, so that the folder
is whole wherever it is put. The script is a help: it sorts tables, and makes links of the project's files where the
page is opened from the project; without it, everything can be read.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from shared.base.files import atomic_write
from shared.report.site.front import front_page
from shared.report.site.page import FRONT, SCRIPT, STYLE
from shared.report.site.paper_page import paper_page
from shared.results import store
from shared.results.diff import Diff

SITE, FILES = "report", "files"
PAGE = ".html"


class Copies:
    """The addresses of the results' files from the pages, and which files those are: `sources`, by name in the site."""

    def __init__(self, results: Path):
        self.results = results
        self.sources: dict[str, Path] = {}

    def __call__(self, file: Path) -> str:
        name = f"{FILES}/{file.relative_to(self.results).as_posix()}"
        self.sources[name] = file
        return quote(name)


def write_site(diffs: Sequence[Diff], folder: Path | None = None) -> list[Path]:
    """Write the site of all papers, remove what an earlier call wrote and this one does not, and return the files.

    Parameters
    ----------
    diffs : sequence of Diff
        Of all papers.
    folder : Path, optional
        Where to; ``results/report`` when not given.
    """
    folder = folder or store.results_folder(SITE)
    written = []
    for name, content in drawn_site(diffs, folder).items():
        written.append(atomic_write(folder / name, lambda file, content=content: file.write(content)))
    for stale in {*folder.glob(f"*{PAGE}"), *folder.glob(f"{FILES}/**/*")} - set(written):
        if stale.is_file():
            stale.unlink(missing_ok=True)
    return written


def drawn_site(diffs: Sequence[Diff], folder: Path) -> dict[str, bytes]:
    """File name to content of the site that would be written into `folder`, which lies among the results."""
    link = Copies(folder.parent)
    pages = {FRONT: front_page(diffs, lambda paper_id: quote(page_name(paper_id)))}
    for diff in diffs:
        pages[page_name(diff.paper.id)] = paper_page(diff, link)
    own = {name: Path(__file__).with_name(name) for name in (STYLE, SCRIPT)}
    texts = {name: text.encode("utf-8") for name, text in pages.items()}
    return texts | {name: file.read_bytes() for name, file in sorted((own | link.sources).items())}


def page_name(paper_id: str) -> str:
    """``lam_ensemble.html``."""
    return f"{paper_id}{PAGE}"
