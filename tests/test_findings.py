"""What docs/findings.md says in numbers, computed from the results and from paper.toml."""

import csv
import re
from pathlib import Path
from statistics import mean

import pytest

from shared.base.places import results_root
from shared.paper import load_paper
from shared.paper.loading import list_papers
from shared.results.exact import exact_rows
from shared.results.readings import rest_of
from shared.results.runs_table import RUNS, read_runs
from tests.committed import committed_diff

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
        f"which alone moves the row by {100 * curve.spans[first]:.0f} points; the {len(curve.spans) - 1} other choices",
        f"move it by {100 * rest_of(curve.points, first):.0f} together, in {len(curve.points)} readings",
        f"hears: {printed(name, 'Section 6', text)} %, in training and in the test",
        f"gives up on 1.2 % of the clips, {percent(ours)} % came out; with one that gives up on 95.1 %, "
        f"{percent(strict)} %, and {percent(trained)} in training",
        f"Published for the image: {printed(name, 'Section 6', 'CNN + Spectrogram')} %",
        f"the same RNN that has {percent(scores(name, rnn, 'all-steps'), 0)} % on a random split has "
        f"{100 * min(speakers):.0f} to {100 * max(speakers):.0f} %, by speaker",
    ]


def shan() -> list[str]:
    name, where = "shan_tagging", {"split": "validation", "metric": "map@3"}
    models = ("2D Conv (DenseNet, Log-Mel)", "2D Conv (DenseNet, MFCC)", "1D Conv (SoundNet)")
    theirs = [printed(name, "1", model, **where).partition(" ")[0] for model in models]
    ours = [mean(scores(name, model, "settled", **where)) for model in models]
    assert sorted(theirs) == theirs[::-1]
    assert sorted(ours) == ours[::-1]
    once = [mean(scores(name, model, "settled-no-redraw", **where)) for model in models]
    return [
        f"log-mel ({theirs[0]}) before MFCC ({theirs[1]}) before SoundNet ({theirs[2]})",
        f"so not comparable: {ours[0]:.3f}, {ours[1]:.3f}, {ours[2]:.3f}, in the same order",
        f"is worth {ours[0] - once[0]:+.3f} for log-mel and {ours[1] - once[1]:+.3f} for MFCC here",
    ]


def verma() -> list[str]:
    name, cnn, few = "verma_genres", "1-D Convolutional NN", {"corpus": "gtzan-subset"}
    excerpts = {"corpus": "gtzan-excerpts", "precision": "bfloat16"}
    ours, keras = (scores(name, cnn, variant, **excerpts) for variant in ("pytorch-normalisation", "paper"))
    known, unknown = (
        scores(name, cnn, "pytorch-normalisation", protocol, **few) for protocol in ("published", "grouped")
    )
    return [
        f"Published for the 1-D network: {printed(name, 'Conclusion', cnn)} %",
        f"so not comparable: {percent(ours)} % with the batch normalisation of PyTorch, {percent(keras)} % with",
        f"in {percent(known)} % of the cases, windows of other tracks in {percent(unknown)} %",
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
