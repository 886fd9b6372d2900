"""Which silent choice moves a number: all readings of a paper in one curve, and what each choice alone brings.

A reading is whatever complete training on the published split differs from variant `paper` by the readings that
paper.toml lists, and by nothing else; named variants with such settings count as well. Readings of one model on one
corpus make a curve. Everything is computed from the kept predictions, with the seeds and the clips that two readings
share.

Steegen, Tuerlinckx, Gelman and Vanpaemel (2016), Increasing transparency through a multiverse analysis, Perspectives on
Psychological Science 11, 702-712; Simonsohn, Simmons and Nelson (2020), Specification curve analysis, Nature Human
Behaviour 4, 1208-1214. Neither has a published number that is to be reached.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from shared.metrics.intervals import standard_error, two_sided
from shared.metrics.scores import METRICS, per_clip
from shared.paper.readings import choices, settings_of
from shared.paper.schema import Cell, Clusters, Paper, SettingValue
from shared.results.answer import Answer
from shared.results.paired import means_of, paired
from shared.results.reading import Results
from shared.results.verdicts import ENOUGH_RUNS
from shared.runs.predictions import Predictions
from shared.runs.units import ResultsError

LEAST = 3  # readings that make a curve
NEAR = 0.05  # of an accuracy in training to that of a constant answer, to say that nothing was learned

Chosen = tuple[tuple[str, str], ...]  # settings that are read otherwise than in variant paper, each with its value


@dataclass(frozen=True)
class Point:
    """One reading: what it reads otherwise than `paper`, and its number with the limits of its 95 % interval.

    `value` is the mean over `seeds`. The interval is that of the clips, and of the seeds where these are three or more.
    `at_chance` says what is seen of a reading that is not better than the same answer for every clip, else it is empty.
    `devices` has what each seed was trained on.
    """

    chosen: Chosen
    variant: str
    seeds: tuple[int, ...]
    n: int
    value: float
    low: float
    high: float
    at_chance: str = ""
    devices: dict[int, str] = field(default_factory=dict)
    answers: dict[int, Predictions] = field(default_factory=dict, repr=False, compare=False)

    def holds(self, published: float) -> bool:
        """Whether the published number lies inside the interval."""
        return self.low <= published <= self.high


@dataclass(frozen=True)
class Effect:
    """One value of one setting: what it brings alone, and where the readings that have it lie.

    `alone` is the difference to `paper` on the same clips and with the same seeds, as `shared.results.paired`
    gives it; None for `paper`'s own value, and where that reading was not run alone. `other_machine` says that one of
    the two was trained on another processor, which alone leads a training elsewhere. `together` is its part in the sum
    of choices that fits all readings best (least squares); None where they do not tell it. `holding` of its `readings`
    have the published number in their interval, `below` and `above` lie on one side of it.
    """

    setting: str
    value: str
    is_papers: bool
    alone: dict | None
    other_machine: bool
    together: float | None
    readings: int
    below: int
    holding: int
    above: int


@dataclass(frozen=True)
class Curve:
    """All readings of a model on a corpus, the lowest number first, beside the published `cell`.

    `values` has each choice's values as texts, `paper`'s first, the choice that moves the number most first. `spans`
    has what each moves it by alone: how far its readings' differences to `paper` lie apart, 0 among them.
    """

    model: str
    corpus: str
    own_corpus: bool
    precision: str
    cell: Cell
    points: tuple[Point, ...]
    effects: tuple[Effect, ...]
    values: dict[str, tuple[str, ...]]
    spans: dict[str, float]

    def value_of(self, point: Point, setting: str) -> str:
        """What a reading takes a setting to be."""
        return dict(point.chosen).get(setting, self.values[setting][0])


def curves(results: Results) -> list[Curve]:
    """A curve for each model and corpus with readings, in the paper's order; none where there are too few."""
    paper, found = results.paper, defaultdict(list)
    for answer in results.answers:
        record = answer.record
        if record["model"] not in paper.models or not choices(paper, record["model"]):
            continue
        if (record["protocol"], record["fold"], record["status"]) == ("published", 0, "complete"):
            found[record["model"], record["corpus"], record["fingerprint"]].append(answer)
    drawn = []
    for model in paper.models:
        for place in sorted(place for place in found if place[0] == model):
            if curve := _curve(results, found[place]):
                drawn.append(curve)
    return drawn


def cell_of(paper: Paper, model: str) -> Cell | None:
    """The number that a model is known for: of the first table that has one, in the column that it is known for."""
    for table in paper.tables:
        if table.is_held_against("paper"):
            column = paper.main_column(table)
            if cell := paper.cell(table.id, model, column.split, column.metric):
                return cell
    return None


def chosen_of(paper: Paper, record: dict) -> Chosen | None:
    """What a unit's settings read otherwise than `paper`; None where they differ by more than listed readings.

    A setting that the record lacks, since it was none then, is as in `paper`.
    """
    model, settings = record["model"], record.get("settings", {})
    papers = paper.settings_for(model=model)
    differing = {name: settings[name] for name, value in papers.items() if name in settings and settings[name] != value}
    read = {}
    for name, readings in choices(paper, model).items():
        if found := next((one for one in readings if name in differing and one.value == differing[name]), None):
            read[name] = found
    for name in list(read):  # what another one brings along is no choice of its own
        if any(one.also.get(name) == read[name].value for other, one in read.items() if other != name):
            del read[name]
    asked = {name: value for name, value in settings_of(read).items() if papers.get(name, value) != value}
    if asked != differing:
        return None
    return tuple((name, as_text(one.value)) for name, one in read.items())


def as_text(value: SettingValue) -> str:
    """A setting's value as it stands in pictures and tables."""
    return value if isinstance(value, str) else json.dumps(value)


def _curve(results: Results, answers: Sequence[Answer]) -> Curve | None:
    paper, first = results.paper, answers[0].record
    model, corpus, cell = first["model"], first["corpus"], cell_of(paper, first["model"])
    if cell is None:
        return None
    read = [(chosen, answer) for answer in answers if (chosen := chosen_of(paper, answer.record)) is not None]
    precision = max(  # one for all; where there are several, that of more readings
        sorted({answer.record["precision"] for _, answer in read}),
        key=lambda name: len({chosen for chosen, answer in read if answer.record["precision"] == name}),
        default="",
    )
    runs: dict[Chosen, dict[int, Answer]] = defaultdict(dict)
    for chosen, answer in read:
        if answer.record["precision"] == precision:
            runs[chosen].setdefault(answer.record["seed"], answer)
    rule = paper.corpus.clusters.get(corpus)
    points = [_point(results, cell, rule, chosen, of_seed) for chosen, of_seed in runs.items()]
    points = sorted((p for p in points if p is not None), key=lambda point: (point.value, point.chosen))
    if len(points) < LEAST or not any(point.chosen == () for point in points):
        return None
    values = {
        name: (as_text(paper.setting(name)), *(as_text(one.value) for one in readings))
        for name, readings in choices(paper, model).items()
    }
    run = {choice for point in points for choice in point.chosen}
    values = {
        name: (papers, *(value for value in others if (name, value) in run))
        for name, (papers, *others) in values.items()
    }
    effects = _effects(points, {name: of for name, of in values.items() if len(of) > 1}, cell, rule)
    alone: dict[str, list[float]] = {one.setting: [0.0] for one in effects}
    for one in effects:
        alone[one.setting] += [one.alone["delta"]] if one.alone else []
    spans = {name: max(deltas) - min(deltas) for name, deltas in alone.items()}
    values = {name: values[name] for name in sorted(spans, key=lambda name: -spans[name])}
    effects = tuple(sorted(effects, key=lambda one: list(values).index(one.setting)))
    own = paper.is_own(model, corpus)
    return Curve(model, corpus, own, precision, cell, tuple(points), effects, values, spans)


def _point(
    results: Results, cell: Cell, rule: Clusters | None, chosen: Chosen, of_seed: dict[int, Answer]
) -> Point | None:
    answers = {seed: of_seed[seed].predictions.on(cell.split) for seed in sorted(of_seed)}
    answers = {seed: one for seed, one in answers.items() if len(one.clips)}
    if not answers:
        return None
    number = mean_with_interval(answers, cell.metric, rule)
    name = next(iter(of_seed.values())).record["variant"]
    devices = {seed: of_seed[seed].record["device"] for seed in answers}
    point = Point(chosen, name, tuple(answers), *number, devices=devices, answers=answers)
    constant = {seed: _constant(one) for seed, one in answers.items()}
    if paired(constant, answers, cell.metric, rule)["low"] > 0:
        return point
    records = [of_seed[seed].record for seed in answers]
    return replace(point, at_chance=_in_words(results, records, answers, cell.metric))


def mean_with_interval(
    answers: dict[int, Predictions], metric: str, rule: Clusters | None
) -> tuple[int, float, float, float]:
    """Clips, and the mean of a score over clips and seeds with the limits of its 95 % interval, inside 0..1."""
    scores = [per_clip(metric, one.y_true, one.y_prob) for one in answers.values()]
    by_seed = [of_seed.mean() for of_seed in scores]
    names = [clip for one in answers.values() for clip in one.clips.tolist()]
    clips, (values,) = means_of(names, np.concatenate(scores)[:, None])
    error = standard_error(values, rule.of(clips) if rule else None)
    half = two_sided(error.df) * error.value
    if len(by_seed) >= ENOUGH_RUNS:
        reach = two_sided(len(by_seed) - 1) * np.std(by_seed, ddof=1) / np.sqrt(len(by_seed))
        half = np.hypot(half, reach)
    value = float(values.mean())
    return len(values), value, float(max(value - half, 0.0)), float(min(value + half, 1.0))


def _constant(one: Predictions) -> Predictions:
    """The classes' shares for every clip."""
    return replace(one, y_prob=np.tile(one.y_true.mean(axis=0), (len(one.clips), 1)))


def _in_words(results: Results, records: Sequence[dict], answers: dict[int, Predictions], metric: str) -> str:
    """What is seen of readings at chance: their answers, and what their training came to."""
    one = next(iter(answers.values()))
    if metric == "accuracy":
        counts = [Counter(each.y_prob.argmax(axis=1).tolist()).most_common(1)[0] for each in answers.values()]
        given = {answer for answer, _ in counts}
        which = one.classes[min(given)] if len(given) == 1 else "the same one, which differs by training"
        words = f"{np.mean([count for _, count in counts]) / len(one.clips):.0%} of its answers are {which}"
    else:
        y_prob = np.concatenate([each.y_prob for each in answers.values()])
        words = f"{(y_prob <= 0.5).all(axis=1).mean():.0%} of its answers name no class with more than one half"
    last = [rows[-1] for record in records if (rows := results.history(record))]
    if not last or "accuracy" not in last[0]:
        return words
    accuracy, loss = (float(np.mean([row[name] for row in last])) for name in ("accuracy", "loss"))
    chance, shares = METRICS["accuracy"](one.y_true, _constant(one).y_prob), one.y_true.mean(axis=0)
    entropy = -float(sum(share * np.log(share) for share in shares if share))
    learned = accuracy > chance + NEAR
    why = "it learned the training clips, and nothing that holds for others" if learned else "it learned little"
    return (
        f"{words}; {why}: {accuracy:.1%} in training and a loss of {loss:.2f}, {entropy:.2f} being a constant answer's"
    )


def rest_of(points: Sequence[Point], setting: str) -> float:
    """The largest difference between numbers of readings that have a setting as in `paper`."""
    others = [point.value for point in points if setting not in dict(point.chosen)]
    return max(others) - min(others)


def _effects(
    points: Sequence[Point], values: dict[str, tuple[str, ...]], cell: Cell, rule: Clusters | None
) -> tuple[Effect, ...]:
    by_chosen = {point.chosen: point for point in points}
    together, effects = additive(points), []
    for setting, (papers, *others) in values.items():
        for value in (papers, *others):
            is_papers = value == papers
            having = [point for point in points if dict(point.chosen).get(setting, papers) == value]
            alone = by_chosen.get(((setting, value),))
            shared = alone.answers.keys() & by_chosen[()].answers.keys() if alone else ()
            delta, elsewhere = None, False
            if shared:
                first, second = ({seed: p.answers[seed] for seed in sorted(shared)} for p in (by_chosen[()], alone))
                try:
                    delta = paired(first, second, cell.metric, rule)
                except ResultsError as error:
                    raise ResultsError(f"{cell.model}, paper and the reading {setting} = {value}: {error}") from None
                elsewhere = any(by_chosen[()].devices[seed] != alone.devices[seed] for seed in shared)
            counts = Counter(_side(point, cell.value) for point in having)
            sides = (len(having), counts["below"], counts["holding"], counts["above"])
            brings = (delta, elsewhere, together.get((setting, value)))
            effects.append(Effect(setting, value, is_papers, *brings, *sides))
    return tuple(effects)


def _side(point: Point, published: float) -> str:
    if point.holds(published):
        return "holding"
    return "below" if point.high < published else "above"


def additive(points: Sequence[Point]) -> dict[tuple[str, str], float]:
    """What each choice adds in the sum of choices that fits all readings best, as far as they tell it; nothing where no
    two choices were made together."""
    if all(len(point.chosen) < 2 for point in points):
        return {}
    columns = sorted({choice for point in points for choice in point.chosen})
    design = np.array([[1.0, *(choice in point.chosen for choice in columns)] for point in points])
    inverse = np.linalg.pinv(design)
    told = np.isclose(np.diag(inverse @ design), 1.0)  # the others are mixed with each other
    parts = inverse @ np.array([point.value for point in points])
    return {choice: float(parts[i]) for i, choice in enumerate(columns, start=1) if told[i]}


def sentence(curve: Curve) -> str:
    """What the curve says, in words."""
    cell, points = curve.cell, curve.points
    low, high = points[0].value, points[-1].value
    unit, factor = (" points", 100) if cell.scale == 100 else ("", 1)

    def number(value: float) -> str:
        return f"{value:.1%}".replace("%", " %") if cell.scale == 100 else f"{value:.4f}"

    def size(value: float) -> str:
        return f"{value * factor:.1f}{unit}" if cell.scale == 100 else f"{value:.4f}"

    printed = f"{cell.printed} %" if cell.scale == 100 else cell.printed
    if low <= cell.value <= high:
        place = f"lies inside the {len(points)} readings, which reach from {number(low)} to {number(high)}"
    else:
        side, nearest = ("above", high) if cell.value > high else ("below", low)
        place = f"lies {side} all {len(points)} readings, of which the nearest has {number(nearest)}"
    setting = next(iter(curve.values))
    holding = sum(point.holds(cell.value) for point in points)
    words = [f"The published {printed} {place}; {holding} {'has' if holding == 1 else 'have'} it in the interval."]
    words.append(
        f"`{setting}` moves the number most, alone by {size(curve.spans[setting])}; "
        f"where it is as in `paper`, all other choices together move it by {size(rest_of(points, setting))}."
    )
    if at_chance := sum(bool(point.at_chance) for point in points):
        words.append(f"{at_chance} {'is' if at_chance == 1 else 'are'} not shown to be above chance.")
    if not curve.own_corpus:
        words.append("The published number is of other data; what each choice moves is what counts here.")
    return " ".join(words)


def rows(curve: Curve) -> list[dict]:
    """A row a reading, for CSV: its number, its interval, and what it takes each setting to be."""
    return [
        {
            "model": curve.model,
            "corpus": curve.corpus,
            "variant": point.variant,
            "split": curve.cell.split,
            "metric": curve.cell.metric,
            "published": curve.cell.value,
            "value": round(point.value, 6),
            "low": round(point.low, 6),
            "high": round(point.high, 6),
            "n": point.n,
            "seeds": " ".join(map(str, point.seeds)),
            "precision": curve.precision,
            "devices": "; ".join(dict.fromkeys(point.devices.values())),
            "at_chance": point.at_chance,
            **{setting: curve.value_of(point, setting) for setting in curve.values},
        }
        for point in curve.points
    ]


def effect_rows(curve: Curve) -> list[dict]:
    """A row a value of a setting, for CSV."""
    alone = ("delta", "low", "high", "n", "with_seeds")
    return [
        {"model": curve.model, "corpus": curve.corpus, "setting": one.setting, "value": one.value}
        | {"span": round(curve.spans[one.setting], 6), "is_papers": one.is_papers}
        | {name: one.alone[name] if one.alone else None for name in alone}
        | {"other_machine": one.other_machine if one.alone else None}
        | {"together": None if one.together is None else round(one.together, 6)}
        | {name: getattr(one, name) for name in ("readings", "below", "holding", "above")}
        for one in curve.effects
    ]
