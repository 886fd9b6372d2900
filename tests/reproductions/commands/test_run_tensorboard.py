"""``run --tensorboard``: what TensorBoard reads is what the training kept."""

import json

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.util.tensor_util import make_ndarray

from reproductions.__main__ import main
from shared.base.places import RESULTS_VARIABLE, TENSORBOARD_VARIABLE

RUN = ("run", "pragadaraju_digits", "--model", "RNN + Textual Representation")


@pytest.fixture(autouse=True)
def own_folders(monkeypatch, tmp_path):
    monkeypatch.setenv(TENSORBOARD_VARIABLE, "")  # so that what the command sets is gone afterwards
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv(RESULTS_VARIABLE, str(tmp_path / "results"))


def read(folder) -> dict[str, list[tuple[int, float]]]:
    """Name to step and value of everything that TensorBoard finds in a folder."""
    events = EventAccumulator(str(folder)).Reload()
    found = {name: events.Tensors(name) for name in events.Tags()["tensors"]}
    return {name: [(event.step, float(make_ndarray(event.tensor_proto))) for event in of] for name, of in found.items()}


def test_the_epochs_of_a_run_with_it_are_in_its_event_file(tmp_path, capsys):
    runs = tmp_path / "cache/runs/pragadaraju_digits"
    assert main([*RUN, "--no-report", "--epochs", "1"]) == 0
    assert not list(runs.rglob("tensorboard"))
    assert main([*RUN, "--no-report", "--epochs", "3", "--tensorboard"]) == 0
    assert f"tensorboard.main --logdir {runs}" in capsys.readouterr().out
    (unit,) = (path.parent for path in runs.glob("*/state.json"))
    rows = json.loads((unit / "state.json").read_text())["rows"]
    curves = read(unit / "tensorboard/train")
    assert curves["epoch_learning_rate"] == [(1, pytest.approx(1e-3)), (2, pytest.approx(1e-3))]
    for name in rows[0].keys() - {"epoch"}:
        assert curves[f"epoch_{name}"] == [(i, pytest.approx(rows[i][name])) for i in (1, 2)]
    assert "tensorboard" not in (tmp_path / "results/pragadaraju_digits/units" / unit.name / "record.json").read_text()


def test_the_machines_of_a_cluster_write_on_their_own(capsys):
    assert main([*RUN, "--tensorboard", "--cluster", "a:1"]) == 2
    assert "leave it out with --cluster" in capsys.readouterr().err
