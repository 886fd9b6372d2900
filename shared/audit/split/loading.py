"""From an index to clips that can be audited: audio is described, and what cannot be read is set aside."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from shared.audio.signals import N_HEX
from shared.audit.split.clips import Clips, SplitError, lost_labels
from shared.audit.split.extraction import Source, describe_all
from shared.audit.split.fingerprints import LONGEST_SECONDS, Description, Prints
from shared.audit.split.index_file import Index, read_index
from shared.audit.split.naming import GUESSED, guessed_groups
from shared.base.file_names import Files
from shared.metrics.probes import EUCLIDEAN

COLUMN = "column group"


def clips_of_index(path: str | Path, audio_root: str | Path | None = None, separator: str | None = None) -> Clips:
    """The clips of a user's index, and of the audio that it names.

    Parameters
    ----------
    path
        The CSV file, as `read_index` describes it.
    audio_root
        Folder that the paths are relative to; the CSV file's own by default. How a file is found by its name is told in
        `shared.base.file_names.Files`.
    separator
        Of several labels in a cell, as `read_index` takes it.

    Raises
    ------
    SplitError
        The index is not as it should be, two of its lines name one file, no file of it can be read, or with the
        unreadable ones set aside there is one label only, or nothing left on one side of the split.
    """
    index = read_index(path, separator=separator)
    root = index.path.parent if audio_root is None else Path(audio_root)
    if not root.is_dir():
        raise SplitError(f"{root}: no such folder; --audio-root names the one that the index's paths are relative to")
    sources, notes = _sources(index, root)
    clips = describe_clips(bare_clips(index), sources)
    clips = dataclasses.replace(clips, notes=(*clips.notes, *notes))
    if not len(clips):
        name, reason = clips.set_aside[-1]
        raise SplitError(f"{index.path}: none of its files can be read, such as {name}: {reason}")
    return checked(clips)


def _sources(index: Index, root: Path) -> tuple[list[Source], list[str]]:
    """Of each name the file, or why there is none; and a note if some are called otherwise than the index has it."""
    files = Files(root)
    found = [files.find(name) for name in index.names]
    if not any(isinstance(file, Path) for file in found):
        hint = "" if found[0] == "no such file" else f" ({found[0]})"
        raise SplitError(
            f"none of the {len(found):,} files is there, such as {root / index.names[0]}{hint}; see --audio-root"
        )
    named: dict[Path, str] = {}
    others = []
    for name, file in zip(index.names, found, strict=True):
        if not isinstance(file, Path):
            continue
        if file in named:
            twice = f"{named[file]} and {name} are the same file, {file}"
            raise SplitError(f"{index.path}: {twice}; remove one of the lines")
        named[file] = name
        if file != root / name.replace("\\", "/"):
            others.append(f"{name} as {file.relative_to(root).as_posix()}")
    notes = (
        [f"{len(others):,} files are called otherwise than in {index.path.name}, such as {others[0]}."]
        if others
        else []
    )
    return [file if isinstance(file, Path) else Description(error=file) for file in found], notes


def clips_of_table(path: str | Path, separator: str | None = None) -> Clips:
    """The clips of a table in which every other column is a feature. Raises SplitError as `clips_of_index` does."""
    index = read_index(path, with_numbers=True, separator=separator)
    return checked(with_features(bare_clips(index), np.array(index.numbers), index.feature_names))


def bare_clips(index: Index) -> Clips:
    """What an index says, with its groups or those that the names tell."""
    named = dataclasses.asdict(index)
    fields = {name: named[name] for name in ("names", "labels", "split", "groups", "set_aside", "notes")}
    clips = Clips(index.path.name, **fields, group_source=COLUMN if index.groups else "")
    if clips.groups is None:
        groups = guessed_groups(clips.names, clips.labels)
        clips = dataclasses.replace(clips, groups=groups, group_source=GUESSED if groups else "")
    return clips


def with_features(clips: Clips, features: np.ndarray, names: Sequence[str] = (), distance: str = EUCLIDEAN) -> Clips:
    """Clips that are rows of numbers: float64 (n, d), with the columns' names. Equal rows count as identical."""
    rows = np.ascontiguousarray(features, dtype="<f8") + 0.0  # so that -0 is 0
    hashes = tuple(hashlib.sha256(row.tobytes()).hexdigest()[:N_HEX] for row in rows)
    named = {"features": features, "feature_names": tuple(names), "distance": distance}
    return dataclasses.replace(clips, **named, content_hashes=hashes)


def describe_clips(clips: Clips, sources: Iterable[Source]) -> Clips:
    """Describe the clips' audio; those that cannot be read are set aside, and so are they that are silent.

    Parameters
    ----------
    clips : Clips
        n of them, without features.
    sources : iterable of Path or (signal, rate)
        As `describe_all` takes them.
    """
    described = describe_all(sources, f"reading {clips.name}", total=len(clips))
    reasons = [one.error or ("" if one.print.any() else "is silent, or one unchanging sound") for one in described]
    bad = [(name, reason) for name, reason in zip(clips.names, reasons, strict=True) if reason]
    clips = without(clips, [not reason for reason in reasons], bad)
    used = [one for one, reason in zip(described, reasons, strict=True) if not reason]
    return _with_descriptions(clips, used) if used else clips


def _with_descriptions(clips: Clips, described: list[Description]) -> Clips:
    n_long = sum(one.seconds > LONGEST_SECONDS for one in described)
    longer = f"{n_long:,} clips are longer than {LONGEST_SECONDS} s: the probe and the fingerprints are of that start."
    return dataclasses.replace(
        clips,
        features=np.stack([one.features for one in described]).astype(np.float64),
        prints=Prints.of_clips(described),
        file_hashes=tuple(one.file_hash for one in described),
        content_hashes=tuple(one.content_hash for one in described),
        notes=(*clips.notes, *([longer] if n_long else [])),
    )


def without(clips: Clips, kept: Sequence[bool], set_aside: Sequence[tuple[str, str]]) -> Clips:
    """The clips that are kept; nothing is measured of them yet."""

    def chosen(values):
        return None if values is None else tuple(v for v, keep in zip(values, kept, strict=True) if keep)

    columns = {name: chosen(getattr(clips, name)) for name in ("names", "labels", "split", "groups")}
    notes = (*clips.notes, *lost_labels(clips.labels, columns["labels"]))
    return dataclasses.replace(clips, **columns, set_aside=(*clips.set_aside, *set_aside), notes=notes)


def checked(clips: Clips) -> Clips:
    """The same clips. Raises SplitError if what was set aside has left too little."""
    aside = ""
    if clips.set_aside:
        aside = f"; {len(clips.set_aside):,} clips were set aside, such as {': '.join(clips.set_aside[0])}"
    if len(set(clips.labels)) < 2:
        raise SplitError(f"{clips.name}: clips of one label only are left{aside}")
    for part in clips.parts():
        if not (len(part.train) and len(part.test)):
            side = "held out" if len(part.train) else "to train on"
            raise SplitError(f"{clips.name}: no clip is left {side} ({part.name}){aside}")
    return clips
