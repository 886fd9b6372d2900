"""A part of GTZAN's public table of 57 features a cut of 3 s: whatever rows ``features_3_sec_*.csv`` has.

As `data_prep.corpora.gtzan_subset` is to GTZAN: a corpus of its own, whose classes are the genres that are there, and
whose folds are drawn from its own tracks.
"""

from data_prep.corpora.gtzan_features import Table

CORPUS = Table("gtzan_features_3s-subset", "features_3_sec_*.csv", cuts=True).corpus(
    TITLE="GTZAN's features, a part of the table of 3-s cuts: the rows that you have",
    SIZE="1.1 kB a row",
    by_hand="put rows of features_3_sec.csv, as many as you like, with its first line, into "
    "gtzan_features/features_3_sec_part.csv under the data root; the whole is fetched by "
    "'python -m data_prep fetch gtzan_features_3s'",
)
