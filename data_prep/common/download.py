"""Put a corpus in place: download, unpack, check, let it appear whole or not at all. Nothing here knows a corpus."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from data_prep.common import folders
from data_prep.common.archives import unpack
from data_prep.common.errors import CorpusError
from shared.base.files import cache_root
from shared.base.locks import file_lock, remove_abandoned
from shared.base.suggestions import suggestion
from shared.base.write_errors import writing

if TYPE_CHECKING:
    from data_prep.common.check_report import CheckReport


def build_checked(root: Path, name: str, build: Callable[[Path], None], check: Callable[[Path], CheckReport]) -> Path:
    """Build a corpus in a temporary folder beside its goal, check it, and only then rename it.

    A fetch that is interrupted leaves no half corpus, and the next one starts over.

    Parameters
    ----------
    root
        The folder to make. If it holds the whole corpus already, nothing is done.
    name
        The corpus.
    build
        Makes the corpus in the folder that it is given, which is not there yet.
    check
        The corpus's own check of a folder.

    Returns
    -------
    Path
        `root`.

    Raises
    ------
    CorpusError
        `root` is in use, or what was built is not the corpus.
    """
    lock = root.parent / f".{root.name}.lock"
    if _is_complete(root, name, check):
        remove_abandoned(lock)
        return root
    # One fetch at a time; so a temporary folder found here is left over from one that was killed.
    with file_lock(lock, f"fetching {name} into {root}"):
        partial = root.parent / f".{root.name}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        try:
            with writing(root):
                build(partial)
            report = check(partial)
            if not report.ok:
                raise CorpusError(
                    "what was fetched is not the corpus:\n" + "\n".join(f"  {p}" for p in report.problems)
                )
            partial.replace(root)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return root


def _is_complete(root: Path, name: str, check: Callable[[Path], CheckReport]) -> bool:
    if not folders.visible(root):
        return False
    try:
        complete = check(root).ok
    except CorpusError:  # nothing of the corpus is there
        complete = False
    if complete:
        return True
    raise CorpusError(
        f"{root} is already there and is not the whole corpus. See 'python -m data_prep check {name} --root {root}'; "
        "move it away to fetch the corpus anew, or name another folder with --to."
    )


def check_source(source: str, sources: tuple[str, ...]) -> None:
    """Raise ValueError, listing what there is, unless the corpus has this source."""
    if source not in sources:
        raise ValueError(f"unknown source {source!r}; {suggestion(source, sources)}")


def from_kaggle(dataset: str, path: str | None = None) -> Path:
    """Download a dataset of Kaggle, or one file of it, through kagglehub, which keeps it in its own cache.

    Parameters
    ----------
    dataset
        ``owner/name``.
    path
        Name of a file in it, as ``Data/features_30_sec.csv``; the whole dataset if None.

    Returns
    -------
    Path
        The folder, or the file.

    Raises
    ------
    CorpusError
        It cannot be had; says what else can be done.
    """
    import kagglehub

    try:
        return Path(kagglehub.dataset_download(dataset, *([path] if path else [])))
    except Exception as error:  # kagglehub passes on whatever its client raises
        raise CorpusError(
            f"cannot download {path or dataset} from Kaggle: {type(error).__name__}: {error}\n"
            f"Run the command again to go on, or download it in a browser (https://www.kaggle.com/datasets/{dataset}) "
            "and use --from FOLDER."
        ) from error


def from_archive(url: str, build: Callable[[Path], None], sha256: str | None = None) -> None:
    """Download a zip or tar file, `build` from it and remove it.

    Parameters
    ----------
    url
        Its address.
    build
        Called with the file.
    sha256
        Of the file, where it is fixed; GitHub packs archives anew, so the clips are checked one by one instead.

    Raises
    ------
    CorpusError
        It cannot be had; says what else can be done.
    """
    from_archives({url: f"sha256:{sha256}" if sha256 else None}, lambda archives: build(archives[0]))


def from_archives(urls: dict[str, str | None], build: Callable[[list[Path]], None]) -> None:
    """Download several zip or tar files one after another, `build` from them and remove them.

    Those that were whole when a fetch was interrupted are not downloaded again.

    Parameters
    ----------
    urls
        Addresses, each with the file's checksum as ``md5:...`` or ``sha256:...``, or None.
    build
        Called with the files, in the order of `urls`.

    Raises
    ------
    CorpusError
        One cannot be had; says what else can be done.
    """
    archives = {_retrieve(url, checksum): checksum for url, checksum in urls.items()}
    try:
        build(list(archives))
    except CorpusError as error:  # the next try downloads it anew, unless its checksum is right
        _remove(archive for archive, checksum in archives.items() if checksum is None)
        text = str(error)
        for archive, url in zip(archives, urls, strict=True):  # a file that may be gone is called by its address
            text = text.replace(str(archive), url)
        raise CorpusError(text) from error
    _remove(archives)  # not after a full disk


def _remove(files: Iterable[Path]) -> None:
    for file in files:
        file.unlink(missing_ok=True)


def _retrieve(url: str, checksum: str | None) -> Path:
    import pooch

    pooch.get_logger().setLevel("WARNING")
    folder = cache_root() / "downloads"
    name = re.sub(r"[^A-Za-z0-9.]+", "-", url.partition("://")[2]) + ".archive"
    try:
        return Path(pooch.retrieve(url, known_hash=checksum, fname=name, path=folder, progressbar=True))
    except (OSError, ValueError) as error:  # requests' errors are OSErrors
        raise CorpusError(
            f"cannot download {url}: {error}\nRun the command again to start over, give another address with --url, "
            "or download it by other means and use --from PATH."
        ) from error


def from_path(
    origin: Path, partial: Path, wanted: Callable[[list[str]], Iterable[str]], build: Callable[[Path, Path], None]
) -> None:
    """Build in `partial` from a folder, or from a zip or tar file, of which only what is wanted is unpacked.

    Parameters
    ----------
    origin
        Folder, zip file or tar file, compressed or not.
    partial
        Folder to build in.
    wanted
        Given the relative names of an archive's files, those to unpack.
    build
        Called with a folder of what there is and `partial`.

    Raises
    ------
    CorpusError
        There is no such folder or file, or it is not a whole archive.
    """
    if origin.is_file():
        unpacked = partial / "unpacked"
        unpack(origin, unpacked, wanted)
        try:
            build(unpacked, partial)
        except CorpusError as error:  # nobody can look into a folder that is gone by then
            raise CorpusError(str(error).replace(str(unpacked), str(origin))) from error
        shutil.rmtree(unpacked)
    elif origin.is_dir():
        build(origin, partial)
    else:
        raise CorpusError(f"there is no folder and no zip file or tar file {origin}")


def file_names(folder: Path) -> list[str]:
    """Names of all files below a folder, relative to it, sorted."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def check_found(report: CheckReport, clips: Iterable[tuple[str, str, str]], found: Iterable[str], what: str) -> None:
    """Raise CorpusError unless every clip was found.

    Parameters
    ----------
    report
        Fresh; its root is where was searched.
    clips
        Part, label and name of each clip.
    found
        Names of the clips found.
    what
        As what they were searched for: ``images in a folder named after the class``.
    """
    clips, found = list(clips), set(found)
    for part, label, clip in clips:
        report.expect(part, label)
        if clip not in found:
            report.missing.append((part, label, clip))
    if report.missing:
        raise CorpusError(
            f"{report.root} has {len(found)} of the {len(clips)} clips, as {what}:\n"
            + "\n".join(f"  {problem}" for problem in report.problems)
        )
