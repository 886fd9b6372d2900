"""The form of a ``paper.toml`` where it is another than that of what it says (`shared.paper.schema`)."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, ValidationInfo, model_validator

from shared.base.suggestions import suggestion
from shared.paper.fields import (
    UNBOUNDED,
    Address,
    Doi,
    MemberName,
    Metric,
    ModelName,
    Printed,
    RemarkKind,
    Scale,
    ScoredName,
    SectionError,
    SplitCounts,
    SplitName,
    VariantName,
)
from shared.paper.schema import (
    JOINED,
    OF_OPTIMIZER,
    OPTIMIZER,
    Ablation,
    Cell,
    Claim,
    Column,
    Comparison,
    ConfusionMatrix,
    Corpus,
    CountFigure,
    Curve,
    Ensemble,
    Finding,
    Framing,
    Model,
    Paper,
    Row,
    Setting,
    SettingValue,
    StepCount,
    Table,
    Variant,
)

SCHEMA = 1
GROUP, SETTING = "<group>", "<setting>"
KINDS = {int: "a number", float: "a number", str: "a text", bool: "true or false", list: "a list"}  # of settings


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)


class PrintedRow(Section):
    """A row of a published table: the header and the values as printed, and its model.

    A row of votes has the model's name with ``, by track`` or ``, by clip`` behind it. `n` gives what the row counts a
    split where that is not the corpus's clips: windows of them, or the tracks that windows vote for.
    """

    header: str
    model: ScoredName
    values: tuple[Printed, ...]
    n: SplitCounts = {}


class Remark(Section):
    """What is odd about a cell; without a metric, about all cells of a model on a split."""

    model: str
    split: SplitName
    metric: Metric | Literal[""] = ""
    kind: RemarkKind
    text: str


class PrintedTable(Section):
    """A published table in the paper's own layout.

    A value is the paper's own text: "0.8640", "88.40" with ``scale = 100``, "0.874 ± 0.006", or "" where the paper
    prints nothing. `n` gives clips a split where they are not the corpus's, `repeats` the folds or runs behind a ±;
    `margins`, `margin_reason` and `variants` are as in `shared.paper.schema.Table`.
    """

    id: str
    title: str = ""
    place: str = ""
    row_header: str = ""
    scale: Scale = 1
    n: SplitCounts = {}
    repeats: int | None = None
    variants: tuple[VariantName, ...] = ()
    margins: dict[str, Annotated[float, Field(gt=0)]] = {}
    margin_reason: str = ""
    columns: tuple[Column, ...]
    rows: tuple[PrintedRow, ...] = ()
    remarks: tuple[Remark, ...] = ()

    @model_validator(mode="after")
    def _check_cells(self):
        for index, row in enumerate(self.rows):
            if len(row.values) != len(self.columns):
                found = f"has {len(row.values)} values for {len(self.columns)} columns"
                raise SectionError(f"rows[{index}].values", found)
            for text, column in zip(row.values, self.columns, strict=True):
                value, scale = text.partition("±")[0].strip(), column.scale or self.scale
                if value and column.metric not in UNBOUNDED and Decimal(value) > scale:
                    found = f"has {value} for the {column.split} {column.metric}: expected 0 to {scale}"
                    found += "; scale = 100 stands for a table or a column in percent" * (scale == 1)
                    raise SectionError(f"rows[{index}].values", found)
        for index, remark in enumerate(self.remarks):
            about = (remark.model, remark.split, remark.metric)
            if remark.split not in {column.split for column in self.columns}:
                raise SectionError(f"remarks[{index}].split", f"is {remark.split!r}: the table has no such columns")
            if not any(self.is_about(remark, row, column) for row in self.rows for column in self.columns):
                found = f"is about {', '.join(filter(None, about))}: the table has no such cell"
                raise SectionError(f"remarks[{index}]", found)
        return self

    @model_validator(mode="after")
    def _check_margins(self):
        metrics = sorted({column.metric for column in self.columns})
        for metric in self.margins:
            if metric not in metrics:
                raise SectionError(f"margins.{metric}", f"is no column of the table; {suggestion(metric, metrics)}")
        if self.margins and not self.margin_reason:
            found = "is missing: write why a difference of that size is without consequence"
            raise SectionError("margin_reason", found)
        return self

    def is_about(self, remark: Remark, row: PrintedRow, column: Column) -> bool:
        """Whether a remark is about the cell of a row and a column."""
        place = (row.model, column.split, column.metric)
        return place == (remark.model, remark.split, remark.metric or column.metric)

    def read(self, corpus: Corpus) -> Table:
        """The table with its numbers."""
        columns = tuple(replace(column, scale=column.scale or self.scale) for column in self.columns)
        rows = []
        for row in self.rows:
            cells = []
            for column, text in zip(columns, row.values, strict=True):
                place = {"table": self.id, "row": row.header, "model": row.model, "repeats": self.repeats}
                place["n"] = (corpus.n | self.n | row.n).get(column.split)
                place["own_n"] = column.split in row.n
                if remark := next((one for one in self.remarks if self.is_about(one, row, column)), None):
                    place |= {"note_kind": remark.kind, "note": remark.text}
                cells.append(_cell(text.strip(), column, place))
            rows.append(Row(row.header, row.model, tuple(cells)))
        texts = (self.id, self.title, self.place, self.row_header)
        return Table(*texts, columns, tuple(rows), self.variants, self.margins, self.margin_reason)


def _cell(text: str, column: Column, place: dict) -> Cell | None:
    if not text:
        return None
    value, _, sd = (part.strip() for part in text.partition("±"))
    return Cell(
        split=column.split,
        metric=column.metric,
        scale=column.scale,
        value=float(Decimal(value) / column.scale),
        sd=float(Decimal(sd) / column.scale) if sd else None,
        printed=text,
        decimals=len(value.partition(".")[2]),
        **place,
    )


class Side(Section):
    """One of two trainings; what it does not name is one of the comparison's lists."""

    variant: VariantName = ""
    model: MemberName = ""


class Comparisons(Section):
    """Two trainings on the same clips, once for each of `models` and `variants` where the two do not name theirs."""

    title: str
    first: Side
    second: Side
    models: tuple[MemberName, ...] = ()
    variants: tuple[VariantName, ...] = ()

    @model_validator(mode="after")
    def _check(self):
        for name, side in (("first", self.first), ("second", self.second)):
            for key, value, others in (("variant", side.variant, self.variants), ("model", side.model, self.models)):
                if not value and not others:
                    found = f"is missing: write it, or the list {key}s beside first and second"
                    raise SectionError(f"{name}.{key}", found)
        return self

    def read(self) -> list[Comparison]:
        """Every pair."""
        sides = (self.first, self.second)
        each_variant = ("",) if all(side.variant for side in sides) else self.variants
        each_model = ("",) if all(side.model for side in sides) else self.models
        return [
            Comparison(self.title, *((side.variant or variant, side.model or model) for side in sides))
            for variant, model in itertools.product(each_variant, each_model)
        ]


class SettingsGroup(Section):
    """Settings that are about the same models: those that it names, where a setting names none itself."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Setting]

    models: tuple[ModelName, ...] = ()


def _kind(entry: dict) -> str:
    a_group = isinstance(entry, dict) and "value" not in entry and any(isinstance(e, dict) for e in entry.values())
    return GROUP if a_group else SETTING


SettingOrGroup = Annotated[
    Annotated[Setting, Tag(SETTING)] | Annotated[SettingsGroup, Tag(GROUP)], Discriminator(_kind)
]


class Place(Section):
    """A cell of a published table."""

    table: str
    model: str
    split: SplitName
    metric: Metric


class Head(Section):
    """Who and what. `id` is the name of the folder, `headline` the number that the paper is known for.

    `address`, `doi` and `licence` are the document's own, each left out where it has none or nobody knows.
    """

    id: str
    title: str
    authors: tuple[str, ...]
    year: int | None = None
    task: str
    document: str
    address: Address = ""
    doi: Doi = ""
    licence: str = ""
    headline: Place | None = None


def _named(entries: dict) -> dict:
    return {name: replace(entry, name=name) for name, entry in entries.items()}


def _check_kind(key: str, value: SettingValue, setting: Setting) -> None:
    kind = KINDS[type(setting.value)]
    if KINDS[type(value)] != kind:
        raise SectionError(key, f"is {value!r}: expected {kind}, as in settings.{setting.name}")


def _is_option_of_another(name: str, settings: dict, changed: dict) -> bool:
    """Whether a setting is an option of another optimiser than the paper's, so that it stands nowhere else."""
    return name not in settings and name.startswith(OF_OPTIMIZER) and OPTIMIZER in changed


class PaperFile(Section):
    """A paper as data: its settings, its published numbers, and where each of them comes from."""

    form: Literal[SCHEMA] = Field(alias="schema", description="the form that this program reads")
    paper: Head
    corpus: Corpus
    settings: dict[str, SettingOrGroup] = {}
    variants: dict[str, Variant]
    models: dict[str, Model] = {}
    ensembles: dict[str, Ensemble] = {}
    tables: tuple[PrintedTable, ...] = ()
    confusion_matrices: tuple[ConfusionMatrix, ...] = ()
    count_figures: tuple[CountFigure, ...] = Field((), alias="figures")
    curves: tuple[Curve, ...] = ()
    framings: tuple[Framing, ...] = ()
    step_counts: tuple[StepCount, ...] = ()
    claims: tuple[Claim, ...] = ()
    findings: tuple[Finding, ...] = ()
    ablations: tuple[Ablation, ...] = ()
    comparisons: tuple[Comparisons, ...] = ()

    @model_validator(mode="after")
    def _check(self, info: ValidationInfo):
        folder = info.context.file.parent.name
        if self.paper.id != folder:
            raise SectionError("paper.id", f"is {self.paper.id!r}: expected {folder!r}, the name of its folder")
        named = {"corpus.name": [self.corpus.name], "corpus.protocols": self.corpus.protocols}
        named |= {"tables.id": [table.id for table in self.tables], "variants": self.variants}
        for key, names in named.items():
            for name in names:
                if re.search(r"[/\\]|^\.", name):
                    raise SectionError(
                        key, f"is {name!r}: files are called after it, so it has no / and no \\, nor . first"
                    )
        if "paper" not in self.variants:
            raise SectionError("variants", "has no variant 'paper': the faithful reading must be there")
        if self.variants["paper"].settings:
            raise SectionError("variants.paper.settings", "is not empty: this variant is the settings themselves")
        settings = self._flat()
        for variant, reading in self.variants.items():
            if JOINED in variant:
                found = f"is {variant!r}: {JOINED} joins the names of readings, which need none of their own"
                raise SectionError("variants", found)
            for name, setting in reading.settings.items():
                key = f"variants.{variant}.settings.{name}"
                if _is_option_of_another(name, settings, reading.settings):
                    continue
                if name not in settings:
                    raise SectionError(key, f"overrides no setting; {suggestion(name, settings)}")
                _check_kind(f"{key}.value", setting.value, settings[name])
                if setting.readings:
                    raise SectionError(f"{key}.readings", "stand at a variant: write them at the setting itself")
        for name, setting in settings.items():
            for index, reading in enumerate(setting.readings):
                key = f"settings.{name}.readings[{index}]"
                _check_kind(f"{key}.value", reading.value, setting)
                for other, value in reading.also.items():
                    if _is_option_of_another(other, settings, {name: reading.value}):
                        continue
                    if other not in settings or other == name:
                        found = f"is not another setting; {suggestion(other, settings)}"
                        raise SectionError(f"{key}.also.{other}", found)
                    _check_kind(f"{key}.also.{other}", value, settings[other])
        return self

    def read(self, file: Path) -> Paper:
        """The paper that the file says."""
        place, settings = self.paper.headline, self._flat()
        parts = dict(self.paper) | {name: part for name, part in self if name not in ("form", "paper")}
        parts |= {
            "path": file,
            "headline": place and (place.table, place.model, place.split, place.metric),
            "corpus": replace(self.corpus, protocols=_named(self.corpus.protocols)),
            "settings": settings,
            "models": _named(self.models),
            "ensembles": _named(self.ensembles),
            "variants": {name: self._completed(name, variant, settings) for name, variant in self.variants.items()},
            "tables": tuple(table.read(self.corpus) for table in self.tables),
            "confusion_matrices": tuple(self._turned(matrix) for matrix in self.confusion_matrices),
            "comparisons": tuple(pair for comparisons in self.comparisons for pair in comparisons.read()),
        }
        return Paper(**parts)

    def _flat(self) -> dict[str, Setting]:
        """Every setting by its name, in the file's order, those of a group with its models."""
        settings = {}
        for name, entry in self.settings.items():
            group = {name: entry} if isinstance(entry, Setting) else entry.model_extra
            for key, setting in group.items():
                if key in settings:
                    raise SectionError(f"settings.{name}.{key}", "stands twice, here and before")
                settings[key] = replace(setting, name=key, models=setting.models or entry.models)
        return settings

    def _completed(self, name: str, variant: Variant, settings: dict[str, Setting]) -> Variant:
        """The models in the paper's order, and overrides with the units and models of what they override."""
        overrides = {}
        for key, setting in variant.settings.items():
            base = settings.get(key, setting)
            unit, models = setting.unit or base.unit, setting.models or base.models
            overrides[key] = replace(setting, name=key, unit=unit, models=models)
        models = tuple(model for model in self.models if model in variant.models or not variant.models)
        headline = variant.headline or name == "paper"
        return replace(variant, name=name, settings=overrides, models=models, headline=headline)

    def _turned(self, matrix: ConfusionMatrix) -> ConfusionMatrix:
        """The matrix with rows = true class, with its classes and the first table of its model and split."""
        rows = tuple(zip(*matrix.matrix, strict=True)) if matrix.printed_rows == "predicted" else matrix.matrix
        has_it = (
            table.id
            for table in self.tables
            if matrix.model in {row.model for row in table.rows}
            and matrix.split in {column.split for column in table.columns}
        )
        table = matrix.table or next(has_it, "")
        return replace(matrix, matrix=rows, classes=matrix.classes or self.corpus.classes, table=table)
