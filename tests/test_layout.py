"""The shape of the tree: which way imports point, what stays light, what no file may contain, what is installed."""

import ast
import functools
import graphlib
import os
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PACKAGES = ("shared", "data_prep", "reproductions", "tests")
LOCAL = {".git", ".venv", "__pycache__", ".pytest_cache", ".ruff_cache", ".ipynb_checkpoints"}
USERS = {ROOT / "cache", ROOT / "data"}
TEXT = {".py", ".toml", ".md", ".txt", ".csv", ".json", ".ipynb", "Makefile", "LICENSE", ".gitignore", ".ci/run"}

# `list`, `diff` and `--help` answer in a second or two, so none of this is imported before it is used ...
HEAVY = ("tensorflow", "tensorflow_io", "keras", "librosa", "sklearn", "matplotlib", "joblib")
# ... but by these modules, which are Keras through and through.
MAY_BE_HEAVY = re.compile(r"shared/layers/\w+\.py|shared/training/(fitting|precision|scaling)\.py")

# The packages of `shared`, lowest first: each imports only from itself and from those before it.
ROOMS = ("base", "paper", "metrics", "audio", "layers", "training", "runs", "results", "audit", "report")

# The character classes keep the patterns from finding themselves in this file.
FORBIDDEN = {
    "a path of one machine": re.compile(r"(?<![\w.)}-])/(?:[w]ork|[r]oot|[h]ome|[U]sers)/"),
    "a package index": re.compile(r"pypi[.]org|pythonhosted[.]org|--[e]xtra-index-url|--[i]ndex-url|--[f]ind-links"),
    "where one machine keeps corpora": re.compile(r"[s]hared/data\b"),
}
MAY_NAME = {("where one machine keeps corpora", ".ci/run")}


def project_files() -> list[str]:
    """Every file of the project relative to its root, sorted, without what git ignores."""
    found = []
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in LOCAL and Path(folder, name) not in USERS]
        found += [Path(folder, name).relative_to(ROOT).as_posix() for name in names if name not in LOCAL]
    return sorted(found)


FILES = project_files()
MODULES = [name for name in FILES if name.endswith(".py")]
TEXTS = [name for name in FILES if name in TEXT or Path(name).suffix in TEXT]


def imported(source: str, path: str) -> set[str]:
    """Absolute names of all modules that a file imports, wherever in the file, and of what it imports from them."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            package = path.split("/")[: -node.level] if node.level else []
            base = ".".join([*package, *([node.module] if node.module else [])])
            found |= {base, *(f"{base}.{alias.name}" for alias in node.names)}
    return found


@functools.cache
def imported_by(path: str) -> set[str]:
    """The same of a file of the project."""
    return imported((ROOT / path).read_text("utf-8"), path)


def may_import(path: str, module: str) -> bool:
    """Whether the rule allows it: command line -> reproduction -> data_prep -> shared, and there downwards."""
    here, there = path.split("/"), module.split(".")
    if there[0] not in PACKAGES or here[0] == "tests":
        return True
    if here[0] == "reproductions" and there[0] == "reproductions":
        command_line = len(here) == 2 or here[1] == "commands"
        return command_line or len(there) == 1 or there[1] == here[1]
    if here[0] == there[0] == "shared" and len(here) > 2 and len(there) > 1:
        return ROOMS.index(there[1]) <= ROOMS.index(here[1])
    if here[0] == there[0] == "data_prep" and len(here) > 2 and len(there) > 1:
        return (here[1], there[1]) != ("common", "corpora")
    allowed = {"shared": {"shared"}, "data_prep": {"data_prep", "shared"}, "reproductions": {"data_prep", "shared"}}
    return there[0] in allowed[here[0]]


def test_imports_point_one_way():
    wrong = []
    for path in MODULES:
        wrong += [f"{path} may not import {name}" for name in sorted(imported_by(path)) if not may_import(path, name)]
    assert not wrong, "; ".join(wrong)


def name_of(path: str) -> str:
    """What a module is imported as."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def test_what_is_imported_is_there():
    """Of this project, also by what no test imports, such as a benchmark."""
    known, missing = set(map(name_of, MODULES)), []
    for path in MODULES:
        ours = (name for name in imported_by(path) if name.partition(".")[0] in PACKAGES)
        lost = (n for n in ours if not {n, n.rpartition(".")[0]} & known and not (ROOT / n.replace(".", "/")).is_dir())
        missing += [f"{path} imports {name}" for name in sorted(lost)]
    assert not missing, "; ".join(missing)


def test_no_imports_in_a_circle():
    """Wherever in a file the imports stand, those for type checkers too."""
    known = set(map(name_of, MODULES))
    graph = {}
    for path in MODULES:
        name = name_of(path)
        found = (imported_by(path) & known) - {name}
        # `from a import b` of a module b says nothing of the package a
        graph[name] = {one for one in found if not any(other.startswith(f"{one}.") for other in found)}
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        pytest.fail(f"imports in a circle: {' <- '.join(error.args[1])}")


@pytest.mark.parametrize(
    ("path", "line", "allowed"),
    [
        ("shared/base/a.py", "import numpy", True),
        ("shared/base/a.py", "from shared.base.b import c", True),
        ("shared/report/site/a.py", "from shared.base.b import c", True),
        ("shared/base/a.py", "from shared.paper import c", False),
        ("shared/results/a.py", "def f():\n    from shared.report import tables", False),
        ("shared/base/a.py", "import data_prep.corpora.vntm", False),
        ("shared/base/a.py", "def f():\n    from data_prep.corpora import vntm", False),
        ("data_prep/common/a.py", "from shared.base import files", True),
        ("data_prep/common/a.py", "from data_prep.corpora import vntm", False),
        ("data_prep/corpora/a.py", "from data_prep.common import folders", True),
        ("data_prep/a.py", "from .corpus import check", True),
        ("data_prep/a.py", "import reproductions", False),
        ("data_prep/a.py", "from ..reproductions import one", False),
        ("reproductions/one/train.py", "from reproductions.one.model import build", True),
        ("reproductions/one/train.py", "from .model import build", True),
        ("reproductions/one/train.py", "from reproductions import one", True),
        ("reproductions/one/train.py", "from reproductions import two", False),
        ("reproductions/one/train.py", "import reproductions.two.model", False),
        ("reproductions/one/train.py", "from ..two.model import build", False),
        ("reproductions/__main__.py", "from reproductions.one import train", True),
        ("reproductions/commands/run.py", "from reproductions.one import train", True),
        ("reproductions/one/train.py", "from reproductions.commands import run", False),
        ("reproductions/__main__.py", "import tests.bench", False),
    ],
)
def test_the_rule_itself(path, line, allowed):
    assert all(may_import(path, name) for name in imported(line, path)) is allowed


def test_what_answers_fast_imports_nothing_heavy():
    """Import every light module in one fresh interpreter, and see after each what came with it."""
    light = [
        path for path in MODULES if path.startswith(("shared/", "data_prep/")) and not MAY_BE_HEAVY.fullmatch(path)
    ]
    light += [path for path in MODULES if re.fullmatch(r"reproductions/(commands/)?\w+\.py", path)]
    names = [name_of(path) for path in light]
    script = (
        "import importlib, sys\n"
        f"for name in {names}:\n"
        "    importlib.import_module(name)\n"
        f"    heavy = [package for package in {HEAVY} if package in sys.modules]\n"
        "    if heavy: sys.exit(f'{name} imports {heavy}')\n"
    )
    result = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr.strip().splitlines()[-1]


def test_text_is_utf8_with_unix_line_ends():
    odd = {path: words for path in TEXTS if (words := oddity((ROOT / path).read_bytes()))}
    assert not odd, "; ".join(f"{path}: {words}" for path, words in odd.items())


def oddity(content: bytes) -> str:
    """What a text file should not have, in words."""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        return f"not UTF-8 ({error})"
    if b"\r" in content:
        return "a carriage return"
    return "" if not content or content.endswith(b"\n") else "no line end at its end"


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"a\n", ""), (b"", ""), (b"\xe9\n", "not UTF-8"), (b"a\r\n", "a carriage return"), (b"a", "no line end")],
)
def test_what_a_text_file_should_not_have(content, words):
    assert oddity(content).startswith(words) is True
    assert bool(oddity(content)) is bool(words)


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_names(what):
    found = []
    for path in TEXTS:
        text = (ROOT / path).read_text("utf-8")
        for match in FORBIDDEN[what].finditer(text):
            if (what, path) not in MAY_NAME:
                found.append(f"{path}:{text.count(chr(10), 0, match.start()) + 1}: {match[0]}")
    assert not found, f"{what}: " + "; ".join(found)


@pytest.mark.parametrize(
    ("what", "text", "found"),
    [
        ("a path of one machine", "open('/{}/main/a.txt')".format("home"), True),
        ("a path of one machine", "https://example.org/{}/a".format("home"), False),
        ("a package index", "pip install --{}-url x".format("index"), True),
        ("where one machine keeps corpora", "../{}/data/fsdd".format("shared"), True),
        ("where one machine keeps corpora", "shared/{}".format("database.py"), False),
    ],
)
def test_the_patterns_themselves(what, text, found):
    assert bool(FORBIDDEN[what].search(text)) is found


def requirements() -> dict[str, str]:
    """Versions by name, of all files."""
    files = (ROOT / f"requirements{part}.txt" for part in ("-cluster", "-demo", "-gpu", ""))
    lines = (re.split("[#;]", line)[0].strip() for file in files for line in file.read_text("utf-8").splitlines())
    pinned = sorted({tuple(line.split("==")) for line in lines if line})
    assert len(pinned) == len(dict(pinned)), "a package that two files have has one version in both"
    return dict(pinned)


def test_requirements_are_exact_versions():
    assert all(re.fullmatch(r"[\w.-]+", name) for name in requirements())
    assert all(re.fullmatch(r"\d[\w.]*", version) for version in requirements().values())


def test_requirements_are_complete():
    """Whatever an installed requirement needs here is a requirement too, at a version that it accepts."""
    pinned = {canonicalize_name(name): version for name, version in requirements().items()}
    missing = []
    for name in pinned:
        try:
            needs = metadata.requires(name) or []
        except metadata.PackageNotFoundError:  # a machine may do without, as one with a GPU and JAX does
            continue
        for need in map(Requirement, needs):
            if need.marker is not None and not need.marker.evaluate({"extra": ""}):
                continue
            version = pinned.get(canonicalize_name(need.name))
            if version is None or version not in need.specifier:
                missing.append(f"{name} needs {need}, pinned is {version}")
    assert not missing, "; ".join(missing)
