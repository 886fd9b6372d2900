"""Reads and checks a ``paper.toml``. The form, section by section:

``schema``, ``[paper]``, ``[corpus]``
    Who and what; ``headline`` names the cell the paper is known for, ``fingerprint`` the published data. ``counts``
    are the stated clips a class and ``clips`` their number, needed where a clip has several labels; ``folds`` is the
    number of folds that the published numbers are means over. ``private = true`` says that nobody can have its audio.
``[corpus.drawn]``
    pairs (a CSV file, named from here), rule, samples: the labels of its tracks and how samples were drawn from them
    (see `shared.results.exact`).
``[settings]``
    name = { value, origin, unit?, where?, reason?, note?, models?, condition? }, see `ORIGINS`. A ``condition`` says in
    words where the value departs from the printed text; verdicts on runs with it are conditional on that.
``[variants.<name>]``
    title, description, origin, models?, headline?, and ``[variants.<name>.settings]`` with the settings that differ.
    ``paper`` is always there and changes nothing; ``headline = true`` marks a reading of equal standing.
``[models."<name>"]``, ``[ensembles.<name>]``
    Facts that tests hold the code against; members, rule and weights.
``[[tables]]``
    id, title, place, ``columns`` (split, metric, header, scale?) and ``rows`` (header, model, values). A value is the
    paper's own text: "0.8640", "88.40" with ``scale = 100``, "0.874 ± 0.006", or "" where the paper prints nothing.
    ``n`` gives clips a split, ``repeats`` the folds behind a ±, ``[[tables.remarks]]`` what is odd about one cell
    (model, split, metric, kind, text), or, without its metric, about all cells of a model on a split.
    ``margins`` (metric = largest difference without consequence, as a fraction) needs its ``margin_reason``;
    ``variants`` are those that the table is held against, where it is not all.
``[corpus.clusters.<corpus>]``
    by, pattern, block?: which clips are not independent, told by their names (see `shared.paper.schema.Clusters`).
``[corpus.protocols.<name>]``, ``[corpus.others]``
    title, comparable, n, folds of a split other than the published one; corpus = "why it is not the paper's".
``[[claims]]``
    What the document prints outside its tables: place, value (as printed), scale?, and what it is about: model, split
    and metric as in a table, or a quantity in words. Two places of one quantity are held against each other.
``[[confusion_matrices]]``, ``[[figures]]``, ``[[findings]]``, ``[[ablations]]``
    Matrices as printed with ``printed_rows`` (what the rows are) and ``labelled_rows``? (what the axis says), their
    ``table``? (the first that has the model and the split), and ``kind``? and ``note``? of one that is odd; figures of
    counts; what does not fit together; title, model, variants and epochs of a table that varies one choice.
``[[curves]]``
    figure, place, model, file: a published curve, a CSV file beside this one, an epoch a line.
``[[framings]]``, ``[[step_counts]]``
    Sizes that the audit holds against each other: place, rate_hz, samples, frames; place, steps, samples.
``[[comparisons]]``
    Two trainings on the same clips: title, ``first`` and ``second`` (variant, model); without their variant or model,
    one for each of ``variants`` or ``models``, which may be ensembles.

Every error names the file, the key and what was expected. Unknown keys are errors, since they are mostly misspelt.
"""

from __future__ import annotations

import itertools
import re
import tomllib
from decimal import Decimal
from pathlib import Path

from shared.paper.data import read_curve, read_pairs
from shared.paper.schema import (
    MISPLACED,
    SCHEMA,
    Ablation,
    Cell,
    Claim,
    Clusters,
    Column,
    Comparison,
    ConfusionMatrix,
    Corpus,
    CountFigure,
    Curve,
    Drawn,
    Ensemble,
    Finding,
    Framing,
    Model,
    Paper,
    PaperError,
    Protocol,
    Row,
    Setting,
    StepCount,
    Table,
    Variant,
    suggestion,
)

ORIGINS = ("paper", "arithmetic", "authors' code", "cited work", "assumed")
FINDING_KINDS = ("contradiction", "impossible", "slip", "silent", "flaw")
REMARK_KINDS = ("contradiction", "impossible", "slip", "approximate", MISPLACED, "cut off")
VALUE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(?:±\s*(\d+(?:\.\d+)?))?\s*")
AXES = ("true", "predicted")
DRAW_RULES = ("label, then track",)
FINGERPRINT = re.compile(r"[0-9a-f]{16}")
KINDS = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    list: "a list",
    dict: "a table",
    bool: "true or false",
}
NOTHING = object()


class Section:
    """One table of the file, which knows its own key path and which of its keys have been read."""

    def __init__(self, file: Path, path: str, values: dict):
        self.file, self.path, self.values = file, path, values
        self.read: set[str] = set()

    def fail(self, key: str, found: str):
        where = ".".join(part for part in (self.path, key) if part)
        raise PaperError(f"{self.file}: {where} {found}")

    def get(self, key: str, kind: type, default=NOTHING):
        """The value of `key`, checked to be of `kind`; required unless there is a default."""
        self.read.add(key)
        if key not in self.values:
            if default is NOTHING:
                self.fail(key, f"is missing: expected {KINDS[kind]}")
            return default
        value = self.values[key]
        if kind is float and type(value) is int:
            value = float(value)
        if type(value) is not kind:
            self.fail(key, f"is {value!r}: expected {KINDS[kind]}")
        return value

    def choice(self, key: str, choices, why: str, default=NOTHING) -> str:
        value = self.get(key, str, default)
        if value not in choices and value is not default:
            self.fail(key, f"is {value!r}: expected one of {', '.join(choices)}; {why}")
        return value

    def items(self, key: str, kind: type, default=NOTHING) -> tuple:
        """A list whose every element is of `kind`."""
        values = self.get(key, list, default)
        for index, value in enumerate(values):
            if type(value) is not kind and not (kind is float and type(value) is int):
                self.fail(f"{key}[{index}]", f"is {value!r}: expected {KINDS[kind]}")
        return tuple(kind(value) for value in values)

    def section(self, key: str, default=NOTHING) -> Section:
        return Section(self.file, f"{self.path}.{key}".strip("."), self.get(key, dict, default))

    def sections(self, key: str) -> list[tuple[str, Section]]:
        """The named tables under `key`, in the file's order."""
        parent = self.section(key, {})
        return [(name, parent.section(name)) for name in parent.values]

    def rows(self, key: str) -> list[Section]:
        """The tables of the array `key`, in the file's order."""
        rows = self.items(key, dict, [])
        return [Section(self.file, f"{self.path}.{key}[{i}]".strip("."), row) for i, row in enumerate(rows)]

    def counts(self, key: str) -> dict[str, int]:
        """A table name → positive whole number, empty when not given."""
        parent = self.section(key, {})
        counts = {name: parent.get(name, int) for name in parent.values}
        for name, count in counts.items():
            if count < 1:
                parent.fail(name, f"is {count}: expected a positive whole number")
        return counts

    def data(self, key: str, read):
        """What `read` makes of the file that `key` names, from the folder of this one."""
        try:
            return read(self.file.parent / self.get(key, str))
        except ValueError as error:
            self.fail(key, f"is {self.values[key]!r}: {error}")

    def positive(self, key: str) -> int:
        """A positive whole number."""
        if (value := self.get(key, int)) < 1:
            self.fail(key, f"is {value}: expected a positive whole number")
        return value

    def texts(self, key: str) -> dict[str, str]:
        """A table name → text, empty when not given."""
        parent = self.section(key, {})
        return {name: parent.get(name, str) for name in parent.values}

    def origin(self, where_needed: bool = True) -> dict[str, str]:
        """origin, where and reason: a value from the paper names its section, an assumed one its reason."""
        origin = self.choice("origin", ORIGINS, "write where the value comes from")
        where, reason = self.get("where", str, ""), self.get("reason", str, "")
        if origin == "paper" and where_needed and not where:
            self.fail("where", "is missing: the origin is the paper, so write the section that says so")
        if origin == "assumed" and not reason:
            self.fail("reason", "is missing: the value is assumed, so write why this one")
        return {"origin": origin, "where": where, "reason": reason}

    def done(self):
        """Refuse keys that nothing has read."""
        for key in self.values:
            if key not in self.read:
                self.fail(key, f"is not a key of this section; {suggestion(key, sorted(self.read))}")


def read_paper(file: Path) -> Paper:
    """The paper of one ``paper.toml``. Raises PaperError naming file, key and what was expected."""
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PaperError(f"{file}: not a TOML file: {error}") from None
    top = Section(file, "", values)
    if (schema := top.get("schema", int)) != SCHEMA:
        top.fail("schema", f"is {schema}: this program reads schema {SCHEMA}")
    head = top.section("paper")
    corpus = _corpus(top.section("corpus"))
    models = {name: _model(name, section) for name, section in top.sections("models")}
    settings = {name: _setting(name, section, models) for name, section in top.sections("settings")}
    tables = tuple(_table(section, corpus, models, top.get("variants", dict)) for section in top.rows("tables"))
    paper = Paper(
        id=head.get("id", str),
        title=head.get("title", str),
        authors=head.items("authors", str),
        year=head.get("year", int, None),
        task=head.get("task", str),
        document=head.get("document", str),
        headline=_headline(head),
        path=file,
        corpus=corpus,
        settings=settings,
        models=models,
        variants={name: _variant(name, section, settings, models) for name, section in top.sections("variants")},
        ensembles={name: _ensemble(name, section, models) for name, section in top.sections("ensembles")},
        tables=tables,
        confusion_matrices=tuple(
            _matrix(section, corpus, models, tables) for section in top.rows("confusion_matrices")
        ),
        count_figures=tuple(_figure(section) for section in top.rows("figures")),
        curves=tuple(_curve(section, models) for section in top.rows("curves")),
        framings=tuple(_framing(section) for section in top.rows("framings")),
        step_counts=tuple(_step_count(section) for section in top.rows("step_counts")),
        claims=tuple(_claim(section, models) for section in top.rows("claims")),
        findings=tuple(_finding(section) for section in top.rows("findings")),
        ablations=tuple(_ablation(section, models, top.get("variants", dict)) for section in top.rows("ablations")),
        comparisons=tuple(one for section in top.rows("comparisons") for one in _comparisons(section, top)),
    )
    if paper.id != file.parent.name:
        head.fail("id", f"is {paper.id!r}: expected {file.parent.name!r}, the name of its folder")
    if "paper" not in paper.variants:
        top.fail("variants", "has no variant 'paper': the faithful reading must be there")
    if paper.headline and paper.headline_cell is None:
        head.fail("headline", f"is {', '.join(paper.headline)}: no table has a number there")
    head.done()
    top.done()
    return paper


def _headline(head: Section):
    if "headline" not in head.values:
        return None
    section = head.section("headline")
    headline = tuple(section.get(key, str) for key in ("table", "model", "split", "metric"))
    section.done()
    return headline


def _corpus(section: Section) -> Corpus:
    protocols = {name: _protocol(name, part) for name, part in section.sections("protocols")}
    corpus = Corpus(
        name=section.get("name", str),
        title=section.get("title", str),
        labels=section.choice("labels", ("single", "multi"), "one label a clip, or several"),
        classes=section.items("classes", str),
        n=section.counts("n"),
        fingerprint=section.get("fingerprint", str, ""),
        protocols=protocols,
        others=section.texts("others"),
        counts=section.counts("counts"),
        clips=section.get("clips", int, None),
        folds=section.get("folds", int, 1),
        clusters={name: _clusters(part) for name, part in section.sections("clusters")},
        private=section.get("private", bool, False),
        drawn=_drawn(section) if "drawn" in section.values else None,
    )
    if corpus.folds < 1:
        section.fail("folds", f"is {corpus.folds}: expected a positive whole number")
    _check_counts(section, corpus)
    if corpus.fingerprint and not FINGERPRINT.fullmatch(corpus.fingerprint):
        section.fail("fingerprint", f"is {corpus.fingerprint!r}: expected 16 hexadecimal digits")
    section.done()
    return corpus


def _drawn(corpus: Section) -> Drawn:
    section, classes = corpus.section("drawn"), corpus.items("classes", str)
    pairs, fingerprint = section.data("pairs", read_pairs)
    if odd := sorted({name for pair in pairs for name in pair[:2] if name} - set(classes)):
        section.fail("pairs", f"has {', '.join(odd)}, which corpus.classes does not have")
    rule = section.choice("rule", DRAW_RULES, "how was a sample drawn?")
    drawn = Drawn(pairs, rule, section.positive("samples"), fingerprint)
    section.done()
    return drawn


def _clusters(section: Section) -> Clusters:
    clusters = Clusters(section.get("by", str), section.get("pattern", str), section.get("block", int, 1))
    try:
        groups = re.compile(clusters.pattern).groups
    except re.error as error:
        section.fail("pattern", f"is no regular expression: {error}")
    if groups != 1:
        section.fail("pattern", f"has {groups} groups: expected one, in parentheses, which names the cluster")
    if clusters.block < 1:
        section.fail("block", f"is {clusters.block}: expected a positive whole number")
    section.done()
    return clusters


def _check_counts(section: Section, corpus: Corpus):
    """The stated counts must be of the classes, all of them, and fit the stated number of clips."""
    counts, clips = corpus.counts, corpus.clips
    if clips is not None and clips < 1:
        section.fail("clips", f"is {clips}: expected a positive whole number")
    if not counts:
        return
    if odd := sorted(set(counts) ^ set(corpus.classes)):
        section.fail("counts", f"and corpus.classes differ in {', '.join(odd)}: expected one count for each class")
    if corpus.labels == "single" and clips not in (None, sum(counts.values())):
        section.fail("clips", f"is {clips}: the counts add up to {sum(counts.values())}, and a clip has one label")
    if corpus.labels == "multi" and clips is None:
        section.fail("clips", "is missing: with several labels a clip, the counts do not add up to it")
    if corpus.labels == "multi" and max(counts.values()) > clips:
        section.fail("clips", f"is {clips}, fewer than the {max(counts.values())} clips of one class")


def _protocol(name: str, section: Section) -> Protocol:
    if name == "published":
        section.fail("", "is the paper's own split: its clips a split stand in corpus.n")
    protocol = Protocol(
        name=name,
        title=section.get("title", str, ""),
        comparable=section.get("comparable", bool, False),
        n=section.counts("n"),
        folds=section.items("folds", str, []),
    )
    if protocol.comparable and not protocol.n:
        section.fail("n", "is missing: a split that may stand beside the paper needs its clips a split")
    section.done()
    return protocol


def _setting(name: str, section: Section, models: dict, base: Setting | None = None) -> Setting:
    if "value" not in section.values:
        section.fail("value", "is missing: a setting without a value cannot be run")
    value = section.values["value"]
    section.read.add("value")
    if isinstance(value, dict):
        section.fail("value", "is a table: expected a number, a text, true, false or a list")
    if base is not None and _kind(value) is not _kind(base.value):
        section.fail("value", f"is {value!r}: expected {KINDS[_kind(base.value)]}, as in settings.{name}")
    unit = section.get("unit", str, base.unit if base else "")
    about = section.items("models", str, list(base.models) if base else [])
    for model in about:
        _known_model(section, "models", model, models)
    texts = {key: section.get(key, str, "") for key in ("note", "condition")}
    setting = Setting(name, value, unit=unit, models=about, **texts, **section.origin())
    section.done()
    return setting


def _kind(value) -> type:
    return float if type(value) is int else type(value)


def _variant(name: str, section: Section, settings: dict, models: dict) -> Variant:
    overrides = {}
    for key, override in section.sections("settings"):
        if key not in settings:
            override.fail("", f"overrides no setting; {suggestion(key, settings)}")
        overrides[key] = _setting(key, override, models, settings[key])
    chosen = section.items("models", str, list(models))
    for model in chosen:
        _known_model(section, "models", model, models)
    if name == "paper" and overrides:
        section.fail("settings", "is not empty: the variant 'paper' is the settings themselves")
    variant = Variant(
        name=name,
        title=section.get("title", str),
        description=section.get("description", str),
        models=tuple(model for model in models if model in chosen),
        settings=overrides,
        headline=section.get("headline", bool, name == "paper"),
        **section.origin(where_needed=False),
    )
    section.done()
    return variant


def _known_model(section: Section, key: str, model: str, models: dict):
    if model not in models:
        section.fail(key, f"names {model!r}, which [models] does not have; {suggestion(model, models)}")


def _known_variant(section: Section, key: str, variant: str, variants: dict):
    if variant not in variants:
        section.fail(key, f"names {variant!r}, which [variants] does not have; {suggestion(variant, variants)}")


def _model(name: str, section: Section) -> Model:
    parameters = section.get("parameters", int, None)
    layers = []
    for row in section.rows("layers"):
        layers.append((row.get("layer", str), row.items("shape", int)))
        row.done()
    model = Model(
        name=name,
        title=section.get("title", str, ""),
        where=section.get("where", str, ""),
        parameters=parameters,
        parameters_origin="" if parameters is None else section.choice("parameters_origin", ORIGINS, "who counted?"),
        input_shape=section.items("input_shape", int, []),
        layers=tuple(layers),
        corpus=section.get("corpus", str, ""),
        mode=section.get("mode", int, None),
        learns=section.get("learns", bool, True),
    )
    section.done()
    return model


def _ensemble(name: str, section: Section, models: dict) -> Ensemble:
    ensemble = Ensemble(
        name=name,
        members=section.items("members", str),
        rule=section.get("rule", str),
        published=section.get("published", bool),
        weights=section.items("weights", float, []),
        note=section.get("note", str, ""),
        **section.origin(),
    )
    for member in ensemble.members:
        _known_model(section, "members", member, models)
    if ensemble.weights and len(ensemble.weights) != len(ensemble.members):
        section.fail("weights", f"has {len(ensemble.weights)} values for {len(ensemble.members)} members")
    section.done()
    return ensemble


def _table(section: Section, corpus: Corpus, models: dict, variants: dict) -> Table:
    table_id, scale = section.get("id", str), section.get("scale", int, 1)
    n, repeats = corpus.n | section.counts("n"), section.get("repeats", int, None)
    columns = []
    for column in section.rows("columns"):
        names = [column.get(key, str) for key in ("split", "metric", "header")]
        columns.append(Column(*names, scale=column.get("scale", int, scale)))
        column.done()
    remarks = {}
    for remark in section.rows("remarks"):
        model, split, metric = remark.get("model", str), remark.get("split", str), remark.get("metric", str, "")
        kind = remark.choice("kind", REMARK_KINDS, "say what is odd about the cell")
        note = {"note_kind": kind, "note": remark.get("text", str)}
        metrics = [metric] if metric else [column.metric for column in columns if column.split == split]
        if not metrics:
            remark.fail("split", f"is {split!r}: the table has no such columns")
        remarks |= {(model, split, name): note for name in metrics}
        remark.done()
    rows = []
    for row in section.rows("rows"):
        model, printed = row.get("model", str), row.items("values", str)
        _known_model(row, "model", model, models)
        if len(printed) != len(columns):
            row.fail("values", f"has {len(printed)} values for {len(columns)} columns")
        cells = []
        for index, (column, text) in enumerate(zip(columns, printed, strict=True)):
            place = {"table": table_id, "row": row.get("header", str), "model": model}
            place |= {"n": n.get(column.split), "repeats": repeats}
            place |= remarks.pop((model, column.split, column.metric), {})
            cells.append(_cell(row, f"values[{index}]", text, column, place))
        rows.append(Row(row.get("header", str), model, tuple(cells)))
        row.done()
    for place in remarks:
        section.fail("remarks", f"is about {', '.join(place)}: the table has no such cell")
    texts = [section.get(key, str, "") for key in ("title", "place", "row_header")]
    of_variants = section.items("variants", str, [])
    for variant in of_variants:
        _known_variant(section, "variants", variant, variants)
    margins, reason = _margins(section, {column.metric for column in columns})
    section.done()
    return Table(table_id, *texts, tuple(columns), tuple(rows), of_variants, margins, reason)


def _margins(section: Section, metrics: set[str]) -> tuple[dict[str, float], str]:
    """Margins by metric, and their reason."""
    part, reason = section.section("margins", {}), section.get("margin_reason", str, "")
    margins = {metric: part.get(metric, float) for metric in part.values}
    for metric, margin in margins.items():
        if metric not in metrics:
            part.fail(metric, f"is no column of the table; {suggestion(metric, sorted(metrics))}")
        if margin <= 0:
            part.fail(metric, f"is {margin}: expected a fraction above 0")
    if margins and not reason:
        section.fail("margin_reason", "is missing: write why a difference of that size is without consequence")
    return margins, reason


def _cell(section: Section, key: str, text: str, column: Column, place: dict) -> Cell | None:
    if not text.strip():
        return None
    match = VALUE.fullmatch(text)
    if match is None:
        section.fail(key, f"is {text!r}: expected a number as printed, such as '0.8640' or '0.874 ± 0.006'")
    value, sd = match.groups()
    return Cell(
        split=column.split,
        metric=column.metric,
        scale=column.scale,
        value=float(Decimal(value) / column.scale),
        sd=None if sd is None else float(Decimal(sd) / column.scale),
        printed=text.strip(),
        decimals=len(value.partition(".")[2]),
        **place,
    )


def _matrix(section: Section, corpus: Corpus, models: dict, tables: tuple[Table, ...]) -> ConfusionMatrix:
    model = section.get("model", str)
    _known_model(section, "model", model, models)
    classes = section.items("classes", str, list(corpus.classes))
    printed = section.items("matrix", list)
    if len(printed) != len(classes) or any(len(row) != len(classes) for row in printed):
        section.fail("matrix", f"is not {len(classes)} x {len(classes)}, the number of classes")
    if any(type(count) is not int or count < 0 for row in printed for count in row):
        section.fail("matrix", "has an entry that is not a count: expected whole numbers, 0 or more")
    orientation = section.choice("printed_rows", AXES, "what do the figure's rows stand for?")
    labelled = section.choice("labelled_rows", AXES, "what does the figure's own label call its rows?", "")
    matrix = zip(*printed, strict=True) if orientation == "predicted" else printed
    figure, split, note = section.get("figure", str), section.get("split", str), section.get("note", str, "")
    kind = section.choice("kind", REMARK_KINDS, "say what is odd about the matrix", "")
    if bool(kind) != bool(note):
        section.fail("note" if kind else "kind", "is missing: a remark has a kind and says in its note what is odd")
    has_it = (t.id for t in tables if {model} & {r.model for r in t.rows} and {split} & {c.split for c in t.columns})
    table = section.get("table", str, next(has_it, ""))
    if table and table not in (known := [t.id for t in tables]):
        section.fail("table", f"names {table!r}, which [[tables]] does not have; {suggestion(table, known)}")
    section.done()
    rows = tuple(tuple(row) for row in matrix)
    return ConfusionMatrix(figure, model, split, classes, rows, orientation, note, labelled, table, kind)


def _figure(section: Section) -> CountFigure:
    texts = [section.get("id", str), section.get("title", str), section.get("unit", str, "")]
    figure = CountFigure(*texts, counts=section.counts("counts"))
    section.done()
    return figure


def _curve(section: Section, models: dict) -> Curve:
    texts = [section.get(key, str) for key in ("figure", "place", "model")]
    _known_model(section, "model", texts[2], models)
    printed = section.data("file", read_curve)
    section.done()
    return Curve(*texts, {name: values for name, values in printed.items() if name != "epoch"})


def _framing(section: Section) -> Framing:
    framing = Framing(section.get("place", str), *(section.positive(key) for key in ("rate_hz", "samples", "frames")))
    section.done()
    return framing


def _step_count(section: Section) -> StepCount:
    count = StepCount(section.get("place", str), section.positive("steps"), section.positive("samples"))
    section.done()
    return count


def _claim(section: Section, models: dict) -> Claim:
    printed, quantity = section.get("value", str), section.get("quantity", str, "")
    if not re.fullmatch(r"\d+(\.\d+)?", printed):
        section.fail("value", f"is {printed!r}: expected a number as printed, such as '88.5', without its unit")
    about = {key: section.get(key, str, "") for key in ("model", "split", "metric")}
    if quantity and any(about.values()):
        section.fail("quantity", "stands beside model, split or metric: expected one or the other")
    if not quantity and not all(about.values()):
        section.fail("quantity", "is missing: write what the value is of, or its model, split and metric")
    if not quantity:
        _known_model(section, "model", about["model"], models)
    if (scale := section.get("scale", int, 1)) < 1:
        section.fail("scale", f"is {scale}: expected 1 for fractions or 100 for percentages")
    claim = Claim(section.get("place", str), printed, scale, quantity, **about)
    section.done()
    return claim


def _finding(section: Section) -> Finding:
    kind = section.choice("kind", FINDING_KINDS, "say what sort of trouble it is")
    finding = Finding(kind, section.get("place", str), section.get("text", str))
    section.done()
    return finding


def _ablation(section: Section, models: dict, variants: dict) -> Ablation:
    ablation = Ablation(
        title=section.get("title", str),
        model=section.get("model", str),
        variants=section.items("variants", str),
        epochs=section.get("epochs", int),
    )
    _known_model(section, "model", ablation.model, models)
    for variant in ablation.variants:
        _known_variant(section, "variants", variant, variants)
    section.done()
    return ablation


def _comparisons(section: Section, top: Section) -> list[Comparison]:
    """One for each of `models` and `variants`, where the two sides do not name theirs."""
    models, variants = section.items("models", str, []), section.items("variants", str, [])
    known = [*top.get("models", dict), *top.get("ensembles", dict, {})]
    known_variants = top.get("variants", dict)
    for model in models:
        _known_model(section, "models", model, known)
    for variant in variants:
        _known_variant(section, "variants", variant, known_variants)
    sides = []
    for side in (section.section("first"), section.section("second")):
        variant, model = side.get("variant", str, ""), side.get("model", str, "")
        for key, value, others in (("variant", variant, variants), ("model", model, models)):
            if not value and not others:
                side.fail(key, f"is missing: write it, or the list {key}s beside first and second")
        if variant:
            _known_variant(side, "variant", variant, known_variants)
        if model:
            _known_model(side, "model", model, known)
        side.done()
        sides.append((variant, model))
    title = section.get("title", str)
    section.done()
    each_variant = ("",) if all(variant for variant, _ in sides) else variants
    each_model = ("",) if all(model for _, model in sides) else models
    return [
        Comparison(title, *((variant or its_variant, model or its_model) for variant, model in sides))
        for its_variant, its_model in itertools.product(each_variant, each_model)
    ]
