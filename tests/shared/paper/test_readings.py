"""Readings: what is varied, what is run together, what a reading is called, and what a paper.toml may not say."""

import itertools

import pytest

from shared.paper.loading import list_papers, load_paper
from shared.paper.readings import (
    LONGEST_NAME,
    choices,
    combinations,
    in_a_name,
    is_custom,
    is_reading,
    name_of,
    one_at_a_time,
    settings_of,
    with_custom,
    with_readings,
)
from shared.paper.schema import PaperError
from tests.shared.paper.test_schema import MINIMAL, write

READ = """
cell = { value = "simple", origin = "assumed", reason = "plain", models = ["CNN"], readings = [
  { value = "lstm", reason = "named so", written = "2026-11-29" },
  { value = "gru", reason = "as common", written = "2026-11-29" },
] }
optimizer = { value = "adam", origin = "authors' code", readings = [
  { value = "sgd", reason = "plain", written = "2026-11-29", also = { learning_rate = 0.1 } },
  { value = "adadelta", reason = "cited", written = "2026-11-29", models = ["RNN"], also = { learning_rate = 1.0 } },
] }
pooling = { value = 1, origin = "cited work", where = "1", readings = [
  { value = 2, reason = "the other", written = "2026-11-28" },
] }
"""
RATE = 'learning_rate = { value = 0.001, origin = "assumed", reason = "Adam\'s default" }'
TWO_RATES = RATE.replace(" }", ', readings = [{ value = 1, reason = "fast", written = "2026-11-29" }] }')
TOY = MINIMAL.replace(RATE, TWO_RATES + READ)


@pytest.fixture
def toy(tmp_path):
    return load_paper("toy", write(tmp_path, TOY))


def test_a_models_choices_are_the_settings_about_it_that_can_be_read_otherwise(toy):
    assert {name: [one.value for one in readings] for name, readings in choices(toy, "CNN").items()} == {
        "learning_rate": [1],
        "cell": ["lstm", "gru"],
        "optimizer": ["sgd"],
        "pooling": [2],
    }
    assert {name: [one.value for one in readings] for name, readings in choices(toy, "RNN").items()} == {
        "learning_rate": [1],
        "optimizer": ["sgd", "adadelta"],
        "pooling": [2],
    }


def test_one_at_a_time_leaves_all_else_as_in_paper(toy):
    read, names = with_readings(toy, {model: one_at_a_time(toy, model) for model in ("CNN", "RNN")})
    assert names["CNN"] == ["fast", "paper+cell=lstm", "paper+cell=gru", "paper+optimizer=sgd", "paper+pooling=2"]
    assert names["RNN"] == [
        "paper+learning_rate=1",
        *["paper+optimizer=sgd", "paper+optimizer=adadelta"],
        names["CNN"][-1],
    ]
    assert read.models_for("paper+optimizer=sgd") == ("CNN", "RNN")
    assert read.models_for("paper+cell=lstm") == ("CNN",)
    changed = {"optimizer": "sgd", "learning_rate": 0.1}  # and what goes along with it
    assert read.settings_for("paper+optimizer=sgd", "CNN") == toy.settings_for(model="CNN") | changed
    assert toy.variants.keys() == {"paper", "fast"}


def test_a_reading_with_a_named_variants_settings_is_that_variant_where_it_is_about_the_model(toy):
    assert toy.models_for("fast") == ("CNN",)
    assert with_readings(toy, {"CNN": one_at_a_time(toy, "CNN")[:1]})[1] == {"CNN": ["fast"]}
    assert with_readings(toy, {"RNN": one_at_a_time(toy, "RNN")[:1]})[1] == {"RNN": ["paper+learning_rate=1"]}


def pairs_in(paper, model, rows):
    """Any two values of two settings that are together in one of these readings, those of paper among them."""
    names = list(choices(paper, model))
    found = set()
    for chosen in rows:
        values = {name: str(chosen[name].value) if name in chosen else "paper" for name in names}
        found |= set(itertools.combinations(values.items(), 2))
    return found


@pytest.mark.parametrize("paper_id", ["toy", *list_papers()])
def test_any_two_values_meet_at_least_once(paper_id, toy):
    paper = toy if paper_id == "toy" else load_paper(paper_id)
    for model in paper.models:
        values = {name: ("paper", *map(str, (one.value for one in of))) for name, of in choices(paper, model).items()}
        n_pairs = sum(len(values[a]) * len(values[b]) for a, b in itertools.combinations(values, 2))
        rows = [*one_at_a_time(paper, model), *combinations(paper, model)]
        missing = n_pairs - len(pairs_in(paper, model, rows))
        conflicts = sum(
            any(first[key] != second[key] for key in first.keys() & second.keys())
            for (a, of), (b, others) in itertools.combinations(choices(paper, model).items(), 2)
            for one, other in itertools.product(of, others)
            for first, second in [(settings_of({a: one}), settings_of({b: other}))]
        )
        assert missing == conflicts, model  # only those that ask for two values of one setting
        assert len(rows) < 40


def test_readings_that_ask_for_two_values_of_a_setting_never_meet(toy):
    for seed in range(5):
        for chosen in combinations(toy, "CNN", seed):
            assert not {"optimizer", "learning_rate"} <= chosen.keys()


def test_the_same_seed_gives_the_same_combinations(toy):
    assert combinations(toy, "CNN") == combinations(toy, "CNN")
    assert len({str(combinations(toy, "CNN", seed)) for seed in range(4)}) > 1


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *[
            (0.0001, "1e-4"),
            (1e-5, "1e-5"),
            (0.25, "25e-2"),
            (32000.0, "32000"),
            (10, "10"),
            (1.0, "1"),
            (-3.5, "-35e-1"),
        ],
        *[(True, "true"), ("all steps", "all-steps"), ("uniform, fan in", "uniform-fan-in"), ([256, 128], "256-128")],
    ],
)
def test_a_value_in_a_name_has_no_dot_and_is_still_that_value(value, text):
    assert in_a_name(value) == text
    if isinstance(value, float):
        assert float(text) == value


def test_a_long_name_is_cut_off_and_stays_its_own():
    values = {f"a_setting_{i}": i for i in range(20)}
    first, second = name_of(values), name_of(values | {"a_setting_19": 20})
    assert len(first) == len(second) == LONGEST_NAME
    assert first != second


def test_a_custom_variant_is_its_base_with_settings_of_ones_own(toy):
    made, name = with_custom(toy, "paper", {"pooling": 4})
    assert (name, is_custom(name), is_reading(name)) == ("custom+pooling=4", True, True)
    assert made.settings_for(name) == toy.settings_for() | {"pooling": 4}
    made, name = with_custom(toy, "fast", {"pooling": 4})
    assert name == "custom+fast+pooling=4"
    assert made.settings_for(name) == toy.settings_for("fast") | {"pooling": 4}
    assert made.models_for(name) == ("CNN",)
    assert not is_custom("paper+pooling=2")
    assert not is_reading("fast")


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        (
            'value = "lstm", reason',
            'value = "simple", reason',
            r"cell.readings\[0\].value is 'simple', which stands here",
        ),
        ('value = "gru", reason', 'value = "lstm", reason', r"cell.readings\[1\].value is 'lstm', which stands here"),
        (
            'value = "lstm", reason',
            "value = 3, reason",
            r"cell.readings\[0\].value is 3: expected a text, as in settings.c",
        ),
        ("{ value = 2, reason", '{ value = "2", reason', r"pooling.readings\[0\].value is '2': expected a number"),
        (
            'reason = "named so"',
            'reason = ""',
            r"cell.readings\[0\].reason is '': expected a text; why a careful reader",
        ),
        ('"2026-11-28"', '"yesterday"', r"pooling.readings\[0\].written is 'yesterday': expected a day, such as"),
        (', written = "2026-11-28"', "", r"pooling.readings\[0\].written is missing"),
        (
            "learning_rate = 0.1",
            "rate = 0.1",
            r"optimizer.readings\[0\].also.rate is not another setting; the known are",
        ),
        ("learning_rate = 0.1", 'learning_rate = "fast"', r"also.learning_rate is 'fast': expected a number"),
        ("learning_rate = 0.1", "optimizer = 0.1", r"also.optimizer is not another setting"),
        ('models = ["RNN"], also', 'models = ["RMN"], also', r"names 'RMN', which \[models\] does not have"),
        (
            '"cited work", where = "1"',
            '"paper", where = "1"',
            "pooling.readings stand at a setting whose origin is 'paper'",
        ),
        ("[variants.fast]", '[variants."fast+er"]', r"variants is 'fast\+er': \+ joins the names of readings"),
        (
            'reason = "time" } }',
            'reason = "time", readings = [{ value = 2, reason = "b", written = "2026-11-29" }] } }',
            "variants.fast.settings.learning_rate.readings stand at a variant",
        ),
    ],
)
def test_what_a_reading_may_not_say(tmp_path, before, after, message):
    assert TOY.count(before) == 1
    with pytest.raises(PaperError, match=message):
        load_paper("toy", write(tmp_path, TOY.replace(before, after)))


MOMENTUM = """
optimizer = { value = "sgd", origin = "paper", where = "3" }
optimizer_momentum = { value = 0.9, origin = "assumed", reason = "as usual", readings = [
  { value = 0.5, reason = "less", written = "2026-11-29" },
] }
"""


def test_another_optimiser_has_none_of_the_options_of_the_papers(tmp_path):
    sgd = MOMENTUM.replace(
        '"paper", where = "3"',
        '"assumed", reason = "?", readings = [{ value = "adam", '
        'reason = "as well", written = "2026-11-29", also = { learning_rate = 0.1, optimizer_beta_1 = 0.5 } }]',
    )
    paper = load_paper("toy", write(tmp_path, MINIMAL.replace(RATE, RATE + sgd)))
    read, names = with_readings(paper, {"CNN": [*one_at_a_time(paper, "CNN"), *combinations(paper, "CNN")]})
    assert names["CNN"] == ["paper+optimizer=adam", "paper+optimizer_momentum=5e-1"], "and not both together"
    adam = {"batch_size": 32, "learning_rate": 0.1, "optimizer": "adam", "optimizer_beta_1": 0.5}
    assert read.settings_for("paper+optimizer=adam", "CNN") == adam
    assert read.settings_for("paper+optimizer_momentum=5e-1", "CNN")["optimizer_momentum"] == 0.5


def test_a_variant_may_state_the_options_of_its_own_optimiser(tmp_path):
    fast = """
[variants.fast.settings]
optimizer = { value = "rmsprop", origin = "assumed", reason = "the other" }
optimizer_rho = { value = 0.95, origin = "assumed", reason = "as cited" }
"""
    text = MINIMAL.replace(RATE, RATE + MOMENTUM).replace(
        'settings = { learning_rate = { value = 1, origin = "assumed", reason = "time" } }', fast
    )
    paper = load_paper("toy", write(tmp_path, text))
    assert paper.settings_for("paper")["optimizer_momentum"] == 0.9
    assert "optimizer_momentum" not in paper.settings_for("fast")
    assert paper.settings_for("fast")["optimizer_rho"] == 0.95
    without = text.replace('optimizer = { value = "rmsprop", origin = "assumed", reason = "the other" }', "")
    with pytest.raises(PaperError, match=r"variants\.fast\.settings\.optimizer_rho overrides no setting"):
        load_paper("toy", write(tmp_path, without))
