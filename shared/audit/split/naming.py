"""What the names of the clips say: groups that straddle the split, and clips of neighbouring numbers on both sides."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import PurePosixPath

import numpy as np

from shared.audit.split.clips import SPLIT_NAMES, Clips
from shared.audit.split.findings import LEAK, NOTE, Checked, Figure, number_of, some
from shared.metrics.intervals import wilson_interval

GUESSED = "guessed from the names"


def guessed_groups(names: Sequence[str], labels: Sequence[tuple[str, ...]]) -> tuple[str, ...] | None:
    """Groups by what remains of each name without its label and its running number.

    ``7_theo_12.wav`` of label 7 is of ``theo``, ``blues.00003.4.wav`` of ``blues 00003``; ``jazz.00054.wav``, which is
    its label and a number and nothing else, is of no group. Folders count, but for those that are a label or a split.

    Returns
    -------
    tuple of str, or None
        None where that tells nothing: no two clips share a group, or all clips of a label do.
    """
    found = tuple(_group(name, own) for name, own in zip(names, labels, strict=True))
    members, classes = defaultdict(int), defaultdict(set)
    for group, own in zip(found, labels, strict=True):
        members[group] += bool(group)
        classes[own].add(group)
    useful = len(members.keys() - {""}) > 1 and max(members.values()) > 1
    return found if useful and any(len(groups) > 1 for groups in classes.values()) else None


def _group(name: str, labels: tuple[str, ...]) -> str:
    path = PurePosixPath(name.replace("\\", "/"))
    own = {label.casefold() for label in labels}
    folders = [part for part in path.parts[:-1] if part.casefold() not in own | SPLIT_NAMES.keys()]
    words = [word for word in re.split(r"[^0-9a-z]+", _stem(path).casefold()) if word]
    if words and re.search(r"\d+$", words[-1]):
        words[-1] = re.sub(r"\d+$", "", words[-1])
    words = [word for word in words if word]
    rest = [word for word in words if word not in own]
    if rest and not any(re.search("[a-z]", word) for word in rest):
        rest = words  # 00003 alone may be that of another label, too
    return " ".join([*folders, *rest]) if rest or folders else ""


def _stem(path: PurePosixPath) -> str:
    return path.stem if re.fullmatch(r"\.[0-9]?[A-Za-z][0-9A-Za-z]*", path.suffix) else path.name


def check_groups(clips: Clips) -> Checked:
    """Findings about groups of which some clips are trained on and others held out."""
    checked = Checked()
    if clips.groups is None:
        return checked
    splits_of = defaultdict(set)
    for row, group in enumerate(clips.groups):
        if group:
            splits_of[group].add(clips.split[row] if clips.split else "")
    checked.count(f"groups ({clips.group_source})", len(splits_of))
    if len(splits_of) == sum(map(bool, clips.groups)):
        checked.skipped.append("Groups across the split: no two clips are of one group.")
        return checked
    if clips.split is None:
        return checked
    straddling = sorted(group for group, splits in splits_of.items() if len(splits) > 1)
    checked.count("  of these, across the split", len(straddling), len(splits_of))
    held_out, seen = _held_out_with_group_in_training(clips)
    checked.count("held-out clips whose group is trained on", seen, held_out)
    if not straddling:
        checked.sound.append(f"Each of the {len(splits_of):,} groups is on one side of the split.")
        return checked
    guessed = clips.group_source == GUESSED
    reason = f"{len(straddling):,} of {number_of(len(splits_of), 'group')} lie on both sides, so {seen:,} of "
    reason += f"{held_out:,} held-out clips have clips of their group in the training set: {some(straddling)}."
    follows = "What a model knows of a group (a voice, a room, a record) helps it with that group's held-out clips."
    if guessed:
        follows += " These groups are a guess from the names: a column group in the index would settle it."
    shown = number_of(len(straddling), "group")
    checked.find("groups across the split", NOTE if guessed else LEAK, clips.name, shown, reason, follows)
    return checked


def _held_out_with_group_in_training(clips: Clips) -> tuple[int, int]:
    held_out = seen = 0
    for part in clips.parts():
        trained = {clips.groups[row] for row in part.train} - {""}
        held_out += len(part.test)
        seen += sum(clips.groups[row] in trained for row in part.test)
    return held_out, seen


# ---- neighbouring numbers


def neighbours(names: Sequence[str]) -> list[list[int]]:
    """For each clip the rows of those whose names differ from its own in the last number alone, and in that by one."""
    families, place = defaultdict(lambda: defaultdict(list)), []
    for row, name in enumerate(names):
        path = PurePosixPath(name.replace("\\", "/"))
        found = re.fullmatch(r"(.*?)(\d{1,9})(\D*)", _stem(path))
        folders = tuple(part for part in path.parts[:-1] if part.casefold() not in SPLIT_NAMES)
        key = (folders, found[1], found[3]) if found else None
        place.append((key, int(found[2]) if found else 0))
        if key:
            families[key][place[-1][1]].append(row)
    return [
        [*families[key].get(number - 1, []), *families[key].get(number + 1, [])] if key else [] for key, number in place
    ]


def check_neighbours(clips: Clips, nearest: np.ndarray | None) -> Checked:
    """Findings about held-out clips whose number's neighbour is trained on.

    Parameters
    ----------
    nearest : ndarray of int, shape (n,), or None
        Of each held-out clip the row of the training clip that the probe found nearest, of all others -1.
    """
    checked, near = Checked(), neighbours(clips.names)
    n_numbered = sum(map(bool, near))
    if clips.split is None or not n_numbered:
        return checked
    held_out = with_one = hits = 0
    expected_share = expected_hits = 0.0
    for part in clips.parts():
        trained = set(part.train.tolist())
        pools = Counter(_pool(clips, row) for row in part.train)
        for row in part.test:
            held_out += 1
            there = [other for other in near[row] if other in trained]
            expected_share += 1 - _none_drawn(len(near[row]), len(part.train), len(part.train) + len(part.test) - 1)
            if there:
                with_one += 1
                hits += nearest is not None and nearest[row] in there
                alike = sum(_pool(clips, other) == _pool(clips, row) for other in there)
                expected_hits += alike / max(1, pools[_pool(clips, row)])
    checked.count("held-out clips whose number's neighbour is trained on", with_one, held_out)
    expected = expected_share / held_out
    checked.figures.append(Figure("  expected of a split drawn at random", f"{expected:.1%}", round(expected, 4)))
    if nearest is None or not with_one:
        return checked
    shown = f"{hits:,} of {with_one:,}; {expected_hits:.1f} by chance"
    checked.figures.append(Figure("  the nearest training clip is that neighbour", shown, hits))
    low, _ = wilson_interval(hits, with_one)
    of_group = " and group" if clips.groups else ""
    if low > expected_hits / with_one:
        reason = f"Of {with_one:,} held-out clips with such a neighbour in the training set, {hits:,} have it as their "
        reason += f"nearest training clip; by chance, among those of their label{of_group}, {expected_hits:.1f} would."
        follows = "Neighbouring numbers sound alike, as parts of one recording or session do: keep them on one side."
        checked.find("neighbouring numbers", LEAK, clips.name, f"{with_one:,} clips", reason, follows)
    else:
        checked.sound.append(
            f"Clips of neighbouring numbers are no nearer to each other than others of their label{of_group}."
        )
    return checked


def _pool(clips: Clips, row: int) -> tuple:
    """What a clip shares with those that it is compared with: its labels, and its group where that is known."""
    return clips.labels[row], clips.groups[row] if clips.groups and len(set(clips.groups)) < len(clips) else ""


def _none_drawn(n_near: int, n_train: int, n_others: int) -> float:
    """The chance that none of `n_near` clips is among `n_train` that are drawn from `n_others`."""
    chance = 1.0
    for drawn in range(n_near):
        chance *= max(0, n_others - n_train - drawn) / max(1, n_others - drawn)
    return chance
