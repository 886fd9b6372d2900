"""Put GTZAN in place: the original archive from Hugging Face, the copy on Kaggle, or what the user already has.

Whatever the source, each track goes into ``genres/<genre>/``, under its own name and in its own format.
"""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from data_prep.common import download, folders
from data_prep.common.check_report import CheckReport
from data_prep.common.corpus import under_data_root
from data_prep.common.errors import CorpusError
from data_prep.corpora import gtzan
from data_prep.corpora.gtzan.tracks import genre_of, track_names
from shared.base.progress import progress

FOLDER = "genres"


def fetch(
    root: Path | None = None, *, source: str = "huggingface", origin: str | Path | None = None, url: str | None = None
) -> Path:
    """Put the corpus into `root`.

    Parameters
    ----------
    root
        The folder to make (default: under the data root). If it holds the whole corpus already, nothing is done.
    source
        ``huggingface``: the original archive, whose checksum is compared. ``kaggle``: the copy there, through
        kagglehub; one of its tracks cannot be read. Ignored when `origin` or `url` is given.
    origin
        Folder, zip file or tar.gz file with the tracks.
    url
        Address of a zip or tar.gz file with the tracks.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    CorpusError
        `root` is in use, the source cannot be had, or it does not hold all the tracks.
    """
    download.check_source(source, gtzan.SOURCES)

    def build(partial: Path) -> None:
        if origin is not None:
            _from_path(Path(origin), partial)
        elif url is not None:
            download.from_archive(url, lambda archive: _from_path(archive, partial))
        elif source == "kaggle":
            _from_path(download.from_kaggle(gtzan.KAGGLE_DATASET), partial)
        else:
            whole = gtzan.ARCHIVE_SHA256
            download.from_archive(gtzan.ARCHIVE_URL, lambda archive: _from_path(archive, partial), whole)

    root = under_data_root(gtzan.NAME) if root is None else Path(root)
    return download.build_checked(root, gtzan.NAME, build, gtzan.check)


def _from_path(origin: Path, partial: Path) -> None:
    download.from_path(origin, partial, lambda names: assign(names).values(), _build)


def _build(origin: Path, partial: Path) -> None:
    found = assign(download.file_names(origin))
    report = CheckReport(gtzan.NAME, origin, gtzan.CLASSES, gtzan.PARTS[:1])
    needed = [clip for clip in track_names() if clip in found or clip not in gtzan.KNOWN_FAULTS]
    rows = [(gtzan.PARTS[0], genre_of(clip), clip) for clip in needed]
    download.check_found(report, rows, found, "files named as jazz.00003.wav, au or flac")
    put = shutil.move if origin.is_relative_to(partial) else shutil.copyfile  # what was unpacked need not stay
    for clip, name in progress(sorted(found.items()), len(found), "copying gtzan"):
        goal = partial / FOLDER / genre_of(clip) / f"{clip}{PurePosixPath(name).suffix.lower()}"
        goal.parent.mkdir(parents=True, exist_ok=True)
        put(origin / name, goal)


def assign(names: Iterable[str]) -> dict[str, str]:
    """Find the file of each track among relative names such as ``Data/genres_original/jazz/jazz.00003.wav``.

    Where a track is there twice, the one in its genre's folder is taken.

    Raises
    ------
    CorpusError
        A track has two files and nothing tells which one is meant.
    """
    known, candidates = set(track_names()), defaultdict(list)
    for name in names:
        path = PurePosixPath(name)
        hidden = any(folders.is_ignored(part) for part in path.parts)
        if not hidden and path.suffix.lower() in gtzan.SUFFIXES and path.stem in known:
            candidates[path.stem].append((path.parent.name != genre_of(path.stem), name))
    for clip, found in candidates.items():
        found.sort()
        if len(found) > 1 and found[0][0] == found[1][0]:
            raise CorpusError(f"{clip} is there twice: {found[0][1]} and {found[1][1]}; remove one of them")
    return {clip: found[0][1] for clip, found in candidates.items()}
