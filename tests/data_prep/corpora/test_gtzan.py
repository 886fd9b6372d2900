"""The corpora gtzan, gtzan-subset and gtzan-excerpts: layouts, each way to be wrong, repetitions, the real parts."""

import hashlib
import shutil
from collections import Counter

import numpy as np
import pytest
import soundfile

import data_prep
from data_prep import CorpusError, fingerprint
from data_prep.common import folders
from data_prep.corpora import gtzan
from data_prep.corpora.gtzan import tracks as gtzan_tracks
from data_prep.corpora.gtzan.part import part_of_gtzan
from tests.data_prep.check_corpus import check_corpus

gtzan_excerpts = data_prep.corpus("gtzan-excerpts")
gtzan_subset = data_prep.corpus("gtzan-subset")

CLIP = "pop.00003"


def write(root, samples, name=f"{CLIP}.wav", rate=22050, **how):
    soundfile.write(root / "genres" / "pop" / name, np.asarray(samples), rate, **{"subtype": "PCM_16", **how})


def path_of(root, clip=CLIP, suffix=".wav"):
    return root / "genres" / gtzan_tracks.genre_of(clip) / f"{clip}{suffix}"


# The corpus as it should be.


def test_it_does_what_every_corpus_does(small_gtzan):
    check_corpus(gtzan.CORPUS)


def test_index(small_gtzan, gtzan_track):
    frame = gtzan.index()
    assert tuple(frame.columns) == (*folders.COLUMNS, "track", "offset", "n_samples")
    assert list(frame["clip"]) == gtzan_tracks.track_names()
    assert frame.attrs["skipped"] == []
    row, samples = frame.set_index("clip").loc[CLIP], gtzan_track(CLIP)
    assert tuple(row[["label", "group", "track", "offset", "n_samples"]]) == ("pop", CLIP, CLIP, 0, samples.size)
    assert row["path"] == str(path_of(small_gtzan))
    text = f"22050:{samples.size}:".encode() + samples.astype("<i2").tobytes()
    assert row["sha256"] == hashlib.sha256(text).hexdigest()[:16]


def test_signals(small_gtzan, gtzan_track):
    frame = gtzan.index().iloc[[40, 0, 1]]  # wav, au and flac
    for clip, signal in zip(frame["clip"], gtzan.signals(frame), strict=True):
        assert signal.dtype == np.float32
        assert np.array_equal(signal * 32768, gtzan_track(clip))


@pytest.mark.parametrize("place", [".", "genres_original", "Data/genres_original", "Data/genres"])
def test_layouts(small_gtzan, tmp_path, place):
    before = fingerprint(gtzan.index())
    goal = tmp_path / "data" / "other" / place
    shutil.copytree(small_gtzan / "genres", goal)
    (tmp_path / "data" / "other" / "images_original" / "pop").mkdir(parents=True)  # Kaggle's copy has more
    (tmp_path / "data" / "other" / "features_30_sec.csv").write_text("x")
    frame = gtzan.index(tmp_path / "data" / "other")
    assert fingerprint(frame) == before
    assert frame["path"].str.startswith(str(goal)).all()


def test_whole_corpus_is_ten_by_a_hundred(tmp_path, monkeypatch):
    """With 1,000 one-sample files, no two the same."""
    monkeypatch.setattr(gtzan, "N_SAMPLES", (1, 1))
    for number, clip in enumerate(gtzan_tracks.track_names()):
        path = tmp_path / gtzan_tracks.genre_of(clip) / f"{clip}.wav"
        path.parent.mkdir(exist_ok=True)
        soundfile.write(path, np.array([number], "int16"), 22050)
    report = gtzan.check(tmp_path)
    assert report.ok
    assert [report.counts["usable", genre] for genre in gtzan.CLASSES] == [100] * 10
    assert str(report).splitlines()[3].split() == ["blues", *["100", "of", "100"] * 2]
    frame = gtzan.index(tmp_path)
    assert Counter(frame["split"]) == {"train": 800, "test": 200}
    (tmp_path / "jazz" / "jazz.00054.wav").write_bytes(b"samples without a header")
    assert gtzan.check(tmp_path).ok
    assert len(gtzan.index(tmp_path)) == 999


# Repetitions, and the fault that everybody's copy has.


def test_repetitions_are_named_and_share_a_group(small_gtzan):
    frame = gtzan.index()
    assert frame.attrs["notes"] == [
        "2 tracks repeat others exactly (metal.00003 = rock.00001, reggae.00002 = reggae.00004); the protocol grouped "
        "keeps them together, published does not."
    ]
    group = frame.set_index("clip")["group"]
    assert (group["rock.00001"], group["reggae.00004"]) == ("metal.00003", "reggae.00002")
    assert (group != group.index).sum() == 2
    assert gtzan.check().ok


@pytest.mark.parametrize("fault", ["unreadable", "missing"])
def test_known_fault_is_named_and_breaks_nothing(small_gtzan, fault):
    path = path_of(small_gtzan, "jazz.00005")
    path.write_bytes(b"samples without a header") if fault == "unreadable" else path.unlink()
    report = gtzan.check()
    assert report.ok
    assert report.counts["usable", "jazz"] == 5
    n_there = 6 if fault == "unreadable" else 5
    assert f"jazz {n_there} of 6 5 of 6" in [" ".join(line.split()) for line in str(report).splitlines()]
    frame = gtzan.index()
    assert len(frame) == 59
    assert "jazz.00005" in frame.attrs["notes"][0]
    assert "well known" in frame.attrs["notes"][0]
    assert [name for name, _ in frame.attrs["skipped"]] == (["jazz.00005.wav"] if fault == "unreadable" else [])


# What is wrong about a folder.

UNREADABLE = [
    (lambda root: path_of(root).write_bytes(b""), "unreadable: pop.00003.wav: is empty"),
    (lambda root: path_of(root).write_bytes(b"no audio"), "unreadable: pop.00003.wav: cannot be read as audio"),
    (lambda root: write(root, np.zeros(0)), "unreadable: pop.00003.wav: holds no samples"),
    (lambda root: write(root, [0.1, np.nan], subtype="FLOAT"), "unreadable: pop.00003.wav: 1 of 2 samples are NaN"),
    (lambda root: path_of(root).unlink(), r"missing: tracks pop: 1 of 6 recordings \(pop.00003\)"),
]
MISFIT = [
    (
        lambda root: write(root, np.zeros((400, 2))),
        "pop.00003.wav is 22,050 Hz, 2 channels, 16 bit; expected 22,050 Hz",
    ),
    (
        lambda root: write(root, np.zeros(800), rate=44100),
        "other format: pop.00003.wav is 44,100 Hz, 1 channel, 16 bit",
    ),
    (lambda root: write(root, np.zeros(400), subtype="PCM_24"), "pop.00003.wav is 22,050 Hz, 1 channel, 24 bit"),
    (lambda root: write(root, np.zeros(379)), "pop.00003.wav is too short: 379 samples, 0.0 s; expected 380 to 420"),
    (lambda root: write(root, np.zeros(421)), "pop.00003.wav is too long: 421 samples"),
]
EXTRA = [
    (lambda root: write(root, np.zeros(400), "pop.3.wav"), r"pop/pop.3.wav: not named pop.00000 to pop.00005; rename"),
    (lambda root: write(root, np.zeros(400), "pop.00006.wav"), "extra: pop/pop.00006.wav: not named pop.00000 to"),
    (lambda root: write(root, np.zeros(400), "rock.00002.wav"), "extra: pop/rock.00002.wav: belongs in rock/"),
    (
        lambda root: write(root, np.zeros(9), "pop.00003.WAV"),
        "pop.00003 is there 2 times: pop.00003.WAV, pop.00003.wav",
    ),
    (lambda root: (root / "genres/pop/notes.txt").write_text("x"), "extra: pop/notes.txt: not a wav, au or flac file"),
    (lambda root: (root / "genres/pop/pop.00009").mkdir(), "extra: pop/pop.00009: a folder; remove it"),
    (
        lambda root: shutil.copytree(root / "genres/pop", root / "genres/salsa"),
        "salsa: a folder of audio that is no ge",
    ),
    (lambda root: shutil.copy(path_of(root), root / "genres"), "pop.00003.wav: a file outside the genres' folders"),
]


def faults(cases):
    return pytest.mark.parametrize(("fault", "words"), cases, ids=[str(i) for i in range(len(cases))])


@faults(UNREADABLE + MISFIT + EXTRA)
def test_each_fault_is_named(small_gtzan, fault, words):
    fault(small_gtzan)
    report = gtzan.check()
    assert "NOT OK" in str(report)
    with pytest.raises(CorpusError, match=rf"(?s){words}.*data_prep check gtzan --root"):
        gtzan.index()


@faults(UNREADABLE)
def test_rest_of_an_incomplete_folder(small_gtzan, fault, words):
    before = gtzan.index()
    fault(small_gtzan)
    frame = gtzan.index(allow_incomplete=True)
    assert set(before["clip"]) - set(frame["clip"]) == {CLIP}
    assert fingerprint(frame) != fingerprint(before)
    assert len(frame.attrs["skipped"]) == path_of(small_gtzan).exists()
    assert len(gtzan.signals(frame)) == 59


@faults(MISFIT)
def test_other_formats_are_converted_on_request(small_gtzan, fault, words):
    fault(small_gtzan)
    frame = gtzan.index(allow_incomplete=True)
    assert len(frame) == 60
    assert [signal.size for signal in gtzan.signals(frame)] == list(frame["n_samples"])
    assert any(CLIP in note for note in frame.attrs["notes"])


@faults(EXTRA)
def test_what_does_not_belong_there_changes_no_other_track(small_gtzan, fault, words):
    before = gtzan.index().set_index("clip")["sha256"].drop(CLIP)
    fault(small_gtzan)
    assert gtzan.index(allow_incomplete=True).set_index("clip")["sha256"].drop(CLIP).equals(before)


def test_hidden_files_and_marsyas_lists_are_ignored(small_gtzan):
    for name in ("genres/pop/._pop.00003.wav", "genres/pop/.DS_Store", "genres/bextract_single.mf", "genres/._pop"):
        (small_gtzan / name).write_bytes(b"x")
    assert gtzan.check().ok


def test_no_corpus():
    with pytest.raises(
        CorpusError, match=r"(?s)gtzan is not in .*Data/genres_original/.*--source kaggle.*one of them un"
    ):
        gtzan.index()


def test_nothing_usable_is_an_error_even_on_request(small_gtzan):
    for path in small_gtzan.rglob("*.*"):
        path.write_bytes(b"")
    with pytest.raises(CorpusError, match="not as it should be"):
        gtzan.index(allow_incomplete=True)


# A part of the corpus.


@pytest.fixture
def small_subset(small_gtzan, tmp_path):
    """Blues and rock of the small corpus, six and five tracks, as gtzan-subset."""
    root = tmp_path / "data" / "gtzan_subset"
    for genre in ("blues", "rock"):
        shutil.copytree(small_gtzan / "genres" / genre, root / genre)
    (root / "rock" / "rock.00002.wav").unlink()
    return root


def test_parts_do_what_every_corpus_does(small_subset, small_excerpts):
    for part in (gtzan_subset, small_excerpts):
        assert not part.whole
        check_corpus(part)


def test_part_is_no_whole(small_subset):
    with pytest.raises(CorpusError, match=r"(?s)missing: tracks classical: 6 of 6.*take it as the corpus gtzan-subset"):
        gtzan.index(small_subset)


def test_subset_is_what_is_there(small_subset):
    assert gtzan_subset.locate() == small_subset
    assert gtzan_subset.CLASSES == ("blues", "rock")
    frame = gtzan_subset.index()
    assert Counter(frame["label"]) == {"blues": 6, "rock": 5}
    assert frame.attrs["notes"] == []  # what rock.00001 repeats is not here
    assert fingerprint(frame) != fingerprint(gtzan.index())
    lines = str(gtzan_subset.check()).splitlines()
    assert [line.split()[0] for line in lines[2:5]] == ["class", "blues", "rock"]


def test_subset_is_checked_too(small_subset):
    write(small_subset.parent / "gtzan", np.zeros(9))
    shutil.copytree(small_subset.parent / "gtzan" / "genres" / "pop", small_subset / "pop")
    (small_subset / "jazz").mkdir()
    with pytest.raises(
        CorpusError, match=r"(?s)gtzan-subset in .*no tracks in jazz/.*pop.00003.wav is too short: 9 samples"
    ):
        gtzan_subset.index()
    assert len(gtzan_subset.index(allow_incomplete=True)) == 17


def test_no_subset(tmp_path):
    assert gtzan_subset.CLASSES == gtzan.CLASSES
    for ask in (gtzan_subset.index, gtzan_subset.check):
        with pytest.raises(CorpusError, match=r"gtzan_subset"):
            ask()


def test_folds_of_the_subset_are_of_its_own_tracks(small_subset):
    frame = gtzan_subset.index()
    tested = Counter()
    for fold in range(5):
        split = gtzan_subset.with_protocol(frame, "grouped", fold)
        here = split[split["split"] == "test"]
        assert Counter(here["label"]) == {"blues": 2 if fold == 0 else 1, "rock": 1}
        tested.update(here["clip"])
    assert tested == dict.fromkeys(frame["clip"], 1)
    few = frame[frame["clip"] != "rock.00005"]
    with pytest.raises(
        CorpusError, match=r"needs 5 tracks of each genre, one a fold; there are 4 of rock \(rock.00000, "
    ):
        gtzan_subset.with_protocol(few, "grouped")


def test_real_subset(real_gtzan_subset):
    """Golden: the fingerprint of 36 tracks, twelve of each of three genres; the 37th cannot be read."""
    frame = gtzan_subset.index(real_gtzan_subset)
    assert Counter(frame["label"]) == {"classical": 12, "jazz": 12, "rock": 12}
    assert fingerprint(frame) == "caeb7794cc4ef003"
    assert [name for name, _ in frame.attrs["skipped"]] == ["jazz.00054.wav"]
    assert "jazz.00054.wav" in frame.attrs["notes"][0]
    assert frame["group"].equals(frame["track"])
    assert frame["n_samples"].between(*gtzan.N_SAMPLES).all()
    cut = gtzan.windows(frame, 2 * 22050, 22050)  # 2 s, a second apart
    assert set(cut.groupby("track").size()) == {29}
    assert len(gtzan.windows(frame, 2 * 22050, 2 * 22050, 10)) == 360
    last = cut.iloc[[28]]
    signal, _ = soundfile.read(last["path"].iloc[0], dtype="float32")
    assert np.array_equal(gtzan.signals(last)[0], signal[28 * 22050 : 30 * 22050])


# Excerpts: as many tracks of each genre, all of one length.

EXCERPT = 100  # samples of a made-up excerpt


@pytest.fixture
def small_excerpts(small_gtzan, tmp_path, gtzan_track):
    """The corpus that is the first 100 samples of five tracks of each genre of the small one, made."""
    root = tmp_path / "data" / "gtzan_excerpts"
    tracks = tuple(name for genre in gtzan.CLASSES for name in gtzan_tracks.track_names(genre)[:5])
    for track in tracks:
        path = root / gtzan_tracks.genre_of(track) / f"{track}.flac"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, gtzan_track(track)[:EXCERPT], 22050, subtype="PCM_16")
    facts = {"TITLE": "Excerpts", "SOURCE": "made up", "SIZE": "50 excerpts", "by_hand": "cut them"}
    n_samples = (EXCERPT, EXCERPT)
    return part_of_gtzan("gtzan-excerpts", "gtzan_excerpts", tracks=tracks, n_samples=n_samples, **facts)


def test_excerpts_are_all_genres_and_begin_as_the_tracks_do(small_excerpts, gtzan_track):
    frame = small_excerpts.index()
    assert list(frame["clip"]) == [f"{genre}.0000{number}" for genre in gtzan.CLASSES for number in range(5)]
    assert Counter(frame["split"]) == {"train": 40, "test": 10}
    for clip, signal in zip(frame["clip"], small_excerpts.signals(frame), strict=True):
        assert np.array_equal(signal * 32768, gtzan_track(clip)[:EXCERPT])


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (lambda root: (root / "pop/pop.00003.flac").unlink(), r"missing: tracks pop: 1 of 5 recordings \(pop.00003\)"),
        (lambda root: shutil.rmtree(root / "jazz"), r"no tracks in jazz/.*missing: tracks jazz: 5 of 5 recordings"),
        (
            lambda root: soundfile.write(root / "pop/pop.00003.flac", np.zeros(400), 22050, subtype="PCM_16"),
            "pop.00003.flac is too long: 400 samples, 0.0 s; expected 100",
        ),
        (
            lambda root: shutil.copy(root / "pop/pop.00003.flac", root / "pop/pop.00005.flac"),
            "extra: pop/pop.00005.flac: not named pop.00000 to pop.00004; rename",
        ),
    ],
)
def test_what_is_wrong_about_excerpts_is_named(small_excerpts, fault, words):
    fault(small_excerpts.locate())
    assert not small_excerpts.check().ok
    with pytest.raises(CorpusError, match=rf"(?s)gtzan-excerpts in .*{words}.*data_prep check gtzan-excerpts --root"):
        small_excerpts.index()


def test_no_excerpts():
    how = "(?s)gtzan_excerpts.*cut the first 330,750 samples of tracks 00000 to 00009 of each genre from the whole"
    for ask in (gtzan_excerpts.locate, gtzan_excerpts.index, gtzan_excerpts.check):
        with pytest.raises(CorpusError, match=how):
            ask()


def test_real_excerpts(real_gtzan_excerpts, real_gtzan_subset):
    """Golden: the fingerprint of a hundred; and they are the starts of the tracks that the subset has whole."""
    frame = gtzan_excerpts.index(real_gtzan_excerpts)
    assert Counter(frame["label"]) == dict.fromkeys(gtzan.CLASSES, 10)
    assert fingerprint(frame) == "56dd946a8ec18eb8"
    assert set(frame["n_samples"]) == {15 * 22050}
    assert frame["group"].equals(frame["track"])
    assert set(gtzan.windows(frame, 2 * 22050, 22050).groupby("track").size()) == {14}
    whole = gtzan_subset.index(real_gtzan_subset, allow_incomplete=True)
    both = sorted({*frame["clip"]} & {*whole["clip"]})
    assert len(both) == 6  # two of each of three genres
    starts, tracks = (gtzan.signals(of.set_index("clip", drop=False).loc[both]) for of in (frame, whole))
    assert all(np.array_equal(start, track[: start.size]) for start, track in zip(starts, tracks, strict=True))
