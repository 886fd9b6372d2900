"""``python -m reproductions new ID``: a working folder for another paper, copied from ``reproductions/_template``.

The template is a small paper of its own, whose code and tests are checked with all others; what differs in the copy is
its name. So a new paper runs from the first minute, and is then changed, part by part, into the one that it is for.
"""

from __future__ import annotations

import argparse
import json
import keyword
import os
import re
import shutil
import sys
from pathlib import Path

from shared.paper.loading import PAPERS_ROOT, load_paper
from shared.paper.schema import PaperError

TEMPLATE, TITLE = "_template", "A paper to be reproduced"
ID = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
LEFT_OUT = shutil.ignore_patterns("__pycache__", ".*", "*.pyc")


def new_paper(paper_id: str, title: str = "", root: Path = PAPERS_ROOT.parent) -> list[Path]:
    """Make ``reproductions/<paper_id>`` and ``tests/reproductions/<paper_id>``; return their files.

    Parameters
    ----------
    paper_id : str
        The folder's name and the paper's id: small letters, digits and underscores.
    title : str
        The paper's title, in one line.
    root : Path
        The project.

    Raises
    ------
    PaperError
        A name that cannot be used, or that is in use: nothing is overwritten, and nothing half-made is left behind.
    """
    check_id(paper_id)
    folders = [root / "tests" / "reproductions", root / "reproductions"]  # the paper itself comes last
    partial = [folder / f".{paper_id}.partial" for folder in folders]
    if partial[1].exists() and not (folders[1] / paper_id).exists():  # a call was killed before its last step
        shutil.rmtree(folders[0] / paper_id, ignore_errors=True)
    for folder in (*folders, root / "results"):
        if (folder / paper_id).exists():
            raise PaperError(f"{folder / paper_id} is there already, and nothing is overwritten: choose another id")
    title = " ".join(title.split()) or TITLE
    if not title.isprintable():
        raise PaperError(f"the title {title!r} has characters that cannot be printed: expected a text in UTF-8")
    made = []
    try:
        for folder, draft in zip(folders, partial, strict=True):
            shutil.rmtree(draft, ignore_errors=True)
            shutil.copytree(folder / TEMPLATE, draft, ignore=LEFT_OUT)
            for file in sorted(path for path in draft.rglob("*") if path.is_file()):
                file.write_text(renamed(file.read_text(encoding="utf-8"), paper_id, title, file), encoding="utf-8")
        for folder, draft in zip(folders, partial, strict=True):
            os.rename(draft, folder / paper_id)
            made.append(folder / paper_id)
        load_paper(paper_id, folders[1])
    except BaseException:
        for folder in (*partial, *made):
            shutil.rmtree(folder, ignore_errors=True)
        raise
    return sorted(path for folder in made for path in folder.rglob("*") if path.is_file())


def check_id(paper_id: str) -> None:
    """Raise PaperError unless a Python package of the project can have this name."""
    if not ID.fullmatch(paper_id):
        raise PaperError(
            f"{paper_id!r} cannot be a paper's id: expected small letters, digits and single underscores, a letter "
            f"first ({ID.pattern}), such as lam_ensemble: an author and a word"
        )
    if keyword.iskeyword(paper_id) or keyword.issoftkeyword(paper_id):
        raise PaperError(f"{paper_id!r} is a word of Python, so no folder of code can have it: choose another id")
    taken = {"commands", "shared", "data_prep", "tests"} | {path.stem for path in Path(__file__).parent.glob("*.py")}
    if paper_id in taken or paper_id in sys.stdlib_module_names:
        raise PaperError(f"{paper_id!r} is a module of this project or of Python: choose another id")


def renamed(text: str, paper_id: str, title: str, file: Path) -> str:
    """A file of the template for another paper; in TOML and in a notebook the title is written as these write it."""
    written = json.dumps(title, ensure_ascii=False)[1:-1] if file.suffix in (".toml", ".ipynb") else title
    return re.sub(rf"(?<!\w){TEMPLATE}(?!\w)", paper_id, text).replace(TITLE, written)


def add_to(commands) -> None:
    """Add the command and its options to the command line."""
    new = commands.add_parser("new", help="lay out a working folder for another paper (see CONTRIBUTING.md)")
    new.add_argument("paper_id", metavar="ID", help="small letters, digits and underscores, such as lam_ensemble")
    new.add_argument("--title", default="", help="the paper's title")
    new.set_defaults(work=work)


def work(options: argparse.Namespace) -> int:
    """Make the folder and say what comes next; returns the exit status."""
    root = PAPERS_ROOT.parent
    for file in new_paper(options.paper_id, options.title):
        print(file.relative_to(root))
    print(
        "\nIt runs as it is, on sounds made from formulas:\n"
        f"  python -m reproductions run {options.paper_id} --epochs 1\n"
        f"  python -m reproductions report {options.paper_id}\n"
        "CONTRIBUTING.md says what to replace in which order; first the published numbers in paper.toml, then\n"
        f"  python -m reproductions audit {options.paper_id}"
    )
    return 0
