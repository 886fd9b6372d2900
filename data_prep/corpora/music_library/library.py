"""From a list of tracks with their genres to an index: what music libraries of several kinds share."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from data_prep.common import label_sets
from data_prep.common.check_report import N_NAMES, CheckReport
from data_prep.common.recordings import silence_note
from data_prep.corpora.music_library.library_audio import SECONDS, read_middles

if TYPE_CHECKING:
    import pandas as pd

    from data_prep.common.recordings import Recording

PARTS = ("named", "usable")


@dataclass(frozen=True)
class Track:
    """A file with its genres, before any is renamed."""

    clip: str
    path: Path
    label: str
    group: str


@dataclass
class Listing:
    """What a table names: the tracks whose file is there, and (name, reason) of what was set aside."""

    tracks: list[Track] = field(default_factory=list)
    set_aside: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def examine(
    name: str, root: Path, listing: Listing, n_genres: int, max_per_set: int | None
) -> tuple[pd.DataFrame, CheckReport]:
    """Rename rare genres, thin, read the middle of every track that stays.

    Parameters
    ----------
    name, root
        The corpus and its folder, for the report.
    listing
        The tracks.
    n_genres
        Genres kept by name; see `data_prep.common.label_sets.with_others`. They are counted over the tracks whose file
        is there, whether it can be read or not.
    max_per_set
        See `data_prep.common.label_sets.thinned`; None to keep all.

    Returns
    -------
    frame
        An index of the tracks that can be used, split ``train`` throughout. ``frame.attrs["skipped"]`` has a name and
        a reason for each file and each line that cannot.
    report
        What is wrong, and what is worth knowing.
    """
    import pandas as pd

    labels = label_sets.with_others([track.label for track in listing.tracks], n_genres)
    report = CheckReport(name, root, label_sets.classes_of(labels), PARTS)
    report.notes += listing.notes + _rare(labels)
    report.extra += [f"{place}: {reason}" for place, reason in listing.set_aside]
    rows = [(t.clip, str(t.path.absolute()), label, t.group) for t, label in zip(listing.tracks, labels, strict=True)]
    chosen = pd.DataFrame(sorted(rows), columns=["clip", "path", "label", "group"])
    if max_per_set is not None:
        n_all, chosen = len(chosen), label_sets.thinned(chosen, max_per_set)
        report.notes.append(f"{n_all - len(chosen)} of {n_all} tracks are left out to thin the most frequent genres.")
    for label in label_sets.count(chosen["label"]).elements():
        report.expect("named", label)
        report.count("named", label)
        report.expect("usable", label)
    recordings = read_middles([Path(path) for path in chosen["path"]], name)
    report.unreadable += [
        (clip, recording.error) for clip, recording in zip(chosen["clip"], recordings, strict=True) if recording.error
    ]
    frame = _frame(chosen, recordings)
    for label in label_sets.count(frame["label"]).elements():
        report.count("usable", label)
    report.notes += _remarks(frame, recordings)
    found = zip(chosen["clip"], recordings, strict=True)
    report.notes += silence_note(found, f"has no sound in its middle {SECONDS:g} s", "have none in their middle")
    frame["group"], note = _merged(frame)
    report.notes += note
    frame.attrs["skipped"] = [list(pair) for pair in (*listing.set_aside, *report.unreadable)]
    return frame, report


def make_index(frame: pd.DataFrame, report: CheckReport, allow_incomplete: bool) -> pd.DataFrame:
    """An index from what `examine` gives: what can be used, in the split of ``published``, with its notes.

    Raises
    ------
    CorpusError
        Nothing can be used, or less than half, unless `allow_incomplete`.
    """
    n_skipped = len(frame.attrs["skipped"])
    report.refuse_mostly_unusable(n_skipped, len(frame), "tracks", allow_incomplete)
    notes = list(report.notes)
    if n_skipped:
        notes.append(f"{n_skipped} of {n_skipped + len(frame)} tracks cannot be used and are left out:")
        notes += report.problems
    attrs = {"notes": notes, "root": str(report.root.absolute()), "skipped": frame.attrs["skipped"]}
    frame = label_sets.with_protocol(frame, "published")
    frame.attrs |= attrs
    return frame


def _rare(labels: list[str]) -> list[str]:
    once = sorted(label for label, n in label_sets.count(labels).items() if n == 1)
    if not once:
        return []
    what = "genre has" if len(once) == 1 else "genres have"
    return [f"{len(once)} {what} one track only, so on one side of each split it is missing: {', '.join(once)}."]


def _frame(chosen: pd.DataFrame, recordings: list[Recording]) -> pd.DataFrame:
    import pandas as pd

    rows = []
    for row, found in zip(chosen.itertuples(index=False), recordings, strict=True):
        if not found.error:
            rows.append((row.clip, row.path, row.label, "train", row.group, found.sha256, 0, found.n_samples))
    return pd.DataFrame(rows, columns=list(label_sets.COLUMNS))


def _remarks(frame: pd.DataFrame, recordings: list[Recording]) -> list[str]:
    remarks = []
    short = frame.loc[frame["n_samples"] < SECONDS * label_sets.SAMPLE_RATE_HZ, "clip"]
    if len(short):
        verb, them = ("track is", "it") if len(short) == 1 else ("tracks are", "them")
        remarks.append(
            f"{len(short)} {verb} shorter than {SECONDS:g} s and indexed whole, a paper may leave {them} out: "
            f"{_names(list(short))}."
        )
    for form, n in sorted(Counter(found.form for found in recordings if found.form).items()):
        remarks.append(f"{n} {'file is' if n == 1 else 'files are'} {form}, resampled to 44,100 Hz.")
    return remarks


def _names(names: list[str]) -> str:
    return ", ".join(names[:N_NAMES]) + (", …" if len(names) > N_NAMES else "")


def _merged(frame: pd.DataFrame) -> tuple[pd.Series, list[str]]:
    """Groups, those that hold a same recording made one, and a note on it."""
    owner = {group: group for group in frame["group"]}

    def first(group: str) -> str:
        while owner[group] != group:
            group = owner[group]
        return group

    repeated = frame[frame["sha256"].duplicated(keep=False)]
    for _, same in repeated.groupby("sha256")["group"]:
        groups = sorted({first(group) for group in same})
        owner |= dict.fromkeys(groups, groups[0])
    note = []
    if len(repeated):
        names = _names(list(repeated["clip"]))
        note = [f"{len(repeated)} tracks hold a recording that another one holds too: {names}."]
    return frame["group"].map(first), note
