"""A part of GTZAN: whatever genres and tracks are there, in the layouts of `data_prep.corpora.gtzan`.

Its classes are the genres that have a folder: with three of them, chance is one in three. Nothing is missing from it;
all else is checked as in the whole.
"""

from data_prep.corpora.gtzan.part import part_of_gtzan

CORPUS = part_of_gtzan(
    "gtzan-subset",
    folder="gtzan_subset",
    by_hand="put folders of a genre's tracks, as many as you like, such as jazz/jazz.00003.wav, into the folder "
    "gtzan_subset under the data root; the whole corpus is fetched by 'python -m data_prep fetch gtzan'",
    TITLE="GTZAN, a part of it: the genres and tracks that you have",
    SOURCE="your own selection from GTZAN",
    SIZE="1.3 MB a track",
)
