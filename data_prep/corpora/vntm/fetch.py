"""Put VNTM in place: from the authors' repository, from Kaggle, or from what the user already has.

Whatever the source, each clip goes where the committed list has it.
"""

from __future__ import annotations

import re
import shutil
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from data_prep.common import download, folders
from data_prep.common.check_report import ImageReport
from data_prep.common.corpus import under_data_root
from data_prep.common.errors import CorpusError
from data_prep.corpora import vntm
from shared.base.progress import progress

ARCHIVE_URL = f"https://codeload.github.com/{vntm.REPOSITORY}/zip/{vntm.COMMIT}"
AUDIO_SUFFIXES = (".wav", ".flac", ".ogg", ".mp3")


def fetch(
    root: Path | None = None, *, source: str = "github", origin: str | Path | None = None, url: str | None = None
) -> Path:
    """Put the corpus into `root`.

    Parameters
    ----------
    root
        The folder to make (default: under the data root). If it holds the whole corpus already, nothing is done.
    source
        ``github``: the authors' images, pinned to a commit. ``kaggle``: the audio, through kagglehub, from which the
        images are made. Ignored when `origin` or `url` is given.
    origin
        Folder or zip file with the images or the audio.
    url
        Address of a zip file with the images, instead of the authors' repository.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    CorpusError
        `root` is in use, the source cannot be had, or it does not hold all the clips.
    """
    download.check_source(source, vntm.SOURCES)

    def build(partial: Path) -> None:
        if origin is not None:
            _from_path(Path(origin), partial)
        elif source == "kaggle" and url is None:
            _from_path(download.from_kaggle(vntm.KAGGLE_DATASET), partial)
        else:
            download.from_archive(url or ARCHIVE_URL, lambda archive: _from_path(archive, partial))

    root = under_data_root(vntm.FOLDERS[0]) if root is None else Path(root)
    return download.build_checked(root, vntm.NAME, build, vntm.check)


def _from_path(origin: Path, partial: Path) -> None:
    download.from_path(origin, partial, _wanted, _build)


def _wanted(names: list[str]) -> set[str]:
    return {*assign(names, (".png",)).values(), *assign(names, AUDIO_SUFFIXES).values()}


def _build(origin: Path, partial: Path) -> None:
    """Make the corpus in `partial` from a folder of images, or of audio."""
    names = download.file_names(origin)
    images, audio = assign(names, (".png",)), assign(names, AUDIO_SUFFIXES)
    chosen, what = (images, "images") if len(images) >= len(audio) else (audio, "audio files")
    places = _places(chosen, origin, what)
    jobs = [(origin / chosen[clip], partial / place) for clip, place in places.items()]
    if what == "images":
        for source, goal in progress(jobs, len(jobs), "copying images"):
            goal.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, goal)
        if (origin / vntm.RENDERED_MARK).exists():
            shutil.copyfile(origin / vntm.RENDERED_MARK, partial / vntm.RENDERED_MARK)
    else:
        _render(jobs)
        (partial / vntm.RENDERED_MARK).write_text(
            "These images were made by 'python -m data_prep fetch vntm' from audio.\n"
        )


def assign(names: Iterable[str], suffixes: tuple[str, ...]) -> dict[str, str]:
    """Find the file of each clip among relative names such as ``rawdata/hatxam/Hatxam012.wav``.

    A file is known by its class folder and the number its name ends in; split folders are not needed. Where a clip is
    there twice, the one in ``<split>/<class>/`` of the published split is taken (the authors' repository has each image
    there and in ``mel-images/``).

    Raises
    ------
    CorpusError
        A clip has two files and nothing tells which one is meant.
    """
    split_of = dict(zip(vntm.clips()["clip"], vntm.clips()["split"], strict=True))
    candidates = defaultdict(list)
    for name in names:
        path = PurePosixPath(name)
        number = re.search(r"(\d{1,3})$", path.stem)
        label = path.parent.name.casefold()
        hidden = any(folders.is_ignored(part) for part in path.parts)
        if hidden or path.suffix.lower() not in suffixes or label not in vntm.CLASSES or not number:
            continue
        clip = f"{vntm.PREFIXES[label]}.{int(number[1]):03d}"
        if clip not in split_of:
            continue
        candidates[clip].append((path.parent.parent.name != folders.FOLDERS[split_of[clip]], name))
    for clip, found in candidates.items():
        found.sort()
        if len(found) > 1 and found[0][0] == found[1][0]:
            raise CorpusError(f"{clip} is there twice: {found[0][1]} and {found[1][1]}; remove one of them")
    return {clip: found[0][1] for clip, found in candidates.items()}


def _places(found: dict[str, str], origin: Path, what: str) -> dict[str, Path]:
    """Where each clip goes, relative to the root. Raises CorpusError unless every clip was found."""
    rows = list(vntm.clips().itertuples())
    report = ImageReport(vntm.NAME, origin, vntm.CLASSES)
    what = f"{what} in a folder named after the class ({', '.join(vntm.CLASSES)})"
    download.check_found(report, [(row.split, row.label, row.clip) for row in rows], found, what)
    return {row.clip: Path(folders.FOLDERS[row.split], row.label, f"{row.clip}.png") for row in rows}


def _render(jobs: list[tuple[Path, Path]]) -> None:
    """Make the images as the paper's authors do: see `shared.audio.log_mel_images`, whose defaults are theirs."""
    from shared.audio.log_mel_images import SpectrogramSettings, make_images

    failed = make_images(jobs, SpectrogramSettings(), n_jobs=-1)
    if failed:
        lines = [f"  {path}: {reason}" for path, reason in failed[:12]]
        raise CorpusError(f"{len(failed)} of {len(jobs)} audio files cannot be used:\n" + "\n".join(lines))
