"""Zip and tar files as people have them: what is unpacked, and what is said of those that cannot be."""

from __future__ import annotations

import lzma
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from data_prep.common.errors import CorpusError
from shared.base.progress import progress

CHUNK_BYTES = 1 << 20  # read at once
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


def unpack(archive: Path, folder: Path, wanted: Callable[[list[str]], Iterable[str]]) -> None:
    """Unpack some files of a zip or tar file, none of them outside of a folder.

    Parameters
    ----------
    archive
        The file, compressed or not.
    folder
        Made if it is not there.
    wanted
        Given the names of the archive's files, with slashes, those to unpack.

    Raises
    ------
    CorpusError
        It is no whole archive, or one that cannot be unpacked here; says what it is and what to do.
    """
    unpack_from, kind = (_unpack_tar, "tar") if tarfile.is_tarfile(archive) else (_unpack_zip, "zip")
    if kind == "zip" and not zipfile.is_zipfile(archive):
        raise CorpusError(f"{archive} {_guess(archive)}")
    try:
        unpack_from(archive, folder, wanted)
    except (zipfile.BadZipFile, tarfile.TarError, lzma.LZMAError, zlib.error, EOFError, OSError) as error:
        if getattr(error, "errno", None) is not None:  # of the system; those of gzip and bz2 have no number
            raise
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
        _read_to_end(opened)
        files = {name: member for name, member in files.items() if _is_file_inside(name)}
        names = set(wanted(list(files)))
        chosen = [pair for pair in files.items() if pair[0] in names]  # in the file's order: it is read once
        for name, member in progress(chosen, len(chosen), "unpacking"):
            with opened.extractfile(member) as source:
                _copy(source, folder / name)


def _read_to_end(opened: tarfile.TarFile) -> None:
    """Raise an error for a damaged file: tarfile takes a damaged header for the end of all, and reads no packed file to
    its end, where the checksum stands."""
    opened.fileobj.seek(opened.offset)
    if opened.fileobj.read(tarfile.BLOCKSIZE).strip(b"\0"):
        raise tarfile.ReadError("what stands behind its last whole file is not the end")
    while opened.fileobj.read(CHUNK_BYTES):
        pass


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
