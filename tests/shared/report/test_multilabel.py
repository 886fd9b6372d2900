"""What several labels a clip are worth, written and rendered from kept predictions."""

import csv
import json

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score

from shared.paper.loading import load_paper
from shared.report import multilabel
from shared.report.files import write_outputs
from shared.report.readme import paper_blocks
from shared.results.diff import diff_paper
from shared.runs import units
from shared.runs.predictions import read_predictions, write_predictions

CLASSES = ("Jazz", "Pop, Soft", "Rock")


@pytest.fixture
def folder(tmp_path):
    """A network's two runs and a constant predictor on a stand-in's twelve validation samples."""
    generator = np.random.default_rng(0)
    true = generator.random((12, 3)) < 0.5
    true[:3] = np.eye(3)
    true[:, 0] |= ~true.any(axis=1)
    label = ["|".join(np.array(CLASSES)[row]) for row in true]
    clips = pd.DataFrame({"split": "validation", "clip": [f"t.{i:02d}" for i in range(12)], "label": label})
    for model, seed in (("CNN", 0), ("CNN", 1), ("Constant predictor", 0)):
        constant = model != "CNN"
        prob = (
            np.tile(true.mean(axis=0), (12, 1)) if constant else np.clip(true * 0.3 + generator.random((12, 3)), 0, 1)
        )
        unit = tmp_path / "units" / f"{units.slug(model)}-{seed}"
        write_predictions(unit, CLASSES, clips, prob)
        record = {"key": unit.name, "model": model, "variant": "paper", "protocol": "published", "fold": 0}
        record |= {"seed": seed, "precision": "float32", "corpus": "mixtures", "fingerprint": "0" * 16, "epochs": 1}
        record |= {"paper": "pascuo_multilabel", "status": "complete", "commit": "abc", "device": "a", "backend": "b"}
        record |= {"seconds": 1.0, "settings": {}, "classes": list(CLASSES)} | ({} if constant else THRESHOLDS)
        (unit / "record.json").write_text(json.dumps(record), encoding="utf-8")
    return tmp_path


THRESHOLDS = {"thresholds": [0.2, 0.3, 0.4]}


def table(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_everything_is_written_and_is_of_the_predictions(folder):
    paper = load_paper("pascuo_multilabel")
    write_outputs(paper, folder)
    rows = table(folder / "labels_paper_mixtures.csv")
    assert [(row["model"], row["seed"]) for row in rows] == [("CNN", "0"), ("CNN", "1"), ("Constant predictor", "0")]
    found = read_predictions(folder / "units" / "cnn-1")
    expected = average_precision_score(found.y_true, found.y_prob, average=None)
    assert float(rows[1]["map"]) == pytest.approx(expected.mean(), abs=1e-6)
    genres = [row for row in table(folder / "genres_paper_mixtures.csv") if (row["model"], row["seed"]) == ("CNN", "1")]
    assert [float(row["average_precision"]) for row in genres] == pytest.approx(expected, abs=1e-6)
    assert [row["label"] for row in genres] == list(CLASSES)
    assert [float(row["threshold"]) for row in genres] == THRESHOLDS["thresholds"]
    assert len(table(folder / "thresholds_paper_mixtures.csv")) == 3 * 10
    assert (folder / "labels_paper_mixtures.png").read_bytes().startswith(b"\x89PNG")


def test_the_tables_have_the_published_scores_and_the_mean_over_the_runs(folder):
    paper = load_paper("pascuo_multilabel")
    write_outputs(paper, folder)
    diff = diff_paper(paper, folder, corpus="mixtures")
    means = multilabel.means(multilabel.summaries(multilabel.answers_of(diff, diff.sections[0])))
    lines = multilabel.render_labels(diff).splitlines()
    assert lines[4].split() == ["published", "0.21", "0.93"]
    assert lines[5].split()[:3] == ["CNN", f"{means['CNN']['loss']:.4f}", f"{means['CNN']['binary_accuracy']:.4f}"]
    assert lines[6].startswith("Constant predictor")
    markdown = multilabel.labels_markdown(diff)
    assert markdown.splitlines()[2].startswith("| mixtures | `paper` | published | CNN | ")


def test_the_blocks_of_a_readme(folder):
    paper = load_paper("pascuo_multilabel")
    write_outputs(paper, folder)
    diff = diff_paper(paper, folder)
    blocks = paper_blocks(diff)
    assert blocks["labels"]() == multilabel.labels_markdown(diff)
    assert "always answering none of them has binary accuracy 0.93845" in blocks["constant"]()


def test_nothing_is_written_for_one_label_a_clip_or_without_runs(tmp_path):
    for name in ("verma_genres", "pascuo_multilabel"):
        paper = load_paper(name)
        diff = diff_paper(paper, tmp_path)
        assert multilabel.write_labels(diff, None) == []
    assert multilabel.labels_markdown(diff) == "Not run yet."
    assert multilabel.render_labels(diff) == ""
