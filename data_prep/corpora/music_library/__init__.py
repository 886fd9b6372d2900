"""A music library of your own: a folder of audio files and a table of their genres.

The folder holds one CSV file, or one called ``library.csv``, with the columns file, genre 1, genre 2 and perhaps artist
(see `data_prep.corpora.music_library.library_table`); the audio lies in it or below it, or where an absolute path
says. The 29 genres that most tracks have keep their names, the others are called Others. Of each track the 40 s in its
middle are taken, or all of it if it is shorter.

What the report leaves open, and what was chosen: genres are counted over the tracks whose file is there; two genres
have no order; a track listed twice with the same genres counts once, with other genres not at all; a track shorter than
40 s is indexed if it lasts a second (the report's author left such tracks out, and so does a run of his paper); how
frequent genres are thinned is told in `data_prep.common.label_sets.thinned`.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from data_prep.common import folders, label_sets
from data_prep.common.corpus import Corpus, under_data_root
from data_prep.common.errors import CorpusError
from data_prep.corpora.music_library import library, library_audio
from data_prep.corpora.music_library.library_table import Row, read_table
from shared.base.file_names import READABLE, Files, why_unreadable

if TYPE_CHECKING:
    import pandas as pd

    from data_prep.common.check_report import CheckReport

NAME = "music_library"
N_GENRES = label_sets.N_GENRES
TABLE = "library.csv"
EXPECTED = (
    f"{TABLE}, whose first line is 'file,genre 1,genre 2' or 'file,genre 1,genre 2,artist', and the tracks, "
    f"{', '.join(suffix.removeprefix('.') for suffix in READABLE)}, beside it or in folders"
)
COLUMNS = label_sets.COLUMNS
with_protocol = label_sets.with_protocol
signals = library_audio.signals


def classes() -> tuple[str, ...]:
    """The genres of the library under the data root, looked up each time; none where there is no library."""
    try:
        listing = _listing(locate())
    except CorpusError:
        return ()
    return label_sets.classes_of(label_sets.with_others([track.label for track in listing.tracks]))


def locate(data_root: Path | None = None) -> Path:
    """Folder of the library under the data root: ``music_library``. Raises CorpusError if it is not there."""
    root = under_data_root(NAME, data_root)
    table_of(root)
    return root


def index(
    root: Path | None = None,
    *,
    allow_incomplete: bool = False,
    n_genres: int = N_GENRES,
    max_per_set: int | None = None,
) -> pd.DataFrame:
    """Index of the library in the split of the protocol ``published``. The middle of every track is read and hashed.

    Lines and files that cannot be used are named with their reason and left out; the rest goes on.

    Parameters
    ----------
    root
        Folder of the library; found under the data root if None.
    allow_incomplete
        Go on even if more than half of the tracks cannot be used.
    n_genres
        Genres kept by name, the most frequent ones; the others are called Others.
    max_per_set
        Tracks that stay of each set of genres that are all frequent; None: all of them.

    Returns
    -------
    DataFrame
        The columns of `data_prep.common.label_sets`; sorted by clip, which is the file's path below the folder.
        ``frame.attrs["notes"]`` has sentences to show to the user, ``frame.attrs["skipped"]`` the name and the reason
        of all that is left out.

    Raises
    ------
    CorpusError
        No library, a table that cannot be read, or less than half of the tracks that can be used.
    """
    frame, report = _examine(root, n_genres, max_per_set)
    return library.make_index(frame, report, allow_incomplete)


def check(root: Path | None = None) -> CheckReport:
    """Examine what is there. Raises CorpusError only if there is no library, or no table that can be read."""
    return _examine(root, N_GENRES, None)[1]


def table_of(root: Path) -> Path:
    """The library's table. Raises CorpusError if there is none, or if it is not clear which one it is."""
    tables = [path for path in folders.visible(root) if path.suffix.lower() == ".csv"]
    named = [path for path in tables if path.name.lower() == TABLE]
    if len(named or tables) == 1:
        return (named or tables)[0]
    if tables:
        names = ", ".join(path.name for path in tables)
        raise CorpusError(f"{root} holds {len(tables)} CSV files ({names}); call the library's table {TABLE}")
    raise CorpusError(f"the corpus {NAME} is not in {root} (expected there: {EXPECTED})")


def _examine(root: Path | None, n_genres: int, max_per_set: int | None) -> tuple[pd.DataFrame, CheckReport]:
    root = locate() if root is None else Path(root)
    return library.examine(NAME, root, _listing(root), n_genres, max_per_set)


def _listing(root: Path) -> library.Listing:
    """The tracks that the table names and that are there."""
    root = root.absolute()
    table, files = read_table(table_of(root)), Files(root)
    listing, rows_of, paths = library.Listing(notes=list(table.notes)), defaultdict(list), {}
    for row in table.rows:
        found = files.find(row.file) if row.file else ""
        reason = row.reason or (found if isinstance(found, str) else why_unreadable(found))
        if isinstance(found, Path):
            paths.setdefault(found.resolve(), found)
        if reason:
            listing.set_aside.append((_place(row), reason))
        else:
            rows_of[found.resolve()].append(row)
    for file, rows in rows_of.items():
        path = paths[file]
        clip = (path.relative_to(root) if path.is_relative_to(root) else path).as_posix()
        labels = {label_sets.join(row.genres) for row in rows}
        if len(labels) > 1:
            lines = ", ".join(f"line {row.line}: {label_sets.join(row.genres)}" for row in rows)
            listing.set_aside.append((clip, f"is listed {len(rows)} times with different genres ({lines})"))
            continue
        artist = next((row.artist for row in rows if row.artist), "")
        listing.tracks.append(library.Track(clip, path, labels.pop(), artist or clip))
    n_repeated = sum(len(rows) - 1 for rows in rows_of.values())
    if n_repeated:
        lines = "1 line names" if n_repeated == 1 else f"{n_repeated} lines name"
        listing.notes.append(f"{lines} a file that another line names too.")
    n_unnamed = sum(path.resolve() not in paths for path in files.paths)
    if n_unnamed:
        others = "1 audio file is" if n_unnamed == 1 else f"{n_unnamed} audio files are"
        listing.notes.append(f"{others} not in the table and {'is' if n_unnamed == 1 else 'are'} left out.")
    return listing


def _place(row: Row) -> str:
    return f"line {row.line} ({row.file})" if row.file else f"line {row.line}"


CORPUS = Corpus(
    NAME,
    TITLE="A music library of your own: audio files, and a table of one or two genres a track",
    SOURCE="your own; the report's library is private",
    LICENCE="your own",
    SIZE="whatever is there: a table (file, genre 1, genre 2) and mp3, wav, flac, ogg, opus, aiff files",
    N_FOLDS=label_sets.N_FOLDS,
    classes=classes,
    locate=locate,
    index=index,
    check=check,
    with_protocol=with_protocol,
    by_hand=f"put your own into the folder {NAME} under the data root: {EXPECTED}",
    SAMPLE_RATE_HZ=label_sets.SAMPLE_RATE_HZ,
    signals=signals,
)
