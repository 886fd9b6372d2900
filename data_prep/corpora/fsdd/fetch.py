"""Write FSDD's wav files into a folder: from the embedded corpus, from its repository, or from what the user has."""

from __future__ import annotations

import shutil
import wave
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from data_prep.common import download, folders
from data_prep.common.check_report import CheckReport
from data_prep.common.corpus import under_data_root
from data_prep.common.errors import CorpusError
from data_prep.corpora import fsdd
from shared.base.progress import progress

ARCHIVE_URL = f"https://codeload.github.com/{fsdd.REPOSITORY}/zip/{fsdd.COMMIT}"
TERMS = "ATTRIBUTION.md"


def fetch(
    root: Path | None = None, *, source: str = "embedded", origin: str | Path | None = None, url: str | None = None
) -> Path:
    """Write the 3,000 wav files into ``recordings/`` of `root`, and the licence's terms beside it.

    Parameters
    ----------
    root
        The folder to make (default: under the data root). If it holds the whole corpus already, nothing is done.
    source
        ``embedded``: this project's own copy, without a download. ``github``: the authors' repository, pinned to a
        commit, about 16 MB. Ignored when `origin` or `url` is given.
    origin
        Folder or zip file that has the wav files.
    url
        Address of a zip file with the wav files.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    CorpusError
        `root` is in use, the source cannot be had, or it does not hold all the clips as published.
    """
    download.check_source(source, fsdd.SOURCES)

    def build(partial: Path) -> None:
        if origin is not None:
            _from_path(Path(origin), partial)
        elif url is not None or source == "github":
            download.from_archive(url or ARCHIVE_URL, lambda archive: _from_path(archive, partial))
        else:
            _write_out(partial / fsdd.FOLDER)
        shutil.copyfile(fsdd.EMBEDDED / TERMS, partial / TERMS)

    root = under_data_root(fsdd.NAME) if root is None else Path(root)
    return download.build_checked(root, fsdd.NAME, build, fsdd.check)


def _write_out(folder: Path) -> None:
    """Write the embedded clips as wav files: 8 kHz, mono, 16 bit."""
    frame = fsdd.index()
    folder.mkdir(parents=True)
    jobs = zip(frame["clip"], fsdd.signals(frame), strict=True)
    for clip, signal in progress(jobs, len(frame), "writing fsdd"):
        with wave.open(str(folder / f"{clip}.wav"), "wb") as file:
            file.setparams((1, 2, fsdd.SAMPLE_RATE_HZ, 0, "NONE", ""))
            file.writeframes((signal * 32768).astype("<i2").tobytes())


def _from_path(origin: Path, partial: Path) -> None:
    download.from_path(origin, partial, lambda names: assign(names).values(), _copy)


def _copy(origin: Path, partial: Path) -> None:
    found = assign(download.file_names(origin))
    report = CheckReport(fsdd.NAME, origin, fsdd.CLASSES, fsdd.SPEAKERS)
    rows = [(row.speaker, row.label, row.clip) for row in fsdd.clips().itertuples()]
    download.check_found(report, rows, found, "files named digit_speaker_take.wav")
    goal = partial / fsdd.FOLDER
    goal.mkdir(parents=True)
    for clip, name in progress(sorted(found.items()), len(found), "copying fsdd"):
        shutil.copyfile(origin / name, goal / f"{clip}.wav")


def assign(names: Iterable[str]) -> dict[str, str]:
    """Find the file of each clip among relative names such as ``free-spoken-digit-dataset/recordings/7_theo_12.wav``.

    Where a clip is there twice, the one in a folder ``recordings`` is taken.

    Raises
    ------
    CorpusError
        A clip has two files and nothing tells which one is meant.
    """
    known, candidates = set(fsdd.clip_names()), defaultdict(list)
    for name in names:
        path = PurePosixPath(name)
        hidden = any(folders.is_ignored(part) for part in path.parts)
        if not hidden and path.suffix.lower() == ".wav" and path.stem in known:
            candidates[path.stem].append((path.parent.name != fsdd.FOLDER, name))
    for clip, found in candidates.items():
        found.sort()
        if len(found) > 1 and found[0][0] == found[1][0]:
            raise CorpusError(f"{clip} is there twice: {found[0][1]} and {found[1][1]}; remove one of them")
    return {clip: found[0][1] for clip, found in candidates.items()}
