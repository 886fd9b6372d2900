"""GTZAN's public table of 57 features a track, ``features_30_sec.csv``: 1,000 rows, all ten genres.

Fourteen pairs of tracks have the same 57 values, to the last digit: GTZAN has these recordings twice, one of them in
two genres (metal.00058 is rock.00016). Their rows are kept, and share a group.
"""

from data_prep.corpora import gtzan_features
from data_prep.corpora.gtzan import tracks

NAME = "gtzan_features_30s"
TITLE = "GTZAN's features, public table: 57 of each of the 1,000 tracks of 30 s"
SOURCE = gtzan_features.SOURCE
LICENCE = gtzan_features.LICENCE
SIZE = "1,000 rows, 1.1 MB"
SOURCES = gtzan_features.SOURCES
CLASSES = tracks.GENRES
N_FOLDS = tracks.N_FOLDS
FEATURES = gtzan_features.FEATURES
TABLE = gtzan_features.Table(NAME, "features_30_sec.csv", cuts=False, clips=tracks.track_names)

locate = TABLE.locate
index = TABLE.index
check = TABLE.check
with_protocol = TABLE.with_protocol
fetch = TABLE.fetch
features = gtzan_features.features
