"""GTZAN's public tables of features: 57 numbers a track, or a cut of 3 s, as Kaggle's copy of the corpus has them.

The columns are filename, length (in samples), the 57 of `FEATURES` and label. Here is what reads and checks such a
table; the corpora are `data_prep.corpora.gtzan_features_30s`, `data_prep.corpora.gtzan_features_3s` and
`data_prep.corpora.gtzan_features_3s_subset`, one a table.
"""

from __future__ import annotations

import math
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, ClassVar

from data_prep.common import download, grouping
from data_prep.common import folders as layout
from data_prep.common.check_report import CheckReport
from data_prep.common.corpus import DATA_VARIABLE, Corpus, under_data_root
from data_prep.common.errors import CorpusError
from data_prep.common.hashing import values_hash
from data_prep.corpora.gtzan import KAGGLE_DATASET, tracks
from data_prep.corpora.gtzan.tracks import GENRES, genre_of
from shared.base.csv_files import CsvError, CsvFile, CsvLine, read_csv
from shared.base.file_names import without_suffix

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

SOURCE = f"https://www.kaggle.com/datasets/{KAGGLE_DATASET}"
LICENCE = "none stated: computed from GTZAN, see there"
SOURCES = ("kaggle",)
_SPECTRAL = ("chroma_stft", "rms", "spectral_centroid", "spectral_bandwidth", "rolloff", "zero_crossing_rate")
_NAMES = (*_SPECTRAL, "harmony", "perceptr", "tempo", *(f"mfcc{number}" for number in range(1, 21)))
FEATURES = tuple(
    f"{name}{kind}" for name in _NAMES for kind in (("",) if name == "tempo" else ("_mean", "_var"))
)  # in the tables' order
CSV_COLUMNS = ("filename", "length", *FEATURES, "label")
COLUMNS = (*layout.COLUMNS, "track", "n_samples", *FEATURES)
FOLDERS = ("gtzan_features", "gtzan", "gtzan/Data")  # under the data root, besides the corpus's own name
PART = "table"


class TableReport(CheckReport):
    """Findings about a table: it has rows, not recordings."""

    WHAT: ClassVar[str] = "row"
    MISFIT: ClassVar[str] = "bad value"


def features(frame: pd.DataFrame) -> np.ndarray:
    """The features of an index, or of some of its rows: float64, shape (n, 57), columns as in `FEATURES`."""
    return frame[list(FEATURES)].to_numpy("float64")


@dataclass(frozen=True)
class Table:
    """A corpus that is one CSV file. Its methods are what the `corpus` can do.

    name: of the corpus; file: name or pattern of the CSV file; cuts: whether a row is a cut of a track, such as
    ``blues.00000.3.wav``; clips: gives the clips that must be there, None if that is whatever is there.
    """

    name: str
    file: str
    cuts: bool
    clips: Callable[[], list[str]] | None = None

    def corpus(self, TITLE: str, SIZE: str, by_hand: str = "") -> Corpus:  # noqa: N803 - as in `Corpus`
        """The corpus; a part of the table, by whose choice `by_hand` says, if its `clips` are whatever is there."""
        whole = self.clips is not None
        return Corpus(
            self.name,
            TITLE=TITLE,
            SOURCE=SOURCE if whole else "your own selection from the table of gtzan_features_3s",
            LICENCE=LICENCE,
            SIZE=SIZE,
            N_FOLDS=tracks.N_FOLDS,
            classes=lambda: GENRES if whole else self.genres(),
            locate=self.locate,
            index=self.index,
            check=self.check,
            with_protocol=self.with_protocol,
            whole=whole,
            by_hand=by_hand,
            SOURCES=SOURCES if whole else (),
            FEATURES=FEATURES,
            fetch=self.fetch if whole else None,
            features=features,
        )

    def locate(self, data_root: Path | None = None) -> Path:
        """Folder of the table: ``gtzan_features``, ``gtzan`` or one of the corpus's name, under the data root.

        Raises
        ------
        CorpusError
            It is not there; says where it was looked for, and which command fetches it.
        """
        folders = [under_data_root(folder, data_root) for folder in (*FOLDERS, self.name)]
        for folder in folders:
            if any(folder.glob(self.file)):
                return folder
        raise CorpusError(self._missing(", ".join(map(str, folders))))

    def index(self, root: Path | None = None, *, allow_incomplete: bool = False) -> pd.DataFrame:
        """Index of the corpus in the split of the protocol ``published``, one row a row of the table.

        Parameters
        ----------
        root
            The CSV file, or a folder with it; found under the data root if None.
        allow_incomplete
            Take what can be used of a table that is not as it should be; the problems are then notes. Rows with a
            feature that is no finite number, or with a wrong label, are never taken.

        Returns
        -------
        DataFrame
            Columns clip (``blues.00000``; of cuts ``blues.00000.3``), path (the file), label, split, group, sha256
            (of the 57 values), track, n_samples and the 57 `FEATURES`; sorted by clip. group is the track, or the
            first of those that have a row with the same values. ``frame.attrs["notes"]`` has sentences to show to the
            user.

        Raises
        ------
        CorpusError
            No table, or one that is not as it should be: names every kind of problem with its first rows.
        """
        path = self.path(root)
        frame, report = self._examine(path)
        if frame.empty or (report.problems and not allow_incomplete):
            raise CorpusError(report.refusal())
        frame.attrs |= {"notes": report.notes + report.problems, "root": str(path.parent.absolute())}
        return self.with_protocol(frame, "published")

    def check(self, root: Path | None = None) -> CheckReport:
        """Compare the table with what is expected. Raises CorpusError only if there is no table at all."""
        return self._examine(self.path(root))[1]

    def with_protocol(
        self,
        frame: pd.DataFrame,
        protocol: str,
        fold: int = 0,
        *,
        seed: int = tracks.SPLIT_SEED,
        lists: str | Path | None = None,
    ) -> pd.DataFrame:
        """As `data_prep.corpora.gtzan.tracks.with_protocol`: ``published`` splits rows, ``grouped`` tracks."""
        whole = self.clips is not None
        return tracks.with_protocol(frame, protocol, fold, seed=seed, whole=whole, lists=lists)

    def fetch(
        self,
        root: Path | None = None,
        *,
        source: str = SOURCES[0],
        origin: str | Path | None = None,
        url: str | None = None,
    ) -> Path:
        """Put the table into `root`.

        Parameters
        ----------
        root
            The folder to make (default: under the data root). If it holds the whole table already, nothing is done.
        source
            ``kaggle``: the file in the dataset there, through kagglehub. Ignored when `origin` or `url` is given.
        origin
            The CSV file, under whatever name, or a folder, zip file or tar.gz file with it.
        url
            Address of a zip or tar.gz file with it.

        Returns
        -------
        Path
            The folder.

        Raises
        ------
        CorpusError
            `root` is in use, the source cannot be had, or it does not hold the table as published.
        """
        download.check_source(source, SOURCES)

        def build(partial: Path) -> None:
            if origin is not None:
                _table_from_path(self, Path(origin), partial)
            elif url is not None:
                download.from_archive(url, lambda archive: _table_from_path(self, archive, partial))
            else:
                _table_from_path(self, download.from_kaggle(KAGGLE_DATASET, f"Data/{self.file}"), partial)

        root = under_data_root(self.name) if root is None else Path(root)
        return download.build_checked(root, self.name, build, self.check)

    def path(self, root: Path | None = None) -> Path:
        """The CSV file: `root` itself, or in the folder `root`, or under the data root. Raises CorpusError."""
        root = self.locate() if root is None else Path(root)
        if root.is_file():
            return root
        found = [path for folder in (root, root / "Data") for path in sorted(folder.glob(self.file))]
        if not found:
            raise CorpusError(self._missing(str(root)))
        if len(found) > 1:
            names = ", ".join(path.name for path in found)
            raise CorpusError(
                f"{root} has {len(found)} tables for the corpus {self.name}: {names}; name one with --root"
            )
        return found[0]

    def genres(self) -> tuple[str, ...]:
        """The genres that the located table has, sorted; all ten where there is none."""
        try:
            table = read_csv(self.path())
            label = table.header.index("label")
            there = {line.cells[label] for line in table.lines}
        except (CorpusError, ValueError, OSError):
            there = set()
        return tuple(genre for genre in GENRES if genre in there) or GENRES

    def _examine(self, path: Path) -> tuple[pd.DataFrame, CheckReport]:
        import pandas as pd

        report = TableReport(self.name, path, GENRES, (PART,))
        rows = self._read(path, report)
        if self.clips is None:
            report.classes = tuple(genre for genre in GENRES if report.counts[PART, genre]) or GENRES
            report.expected.update(report.counts)
        elif not report.layout:  # a table without its columns has no rows, which need not be said
            self._compare(rows, report)
        usable = [row for _, row in sorted(rows.items()) if row is not None]
        frame = pd.DataFrame(usable, columns=list(COLUMNS))
        frame["group"], repeated = grouping.groups(frame)
        report.notes += tracks.repetition_note(repeated)
        return frame, report

    def _compare(self, rows: dict[str, tuple | None], report: CheckReport) -> None:
        expected = self.clips()
        for clip in expected:
            report.expect(PART, genre_of(clip))
            if clip not in rows:
                report.missing.append((PART, genre_of(clip), clip))
        for clip in sorted(set(rows) - set(expected)):
            report.extra.append(f"{clip}: not in the published table")
            rows[clip] = None

    def _read(self, path: Path, report: CheckReport) -> dict[str, tuple | None]:
        """The rows by clip, those that cannot be used as None; what is wrong goes into the report."""
        rows: dict[str, tuple | None] = {}
        numbers_of: dict[str, int] = {}
        try:
            table = read_csv(path)
            if not _check_header(table, report):
                return {}
            columns = [table.header.index(name) for name in ("length", *FEATURES)]
            table.refuse_line_breaks([table.header.index(name) for name in CSV_COLUMNS])
            values, notes = table.numbers(columns)
        except CsvError as error:
            report.layout.append(
                f"{path.name} cannot be read as CSV ({str(error).removeprefix(str(path)).lstrip(':, ')})"
            )
            return {}
        report.notes += [*table.notes, *notes]
        for line, numbers in zip(table.lines, values, strict=True):
            place = table.place(line)
            clip, row = self._row(table, line, numbers, report)
            if clip in rows:
                report.extra.append(f"{place}: {clip} is there already, in line {numbers_of[clip]}; remove one of them")
            elif clip:
                rows[clip], numbers_of[clip] = row, line.number
                report.count(PART, genre_of(clip))
        return rows

    def _row(
        self, table: CsvFile, line: CsvLine, numbers: tuple[float, ...], report: CheckReport
    ) -> tuple[str, tuple | None]:
        """A line's clip, empty if it names none, and its row of the index, None if it cannot be used."""
        import numpy as np

        place = table.place(line)
        if line.fault:
            report.misfit.append(f"{place}: {line.fault}")
            return "", None
        cells = dict(zip(table.header, line.cells, strict=True))
        pattern = rf"(({'|'.join(GENRES)})\.(\d{{5}}))" + (r"\.\d" if self.cuts else "")
        named = re.fullmatch(pattern, without_suffix(PurePosixPath(cells["filename"].replace("\\", "/")).name))
        if not named or int(named[3]) >= tracks.N_TRACKS:
            example = "blues.00000.3.wav" if self.cuts else "blues.00000.wav"
            report.extra.append(f"{place}: {cells['filename']!r} is not the name of a track, such as {example}")
            return "", None
        clip, track, genre = named[0], named[1], named[2]
        length, *values = numbers
        faults = [] if cells["label"] == genre else [f"the label is {cells['label']!r}; the name says {genre}"]
        if not (length >= 0 and length.is_integer()):
            faults.append(f"length is {cells['length']!r}, not a number of samples")
        bad = [name for name, value in zip(FEATURES, values, strict=True) if not math.isfinite(value)]
        faults += [f"{name} is {cells[name]!r}, not a finite number" for name in bad]
        report.misfit += [f"{place}: {clip}: {fault}" for fault in faults]
        if faults:
            return clip, None
        sha256 = values_hash(np.array(values))
        return clip, (clip, str(table.path.absolute()), genre, "train", track, sha256, track, int(length), *values)

    def _missing(self, where: str) -> str:
        text = f"the corpus {self.name} is not in {where} (expected there: {self.file}).\n"
        if self.clips is None:
            return text + "It is a part, of your choice, of the table that the corpus gtzan_features_3s is."
        return text + (
            "To fetch it:\n"
            f"  python -m data_prep fetch {self.name}               from Kaggle\n"
            f"  python -m data_prep fetch {self.name} --from PATH   the CSV file, or a folder or zip file with it\n"
            f"It goes into {under_data_root(self.name)}. If you have it elsewhere, set "
            f"{DATA_VARIABLE} to the folder that holds {FOLDERS[0]}/."
        )


def _check_header(table: CsvFile, report: CheckReport) -> bool:
    """Whether every column is there, once."""
    header = table.header
    lacking = [name for name in CSV_COLUMNS if name not in header]
    others = [table.column_name(n) for n, name in enumerate(header) if name not in CSV_COLUMNS]
    twice = sorted({name for name in header if header.count(name) > 1 and name})
    if lacking:
        has = f"; it has others, perhaps renamed: {_some(others)}" if others else ""
        report.layout.append(f"{report.root.name} lacks the column{'s' * (len(lacking) > 1)} {_some(lacking)}{has}")
    else:
        report.notes += table.unused([n for n, name in enumerate(header) if name in CSV_COLUMNS])
    if twice:
        report.layout.append(f"{report.root.name} has two columns of one name: {_some(twice)}")
    return not lacking and not twice


def _some(names: list[str], n_shown: int = 6) -> str:
    return ", ".join(names[:n_shown]) + (", …" if len(names) > n_shown else "")


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
