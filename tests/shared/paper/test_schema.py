"""The published numbers against each other, and a malformed paper.toml against the messages it must give."""

import re
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from data_prep.corpora import synthetic, vntm
from shared.metrics.scores import METRICS
from shared.paper.fields import Metric, Rest, Rule
from shared.paper.loading import list_papers, load_paper
from shared.paper.schema import PaperError
from shared.results.derived import RULES

MINIMAL = """
schema = 1
[paper]
id = "toy"
title = "A toy"
authors = ["A. Author"]
year = 2020
task = "telling a from b"
document = "nowhere"
[corpus]
name = "toys"
title = "Toys"
labels = "single"
classes = ["a", "b"]
n = { test = 50 }
[settings]
batch_size = { value = 32, unit = "clips", origin = "paper", where = "2" }
learning_rate = { value = 0.001, origin = "assumed", reason = "Adam's default" }
[variants.paper]
title = "as printed"
description = "As printed."
origin = "paper"
[variants.fast]
title = "fast"
description = "Larger steps."
origin = "assumed"
reason = "time"
models = ["CNN"]
settings = { learning_rate = { value = 1, origin = "assumed", reason = "time" } }
[models.CNN]
title = "convolutions"
[models.RNN]
[ensembles.MIX]
members = ["CNN", "RNN"]
weights = [0.4, 0.6]
rule = "weighted_geometric_mean"
published = false
origin = "paper"
where = "3"
[[tables]]
id = "1"
columns = [
  { split = "train", metric = "accuracy", header = "train", scale = 100 },
  { split = "test", metric = "map@3", header = "test" },
]
rows = [
  { header = "cnn", model = "CNN", values = ["98.50", "0.874 ± 0.006"] },
  { header = "rnn", model = "RNN", values = ["", "0.9"] },
]
repeats = 10
remarks = [{ model = "RNN", split = "test", metric = "map@3", kind = "approximate", text = "'around 0.9'" }]
[[confusion_matrices]]
figure = "Fig. 1"
model = "CNN"
split = "test"
printed_rows = "predicted"
matrix = [[20, 10], [5, 15]]
[[figures]]
id = "Fig. 2"
title = "clips a class"
unit = "clips"
counts = { a = 25, b = 25 }
[[findings]]
kind = "silent"
place = "2"
text = "No epochs."
"""


def write(root: Path, text: str) -> Path:
    (root / "toy").mkdir(exist_ok=True)
    (root / "toy" / "paper.toml").write_text(text, encoding="utf-8")
    return root


@pytest.fixture
def toy(tmp_path):
    return load_paper("toy", write(tmp_path, MINIMAL))


def test_what_new_papers_are_copied_from_is_no_paper_but_loads():
    assert "_template" not in list_papers()
    assert load_paper("_template").id == "_template"


@pytest.mark.parametrize("paper_id", list_papers())
def test_every_paper_of_the_suite_loads(paper_id):
    paper = load_paper(paper_id)
    assert paper.headline_cell is not None
    for variant in paper.variants:
        assert paper.settings_for(variant).keys() == paper.settings.keys()


# ---- the schema, on a toy that has what the other papers need


def test_a_document_has_an_address_a_doi_and_a_licence_or_none(tmp_path, toy):
    assert (toy.address, toy.doi, toy.doi_address, toy.licence) == ("", "", "", "")
    known = 'address = "https://example.org/toy.pdf"\ndoi = "10.1234/toy"\nlicence = "CC BY 4.0"\n'
    toy = load_paper("toy", write(tmp_path, MINIMAL.replace("year = 2020\n", f"year = 2020\n{known}")))
    assert (toy.address, toy.licence) == ("https://example.org/toy.pdf", "CC BY 4.0")
    assert (toy.doi, toy.doi_address) == ("10.1234/toy", "https://doi.org/10.1234/toy")
    assert toy.dated == "nowhere, 2020"


def test_percentages_become_fractions_and_print_as_they_were(toy):
    cell = toy.cell("1", "CNN", "train", "accuracy")
    assert (cell.value, cell.decimals, cell.printed, cell.n) == (0.985, 2, "98.50", None)
    assert cell.formatted(0.91234) == "91.23"


def test_folds_of_the_published_protocol(toy, tmp_path):
    assert toy.corpus.folds == 1
    text = MINIMAL.replace("n = { test = 50 }", "n = { test = 50 }\nfolds = {}")
    assert load_paper("toy", write(tmp_path, text.replace("{}", "10"))).corpus.folds == 10
    with pytest.raises(PaperError, match="corpus.folds is 0: expected a positive whole number"):
        load_paper("toy", write(tmp_path, text.replace("{}", "0")))


def test_mean_and_sd_over_folds(toy):
    cell = toy.cell("1", "CNN", "test", "map@3")
    assert (cell.value, cell.sd, cell.decimals, cell.repeats, cell.n) == (0.874, 0.006, 3, 10, 50)


def test_a_row_of_votes_is_a_model_and_may_count_something_else(tmp_path):
    rows = """  { header = "rnn", model = "RNN", values = ["", "0.9"] },
  { header = "voting", model = "CNN, by clip", values = ["90.0", "0.95"], n = { test = 20 } },
"""
    text = MINIMAL.replace('  { header = "rnn", model = "RNN", values = ["", "0.9"] },\n', rows)
    paper = load_paper("toy", write(tmp_path, text))
    cells = [
        paper.cell("1", "CNN, by clip", split, metric) for split, metric in (("train", "accuracy"), ("test", "map@3"))
    ]
    assert [(cell.value, cell.n, cell.own_n) for cell in cells] == [(0.9, None, False), (0.95, 20, True)]
    assert paper.settings_for(model="CNN, by clip") == paper.settings_for(model="CNN")
    with pytest.raises(PaperError, match=r"rows\[2\]\.model names 'CNN, by song', which \[models\] does not have"):
        load_paper("toy", write(tmp_path, text.replace("CNN, by clip", "CNN, by song")))
    with pytest.raises(PaperError, match=r"rows\[2\]\.model names 'CMN, by track'"):
        load_paper("toy", write(tmp_path, text.replace("CNN, by clip", "CMN, by track")))


def test_a_cell_that_the_paper_leaves_empty_is_no_cell(toy):
    assert toy.cell("1", "RNN", "train", "accuracy") is None
    assert len(toy.cells()) == 3


def test_remarks_stand_at_their_cell(toy):
    cell = toy.cell("1", "RNN", "test", "map@3")
    assert (cell.note_kind, cell.note) == ("approximate", "'around 0.9'")
    assert toy.cell("1", "CNN", "test", "map@3").note == ""


def test_a_variant_overrides_settings_and_keeps_their_units(toy):
    assert toy.settings_for() == {"batch_size": 32, "learning_rate": 0.001}
    assert toy.settings_for("fast") == {"batch_size": 32, "learning_rate": 1}
    assert toy.setting("learning_rate", "fast") == 1
    assert toy.all_settings("fast")["learning_rate"].reason == "time"


def test_a_setting_may_be_about_some_models_only(tmp_path):
    text = MINIMAL.replace('"Adam\'s default" }', '"Adam\'s default", models = ["CNN"] }')
    paper = load_paper("toy", write(tmp_path, text))
    assert set(paper.settings_for()) == {"batch_size", "learning_rate"}
    assert set(paper.settings_for("fast", "CNN")) == {"batch_size", "learning_rate"}
    assert set(paper.settings_for("paper", "RNN")) == {"batch_size"}
    assert set(paper.settings_for(model="a probe")) == {"batch_size"}
    with pytest.raises(
        PaperError, match=r"settings.learning_rate.models\[0\] names 'CMM', which \[models\] does not have"
    ):
        load_paper(
            "toy",
            write(
                tmp_path, text.replace('models = ["CNN"] }\n[variants.paper]', 'models = ["CMM"] }\n[variants.paper]')
            ),
        )


GROUPS = """
[settings.of_cnn]
models = ["CNN"]
kernel = { value = 3, origin = "paper", where = "2" }
units = { value = [8], origin = "paper", where = "2", models = ["CNN", "RNN"] }
[settings.for_all]
epochs = { value = 50, origin = "paper", where = "2" }
"""


def test_settings_in_groups_are_about_the_models_of_their_group(tmp_path):
    text = MINIMAL.replace("[variants.paper]", GROUPS + "[variants.paper]")
    text = text.replace(
        "settings = { learning_rate",
        'settings = { kernel = { value = 5, origin = "paper", where = "3" }, learning_rate',
    )
    paper = load_paper("toy", write(tmp_path, text))
    assert {name: setting.models for name, setting in paper.settings.items()} == {
        "batch_size": (),
        "learning_rate": (),
        "kernel": ("CNN",),
        "units": ("CNN", "RNN"),
        "epochs": (),
    }
    assert [setting.name for setting in paper.settings.values()] == list(paper.settings)
    override = paper.variants["fast"].settings["kernel"]
    assert (override.value, override.models, override.name) == (5, ("CNN",), "kernel")
    assert set(paper.settings_for(model="RNN")) == {"batch_size", "learning_rate", "units", "epochs"}


@pytest.mark.parametrize(
    ("good", "bad", "message"),
    [
        (
            'models = ["CNN"]\nkernel',
            'models = ["CMN"]\nkernel',
            "settings.of_cnn.models[0] names 'CMN', which [models]",
        ),
        (
            'models = ["CNN"]\nkernel',
            'model = ["CNN"]\nkernel',
            "settings.of_cnn.model is ['CNN']: expected models = [...]",
        ),
        (
            "kernel = { value = 3, origin",
            "kernel = { value = 3, origins",
            "settings.of_cnn.kernel.origins is not a key of",
        ),
        ("kernel = { value = 3, ", "kernel = { ", "settings.of_cnn.kernel.value is missing"),
        ("[settings.of_cnn]\n", "", "settings.models is ['CNN']: expected models = [...], as the first line of"),
        ("epochs = {", "kernel = {", "settings.for_all.kernel stands twice, here and before"),
        ("epochs = {", "batch_size = {", "settings.for_all.batch_size stands twice, here and before"),
    ],
)
def test_a_malformed_group_is_named_with_key_and_remedy(tmp_path, good, bad, message):
    assert good in GROUPS
    text = MINIMAL.replace("[variants.paper]", GROUPS.replace(good, bad) + "[variants.paper]")
    with pytest.raises(PaperError, match=re.escape(f"paper.toml: {message}")):
        load_paper("toy", write(tmp_path, text))


def test_a_variant_restricts_models(toy):
    assert toy.models_for() == ("CNN", "RNN")
    assert toy.models_for("fast") == ("CNN",)


def test_the_fingerprint_of_the_published_data_is_optional(toy, tmp_path):
    assert toy.corpus.fingerprint == ""
    text = MINIMAL.replace('name = "toys"', 'name = "toys"\nfingerprint = "0123456789abcdef"')
    assert load_paper("toy", write(tmp_path, text)).corpus.fingerprint == "0123456789abcdef"


PROTOCOLS = """
[corpus.protocols.other]
title = "another reading of the split"
comparable = true
n = { test = 40 }
[corpus.protocols.grouped]
folds = ["anna", "ben"]
"""


def test_protocols_that_may_stand_beside_the_paper(tmp_path):
    corpus = load_paper("toy", write(tmp_path, MINIMAL.replace("[settings]", PROTOCOLS + "[settings]"))).corpus
    assert corpus.n_under("published") == {"test": 50}
    assert corpus.n_under("other") == {"test": 40}
    assert corpus.n_under("grouped") is None
    assert corpus.n_under("unheard-of") is None
    assert corpus.protocols["grouped"].folds == ("anna", "ben")
    sizeless = PROTOCOLS.replace("n = { test = 40 }\n", "")
    with pytest.raises(
        PaperError, match=r"corpus.protocols.other.n is missing: a split that may stand beside the paper"
    ):
        load_paper("toy", write(tmp_path, MINIMAL.replace("[settings]", sizeless + "[settings]")))
    own = PROTOCOLS.replace("protocols.other", "protocols.published")
    with pytest.raises(PaperError, match="corpus.protocols.published is the paper's own split"):
        load_paper("toy", write(tmp_path, MINIMAL.replace("[settings]", own + "[settings]")))


ABLATION = """
[[ablations]]
title = "one thing at a time"
model = "CNN"
variants = ["paper", "fast"]
epochs = 3
"""


def test_ablations_name_variants_and_a_model(tmp_path):
    ablation = load_paper("toy", write(tmp_path, MINIMAL + ABLATION)).ablations[0]
    assert (ablation.model, ablation.variants, ablation.epochs) == ("CNN", ("paper", "fast"), 3)
    with pytest.raises(PaperError, match=r"ablations\[0\].variants\[1\] names 'fats'.* the known are: paper, fast"):
        load_paper("toy", write(tmp_path, MINIMAL + ABLATION.replace('"fast"', '"fats"')))


COMPARISONS = """
[[comparisons]]
title = "speed"
first = { variant = "paper" }
second = { variant = "fast" }
models = ["CNN"]

[[comparisons]]
title = "both"
first = { variant = "paper", model = "CNN" }
second = { variant = "fast", model = "CNN" }

[[comparisons]]
title = "in both variants"
first = { model = "CNN" }
second = { model = "RNN" }
variants = ["paper", "fast"]
"""


def test_comparisons_are_of_variants_and_models(tmp_path):
    speed, both, *each = load_paper("toy", write(tmp_path, MINIMAL + COMPARISONS)).comparisons
    assert (speed.title, speed.first, speed.second) == ("speed", ("paper", "CNN"), ("fast", "CNN"))
    assert (both.title, both.first, both.second) == ("both", speed.first, speed.second)
    sides = [(one.first, one.second) for one in each]
    assert sides == [((variant, "CNN"), (variant, "RNN")) for variant in ("paper", "fast")]
    wrong = {
        '"fast" }': ('"fats" }', r"comparisons\[0\].second.variant names 'fats'.* the known are: paper, fast"),
        '["CNN"]': ('["CMN"]', r"comparisons\[0\].models\[0\] names 'CMN'"),
        'models = ["CNN"]': ("", r"comparisons\[0\].first.model is missing"),
        '["paper", "fast"]': ('["paper", "fats"]', r"comparisons\[2\].variants\[1\] names 'fats'"),
        'variants = ["paper", "fast"]': ("", r"comparisons\[2\].first.variant is missing"),
        '"paper", model = "CNN"': ('"paper", model = "CMN"', r"comparisons\[1\].first.model names 'CMN'"),
    }
    for right, (other, message) in wrong.items():
        with pytest.raises(PaperError, match=message):
            load_paper("toy", write(tmp_path, MINIMAL + COMPARISONS.replace(right, other, 1)))


CLAIMS = """
[[claims]]
place = "the abstract"
value = "98.5"
scale = 100
model = "CNN"
split = "train"
metric = "accuracy"
[[claims]]
place = "Section 2"
value = "1290"
quantity = "columns of an image"
"""


def test_claims_are_about_a_number_of_a_table_or_a_quantity_in_words(tmp_path):
    one, other = load_paper("toy", write(tmp_path, MINIMAL + CLAIMS)).claims
    assert (one.place, one.printed, one.scale) == ("the abstract", "98.5", 100)
    assert (one.model, one.split, one.metric, one.quantity) == ("CNN", "train", "accuracy", "")
    assert (other.printed, other.scale, other.quantity, other.model) == ("1290", 1, "columns of an image", "")


@pytest.mark.parametrize(
    ("good", "bad", "message"),
    [
        ('value = "98.5"', 'value = "98.5 %"', "claims[0].value is '98.5 %': expected a number as printed"),
        ('value = "98.5"', "value = 98.5", "claims[0].value is 98.5: expected a number as printed, such as '88.5'"),
        ("scale = 100", "scale = 0", "claims[0].scale is 0: expected a positive whole number; 1 for fractions, 100"),
        ('model = "CNN"', 'model = "CMN"', "claims[0].model names 'CMN', which [models] does not have"),
        ('split = "train"', "", "claims[0].quantity is missing: write what the value is of, or its model, split and"),
        ('quantity = "columns of an image"', "", "claims[1].quantity is missing"),
        ('value = "1290"', 'value = "1290"\nmodel = "CNN"', "claims[1].quantity stands beside model, split or metric"),
        ('place = "Section 2"', 'places = "Section 2"', "claims[1].place is missing: expected a text"),
    ],
)
def test_a_malformed_claim_is_named_with_key_and_remedy(tmp_path, good, bad, message):
    assert good in CLAIMS
    with pytest.raises(PaperError, match=re.escape(message)):
        load_paper("toy", write(tmp_path, MINIMAL + CLAIMS.replace(good, bad)))


def with_counts(text: str, labels: str = "single") -> str:
    return MINIMAL.replace('labels = "single"', f'labels = "{labels}"\n{text}')


def test_the_stated_counts_of_the_corpus_are_optional_and_give_its_size(toy, tmp_path):
    assert (toy.corpus.counts, toy.corpus.clips, toy.corpus.size) == ({}, None, None), "one split is not the corpus"

    def size(text, labels="single"):
        return load_paper("toy", write(tmp_path, with_counts(text, labels))).corpus.size

    assert size("counts = { a = 30, b = 20 }") == 50
    assert size("clips = 70") == 70
    assert size("clips = 40\ncounts = { a = 30, b = 20 }", "multi") == 40
    text = MINIMAL.replace("n = { test = 50 }", "n = { train = 200, test = 50 }")
    assert load_paper("toy", write(tmp_path, text)).corpus.size == 250


@pytest.mark.parametrize(
    ("labels", "text", "message"),
    [
        ("single", "counts = { a = 30 }", "corpus.counts and corpus.classes differ in b: expected one count for each"),
        ("single", "counts = { a = 3, b = 2, c = 1 }", "corpus.counts and corpus.classes differ in c"),
        ("single", "counts = { a = 30, b = 0 }", "corpus.counts.b is 0: expected a positive whole number"),
        ("single", "counts = { a = 30, b = 20 }\nclips = 60", "corpus.clips is 60: the counts add up to 50"),
        ("single", "clips = 0", "corpus.clips is 0: expected a positive whole number"),
        ("multi", "counts = { a = 30, b = 20 }", "corpus.clips is missing: with several labels a clip"),
        ("multi", "counts = { a = 30, b = 20 }\nclips = 25", "corpus.clips is 25, fewer than the 30 clips of one"),
    ],
)
def test_counts_that_do_not_hold_together(tmp_path, labels, text, message):
    with pytest.raises(PaperError, match=re.escape(message)):
        load_paper("toy", write(tmp_path, with_counts(text, labels)))


def test_a_year_that_nobody_knows_may_be_left_out(tmp_path):
    assert load_paper("toy", write(tmp_path, MINIMAL.replace("year = 2020\n", ""))).year is None


def test_confusion_matrices_are_turned_to_rows_true(toy):
    assert toy.confusion_matrix("CNN", "test").matrix == ((20, 5), (10, 15))
    assert toy.confusion_matrix("CNN", "test").as_printed == ((20, 10), (5, 15))
    assert toy.confusion_matrix("CNN", "test").labelled_rows == ""
    assert toy.confusion_matrix("RNN", "test") is None


OF_CODE = """
[[tables]]
id = "the code"
variants = ["fast"]
columns = [{ split = "test", metric = "map@3", header = "test" }]
rows = [{ header = "cnn", model = "CNN", values = ["0.9"] }]
[[confusion_matrices]]
table = "the code"
figure = "cnn.png"
model = "CNN"
split = "test"
printed_rows = "true"
matrix = [[21, 4], [9, 16]]
"""


def test_a_confusion_matrix_stands_beside_the_variants_of_its_table(tmp_path):
    own = MINIMAL.replace('id = "1"', 'id = "1"\nvariants = ["paper"]') + OF_CODE
    paper = load_paper("toy", write(tmp_path, own))
    assert [(m.figure, m.table) for m in paper.confusion_matrices] == [("Fig. 1", "1"), ("cnn.png", "the code")]
    assert paper.confusion_matrix("CNN", "test").figure == "Fig. 1"
    assert paper.confusion_matrix("CNN", "test", "fast").figure == "cnn.png"
    assert paper.table("1").is_of_the_trainings_of(paper.table("1"))
    assert not paper.table("1").is_of_the_trainings_of(paper.table("the code"))
    misplaced = own.replace('figure = "Fig. 1"', 'figure = "Fig. 1"\nkind = "misplaced"\nnote = "the other one\'s"')
    paper = load_paper("toy", write(tmp_path, misplaced))
    assert paper.confusion_matrix("CNN", "test") is None
    assert (paper.confusion_matrices[0].note_kind, paper.confusion_matrices[0].note) == ("misplaced", "the other one's")
    for old, new, message in (
        ('table = "the code"', 'table = "2"', "confusion_matrices[1].table names '2', which [[tables]] does not have"),
        ('kind = "misplaced"', 'kind = "moved"', "confusion_matrices[0].kind is 'moved': expected one of"),
        ('kind = "misplaced"\n', "", "confusion_matrices[0].kind is missing: a remark has a kind"),
    ):
        with pytest.raises(PaperError, match=re.escape(message)):
            load_paper("toy", write(tmp_path, misplaced.replace(old, new)))


def test_a_remark_without_a_metric_is_about_all_cells_of_a_split(tmp_path):
    text = MINIMAL.replace('split = "test", metric = "map@3", kind', 'split = "test", kind')
    remarked = [cell for cell in load_paper("toy", write(tmp_path, text)).cells() if cell.note]
    assert [(cell.model, cell.metric, cell.note_kind) for cell in remarked] == [("RNN", "map@3", "approximate")]
    with pytest.raises(PaperError, match="remarks\\[0\\].split is 'validation': the table has no such columns"):
        load_paper("toy", write(tmp_path, text.replace('split = "test", kind', 'split = "validation", kind')))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            '"test", metric = "map@3", header',
            '"testing", metric = "map@3", header',
            "tables[0].columns[1].split is 'testing': expected one of train, validation, test",
        ),
        (
            "n = { test = ",
            "n = { tst = ",
            "corpus.n has 'tst'; the known are: train, validation, test. Did you mean test?",
        ),
    ],
)
def test_a_split_is_one_of_three(tmp_path, old, new, words):
    assert old in MINIMAL
    with pytest.raises(PaperError) as error:
        load_paper("toy", write(tmp_path, MINIMAL.replace(old, new)))
    assert words in str(error.value)


def test_the_day_of_a_reading_is_in_the_calendar(tmp_path):
    reading = 'origin = "assumed", reason = "r", readings = [{ value = 3, reason = "r", written = "2026-13-45" }] }'
    text = MINIMAL + "\n[settings.more]\nwindows = { value = 2, " + reading + "\n"
    with pytest.raises(PaperError, match="written is '2026-13-45': month must be in 1..12"):
        load_paper("toy", write(tmp_path, text))


def test_figures_of_counts_and_findings(toy):
    assert toy.count_figures[0].counts == {"a": 25, "b": 25}
    assert toy.findings[0].kind == "silent"


# ---- names


def test_unknown_names_list_the_known(toy, tmp_path):
    with pytest.raises(PaperError, match=r"no paper 'toi'; the known are: toy"):
        load_paper("toi", tmp_path)
    with pytest.raises(PaperError, match=r"toy has no variant 'x'; the known are: paper, fast"):
        toy.settings_for("x")
    with pytest.raises(PaperError, match=r"toy has no setting 'batch'; the known are: batch_size, learning_rate"):
        toy.setting("batch")


# ---- malformed files


@pytest.mark.parametrize(
    ("good", "bad", "message"),
    [
        ("schema = 1", "schema = 2", "schema is 2: expected 1; the form that this program reads"),
        ("schema = 1", "schema 1", "not a TOML file"),
        ('id = "toy"', 'id = "toi"', "paper.id is 'toi': expected 'toy', the name of its folder"),
        ("year = 2020", 'year = "2020"', "paper.year is '2020': expected a whole number"),
        ('task = "telling a from b"', "", "paper.task is missing: expected a text"),
        (
            "year = 2020",
            'address = "example.org"',
            "paper.address is 'example.org': expected where it can be",
        ),
        (
            "year = 2020",
            'doi = "https://doi.org/10.1/x"',
            "paper.doi is 'https://doi.org/10.1/x': expected a DOI",
        ),
        ('origin = "paper", where = "2"', 'origin = "guess"', "settings.batch_size.origin is 'guess': expected one of"),
        ('origin = "paper", where = "2"', 'origin = "paper"', "settings.batch_size.where is missing: the origin is"),
        (', reason = "Adam\'s default"', "", "settings.learning_rate.reason is missing: the value is assumed"),
        ('unit = "clips", origin', 'units = "clips", origin', "settings.batch_size.units is not a key of this section"),
        ("value = 32, ", "", "settings.batch_size.value is missing"),
        (
            '{ value = 32, unit = "clips", origin = "paper", where = "2" }',
            "32",
            "is 32: expected a setting such as { value = 32",
        ),
        ("[settings]\n", "", "It looks like a setting: is the line [settings] above it missing?"),
        ("value = 1, origin", 'value = "1", origin', "settings.learning_rate.value is '1': expected a number, as in"),
        ("{ learning_rate = { value", "{ learning = { value", "variants.fast.settings.learning overrides no setting"),
        ("[variants.paper]", "[variants.printed]", "variants has no variant 'paper'"),
        ("[variants.fast]", '[variants."../fast"]', "variants is '../fast': files are called after it, so it has no /"),
        ('id = "1"', 'id = "../../1"', "tables.id is '../../1': files are called after it"),
        ('name = "toys"', 'name = ".toys"', "corpus.name is '.toys': files are called after it"),
        ('models = ["CNN"]', 'models = ["CMN"]', "variants.fast.models[0] names 'CMN', which [models] does not have"),
        ("weights = [0.4, 0.6]", "weights = [1.0]", "ensembles.MIX.weights has 1 values for 2 members"),
        ('"98.50", "0.874 ± 0.006"', '"98.50"', "tables[0].rows[0].values has 1 values for 2 columns"),
        ('"98.50"', '"98.50 %"', "tables[0].rows[0].values[0] is '98.50 %': expected a number as printed"),
        ('"98.50"', "98.50", "tables[0].rows[0].values[0] is 98.5: expected a number as printed, such as"),
        ('remarks = [{ model = "RNN"', 'remarks = [{ model = "X"', "tables[0].remarks[0] is about X, test, map@3"),
        ("[[20, 10], [5, 15]]", "[[20, 10]]", "confusion_matrices[0].matrix is not 2 x 2"),
        ("[5, 15]", "[5, -15]", "confusion_matrices[0].matrix[1][1] is -15: expected a whole number, 0 or"),
        (
            'printed_rows = "predicted"',
            'printed_rows = "yes"',
            "expected one of true, predicted; what the figure's rows stand for",
        ),
        (
            "matrix = [[20",
            'labelled_rows = "yes"\nmatrix = [[20',
            "confusion_matrices[0].labelled_rows is 'yes': expected",
        ),
        ("n = { test = 50 }", "n = { test = 0 }", "corpus.n.test is 0: expected a positive whole number"),
        ("n = { test = 50 }", 'fingerprint = "e348"', "corpus.fingerprint is 'e348': expected 16 hexadecimal digits"),
        ('kind = "silent"', 'kind = "odd"', "findings[0].kind is 'odd': expected one of contradiction"),
        (
            'id = "toy"',
            'id = "toy"\nheadline = { table = "2", model = "CNN", split = "test", metric = "loss" }',
            "no table",
        ),
        (
            'metric = "accuracy", header',
            'metric = "acuracy", header',
            "columns[0].metric is 'acuracy': expected one of",
        ),
        ('rule = "weighted_geo', 'rule = "geo', "ensembles.MIX.rule is 'geometric_mean': expected one of product,"),
        ('members = ["CNN", "RNN"]\nweights = [0.4, 0.6]', "members = []", "ensembles.MIX.members is []: expected"),
        ("weights = [0.4, 0.6]", "weights = [-1.0, 2.0]", "ensembles.MIX.weights[0] is -1.0: expected a number, 0 or"),
        ("weights = [0.4, 0.6]", "weights = [0.0, 0.0]", "ensembles.MIX.weights has nothing above 0: expected"),
        (
            "0.874 ± 0.006",
            "87.4 ± 0.6",
            "tables[0].rows[0].values has 87.4 for the test map@3: expected 0 to 1; scale = 100 stands for",
        ),
        ("98.50", "985.0", "tables[0].rows[0].values has 985.0 for the train accuracy: expected 0 to 100"),
        ("year = 2020", f"year = {'1' * 5000}", "not a TOML file: "),
    ],
)
def test_a_malformed_file_is_named_with_key_and_remedy(tmp_path, good, bad, message):
    assert good in MINIMAL
    root = write(tmp_path, MINIMAL.replace(good, bad, 1))
    with pytest.raises(PaperError, match=re.escape(message)) as error:
        load_paper("toy", root)
    assert str(error.value).startswith(str(tmp_path / "toy" / "paper.toml"))


def test_every_place_is_named_at_once_a_line_each(tmp_path):
    text = MINIMAL.replace('unit = "clips", origin', 'units = "clips", origin').replace("year = 2020", 'year = "2020"')
    text = text.replace("repeats = 10", "repeats = 1.5").replace("[models.RNN]", '[models.RNN]\nname = "RNN"')
    file = write(tmp_path, text) / "toy" / "paper.toml"
    with pytest.raises(PaperError) as error:
        load_paper("toy", tmp_path)
    known = "the known are: condition, models, note, origin, readings, reason, unit, value, where"
    of_model = "corpus, input_shape, layers, learns, mode, parameters, parameters_origin, title, where"
    assert str(error.value).splitlines() == [
        f"{file}: paper.year is '2020': expected a whole number",
        f"{file}: settings.batch_size.units is not a key of this section; {known}. Did you mean unit?",
        f"{file}: models.RNN.name is not a key of this section; the known are: {of_model}",
        f"{file}: tables[0].repeats is 1.5: expected a whole number",
    ]


@pytest.mark.parametrize(
    ("good", "bad", "message"),
    [
        (
            "value = 32",
            "value = { clips = 32 }",
            "settings.batch_size.value is {'clips': 32}: expected true or false or",
        ),
        ("value = 32", "value = 2020-01-01", "settings.batch_size.value is {'a date': '2020-01-01'}: expected true or"),
        (
            "[models.RNN]",
            "[models.RNN]\nparameters = 8",
            "models.RNN.parameters_origin is missing: expected parameters",
        ),
        ("[models.RNN]", '[models.RNN]\nparameters_origin = "paper"', "models.RNN.parameters is missing"),
        ('classes = ["a", "b"]', 'classes = "ab"', "corpus.classes is 'ab': expected a list"),
        ("[[figures]]", "[figures]", "figures is {'id': 'Fig. 2', "),
        ("[models.RNN]", "", "ensembles.MIX.members[1] names 'RNN', which [models] does not have; the known are: CNN"),
        ("[corpus]", "[corpse]", "corpus is missing: expected a table"),
        ("[corpus]", "[corpse]", "corpse is not a key of this section; the closest are: corpus, curves, comparisons"),
        ("[variants.paper]", "[variants.paper]\nheadline = 1", "variants.paper.headline is 1: expected true or false"),
    ],
)
def test_a_value_of_another_kind_is_named(tmp_path, good, bad, message):
    assert good in MINIMAL
    with pytest.raises(PaperError, match=re.escape(f"paper.toml: {message}")):
        load_paper("toy", write(tmp_path, MINIMAL.replace(good, bad, 1)))


# ---- lam_ensemble against its own arithmetic


@pytest.fixture(scope="module")
def lam():
    return load_paper("lam_ensemble")


def test_lam_tables_have_every_cell(lam):
    assert [table.id for table in lam.tables] == ["IV", "Repository README"]
    assert len(lam.cells()) == 2 * 3 * 8
    assert {cell.decimals for cell in lam.cells()} == {4}
    assert lam.headline_cell.printed == "0.9080"


def test_lam_accuracies_are_whole_numbers_of_clips(lam):
    for cell in lam.cells():
        if cell.metric == "accuracy":
            assert round(round(cell.value * cell.n) / cell.n, 4) == cell.value


def test_lam_confusion_matrices_have_50_clips_a_class_and_the_accuracies_of_their_table(lam):
    assert {(m.table, m.model) for m in lam.confusion_matrices} == {(t.id, m) for t in lam.tables for m in lam.models}
    for published in lam.confusion_matrices:
        matrix = np.array(published.matrix)
        assert matrix.sum(axis=1).tolist() == [50] * 5
        assert np.trace(matrix) / 250 == lam.cell(published.table, published.model, "test", "accuracy").value
    assert [
        lam.confusion_matrix(model, "test") and lam.confusion_matrix(model, "test").figure for model in lam.models
    ] == [
        "Fig. 4",
        None,
        "Fig. 6",
    ]
    assert lam.confusion_matrix("Model 2", "test", "authors-notebook").figure == "cfm_model2.png"


def test_lam_cells_of_another_network_are_marked_and_only_they(lam):
    iv, readme = lam.tables
    misplaced = {(c.table, c.model, c.split, c.metric) for c in lam.cells() if c.note_kind == "misplaced"}
    assert misplaced == {("IV", "Model 2", "test", column.metric) for column in iv.columns if column.split == "test"}
    for place in misplaced:
        assert lam.cell(*place).printed == lam.cell(readme.id, "Model 1", *place[2:]).printed
    fig_5 = next(matrix for matrix in lam.confusion_matrices if matrix.note_kind == "misplaced")
    assert (fig_5.figure, fig_5.matrix) == (
        "Fig. 5",
        lam.confusion_matrix("Model 1", "test", "authors-notebook").matrix,
    )


def test_lam_margins_are_half_the_smallest_lead_of_model_3(lam):
    for table in lam.tables:
        for metric, margin in table.margins.items():
            leads = []
            for split in ("validation", "test"):
                first, second, third = (lam.cell(table.id, model, split, metric) for model in lam.models)
                others = [cell.value for cell in (first, second) if not cell.note_kind]
                leads.append(min(others) - third.value if metric == "loss" else third.value - max(others))
            assert margin == pytest.approx(np.floor(1000 * min(leads) / 2 + 1e-6) / 1000), (table.id, metric)


def test_lam_every_variant_is_held_against_one_table(lam):
    for variant in lam.variants:
        against = [table.id for table in lam.tables if table.is_held_against(variant)]
        assert against == [("Repository README" if variant == "authors-notebook" else "IV")]


def test_lam_clusters_are_the_groups_of_the_corpora(lam):
    for corpus in (vntm, synthetic):
        clips = corpus.clips()
        groups = [corpus.group(label, clip) for label, clip in zip(clips["label"], clips["clip"], strict=True)]
        found = lam.corpus.clusters[corpus.NAME].of(clips["clip"])
        assert len(set(zip(groups, found, strict=True))) == len(set(groups)) == len(set(found))


def test_lam_recall_above_accuracy_is_marked_and_only_there(lam):
    marked = {(c.model, c.split, c.metric) for c in lam.cells() if c.note_kind == "impossible"}
    above = {
        (c.model, c.split, "recall")
        for c in lam.cells()
        if c.metric == "recall" and c.value > lam.cell(c.table, c.model, c.split, "accuracy").value
    }
    assert marked == above == {("Model 2", "validation", "recall")}


def test_lam_settings_agree_with_arithmetic(lam):
    settings = lam.settings_for()
    samples = int(settings["clip_seconds"] * settings["sample_rate_hz"])
    assert settings["image_width"] == 1 + samples // settings["hop_length"]
    assert settings["rescale"] == 1 / 255
    assert settings["train_fraction"] + settings["validation_fraction"] + settings["test_fraction"] == pytest.approx(1)
    assert settings["fmax_hz"] == settings["sample_rate_hz"] / 2


def test_lam_variants_differ_where_the_sources_do(lam):
    def changes(name):
        return {key: value for key, value in lam.settings_for(name).items() if value != lam.setting(key)}

    assert changes("paper-intended") == {"augmentation": "intended"}
    assert changes("paper-none") == {"augmentation": "none"}
    stopping = {"early_stopping_monitor": "loss"}
    assert changes("authors-code") == stopping
    assert changes("authors-code-intended") == stopping | {"augmentation": "intended"}
    released = {"model_2_dropout": 0.3, "model_2_hidden_units": [64]}
    assert changes("authors-notebook") == {"augmentation": "none", "epochs": 20} | stopping | released
    assert changes("notebook-augmented") == {"epochs": 40} | stopping
    assert changes("notebook-augmented-intended") == {"epochs": 40, "augmentation": "intended"} | stopping
    assert lam.models_for("notebook-augmented") == lam.models_for("notebook-augmented-intended") == ("Model 1",)
    assert lam.setting("early_stopping_monitor") == "none"


# ---- what verdicts need


CLUSTERS = """
[corpus.clusters.toys]
by = "box"
pattern = '^toy-([a-z]+)'
[corpus.clusters.numbered]
by = "shelf"
pattern = '\\.(\\d+)$'
block = 25
"""


def test_clusters_are_told_by_the_names_of_clips(tmp_path):
    clusters = load_paper(
        "toy", write(tmp_path, MINIMAL.replace("[settings]", CLUSTERS + "[settings]"))
    ).corpus.clusters
    assert clusters["toys"].of(["toy-red-1", "toy-red-2", "toy-blue-1", "else"]) == ["red", "red", "blue", "else"]
    assert clusters["numbered"].of(["A.024", "A.025", "A.049", "B.024"]) == ["A.0", "A.1", "A.1", "B.0"]
    for wrong, said in (("'^toy-'", "has 0 groups: expected one"), ("'('", "is no regular expression")):
        text = CLUSTERS.replace("'^toy-([a-z]+)'", wrong)
        with pytest.raises(PaperError, match=f"corpus.clusters.toys.pattern {said}"):
            load_paper("toy", write(tmp_path, MINIMAL.replace("[settings]", text + "[settings]")))


def test_a_margin_needs_its_reason(tmp_path):
    lines = (
        "margins = { accuracy = 0.01 }",
        'margin_reason = "half of what two rows differ by"',
        'variants = ["fast"]',
    )
    text = MINIMAL.replace('id = "1"', "\n".join(('id = "1"', *lines)))
    read = load_paper("toy", write(tmp_path, text)).table("1")
    assert (read.margins, read.margin_reason) == ({"accuracy": 0.01}, "half of what two rows differ by")
    assert read.is_held_against("fast")
    assert not read.is_held_against("paper")
    for old, new, said in (
        ("0.01", "0", "accuracy is 0: expected a number above 0"),
        ("{ accuracy", "{ loss", "loss is no column of the table"),
        ('margin_reason = "half of what two rows differ by"', "", "margin_reason is missing"),
        ('["fast"]', '["fats"]', r"variants\[0\] names 'fats'"),
    ):
        with pytest.raises(PaperError, match=said):
            load_paper("toy", write(tmp_path, text.replace(old, new)))


def test_a_departure_from_the_text_is_a_condition_of_its_models(tmp_path):
    text = MINIMAL.replace('"Adam\'s default" }', '"Adam\'s default", condition = "no warm-up", models = ["CNN"] }')
    paper = load_paper("toy", write(tmp_path, text))
    assert paper.conditions_of("paper", "CNN") == ("no warm-up",)
    assert paper.conditions_of("paper", "RNN") == paper.conditions_of("fast", "CNN") == ()


def test_paper_is_a_headline_and_others_say_so(toy, tmp_path):
    assert {name: variant.headline for name, variant in toy.variants.items()} == {"paper": True, "fast": False}
    text = MINIMAL.replace('title = "fast"', 'title = "fast"\nheadline = true')
    assert load_paper("toy", write(tmp_path, text)).variants["fast"].headline


DRAWN = """
private = true
[corpus.drawn]
pairs = "../pairs.csv"
rule = "label, then track"
samples = 40
"""
PUBLISHED = """
[[curves]]
figure = "Fig. 3"
place = "a log"
model = "CNN"
file = "curve.csv"
[[framings]]
place = "2"
rate_hz = 16000
samples = 1600
frames = 9
[[step_counts]]
place = "a log"
steps = 3
samples = 40
"""


@pytest.fixture
def with_data(tmp_path):
    """The toy with a private corpus whose labels are known, a curve, and sizes for the audit; and its text."""
    (tmp_path / "toy").mkdir()
    (tmp_path / "pairs.csv").write_text("genre_1,genre_2,tracks\na,,3\na,b,1\n", encoding="utf-8")
    (tmp_path / "toy" / "curve.csv").write_text("epoch,loss,val_loss\n1,0.50,0.4\n2,0.40,0.35\n", encoding="utf-8")
    text = MINIMAL.replace('title = "convolutions"', 'title = "convolutions"\nlearns = false')
    text = text.replace("n = { test = 50 }", "n = { test = 50 }" + DRAWN) + PUBLISHED
    return load_paper("toy", write(tmp_path, text)), text


def test_data_in_files_beside_it(with_data, toy):
    paper, _ = with_data
    assert paper.corpus.private
    assert (paper.corpus.drawn.pairs, paper.corpus.drawn.samples) == ((("a", "", 3), ("a", "b", 1)), 40)
    assert re.fullmatch("[0-9a-f]{16}", paper.corpus.drawn.fingerprint)
    (curve,) = paper.curves
    assert (curve.figure, curve.model, curve.epochs) == ("Fig. 3", "CNN", 2)
    assert curve.printed == {"loss": ("0.50", "0.40"), "val_loss": ("0.4", "0.35")}
    assert curve.values("val_loss") == [0.4, 0.35]
    assert curve.values("accuracy") == []
    assert (paper.framings[0].frames, paper.step_counts[0].steps) == (9, 3)
    assert [name for name, model in paper.models.items() if not model.learns] == ["CNN"]
    assert (toy.corpus.private, toy.corpus.drawn, toy.curves) == (False, None, ())
    assert all(model.learns for model in toy.models.values())


@pytest.mark.parametrize(
    ("good", "bad", "message"),
    [
        ('"../pairs.csv"', '"none.csv"', "corpus.drawn.pairs is 'none.csv': cannot be read"),
        (
            'classes = ["a", "b"]',
            'classes = ["a", "c"]',
            "corpus.drawn.pairs has b, which corpus.classes does not have",
        ),
        ('"label, then track"', '"track"', "corpus.drawn.rule is 'track': expected 'label, then track'"),
        (
            "samples = 40\n\n[settings]",
            "samples = 0\n\n[settings]",
            "corpus.drawn.samples is 0: expected a positive whole",
        ),
        (
            '"curve.csv"',
            '"../pairs.csv"',
            r"curves\[0\].file is '../pairs.csv': has the columns genre_1, genre_2, tracks",
        ),
        ('place = "a log"\nmodel = "CNN"', 'place = "a log"\nmodel = "C"', r"curves\[0\].model names 'C'"),
        ("frames = 9", "frames = -1", r"framings\[0\].frames is -1: expected a positive whole number"),
        ("steps = 3", 'steps = "3"', r"step_counts\[0\].steps is '3': expected a positive whole number"),
        ("steps = 3", "stops = 3", r"step_counts\[0\].steps is missing"),
    ],
)
def test_data_that_is_not_as_it_should_be_is_named(with_data, tmp_path, good, bad, message):
    _, text = with_data
    assert good in text
    with pytest.raises(PaperError, match=message):
        load_paper("toy", write(tmp_path, text.replace(good, bad)))


@pytest.mark.parametrize("section", [1, 1.5, True, "CNN", [1], [{"id": 1.5}]])
def test_a_section_of_another_type_has_no_names(section):
    assert Rest(Path("paper.toml"), {"models": section}).names("models") == []


def test_a_file_with_a_byte_order_mark_is_read(tmp_path):
    assert load_paper("toy", write(tmp_path, "\ufeff" + MINIMAL)).id == "toy"


def test_the_names_of_metrics_and_rules_are_those_that_are_computed():
    rule, *_ = get_args(Rule)
    assert set(get_args(Metric)) == METRICS.keys()
    assert set(get_args(rule)) == RULES.keys()
