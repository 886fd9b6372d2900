"""What docs/findings.md says in numbers, computed from the results and from paper.toml."""

import csv
import re
from collections import defaultdict
from pathlib import Path
from statistics import mean

import pytest

from shared.base.places import results_root
from shared.paper import load_paper
from shared.paper.loading import list_papers
from shared.results.exact import exact_rows
from shared.results.readings import rest_of
from shared.results.runs_table import RUNS, read_runs
from tests.committed import committed_diff, right_by_clip

SPELLED = ("no", "one", "two", "three", "four", "five", "six")
TEXT = " ".join(Path(__file__).parents[1].joinpath("docs", "findings.md").read_text(encoding="utf-8").split())


def scores(paper: str, model: str, variant: str, protocol="published", **conditions) -> list[float]:
    """Scores of the finished runs of a model; the test accuracy, where nothing else is said."""
    wanted = {"model": model, "variant": variant, "protocol": protocol, "split": "test", "metric": "accuracy"}
    wanted |= {"status": "complete", **conditions}
    rows = read_runs(results_root() / paper / RUNS)
    found = [float(row["value"]) for row in rows if wanted.items() <= row.items()]
    assert found, wanted
    return found


def printed(paper: str, table: str, model: str, split="test", metric="accuracy") -> str:
    return load_paper(paper).cell(table, model, split, metric).printed


def percent(values: list[float], decimals=1) -> str:
    return f"{100 * mean(values):.{decimals}f}"


def lam() -> list[str]:
    name, ours = "lam_ensemble", {}
    for model in ("Model 1", "Model 2", "Model 3"):
        ours[model] = scores(name, model, "authors-notebook", precision="bfloat16")
        assert len(ours[model]) == 3
    theirs = [printed(name, "Repository README", model) for model in ours]
    theirs += [printed(name, "IV", model) for model in ("Model 1", "Model 3")]
    return [
        f"{', '.join(theirs[:2])} and {theirs[2]} for Models 1 to 3 in the authors' repository, {theirs[3]} and "
        f"{theirs[4]} for Models 1 and 3 in the paper",
        f"as the released notebook ran: {mean(ours['Model 1']):.4f}, {mean(ours['Model 2']):.4f} and "
        f"{mean(ours['Model 3']):.4f} (three seeds each)",
        "as the paper says, with augmentation and 50 epochs, {:.4f} for Model 1 (three seeds) and {:.4f}, {:.4f} and "
        "{:.4f} for Model 3, by seed".format(mean(scores(name, "Model 1", "paper")), *scores(name, "Model 3", "paper")),
        f"has {percent(scores(name, '1-NN probe', 'probe'))} % of the test clips right",
        f"left out it has {percent(scores(name, '1-NN probe', 'probe', 'grouped'))} %",
    ]


def pascuo() -> list[str]:
    paper = load_paper("pascuo_multilabel")
    values = {row["metric"]: row["value"] for row in exact_rows(paper)}
    ends = {}
    with (results_root() / paper.id / "curve_figure-3.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):  # the last epoch is what stays
            less = 100 * (1 - float(row["loss"]) / float(row["nothing_heard_loss"]))
            ends[row["corpus"].removeprefix("library_labels-"), row["protocol"]] = f"{less:.1f} %"
    return [
        f"scores {values['binary_accuracy']:.3f} and {values['binary_crossentropy']:.3f}: both",
        f"ends {ends['some', 'grouped']} below the loss of hearing nothing where a tenth",
        f"and {ends['little', 'grouped']} below where a hundredth does; the published curve ends "
        f"{ends['published', 'published']} below",
    ]


def digits() -> list[str]:
    name, text, rnn = "pragadaraju_digits", "RNN + Textual Representation", "RNN + Spectrogram"
    ours, strict = scores(name, text, "paper"), scores(name, text, "at-least-300-permille")
    trained = scores(name, text, "at-least-300-permille", split="train")
    speakers = scores(name, rnn, "all-steps", "grouped")
    curve = next(one for one in committed_diff(name).curves if one.model == text)
    first = next(iter(curve.spans))
    assert first == "recogniser_least_probability"
    return [
        f"which alone moves the row by {100 * curve.spans[first]:.0f} points; the {len(curve.spans) - 1} other choices "
        f"that were tried move it by {100 * rest_of(curve.points, first):.0f} together with the first recogniser, and "
        f"by up to {100 * widest(curve.points, first):.0f} with a stricter one, in {len(curve.points)} readings",
        f"hears: {printed(name, 'Section 6', text)} %, in training and in the test",
        f"gives up on 1.2 % of the clips, {percent(ours)} % came out; with one that gives up on 95.1 %, "
        f"{percent(strict)} %, and {percent(trained)} in training",
        f"Published for the CNN on the image: {printed(name, 'Section 6', 'CNN + Spectrogram')} %",
        f"(published for an RNN: {printed(name, 'Section 6', rnn)} %) has {percent(scores(name, rnn, 'all-steps'), 0)} "
        f"% on a random split and {100 * min(speakers):.0f} to {100 * max(speakers):.0f} % on speakers that are held "
        f"out, {SPELLED[len(speakers)]} trainings",
    ]


def widest(points, setting: str) -> float:
    """The largest difference between numbers of readings with the same value of a setting, other than `paper`'s."""
    by_value = defaultdict(list)
    for point in points:
        if setting in dict(point.chosen):
            by_value[dict(point.chosen)[setting]].append(point.value)
    return max(max(values) - min(values) for values in by_value.values())


def shan() -> list[str]:
    name, where = "shan_tagging", {"split": "validation", "metric": "map@3"}
    models = ("2D Conv (DenseNet, Log-Mel)", "2D Conv (DenseNet, MFCC)", "1D Conv (ResNet)", "1D Conv (SoundNet)")
    theirs = [printed(name, "1", model, **where).partition(" ")[0] for model in models]
    ours = [mean(scores(name, model, "settled", **where)) for model in models]
    assert sorted(theirs) == theirs[::-1]
    assert sorted(ours) == [ours[2], ours[3], ours[1], ours[0]]
    folds = [len(scores(name, model, "settled", **where)) for model in models]
    assert folds == [10, 10, 3, 10]
    once = [mean(scores(name, model, "settled-no-redraw", **where)) for model in models]
    compared = committed_diff(name).comparisons
    again = {row["second_model"]: row for row in compared if row["title"].startswith("listening again")}
    assert all(again[model]["low"] < 0 < again[model]["high"] for model in models)
    return [
        f"log-mel ({theirs[0]}) before MFCC ({theirs[1]}), ResNet ({theirs[2]}) and SoundNet ({theirs[3]})",
        f"so not comparable: {ours[0]:.3f}, {ours[1]:.3f}, {ours[2]:.3f} and {ours[3]:.3f}, in the same order but for",
        f"changes log-mel by {ours[0] - once[0]:+.3f} and MFCC by {ours[1] - once[1]:+.3f} here, and both intervals",
    ]


def verma() -> list[str]:
    name, cnn = "verma_genres", "1-D Convolutional NN"
    excerpts = {"corpus": "gtzan-excerpts", "precision": "bfloat16"}
    ours, keras = (scores(name, cnn, variant, **excerpts) for variant in ("pytorch-normalisation", "paper"))
    (curve,) = (one for one in committed_diff(name).curves if one.model == cnn)
    longer = [point.value for point in curve.points if point.chosen == (("epochs", "100"),)]
    asked = {"title": "PyTorch's batch normalisation, not Keras's", "protocol": "published", "with_seeds": True}
    (of,) = (row for row in committed_diff(name).comparisons if asked.items() <= row.items())
    assert of["corpus"] == excerpts["corpus"]
    assert of["low"] < 0 < of["high"]
    of = right_by_clip(name, cnn, "pytorch-normalisation", "gtzan-subset")
    known, unknown = (percent([mean(of[p][clip]) for clip in of["published"]]) for p in ("published", "grouped"))
    return [
        f"Published for the 1-D network: {printed(name, 'Conclusion', cnn)} %",
        f"so not comparable: {percent(ours)} % with the batch normalisation of PyTorch, {percent(keras)} % with that "
        f"of Keras ({100 * min(keras):.1f} to {100 * max(keras):.1f} %, by seed)",
        f"(with 100 epochs instead of 30, one training has {percent(longer)} %)",
        f"in {known} % of the cases by networks that were trained on other windows of their tracks, and in {unknown} %",
    ]


@pytest.mark.parametrize("paper", list_papers())
def test_a_paper_s_story_is_three_sentences(paper):
    """They are the first thing on its page."""
    told = TEXT.partition(f"**{paper}**")[2].partition(" **")[0].partition(" <!--")[0].partition("). ")[2]
    assert len(re.split(r"(?<=\.) (?=[A-Z])", told)) == 3


@pytest.mark.parametrize("paragraph", [lam, pascuo, digits, shan, verma])
def test_the_page_says_what_the_results_give(paragraph):
    missing = [text for text in paragraph() if text not in TEXT]
    assert not missing
