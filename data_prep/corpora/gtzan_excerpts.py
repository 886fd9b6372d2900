"""Excerpts of GTZAN: the first 15 s of ten tracks of each of its ten genres, numbers 00000 to 00009.

Chance is one in ten, as on the whole corpus; but it is a tenth of the tracks and half of their length: a track has 14
windows of two seconds a second apart, or seven that touch, or five cuts of three seconds. The samples are the tracks'
own, so excerpts that are cut from another lossless copy of the corpus have the same fingerprint.
"""

from data_prep.corpora import gtzan
from data_prep.corpora.gtzan import tracks
from data_prep.corpora.gtzan.part import Part

NAME = "gtzan-excerpts"
TITLE = "GTZAN, excerpts: the first 15 s of ten tracks of each genre"
SOURCE = "cut from GTZAN, the start of tracks 00000 to 00009 of each genre"
LICENCE = gtzan.LICENCE
SIZE = "100 excerpts, 66 MB as wav files"
SOURCES = ()
CLASSES = gtzan.CLASSES
N_FOLDS = tracks.N_FOLDS
SAMPLE_RATE_HZ = gtzan.SAMPLE_RATE_HZ
N_TRACKS = 10  # of each genre
N_SAMPLES = 15 * SAMPLE_RATE_HZ
TRACKS_GO_ON = True  # after what is here
PART = Part(
    NAME,
    folder="gtzan_excerpts",
    advice=f"It is the first {N_SAMPLES:,} samples of tracks 00000 to {N_TRACKS - 1:05d} of each genre, as 16-bit wav "
    "or flac files named as the tracks are, such as jazz/jazz.00003.flac. Cut them from the whole corpus, which is "
    f"fetched by 'python -m data_prep fetch {gtzan.NAME}'.",
    tracks=tuple(name for genre in CLASSES for name in tracks.track_names(genre)[:N_TRACKS]),
    n_samples=(N_SAMPLES, N_SAMPLES),
)

locate = PART.locate
index = PART.index
check = PART.check
with_protocol = PART.with_protocol
fetch = PART.fetch
signals = gtzan.signals
windows = gtzan.windows
