"""What image corpora share: the layout on disk, the comparison with what is expected, the index, the protocols.

A corpus lies in ``<root>/train|val|test/<class>/<clip>.png``. Its index is a DataFrame, one row a clip, sorted by clip:

=======  ======================================================================================
clip     unique name, the file's stem, e.g. ``Cheo.455``
path     absolute path of the image
label    class
split    ``train``, ``validation`` or ``test``
group    what must not straddle a split: clips of one recording, as far as that is known
sha256   16 hexadecimal digits of the SHA-256 of the decoded RGB pixels and their shape
=======  ======================================================================================
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from data_prep.common.check_report import ImageReport
from data_prep.common.errors import CorpusError
from data_prep.common.hashing import read_images
from shared.base.file_names import is_ignored as is_ignored
from shared.base.suggestions import suggestion

if TYPE_CHECKING:
    import pandas as pd

SPLIT_FOLDERS = {"train": "train", "val": "validation", "test": "test"}
FOLDERS = {split: folder for folder, split in SPLIT_FOLDERS.items()}
COLUMNS = ("clip", "path", "label", "split", "group", "sha256")
HEIGHT, WIDTH = 128, 1292  # pixels: mel bands, frames of 30 s at 22,050 Hz with a hop of 512


@dataclass(frozen=True)
class ImageFile:
    """One PNG found in the corpus folder."""

    clip: str
    split: str
    label: str
    path: Path


def visible(folder: Path) -> list[Path]:
    """Entries of a folder that are not `is_ignored`, sorted by name; none if there is no such folder."""
    return sorted(path for path in folder.iterdir() if not is_ignored(path.name)) if folder.is_dir() else []


def has_layout(root: Path) -> bool:
    """True if `root` holds at least one of ``train/``, ``val/``, ``test/``."""
    return any((root / folder).is_dir() for folder in SPLIT_FOLDERS)


def clip_number(clip: str) -> int:
    """Number at the end of a clip's name: ``Cheo.455`` → 455."""
    return int(clip.rpartition(".")[2])


def rotated_split(frame: pd.DataFrame, fold: int, *, n_clips: int, n_test: int, n_validation: int) -> pd.DataFrame:
    """Copy of an index whose split holds out contiguous clip numbers, rotated by `n_test` numbers a fold.

    In each class of numbers 0 … `n_clips` - 1, fold f tests numbers ``n_test * f`` to ``n_test * (f + 1) - 1`` and
    validates on the `n_validation` numbers after them (starting again at 0 past the end); the rest is for training.
    """
    rotated = (frame["clip"].map(clip_number) - n_test * fold) % n_clips
    split = frame["split"].where(rotated < n_test, "train").mask(rotated < n_test, "test")
    split = split.mask((rotated >= n_test) & (rotated < n_test + n_validation), "validation")
    return frame.assign(split=split)


def check_protocol(protocol: str, fold: int, n_folds: dict[str, int]) -> None:
    """Raise ValueError, listing what there is, unless the corpus has this protocol and this fold."""
    if protocol not in n_folds:
        raise ValueError(f"unknown protocol {protocol!r}; {suggestion(protocol, n_folds)}")
    if not 0 <= fold < n_folds[protocol]:
        known = "0" if n_folds[protocol] == 1 else f"0 to {n_folds[protocol] - 1}"
        raise ValueError(f"protocol {protocol!r} has fold {known}, not {fold}")


def scan(root: Path, classes: tuple[str, ...], report: ImageReport) -> list[ImageFile]:
    """List the images under `root`; folders and files that do not belong there go into the report's problems."""
    found = []
    for folder, split in SPLIT_FOLDERS.items():
        if not (root / folder).is_dir():
            report.layout.append(f"no folder {folder}/")
            continue
        present = {path.name: path for path in visible(root / folder)}
        for label in classes:
            if label not in present:
                report.layout.append(f"no folder {folder}/{label}/")
        for name, path in present.items():
            if name not in classes:
                kind = "a class folder" if path.is_dir() else "a file"
                known = ", ".join(classes)
                report.layout.append(f"{folder}/{name}: {kind} that does not belong there (classes: {known})")
                continue
            for file in visible(path):
                if file.suffix.lower() == ".png" and file.is_file():
                    found.append(ImageFile(file.stem, split, name, file))
                else:
                    report.layout.append(f"{folder}/{name}/{file.name}: not a PNG image")
    return found


def examine(
    name: str, root: Path, classes: tuple[str, ...], expected: pd.DataFrame, *, rerendered: bool = False
) -> tuple[pd.DataFrame, ImageReport]:
    """Compare a corpus folder with what is expected and list its usable images.

    Parameters
    ----------
    name
        Corpus name.
    root
        Folder that holds ``train/ val/ test/``.
    classes
        Class names.
    expected
        Columns clip, label, split; also width (pixels) and sha256 where the published pixels are known.
    rerendered
        The images are known to be made anew from the audio, so that pixels may differ a little.

    Returns
    -------
    frame
        Columns clip, path, label, split, sha256 of the images that can be used: readable, expected, of the right
        size, one a clip. Sorted by clip.
    report
        What is wrong, and what is worth knowing.
    """
    import pandas as pd

    report = ImageReport(name, root, classes)
    wanted = {row["clip"]: row for row in expected.to_dict("records")}
    files, by_clip = scan(root, classes, report), defaultdict(list)
    for file, content in zip(files, read_images([file.path for file in files], name), strict=True):
        by_clip[file.clip].append((file, content))
        report.count(file.split, file.label)
    rows = []
    for clip, row in wanted.items():
        report.expect(row["split"], row["label"])
        here = [(file, content) for file, content in by_clip.get(clip, ()) if _in_place(file, row)]
        if not here:
            report.missing.append((row["split"], row["label"], clip))
        for file, content in here[:1]:
            if _usable(clip, content, row, report):
                rows.append((clip, str(file.path.absolute()), row["label"], row["split"], content.sha256))
    _misplaced(root, by_clip, wanted, report)
    frame = pd.DataFrame(sorted(rows), columns=["clip", "path", "label", "split", "sha256"])
    _identical(frame, report)
    if "sha256" in expected:
        _compare_hashes(frame, expected, rerendered, report)
    return frame, report


def _in_place(file: ImageFile, row: dict) -> bool:
    return (file.split, file.label) == (row["split"], row["label"])


def _usable(clip: str, content, row: dict, report: ImageReport) -> bool:
    name = f"{FOLDERS[row['split']]}/{row['label']}/{clip}.png"
    if content.error:
        report.unreadable.append((name, content.error))
        return False
    if content.height != HEIGHT or content.width > WIDTH:
        report.misfit.append(
            f"{name} is {content.height} × {content.width} pixels; expected height {HEIGHT} and width {WIDTH} or a "
            "little less"
        )
        return False
    if content.width < WIDTH:
        report.narrower.append((clip, content.width, content.width == row.get("width", WIDTH)))
    return True


def _misplaced(root: Path, by_clip: dict, wanted: dict[str, dict], report: ImageReport) -> None:
    for clip, entries in sorted(by_clip.items()):
        places = sorted(file.path.relative_to(root).as_posix() for file, _ in entries)
        if clip not in wanted:
            report.extra += [f"{place}: not a clip of this corpus" for place in places]
        elif len(entries) > 1:
            report.extra.append(f"{clip} is there {len(entries)} times: {', '.join(places)}")
        elif not _in_place(entries[0][0], wanted[clip]):
            row = wanted[clip]
            report.extra.append(f"{places[0]}: belongs in {FOLDERS[row['split']]}/{row['label']}/")


def _identical(frame: pd.DataFrame, report: ImageReport) -> None:
    from itertools import combinations

    for _, same in frame.groupby("sha256", sort=False):
        if len(same) > 1:
            placed = sorted(zip(same["clip"], same["split"], same["label"], strict=True))
            report.identical += list(combinations(placed, 2))
    report.identical.sort()


def _compare_hashes(frame: pd.DataFrame, expected: pd.DataFrame, rerendered: bool, report: ImageReport) -> None:
    published = dict(zip(expected["clip"], expected["sha256"], strict=True))
    owner = {sha256: clip for clip, sha256 in published.items()}
    found = zip(frame["clip"], frame["sha256"], strict=True)
    differing = [(clip, sha256) for clip, sha256 in found if published[clip] != sha256]
    if not differing:
        return
    # A few other pixels among published ones are damage; other pixels throughout are another rendering of the audio.
    if rerendered or len(differing) > len(frame) / 2:
        report.notes.append(
            f"{len(differing)} of {len(frame)} images differ from the published ones in their pixels: another "
            "rendering of the audio. They can be used; the fingerprint says that they are not the published ones."
        )
        differing = [(clip, sha256) for clip, sha256 in differing if sha256 in owner]  # another clip's image
    for clip, sha256 in differing:
        what = f"holds the image of {owner[sha256]}" if sha256 in owner else "is not the published image"
        report.changed.append((clip, what))


def windows(frame: pd.DataFrame, n_samples: int, hop: int, n_windows: int | None = None) -> pd.DataFrame:
    """Windows of the tracks of an index; each keeps the split of its track.

    Parameters
    ----------
    frame
        One row a track, with columns clip, path, offset, n_samples and any others.
    n_samples, hop
        Length of a window and distance of two starts, in samples.
    n_windows
        How many of each track, from its start; if None, as many as fit.

    Returns
    -------
    DataFrame
        The index's columns, one row a window, in the order of the tracks and of time. clip is ``jazz.00003.07`` (the
        track and the number of the window), offset and n_samples are the window's, all else its track's.

    Raises
    ------
    CorpusError
        A track is too short for a window, or for so many.
    """
    import pandas as pd

    rows, short = [], []
    for row in frame.to_dict("records"):
        fitting = (row["n_samples"] - n_samples) // hop + 1  # 0 or less if the track is shorter than a window
        if fitting < (n_windows or 1):
            short.append(f"  {row['path']}: {row['n_samples']:,} samples")
        for number in range(n_windows or fitting):
            start = {"offset": row["offset"] + number * hop, "n_samples": n_samples}
            rows.append({**row, **start, "clip": f"{row['clip']}.{number:02d}"})
    if short:
        needed = n_samples + ((n_windows or 1) - 1) * hop
        raise CorpusError(
            f"{len(short)} of {len(frame)} tracks have fewer than the {needed:,} samples that the windows need; "
            "leave them out or replace them:\n" + "\n".join(short)
        )
    cut = pd.DataFrame(rows, columns=list(frame.columns))
    cut.attrs = dict(frame.attrs)
    return cut
