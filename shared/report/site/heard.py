"""Clips to listen to: each with its image and what every model answers, from the kept predictions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from shared.report.examples import Example, read_examples
from shared.report.site.html import Html, h, joined, prose
from shared.report.site.page import Part
from shared.results.diff import Diff
from shared.runs.predictions import Predictions

WRONG, OTHERS = "What every model gets wrong", "What some or all get right"
ABOUT = (
    "Test clips of the published split, each with the image that the networks see, and the answer of each model of "
    "variant `{variant}` with its probability; ✓ is right, ✗ is wrong."
)


def heard_part(diff: Diff, link: Callable[[Path], str]) -> list[Part]:
    """A part with the paper's clips, those first that no model gets right; none where none can be heard."""
    examples = [example for example in read_examples(diff.results.folder) if example.sound]
    if not examples:
        return []
    models = _predictions(diff)
    drawn: dict[str, list[Html]] = {WRONG: [], OTHERS: []}
    for example in examples:
        answers = {model: _answer(kept, example.clip) for model, kept in models.items() if example.clip in kept.clips}
        group = OTHERS if any(right for _, _, right in answers.values()) or not answers else WRONG
        drawn[group].append(_figure(example, answers, link))
    groups = [[h("h3", name), h("div", figures, class_="sounds")] for name, figures in drawn.items() if figures]
    about = h("p", prose(ABOUT.format(variant=next(iter(diff.paper.variants)))))
    return [Part("Clips to listen to", joined([about, *groups]), short="Clips")]


def _predictions(diff: Diff) -> dict[str, Predictions]:
    """Of each model the test predictions of the first variant's first training on the paper's own corpus and split."""
    variant, found = next(iter(diff.paper.variants)), {}
    for answer in sorted(diff.results.answers, key=lambda answer: (answer.record["seed"], answer.record["key"])):
        record = answer.record
        place = (record["variant"], record["protocol"], record["corpus"])
        if place == (variant, "published", diff.paper.corpus.name):
            found.setdefault(record["model"], answer)
    return {model: found[model].predictions.on("test") for model in diff.paper.models if model in found}


def _answer(kept: Predictions, clip: str) -> tuple[str, float, bool]:
    """A model's answer for a clip, its probability, and whether it is right."""
    row = list(kept.clips).index(clip)
    answer = int(kept.y_prob[row].argmax())
    return kept.classes[answer], float(kept.y_prob[row].max()), bool(kept.y_true[row, answer])


def _figure(example: Example, answers: dict[str, tuple[str, float, bool]], link: Callable[[Path], str]) -> Html:
    lines = [
        h("li", "✓" if right else "✗", f" {model}: ", h("b", name), f", {probability:.2f}")
        for model, (name, probability, right) in answers.items()
    ]
    image = h("img", src=link(example.file), alt=f"{example.title}: its image as the networks see it")
    sound = h("audio", src=link(example.sound), controls=True, preload="none", aria_label=example.title)
    caption = joined([h("b", example.title), ". ", example.text, h("ul", lines)])
    return h("figure", image, sound, h("figcaption", caption))
