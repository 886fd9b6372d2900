"""Put FSDKaggle2018 in place: the archives from Zenodo, or what the user already has.

Whatever the source, the files go into the folders that Zenodo's archives have, under their own names.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from data_prep.common import download
from data_prep.common import folders as layout
from data_prep.common.corpus import under_data_root
from data_prep.common.errors import CorpusError
from data_prep.corpora import fsdkaggle2018
from data_prep.corpora.fsdkaggle2018 import clips
from shared.base.progress import progress

PREFIX = "FSDKaggle2018."
PARTS = tuple(name.removeprefix(PREFIX) for name in fsdkaggle2018.ARCHIVES)  # what Kaggle calls the same archives


def fetch(
    root: Path | None = None, *, source: str = "zenodo", origin: str | Path | None = None, url: str | None = None
) -> Path:
    """Put the corpus into `root`.

    Parameters
    ----------
    root
        The folder to make (default: under the data root). If it holds the whole corpus already, nothing is done.
    source
        ``zenodo``: three archives, whose checksums are compared. An archive that was whole when a fetch was
        interrupted is not downloaded again. Ignored when `origin` or `url` is given.
    origin
        Folder with the corpus or with its archives, or one archive of all of it. Archives of Zenodo's names must have
        its checksums.
    url
        Address of one zip or tar.gz file of all of it.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    CorpusError
        `root` is in use, the source cannot be had, or it does not hold all the clips.
    """
    download.check_source(source, fsdkaggle2018.SOURCES)

    def build(partial: Path) -> None:
        if origin is not None:
            _from_paths([*_archives_in(Path(origin)), Path(origin)], partial)
        elif url is not None:
            download.from_archive(url, lambda archive: _from_paths([archive], partial))
        else:
            urls = {fsdkaggle2018.ARCHIVE_URL.format(name=n): f"md5:{md5}" for n, md5 in fsdkaggle2018.ARCHIVES.items()}
            download.from_archives(urls, lambda archives: _from_paths(archives, partial))

    root = under_data_root(fsdkaggle2018.NAME) if root is None else Path(root)
    return download.build_checked(root, fsdkaggle2018.NAME, build, fsdkaggle2018.check)


def _archives_in(origin: Path) -> list[Path]:
    """The corpus's zip files in a folder, their checksums compared; none if it has none, or is none."""
    import pooch

    found = [path for path in layout.visible(origin) if path.name.removeprefix(PREFIX) in PARTS]
    for path in progress(found, len(found), "comparing checksums"):
        md5 = fsdkaggle2018.ARCHIVES.get(path.name)
        if md5 is not None and pooch.file_hash(str(path), alg="md5") != md5:
            raise CorpusError(f"{path} is not the archive on Zenodo: its MD5 sum is not {md5}. Download it again")
    return found


def _from_paths(origins: list[Path], partial: Path) -> None:
    """Gather the corpus from folders and archives that each have a part of it; what comes first is taken."""
    partial.mkdir(parents=True)
    for origin in origins:
        download.from_path(origin, partial, assign, _put)
    if not fsdkaggle2018.is_there(partial, flat=False):
        table, audio = clips.TABLES["train"], clips.AUDIO_FOLDERS["train"]
        raise CorpusError(
            f"{origins[-1]} has no {' or '.join(table)}, or no folder {' or '.join(audio)} with files named as "
            "00044347.wav; name a folder or an archive that has both"
        )


def _put(origin: Path, partial: Path) -> None:
    """Copy what belongs to the corpus, or move it if it was unpacked just now."""
    found = assign(download.file_names(origin))
    put = shutil.move if origin.is_relative_to(partial) else shutil.copyfile
    for name, place in progress(sorted(found.items()), len(found), "copying fsdkaggle2018"):
        goal = partial / place
        goal.parent.mkdir(parents=True, exist_ok=True)
        if not goal.exists():
            put(origin / name, goal)


def assign(names: Iterable[str]) -> dict[str, str]:
    """Where each file of the corpus belongs, for relative names such as ``input/audio_train/00044347.wav``.

    Other files have no place. Tables belong in ``FSDKaggle2018.meta/``, clips in a folder a split.

    Raises
    ------
    CorpusError
        Two files belong in one place.
    """
    goals: dict[str, str] = {}
    split_of = {folder: split for split, folders in clips.AUDIO_FOLDERS.items() for folder in folders}
    tables = {name for names in clips.TABLES.values() for name in names}
    for name in sorted(names):
        path = PurePosixPath(name)
        if any(layout.is_ignored(part) for part in path.parts):
            continue
        if path.name in tables:
            goals[name] = f"{clips.TABLE_FOLDERS[0]}/{path.name}"
        elif path.parent.name in split_of and path.suffix.lower() in clips.SUFFIXES:
            goals[name] = f"{clips.AUDIO_FOLDERS[split_of[path.parent.name]][0]}/{path.name}"
    named: dict[str, str] = {}
    for name, goal in goals.items():
        if named.setdefault(goal, name) != name:
            raise CorpusError(
                f"{PurePosixPath(goal).name} is there twice: {named[goal]} and {name}; remove one of them"
            )
    return goals
