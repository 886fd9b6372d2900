"""A paper's settings as typed values: a frozen dataclass for each group that the code uses together.

Plans, records and files keep settings as plain values by name, as JSON has them. A task takes its groups from these
where it begins, so that a missing name, a wrong kind of value or one that no code handles ends it at once.
"""

from __future__ import annotations

import difflib
import functools
import json
from collections.abc import Collection, Mapping
from dataclasses import is_dataclass
from types import ModuleType
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from shared.paper.json_schema import Plain
from shared.paper.reading import in_words

Group = TypeVar("Group")
LIKE = 0.8  # from which on two names are so alike that one may be the other, misspelt


class SettingsError(ValueError):
    """Plain settings are not what a group declares."""


def read_settings(group: type[Group], settings: Mapping[str, Any]) -> Group:
    """The settings that a group declares, out of all of a task.

    Parameters
    ----------
    group : type
        A dataclass whose annotations say what is expected: where code branches on a text, a Literal lists the texts
        that it knows. A field has its setting's name, or names it: ``Annotated[int, Field(alias="the setting")]``. One
        with a default need not be a setting.
    settings : mapping
        Plain values by name; those that the group does not declare are other groups'.

    Raises
    ------
    SettingsError
        A setting is missing or another value than declared; names the paper's group, the setting, what was expected
        and what was found.
    """
    try:  # as JSON, in which a list is all that a tuple can be written as
        return _form(group).validate_json(json.dumps(settings), strict=True)
    except ValidationError as error:
        definitions = _json_schema(group)
        place = f"{group.__module__}.{group.__name__}"
        found = (f"{place}: {in_words(one, definitions).strip()}" for one in error.errors(include_url=False))
        raise SettingsError("\n".join(found)) from None


def names_of(group: type) -> set[str]:
    """The settings that a group declares, those that have a default as well."""
    return set(_json_schema(group)["properties"])


def groups_in(module: ModuleType) -> list[type]:
    """The groups that a paper's module ``settings`` declares."""
    return [
        kind
        for kind in vars(module).values()
        if isinstance(kind, type) and is_dataclass(kind) and kind.__module__ == module.__name__
    ]


def check_settings(module: ModuleType, settings: Mapping[str, Any], of_others: Collection[str] = ()) -> None:
    """Read every group of a paper's module that settings are enough for; `of_others` are set for other models.

    Raises
    ------
    SettingsError
        As `read_settings`. And for a setting that no group declares where one is like it and lacks its value: it is
        misspelt, and would be read by nothing.
    """
    groups = groups_in(module)
    declared = set().union(*map(names_of, groups))
    for name in sorted(settings.keys() - declared):
        if meant := difflib.get_close_matches(name, declared - settings.keys() - set(of_others), n=1, cutoff=LIKE):
            raise SettingsError(f"no code reads the setting {name!r}, and {meant[0]!r} has no value: is that meant?")
    for group in groups:
        if settings.keys() >= set(_json_schema(group).get("required", ())):
            read_settings(group, settings)


@functools.cache
def _json_schema(group: type) -> dict:
    return _form(group).json_schema(schema_generator=Plain)


@functools.cache
def _form(group: type) -> TypeAdapter:
    return TypeAdapter(group)
