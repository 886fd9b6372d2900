"""Completion by the shell itself: a TAB in bash and in zsh, and the names that each argument offers."""

import os
import shutil
import sys
from pathlib import Path

import pexpect
import pytest

import data_prep
from reproductions.__main__ import COMMANDS
from reproductions.commands.lessons import lesson_names
from shared.paper.loading import list_papers, load_paper

ROOT = Path(__file__).resolve().parents[3]
PATIENCE = 60  # seconds for one TAB: the machine may be busy
SHELLS = {  # options of a shell without its user's own settings, and what must be there before its first TAB
    "bash": (["--norc", "--noprofile", "-i"], ""),
    "zsh": (["-f", "-i"], "autoload -Uz compinit; compinit -u -D; "),
}
ASK = """
eval "$(activate-global-python-argcomplete --dest=-)"
COMP_LINE=$1 COMP_POINT=${#1} COMP_TYPE=9
eval "COMP_WORDS=($1)"
[[ $1 == *' ' ]] && COMP_WORDS+=("")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_python_argcomplete_global python "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}" 2>/dev/null
printf '%s\\n' "${COMPREPLY[@]}"
"""


def environment() -> dict[str, str]:
    """As where the environment of this Python is activated."""
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    return {**os.environ, "PATH": path, "TERM": "dumb", "PS1": "$ "}


@pytest.fixture(scope="module")
def offered(tmp_path_factory):
    """What bash offers at the end of a line, after its completion function is called as a TAB calls it."""
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("no bash here")
    script = tmp_path_factory.mktemp("bash") / "ask.sh"
    script.write_text(ASK)

    def ask(line: str) -> list[str]:
        said = pexpect.run(
            f"{bash} --norc {script} '{line}'", cwd=ROOT, env=environment(), timeout=PATIENCE, encoding="utf-8"
        )
        return said.split("\r\n")[:-1]

    return ask


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", lambda: [command.__name__.rpartition(".")[2] for command in COMMANDS]),
        ("run ", list_papers),
        ("diff lam_ensemble --variant paper,", lambda: [f"paper,{v}" for v in load_paper("lam_ensemble").variants]),
        ("run lam_ensemble --model ", lambda: [name.replace(" ", r"\ ") for name in load_paper("lam_ensemble").models]),
        ("run verma_genres --set ", lambda: [f"{name}=" for name in load_paper("verma_genres").settings]),
        ("run verma_genres --mode ", lambda: ["1", "2", "3"]),
        ("run verma_genres --corpus ", lambda: data_prep.CORPORA),
        ("audit --corpus vntm --protocol ", lambda: data_prep.corpus("vntm").N_FOLDS),
        ("lessons ", lesson_names),
        ("run lam_ensemble --tens", lambda: ["--tensorboard"]),
        ("predict lam_ensemble READ", lambda: ["README.md"]),
    ],
)
def test_what_bash_offers(offered, line, expected):
    there = offered(f"python -m reproductions {line}")
    assert set(expected()) <= set(there)
    assert all(name.startswith(line.rpartition(" ")[2]) for name in there)
    assert not {name for name in set(there) - set(expected()) if not name.startswith(("-", "paper,all"))}


def test_corpora_are_completed_too(offered):
    assert set(offered("python -m data_prep check fsdk")) == {"fsdkaggle2018", "fsdkaggle2018-subset"}


@pytest.mark.parametrize("shell", SHELLS)
def test_a_tab_completes_the_line(shell):
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell} here")
    options, before = SHELLS[shell]
    session = pexpect.spawn(shell, options, cwd=ROOT, env=environment(), timeout=PATIENCE, encoding="utf-8")
    session.sendline(f'{before}eval "$(activate-global-python-argcomplete --dest=-)"; echo re""ady')
    session.expect_exact("ready")
    session.send("python -m reproductions run lam\t")
    session.expect_exact("lam_ensemble")
    session.send("--var\t")
    session.expect_exact("--variant")
    session.close(force=True)
