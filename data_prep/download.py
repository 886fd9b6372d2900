"""Put a corpus in place: download, unpack, check, let it appear whole or not at all. Nothing here knows a corpus."""

from __future__ import annotations

import gzip
import lzma
import re
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, BinaryIO

from data_prep import CorpusError, layout
from shared.cache import cache_root, file_lock
from shared.image_files import progress

if TYPE_CHECKING:
    from data_prep.report import CheckReport

GUESSES = {  # how a file begins that is neither a zip nor a tar file, and what to do with it
    b"7z\xbc\xaf\x27\x1c": "is a 7z archive, which cannot be unpacked here; unpack it (7z x) and name the folder",
    b"Rar!\x1a\x07": "is a rar archive, which cannot be unpacked here; unpack it (unrar x) and name the folder",
    b"\x1f\x8b": "is one file packed with gzip, no tar file; unpack it (gunzip) and name what comes out",
    b"BZh": "is one file packed with bzip2, no tar file; unpack it (bunzip2) and name what comes out",
    b"\xfd7zXZ\x00": "is one file packed with xz, no tar file; unpack it (unxz) and name what comes out",
    b"\x28\xb5\x2f\xfd": "is packed with zstd, which cannot be unpacked here; unpack it (tar --zstd -xf) and name the "
    "folder",
    b"PK": "is not a whole zip file; fetch it again",
    b"<": "is a web page, no archive; open its address in a browser, sign in if it asks for that, and fetch the file",
}


def land(root: Path, name: str, build: Callable[[Path], None], check: Callable[[Path], CheckReport]) -> Path:
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
    if _is_complete(root, name, check):
        return root
    # One fetch at a time; so a temporary folder found here is left over from one that was killed.
    with file_lock(root.parent / f".{root.name}.lock", f"fetching {name} into {root}"):
        partial = root.parent / f".{root.name}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        try:
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
    if not layout.visible(root):
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
        raise ValueError(f"unknown source {source!r}; known are: {', '.join(sources)}")


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
        _unpack(origin, unpacked, wanted)
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


def _unpack(archive: Path, folder: Path, wanted: Callable[[list[str]], Iterable[str]]) -> None:
    unpack, kind = (_unpack_tar, "tar") if tarfile.is_tarfile(archive) else (_unpack_zip, "zip")
    if kind == "zip" and not zipfile.is_zipfile(archive):
        raise CorpusError(f"{archive} {_guess(archive)}")
    try:
        unpack(archive, folder, wanted)
    except (zipfile.BadZipFile, tarfile.TarError, gzip.BadGzipFile, lzma.LZMAError, zlib.error, EOFError) as error:
        raise CorpusError(f"{archive} is not a whole {kind} file ({error}); fetch it again") from error
    folder.mkdir(parents=True, exist_ok=True)  # an archive without any clip: the caller says what is missing


def _guess(archive: Path) -> str:
    """What a file is that cannot be unpacked, and what to do."""
    with archive.open("rb") as file:
        start = file.read(512)
    for known, words in GUESSES.items():
        if start.lstrip().startswith(known):
            return words
    return f"is neither a zip nor a tar file: it begins with {start[:12]!r}"


def _unpack_zip(archive: Path, folder: Path, wanted: Callable[[list[str]], Iterable[str]]) -> None:
    with zipfile.ZipFile(archive) as opened:
        files = {_slashed(info.filename): info for info in opened.infolist()}
        files = {name: info for name, info in files.items() if _is_file_inside(name)}
        chosen = [(name, files[name]) for name in sorted(set(wanted(list(files))))]
        for name, info in chosen:
            _refuse_packing(archive, name, info)
        for name, info in progress(chosen, len(chosen), "unpacking"):
            with opened.open(info) as source:
                _copy(source, folder / name)


def _refuse_packing(archive: Path, name: str, info: zipfile.ZipInfo) -> None:
    """Raise CorpusError for a file of a zip file that Python cannot unpack, before any other is unpacked."""
    advice = "Unpack it with another program and name the folder with --from"
    if info.flag_bits & 1:
        raise CorpusError(f"{archive}: {name} is encrypted. {advice}")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        method = zipfile.compressor_names.get(info.compress_type, f"method {info.compress_type}")
        as_windows = ", as Windows packs large files" if method == "deflate64" else ""
        raise CorpusError(f"{archive}: {name} is packed with {method}{as_windows}, which cannot be read here. {advice}")


def _unpack_tar(archive: Path, folder: Path, wanted: Callable[[list[str]], Iterable[str]]) -> None:
    with tarfile.open(archive) as opened:
        files = {_slashed(member.name): member for member in opened if member.isfile()}
        files = {name: member for name, member in files.items() if _is_file_inside(name)}
        names = set(wanted(list(files)))
        chosen = [pair for pair in files.items() if pair[0] in names]  # in the file's order: it is read once
        for name, member in progress(chosen, len(chosen), "unpacking"):
            with opened.extractfile(member) as source:
                _copy(source, folder / name)


def _copy(source: BinaryIO, goal: Path) -> None:
    goal.parent.mkdir(parents=True, exist_ok=True)
    with goal.open("wb") as file:
        shutil.copyfileobj(source, file)


def _slashed(name: str) -> str:
    """A name in an archive with the separators of this system: some programs on Windows write backslashes."""
    return name.replace("\\", "/")


def _is_file_inside(name: str) -> bool:
    path = PurePosixPath(name)
    return not name.endswith("/") and not path.is_absolute() and ".." not in path.parts


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
