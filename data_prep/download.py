"""Put VNTM in place: from the authors' repository, from Kaggle, or from what the user already has.

Whatever the source, each clip goes where the committed list has it, everything is built in a temporary folder beside
the goal, checked against the list, and only then renamed. A fetch that is interrupted leaves no half corpus, and the
next one starts over.
"""

from __future__ import annotations

import re
import shutil
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from data_prep import CorpusError, layout, vntm
from data_prep.report import CheckReport
from shared.cache import cache_root, file_lock
from shared.image_files import progress

ARCHIVE_URL = f"https://codeload.github.com/{vntm.REPOSITORY}/zip/{vntm.COMMIT}"
AUDIO_SUFFIXES = (".wav", ".flac", ".ogg", ".mp3")
SOURCES = ("github", "kaggle")


def fetch_vntm(root: Path, *, source: str = "github", origin: str | Path | None = None, url: str | None = None) -> Path:
    """Put the corpus into `root`.

    Parameters
    ----------
    root
        The folder to make. If it holds the whole corpus already, nothing is done.
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
        `root`.

    Raises
    ------
    CorpusError
        `root` is in use, the source cannot be had, or it does not hold all the clips.
    """
    if source not in SOURCES:
        raise ValueError(f"unknown source {source!r}; known are: {', '.join(SOURCES)}")
    if _is_complete(root):
        return root
    # One fetch at a time; so a temporary folder found here is left over from one that was killed.
    with file_lock(root.parent / f".{root.name}.lock", f"fetching vntm into {root}"):
        partial = root.parent / f".{root.name}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        try:
            if origin is not None:
                _build(Path(origin), partial)
            elif source == "kaggle" and url is None:
                _build(_from_kaggle(), partial)
            else:
                _from_archive(url or ARCHIVE_URL, partial)
            report = vntm.check(partial)
            if not report.ok:
                raise CorpusError(
                    "what was fetched is not the corpus:\n" + "\n".join(f"  {p}" for p in report.problems)
                )
            partial.replace(root)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return root


def _is_complete(root: Path) -> bool:
    if not layout.visible(root):
        return False
    if layout.has_layout(root) and vntm.check(root).ok:
        return True
    raise CorpusError(
        f"{root} is already there and is not the whole corpus. See 'python -m data_prep check vntm --root {root}'; "
        "move it away to fetch the corpus anew."
    )


def _from_archive(url: str, partial: Path) -> None:
    import pooch

    pooch.get_logger().setLevel("WARNING")
    folder = cache_root() / "downloads"
    name = re.sub(r"[^A-Za-z0-9.]+", "-", url.partition("://")[2]) + ".zip"
    try:
        # GitHub packs archives anew, so their checksum is not fixed; the images are checked one by one instead.
        archive = Path(pooch.retrieve(url, known_hash=None, fname=name, path=folder, progressbar=True))
    except (OSError, ValueError) as error:  # requests' errors are OSErrors
        raise CorpusError(
            f"cannot download {url}: {error}\nRun the command again to start over, give another address with --url, "
            "or download it by other means and use --from PATH."
        ) from error
    try:
        _build(archive, partial)
    except CorpusError:  # not what it should be: the next try downloads it anew; after a full disk it is kept
        archive.unlink(missing_ok=True)
        raise
    archive.unlink(missing_ok=True)


def _from_kaggle() -> Path:
    import kagglehub

    try:
        return Path(kagglehub.dataset_download(vntm.KAGGLE_DATASET))
    except Exception as error:  # kagglehub passes on whatever its client raises
        raise CorpusError(
            f"cannot download {vntm.KAGGLE_DATASET} from Kaggle: {type(error).__name__}: {error}\n"
            "Run the command again to go on, or download the audio in a browser and use --from FOLDER."
        ) from error


def _build(origin: Path, partial: Path) -> None:
    """Make the corpus in `partial` from a folder or zip file of images, or of audio."""
    if origin.is_file():
        unpacked = partial / "unpacked"
        _unpack(origin, unpacked)
        _build(unpacked, partial)
        shutil.rmtree(unpacked)
        return
    if not origin.is_dir():
        raise CorpusError(f"there is no folder and no zip file {origin}")
    names = [path.relative_to(origin).as_posix() for path in origin.rglob("*") if path.is_file()]
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
        hidden = any(layout.is_ignored(part) for part in path.parts)
        if hidden or path.suffix.lower() not in suffixes or label not in vntm.CLASSES or not number:
            continue
        clip = f"{vntm.PREFIXES[label]}.{int(number[1]):03d}"
        if clip not in split_of:
            continue
        candidates[clip].append((path.parent.parent.name != layout.FOLDERS[split_of[clip]], name))
    for clip, found in candidates.items():
        found.sort()
        if len(found) > 1 and found[0][0] == found[1][0]:
            raise CorpusError(f"{clip} is there twice: {found[0][1]} and {found[1][1]}; remove one of them")
    return {clip: found[0][1] for clip, found in candidates.items()}


def _places(found: dict[str, str], origin: Path, what: str) -> dict[str, Path]:
    """Where each clip goes, relative to the root. Raises CorpusError unless every clip was found."""
    places, report = {}, CheckReport(vntm.NAME, origin, vntm.CLASSES)
    for row in vntm.clips().itertuples():
        report.expect(row.split, row.label)
        places[row.clip] = Path(layout.FOLDERS[row.split], row.label, f"{row.clip}.png")
        if row.clip not in found:
            report.missing.append((row.split, row.label, row.clip))
    if report.missing:
        raise CorpusError(
            f"{origin} has {len(found)} of the {len(places)} clips, as {what} in a folder named after the class "
            f"({', '.join(vntm.CLASSES)}):\n" + "\n".join(f"  {problem}" for problem in report.problems)
        )
    return places


def _render(jobs: list[tuple[Path, Path]]) -> None:
    """Make the images as the paper's authors do: see `shared.spectrogram_images`, whose defaults are theirs."""
    from shared.spectrogram_images import SpectrogramSettings, make_images

    failed = make_images(jobs, SpectrogramSettings(), n_jobs=-1)
    if failed:
        lines = [f"  {path}: {reason}" for path, reason in failed[:12]]
        raise CorpusError(f"{len(failed)} of {len(jobs)} audio files cannot be used:\n" + "\n".join(lines))


def _unpack(archive: Path, folder: Path) -> None:
    try:
        with zipfile.ZipFile(archive) as opened:
            names = [info.filename for info in opened.infolist() if not info.is_dir()]
            wanted = {*assign(names, (".png",)).values(), *assign(names, AUDIO_SUFFIXES).values()}
            for name in progress(sorted(wanted), len(wanted), "unpacking"):
                opened.extract(name, folder)  # keeps to the folder, whatever the name says
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise CorpusError(f"{archive} is not a whole zip file ({error}); fetch it again") from error
    folder.mkdir(parents=True, exist_ok=True)  # an archive without any clip: the caller says what is missing
