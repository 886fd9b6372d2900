"""GTZAN's public table of 57 features a track, ``features_30_sec.csv``: 1,000 rows, all ten genres.

Fourteen pairs of tracks have the same 57 values, to the last digit: GTZAN has these recordings twice, one of them in
two genres (metal.00058 is rock.00016). Their rows are kept, and share a group.
"""

from data_prep.corpora.gtzan import tracks
from data_prep.corpora.gtzan_features import Table

CORPUS = Table("gtzan_features_30s", "features_30_sec.csv", cuts=False, clips=tracks.track_names).corpus(
    TITLE="GTZAN's features, public table: 57 of each of the 1,000 tracks of 30 s",
    SIZE="1,000 rows, 1.1 MB",
)
