"""The two cells behind a lesson's title, which the command `lessons` writes alike into every notebook.

The first, in words: how to run the notebook, and where each function that it calls stands. The second, in Python: find
the project, or fetch it on Colab, or say in one sentence what to do.
"""

from __future__ import annotations

import ast
import os
from pathlib import Path
from typing import TYPE_CHECKING

from shared.paper.loading import PAPERS_ROOT

if TYPE_CHECKING:
    from nbformat import NotebookNode

ROOT = PAPERS_ROOT.parent
# The repository's public address, https://github.com/OWNER/NAME. It stands here only; while it is empty the notebooks
# have no badge and ask for it on Colab. With an address, `python -m reproductions lessons` writes it into all of them.
ADDRESS = ""
OURS = ("shared", "data_prep", "reproductions")
RUN = "**To run it.** "
OPENING = """\
import importlib.util
import subprocess
import sys
import warnings
from pathlib import Path

ADDRESS = "{address}"  # of the project's repository; asked for on Colab only
FOLDERS = (Path.cwd(), *Path.cwd().parents, Path.cwd() / "audio-reproductions")
ROOT = next((folder for folder in FOLDERS if (folder / "reproductions/__main__.py").exists()), None)
if ROOT is None and ADDRESS and "google.colab" in sys.modules:
    ROOT = FOLDERS[-1]
    subprocess.run(["git", "clone", "--depth", "1", ADDRESS, str(ROOT)], check=True)
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", "-r", str(ROOT / "requirements.txt")], check=True)
if ROOT is None:
    raise FileNotFoundError(
        f"no project in {{Path.cwd()}} or above it: open this notebook inside a copy of the project's repository"
        " (on Colab: write the repository's address into ADDRESS above, and run the cell again)"
    )
missing = [name for name in ("keras", "librosa", "pydantic") if importlib.util.find_spec(name) is None]
if missing:
    raise ModuleNotFoundError(
        f"{{sys.executable}} has no {{', '.join(missing)}}: choose {{ROOT / '.venv'}} as the notebook's kernel"
        f" (python -m pip install -r {{ROOT / 'requirements.txt'}} installs what is missing)"
    )
sys.path.insert(0, str(ROOT))  # from here on `import shared` finds the project
warnings.filterwarnings("ignore", "IProgress not found")  # of a progress bar that no cell here needs"""
WORDS = """\
{badge}{run}In a copy of the project, with the project's `.venv` as the kernel: `Run All`. The cell below finds the
project, or says what is missing. On Colab it fetches the project and installs the pinned packages (1 GB, some minutes;
if Colab then asks for a restart, restart and run all again); that was not tried on Colab itself.

<details><summary>The functions of the project that this lesson calls, and where they stand</summary>

{table}

In a cell, `name??` shows the source of any of them.

</details>"""


def with_opening(notebook: NotebookNode, file: Path) -> NotebookNode:
    """The notebook with both cells as they are now, in place of those that it has, or behind its first cell.

    Parameters
    ----------
    notebook : NotebookNode
        Changed in place.
    file : Path
        Where it is: the links lead from there.
    """
    from nbformat.v4 import new_code_cell, new_markdown_cell

    if len(notebook.cells) > 2 and RUN in notebook.cells[1].source:
        del notebook.cells[1:3]
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    words = WORDS.format(badge=badge(file), run=RUN, table=table_of(called(code), file))
    notebook.cells[1:1] = [new_markdown_cell(words), new_code_cell(OPENING.format(address=ADDRESS))]
    return notebook


def badge(file: Path, address: str | None = None) -> str:
    """The link to Colab, with its picture, and an empty line; nothing without an address on GitHub."""
    head, _, place = (ADDRESS if address is None else address).partition("https://github.com/")
    if head or not place:
        return ""
    place = f"{place.removesuffix('/').removesuffix('.git')}/blob/main/{file.relative_to(ROOT).as_posix()}"
    picture = "https://colab.research.google.com/assets/colab-badge.svg"
    return f"[![Open in Colab]({picture})](https://colab.research.google.com/github/{place})\n\n"


def called(code: str) -> list[tuple[str, Path, str]]:
    """Name, file and first sentence of each function and class of this project that some code imports and uses.

    Of an imported module, the functions that are called by its name: ``fsdd.index``.
    """
    nodes = list(ast.walk(ast.parse(code)))
    found = {}
    for node in nodes:
        if not isinstance(node, ast.ImportFrom) or node.module.partition(".")[0] not in OURS:
            continue
        for alias in node.names:
            name = alias.asname or alias.name
            if source_of(module := f"{node.module}.{alias.name}"):
                uses = {one.attr for one in nodes if isinstance(one, ast.Attribute) and is_name(one.value, name)}
                found |= {f"{name}.{use}": defined(module, use) for use in uses}
            else:
                found[name] = defined(node.module, alias.name)
    return [(name, *place) for name, place in sorted(found.items()) if place]


def is_name(node: ast.AST, name: str) -> bool:
    """Whether a node is that variable."""
    return isinstance(node, ast.Name) and node.id == name


def source_of(module: str) -> Path | None:
    """The file of a module or package of the project; None for what is neither."""
    place = ROOT / module.replace(".", "/")
    return next((file for file in (place.with_suffix(".py"), place / "__init__.py") if file.exists()), None)


def defined(module: str, name: str) -> tuple[Path, str] | None:
    """File and first sentence of a function or class, followed to where it is written; None for a value."""
    file = source_of(module)
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name:
            return file, (ast.get_docstring(node) or "").partition("\n\n")[0].replace("\n", " ")
        if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module.partition(".")[0] in OURS:
            for alias in node.names:
                if name == (alias.asname or alias.name):
                    return defined(node.module, alias.name)
    return None


def table_of(functions: list[tuple[str, Path, str]], file: Path) -> str:
    """A Markdown table of `called`, with links from the notebook's folder."""
    lines = ["| name | file | what it does |", "| --- | --- | --- |"]
    for name, place, words in functions:
        shown, link = place.relative_to(ROOT).as_posix(), Path(os.path.relpath(place, file.parent)).as_posix()
        words = words.replace("|", "\\|").replace("``", "`")
        lines.append(f"| `{name}` | [{shown}]({link}) | {words} |")
    return "\n".join(lines)
