"""Damage files one at a time, let the project read each, and count what it says."""

import contextlib
import io
import random
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from data_prep import CorpusError
from shared.base.locks import LockedError
from shared.base.terminal import raised_here
from shared.base.write_errors import in_words
from tests.faults.mutations import mutated
from tests.faults.targets import Target

SAME, NAMED, OTHER, UNNAMED, TRACEBACK = OUTCOMES = ("same answer", "named", "other answer", "unnamed", "traceback")
BAD = (UNNAMED, TRACEBACK)


def campaign(root: Path, targets: Sequence[Target], n: int, seed: int) -> Iterator[tuple[Target, str, str, str]]:
    """Target, what was done to its file, the outcome and what was said, for each of `n` mutations below `root`."""
    draw, whole, answers = random.Random(seed), _content(root), {}
    for target in targets:
        answers[target.name] = str(target.work())
        _restore(root, whole)
    for _ in range(n):
        target = draw.choices(targets, [target.parts for target in targets])[0]
        kind, damaged = mutated(whole[target.file], target.file.suffix, draw)
        target.file.write_bytes(damaged)
        outcome, said = _outcome(target, answers[target.name])
        _restore(root, whole)
        yield target, kind, outcome, said


def _content(root: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}


def _restore(root: Path, whole: dict[Path, bytes]) -> None:
    there = _content(root)
    for path in there.keys() - whole.keys():
        path.unlink()
    for path, content in whole.items():
        if there.get(path) != content:
            path.write_bytes(content)


def _outcome(target: Target, answer: str) -> tuple[str, str]:
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            found = target.work()
    except (ValueError, CorpusError, LockedError, OSError) as error:
        if (told := _told(error)) is None:
            return TRACEBACK, traceback.format_exc()
        found = said.write(told)
    except BaseException:
        return TRACEBACK, traceback.format_exc()
    if str(found) == answer:
        return SAME, said.getvalue()
    if target.file.name in said.getvalue() or (target.file.name in str(found) and target.file.name not in answer):
        return NAMED, said.getvalue()
    return (UNNAMED if said.getvalue() else OTHER), said.getvalue()


def _told(error: Exception) -> str | None:
    """What the command line says of an error; None where it shows a traceback."""
    if isinstance(error, OSError):
        return in_words(error)
    return str(error) if raised_here(error) else None


def table(counts: dict[str, Counter]) -> str:
    """A row a target, and their sum."""
    width = max(map(len, counts))
    rows = [*sorted(counts.items()), ("all", sum(counts.values(), Counter()))]
    lines = [" " * width + "".join(f"{name:>14}" for name in ("mutations", *OUTCOMES))]
    for name, of in rows:
        lines.append(f"{name:<{width}}" + "".join(f"{n:>14}" for n in (of.total(), *(of[one] for one in OUTCOMES))))
    return "\n".join(lines)
