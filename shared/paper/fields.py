"""Kinds of values in a ``paper.toml``, and checks against the rest of the file, which is the context of a validation.

What a check finds is a ValueError whose text goes on from the key, such as ``is -1: expected a positive whole number``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo
from pydantic.json_schema import SkipJsonSchema

from shared.base.suggestions import suggestion

VOTES = {"windows": ", by track", "segments": ", by clip"}  # what votes: the ending of a model's name where it did
MISPLACED = "misplaced"  # of a printed number or matrix: it belongs to another network or row than its label says


class SectionError(ValueError):
    """What does not hold between the keys of a section: the key that it is about, and what was found."""

    def __init__(self, key: str, found: str):
        super().__init__(found)
        self.key = key


@dataclass(frozen=True)
class Rest:
    """The whole file, not yet checked."""

    file: Path
    values: dict

    def names(self, section: str) -> list[str]:
        """Names of the entries of a section: its keys, or the ids of its rows."""
        there = self.values.get(section, {})
        if isinstance(there, dict):
            return list(there)
        rows = there if isinstance(there, list) else []  # anything else is refused where the section is read
        return [row["id"] for row in rows if isinstance(row, dict) and isinstance(row.get("id"), str)]

    @property
    def classes(self) -> list[str]:
        """Those of the corpus."""
        corpus = self.values.get("corpus")
        return corpus.get("classes", []) if isinstance(corpus, dict) else []


def voter(name: str) -> str:
    """The model whose windows or segments vote, ``CNN`` of ``CNN, by track``; any other name as it is."""
    return next((name.removesuffix(ending) for ending in VOTES.values() if name.endswith(ending)), name)


def name_in(shown: str, *sections: str, votes: bool = False) -> AfterValidator:
    """The check that a text names an entry of one of these sections, or, if asked for, its votes."""

    def check(name: str, info: ValidationInfo) -> str:
        known = [name for section in sections for name in info.context.names(section)]
        if (voter(name) if votes else name) not in known:
            raise ValueError(f"names {name!r}, which {shown} does not have; {suggestion(name, known)}")
        return name

    return AfterValidator(check)


def content(read: Callable[[Path], Any]) -> BeforeValidator:
    """The content of a file that is named from the folder of the paper.toml."""

    def check(name: Any, info: ValidationInfo):
        try:
            return read(info.context.file.parent / name)
        except (TypeError, ValueError) as error:
            raise ValueError(f"is {name!r}: {error}") from None

    return BeforeValidator(check, json_schema_input_type=str)


def real_day(text: str) -> str:
    """The check that a day is in the calendar."""
    try:
        date.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"is {text!r}: {error}") from None
    return text


Name = SkipJsonSchema[Annotated[str, Field(alias="<name>", default="")]]  # no key of an entry: the key it stands under
Positive = Annotated[int, Field(gt=0)]
Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0)]
Counts = dict[str, Positive]
SplitName = Literal["train", "validation", "test"]
SplitCounts = dict[SplitName, Positive]
ModelName = Annotated[str, name_in("[models]", "models")]
MemberName = Annotated[str, name_in("[models]", "models", "ensembles", votes=True)]
ScoredName = Annotated[
    str,
    Field(
        description=f"a model's name, with {' or '.join(map(repr, VOTES.values()))} behind it where its windows vote"
    ),
    name_in("[models]", "models", votes=True),
]
VariantName = Annotated[str, name_in("[variants]", "variants")]
TableId = Annotated[str, name_in("[[tables]]", "tables")]
Axis = Literal["true", "predicted"]
Metric = Literal["loss", "accuracy", "precision", "recall", "binary_accuracy", "binary_crossentropy", "map@3"]
UNBOUNDED = ("loss", "binary_crossentropy")  # metrics that are no share of anything
Rule = Annotated[
    Literal["product", "weighted_geometric_mean", "fitted_geometric_mean", "mean", "majority_vote"],
    Field(description="how an ensemble fuses its members"),
]
Origin = Annotated[
    Literal["paper", "arithmetic", "authors' code", "cited work", "assumed"],
    Field(description="where the value comes from"),
]
RemarkKind = Annotated[
    Literal["contradiction", "impossible", "slip", "approximate", MISPLACED, "cut off"],
    Field(description="what is odd about it"),
]
Scale = Annotated[int, Field(gt=0, description="1 for fractions, 100 for percentages")]
Address = Annotated[str, Field(pattern=r"^https?://\S+$", description="where it can be read, from https:// on")]
Doi = Annotated[str, Field(pattern=r"^10\.[0-9]{4,9}/\S+$", description="a DOI without https://doi.org/, from 10. on")]
Day = Annotated[
    str,
    Field(pattern=r"^\d{4}-\d\d-\d\d$", description="a day, such as '2026-11-29'"),
    AfterValidator(real_day),
]
Fingerprint = Annotated[str, Field(pattern="^[0-9a-f]{16}$", description="16 hexadecimal digits")]
Number = Annotated[
    str,
    Field(pattern=r"^[0-9]+(\.[0-9]+)?$", description="a number as printed, such as '88.5', without its unit"),
]
Printed = Annotated[
    str,
    Field(
        pattern=r"^\s*([0-9]+(\.[0-9]+)?\s*(±\s*[0-9]+(\.[0-9]+)?)?\s*)?$",
        description="a number as printed, such as '0.8640' or '0.874 ± 0.006', or '' where there is none",
    ),
]
