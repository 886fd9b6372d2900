"""The lessons: executed from a clean state they say what is committed; small, and the same on every machine."""

import ast
import re
import sys
import time
from pathlib import Path

import nbformat
import pytest
from jupyter_client.provisioning import local_provisioner

from data_prep import DATA_VARIABLE
from reproductions.__main__ import main
from reproductions.commands import lessons
from reproductions.commands.lesson_cells import ADDRESS, OPENING, called
from reproductions.commands.lessons import (
    ANSWER,
    LESSON,
    LIMIT_SECONDS,
    answers,
    executed,
    lesson_file,
    lesson_names,
    plain,
    printed,
    text_of,
)
from reproductions.commands.new import TEMPLATE
from shared.base.files import CACHE_VARIABLE
from shared.base.places import RESULTS_VARIABLE
from shared.paper.loading import PAPERS_ROOT, list_papers
from shared.paper.schema import PaperError
from tests.forking import forking

ROOT = PAPERS_ROOT.parent
PAPERS, LISTED = list_papers(), lesson_names()
LESSONS = [*LISTED, TEMPLATE]  # what `new` copies, and no README of the project names
MOST_BYTES = 400_000
FROM_THE_ROOT = "pragadaraju_digits"  # the others are executed in their own folders; all find the root in the same way
# A lesson's kernel, in which whatever asks for another machine fails.
KERNEL = """
import socket

connect, getaddrinfo = socket.socket.connect, socket.getaddrinfo

def refuse(*arguments, **options):
    raise OSError(f"a lesson asked for the network: {arguments[-1]!r}")

def connect_here(self, address):
    return connect(self, address) if self.family == socket.AF_UNIX else refuse(address)

socket.socket.connect, socket.getaddrinfo = connect_here, refuse

import sys
from ipykernel import kernelapp

sys.argv[1:] = arguments
kernelapp.launch_new_instance()
"""


def committed(name):
    return nbformat.read(lesson_file(name), as_version=4)


def sources(name, kind):
    return [cell.source for cell in committed(name).cells if cell.cell_type == kind]


def shown(notebook):
    """Number of pictures and of players of each code cell."""
    code = [[output.get("data", {}) for output in cell.outputs] for cell in notebook.cells if cell.cell_type == "code"]
    pictures = [sum("image/png" in data for data in cell) for cell in code]
    return pictures, [sum("<audio" in data.get("text/html", "") for data in cell) for cell in code]


@pytest.fixture(scope="module")
def launch():
    """A kernel as a fork of a Python that has imported TensorFlow, which takes longer than most of a lesson."""
    modules = ["tensorflow", "librosa", "pandas", "sklearn", "IPython", "ipykernel.kernelapp"]
    with forking(modules, {"MPLBACKEND": "module://matplotlib_inline.backend_inline"}) as start:

        def launch(command, cwd, env, **options):
            assert command[:3] == [sys.executable, "-m", "ipykernel_launcher"]
            return start(KERNEL, cwd, env, {"arguments": command[3:]})

        yield launch


@pytest.fixture
def clean(launch, tmp_path, monkeypatch):
    """An environment without a cache, without corpora, with the committed results; and kernels without a network."""
    monkeypatch.setattr(local_provisioner, "launch_kernel", launch)
    folders = {CACHE_VARIABLE: str(tmp_path / "cache"), DATA_VARIABLE: str(tmp_path / "data")}
    return folders | {RESULTS_VARIABLE: "", "KERAS_BACKEND": "tensorflow"}


@pytest.mark.parametrize("name", LESSONS)
def test_a_fresh_execution_says_what_is_committed(name, clean):
    kept = committed(name)
    start = time.perf_counter()
    fresh = executed(lesson_file(name), ROOT if name == FROM_THE_ROOT else None, clean)
    assert time.perf_counter() - start < LIMIT_SECONDS
    command = f"'python -m reproductions lessons {name}' writes the lesson anew"
    assert printed(fresh) == printed(kept), command
    assert answers(fresh) == answers(kept), command
    assert shown(fresh) == shown(kept)
    assert sum(shown(kept)[0]) >= 1


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_is_small_and_the_same_on_every_machine(name):
    text = lesson_file(name).read_text(encoding="utf-8")
    assert len(text.encode()) < MOST_BYTES
    assert text == text_of(plain(committed(name), keep_outputs=True)), f"'python -m reproductions lessons {name}'"
    outputs = [output for cell in committed(name).cells for output in cell.get("outputs", ())]
    assert {output.output_type for output in outputs} <= {"stream", "display_data"}
    assert {output.name for output in outputs if output.output_type == "stream"} == {"stdout"}  # no warning, no bar


@pytest.mark.parametrize("name", LESSONS)
def test_figures_in_the_text_come_from_the_cells(name):
    """Every number of two digits or more that a lesson's text mentions is printed by a cell or stands in the code."""
    lesson = committed(name)
    words = "\n".join(cell.source for cell in lesson.cells[2:] if cell.cell_type == "markdown") + lesson.cells[0].source
    found = " ".join([*printed(lesson), *sources(name, "code")])
    found += " ".join(text for answer in answers(lesson) for text in answer)
    mentioned = re.findall(r"\d[\d,.]*\d", ANSWER.sub("", words))
    assert {number for number in mentioned if number not in found} == set()


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_begins_alike_ends_with_exercises_and_imports_the_project(name):
    code, words = sources(name, "code"), sources(name, "markdown")
    assert code[0] == OPENING.format(address=ADDRESS), f"'python -m reproductions lessons {name}' writes it anew"
    assert words[0].startswith("# ")
    assert all(word in words[0] for word in ("**For whom.**", "uestion"))
    assert "*The picture in words.*" in "".join(words)
    nodes = [node for text in code for node in ast.walk(ast.parse(text))]
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
    ours = {name for name in names if name.partition(".")[0] in ("shared", "data_prep", "reproductions")}
    assert any(name.startswith("shared.") for name in ours)
    assert {module.split(".")[1] for module in ours if module.startswith("reproductions")} <= {name}
    requirements = (ROOT / "requirements.txt").read_text(encoding="utf-8").partition("# Transitive")[0]
    others = {name.partition(".")[0] for name in names - ours} - sys.stdlib_module_names
    assert others <= set(re.findall(r"^([\w-]+)==", requirements, re.MULTILINE)) | {"IPython"}  # as in any notebook


@pytest.mark.parametrize("name", LESSONS)
def test_no_answer_is_seen_before_it_is_asked_for(name):
    """Each exercise is a question, followed by its answer in a part that a reader unfolds."""
    text = sources(name, "markdown")[-1]
    assert committed(name).cells[-1].cell_type == "markdown"
    numbers = [int(number) for number in re.findall(r"^(\d+)[.] ", text, re.MULTILINE)]
    assert len(numbers) >= 2
    assert numbers == list(range(1, len(numbers) + 1))
    folded = (
        r"\d+[.] [^\n]+(?:\n   [^\n]+)*\n\n<details><summary>Answer</summary>\n\n(?:(?!</?details>).)+\n\n</details>"
    )
    assert re.fullmatch(rf"## Exercises(?:\n\n{folded})+", text, re.DOTALL)


@pytest.mark.parametrize("name", LESSONS)
def test_each_function_that_a_lesson_calls_is_listed_with_its_file(name):
    file, words = lesson_file(name), committed(name).cells[1].source
    listed = dict(re.findall(r"^[|] `([^`]+)` [|] \[[^]]+\]\(([^)]+)\) [|]", words, re.MULTILINE))
    needed = {function: place for function, place, _ in called("\n".join(sources(name, "code")))}
    assert {function: (file.parent / link).resolve() for function, link in listed.items()} == needed
    assert needed


@pytest.mark.parametrize("name", LISTED)
def test_readmes_name_each_lesson(name):
    file = lesson_file(name)
    lessons = ROOT / "docs" / "lessons" / "README.md"
    links = re.findall(r"[]][(]([^)]+[.]ipynb)[)]", lessons.read_text(encoding="utf-8"))
    assert file in [(lessons.parent / link).resolve() for link in links]
    assert "](docs/lessons/README.md)" in (ROOT / "README.md").read_text(encoding="utf-8")
    if name in PAPERS:
        assert f"]({LESSON})" in (PAPERS_ROOT / name / "README.md").read_text(encoding="utf-8")


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


def test_what_is_printed_stands_in_one_piece_around_what_is_shown(tmp_path):
    cell = """
from IPython.display import Audio, display
for note in ("low", "high"):
    print(note, flush=True)
    print("is", end=" ", flush=True)
    print("heard")
    display(Audio([0.0, 1.0, 0.0], rate=8000))
"""
    notebook = executed(write_notebook(tmp_path, cell))
    texts = [output.get("text") for output in notebook.cells[0].outputs]
    assert texts == ["low\nis heard\n", None, "high\nis heard\n", None]
    assert printed(notebook) == ["low\nis heard\nhigh\nis heard\n"]
    assert shown(notebook) == ([0], [2])


def test_a_cell_that_fails_is_named(tmp_path):
    file = write_notebook(tmp_path, "print(1)", "1 / 0")
    before = file.read_bytes()
    with pytest.raises(PaperError, match="ZeroDivisionError: division by zero"):
        executed(file)
    assert file.read_bytes() == before


def test_the_code_of_an_answer_is_executed_after_the_cells(tmp_path):
    file = write_notebook(tmp_path, "x = 1", "x = x + 1")
    notebook = nbformat.read(file, as_version=4)
    answer = "```python\nprint(x)\nprint('twice')\n```\n\n```text\n?\n```"
    notebook.cells.append(nbformat.v4.new_markdown_cell(f"1. What is x?\n\n{answer}\n\nAnd then:\n\n{answer}"))
    file.write_text(text_of(notebook), encoding="utf-8")
    fresh = executed(file)
    assert [cell.cell_type for cell in fresh.cells] == ["code", "code", "markdown"]
    assert fresh.cells[-1].source == notebook.cells[-1].source.replace("?\n`", "2\ntwice\n`")


def test_a_paper_without_a_lesson_is_passed_over(tmp_path, monkeypatch):
    for paper in ("with_one", "without"):
        (tmp_path / paper).mkdir()
        (tmp_path / paper / "paper.toml").touch()
    write_notebook(tmp_path / "with_one", "print(1)")
    monkeypatch.setattr(lessons, "PAPERS_ROOT", tmp_path)
    monkeypatch.setattr(lessons, "list_papers", lambda: list_papers(tmp_path))
    monkeypatch.setattr(lessons, "ACROSS", tmp_path / "across")
    assert lessons.lesson_names() == ["with_one"]


def test_the_command_refuses_a_paper_that_is_not_there(capsys):
    assert main(["lessons", lesson_names()[0], "nobody"]) == 2, "and nothing is executed before"
    said = capsys.readouterr()
    assert "there is no lesson 'nobody'" in said.err
    assert not said.out
