"""A printed number and the whole numbers of clips that can stand behind it.

A share k / n printed with d decimals is one of finitely many texts, so for a small n most texts are the share of no
whole k. A program rounds or cuts the decimals off; both are considered. The arithmetic is in whole numbers, since what
is exactly between two texts must not depend on how a processor stores it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from shared.paper.schema import Cell, Claim

ROUNDED, TRUNCATED = "rounded", "truncated"
MODES = (ROUNDED, TRUNCATED)


@dataclass(frozen=True)
class Printed:
    """A number as the document has it: ``Printed("88.40", 100)`` is 88.40 %."""

    text: str
    scale: int = 1

    @classmethod
    def of(cls, source: Cell | Claim) -> Printed:
        """The value of a cell, without its ``± sd``, or of a claim."""
        return cls(source.printed.partition("±")[0].strip(), source.scale)

    def __str__(self) -> str:
        return f"{self.text} %" if self.scale == 100 else self.text

    @property
    def decimals(self) -> int:
        return len(self.text.partition(".")[2])

    @property
    def digits(self) -> int:
        """The text without its point: 8840."""
        return int(self.text.replace(".", ""))

    @property
    def steps(self) -> int:
        """How many steps of the last decimal make the whole: 10,000 for a percentage with two decimals."""
        return self.scale * 10**self.decimals

    @property
    def value(self) -> Fraction:
        """As a fraction of one."""
        return Fraction(self.digits, self.steps)

    def limits(self, mode: str = ROUNDED) -> tuple[Fraction, Fraction]:
        """Lowest and highest value that are printed like this."""
        low = 2 * self.digits - (mode == ROUNDED)
        return Fraction(max(low, 0), 2 * self.steps), Fraction(low + 2, 2 * self.steps)

    def counts(self, n: int, mode: str = ROUNDED) -> range:
        """The whole k of which k / n is printed like this; most often none or one.

        Parameters
        ----------
        n : int
            Number of clips.
        mode : str
            ``rounded``: to the nearest, from exactly between two to either, since programs differ there.
            ``truncated``: the further decimals are cut off.
        """
        low = 2 * self.digits - (mode == ROUNDED)  # in half steps, as is the upper limit, low + 2
        first, beyond = -(-low * n // (2 * self.steps)), (low + 2) * n
        last = beyond // (2 * self.steps)
        if mode == TRUNCATED and beyond % (2 * self.steps) == 0:
            last -= 1
        return range(max(first, 0), min(last, n) + 1)

    def halved(self, k: int, n: int) -> bool:
        """Whether k / n lies exactly between this text and the one above or below."""
        return abs(2 * k * self.steps - 2 * self.digits * n) == n

    def tells(self, n: int) -> bool:
        """Whether some text of this form is the share of no whole number of n clips."""
        return n < self.steps

    def share(self, k: int, n: int) -> str:
        """k / n in this scale, with one decimal more than printed unless it is the printed text itself."""
        exact = Fraction(k * self.scale, n)
        decimals = self.decimals + (exact * 10**self.decimals != self.digits)
        return f"{float(exact):.{decimals}f}{' %' if self.scale == 100 else ''}"

    def number(self, n: int) -> str:
        """``442``, or ``69 to 75`` where several whole numbers of n clips are printed like this."""
        counts = self.counts(n)
        return f"{counts[0]:,} to {counts[-1]:,}" if len(counts) > 1 else f"{counts[0]:,}"


def agree(one: Printed, other: Printed) -> bool:
    """Whether both can be the same number: one is the other with fewer decimals, rounded or cut off."""
    coarse, fine = sorted((one, other), key=lambda printed: printed.steps)
    if coarse.steps == fine.steps:
        return coarse.digits == fine.digits
    (low, high), (_, beyond) = coarse.limits(ROUNDED), coarse.limits(TRUNCATED)
    return low <= fine.value <= high or coarse.value <= fine.value < beyond


def why_not(printed: Printed, n: int) -> str:
    """The sentence that says why n clips cannot give it: what it would be, and the two next to that."""
    would = printed.value * n
    below, above = math.floor(would), math.ceil(would)
    number = f"{float(would):,.2f}".rstrip("0").rstrip(".")
    text = f"{printed} of {n:,} clips would be {number}: {below:,} are {printed.share(below, n)}"
    text += f" and {above:,} are {printed.share(above, n)}."
    if cut := printed.counts(n, TRUNCATED):
        text += f" Only cut off after {printed.decimals} decimals would {cut[0]:,} be {printed}."
    return text


def which(printed: Printed, n: int, clips: str = "") -> str:
    """``442 of 500 test clips``, and what has to be said about a share that lies between two printed ones."""
    text = f"{printed.number(n)} of {n:,} {clips}".rstrip()
    k, *more = printed.counts(n)
    if not more and printed.halved(k, n):
        python = f"{k / n * printed.scale:.{printed.decimals}f}"
        text += f" (exactly {printed.share(k, n)}, half-way, which Python prints as {python})"
    return text
