"""What a check of a corpus found, and how it is said."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from data_prep.common.errors import CorpusError

SPLITS = ("train", "validation", "test")
N_SHOWN = 12  # lines of one kind of problem that are written out
MOST_SET_ASIDE = 0.5  # of a user's files; when more cannot be used, it is likely that folder or table is wrong
N_NAMES = 3  # names of missing clips in one line


@dataclass
class CheckReport:
    """Findings about one corpus folder. `problems` is what makes training on it wrong; `ok` when there is none.

    Clips are counted by part and class; the parts are the table's columns: splits, or whatever else a corpus is laid
    out by.

    missing: (part, label, clip); changed: (clip, what it is); unreadable: (file, reason); misfit, extra and layout:
    sentences; notes: sentences, not problems.
    """

    WHAT: ClassVar[str] = "recording"
    MISFIT: ClassVar[str] = "other format"

    corpus: str
    root: Path
    classes: tuple[str, ...]
    parts: tuple[str, ...] = SPLITS
    counts: Counter = field(default_factory=Counter)
    expected: Counter = field(default_factory=Counter)
    missing: list[tuple[str, str, str]] = field(default_factory=list)
    changed: list[tuple[str, str]] = field(default_factory=list)
    unreadable: list[tuple[str, str]] = field(default_factory=list)
    misfit: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)
    layout: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def count(self, part: str, label: str) -> None:
        """Note one clip found."""
        self.counts[part, label] += 1

    def expect(self, part: str, label: str) -> None:
        """Note one clip that should be there."""
        self.expected[part, label] += 1

    @property
    def problems(self) -> list[str]:
        """One line a problem, each kind cut off after `N_SHOWN` lines."""
        return [
            *_capped(self.layout),
            *self._missing_lines(),
            *_capped([f"unreadable: {name}: {reason}" for name, reason in self.unreadable]),
            *_capped([f"{self.MISFIT}: {line}" for line in self.misfit]),
            *_capped([f"changed: {clip} {what}" for clip, what in self.changed]),
            *_capped([f"extra: {line}" for line in self.extra]),
        ]

    @property
    def ok(self) -> bool:
        """True when nothing is wrong."""
        return not self.problems

    def refusal(self, what: str = "", advice: str = "") -> str:
        """Words for a corpus that is not taken: `what` is wrong with it, all problems, and what to do.

        By default it is not as it should be, and the whole report is there to be had.
        """
        what = what or f"the corpus {self.corpus} in {self.root} is not as it should be"
        problems = "".join(f"  {problem}\n" for problem in self.problems)
        return f"{what}{':' if problems else '.'}\n{problems}{advice or self.whole}"

    def refuse_mostly_unusable(self, n_unusable: int, n_usable: int, what: str, allow_incomplete: bool):
        """Raise CorpusError if nothing of a user's folder can be used or, unless `allow_incomplete`, less than half.

        `what` is counted: ``tracks``.
        """
        n = n_unusable + n_usable
        if n_usable and (allow_incomplete or n_unusable <= MOST_SET_ASIDE * n):
            return
        what = f"{n_unusable} of {n} {what} of the corpus {self.corpus} in {self.root} cannot be used"
        raise CorpusError(self.refusal(what, self.whole_or_usable if n_usable else self.whole))

    @property
    def whole(self) -> str:
        """The sentence that names the command for the whole report."""
        return f"Run 'python -m data_prep check {self.corpus} --root {self.root}' for the whole report."

    @property
    def whole_or_usable(self) -> str:
        """`whole`, and the command that goes on without what cannot be used."""
        rest = f"'python -m data_prep index {self.corpus} --root {self.root} --allow-incomplete'"
        return f"{self.whole} {rest} takes the rest."

    def _missing_lines(self) -> list[str]:
        places = defaultdict(list)
        for part, label, clip in self.missing:
            places[part, label].append(clip)
        lines = []
        for (part, label), clips in places.items():
            names = ", ".join(clips[:N_NAMES]) + (", …" if len(clips) > N_NAMES else "")
            n_expected = self.expected[part, label]
            lines.append(f"missing: {part} {label}: {len(clips)} of {n_expected} {self.WHAT}s ({names})")
        return lines

    def __str__(self) -> str:
        lines = [f"{self.corpus} in {self.root}", "", *self._table(), ""]
        lines.append(
            f"missing {len(self.missing)}, changed {len(self.changed)}, unreadable {len(self.unreadable)}, "
            f"{self.MISFIT} {len(self.misfit)}, out of place {len(self.extra) + len(self.layout)}"
        )
        lines += self._remarks()
        lines += [f"note: {note}" for note in self.notes]
        if self.ok:
            return "\n".join([*lines, "", "OK"])
        problems = [f"  {problem}" for problem in self.problems]
        return "\n".join([*lines, "", f"NOT OK: {self.corpus} is not as it should be", *problems])

    def _table(self) -> list[str]:
        header = ("class", *self.parts)
        rows = [
            (label, *(f"{self.counts[part, label]} of {self.expected[part, label]}" for part in self.parts))
            for label in self.classes
        ]
        widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
        widths = [widths[0], *(max(14, width + 2) for width in widths[1:])]
        return [
            row[0].ljust(widths[0])
            + "".join(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))
            for row in (header, *rows)
        ]

    def _remarks(self) -> list[str]:
        """What a kind of corpus has to say beside the numbers."""
        return []


@dataclass
class ImageReport(CheckReport):
    """Findings about a corpus of images, whose parts are its splits.

    narrower: (clip, width, whether that is its published width); identical: pairs of (clip, split, label).
    """

    WHAT: ClassVar[str] = "image"
    MISFIT: ClassVar[str] = "wrong size"

    narrower: list[tuple[str, int, bool]] = field(default_factory=list)
    identical: list[tuple[tuple[str, str, str], tuple[str, str, str]]] = field(default_factory=list)

    @property
    def straddling(self) -> list:
        """Pixel-identical pairs whose two clips lie in different splits."""
        return [pair for pair in self.identical if pair[0][1] != pair[1][1]]

    def _remarks(self) -> list[str]:
        return self._narrower_lines() + self._identical_lines()

    def _narrower_lines(self) -> list[str]:
        if not self.narrower:
            return []
        n_published = sum(as_published for _, _, as_published in self.narrower)
        head = "narrower than 1292 pixels (clips under 30 s; stretched when loaded): "
        clips = [f"  {clip} {width}" + ("" if known else " (not published so)") for clip, width, known in self.narrower]
        return [f"{head}{len(self.narrower)}, {n_published} of them as published", *_capped(clips)]

    def _identical_lines(self) -> list[str]:
        if not self.identical:
            return []
        straddling = self.straddling
        lines = [f"pixel-identical pairs: {len(self.identical)}, {len(straddling)} of them across a split"]
        pairs = []
        for first, second in self.identical:
            where = f"{first[1]} and {second[1]}: STRADDLES" if first[1] != second[1] else f"both {first[1]}"
            labels = "" if first[2] == second[2] else f", classes {first[2]} and {second[2]}"
            pairs.append(f"  {first[0]} = {second[0]} ({where}{labels})")
        return lines + _capped(pairs)


def _capped(lines: list[str]) -> list[str]:
    shown = lines[:N_SHOWN]
    return shown if len(lines) <= N_SHOWN else [*shown, f"  … and {len(lines) - N_SHOWN} more of this kind"]
