"""``python -m reproductions lessons``: execute the notebooks and write them back with what came out.

A paper's lesson is its ``lesson.ipynb``; those across papers are in ``docs/lessons/``. A lesson is kept with its
outputs, so that it can be read where it cannot be run. They are written here rather than by an editor, so that the
file depends on the lesson and on its outputs alone: no times of execution, no name of a kernel of one machine, no
state of an editor. What a lesson says, in figures, is printed by its own cells, and a test executes every lesson
again and compares. A cell that fails leaves the file as it was. The code of an answer that is folded away below an
exercise is executed as well, after the cells, and what it prints is written below it.
"""

from __future__ import annotations

import argparse
import os
import re
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from reproductions.commands.lesson_cells import with_opening
from shared.base.files import atomic_write
from shared.base.suggestions import suggestion
from shared.paper.loading import PAPERS_ROOT, list_papers
from shared.paper.schema import PaperError

if TYPE_CHECKING:
    from nbformat import NotebookNode

LESSON = "lesson.ipynb"
ACROSS = PAPERS_ROOT.parent / "docs" / "lessons"
LIMIT_SECONDS = 600  # for a cell; the tests hold whole lessons to it
# What TensorFlow's libraries say on starting, whatever they are asked; it names times, threads and processors.
STARTUP = re.compile(r"^(?:WARNING: All log messages before absl::|[IW]\d{4} [\d:.]+ +\d+ ).*\n?", re.MULTILINE)
# Code in an exercise's answer, and below it what it prints.
ANSWER = re.compile(r"^```python\n(.*?)^```\n\n```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def lesson_names() -> list[str]:
    """The papers that have a lesson, then the lessons across papers."""
    papers = [name for name in list_papers() if (PAPERS_ROOT / name / LESSON).exists()]
    return papers + sorted(file.stem for file in ACROSS.glob("*.ipynb"))


def lesson_file(name: str) -> Path:
    """``reproductions/<paper>/lesson.ipynb``, or ``docs/lessons/<name>.ipynb``.

    Raises
    ------
    PaperError
        No such paper or lesson, or a paper without one.
    """
    for file in (PAPERS_ROOT / name / LESSON, ACROSS / f"{name}.ipynb"):
        if file.exists():
            return file
    if name in list_papers():
        raise PaperError(f"{name} has no {LESSON}; CONTRIBUTING.md says what belongs into one")
    raise PaperError(f"there is no lesson {name!r}; {suggestion(name, lesson_names())}")


def executed(
    file: Path, folder: Path | None = None, environment: dict[str, str] | None = None, renew: bool = False
) -> NotebookNode:
    """A lesson with the outputs of a fresh execution, by this Python; the file stays as it is.

    Parameters
    ----------
    file : Path
        The notebook.
    folder : Path, optional
        Working directory; the notebook's own, as in Jupyter, if None.
    environment : dict, optional
        Variables that differ from this process's.
    renew : bool
        Whether to write its two opening cells anew first (`lesson_cells`).

    Raises
    ------
    PaperError
        A cell that failed or took too long: names the file and gives the end of its traceback.
    """
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError

    notebook = nbformat.read(file, as_version=4)
    notebook = plain(with_opening(notebook, file) if renew else notebook)
    written = len(notebook.cells)
    notebook.cells += [nbformat.v4.new_code_cell(code) for code, _ in answers(notebook)]
    resources = {"metadata": {"path": str(folder or file.parent)}}
    options = {"timeout": LIMIT_SECONDS, "record_timing": False, "resources": resources}
    client = NotebookClient(notebook, **options)
    kernel = client.create_kernel_manager()
    kernel.kernel_spec_manager.kernel_dirs = []  # not what a user has installed there: the ipykernel beside this Python
    with tempfile.TemporaryDirectory() as private:
        # Talk over files that only this user can read, not over ports.
        kernel.transport, kernel.connection_file = "ipc", f"{private}/kernel.json"
        try:
            client.execute(env=os.environ | (environment or {}))
        except (CellExecutionError, CellTimeoutError) as error:
            lines = re.sub(r"\x1b\[[\d;]*m", "", str(error)).strip().splitlines()  # without the traceback's colours
            raise PaperError(f"{file}: a cell failed.\n" + "\n".join(lines[-12:])) from None
    texts = iter(printed(notebook, notebook.cells[written:]))
    del notebook.cells[written:]
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = ANSWER.sub(
                lambda found: f"```python\n{found[1]}```\n\n```text\n{next(texts)}```", cell.source
            )
    return plain(notebook, keep_outputs=True)


def answers(notebook: NotebookNode) -> list[tuple[str, str]]:
    """Code and printed text of each answer that has both, from top to bottom."""
    return [found for cell in notebook.cells if cell.cell_type == "markdown" for found in ANSWER.findall(cell.source)]


def plain(notebook: NotebookNode, keep_outputs: bool = False) -> NotebookNode:
    """The notebook without what only one editor, one machine or one execution knows, and without outputs if asked."""
    from nbformat import from_dict

    notebook.metadata = from_dict({"kernelspec": KERNEL, "language_info": {"name": "python"}})
    for number, cell in enumerate(notebook.cells, start=1):
        cell.id, cell.metadata = f"cell-{number}", from_dict({})
        if cell.cell_type == "code" and not keep_outputs:
            cell.outputs, cell.execution_count = [], None
        for output in cell.get("outputs", ()):
            if output.get("name") == "stderr":
                output.text = STARTUP.sub("", output.text)
        if cell.cell_type == "code":
            cell.outputs = joined(output for output in cell.outputs if output.get("text") != "")
    return notebook


def joined(outputs: Iterable[NotebookNode]) -> list[NotebookNode]:
    """What was printed piece by piece as one output, but for what is shown in between, as a picture or a player."""
    found = []
    for output in outputs:
        if found and "text" in output and output.get("name") == found[-1].get("name"):
            found[-1].text += output.text
        else:
            found.append(output)
    return found


def text_of(notebook: NotebookNode) -> str:
    """The file's text; equal notebooks have equal texts."""
    import nbformat

    return nbformat.writes(notebook, version=4).rstrip("\n") + "\n"


def printed(notebook: NotebookNode, cells: list | None = None) -> list[str]:
    """What each code cell, or each of some, has printed: an empty string for a cell that only draws or sounds."""
    texts = []
    for cell in notebook.cells if cells is None else cells:
        if cell.cell_type == "code":
            shown = [output.get("data", {}) for output in cell.outputs]
            found = [
                output.get("text") or data.get("text/plain", "")
                for output, data in zip(cell.outputs, shown, strict=True)
            ]
            texts.append("".join(text for text, data in zip(found, shown, strict=True) if len(data) < 2))
    return texts


def add_to(commands) -> None:
    """Add the command and its options to the command line."""
    lessons = commands.add_parser("lessons", help="execute the notebooks and write them back with their outputs")
    lessons.add_argument("names", metavar="NAME", nargs="*", help="papers, or notebooks of docs/lessons; default: all")
    lessons.set_defaults(work=work)


def work(options: argparse.Namespace) -> int:
    """Execute some lessons, or all that there are, and write them; returns the exit status."""
    for file in list(map(lesson_file, options.names or lesson_names())):  # a misspelt name is told before the first
        text = text_of(executed(file, renew=True))
        atomic_write(file, lambda opened, text=text: opened.write(text.encode()))
        print(f"{file.relative_to(PAPERS_ROOT.parent)}: executed and written, {len(text) / 1000:.0f} kB", flush=True)
    return 0
