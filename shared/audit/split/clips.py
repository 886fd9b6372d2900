"""The clips of a split: what the index says of each, what was measured of each, and which may learn from which."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from shared.audit.split.fingerprints import Prints
from shared.metrics.probes import CORRELATION

TRAIN, VALIDATION, TEST, EXCLUDED = "train", "validation", "test", "excluded"
SPLIT_NAMES = {"train": TRAIN, "training": TRAIN, "test": TEST, "testing": TEST, "eval": TEST, "evaluation": TEST}
DEVELOPMENT = ("dev", "development")  # beside evaluation and without train, what is trained on, as in DCASE
SPLIT_NAMES |= dict.fromkeys(("validation", "valid", "val", *DEVELOPMENT), VALIDATION)
SPLIT_NAMES |= {"excluded": EXCLUDED, "": EXCLUDED}


class SplitError(ValueError):
    """A split that cannot be audited. The text says what was expected, what was found, where, and what to do."""


class Part(NamedTuple):
    """One way to train and test: the rows that are learned from, and those that are held out; each shape (k,)."""

    name: str
    train: np.ndarray
    test: np.ndarray


@dataclass(frozen=True)
class Clips:
    """The clips of an index, n of them, in its order, without those that were set aside.

    Parameters
    ----------
    name : str
        What the audit is of, for its heading.
    names : tuple of str
        Path or name, each once.
    labels : tuple of tuple of str
        Of each clip one label or several, sorted.
    split : tuple of str, or None
        ``train``, ``validation`` and ``test``, or numbers of folds as text; None if the index has no splits.
    groups : tuple of str, or None
        What must not straddle a split; an empty one is a clip that belongs to no group.
    group_source : str
        Where the groups come from, in words; empty if there are none.
    features : ndarray, float64, shape (n, d), or None
        For the probe: averages over time, or the columns of a table.
    feature_names : tuple of str
        What the columns are called; empty where they are averages over time.
    distance : str
        Of two rows: `shared.metrics.probes.CORRELATION` of spectra, `shared.metrics.probes.EUCLIDEAN` of the columns of
        a table.
    prints : Prints, or None
        Spectral fingerprints; None where there is no audio.
    file_hashes, content_hashes : tuple of str
        Of the bytes and of the decoded samples (or the row of numbers); empty tuples if they are not known.
    set_aside : tuple of (str, str)
        Names of clips that cannot be used, with the reason.
    notes : tuple of str
        Sentences about how the clips were read.
    """

    name: str
    names: tuple[str, ...]
    labels: tuple[tuple[str, ...], ...]
    split: tuple[str, ...] | None = None
    groups: tuple[str, ...] | None = None
    group_source: str = ""
    features: np.ndarray | None = None
    feature_names: tuple[str, ...] = ()
    distance: str = CORRELATION
    prints: Prints | None = None
    file_hashes: tuple[str, ...] = ()
    content_hashes: tuple[str, ...] = ()
    set_aside: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.names)

    @property
    def in_folds(self) -> bool:
        """Whether the split is one of folds that take turns, each tested on by a model of the others."""
        return self.split is not None and self.split[0].isdecimal()

    def parts(self) -> list[Part]:
        """Which clips are learned from and which are held out: one part, or one a fold. Empty without splits.

        Of train, validation and test it is train against test, or against validation where there is no test.
        """
        if self.split is None:
            return []
        split = np.array(self.split)
        if self.in_folds:
            folds = sorted(set(self.split), key=int)
            return [Part(f"fold {f}", np.flatnonzero(split != f), np.flatnonzero(split == f)) for f in folds]
        held_out = TEST if TEST in self.split else VALIDATION
        return [Part(held_out, np.flatnonzero(split == TRAIN), np.flatnonzero(split == held_out))]

    def shown_label(self, row: int) -> str:
        """The labels of a clip as text."""
        return ";".join(self.labels[row])


def lost_labels(before: Iterable[tuple[str, ...]], after: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """A note on labels that no clip has any more once some were set aside; nothing if there are none."""
    lost = sorted({label for own in before for label in own} - {label for own in after for label in own})
    return (f"No clip that can be used has the label {' or '.join(lost)}: see what was set aside.",) if lost else ()


def normalised_splits(given: Sequence[str], where: Sequence[str]) -> tuple[list[str], list[str]]:
    """The words of a split column in their one spelling.

    Parameters
    ----------
    given : sequence of str
        As the index has them: train, validation (val, valid, dev), test (eval), numbers of folds, or excluded or
        nothing for a clip that takes no part.
    where : sequence of str
        Where each stands, for the message.

    Returns
    -------
    splits
        ``train``, ``validation``, ``test``, ``excluded`` or a number without leading zeros.
    notes
        A sentence, if dev was taken as train.

    Raises
    ------
    SplitError
        Another word; folds beside names; one split only; a test or validation set without anything to train on.
    """
    found, words = [], set()
    for text, place in zip(given, where, strict=True):
        word = text.strip().casefold().removesuffix(".0")  # as spreadsheets write whole numbers
        if word not in SPLIT_NAMES and not word.isdecimal():
            raise SplitError(
                f"{place}: the split is {text!r}; expected are train, validation and test, or the numbers of folds, or "
                "excluded"
            )
        found.append(str(int(word)) if word.isdecimal() else SPLIT_NAMES[word])
        words |= {word} if found[-1] != EXCLUDED else set()
    kinds, notes = set(found) - {EXCLUDED}, []
    folds = {kind for kind in kinds if kind.isdecimal()}
    if folds and folds != kinds:
        named = ", ".join(sorted(kinds - folds))
        raise SplitError(f"the split column has numbers of folds and also {named}; give one or the other")
    developed = {word for word in words if SPLIT_NAMES.get(word) == VALIDATION}
    if kinds == {VALIDATION, TEST} and developed <= set(DEVELOPMENT):
        notes = [f"The split {' and '.join(sorted(developed))} was taken as what is trained on: there is no train."]
        found, kinds = [TRAIN if side == VALIDATION else side for side in found], {TRAIN, TEST}
    if len(kinds) < 2 or not (folds or TRAIN in kinds):
        what = " and ".join(sorted(words)) or "no split"
        raise SplitError(f"the split column has {what} only; needed is train beside test or validation, or two folds")
    return found, notes
