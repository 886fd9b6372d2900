"""The benchmark runner: discovery, the table, unknown names."""

import importlib.util
import re
from pathlib import Path

import pytest


@pytest.fixture
def runner(tmp_path, monkeypatch):
    spec = importlib.util.spec_from_file_location("bench_runner", Path(__file__).with_name("__main__.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "HERE", tmp_path)
    row = "{'what': 'clips a second', 'ours': %s, 'reference': %s, 'ratio': %s, 'unit': 'clips/s'}"
    for name, values in {"b": (1234.5, 100, 12.345), "a": (0.01234, None, None)}.items():
        (tmp_path / f"bench_{name}.py").write_text(f"def run():\n    return [{row % values}]\n")
    (tmp_path / "helper.py").write_text("raise AssertionError('not a benchmark')\n")
    return module


def test_all_are_found_and_sorted(runner, capsys):
    assert runner.main([]) == 0
    out, err = capsys.readouterr()
    assert re.match(r"Measured on .+, \d+ cores, bfloat16 .+, Python 3\.\d+\.\d+\.\n\n", out)
    assert out.splitlines()[2:] == [
        "| what | ours | reference | unit | ratio |",
        "| --- | ---: | ---: | --- | ---: |",
        "| clips a second | 0.0123 | – | clips/s | – |",
        "| clips a second | 1,234 | 100 | clips/s | 12.3 |",
    ]
    assert err == "measuring a ...\nmeasuring b ...\n"


def test_names_select(runner, capsys):
    runner.main(["b"])
    assert capsys.readouterr().err == "measuring b ...\n"


def test_unknown_name(runner, capsys):
    with pytest.raises(SystemExit, match="2"):
        runner.main(["c"])
    assert "unknown benchmark c; known: a, b" in capsys.readouterr().err
