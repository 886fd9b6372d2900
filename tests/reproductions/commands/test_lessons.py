"""The lessons: executed from a clean state they say what is committed; small, and the same on every machine."""

import ast
import os
import re
import sys
import time
from pathlib import Path

import nbformat
import pytest

from data_prep import DATA_VARIABLE
from reproductions.__main__ import main
from reproductions.commands.lessons import LESSON, LIMIT_SECONDS, executed, lesson_file, plain, printed, text_of
from shared.base.files import CACHE_VARIABLE
from shared.paper.loading import PAPERS_ROOT, list_papers
from shared.paper.schema import PaperError
from shared.results.store import RESULTS_VARIABLE

ROOT = PAPERS_ROOT.parent
PAPERS = list_papers()
MOST_BYTES = 250_000
FROM_THE_ROOT = "pragadaraju_digits"  # the others are executed in their own folders; all find the root in the same way
# Put before everything else that the kernel imports: whatever asks for another machine fails.
NO_NETWORK = """
import socket

connect, getaddrinfo = socket.socket.connect, socket.getaddrinfo

def refuse(*arguments, **options):
    raise OSError(f"a lesson asked for the network: {arguments[-1]!r}")

def connect_here(self, address):
    return connect(self, address) if self.family == socket.AF_UNIX else refuse(address)

socket.socket.connect, socket.getaddrinfo = connect_here, refuse
"""


def committed(paper):
    return nbformat.read(lesson_file(paper), as_version=4)


def sources(paper, kind):
    return [cell.source for cell in committed(paper).cells if cell.cell_type == kind]


def pictures(notebook):
    """Number of pictures of each code cell."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return [sum("image/png" in output.get("data", {}) for output in cell.outputs) for cell in code]


@pytest.fixture
def clean(tmp_path):
    """An environment without a cache, without corpora, with the committed results, and without a network."""
    (tmp_path / "sitecustomize.py").write_text(NO_NETWORK, encoding="utf-8")
    path = os.pathsep.join(filter(None, [str(tmp_path), os.environ.get("PYTHONPATH")]))
    folders = {CACHE_VARIABLE: str(tmp_path / "cache"), DATA_VARIABLE: str(tmp_path / "data")}
    return folders | {"PYTHONPATH": path, RESULTS_VARIABLE: "", "KERAS_BACKEND": "tensorflow"}


@pytest.mark.parametrize("paper", PAPERS)
def test_a_fresh_execution_says_what_is_committed(paper, clean):
    kept = committed(paper)
    start = time.perf_counter()
    fresh = executed(lesson_file(paper), ROOT if paper == FROM_THE_ROOT else None, clean)
    assert time.perf_counter() - start < LIMIT_SECONDS
    assert printed(fresh) == printed(kept), f"'python -m reproductions lessons {paper}' writes the lesson anew"
    assert pictures(fresh) == pictures(kept)
    assert sum(pictures(kept)) >= 1


@pytest.mark.parametrize("paper", PAPERS)
def test_a_lesson_is_small_and_the_same_on_every_machine(paper):
    text = lesson_file(paper).read_text(encoding="utf-8")
    assert len(text.encode()) < MOST_BYTES
    assert text == text_of(plain(committed(paper), keep_outputs=True)), f"'python -m reproductions lessons {paper}'"
    outputs = [output for cell in committed(paper).cells for output in cell.get("outputs", ())]
    assert {output.output_type for output in outputs} <= {"stream", "display_data"}
    assert {output.name for output in outputs if output.output_type == "stream"} == {"stdout"}  # no warning, no bar


@pytest.mark.parametrize("paper", PAPERS)
def test_figures_in_the_text_come_from_the_cells(paper):
    """Every number of two digits or more that a lesson's text mentions is printed by a cell or stands in the code."""
    found = " ".join([*printed(committed(paper)), *sources(paper, "code")])
    mentioned = re.findall(r"\d[\d,.]*\d", " ".join(sources(paper, "markdown")))
    assert {number for number in mentioned if number not in found} == set()


@pytest.mark.parametrize("paper", PAPERS)
def test_a_lesson_begins_alike_ends_with_exercises_and_imports_the_project(paper):
    code, words = sources(paper, "code"), sources(paper, "markdown")
    assert code[0].startswith(sources(PAPERS[0], "code")[0].partition("\n\nimport warnings")[0])
    assert words[0].startswith("# ")
    assert all(word in words[0] for word in ("**For whom.**", "uestion"))
    assert re.search(r"^## Exercises\n\n1[.] .*\n2[.] ", words[-1], re.DOTALL)
    assert "*The picture in words.*" in "".join(words)
    nodes = [node for text in code for node in ast.walk(ast.parse(text))]
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
    ours = {name for name in names if name.partition(".")[0] in ("shared", "data_prep", "reproductions")}
    assert any(name.startswith("shared.") for name in ours)
    assert {name.split(".")[1] for name in ours if name.startswith("reproductions")} <= {paper}
    requirements = (ROOT / "requirements.txt").read_text(encoding="utf-8").partition("# Transitive")[0]
    others = {name.partition(".")[0] for name in names - ours} - sys.stdlib_module_names
    assert others <= set(re.findall(r"^([\w-]+)==", requirements, re.MULTILINE))


@pytest.mark.parametrize("paper", PAPERS)
def test_readmes_name_each_lesson(paper):
    assert f"reproductions/{paper}/{LESSON}" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"]({LESSON})" in (PAPERS_ROOT / paper / "README.md").read_text(encoding="utf-8")


def write_notebook(folder, *cells):
    file = Path(folder, LESSON)
    code = [nbformat.v4.new_code_cell(cell) for cell in cells]
    file.write_text(nbformat.writes(nbformat.v4.new_notebook(cells=code), version=4), encoding="utf-8")
    return file


def test_outputs_are_those_of_this_python_in_the_folder_asked_for(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    cells = (
        "import sys, os; print(sys.prefix)",
        "print(os.getcwd()); os.environ['ASKED']",
        "import sys; sys.stderr.write('W0000 17:2.5  7 a.cc] a remark of a library\\n');",
    )
    notebook = executed(write_notebook(tmp_path, *cells), tmp_path / "elsewhere", {"ASKED": "for"})
    assert printed(notebook)[:2] == [f"{sys.prefix}\n", f"{tmp_path}/elsewhere\n'for'"]
    assert [cell.execution_count for cell in notebook.cells] == [1, 2, 3]
    assert notebook.cells[2].outputs == []
    assert notebook.metadata.kernelspec.name == "python3"


def test_a_cell_that_fails_is_named(tmp_path):
    file = write_notebook(tmp_path, "print(1)", "1 / 0")
    before = file.read_bytes()
    with pytest.raises(PaperError, match="ZeroDivisionError: division by zero"):
        executed(file)
    assert file.read_bytes() == before


def test_the_command_refuses_a_paper_that_is_not_there(capsys):
    assert main(["lessons", "nobody"]) == 2
    assert "there is no paper 'nobody'" in capsys.readouterr().err
