"""Which of several trainings a prediction takes."""

import json

from shared.paper import load_paper
from shared.trained import trained_units

RECORD = {"model": "Model 1", "variant": "paper", "protocol": "published", "fold": 0, "seed": 0, "precision": "float32"}
RECORD |= {"corpus": "vntm", "fingerprint": "0" * 16, "status": "complete", "epochs": 50}
RECORD |= {"seconds": 1.0, "commit": "b", "device": "c"}
IN_ORDER = [
    {},
    {"seed": 1},
    {"variant": "authors-notebook"},
    {"status": "partial"},
    {"protocol": "grouped"},
    {"corpus": "synthetic"},
]


def test_the_preferred_comes_first_and_what_has_no_weights_is_left_out(tmp_path, monkeypatch):
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_CACHE", str(tmp_path))
    for number, change in enumerate([*reversed(IN_ORDER), {"seed": 2}]):
        folder = tmp_path / "runs" / "lam_ensemble" / f"unit-{number}"
        folder.mkdir(parents=True)
        (folder / "record.json").write_text(json.dumps(RECORD | change | {"key": folder.name}))
        if change != {"seed": 2}:
            (folder / "network.weights.h5").write_bytes(b"")
    found = [record for record, _ in trained_units(load_paper("lam_ensemble"))]
    assert [{name: record[name] for name in RECORD} for record in found] == [RECORD | change for change in IN_ORDER]
