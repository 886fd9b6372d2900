"""Excerpts of GTZAN: the first 15 s of ten tracks of each of its ten genres, numbers 00000 to 00009.

Chance is one in ten, as on the whole corpus; but it is a tenth of the tracks and half of their length: a track has 14
windows of two seconds a second apart, or seven that touch, or five cuts of three seconds. The samples are the tracks'
own, so excerpts that are cut from another lossless copy of the corpus have the same fingerprint.
"""

from data_prep.corpora import gtzan
from data_prep.corpora.gtzan.part import part_of_gtzan
from data_prep.corpora.gtzan.tracks import track_names

N_TRACKS = 10  # of each genre
N_SAMPLES = 15 * gtzan.SAMPLE_RATE_HZ
CORPUS = part_of_gtzan(
    "gtzan-excerpts",
    folder="gtzan_excerpts",
    by_hand=f"cut the first {N_SAMPLES:,} samples of tracks 00000 to {N_TRACKS - 1:05d} of each genre from the whole "
    "corpus, which is fetched by 'python -m data_prep fetch gtzan', and put them into the folder gtzan_excerpts under "
    "the data root, as 16-bit wav or flac files named as the tracks are, such as jazz/jazz.00003.flac",
    tracks=tuple(name for genre in gtzan.CLASSES for name in track_names(genre)[:N_TRACKS]),
    n_samples=(N_SAMPLES, N_SAMPLES),
    TITLE="GTZAN, excerpts: the first 15 s of ten tracks of each genre",
    SOURCE="cut from GTZAN, the start of tracks 00000 to 00009 of each genre",
    SIZE="100 excerpts, 66 MB as wav files",
    tracks_go_on=True,
)
