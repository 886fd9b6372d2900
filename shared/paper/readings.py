"""Readings of a paper: what its silent settings could be taken to be, one at a time and several together.

A setting that the text does not decide may list other `readings` in paper.toml, each written down before it is run. A
reading of the paper is variant ``paper`` with one of them, or with several: it needs no name of its own, and is called
``paper+rnn_cell=lstm``. Where a named variant has the same settings, it is that variant.
"""

from __future__ import annotations

import hashlib
import itertools
import random
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from shared.paper.schema import (
    JOINED,
    OF_OPTIMIZER,
    OPTIMIZER,
    Paper,
    Reading,
    Setting,
    SettingValue,
    Variant,
    overridden,
)

CUSTOM = "custom"  # begins the name of a variant that somebody made on the command line
LONGEST_NAME = 140  # characters; a unit's folder has the model and seven conditions in its name as well

Chosen = dict[str, Reading]  # what is read otherwise than in variant `paper`, by the setting's name


def is_reading(variant: str) -> bool:
    """Whether a variant's name is that of a reading, which stands in no table of the paper."""
    return JOINED in variant


def is_custom(variant: str) -> bool:
    """Whether a variant was made on the command line, by ``run --set``."""
    return variant.startswith(CUSTOM + JOINED)


def choices(paper: Paper, model: str) -> dict[str, tuple[Reading, ...]]:
    """The settings of a model that can be read otherwise, with their other readings, in the file's order; none of one
    that does not learn."""
    found = {}
    if not paper.model(model).learns:
        return found
    for setting in paper.settings.values():
        if not setting.models or model in setting.models:
            found[setting.name] = tuple(one for one in setting.readings if not one.models or model in one.models)
    return {name: readings for name, readings in found.items() if readings}


def one_at_a_time(paper: Paper, model: str) -> list[Chosen]:
    """Every reading of every setting alone, in the file's order."""
    return [{name: reading} for name, readings in choices(paper, model).items() for reading in readings]


def combinations(paper: Paper, model: str, seed: int = 0) -> list[Chosen]:
    """Readings of several settings at once, such that any two values of any two settings meet at least once.

    That is a covering array of strength two, made greedily: each combination begins with two values that have not met,
    and then gives each other setting, in random order, the value that meets most others for the first time. What is in
    variant `paper` counts as a value. Two readings that ask for different values of a third setting never meet.

    Parameters
    ----------
    seed : int
        Of the order and of what decides between equals. The same seed gives the same list.

    Notes
    -----
    Cohen, Dalal, Fredman and Patton (1997), The AETG system, IEEE Trans. Software Eng. 23, 437-444.
    """
    values = {name: (None, *readings) for name, readings in choices(paper, model).items()}
    random_ = random.Random(seed)
    open_pairs = {
        frozenset({(a, i), (b, j)})
        for a, b in itertools.combinations(values, 2)
        for i, j in itertools.product(range(len(values[a])), range(len(values[b])))
        if _goes_together({a: values[a][i], b: values[b][j]})
    }
    in_order = sorted(open_pairs, key=sorted)
    random_.shuffle(in_order)
    found = []
    for first in in_order:
        if first not in open_pairs:
            continue
        row = dict(sorted(first))
        others = [name for name in values if name not in row]
        random_.shuffle(others)
        for name in others:
            allowed = [i for i in range(len(values[name])) if _goes_together(_chosen(values, row | {name: i}))]
            news = {i: sum(frozenset({(name, i), pair}) in open_pairs for pair in row.items()) for i in allowed}
            row[name] = random_.choice([i for i in allowed if news[i] == max(news.values())])
        open_pairs -= {frozenset(pair) for pair in itertools.combinations(row.items(), 2)}
        if len(chosen := _chosen(values, {name: row[name] for name in values})) > 1:
            found.append(chosen)
    return found


def _chosen(values: Mapping[str, Sequence[Reading | None]], row: Mapping[str, int]) -> Chosen:
    return {name: values[name][i] for name, i in row.items() if values[name][i] is not None}


def _goes_together(chosen: Mapping[str, Reading | None]) -> bool:
    """Whether no two readings ask for different values of a setting, or for an option of an optimiser that is another
    one."""
    if chosen.get(OPTIMIZER) and any(name.startswith(OF_OPTIMIZER) for name, reading in chosen.items() if reading):
        return False
    seen: dict[str, SettingValue] = {}
    for name, reading in chosen.items():
        for key, value in ({name: reading.value} | reading.also if reading else {}).items():
            if seen.setdefault(key, value) != value:
                return False
    return True


def settings_of(chosen: Chosen) -> dict[str, SettingValue]:
    """What a reading sets, with what goes along with it."""
    return {key: value for name, one in chosen.items() for key, value in ({name: one.value} | one.also).items()}


def with_readings(paper: Paper, of_model: Mapping[str, Iterable[Chosen]]) -> tuple[Paper, dict[str, list[str]]]:
    """A paper whose variants are these readings as well, and the names of each model's, in order."""
    variants, names = dict(paper.variants), {}
    for model, readings in of_model.items():
        names[model] = []
        for chosen in readings:
            changed = {name: value for name, value in settings_of(chosen).items() if _is_about(paper, name, model)}
            ours = overridden(paper.settings_for(model=model), changed)
            same = (n for n in paper.variants if model in paper.models_for(n) and paper.settings_for(n, model) == ours)
            name = next(same, None)
            if name is None:
                name = name_of({key: reading.value for key, reading in chosen.items()})
                models = (*(variants[name].models if name in variants else ()), model)
                reasons = {key: reading.reason for key, reading in chosen.items()}
                variants[name] = _variant(paper, name, settings_of(chosen), reasons, models)
            names[model].append(name)
    return replace(paper, variants=variants), names


def with_custom(paper: Paper, base: str, values: Mapping[str, SettingValue]) -> tuple[Paper, str]:
    """A paper with one more variant, `base` with some settings of one's own; and the variant's name."""
    there = paper.variant(base)
    first = CUSTOM if base == "paper" else f"{CUSTOM}{JOINED}{base}"
    name = name_of(dict(sorted(values.items())), first)
    overrides = {key: setting.value for key, setting in there.settings.items()} | dict(values)
    made = _variant(paper, name, overrides, dict.fromkeys(overrides, "asked for on the command line"), there.models)
    return replace(paper, variants=paper.variants | {name: made}), name


def _variant(
    paper: Paper, name: str, values: Mapping[str, SettingValue], reasons: Mapping[str, str], models: tuple[str, ...]
) -> Variant:
    settings = {}
    for key, value in values.items():
        base = paper.settings.get(key) or Setting(key, value, "assumed", reason="an option of another optimiser")
        settings[key] = replace(base, value=value, origin="assumed", reason=reasons.get(key, ""), readings=())
    words = ", ".join(f"{key} = {value!r}" for key, value in values.items())
    return Variant(name, name, words, "assumed", reason="; ".join(reasons.values()), models=models, settings=settings)


def _is_about(paper: Paper, setting: str, model: str) -> bool:
    models = paper.settings[setting].models if setting in paper.settings else ()  # an option of another optimiser
    return not models or model in models


def name_of(values: Mapping[str, SettingValue], first: str = "paper") -> str:
    """``paper+rnn_cell=lstm+learning_rate=1e-4``, which a file can be called; cut off and numbered where it is long."""
    name = JOINED.join([first, *(f"{key}={in_a_name(value)}" for key, value in values.items())])
    if len(name) <= LONGEST_NAME:
        return name
    return f"{name[: LONGEST_NAME - 9]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def in_a_name(value: SettingValue) -> str:
    """A value without dots, spaces and capitals: 0.0001 is ``1e-4``, "all steps" ``all-steps``, [2, 1] ``2-1``."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        sign, digits, exponent = Decimal(str(value)).normalize().as_tuple()
        number = int("".join(map(str, digits)))
        text = str(number * 10**exponent) if exponent >= 0 else f"{number}e{exponent}"
        return "-" * sign + text
    if isinstance(value, list | tuple):
        return "-".join(map(in_a_name, value))
    return re.sub(r"[^a-z0-9]+", "-", value.lower()).strip("-")
