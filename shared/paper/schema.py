"""A paper as data: its settings, its published numbers and where each of them comes from.

Everything is read from ``reproductions/<id>/paper.toml`` (by `shared.paper.reading`). Most classes are a section of
that file: its keys, their kinds, and what must hold between them. Where the file has another form than what it says,
that form is in `shared.paper.form`. Training takes its settings from here, tables and diff take the published numbers
from here, so what is said and what is run are one.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo, model_validator

from shared.base.suggestions import suggestion
from shared.paper.data import read_curve, read_pairs
from shared.paper.fields import (
    MISPLACED,
    Axis,
    Count,
    Counts,
    Day,
    Fingerprint,
    Metric,
    ModelName,
    Name,
    Number,
    Origin,
    Positive,
    RemarkKind,
    Rule,
    Scale,
    ScoredName,
    SectionError,
    SplitCounts,
    SplitName,
    TableId,
    VariantName,
    Weight,
    content,
    voter,
)

JOINED = "+"  # joins a variant and what is read otherwise to the name of a reading
OPTIMIZER, OF_OPTIMIZER = "optimizer", "optimizer_"  # a setting, and what the names of its options begin with
SYNTHETIC = "synthetic"  # the corpus that is made from formulas: it shows that code runs, and nothing about a paper
PAPERS_ROOT = Path(__file__).resolve().parents[2] / "reproductions"


class PaperError(ValueError):
    """A paper, variant or model that is not there, or a ``paper.toml`` that does not hold together."""


def _sourced(section):
    """The check that a value from the paper names its place, and an assumed one its reason."""
    if section.origin == "paper" and not section.where and not isinstance(section, Variant):
        raise SectionError("where", "is missing: the origin is the paper, so write the section that says so")
    if section.origin == "assumed" and not section.reason:
        raise SectionError("reason", "is missing: the value is assumed, so write why this one")
    return section


SettingValue = bool | int | float | str | list


@dataclass(frozen=True)
class Reading:
    """Another value that a careful reader could take a setting to have.

    `reason` says why, and `written` on which day that was written down, which is before it was run: no reading is added
    because of its outcome. `also` are other settings that go along with it, such as an optimiser's own learning rate;
    `models` are those that it is a reading for, none when it is for all that the setting is about.
    """

    value: SettingValue
    reason: Annotated[str, Field(min_length=1, description="why a careful reader could take it")]
    written: Day
    also: dict[str, SettingValue] = field(default_factory=dict)
    models: tuple[ModelName, ...] = ()


UNDECIDED = ("assumed", "authors' code", "cited work")  # origins of settings that the text does not decide


@dataclass(frozen=True)
class Setting:
    """One value that a run uses, with its origin.

    `where` is the paper's section (always given when the origin is ``paper``), `reason` says why an assumed value was
    chosen (always given when the origin is ``assumed``). `models` are those it is about, none when it is about all.
    `condition` says in words where this value departs from what the text prints, such as "no pretraining on VEGAS":
    a verdict on a run with it is conditional on that. `readings` are what else the text could mean, where it does not
    decide (`shared.paper.readings`).
    """

    name: Name
    value: SettingValue
    origin: Origin
    unit: str = ""
    where: str = ""
    reason: str = ""
    note: str = ""
    models: tuple[ModelName, ...] = ()
    condition: str = ""
    readings: tuple[Reading, ...] = ()

    _check = model_validator(mode="after")(_sourced)

    @model_validator(mode="after")
    def _check_readings(self):
        if self.readings and self.origin not in UNDECIDED:
            found = f"stand at a setting whose origin is {self.origin!r}: only {', '.join(UNDECIDED)} leave it open"
            raise SectionError("readings", found)
        seen = [self.value]
        for index, reading in enumerate(self.readings):
            if reading.value in seen:
                raise SectionError(f"readings[{index}].value", f"is {reading.value!r}, which stands here already")
            seen.append(reading.value)
        return self


@dataclass(frozen=True)
class Variant:
    """A named reading of the paper: the settings that differ, and the models it is about (all when not said).

    ``paper`` is always there and changes nothing. One with another `optimizer` has none of the options of the paper's
    (``optimizer_momentum`` and so on), but those that it states itself. `headline` marks one of the same standing,
    because the text does not decide between the two: summaries show both.
    """

    name: Name
    title: str
    description: str
    origin: Origin
    where: str = ""
    reason: str = ""
    models: tuple[ModelName, ...] = ()
    settings: dict[str, Setting] = field(default_factory=dict)
    headline: bool = False

    _check = model_validator(mode="after")(_sourced)


def overridden(settings: dict, overrides: dict) -> dict:
    """Settings by name with others in their place; with another optimiser, none of the options of the first."""
    if OPTIMIZER in overrides:
        settings = {name: value for name, value in settings.items() if not name.startswith(OF_OPTIMIZER)}
    return settings | overrides


@dataclass(frozen=True)
class Layer:
    """A layer as the paper lists it, and the shape that it puts out."""

    layer: str
    shape: tuple[int, ...]

    def __iter__(self):
        return iter((self.layer, self.shape))


@dataclass(frozen=True)
class Model:
    """A model of the paper, with the facts that a test can hold the code against.

    `corpus` is the corpus module of the data that the paper gave this model, where it is another than the paper's own
    (a table of features made from it); `mode` is the paper's number for it, where it numbers its ways. One that does
    not learn, such as an answer that is the same for every clip, leaves no network to predict with.
    """

    name: Name
    title: str = ""
    where: str = ""
    parameters: int | None = None
    parameters_origin: Origin = ""
    input_shape: tuple[int, ...] = ()
    layers: tuple[Layer, ...] = ()
    corpus: str = ""
    mode: int | None = None
    learns: bool = True

    @model_validator(mode="after")
    def _check(self):
        if (self.parameters is None) == bool(self.parameters_origin):
            missing = "parameters" if self.parameters is None else "parameters_origin"
            raise SectionError(missing, "is missing: expected parameters and parameters_origin, who counted them")
        return self


@dataclass(frozen=True)
class Ensemble:
    """A fusion of models; `published` says whether the paper prints a number for it."""

    name: Name
    members: Annotated[tuple[ModelName, ...], Field(min_length=1)]
    rule: Rule
    published: bool
    origin: Origin
    weights: tuple[Weight, ...] = ()
    where: str = ""
    reason: str = ""
    note: str = ""

    @model_validator(mode="after")
    def _check(self):
        if self.weights and len(self.weights) != len(self.members):
            raise SectionError("weights", f"has {len(self.weights)} values for {len(self.members)} members")
        if self.weights and not any(self.weights):
            raise SectionError("weights", "has nothing above 0: expected a weight for at least one member")
        return _sourced(self)


@dataclass(frozen=True)
class Column:
    """A column of a published table; without a `scale` in the file, it has the table's."""

    split: SplitName
    metric: Metric
    header: str
    scale: Scale | None = None

    @property
    def decimals(self) -> int:
        """Of a number that the paper does not print: four of a fraction, two of a percentage."""
        return max(0, 4 - round(math.log10(self.scale or 1)))

    def formatted(self, value: float) -> str:
        """A number that the paper does not print, in the column's scale."""
        return f"{value * (self.scale or 1):.{self.decimals}f}"


@dataclass(frozen=True)
class Cell:
    """One published number.

    `value` and `sd` are fractions (a printed ``88.40`` with scale 100 is 0.884); `printed` is the paper's own text;
    `decimals` are those of the printed text. `n` is the number of clips it was measured on, None where nobody says,
    and `repeats` the number of folds or runs that `sd` is over. With `own_n` the row says itself how many these are,
    since it counts something else than the corpus: windows, or tracks that windows vote for.
    """

    table: str
    row: str
    model: str
    split: str
    metric: str
    value: float
    printed: str
    decimals: int
    scale: int = 1
    sd: float | None = None
    n: int | None = None
    own_n: bool = False
    repeats: int | None = None
    note_kind: str = ""
    note: str = ""

    def formatted(self, value: float, decimals: int | None = None) -> str:
        """`value` as this cell would print it: same scale, same decimals unless others are asked for."""
        return f"{value * self.scale:.{self.decimals if decimals is None else decimals}f}"


@dataclass(frozen=True)
class Row:
    """A row of a published table: its header as printed, its model, and one cell (or None) a column."""

    header: str
    model: str
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True)
class Table:
    """A published table in the paper's own layout.

    `margins` gives for a metric the largest difference, as a fraction, that makes no difference to what the table is
    read for, and `margin_reason` says why; a metric without one cannot ``match``. `variants` are those that the table
    is held against, none when it is held against all.
    """

    id: str
    title: str
    place: str
    row_header: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    variants: tuple[str, ...] = ()
    margins: dict[str, float] = field(default_factory=dict)
    margin_reason: str = ""

    def is_held_against(self, variant: str) -> bool:
        """Whether the numbers of a variant stand beside this table."""
        return not self.variants or variant in self.variants

    def is_of_the_trainings_of(self, other: Table) -> bool:
        """Whether some variant is held against both tables, so that one number in both is one quantity."""
        return not self.variants or not other.variants or bool(set(self.variants) & set(other.variants))

    @property
    def label(self) -> str:
        """``Table IV``, unless the id already says what it is."""
        return self.id if " " in self.id else f"Table {self.id}"


@dataclass(frozen=True)
class ConfusionMatrix:
    """A published confusion matrix, turned to rows = true class whatever the paper's figure does.

    `printed_rows` is what the figure's rows are (``true`` or ``predicted``), `labelled_rows` what its axis labels call
    them, empty where they say nothing. `table` is the table that has the scores of the same answers, empty where none
    has. A matrix with a `note_kind` is odd, as `note` says: a ``misplaced`` one belongs to another network or row.
    """

    figure: str
    model: ScoredName
    split: SplitName
    matrix: tuple[tuple[Count, ...], ...]
    printed_rows: Annotated[Axis, Field(description="what the figure's rows stand for")]
    classes: tuple[str, ...] = ()
    note: str = ""
    labelled_rows: Annotated[Axis, Field(description="what the figure's own label calls its rows")] = ""
    table: TableId = ""
    note_kind: Annotated[RemarkKind, Field(alias="kind")] = ""

    @model_validator(mode="after")
    def _check(self, info: ValidationInfo):
        n = len(self.classes or info.context.classes)
        if n and (len(self.matrix) != n or any(len(row) != n for row in self.matrix)):
            raise SectionError("matrix", f"is not {n} x {n}, the number of classes")
        if bool(self.note_kind) != bool(self.note):
            missing = "note" if self.note_kind else "kind"
            raise SectionError(missing, "is missing: a remark has a kind and says in its note what is odd")
        return self

    @property
    def as_printed(self) -> tuple[tuple[int, ...], ...]:
        """The matrix as the figure shows it."""
        return tuple(zip(*self.matrix, strict=True)) if self.printed_rows == "predicted" else self.matrix


@dataclass(frozen=True)
class CountFigure:
    """A figure of counts a name, such as clips a genre."""

    id: str
    title: str
    unit: str = ""
    counts: Counts = field(default_factory=dict)


def _curve(file: Path) -> dict[str, tuple[str, ...]]:
    return {name: values for name, values in read_curve(file).items() if name != "epoch"}


@dataclass(frozen=True)
class Curve:
    """A published curve of a model's training: `printed` has a text an epoch for each quantity of a history, such as
    ``loss`` and ``val_loss``; `place` says where they are printed, `figure` what shows them. `file` is a CSV file."""

    figure: str
    place: str
    model: ModelName
    printed: Annotated[dict[str, tuple[str, ...]], Field(alias="file"), content(_curve)]

    def values(self, quantity: str) -> list[float]:
        """The numbers of one quantity, an epoch each; none where it has no such curve."""
        return [float(text) for text in self.printed.get(quantity, ())]

    @property
    def epochs(self) -> int:
        return len(next(iter(self.printed.values())))


@dataclass(frozen=True)
class Framing:
    """Sizes that a document states of its input: `samples` of a window at `rate_hz` that become `frames`. Length and
    step of a frame are the settings window_seconds and hop_seconds; the last frame is filled up with zeros."""

    place: str
    rate_hz: Positive
    samples: Positive
    frames: Positive


@dataclass(frozen=True)
class StepCount:
    """Steps an epoch as a log prints them, and the `samples` that the document's numbers make before any is left out.
    Batch and share held out are the settings batch_size and validation_fraction."""

    place: str
    steps: Positive
    samples: Positive


@dataclass(frozen=True)
class Claim:
    """A value that the document prints outside its tables, such as in the abstract.

    It is about a number of a table (`model`, `split` and `metric`), or about any other `quantity`, named in words.
    """

    place: str
    printed: Annotated[Number, Field(alias="value")]
    scale: Scale = 1
    quantity: str = ""
    model: ScoredName = ""
    split: SplitName | Literal[""] = ""
    metric: Metric | Literal[""] = ""

    @model_validator(mode="after")
    def _check(self):
        about = (self.model, self.split, self.metric)
        if self.quantity and any(about):
            raise SectionError("quantity", "stands beside model, split or metric: expected one or the other")
        if not self.quantity and not all(about):
            raise SectionError("quantity", "is missing: write what the value is of, or its model, split and metric")
        return self


@dataclass(frozen=True)
class Finding:
    """Something in the paper that contradicts itself, is impossible as printed, or is left unsaid.

    The `main` ones stand in the paper's README; its notes and its page have all.
    """

    kind: Annotated[
        Literal["contradiction", "impossible", "slip", "silent", "flaw"],
        Field(description="what sort of trouble it is"),
    ]
    place: str
    text: str
    main: bool = False


@dataclass(frozen=True)
class Ablation:
    """A small table: what changes when one silent choice of a model is made differently, after a few epochs.

    The first of `variants` is what the others are compared with.
    """

    title: str
    model: ModelName
    variants: tuple[VariantName, ...]
    epochs: Positive


@dataclass(frozen=True)
class Comparison:
    """Two trainings, each a variant and a model or ensemble, whose scores on the same clips are held together."""

    title: str
    first: tuple[str, str]
    second: tuple[str, str]


@dataclass(frozen=True)
class Protocol:
    """A way of splitting the corpus besides ``published``.

    `comparable` says that it is a reading of the paper, so that its numbers may stand beside the published ones; `n`
    then gives its clips a split. `folds` names the folds, for example after the speaker who is left out.
    """

    name: Name
    title: str = ""
    comparable: bool = False
    n: SplitCounts = field(default_factory=dict)
    folds: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _check(self):
        if self.comparable and not self.n:
            raise SectionError("n", "is missing: a split that may stand beside the paper needs its clips a split")
        return self


@dataclass(frozen=True)
class Clusters:
    """Which clips of a corpus are not independent, told by their names.

    The first group of the regular expression `pattern`, searched in a clip's name, is its cluster; what the pattern
    does not fit is a cluster of its own. `by` names what the clips of a cluster share, such as ``speaker``. With a
    `block`, the group is a number, and so many neighbouring ones are a cluster.
    """

    by: str
    pattern: str
    block: Positive = 1

    @model_validator(mode="after")
    def _check(self):
        try:
            groups = re.compile(self.pattern).groups
        except re.error as error:
            raise SectionError("pattern", f"is no regular expression: {error}") from None
        if groups != 1:
            found = f"has {groups} groups: expected one, in parentheses, which names the cluster"
            raise SectionError("pattern", found)
        return self

    def of(self, clips: Iterable[str]) -> list[str]:
        """The cluster of each clip."""
        search = re.compile(self.pattern).search
        return [self._name(clip, search(clip)) for clip in clips]

    def _name(self, clip: str, match: re.Match | None) -> str:
        if match is None:
            return clip
        if self.block == 1:
            return match[1]
        return f"{clip[: match.start(1)]}{int(match[1]) // self.block}"


@dataclass(frozen=True)
class Drawn:
    """How samples were drawn from a corpus whose labels are known, though its audio may not be.

    `pairs` gives the tracks of each pair of labels, the second empty where a track has one; `rule` names how a sample
    was drawn, `samples` how many were; `fingerprint` is that of the pairs.
    """

    pairs: tuple[tuple[str, str, int], ...]
    rule: str
    samples: int
    fingerprint: str


@dataclass(frozen=True)
class DrawnFile:
    """How samples were drawn from a corpus whose labels are known: `pairs` is a CSV file of them."""

    pairs: str
    rule: Annotated[Literal["label, then track"], Field(description="how a sample was drawn")]
    samples: Positive

    def read(self, info: ValidationInfo) -> Drawn:
        """The same with the content of the file, whose labels must be the corpus's."""
        try:
            pairs, fingerprint = read_pairs(info.context.file.parent / self.pairs)
        except ValueError as error:
            raise SectionError("pairs", f"is {self.pairs!r}: {error}") from None
        if odd := sorted({name for pair in pairs for name in pair[:2] if name} - set(info.context.classes)):
            raise SectionError("pairs", f"has {', '.join(odd)}, which corpus.classes does not have")
        return Drawn(pairs, self.rule, self.samples, fingerprint)


@dataclass(frozen=True)
class Corpus:
    """The corpus that the published numbers were measured on.

    `n` gives the clips a split where known, `fingerprint` is `data_prep.fingerprint` of the published data where they
    can be had, `protocols` the splits besides the published one of which there is something to say, `others` why a
    number measured on another corpus may not stand beside the paper's. `counts` gives the clips a class of the whole
    corpus and `clips` their number, as far as the document states them; a clip with several labels counts once for
    each. `folds` is the number of folds of the published protocol, of a paper that prints means over folds. `clusters`
    says for a corpus's name which of its clips are not independent. A `private` corpus can be had by nobody: whoever
    runs the paper has other data, which no published number may stand beside. `drawn` are its labels, where known.
    """

    name: str
    title: str
    labels: Annotated[Literal["single", "multi"], Field(description="one label a clip, or several")]
    classes: tuple[str, ...]
    n: SplitCounts = field(default_factory=dict)
    fingerprint: Fingerprint = ""
    protocols: dict[str, Protocol] = field(default_factory=dict)
    others: dict[str, str] = field(default_factory=dict)
    counts: Counts = field(default_factory=dict)
    clips: Positive | None = None
    folds: Positive = 1
    clusters: dict[str, Clusters] = field(default_factory=dict)
    private: bool = False
    drawn: Annotated[DrawnFile, AfterValidator(DrawnFile.read)] | None = None  # a Drawn, once it is read

    @model_validator(mode="after")
    def _check(self):
        """The stated counts must be of all classes and fit the stated number of clips."""
        counts, clips = self.counts, self.clips
        if "published" in self.protocols:
            raise SectionError("protocols.published", "is the paper's own split, whose clips a split stand in corpus.n")
        if not counts:
            return self
        if odd := sorted(set(counts) ^ set(self.classes)):
            found = f"and corpus.classes differ in {', '.join(odd)}: expected one count for each class"
            raise SectionError("counts", found)
        total, largest = sum(counts.values()), max(counts.values())
        if self.labels == "single" and clips not in (None, total):
            raise SectionError("clips", f"is {clips}: the counts add up to {total}, and a clip has one label")
        if self.labels == "multi" and clips is None:
            raise SectionError("clips", "is missing: with several labels a clip, the counts do not add up to it")
        if self.labels == "multi" and largest > clips:
            raise SectionError("clips", f"is {clips}, fewer than the {largest} clips of one class")
        return self

    @property
    def size(self) -> int | None:
        """Clips of the whole corpus: as stated, else summed over the classes or the splits; None where nobody says."""
        if self.clips or self.counts:
            return self.clips or sum(self.counts.values())
        return sum(self.n.values()) if len(self.n) > 1 else None

    def folds_under(self, protocol: str) -> int:
        """Folds of a protocol that may stand beside the paper, over which its number is a mean; 1 for any other."""
        if protocol == "published":
            return self.folds
        there = self.protocols.get(protocol)
        return max(1, len(there.folds)) if there and there.comparable else 1

    def n_under(self, protocol: str) -> dict[str, int] | None:
        """Clips a split of a protocol that may stand beside the paper, as far as known; None for any other."""
        if protocol == "published":
            return self.n
        there = self.protocols.get(protocol)
        return there.n if there and there.comparable else None


@dataclass(frozen=True)
class Paper:
    """One paper with everything that it says.

    `document` says what sort of publication it is, `address` where it can be read, `doi` and `licence` are its own;
    these three are empty where it has none or nobody knows.
    """

    id: str
    title: str
    authors: tuple[str, ...]
    year: int | None
    task: str
    document: str
    path: Path
    corpus: Corpus
    settings: dict[str, Setting]
    variants: dict[str, Variant]
    models: dict[str, Model]
    ensembles: dict[str, Ensemble] = field(default_factory=dict)
    tables: tuple[Table, ...] = ()
    confusion_matrices: tuple[ConfusionMatrix, ...] = ()
    count_figures: tuple[CountFigure, ...] = ()
    curves: tuple[Curve, ...] = ()
    framings: tuple[Framing, ...] = ()
    step_counts: tuple[StepCount, ...] = ()
    claims: tuple[Claim, ...] = ()
    findings: tuple[Finding, ...] = ()
    ablations: tuple[Ablation, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    headline: tuple[str, str, str, str] | None = None
    address: str = ""
    doi: str = ""
    licence: str = ""

    def variant(self, name: str) -> Variant:
        """The variant of that name; an unknown one is a PaperError that lists the known."""
        return self._known("variant", name, self.variants)

    def model(self, name: str) -> Model:
        """The model of that name; an unknown one is a PaperError that lists the known."""
        return self._known("model", name, self.models)

    def corpus_of(self, model: str) -> str:
        """Name of the corpus that the paper gave a model, also where it votes; the paper's own for a probe, which
        is no model of the paper."""
        there = self.models.get(voter(model))
        return (there.corpus if there else "") or self.corpus.name

    def is_own(self, model: str, corpus: str) -> bool:
        """Whether a model's numbers on a corpus are on the paper's data."""
        return corpus in (self.corpus.name, self.corpus_of(model))

    def models_for(self, variant: str = "paper") -> tuple[str, ...]:
        """Names of the models that a variant is about, in the paper's order."""
        return self.variant(variant).models

    def all_settings(self, variant: str = "paper") -> dict[str, Setting]:
        """Every setting of a variant with its origin, in the file's order, overrides in place."""
        return overridden(self.settings, self.variant(variant).settings)

    def settings_for(
        self, variant: str = "paper", model: str | None = None
    ) -> dict[str, bool | int | float | str | list]:
        """The settings of a variant as plain name → value, ready for a run.

        With a `model`, those that are about other models only are left out, so that what one model does not use can
        change without making its runs those of other settings. A name that the paper does not have, such as a probe's,
        is about none of the paper's models.
        """
        chosen = self.all_settings(variant)
        return {
            name: setting.value
            for name, setting in chosen.items()
            if model is None or not setting.models or voter(model) in setting.models
        }

    def conditions_of(self, variant: str, model: str) -> tuple[str, ...]:
        """Where a variant's settings of a model depart from what the text prints, in words."""
        chosen = self.all_settings(variant) if variant in self.variants else self.settings
        about = (s for s in chosen.values() if not s.models or voter(model) in s.models)
        return tuple(dict.fromkeys(setting.condition for setting in about if setting.condition))

    def setting(self, name: str, variant: str = "paper"):
        """The value of one setting; an unknown name is a PaperError that lists the closest."""
        return self._known("setting", name, self.all_settings(variant)).value

    def cells(self) -> list[Cell]:
        """Every published number, table by table, row by row."""
        return [cell for table in self.tables for row in table.rows for cell in row.cells if cell is not None]

    def table(self, table_id: str) -> Table:
        """The published table of that id; an unknown one is a PaperError that lists the known."""
        return self._known("table", table_id, {table.id: table for table in self.tables})

    def cell(self, table: str, model: str, split: str, metric: str) -> Cell | None:
        """The published number at that place, or None where the paper prints nothing."""
        return self._cells.get((table, model, split, metric))

    def confusion_matrix(self, model: str, split: str, variant: str = "paper") -> ConfusionMatrix | None:
        """The published confusion matrix that a variant's answers stand beside, or None.

        It is of a table that is held against the variant; a misplaced one stands beside nothing.
        """
        against = {"", *(table.id for table in self.tables if table.is_held_against(variant))}
        of_model = (m for m in self.confusion_matrices if (m.model, m.split) == (model, split))
        return next((m for m in of_model if m.table in against and m.note_kind != MISPLACED), None)

    @property
    def dated(self) -> str:
        """What sort of publication the document is, with its year."""
        return self.document if not self.year or str(self.year) in self.document else f"{self.document}, {self.year}"

    @property
    def doi_address(self) -> str:
        """Where its DOI leads, if it has one."""
        return f"https://doi.org/{self.doi}" if self.doi else ""

    @property
    def headline_cell(self) -> Cell | None:
        """The number the paper is known for."""
        return self.cell(*self.headline) if self.headline else None

    def main_column(self, table: Table) -> Column:
        """The column that a table is known for: the headline's, else the first of the test split, else the first."""
        places = {(column.split, column.metric): column for column in table.columns}
        if self.headline and self.headline[2:] in places:
            return places[self.headline[2:]]
        return next((column for column in table.columns if column.split == "test"), table.columns[0])

    @cached_property
    def _cells(self) -> dict[tuple[str, str, str, str], Cell]:
        return {(cell.table, cell.model, cell.split, cell.metric): cell for cell in self.cells()}

    def _known(self, kind: str, name: str, there: dict):
        if name in there:
            return there[name]
        raise PaperError(f"{self.id} has no {kind} {name!r}; {suggestion(name, there)}")
