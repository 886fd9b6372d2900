"""Put GTZAN in place: the original archive from Hugging Face, the copy on Kaggle, or what the user already has.

Whatever the source, each track goes into ``genres/<genre>/``, under its own name and in its own format. The tables of
features are fetched here too: they are part of the copy on Kaggle.
"""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from data_prep import CorpusError, download, gtzan, layout
from data_prep.gtzan_features import SOURCES, Table
from data_prep.gtzan_tracks import genre_of, track_names
from data_prep.report import CheckReport
from shared.image_files import progress

FOLDER = "genres"


def fetch_gtzan(
    root: Path, *, source: str = "huggingface", origin: str | Path | None = None, url: str | None = None
) -> Path:
    """Put the corpus into `root`.

    Parameters
    ----------
    root
        The folder to make. If it holds the whole corpus already, nothing is done.
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
        `root`.

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

    return download.land(root, gtzan.NAME, build, gtzan.check)


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
        hidden = any(layout.is_ignored(part) for part in path.parts)
        if not hidden and path.suffix.lower() in gtzan.SUFFIXES and path.stem in known:
            candidates[path.stem].append((path.parent.name != genre_of(path.stem), name))
    for clip, found in candidates.items():
        found.sort()
        if len(found) > 1 and found[0][0] == found[1][0]:
            raise CorpusError(f"{clip} is there twice: {found[0][1]} and {found[1][1]}; remove one of them")
    return {clip: found[0][1] for clip, found in candidates.items()}


def fetch_table(
    table: Table, root: Path, *, source: str = "kaggle", origin: str | Path | None = None, url: str | None = None
) -> Path:
    """Put a table of features into `root`.

    Parameters
    ----------
    table
        Which one.
    root
        The folder to make. If it holds the whole table already, nothing is done.
    source
        ``kaggle``: the file in the dataset there, through kagglehub. Ignored when `origin` or `url` is given.
    origin
        The CSV file, under whatever name, or a folder, zip file or tar.gz file with it.
    url
        Address of a zip or tar.gz file with it.

    Returns
    -------
    Path
        `root`.

    Raises
    ------
    CorpusError
        `root` is in use, the source cannot be had, or it does not hold the table as published.
    """
    download.check_source(source, SOURCES)

    def build(partial: Path) -> None:
        if origin is not None:
            _table_from_path(table, Path(origin), partial)
        elif url is not None:
            download.from_archive(url, lambda archive: _table_from_path(table, archive, partial))
        else:
            _table_from_path(table, download.from_kaggle(gtzan.KAGGLE_DATASET, f"Data/{table.file}"), partial)

    return download.land(root, table.name, build, table.check)


def _table_from_path(table: Table, origin: Path, partial: Path) -> None:
    def wanted(names: list[str]) -> list[str]:
        visible = [name for name in names if not any(map(layout.is_ignored, PurePosixPath(name).parts))]
        return [name for name in visible if PurePosixPath(name).name == table.file]

    def build(folder: Path, partial: Path) -> None:
        found = wanted(download.file_names(folder))
        if len(found) != 1:
            several = f"has {len(found)} files" if found else "has no file"
            names = f" ({', '.join(found[:3])})" if found else ""
            raise CorpusError(f"{folder} {several} {table.file}{names}; name the CSV file itself with --from")
        partial.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder / found[0], partial / table.file)

    if origin.is_file() and origin.suffix.lower() == ".csv":
        partial.mkdir(parents=True)
        shutil.copyfile(origin, partial / table.file)
    else:
        download.from_path(origin, partial, wanted, build)
