"""A time after which no further epoch of a training begins; the same command goes on from there another day."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from contextvars import ContextVar

_UNTIL: ContextVar[float | None] = ContextVar("until", default=None)


class OutOfTimeError(Exception):
    """The time that a run was given is used up."""


@contextlib.contextmanager
def deadline(until: float | None) -> Iterator[None]:
    """Inside, `check_deadline` raises from `until` on, in seconds as time.time() has them; never if None."""
    token = _UNTIL.set(until)
    try:
        yield
    finally:
        _UNTIL.reset(token)


def check_deadline(done: str) -> None:
    """Raise OutOfTimeError where the time is used up; `done` says how far the work has come."""
    until = _UNTIL.get()
    if until is not None and time.time() >= until:
        raise OutOfTimeError(f"the budget was used up {done}; the same command goes on from there")
