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


def test_what_is_no_device_is_refused(capsys):
    with pytest.raises(SystemExit):
        main([*RUN, "--device", "gpu"])
    assert "expected cpu, or the number" in capsys.readouterr().err


def test_the_machines_of_a_cluster_have_devices_of_their_own(monkeypatch, capsys):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    assert main([*RUN, "--device", "1", "--cluster", "a:1"]) == 2
    assert "leave it out with --cluster" in capsys.readouterr().err
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "0"
