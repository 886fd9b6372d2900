"""``run --device``: what TensorFlow may see of this machine's GPUs."""

import os

import pytest

from reproductions.__main__ import main

RUN = ("run", "pragadaraju_digits", "--model", "RNN + Textual Representation", "--plan")


@pytest.mark.parametrize(("asked", "seen"), [("cpu", "-1"), ("1", "1")])
def test_a_device_is_what_the_run_and_its_workers_see(asked, seen, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_CACHE", str(tmp_path))
    assert main([*RUN, "--device", asked]) == 0
    assert os.environ["CUDA_VISIBLE_DEVICES"] == seen


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--device", "gpu"), "expected cpu, or the number"),
        (("--device", "0", "--cluster", "a:1"), "leave it out with"),
    ],
)
def test_what_is_no_device_of_this_machine_is_refused(options, words, monkeypatch, capsys):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    try:
        assert main([*RUN, *options]) == 2
    except SystemExit as ended:
        assert ended.code == 2
    assert words in capsys.readouterr().err
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "0"
