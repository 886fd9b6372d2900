"""``python -m reproductions new``: a folder that is a paper, names that are refused, nothing half-made."""

import shutil
import subprocess
import sys

import nbformat
import pytest

from reproductions.__main__ import main
from reproductions.commands import new
from reproductions.commands.lessons import printed
from reproductions.commands.new import TEMPLATE, TITLE, new_paper, renamed
from shared.paper.loading import PAPERS_ROOT, list_papers, load_paper
from shared.paper.schema import PaperError

ROOT = PAPERS_ROOT.parent
LONG = "a_name_that_is_longer_than_those_of_the_five"


@pytest.fixture
def project(tmp_path):
    """The two template folders below a root of their own."""
    for part in ("reproductions", "tests/reproductions"):
        shutil.copytree(ROOT / part / TEMPLATE, tmp_path / part / TEMPLATE, ignore=new.LEFT_OUT)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


@pytest.fixture
def files(project):
    """Every file there is, to see afterwards that nothing changed."""
    return sorted(project.rglob("*"))


def test_a_new_paper_has_every_file_of_the_template_under_its_own_name(project):
    title = 'Sounds "told apart" \\ by ear'
    made = new_paper("ear_sounds", f"{title}\n", project)
    copied = [path for path in project.rglob(f"{TEMPLATE}/*") if path.is_file()]
    assert len(made) == len(copied) > 5
    assert not [path for path in made if TEMPLATE in path.read_text(encoding="utf-8")]
    paper = load_paper("ear_sounds", project / "reproductions")
    assert (paper.id, paper.title) == ("ear_sounds", title)
    assert list_papers(project / "reproductions") == ["ear_sounds"]
    assert (project / "reproductions/ear_sounds/README.md").read_text().startswith(f"# `ear_sounds`: {title}\n")
    lesson = nbformat.read(project / "reproductions/ear_sounds/lesson.ipynb", as_version=4)
    assert any(title in text for text in printed(lesson))
    assert "[reproductions/ear_sounds/features.py](features.py)" in lesson.cells[1].source
    assert new_paper("without_title", root=project)
    assert load_paper("without_title", project / "reproductions").title == TITLE


def test_a_new_paper_passes_the_style_checks_whatever_its_name(project):
    new_paper(LONG, root=project)
    ours = 'lint.isort.known-first-party = ["shared", "data_prep", "reproductions", "tests"]'  # which are not all there
    for check in (["check"], ["format", "--check"]):
        command = [sys.executable, "-m", "ruff", *check, "--no-cache", "--config", ours, "."]
        done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("paper_id", "message"),
    [
        ("My-Paper", r"'My-Paper' cannot be a paper's id: expected small letters, digits and single underscores"),
        ("2020_paper", "a letter first"),
        ("_template", "cannot be a paper's id"),
        ("../paper", "cannot be a paper's id"),
        ("paper_", "cannot be a paper's id"),
        ("", "cannot be a paper's id"),
        ("class", "'class' is a word of Python"),
        ("match", "'match' is a word of Python"),
        ("json", "'json' is a module of this project or of Python"),
        ("reproduce", "'reproduce' is a module of this project"),
        ("shared", "'shared' is a module of this project"),
    ],
)
def test_names_that_cannot_be_used_are_refused(paper_id, message, project, files):
    with pytest.raises(PaperError, match=message):
        new_paper(paper_id, root=project)
    assert sorted(project.rglob("*")) == files


def test_a_title_that_is_no_text_is_refused(project, files):
    with pytest.raises(PaperError, match="has characters that cannot be printed: expected a text in UTF-8"):
        new_paper("good_name", "a \udcff title", root=project)
    assert sorted(project.rglob("*")) == files


@pytest.mark.parametrize("folder", ["reproductions", "tests/reproductions", "results"])
def test_what_is_there_is_not_overwritten(folder, project):
    mine = project / folder / "my_paper" / "mine.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    files = sorted(project.rglob("*"))
    with pytest.raises(PaperError, match="my_paper is there already, and nothing is overwritten: choose another id"):
        new_paper("my_paper", root=project)
    assert sorted(project.rglob("*")) == files
    assert mine.read_text() == "mine"


@pytest.mark.parametrize("fails_at", [1, 2, 3])
def test_nothing_half_made_is_left_behind(fails_at, project, files, monkeypatch):
    """The disk fails at the first or at the second folder, or the paper does not load."""
    calls = []

    def rename(old, place):
        calls.append(place)
        if len(calls) == fails_at:
            raise OSError("no space left on device")
        return original(old, place)

    def unreadable(*arguments):
        raise PaperError("does not hold together")

    original = new.os.rename
    monkeypatch.setattr(new.os, "rename", rename)
    monkeypatch.setattr(new, "load_paper", unreadable)
    with pytest.raises((OSError, PaperError)):
        new_paper("my_paper", root=project)
    assert sorted(project.rglob("*")) == files


def test_a_call_that_was_killed_before_its_last_step_does_not_take_the_id(project, monkeypatch):
    whole = new_paper("my_paper", root=project)
    content = {path: path.read_bytes() for path in whole}
    papers = project / "reproductions"
    (papers / "my_paper").rename(papers / ".my_paper.partial")  # as it was then
    assert (project / "tests/reproductions/my_paper").exists()
    assert new_paper("my_paper", root=project) == whole
    assert {path: path.read_bytes() for path in whole} == content
    assert not list(papers.glob(".*"))
    with pytest.raises(PaperError, match="is there already"):
        new_paper("my_paper", root=project)


def test_only_the_whole_word_is_the_name(tmp_path):
    text = f'reproductions.{TEMPLATE}.model "{TEMPLATE}" paper{TEMPLATE} {TEMPLATE}s'
    assert renamed(text, "x", "", tmp_path) == f'reproductions.x.model "x" paper{TEMPLATE} {TEMPLATE}s'


def test_the_command_says_what_comes_next(project, monkeypatch, capsys):
    monkeypatch.setattr(new, "PAPERS_ROOT", project / "reproductions")
    monkeypatch.setattr(new, "new_paper", lambda paper_id, title: new_paper(paper_id, title, project))
    assert main(["new", "my_paper", "--title", "Mine"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("reproductions/my_paper/README.md\n")
    assert "python -m reproductions audit my_paper" in out
    assert main(["new", "my_paper"]) == 2
    assert "is there already" in capsys.readouterr().err
