"""Clips that are there twice: to the bit, to the sample, or by ear; and what their labels and splits make of it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np

from shared.audit.finding import listed
from shared.audit.split.clips import Clips
from shared.audit.split.findings import CONTRADICTION, LEAK, NOTE, Checked, Pair, number_of, some
from shared.audit.split.fingerprints import FRAMES_PER_SECOND
from shared.audit.split.matching import SIMILARITY, near_duplicates

FILE, SAMPLES, NEAR = "identical file", "identical samples", "near"
LABELS = "one sound, two labels"


def exact_pairs(clips: Clips) -> list[Pair]:
    """Clips of the same bytes, or of the same samples in other bytes: each with the first of its kind."""
    pairs = []
    for rows in _alike(clips.content_hashes):
        for row in rows[1:]:
            same_file = clips.file_hashes and clips.file_hashes[row] == clips.file_hashes[rows[0]] != ""
            pairs.append(Pair(FILE if same_file else SAMPLES, rows[0], row))
    return pairs


def near_pairs(clips: Clips) -> list[Pair]:
    """Clips that sound alike; of each set of identical ones the first is compared.

    What the first of a set is like, the others are like too. So that none of their splits is lost, the first of a set
    in each split makes a pair with the first of the other set in each.
    """
    if clips.prints is None:
        return []
    alike = {rows[0]: rows for rows in _alike(clips.content_hashes)}
    repeated = {row for rows in alike.values() for row in rows[1:]}
    rows = np.array([row for row in range(len(clips)) if row not in repeated])

    def firsts(row: int) -> list[int]:
        by_split = {}
        for other in alike.get(row, [row]):
            by_split.setdefault(clips.split[other] if clips.split else "", other)
        return list(by_split.values())

    return [
        Pair(NEAR, first, second, match.similarity, match.lag_frames / FRAMES_PER_SECOND)
        for match in near_duplicates(clips.prints, rows)
        for first in firsts(match.first)
        for second in firsts(match.second)
    ]


def _alike(hashes: Sequence[str]) -> list[list[int]]:
    """Rows of each hash that stands more than once."""
    rows_of = defaultdict(list)
    for row, value in enumerate(hashes):
        rows_of[value].append(row)
    return [rows for rows in rows_of.values() if len(rows) > 1]


def check_exact(clips: Clips, pairs: list[Pair]) -> Checked:
    """Findings about identical clips."""
    checked, exact = Checked(), [pair for pair in pairs if pair.kind != NEAR]
    if not clips.content_hashes:
        return checked
    n_files = sum(pair.kind == FILE for pair in exact)
    what = "rows of the same numbers" if clips.prints is None else "clips identical to an earlier one"
    checked.count(what, len(exact), len(clips))
    if n_files:
        checked.count("  of these, to the byte", n_files)
    _across(checked, clips, exact, "exact duplicates", "identical")
    if not exact:
        checked.sound.append(f"No two of the {len(clips):,} clips hold the same.")
    return checked


def check_near(clips: Clips, pairs: list[Pair]) -> Checked:
    """Findings about clips that sound alike."""
    checked, near = Checked(), [pair for pair in pairs if pair.kind == NEAR]
    if clips.prints is None:
        return checked
    checked.count("pairs that sound alike", len(near))
    _across(checked, clips, near, "near duplicates", f"alike by fingerprint (correlation {SIMILARITY} or more)")
    if not near:
        checked.sound.append("No fingerprint resembles another: no clip is another one in other encoding or level.")
    return checked


def _across(checked: Checked, clips: Clips, pairs: list[Pair], kind: str, how: str) -> None:
    """The share of pairs that straddle the split, and what follows."""
    if not pairs:
        return
    names = some((_pair_text(clips, pair) for pair in pairs), 3)
    if clips.split is None:
        follows = "Whatever split is drawn, these belong on one side of it."
        checked.find(kind, NOTE, clips.name, number_of(len(pairs), "pair"), f"They are {how}: {names}.", follows)
        return
    across = [pair for pair in pairs if clips.split[pair.first] != clips.split[pair.second]]
    checked.count("  of these, across the split", len(across), len(pairs))
    if not across:
        reason = f"{number_of(len(pairs), 'pair')} {'is' if len(pairs) == 1 else 'are'} {how}: {names}."
        follows = "Each pair is on one side of the split, where it counts twice but leaks nothing."
        checked.find(kind, NOTE, clips.name, number_of(len(pairs), "pair"), reason, follows)
        return
    between = Counter(" and ".join(_sides(clips, pair)) for pair in across)
    reason = f"They are {how}, and lie in {listed(f'{sides} ({n})' for sides, n in sorted(between.items()))}: "
    reason += some((_pair_text(clips, pair) for pair in across), 3) + "."
    follows = "A model that remembers its training clips answers these without having learned anything."
    checked.find(kind, LEAK, clips.name, f"{number_of(len(across), 'pair')} across the split", reason, follows)


def _sides(clips: Clips, pair: Pair) -> list[str]:
    order = {"train": 0, "validation": 1, "test": 2}
    sides = sorted((clips.split[pair.first], clips.split[pair.second]), key=lambda s: (order.get(s, 0), s))
    return [f"fold {side}" for side in sides] if clips.in_folds else sides


def _pair_text(clips: Clips, pair: Pair) -> str:
    text = f"{clips.names[pair.first]} and {clips.names[pair.second]}"
    return text if pair.kind != NEAR else f"{text} ({pair.similarity:.2f})"


def check_labels(clips: Clips, pairs: list[Pair]) -> Checked:
    """Identical or alike clips that have different labels."""
    checked = Checked()
    differing = [pair for pair in pairs if clips.labels[pair.first] != clips.labels[pair.second]]
    if not pairs:
        return checked
    checked.count("  of all pairs, with different labels", len(differing), len(pairs))
    if not differing:
        checked.sound.append("Clips that hold the same have the same label.")
        return checked
    texts = (
        f"{clips.names[p.first]} ({clips.shown_label(p.first)}) and {clips.names[p.second]} "
        f"({clips.shown_label(p.second)}{', alike' if p.kind == NEAR else ''})"
        for p in differing
    )
    shown = number_of(len(differing), "pair")
    follows = "One label of each pair must be wrong or incomplete; no model can have both right."
    if all(pair.kind == NEAR for pair in differing):
        follows = "If they are one recording, one label of each pair is wrong. Listen to them."
    checked.find(LABELS, CONTRADICTION, clips.name, shown, f"{some(texts, 3)}.", follows)
    return checked
