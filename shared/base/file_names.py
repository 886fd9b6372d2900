"""Files below a folder, found by what people call them in a table."""

from __future__ import annotations

import os
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path, PurePosixPath

from shared.base.text_files import visible

READABLE = (".mp3", ".wav", ".flac", ".ogg", ".oga", ".opus", ".aif", ".aiff", ".aifc", ".au", ".caf")  # by libsndfile
UNREADABLE = (".m4a", ".aac", ".mp4", ".wma", ".alac", ".ape", ".wv", ".mpc", ".mka", ".webm", ".amr", ".3gp", ".ra")
IGNORED = ("thumbs.db", "desktop.ini", "__macosx")
N_HINTS = 3


def is_ignored(name: str) -> bool:
    """True for what file managers and archives leave behind: hidden files, ``.DS_Store``, ``Thumbs.db``."""
    return name.startswith(".") or name.casefold() in IGNORED


def without_suffix(name: str) -> str:
    """A name without the suffix of an audio file, if it has one: ``blues.00000`` stays, whatever stands behind dots."""
    path = PurePosixPath(name)
    return str(path.with_suffix("")) if path.suffix.lower() in READABLE + UNREADABLE else name


def why_unreadable(path: Path) -> str:
    """What to say of a file whose suffix is not that of readable audio; empty if it is."""
    suffix = path.suffix.lower()
    if suffix in READABLE:
        return ""
    readable = ", ".join(suffix.removeprefix(".") for suffix in READABLE)
    if suffix in UNREADABLE:
        return f"{suffix} cannot be read; convert it with: ffmpeg -i '{path.name}' '{path.stem}.flac'"
    return f"is no audio file ({suffix or 'without a suffix'}); readable are {readable}"


def files_below(folder: Path) -> list[Path]:
    """Files in a folder and in those below it, sorted, without what `is_ignored`.

    A folder is walked through once: a link to one that was seen already, such as to the folder itself, is passed over.
    Links that lead nowhere count as files.
    """
    found, links, seen = [], [], set()
    _walk(folder, found, links, seen)
    while links:
        _walk(links.pop(0), found, links, seen)
    return sorted(found)


def _walk(folder: Path, found: list[Path], links: list[Path], seen: set) -> None:
    status = folder.stat()
    if (status.st_dev, status.st_ino) in seen:
        return
    seen.add((status.st_dev, status.st_ino))
    for path in sorted(folder.iterdir()):
        if is_ignored(path.name):
            continue
        if not path.is_dir():
            found.append(path)
        elif path.is_symlink():
            links.append(path)  # after all that lie here themselves
        else:
            _walk(path, found, links, seen)


class Files:
    """The audio files below a folder, found by what a table calls them.

    That is a path that is absolute or relative to the folder, or the file's name alone, with or without the suffix;
    Windows' separators do not matter. An exact name goes before one that differs in how its accents are written (NFC,
    NFD), and that before one that differs in capitals.
    """

    def __init__(self, root: Path):
        self.root = root

    @cached_property
    def paths(self) -> list[Path]:
        """All of them, also those in formats that cannot be read; sorted."""
        return [path for path in files_below(self.root) if path.suffix.lower() in READABLE + UNREADABLE]

    def find(self, name: str) -> Path | str:
        """The file, which is there, or a sentence on why there is none."""
        slashed = PurePosixPath(name.replace("\\", "/")).as_posix()
        for exact in (name, slashed):
            path = self.root / exact  # of an absolute name this is the name
            if os.path.lexists(path):
                return _there(path)
        for key, *known in self._known:
            for names in known:
                found = names.get(key(slashed), ())
                if len(found) == 1:
                    return _there(found[0])
                if found:
                    return f"{len(found)} files have this name ({self._shown(found)}); give the path"
        hints = self._by_stem.get(_folded(without_suffix(PurePosixPath(slashed).name)), ())
        return f"no such file; is it {self._shown(hints, ' or ')}? Then write that" if hints else "no such file"

    @cached_property
    def _known(self) -> list[tuple[Callable[[str], str], dict[str, list[Path]], dict[str, list[Path]]]]:
        """By names as they are, then by more and more alike ones; of each by paths, then by shorter names."""
        found = []
        for key in (str, _composed, _folded):
            by_path, by_name = defaultdict(list), defaultdict(list)
            for path in self.paths:
                whole = path.relative_to(self.root)
                by_path[key(whole.as_posix())].append(path)
                for name in {key(whole.with_suffix("").as_posix()), key(path.name), key(path.stem)}:
                    by_name[name].append(path)
            found.append((key, by_path, by_name))
        return found

    @cached_property
    def _by_stem(self) -> dict[str, list[Path]]:
        names = defaultdict(list)
        for path in self.paths:
            names[_folded(path.stem)].append(path)
        return names

    def _shown(self, paths: Sequence[Path], between: str = ", ") -> str:
        shown = [_utf8(path.relative_to(self.root).as_posix()) for path in paths[:N_HINTS]]
        return between.join(shown) + (f"{between}…" if len(paths) > N_HINTS else "")


def _there(path: Path) -> Path | str:
    if os.path.isfile(path):
        return path
    if os.path.islink(path):
        return f"is a link to {os.readlink(path)}, where no file is"
    return "is a folder" if os.path.isdir(path) else "is not a file that can be read from its beginning to its end"


def _utf8(name: str) -> str:
    """A name with bytes that are not UTF-8 as Windows' Western code page 1252 has them, as old archives do."""
    content = os.fsencode(name)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", visible(_utf8(name)))


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", _composed(name).casefold())
