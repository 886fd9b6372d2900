"""The opening cells of a lesson: what they do inside the project, outside it, and on Colab."""

import subprocess
import sys
import types

import nbformat
import pytest

from reproductions.commands import lesson_cells
from reproductions.commands.lesson_cells import OPENING, ROOT, badge, called, with_opening


def opened(folder, monkeypatch, address="", missing=()):
    """Run the opening cell in a folder; its variables."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name in missing else name)
    variables = {}
    exec(OPENING.format(address=address), variables)
    return variables


@pytest.mark.parametrize("folder", [ROOT, ROOT / "reproductions" / "verma_genres", ROOT / "docs"])
def test_the_project_is_found_from_any_of_its_folders(folder, monkeypatch):
    variables = opened(folder, monkeypatch)
    assert variables["ROOT"] == ROOT
    assert variables["sys"].path[0] == str(ROOT)


def test_outside_the_project_one_sentence_says_what_to_do(tmp_path, monkeypatch):
    (tmp_path / "requirements.txt").touch()  # that of another project
    with pytest.raises(FileNotFoundError, match="open this notebook inside a copy of the project's repository"):
        opened(tmp_path, monkeypatch)


def test_a_kernel_without_the_packages_is_named(monkeypatch):
    with pytest.raises(
        ModuleNotFoundError, match=r"has no librosa, pydantic: choose .*[.]venv as the notebook's kernel"
    ):
        opened(ROOT, monkeypatch, missing=("librosa", "pydantic"))


def test_on_colab_the_project_is_fetched_once(tmp_path, monkeypatch):
    """Git clones from a folder here; pip is only recorded."""
    source, notebook = tmp_path / "source", tmp_path / "content"
    (source / "reproductions").mkdir(parents=True)
    notebook.mkdir()
    (source / "reproductions" / "__main__.py").touch()
    settings = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    for command in (("init", "-q"), ("add", "."), (*settings, "commit", "-q", "-m", "a")):
        subprocess.run(["git", *command], cwd=source, check=True)
    calls, run = [], subprocess.run

    def recorded(command, check):
        calls.append(command)
        if command[0] == "git":
            run(command, check=check, capture_output=True)

    monkeypatch.setattr(subprocess, "run", recorded)
    monkeypatch.setitem(sys.modules, "google.colab", types.ModuleType("google.colab"))
    with pytest.raises(FileNotFoundError, match="on Colab: write the repository's address into ADDRESS"):
        opened(notebook, monkeypatch)
    for _ in range(2):
        assert opened(notebook, monkeypatch, source.as_uri())["ROOT"] == notebook / "audio-reproductions"
    assert [command[1] for command in calls] == ["clone", "-m"]
    assert calls[1][-1] == str(notebook / "audio-reproductions" / "requirements.txt")


def test_a_badge_needs_an_address_on_github(monkeypatch):
    file = ROOT / "reproductions" / "verma_genres" / "lesson.ipynb"
    assert badge(file, "") == badge(file, "https://example.org/a/b") == ""
    link = "https://colab.research.google.com/github/owner/name/blob/main/reproductions/verma_genres/lesson.ipynb"
    assert f"]({link})" in badge(file, "https://github.com/owner/name.git")
    monkeypatch.setattr(lesson_cells, "ADDRESS", "https://github.com/owner/name")
    notebook = with_opening(nbformat.read(file, as_version=4), file)
    assert notebook.cells[1].source.startswith("[![Open in Colab]")
    assert 'ADDRESS = "https://github.com/owner/name"' in notebook.cells[2].source
    sources = [cell.source for cell in notebook.cells]
    assert [cell.source for cell in with_opening(notebook, file).cells] == sources  # written anew, not once more


def test_functions_are_followed_to_where_they_are_written():
    code = """
from shared.paper import load_paper
from data_prep.corpora import fsdd
from reproductions.verma_genres.model import CNN_1D
import numpy as np
print(fsdd.index(), fsdd.CLASSES, np.arange(3))
"""
    places = {name: place.relative_to(ROOT).as_posix() for name, place, _ in called(code)}
    assert places == {"load_paper": "shared/paper/loading.py", "fsdd.index": "data_prep/corpora/fsdd/__init__.py"}
