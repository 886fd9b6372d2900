"""Text for people and text for programs, on a terminal that knows ASCII only."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[3]


def run(script: str, encoding: str) -> bytes:
    result = subprocess.run(
        [sys.executable, "-c", script], cwd=PROJECT, env={"PYTHONIOENCODING": encoding}, capture_output=True, check=True
    )
    return result.stdout


SHOWN = {"ascii": rb"a \xb7 \udce9", "latin-1": b"a \xb7 \\udce9", "utf-8": b"a \xc2\xb7 \\udce9"}


@pytest.mark.parametrize("encoding", SHOWN)
def test_what_the_terminal_lacks_is_written_in_ascii(encoding):
    script = "from shared.base.terminal import prepare; prepare(); print('a \\xb7 \\udce9')"
    assert run(script, encoding) == SHOWN[encoding] + b"\n"


def test_json_and_csv_are_utf8_on_every_terminal(tmp_path):
    (tmp_path / "é.csv").write_text("path,label,split,x\na,é,train,1\nb,ü,test,2\nc,é,test,3\n", encoding="utf-8")
    call = ["audit", "--features", str(tmp_path / "é.csv"), "--json"]
    printed = run(f"from reproductions.__main__ import main; main({call})", "ascii")
    assert json.loads(printed.decode("utf-8"))["split"] == "é.csv"
    printed = run(f"from reproductions.__main__ import main; main({call[:-1]})", "ascii")
    assert rb"split of \xe9.csv" in printed
