"""What `run` merges: units that do not count are named, and stop none of the others."""

from types import SimpleNamespace

from reproductions.commands.run import merge_done

RIGHT = {"validation": 300, "test": 200}


def test_a_unit_that_cannot_be_scored_stops_no_other(lam, write_unit, tmp_path, monkeypatch):
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_RESULTS", str(tmp_path / "results"))
    (tmp_path / "cache/runs").mkdir(parents=True)
    for model in ("Model 1", "Model 2", "Model 3"):
        folder = write_unit(model, RIGHT)
    runs = (folder / "units").rename(tmp_path / "cache/runs/lam_ensemble")
    unit = SimpleNamespace(corpus="vntm", variant="paper")
    tasks = [
        SimpleNamespace(work="train", folder=path, key=path.name, asked=True, unit=unit)
        for path in sorted(runs.iterdir())
    ]
    bad, broken = tasks[0].folder / "predictions.csv", tasks[1].folder / "record.json"
    bad.write_text(bad.read_text().replace("0.9", "nan", 1))
    broken.write_text("{")
    lines, refused = merge_done(lam, tasks, {task.key for task in tasks})
    assert [line.partition(",")[0] for line in lines] == [f"just done: {tasks[2].key}"]
    assert refused.startswith(f"error: {tasks[0].key} is not merged: ")
    assert f"{tasks[1].key} is not merged: " in refused
    assert [path.name for path in (tmp_path / "results/lam_ensemble/units").iterdir()] == [tasks[2].key]
