"""Plain settings as typed values: what is read, and what is said of what cannot be."""

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Annotated, Literal

import pytest
from pydantic import Field

from shared.paper.settings import SettingsError, check_settings, names_of, read_settings


@dataclass(frozen=True)
class Filters:
    """A group that another paper may have as well."""

    filters: tuple[int, ...]
    padding: str = "same"


@dataclass(frozen=True)
class Network(Filters):
    """A paper's group."""

    momentum: Annotated[float, Field(alias="norm_momentum")] = 0.99
    readout: Literal["last step", "all steps"] = "last step"
    range_hz: tuple[float, float] = (0.0, 1.0)


PLAIN = {"filters": [8, 16], "norm_momentum": 1, "readout": "all steps", "epochs": 50}


def test_a_group_takes_its_own_from_all_and_keeps_its_defaults():
    network = read_settings(Network, PLAIN)
    assert network == Network(filters=(8, 16), momentum=1.0, readout="all steps")
    assert isinstance(network.momentum, float)
    assert names_of(Network) == {"filters", "padding", "norm_momentum", "readout", "range_hz"}


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"readout": "some steps"}, "readout is 'some steps': expected one of last step, all steps"),
        ({"filters": [8, "16"]}, "filters[1] is '16': expected a whole number"),
        ({"filters": [8, True]}, "filters[1] is True: expected a whole number"),
        ({"filters": 8}, "filters is 8: expected a list"),
        ({"norm_momentum": "high"}, "norm_momentum is 'high': expected a number"),
        ({"range_hz": [0.0]}, "range_hz[1] is missing: expected a number"),
        ({"range_hz": [0.0, 1.0, 2.0]}, "range_hz is [0.0, 1.0, 2.0]: expected a list of 2"),
    ],
    ids=["choice", "item", "truth", "list", "number", "short", "long"],
)
def test_another_value_is_named_with_what_was_expected(changed, words):
    with pytest.raises(SettingsError) as error:
        read_settings(Network, PLAIN | changed)
    assert str(error.value) == f"{__name__}.Network: {words}"


def test_a_missing_setting_is_named():
    with pytest.raises(SettingsError, match=r"Network: filters is missing: expected a list$"):
        read_settings(Network, {"epochs": 50})


def test_a_plan_is_refused_where_the_code_knows_no_such_value():
    module = SimpleNamespace(__name__=__name__, Network=Network, SettingsError=SettingsError)
    check_settings(module, PLAIN)
    check_settings(module, {"readout": "some steps"})  # not enough for the group: it is not about this model
    with pytest.raises(SettingsError, match="expected one of last step, all steps"):
        check_settings(module, PLAIN | {"readout": "some steps"})


def test_a_plan_is_refused_where_a_misspelt_setting_would_be_read_by_nothing():
    module = SimpleNamespace(__name__=__name__, Network=Network)
    for wrong in ({"pading": "same"}, {"range_hzz": [0.0, 1.0]}):  # both would keep their default
        with pytest.raises(
            SettingsError, match="no code reads the setting '.*', and '(padding|range_hz)' has no value"
        ):
            check_settings(module, PLAIN | wrong)
    check_settings(module, PLAIN | {"pading": "same"}, of_others=["padding"])
    check_settings(module, PLAIN | {"pading": "same", "padding": "valid"})
