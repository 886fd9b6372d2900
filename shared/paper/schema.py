"""A paper as data: its settings, its published numbers and where each of them comes from.

Everything is read from ``reproductions/<id>/paper.toml`` (by `shared.paper.reading`, which also checks it). Training
takes its settings from here, tables and diff take the published numbers from here, so what is said and what is run are
one.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

SCHEMA = 1
MISPLACED = "misplaced"  # of a printed number or matrix: it belongs to another network or row than its label says
SYNTHETIC = "synthetic"  # the corpus that is made from formulas: it shows that code runs, and nothing about a paper


class PaperError(ValueError):
    """A paper, variant or model that is not there, or a ``paper.toml`` that does not hold together."""


@dataclass(frozen=True)
class Setting:
    """One value that a run uses, with its origin.

    `where` is the paper's section (always given when the origin is ``paper``), `reason` says why an assumed value was
    chosen (always given when the origin is ``assumed``). `models` are those it is about, none when it is about all.
    `condition` says in words where this value departs from what the text prints, such as "no pretraining on VEGAS":
    a verdict on a run with it is conditional on that.
    """

    name: str
    value: bool | int | float | str | list
    origin: str
    unit: str = ""
    where: str = ""
    reason: str = ""
    note: str = ""
    models: tuple[str, ...] = ()
    condition: str = ""


@dataclass(frozen=True)
class Variant:
    """A named reading of the paper: the settings that differ, and the models it is about (all when not said).

    `headline` marks a reading of the same standing as ``paper``, because the text does not decide between the two:
    summaries show both.
    """

    name: str
    title: str
    description: str
    origin: str
    where: str
    reason: str
    models: tuple[str, ...]
    settings: dict[str, Setting]
    headline: bool = False


@dataclass(frozen=True)
class Model:
    """A model of the paper, with the facts that a test can hold the code against.

    `corpus` is the corpus module of the data that the paper gave this model, where it is another than the paper's own
    (a table of features made from it); `mode` is the paper's number for it, where it numbers its ways. One that does
    not learn, such as an answer that is the same for every clip, leaves no network to predict with.
    """

    name: str
    title: str = ""
    where: str = ""
    parameters: int | None = None
    parameters_origin: str = ""
    input_shape: tuple[int, ...] = ()
    layers: tuple[tuple[str, tuple[int, ...]], ...] = ()
    corpus: str = ""
    mode: int | None = None
    learns: bool = True


@dataclass(frozen=True)
class Ensemble:
    """A fusion of models; `published` says whether the paper prints a number for it."""

    name: str
    members: tuple[str, ...]
    rule: str
    published: bool
    origin: str
    weights: tuple[float, ...] = ()
    where: str = ""
    reason: str = ""
    note: str = ""


@dataclass(frozen=True)
class Column:
    """A column of a published table."""

    split: str
    metric: str
    header: str
    scale: int = 1


@dataclass(frozen=True)
class Cell:
    """One published number.

    `value` and `sd` are fractions (a printed ``88.40`` with scale 100 is 0.884); `printed` is the paper's own text;
    `decimals` are those of the printed text. `n` is the number of clips it was measured on, None where nobody says,
    and `repeats` the number of folds or runs that `sd` is over.
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
    model: str
    split: str
    classes: tuple[str, ...]
    matrix: tuple[tuple[int, ...], ...]
    printed_rows: str
    note: str = ""
    labelled_rows: str = ""
    table: str = ""
    note_kind: str = ""

    @property
    def as_printed(self) -> tuple[tuple[int, ...], ...]:
        """The matrix as the figure shows it."""
        return tuple(zip(*self.matrix, strict=True)) if self.printed_rows == "predicted" else self.matrix


@dataclass(frozen=True)
class CountFigure:
    """A figure of counts a name, such as clips a genre."""

    id: str
    title: str
    unit: str
    counts: dict[str, int]


@dataclass(frozen=True)
class Curve:
    """A published curve of a model's training: `printed` has a text an epoch for each quantity of a history, such as
    ``loss`` and ``val_loss``; `place` says where they are printed, `figure` what shows them."""

    figure: str
    place: str
    model: str
    printed: dict[str, tuple[str, ...]]

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
    rate_hz: int
    samples: int
    frames: int


@dataclass(frozen=True)
class StepCount:
    """Steps an epoch as a log prints them, and the `samples` that the document's numbers make before any is left out.
    Batch and share held out are the settings batch_size and validation_fraction."""

    place: str
    steps: int
    samples: int


@dataclass(frozen=True)
class Claim:
    """A value that the document prints outside its tables, such as in the abstract.

    It is about a number of a table (`model`, `split` and `metric`), or about any other `quantity`, named in words.
    """

    place: str
    printed: str
    scale: int = 1
    quantity: str = ""
    model: str = ""
    split: str = ""
    metric: str = ""


@dataclass(frozen=True)
class Finding:
    """Something in the paper that contradicts itself, is impossible as printed, or is left unsaid."""

    kind: str
    place: str
    text: str


@dataclass(frozen=True)
class Ablation:
    """A small table: what changes when one silent choice of a model is made differently, after a few epochs.

    The first of `variants` is what the others are compared with.
    """

    title: str
    model: str
    variants: tuple[str, ...]
    epochs: int


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

    name: str
    title: str = ""
    comparable: bool = False
    n: dict[str, int] = field(default_factory=dict)
    folds: tuple[str, ...] = ()


@dataclass(frozen=True)
class Clusters:
    """Which clips of a corpus are not independent, told by their names.

    The first group of the regular expression `pattern`, searched in a clip's name, is its cluster; what the pattern
    does not fit is a cluster of its own. `by` names what the clips of a cluster share, such as ``speaker``. With a
    `block`, the group is a number, and so many neighbouring ones are a cluster.
    """

    by: str
    pattern: str
    block: int = 1

    def of(self, clips: Iterable[str]) -> list[str]:
        """The cluster of each clip."""
        found = (re.search(self.pattern, clip) for clip in clips)
        return [self._name(clip, match) for clip, match in zip(clips, found, strict=True)]

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
    labels: str
    classes: tuple[str, ...]
    n: dict[str, int]
    fingerprint: str = ""
    protocols: dict[str, Protocol] = field(default_factory=dict)
    others: dict[str, str] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    clips: int | None = None
    folds: int = 1
    clusters: dict[str, Clusters] = field(default_factory=dict)
    private: bool = False
    drawn: Drawn | None = None

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
    """One paper with everything that it says."""

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

    def variant(self, name: str) -> Variant:
        """The variant of that name; an unknown one is a PaperError that lists the known."""
        return self._known("variant", name, self.variants)

    def model(self, name: str) -> Model:
        """The model of that name; an unknown one is a PaperError that lists the known."""
        return self._known("model", name, self.models)

    def corpus_of(self, model: str) -> str:
        """Name of the corpus that the paper gave a model; the paper's own for a probe, which is none of its models."""
        there = self.models.get(model)
        return (there.corpus if there else "") or self.corpus.name

    def is_own(self, model: str, corpus: str) -> bool:
        """Whether a model's numbers on a corpus are on the paper's data."""
        return corpus in (self.corpus.name, self.corpus_of(model))

    def models_for(self, variant: str = "paper") -> tuple[str, ...]:
        """Names of the models that a variant is about, in the paper's order."""
        return self.variant(variant).models

    def all_settings(self, variant: str = "paper") -> dict[str, Setting]:
        """Every setting of a variant with its origin, in the file's order, overrides in place."""
        overrides = self.variant(variant).settings
        return {name: overrides.get(name, setting) for name, setting in self.settings.items()}

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
            if model is None or not setting.models or model in setting.models
        }

    def conditions_of(self, variant: str, model: str) -> tuple[str, ...]:
        """Where a variant's settings of a model depart from what the text prints, in words."""
        chosen = self.all_settings(variant) if variant in self.variants else self.settings
        about = (s for s in chosen.values() if not s.models or model in s.models)
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


def suggestion(name: str, known) -> str:
    """``the known are: a, b, c``, or the closest ones when there are many."""
    known = list(known)
    if len(known) > 12:
        close = difflib.get_close_matches(name, known, n=5, cutoff=0.4)
        if close:
            return "the closest are: " + ", ".join(close)
    return "the known are: " + (", ".join(known) or "none")
