"""Trained networks in the cache, and which of several a prediction takes."""

from __future__ import annotations

from pathlib import Path

from shared.cache import cache_root
from shared.paper import Paper
from shared.results import unit_folders
from shared.units import NETWORK


class NotTrainedError(ValueError):
    """There are no trained networks to predict with."""


def trained_units(paper: Paper) -> list[tuple[dict, Path]]:
    """Record and folder of each unit that left its network's weights, the one to be preferred first.

    The paper's own corpus comes before another, the published protocol before a grouped one, finished before partial,
    then paper.toml's order of variants and the lowest seed, fold and precision.
    """

    def preference(unit: tuple[dict, Path]) -> tuple:
        record = unit[0]
        return (
            not paper.is_own(record["model"], record["corpus"]),
            record["protocol"] != "published",
            record["status"] != "complete",
            [*paper.variants, record["variant"]].index(record["variant"]),
            *(record[name] for name in ("seed", "fold", "precision", "key")),
        )

    there = [(record, folder) for record, folder in unit_folders(cache_root() / "runs" / paper.id)]
    return sorted([unit for unit in there if (unit[1] / NETWORK).exists()], key=preference)
