"""What trained networks say of files: one that cannot be read does not silence the others."""

import json

import numpy as np
import pytest

from shared.base.own_files import FileError
from shared.paper.loading import load_paper
from shared.runs import inference

PAPER = load_paper("lam_ensemble")


@pytest.fixture
def trained(tmp_path, monkeypatch):
    record = {"status": "complete", "epochs": 1, "corpus": "vntm", "protocol": "published", "fold": 0, "seed": 0}
    record |= {"variant": "paper", "precision": "float32"}
    units = {name: (record | {"model": name}, tmp_path / name) for name in ("Model 1", "Model 2")}
    monkeypatch.setattr(inference, "preferred", lambda paper, hint: units)


def answers(record, folder, signals):
    if record["model"] == "Model 1":
        raise FileError(f"{folder}/network.weights.h5: damaged")
    return [inference.answer_of(np.array([0.1, 0.9]), ["a", "b"]) for _ in signals]


@pytest.mark.parametrize("as_json", [False, True])
def test_a_damaged_network_is_named_and_the_others_answer(trained, capsys, as_json):
    status = inference.classify(PAPER, ["x"], as_json, signal_of=np.zeros_like, answers_of=answers, hint="")
    said = capsys.readouterr()
    assert status == 1
    assert "error: Model 1: " in said.err
    assert "network.weights.h5: damaged" in said.err
    if as_json:
        (file,) = json.loads(said.out)["files"]
        assert {name: given["class"] for name, given in file["models"].items()} == {"Model 2": "b"}
    else:
        assert said.out.endswith("\nx\n  Model 2  b   0.90\n")
