"""Every number in the sentences of README.md and notes.md: from the results, the published tables or the settings."""

import itertools
import re

import numpy as np
import pandas as pd
import pytest

from data_prep.corpora import vntm
from reproductions.lam_ensemble.train import PROBE
from shared.metrics import scores
from shared.paper.loading import load_paper
from shared.results.store import results_folder
from shared.runs.predictions import read_predictions
from shared.runs.units import unit_folders
from tests.reproductions.lam_ensemble.test_images import EQUAL, GREY_LEVELS
from tests.reproductions.texts import written

PAPER = load_paper("lam_ensemble")
README = " ".join(re.sub(r"<!-- begin:.*?<!-- end:", "", written(PAPER), flags=re.DOTALL).split())
SPLITS = PAPER.corpus.n
SEEDS = (0, 1, 2)


@pytest.fixture(scope="module")
def units():
    """(model, protocol, fold, seed, precision) to the predictions of variant authors-notebook and of the probe."""
    return units_of("authors-notebook", "probe")


def units_of(*variants: str, read=read_predictions) -> dict:
    """(model, protocol, fold, seed, precision) to what `read` finds in the folders of some variants' units."""
    names = ("model", "protocol", "fold", "seed", "precision")
    return {
        tuple(record[name] for name in names): read(folder)
        for record, folder in unit_folders(results_folder("lam_ensemble") / "units")
        if record["variant"] in variants and record["fingerprint"] == PAPER.corpus.fingerprint
    }


def percent(share: float) -> str:
    return f"{100 * share:.1f}"


def published(table: str, model: str) -> float:
    """The share of the clips of validation and test that a published table has right."""
    splits = ("validation", "test")
    right = sum(PAPER.cell(table, model, split, "accuracy").value * SPLITS[split] for split in splits)
    return round(right) / sum(SPLITS[split] for split in splits)


def test_both_tables_beside_our_unaugmented_networks(units):
    said = []
    for model in PAPER.models:
        runs = [units[model, "published", 0, seed, "bfloat16"] for seed in SEEDS]
        ours = np.mean([scores.accuracy(run.y_true, run.y_prob) for run in runs])
        assert all(len(run.clips) == SPLITS["validation"] + SPLITS["test"] == 625 for run in runs)
        tables = ("Repository README",) if model == "Model 2" else ("Repository README", "IV")
        said += [percent(ours), *(percent(published(table, model)) for table in tables)]
    assert (
        "Over the 625 clips of validation and test, Model 1 has {} % right where that table has {} and Table IV {}, "
        "Model 2 has {} % where the former has {}, Model 3 has {} % where they have {} and {} (means of three seeds)."
    ).format(*said) in README


def test_trained_as_the_report_says_the_seed_decides(units):
    def on_test(runs, model):
        there = [runs[model, "published", 0, seed, "bfloat16"].on("test") for seed in SEEDS]
        return [scores.accuracy(run.y_true, run.y_prob) for run in there]

    paper = units_of("paper")
    fitted = units_of("paper", read=lambda folder: pd.read_csv(folder / "history.csv")["accuracy"].iloc[-1])
    ours = on_test(paper, "Model 3")
    printed = {model: PAPER.cell("IV", model, "test", "accuracy").value for model in PAPER.models}
    rows = pd.read_csv(results_folder("lam_ensemble") / "diff.csv")
    row = rows.query("variant == 'paper' and model == 'Model 3' and split == 'test' and metric == 'accuracy'").iloc[0]
    assert row["verdict"] == "consistent"
    half = (row["high"] - row["low"]) / 2
    for words in (
        "three trainings have {}, {} and {} % of the test clips right, where Table IV has {}.".format(
            *map(percent, ours), percent(printed["Model 3"])
        ),
        "At epoch 50 they had {}, {} and {} % of the augmented training clips right.".format(
            *(percent(fitted["Model 3", "published", 0, seed, "bfloat16"]) for seed in SEEDS)
        ),
        "three seeds have {}, {} and {} % of the test clips.".format(*map(percent, on_test(units, "Model 3"))),
        f"the interval from seeds this far apart is ± {100 * half:.0f} points",
    ):
        assert words in README, words
    words = "Model 1 has {}, {} and {} % where Table IV has {}."
    assert words.format(*map(percent, on_test(paper, "Model 1")), percent(printed["Model 1"])) in README
    second = [run.on("validation") for (model, *_), run in sorted(paper.items()) if model == "Model 2"]
    found = [percent(scores.accuracy(run.y_true, run.y_prob)) for run in second]
    words = "Model 2 has {}, {} and {} % of the validation clips right where Table IV has {};"
    there = PAPER.cell("IV", "Model 2", "validation", "accuracy").value
    assert words.format(*found, percent(there)) in README


def test_the_cells_that_are_the_other_tables():
    row = [cell for cell in PAPER.table("IV").rows[1].cells if cell.split == "test"]
    assert f"Model 2's test row ({', '.join(cell.printed for cell in row)}) is Model 1" in README
    recall, accuracy = (PAPER.cell("IV", "Model 2", "validation", metric).printed for metric in ("recall", "accuracy"))
    assert recall == PAPER.cell("Repository README", "Model 2", "validation", "recall").printed
    assert f"impossible ({recall}, above its accuracy of {accuracy})" in README


def test_precision_moves_a_run_as_another_seed_does(units):
    differing = {"test": [], "validation": []}
    for split, numbers in differing.items():
        answers = {
            run: units["Model 3", "published", 0, *run].on(split).y_prob.argmax(axis=1)
            for run in (*((seed, "bfloat16") for seed in SEEDS), (0, "float32"))
        }
        numbers.append(int((answers[0, "bfloat16"] != answers[0, "float32"]).sum()))
        pairs = itertools.combinations([answers[seed, "bfloat16"] for seed in SEEDS], 2)
        of_seeds = sorted(int((one != other).sum()) for one, other in pairs)
        numbers += [of_seeds[0], of_seeds[-1]]
    (test, least, most), (validation, low, high) = differing["test"], differing["validation"]
    assert (
        f"it answers {test} of the {SPLITS['test']} test clips and {validation} of the {SPLITS['validation']}" in README
    )
    assert f"differ by {least} to {most} and by {low} to {high} clips" in README


def test_the_probe_and_model_3_without_neighbours(units):
    def accuracy(model, fold, precision, protocol="grouped"):
        on_test = units[model, protocol, fold, 0, precision].on("test")
        return scores.accuracy(on_test.y_true, on_test.y_prob)

    network, probe = accuracy("Model 3", 0, "bfloat16"), [accuracy(PROBE, fold, "float32") for fold in range(10)]
    said = f"Model 3 has {percent(network)} % of the clips of fold 0 right, where the probe has {percent(probe[0])}."
    assert said in README
    assert min(probe) == probe[0]
    assert "Fold 0 is the one on which the probe does worst" in README
    folds = {fold for model, protocol, fold, *_ in units if model != PROBE and protocol == "grouped"}
    assert folds == {0}, "the README says that no more folds are run"
    best = max(cell.value for cell in PAPER.cells() if (cell.split, cell.metric) == ("test", "accuracy"))
    of_networks = [
        scores.accuracy(run.on("test").y_true, run.on("test").y_prob)
        for (model, protocol, *_), run in units.items()
        if (model != PROBE) and protocol == "published"
    ]
    assert accuracy(PROBE, 0, "float32", "published") > max(best, *of_networks)
    assert "the nearest neighbour that has 99 % right" in README
    assert f"{accuracy(PROBE, 0, 'float32', 'published'):.0%}" == "99%"


def test_identical_images_and_narrow_ones():
    clips = vntm.clips()
    split_of = dict(zip(clips["clip"], clips["split"], strict=True))
    pairs = [list(clip) for _, clip in clips.groupby("sha256")["clip"] if len(clip) > 1]
    across = [pair for pair in pairs if {split_of[clip] for clip in pair} == {"train", "validation"}]
    assert (len(pairs), len(across), {len(pair) for pair in pairs}) == (5, 2, {2})
    assert "Five pairs of images are identical to the pixel, two of them across training and validation" in README
    narrow = int((clips["width"] < PAPER.setting("image_width")).sum())
    assert f"Narrower images ({narrow} of {len(clips):,})" in README


def test_the_grouped_protocol():
    sizes = {split: n // len(PAPER.corpus.classes) for split, n in SPLITS.items()}
    assert f"holds out {sizes['test']} neighbouring clip numbers of each genre for the test and the next " in README
    assert f"the next {sizes['validation']} for validation; the other {sizes['train']} train" in README


def test_the_lead_that_the_report_reads_as_the_effect_of_batch_normalisation():
    first, third = (PAPER.cell("IV", model, "test", "accuracy").value for model in ("Model 1", "Model 3"))
    lead = round((third - first) * SPLITS["test"])
    assert f"in Table IV it is {lead} of the {SPLITS['test']} test clips over Model 1" in README


def test_what_the_augmentation_moves():
    settings = PAPER.settings_for()
    height, width = settings["image_height"], settings["image_width"]
    mel = settings["width_shift_range"] * width
    time = settings["height_shift_range"] * height
    assert f"moves the *mel* axis by up to {mel:.1f} of {height} rows" in README
    assert f"moves *time* by up to {time:.1f} of {width} columns" in README


def test_the_features():
    settings = PAPER.settings_for()
    rate = settings["sample_rate_hz"]
    for words in (
        f"resampled to {rate:,} Hz",
        f"a Hann window of {settings['n_fft']:,} samples ({1000 * settings['n_fft'] / rate:.0f} ms) every "
        f"{settings['hop_length']} samples ({1000 * settings['hop_length'] / rate:.0f} ms)",
        f"gives {settings['image_width']:,} frames of a {settings['clip_seconds']:.0f}-s clip",
        f"{settings['n_mels']} mel bands cover {settings['fmin_hz']:.0f} to {settings['fmax_hz']:,.0f} Hz",
        f"cut off {settings['top_db']:.0f} below the clip's own peak",
        f"{settings['image_height']} x {settings['image_width']} x 3 bytes",
    ):
        assert words in README, words


def test_the_images_are_the_published_ones():
    assert f"in more than {100 * EQUAL:.3f} % of the pixels" in README
    words = {2: "two"}
    assert f"nowhere more than {words[GREY_LEVELS]} of 255 grey levels apart" in README
