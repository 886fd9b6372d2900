"""GTZAN's tables of features: what a good one gives, each way one can be wrong, the protocols, the real tables."""

import csv
import hashlib
from collections import Counter

import numpy as np
import pytest

import data_prep
from data_prep import CorpusError, fingerprint
from data_prep.common import folders
from data_prep.corpora import gtzan_features_3s as module_3s
from data_prep.corpora.gtzan import tracks
from data_prep.corpora.gtzan_features import CSV_COLUMNS, FEATURES
from tests.data_prep.check_corpus import check_corpus

gtzan_features_3s = data_prep.corpus("gtzan_features_3s")
gtzan_features_3s_subset = data_prep.corpus("gtzan_features_3s-subset")
gtzan_features_30s = data_prep.corpus("gtzan_features_30s")


def values_of(clip):
    """Made-up features; those of rock.00001 are those of metal.00003."""
    clip = {"rock.00001": "metal.00003"}.get(clip, clip)
    return np.random.default_rng(list(clip.encode())).normal(size=57)


def write_table(path, clips, columns=CSV_COLUMNS, end="\n"):
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator=end)
        writer.writerow(columns)
        for clip in clips:
            cells = {"filename": f"{clip}.wav", "length": "66149", "label": clip.partition(".")[0]}
            cells |= {name: repr(value) for name, value in zip(FEATURES, values_of(clip).tolist(), strict=True)}
            writer.writerow([cells.get(name, "0") for name in columns])
    return path


@pytest.fixture
def table(tmp_path, monkeypatch):
    """The table of 30-s tracks, under the data root: six tracks a genre."""
    monkeypatch.setattr(tracks, "N_TRACKS", 6)
    return write_table(tmp_path / "data" / "gtzan_features" / "features_30_sec.csv", tracks.track_names())


@pytest.fixture
def cuts(tmp_path, monkeypatch):
    """The table of cuts: three of each of six tracks a genre, two of pop.00003; as on Windows."""
    monkeypatch.setattr(tracks, "N_TRACKS", 6)
    monkeypatch.setattr(module_3s, "N_CUTS", 3)
    monkeypatch.setattr(module_3s, "SHORT", ("pop.00003",))
    folder = tmp_path / "data" / "gtzan_features"
    return write_table(folder / "features_3_sec.csv", module_3s.clips(), end="\r\n")


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


# Good tables.


def test_features_are_the_reports():
    """Mean and variance of eight measures and of twenty MFCCs, and the tempo."""
    assert (len(FEATURES), FEATURES[:2], FEATURES[16:18]) == (
        57,
        ("chroma_stft_mean", "chroma_stft_var"),
        ("tempo", "mfcc1_mean"),
    )
    assert FEATURES[-1] == "mfcc20_var"


def test_tables_do_what_every_corpus_does(table, cuts):
    write_table(cuts.with_name("features_3_sec_part.csv"), [clip for clip in module_3s.clips() if clip < "country"])
    for corpus, whole in ((gtzan_features_30s, True), (gtzan_features_3s, True), (gtzan_features_3s_subset, False)):
        assert corpus.whole is whole
        check_corpus(corpus)


def test_index(table):
    frame = gtzan_features_30s.index()
    assert tuple(frame.columns) == (*folders.COLUMNS, "track", "n_samples", *FEATURES)
    assert list(frame["clip"]) == list(frame["track"]) == tracks.track_names()
    row, values = frame.set_index("clip").loc["pop.00003"], values_of("pop.00003")
    assert tuple(row[["path", "label", "group", "n_samples"]]) == (str(table), "pop", "pop.00003", 66149)
    assert row["sha256"] == hashlib.sha256(b"57:" + values.astype("<f8").tobytes()).hexdigest()[:16]
    found = gtzan_features_30s.features(frame)
    assert (found.dtype, found.shape) == (np.float64, (60, 57))
    assert np.array_equal(found, [values_of(clip) for clip in frame["clip"]])  # to the last bit


def test_same_values_share_a_group(table):
    frame = gtzan_features_30s.index()
    assert frame.attrs["notes"][0].startswith("1 track repeats another exactly (metal.00003 = rock.00001)")
    assert list(frame.loc[frame["group"] != frame["track"], "clip"]) == ["rock.00001"]


def test_cuts(cuts):
    frame = gtzan_features_3s.index()
    assert len(frame) == 179
    assert tuple(frame.set_index("clip").loc["pop.00003.1", ["track", "group", "label"]]) == (
        *("pop.00003", "pop.00003", "pop"),
    )
    assert frame.attrs["notes"] == []


def test_columns_and_rows_in_any_order(table, tmp_path):
    other = write_table(tmp_path / "b.csv", tracks.track_names()[::-1], CSV_COLUMNS[::-1])
    assert fingerprint(gtzan_features_30s.index(other)) == fingerprint(gtzan_features_30s.index())


def test_other_columns_are_named_and_not_used(table, tmp_path):
    other = write_table(tmp_path / "b.csv", tracks.track_names(), ("", *CSV_COLUMNS))
    frame = gtzan_features_30s.index(other)
    assert "Columns of b.csv that were passed over: column 1 (which has no name)." in frame.attrs["notes"]
    assert fingerprint(frame) == fingerprint(gtzan_features_30s.index())


def test_a_table_saved_by_a_spreadsheet(table, tmp_path):
    """Semicolons, decimal commas, a byte order mark, and names without their suffix; as pandas has it, 66149.0."""
    other = tmp_path / "b.csv"
    text = table.read_text().replace(",", ";").replace(".wav", "").replace(";66149;", ";66149.0;")
    lines = [line.split(";") for line in text.splitlines()]
    lines[1:] = [[cells[0], *(cell.replace(".", ",") for cell in cells[1:-1]), cells[-1]] for cells in lines[1:]]
    other.write_bytes("\r\n".join(map(";".join, lines)).encode("utf-8-sig"))
    frame = gtzan_features_30s.index(other)
    assert fingerprint(frame) == fingerprint(gtzan_features_30s.index())
    assert set(frame["n_samples"]) == {66149}
    assert any("numbers of b.csv have a decimal comma" in note for note in frame.attrs["notes"])
    assert gtzan_features_3s_subset.CLASSES == tracks.GENRES


@pytest.mark.parametrize("folder", ["gtzan_features", "gtzan", "gtzan/Data", "gtzan_features_30s"])
def test_places(table, tmp_path, folder):
    goal = tmp_path / "data" / folder / table.name
    goal.parent.mkdir(parents=True, exist_ok=True)
    table.rename(goal)
    assert gtzan_features_30s.locate() == goal.parent
    assert len(gtzan_features_30s.index()) == len(gtzan_features_30s.index(goal)) == 60


def test_subset_is_what_is_there(cuts):
    part = write_table(cuts.with_name("features_3_sec_part.csv"), ["rock.00001.0", "jazz.00002.9", "jazz.00002.1"])
    assert gtzan_features_3s_subset.CLASSES == ("jazz", "rock")
    frame = gtzan_features_3s_subset.index()
    assert list(frame["clip"]) == ["jazz.00002.1", "jazz.00002.9", "rock.00001.0"]
    assert str(gtzan_features_3s_subset.check()).splitlines()[3].split() == ["jazz", "2", "of", "2"]
    with pytest.raises(CorpusError, match=r"extra: jazz.00002.9: not in the published table"):
        gtzan_features_3s.index(part)
    write_table(cuts.with_name("features_3_sec_other.csv"), ["rock.00001.0"])
    with pytest.raises(CorpusError, match=r"2 tables .*: features_3_sec_other.csv, features_3_sec_part.csv; name one"):
        gtzan_features_3s_subset.index()


def test_no_table():
    with pytest.raises(
        CorpusError, match=r"(?s)gtzan_features_30s is not in .*features_30_sec.csv.*fetch gtzan_features_30s"
    ):
        gtzan_features_30s.index()
    assert gtzan_features_3s_subset.CLASSES == tracks.GENRES
    for ask in (gtzan_features_3s_subset.index, gtzan_features_3s_subset.check):
        with pytest.raises(CorpusError, match="gtzan_features_3s-subset is"):
            ask()


# What is wrong about a table.


def cell(clip, name):
    return repr(values_of(clip).tolist()[FEATURES.index(name)])


LINE = "features_30_sec.csv, line 46: pop.00002: "  # of pop.00002, the 45th of 60 tracks
BAD_VALUES = [
    ("nan", LINE + "rms_mean is 'nan', not a finite number"),
    ("-inf", LINE + "rms_mean is '-inf', not a finite number"),
    ("", LINE + "rms_mean is '', not a finite number"),
    ("0,1", "features_30_sec.csv, line 46: 61 cells for 60 columns; put a text that holds the separator in double"),
    ("loud", "bad value: " + LINE + "rms_mean is 'loud', not a finite number"),
]


@pytest.mark.parametrize(("value", "words"), BAD_VALUES)
def test_bad_features_are_named_by_file_row_and_feature(table, value, words):
    edit(table, cell("pop.00002", "rms_mean"), value)
    with pytest.raises(CorpusError, match=words):
        gtzan_features_30s.index()
    frame = gtzan_features_30s.index(allow_incomplete=True)
    assert set(tracks.track_names()) - set(frame["clip"]) == {"pop.00002"}
    assert np.isfinite(gtzan_features_30s.features(frame)).all()


def header(old, new):
    return lambda table: edit(table, f",{old},", f",{new},")


HEADERS = [
    (header("rms_mean", "rms_average"), "lacks the column rms_mean; it has others, perhaps renamed: rms_average"),
    (header("rms_mean", "rms_var"), "lacks the column rms_mean$"),
    (header("rms_mean", "rms_mean,rms_mean"), "has two columns of one name: rms_mean"),
    (header("tempo,mfcc1_mean", "a,b"), "lacks the columns tempo, mfcc1_mean; it has others, perhaps renamed: a, b"),
    (lambda table: table.write_text("a\n"), "lacks the columns filename, length, chroma_stft_mean, .*, …;"),
    (lambda table: table.write_text(""), "cannot be read as CSV .is empty."),
    (lambda table: table.write_bytes(b"\xff\xfe\x00"), "cannot be read as CSV .begins as UTF-16"),
    (
        lambda table: edit(table, "pop.00002.wav", '"pop.00002.wav'),
        "cannot be read as CSV .line 46: '\"pop.00002.* opens",
    ),
]


@pytest.mark.parametrize(("fault", "words"), HEADERS, ids=range(len(HEADERS)))
def test_wrong_columns(table, fault, words):
    fault(table)
    assert not gtzan_features_30s.check().ok
    for allow_incomplete in (False, True):
        with pytest.raises(CorpusError, match=rf"(?m)features_30_sec.csv {words}") as error:
            gtzan_features_30s.index(allow_incomplete=allow_incomplete)
        assert "missing" not in str(error.value)


def append(table, clip):
    other = write_table(table.with_name("other.csv"), [clip])
    with table.open("a") as file:
        file.write(other.read_text().splitlines()[1] + "\n")


ROWS = [
    (lambda table: edit(table, ",pop\n", ",rock\n"), "the label is 'rock'; the name says pop", 59),
    (lambda table: edit(table, ",66149,", ",long,"), "blues.00000: length is 'long', not a number of samples", 59),
    (lambda table: edit(table, "pop.00002.wav", "pop.2.wav"), "'pop.2.wav' is not the name of a track, such as bl", 59),
    (lambda table: edit(table, "pop.00002.wav", "pop.00002.1.wav"), "'pop.00002.1.wav' is not the name of a tr", 59),
    (lambda table: edit(table, "pop.00002.wav", "pop.00003.wav"), "missing: table pop: 1 of 6 rows .pop.00002.", 59),
    (lambda table: append(table, "pop.00002"), "line 62: pop.00002 is there already, in line 46; remove one", 60),
    (lambda table: append(table, "salsa.00002"), "'salsa.00002.wav' is not the name of a track", 60),
]


@pytest.mark.parametrize(("fault", "words", "n_usable"), ROWS, ids=range(len(ROWS)))
def test_wrong_rows(table, fault, words, n_usable):
    fault(table)
    with pytest.raises(CorpusError, match=words):
        gtzan_features_30s.index()
    frame = gtzan_features_30s.index(allow_incomplete=True)
    assert len(frame) == n_usable
    assert any("features_30_sec.csv" in note or "missing" in note for note in frame.attrs["notes"])


# The protocols.


def test_published_splits_rows_grouped_tracks(cuts):
    frame = gtzan_features_3s.index()
    published = gtzan_features_3s.with_protocol(frame, "published")
    assert set(Counter(published.loc[published["split"] == "test", "label"]).values()) <= {3, 4}  # of 17 and 18
    assert (published.groupby("track")["split"].nunique() == 2).sum() > 20
    tested = Counter()
    for fold in range(5):
        grouped = gtzan_features_3s.with_protocol(frame, "grouped", fold)
        assert (grouped.groupby("group")["split"].nunique() == 1).all()
        tested.update(grouped.loc[grouped["split"] == "test", "clip"])
    assert tested == dict.fromkeys(frame["clip"], 1)


def test_table_and_audio_have_the_same_folds(table, small_gtzan):
    """Of a track that repeats no other: what the tables and the audio tell of that need not be the same."""
    from data_prep.corpora import gtzan

    audio = gtzan.with_protocol(gtzan.index(), "grouped", 3).set_index("clip")
    rows = gtzan_features_30s.with_protocol(gtzan_features_30s.index(), "grouped", 3).set_index("clip")
    alone = (audio["group"] == audio["track"]) & (rows["group"] == rows["track"])
    assert alone.sum() == 58
    assert audio.loc[alone, "split"].equals(rows.loc[alone, "split"])


# The real tables.


def test_real_table_of_tracks(real_gtzan_features):
    frame = gtzan_features_30s.index(real_gtzan_features)
    assert Counter(frame["label"]) == dict.fromkeys(tracks.GENRES, 100)
    assert fingerprint(frame) == "8e624b6b197facb6"
    assert (frame["n_samples"].min(), frame["n_samples"].max()) == (660_000, 675_808)
    assert sorted(frame.loc[frame["n_samples"] <= 661_500, "clip"]) == sorted(module_3s.SHORT)
    repeats = frame[frame["group"] != frame["track"]]
    assert len(repeats) == 14
    assert dict(zip(repeats["clip"], repeats["group"], strict=True))["rock.00016"] == "metal.00058"
    assert repeats["label"].ne(repeats["group"].map(tracks.genre_of)).sum() == 1
    assert np.isfinite(gtzan_features_30s.features(frame)).all()


def test_real_table_of_cuts(real_gtzan_features):
    """Three genres: 2,996 rows, ten a track but for four tracks that are too short for the tenth."""
    frame = gtzan_features_3s_subset.index(real_gtzan_features)
    assert set(frame["path"]) == {str(real_gtzan_features / "features_3_sec_3genres.csv")}
    assert fingerprint(frame) == "aafd2c3514402e3f"
    genres = ("classical", "jazz", "rock")
    assert list(frame["clip"]) == [clip for clip in module_3s.clips() if clip.startswith(genres)]
    assert set(frame["n_samples"]) == {66_149}
    assert frame["group"].equals(frame["track"])
    assert frame.attrs["notes"] == []


def test_published_table_of_cuts_has_9990_rows():
    clips = module_3s.clips()
    assert (len(clips), clips == sorted(clips)) == (9990, True)
    by_genre = Counter(map(tracks.genre_of, clips))
    assert (by_genre["country"], by_genre["disco"], by_genre["hiphop"], by_genre["pop"]) == (997, 999, 998, 1000)


def test_real_tables_lengths_are_those_of_the_audio(real_gtzan_features, real_gtzan_subset):
    gtzan_subset = data_prep.corpus("gtzan-subset")
    length = gtzan_features_30s.index(real_gtzan_features).set_index("clip")["n_samples"]
    audio = gtzan_subset.index(real_gtzan_subset).set_index("clip")["n_samples"]
    assert audio.equals(length[audio.index])
