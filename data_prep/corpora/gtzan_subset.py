"""A part of GTZAN: whatever genres and tracks are there, in the layouts of `data_prep.corpora.gtzan`.

Its classes are the genres that have a folder: with three of them, chance is one in three. Nothing is missing from it;
all else is checked as in the whole.
"""

from data_prep.corpora import gtzan
from data_prep.corpora.gtzan import tracks
from data_prep.corpora.gtzan.part import Part

NAME = "gtzan-subset"
TITLE = "GTZAN, a part of it: the genres and tracks that you have"
SOURCE = "your own selection from GTZAN"
LICENCE = gtzan.LICENCE
SIZE = "1.3 MB a track"
SOURCES = ()
N_FOLDS = tracks.N_FOLDS
SAMPLE_RATE_HZ = gtzan.SAMPLE_RATE_HZ
PART = Part(
    NAME,
    folder="gtzan_subset",
    advice="It is whatever folders of a genre's tracks you put there, such as jazz/jazz.00003.wav; the whole corpus is "
    f"fetched by 'python -m data_prep fetch {gtzan.NAME}'.",
)

locate = PART.locate
index = PART.index
check = PART.check
with_protocol = PART.with_protocol
fetch = PART.fetch
signals = gtzan.signals
windows = gtzan.windows


def __getattr__(name: str) -> tuple[str, ...]:
    """CLASSES: the genres there, looked up each time; all ten where there is no corpus."""
    if name == "CLASSES":
        return gtzan.genres_in(PART.root()) or gtzan.CLASSES
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
