"""Stand-ins with the label pairs of the report's library: 30,543 tracks as its author kept them, whose sounds are made.

How many tracks have which pair of genres is known from the author's repository
(``embedded/library_labels/label_pairs.csv``, counts of its label table): what depends on the labels alone is the
report's. The sound is noise (`data_prep.corpora.library_labels.sounds`); how much of it depends on the labels is a
dial, and each position of it a corpus. A sound is made when it is asked for and kept nowhere; the hash of a track is
that of its recipe. A smaller corpus is the first tracks of the whole one.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from data_prep.common import label_sets
from data_prep.common.corpus import Corpus
from data_prep.common.hashing import N_HEX
from shared.paper.data import read_pairs

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from data_prep.common.check_report import CheckReport

VERSION = "library_labels-v1"  # to be raised whenever a label or a sound changes
FOLDER = Path(__file__).parents[2] / "embedded" / "library_labels"
PAIRS = FOLDER / "label_pairs.csv"
PAIRS_SHA256 = "7b49e8a9d06b04df"
SECONDS = 40
SEED = 0


@functools.lru_cache(maxsize=1)
def dealt() -> tuple[str, ...]:
    """The labels of all tracks, in the order of the tracks: the pairs, each as often as it is counted, shuffled."""
    import numpy as np

    pairs, _ = read_pairs(PAIRS)
    labels = [label_sets.join(filter(None, pair)) for *pair, tracks in pairs for _ in range(tracks)]
    order = np.random.RandomState(SEED).permutation(len(labels))  # NumPy promises that this generator never changes
    return tuple(labels[number] for number in order)


@functools.lru_cache(maxsize=1)
def classes() -> tuple[str, ...]:
    """The 30 labels, sorted."""
    return label_sets.classes_of(dealt())


@dataclass(frozen=True)
class LibraryLabels:
    """The corpus `name`, of one position of the dial: `label_strength`, 0 to 1, of the sound's power depends on the
    labels. Its methods are what the `corpus` can do."""

    name: str
    label_strength: float

    def corpus(self) -> Corpus:
        share = f"{100 * self.label_strength:g} %" if self.label_strength else "nothing"
        return Corpus(
            self.name,
            TITLE=f"Made on the spot: the label pairs of the report's library; {share} of the sound depends on them",
            SOURCE="data_prep/corpora/library_labels/sounds.py; label pairs from the repository of the report's author",
            LICENCE="Apache-2.0, as this project; the label pairs are counts",
            SIZE="30,543 tracks of 40 s; no download, nothing on disk, a millisecond for 0.2 s when it is played",
            N_FOLDS=label_sets.N_FOLDS,
            classes=lambda: classes(),
            locate=self.locate,
            index=self.index,
            check=self.check,
            with_protocol=label_sets.with_protocol,
            by_hand="it is made as it is read; there is nothing to fetch",
            SAMPLE_RATE_HZ=label_sets.SAMPLE_RATE_HZ,
            signals=self.signals,
        )

    def locate(self, data_root: Path | None = None) -> Path:
        """Folder of the label pairs, which is part of this project. `data_root` plays no part."""
        return FOLDER

    def index(
        self, root: Path | None = None, *, allow_incomplete: bool = False, n_tracks: int | None = None
    ) -> pd.DataFrame:
        """Index of the corpus in the split of the protocol ``published``. No sound is made for it.

        Parameters
        ----------
        root, allow_incomplete
            Play no part: there is no folder, and nothing can be missing.
        n_tracks
            1 to 30,543, the first ones; None: all.

        Returns
        -------
        DataFrame
            The columns of `data_prep.common.label_sets`; path is empty, group is the track, n_samples 40 s.
        """
        import pandas as pd

        labels = dealt()
        n_tracks = len(labels) if n_tracks is None else n_tracks
        if not 1 <= n_tracks <= len(labels):
            raise ValueError(f"there are 1 to {len(labels):,} tracks; received n_tracks = {n_tracks}")
        clips = [f"{self.name}.{number:05d}" for number in range(n_tracks)]
        frame = pd.DataFrame({"clip": clips, "path": "", "label": labels[:n_tracks], "split": "train", "group": clips})
        frame["sha256"] = [self._recipe(*row) for row in zip(clips, labels, strict=False)]
        frame["offset"], frame["n_samples"] = 0, SECONDS * label_sets.SAMPLE_RATE_HZ
        frame = label_sets.with_protocol(frame, "published")
        frame.attrs["notes"] = []
        return frame

    def _recipe(self, clip: str, labels: str) -> str:
        text = f"{VERSION}:{self.label_strength:g}:{clip}:{labels}"
        return hashlib.sha256(text.encode()).hexdigest()[:N_HEX]

    def check(self, root: Path | None = None) -> CheckReport:
        """Compare the label pairs with those that the corpus was made from, and count the labels."""
        from data_prep.common.check_report import CheckReport

        report = CheckReport(self.name, FOLDER, classes(), ("labels",))
        for label, n in label_sets.count(dealt()).items():
            report.counts["labels", label] = report.expected["labels", label] = n
        if read_pairs(PAIRS)[1] != PAIRS_SHA256:
            report.layout.append(f"{PAIRS} is not the published table of pairs: git checkout -- {PAIRS}")
        report.notes.append("Labels are counted: a track with two rare genres has Others twice.")
        return report

    def signals(
        self, frame: pd.DataFrame, sample_rate_hz: int = label_sets.SAMPLE_RATE_HZ, channels: int = 1
    ) -> Iterator[np.ndarray]:
        """The rows' samples, one after another, in [-1, 1]: float32 (n_samples,), or (n_samples, channels) if several.

        `offset` and `n_samples` count samples at `sample_rate_hz`, 44,100 or a whole part of it. All channels are the
        same. Raises ValueError for a clip that is not one of this corpus, or a part past its 40 s.
        """
        import numpy as np

        from data_prep.corpora.library_labels.sounds import BLOCK_SECONDS, block

        labels, number_of = dealt(), {label: number for number, label in enumerate(classes())}
        size = round(BLOCK_SECONDS * sample_rate_hz)
        for clip, offset, n_samples in zip(frame["clip"], frame["offset"], frame["n_samples"], strict=True):
            track = self._track(clip)
            if not 0 <= offset <= offset + n_samples <= SECONDS * sample_rate_hz:
                raise ValueError(f"{clip}: samples {offset} to {offset + n_samples} are not in its {SECONDS} s")
            genres = tuple(number_of[label] for label in dict.fromkeys(label_sets.split(labels[track])))
            first, end = offset // size, max(-(-(offset + n_samples) // size), offset // size + 1)
            blocks = [block(genres, track, n, self.label_strength, sample_rate_hz) for n in range(first, end)]
            start = offset - first * size
            yield label_sets.in_channels(np.concatenate(blocks)[start : start + n_samples], channels)

    def _track(self, clip: str) -> int:
        """Number of the track that a clip, or a window of it, is of: ``library_labels-some.00012.07`` → 12."""
        name, number = [*clip.split("."), ""][:2]
        if name != self.name or not number.isdigit() or int(number) >= len(dealt()):
            raise ValueError(
                f"{clip!r} is not a clip of the corpus {self.name}, which are {self.name}.00000 to "
                f"{self.name}.{len(dealt()) - 1}"
            )
        return int(number)


NONE = LibraryLabels("library_labels-none", 0.0).corpus()
LITTLE = LibraryLabels("library_labels-little", 0.01).corpus()
SOME = LibraryLabels("library_labels-some", 0.1).corpus()
ALL = LibraryLabels("library_labels-all", 1.0).corpus()
