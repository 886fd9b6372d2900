"""CONTRIBUTING.md, walked: its commands are run in a copy of the project, and print what it says."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from shared.base.files import CACHE_VARIABLE
from shared.base.places import RESULTS_VARIABLE

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NOT_COPIED = shutil.ignore_patterns(".*", "__pycache__", "cache", "data")
SECONDS = 600  # a walk takes half a minute of processor time; a test machine may be busy

# All commands in one process, since TensorFlow takes long to import. The clips of the corpus are hiss here: making the
# music would take longer than everything else.
WALKER = """
import contextlib, io, json, shlex, subprocess, sys
import joblib, numpy, pytest
from data_prep.corpora.synthetic import synthesis
from data_prep.__main__ import main as data_prep
from reproductions.__main__ import main as reproductions

def hiss(label, song, number):
    generator = numpy.random.default_rng([ord(label[0]), number])
    return numpy.resize(generator.integers(-9000, 9000, 22050), synthesis.N_SAMPLES)

synthesis.clip = hiss
walk, walked = {"reproductions": reproductions, "data_prep": data_prep, "pytest": pytest.main}, []
for command in json.load(sys.stdin):
    python, option, module, *arguments = shlex.split(command)
    assert (python, option) == ("python", "-m"), f"{command}: only python -m … can be walked"
    with contextlib.redirect_stdout(io.StringIO()) as out, joblib.parallel_config("threading"):
        if module in walk:
            status = walk[module](arguments)
        else:
            done = subprocess.run([sys.executable, "-m", module, *arguments], capture_output=True, text=True)
            status = done.returncode
            print(done.stdout + done.stderr)
    walked.append({"command": command, "status": int(status), "out": out.getvalue()})
    print(f"{command}: {int(status)}", file=sys.stderr)
    if status:
        break
json.dump(walked, sys.stdout)
"""


def blocks() -> list[tuple[str, str]]:
    """Language and text of each block of code."""
    return BLOCK.findall(GUIDE)


def steps() -> list[tuple[list[str], str]]:
    """The commands of each bash block, with the text block after it."""
    found = [block for block in blocks() if block[0] in ("bash", "text")]
    assert [language for language, _ in found] == ["bash", "text"] * (len(found) // 2)
    return [(bash.splitlines(), text) for (_, bash), (_, text) in zip(found[::2], found[1::2], strict=True)]


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A copy of the project without anybody's corpora and cache."""
    root = tmp_path_factory.mktemp("contributing") / "project"
    shutil.copytree(ROOT, root, ignore=NOT_COPIED)
    return root


@pytest.fixture(scope="module")
def walked(copy):
    """What each command of the guide printed, by command."""
    commands = [command for of_step, _ in steps() for command in of_step]
    environment = {k: v for k, v in os.environ.items() if k not in (CACHE_VARIABLE, RESULTS_VARIABLE)}
    environment["AUDIO_REPRODUCTIONS_DATA"] = str(copy / "data")
    result = subprocess.run(
        [sys.executable, "-c", WALKER],
        input=json.dumps(commands),
        cwd=copy,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert result.returncode == 0, result.stderr[-3000:]
    done = json.loads(result.stdout)
    assert done[-1]["status"] == 0, f"{done[-1]['command']}: {done[-1]['out'][-3000:]}{result.stderr[-3000:]}"
    assert [step["command"] for step in done] == commands
    return {step["command"]: step["out"] for step in done}


def missing(text: str, out: str) -> list[str]:
    """The parts of a text block, between its ellipses, that are not in the output, in this order."""
    lost, at = [], 0
    for part in (part.strip() for line in text.splitlines() for part in line.split("…")):
        found = out.find(part, at)
        if found < 0:
            lost.append(part)
        at = max(found, at)
    return lost


def test_every_command_succeeds_and_prints_what_the_guide_says(walked):
    assert len(walked) == 11
    for commands, text in steps():
        out = "\n".join(walked[command] for command in commands)
        assert not missing(text, out), f"{commands} printed:\n{out}"


def test_the_walk_leaves_a_paper(walked, copy):
    made = copy / "reproductions/my_paper"
    assert {"paper.toml", "model.py", "train.py", "predict.py", "README.md"} <= {file.name for file in made.iterdir()}
    readme = (made / "README.md").read_text(encoding="utf-8")
    assert "# `my_paper`: Sounds told apart" in readme
    assert "| Small CNN, votes | published | 0.85 |" in readme, "its blocks are filled"
    assert "| [my_paper](reproductions/my_paper/README.md) | " in (copy / "README.md").read_text(encoding="utf-8")
    assert (copy / "results/report/my_paper.html").exists()
    assert (copy / "results/my_paper/table_1_paper.md").exists()
    assert not (copy / "results/my_paper/units").exists(), "synthetic results stay in the cache"
    assert (copy / "cache/results/my_paper/table_1_paper.md").exists()
    assert (copy / "cache/results/my_paper/confusion_small-cnn_paper.png").exists()


def test_what_the_guide_shows_of_paper_toml_is_what_a_new_paper_has():
    template = (ROOT / "reproductions/_template/paper.toml").read_text(encoding="utf-8")
    shown = [text for language, text in blocks() if language == "toml"]
    assert len(shown) == 5
    assert all(text in template for text in shown)


def test_what_the_guide_names_is_there():
    names = re.findall(r"`((?:reproductions|tests|data_prep|shared)/[\w./]+)`", GUIDE)
    assert names
    assert not [name for name in names if "my_paper" not in name and not (ROOT / name).exists()]
    assert "(CONTRIBUTING.md)" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "lost"),
    [("a…c\nd\n", []), ("…\nc\n…\n", []), ("c\na\n", ["a"]), ("a b d\n", ["a b d"])],
)
def test_the_comparison_itself(text, lost):
    assert missing(text, "a b c\nd") == lost
