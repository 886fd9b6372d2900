"""What several commands have in common: numbers and names on their command lines, and what they begin with."""

from __future__ import annotations

import argparse
import importlib
import re
import sys
from collections.abc import Callable, Iterable
from typing import TypeVar

from shared.base.suggestions import suggestion
from shared.base.terminal import raised_here
from shared.paper.schema import Paper, PaperError

PROTOCOL_HELP = "how the corpus is split: published, grouped, or another that it has"
MOST_NUMBERS = 10_000  # seeds or folds of one command
Named = TypeVar("Named", str, Paper)  # a paper by its id, or read
Done = TypeVar("Done")


def numbers(text: str) -> list[int]:
    """``"0"``, ``"0-2"`` or ``"0,3"`` as a sorted list without repeats, of at most 10,000."""
    found: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()) or (dash and int(last) < int(first)):
            raise argparse.ArgumentTypeError(f"{text!r}: expected a number, a range like 0-2, or a list like 0,3")
        wanted = range(int(first), int(last or first) + 1)
        if len(found) + wanted.stop - wanted.start > MOST_NUMBERS:
            raise argparse.ArgumentTypeError(f"{text!r}: expected at most {MOST_NUMBERS:,} numbers at once")
        found.update(wanted)
    return sorted(found)


def positive(text: str) -> int:
    """A whole number of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a whole number, 1 or more")
    return int(text)


def part_of(text: str) -> tuple[int, int]:
    """``"3/8"`` as (3, 8)."""
    part, _, parts = text.partition("/")
    if not (part.isdecimal() and parts.isdecimal() and 1 <= int(part) <= int(parts)):
        raise argparse.ArgumentTypeError(f"{text!r}: expected a part of a plan like 3/8, from 1/8 to 8/8")
    return int(part), int(parts)


def of_each(papers: Iterable[Named], work: Callable[[Named], Done]) -> tuple[list[Done], bool]:
    """What `work` gives for each paper, and whether one was refused.

    Of several, the one that is refused is told of on standard error, and the others are done. One alone raises its
    error.
    """
    papers = list(papers)
    if len(papers) == 1:
        return [work(papers[0])], False
    done, refused = [], False
    for paper in papers:
        try:
            done.append(work(paper))
        except ValueError as error:
            if not raised_here(error):
                raise
            print(f"error: {error}", file=sys.stderr)
            refused = True
    return done, refused


def known_corpus(name: str) -> None:
    from data_prep import CORPORA

    if name not in CORPORA:
        raise ValueError(f"unknown corpus {name!r}; {suggestion(name, sorted(CORPORA))}")


def known_protocol(name: str, *corpora: str) -> None:
    """Raise ValueError unless one of the corpora has the protocol."""
    import data_prep

    known = list(dict.fromkeys(known for corpus in sorted(corpora) for known in data_prep.corpus(corpus).N_FOLDS))
    if name not in known:
        raise ValueError(f"{', '.join(sorted(corpora))} has no protocol {name!r}; {suggestion(name, known)}")


def variants_of(paper: Paper, text: str) -> list[str]:
    """The variants asked for, in the paper's order."""
    names = list(paper.variants) if text == "all" else [paper.variant(name.strip()).name for name in text.split(",")]
    return [name for name in paper.variants if name in names]


def models_of(paper: Paper, text: str | None, modes: list[int] | None) -> list[str] | None:
    """The models asked for by name or by number, in the paper's order; None for all of them."""
    if text is None and modes is None:
        return None
    # A comma in parentheses belongs to a name.
    names = [paper.model(name.strip()).name for name in re.split(r",(?![^(]*\))", text)] if text else []
    by_mode = {model.mode: name for name, model in paper.models.items() if model.mode is not None}
    for mode in modes or ():
        if mode not in by_mode:
            known = f"the known are: {', '.join(map(str, by_mode))}" if by_mode else "it names its models: use --model"
            raise PaperError(f"{paper.id} has no mode {mode}; {known}")
        names.append(by_mode[mode])
    return [name for name in paper.models if name in names]


def module_of(paper: Paper, name: str):
    """``reproductions/<paper>/<name>.py``, imported."""
    if not (paper.path.parent / f"{name}.py").exists():
        raise PaperError(f"{paper.id} has no {name}.py yet, so it cannot {'run' if name == 'train' else name}")
    return importlib.import_module(f"reproductions.{paper.id}.{name}")


def sweep_leftovers() -> None:
    """Remove what killed writes left in the cache and in the results."""
    from shared.base.leftovers import sweep
    from shared.base.locks import remove_abandoned
    from shared.base.places import cache_root, results_root

    sweep(cache_root(), results_root())
    for lock in cache_root().glob("runs/*/*.lock"):
        remove_abandoned(lock)
