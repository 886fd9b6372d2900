"""The corpora fsdkaggle2018 and -subset: layouts, tables, each way they can be wrong, folds, the real subset."""

import hashlib
import shutil
from collections import Counter

import numpy as np
import pandas as pd
import pytest
import soundfile

import data_prep
from data_prep import CorpusError, fingerprint
from data_prep.common import folders
from data_prep.corpora import fsdkaggle2018
from data_prep.corpora.fsdkaggle2018 import clips
from tests.data_prep.check_corpus import check_corpus

fsdkaggle2018_subset = data_prep.corpus("fsdkaggle2018-subset")

CLIP = "00000007"  # a Hi-hat to train on


def audio(root, clip=CLIP, split="train"):
    return root / f"FSDKaggle2018.audio_{split}" / f"{clip}.wav"


def table(root, split="train"):
    return root / "FSDKaggle2018.meta" / clips.TABLES[split][0]


def write(root, samples, name=f"{CLIP}.wav", rate=44100, **how):
    path = root / "FSDKaggle2018.audio_train" / name
    soundfile.write(path, np.asarray(samples), rate, **{"subtype": "PCM_16", **how})


def edit(root, old, new, split="train"):
    path = table(root, split)
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


# The corpus as it should be.


def test_labels_are_the_published_number():
    assert len(fsdkaggle2018.CLASSES) == len(set(fsdkaggle2018.CLASSES)) == 41
    assert clips.N_PUBLISHED == {"train": 9473, "test": 1600}


def test_it_does_what_every_corpus_does(small_fsdkaggle2018):
    check_corpus(fsdkaggle2018.CORPUS)


def test_index(small_fsdkaggle2018, fsdkaggle2018_sound):
    frame = fsdkaggle2018.index()
    assert tuple(frame.columns) == (*folders.COLUMNS, *fsdkaggle2018.DETAILS)
    assert list(frame["clip"]) == [f"{number:08x}" for number in range(39)]
    assert Counter(frame["split"]) == {"train": 29, "validation": 4, "test": 6}
    row, samples = frame.set_index("clip").loc[CLIP], fsdkaggle2018_sound(CLIP)
    assert tuple(row[["label", "group", "verified", "licence", "usage", "freesound_id", "offset", "n_samples"]]) == (
        *("Hi-hat", "5007", True, "Creative Commons 0", "", "5007", 0, samples.size),
    )
    assert row["path"] == str(audio(small_fsdkaggle2018))
    text = f"44100:{samples.size}:".encode() + samples.astype("<i2").tobytes()
    assert row["sha256"] == hashlib.sha256(text).hexdigest()[:16]
    assert list(frame.loc[frame["split"] == "test", "usage"]) == ["Public", "Private"] * 3
    assert frame.loc[frame["split"] == "test", "verified"].all()
    assert not frame["verified"].iloc[8]


def test_signals(small_fsdkaggle2018, fsdkaggle2018_sound):
    frame = fsdkaggle2018.index().iloc[[38, 0, 7]]
    for clip, signal in zip(frame["clip"], fsdkaggle2018.signals(frame), strict=True):
        assert signal.dtype == np.float32
        assert np.array_equal(signal * 32768, fsdkaggle2018_sound(clip))


def test_groups_are_sounds_and_what_repeats_them(small_fsdkaggle2018):
    frame = fsdkaggle2018.index()
    group = frame.set_index("clip")["group"]
    assert group["00000002"] == group["00000005"] == "5002"
    assert group["00000001"] == group["00000004"] == "5001"  # another sound by its number, the same by its samples
    assert group.nunique() == 39 - 3
    assert frame.attrs["notes"] == [
        "1 clip repeats another exactly (00000001 (Hi-hat, train) = 00000004 (Hi-hat, train)); the protocol grouped "
        "keeps them together, published does not."
    ]


def test_report_counts_by_class(small_fsdkaggle2018):
    report = fsdkaggle2018.check()
    assert report.ok
    lines = [line.split() for line in str(report).splitlines()]
    assert ["class", "train", "test"] in lines
    assert ["Oboe", *["11", "of", "11"], *["2", "of", "2"]] in lines
    assert ["Meow", *["0", "of", "0"] * 2] in lines


# Kaggle's layout.


@pytest.fixture
def kaggle(small_fsdkaggle2018):
    """The small corpus as in the competition: no licences, no Freesound numbers, test clips with padding."""
    root = small_fsdkaggle2018
    for split in ("train", "test"):
        (root / f"FSDKaggle2018.audio_{split}").rename(root / f"audio_{split}")
    lines = [line.split(",")[:3] for line in table(root).read_text().splitlines()]
    (root / "train.csv").write_text("".join(",".join(line) + "\n" for line in lines))
    shutil.copyfile(root / "audio_test" / "00000021.wav", root / "audio_test" / "ffffffff.wav")
    (root / "audio_test" / "fffffffe.wav").write_bytes(b"")  # padding may be empty
    shutil.move(table(root, "test"), root / "test.csv.later")
    shutil.rmtree(root / "FSDKaggle2018.meta")
    return root


def test_kaggle_has_training_clips_only(kaggle):
    report = fsdkaggle2018.check()
    assert report.ok
    frame = fsdkaggle2018.index()
    assert Counter(frame["split"]) == {"train": 29, "validation": 4}
    assert frame.attrs["skipped"] == []
    assert "there are no labels of the test clips" in frame.attrs["notes"][0]
    assert "8 test clips without a label (as 00000021.wav) are left out" in frame.attrs["notes"][1]
    assert set(frame["licence"]) == {""}
    assert (frame["group"] != frame["clip"]).sum() == 1  # the one that repeats another
    assert list(frame["verified"].iloc[:3]) == [False, True, False]


def test_kaggle_with_labels_of_the_test_clips(kaggle):
    text = (kaggle / "test.csv.later").read_text() + "ffffffff.wav,None,Ignored,,\nfffffffe.wav,None,Ignored,,\n"
    (kaggle / "test_post_competition.csv").write_text(text)
    frame = fsdkaggle2018.index()
    assert Counter(frame["split"]) == {"train": 29, "validation": 4, "test": 6}
    assert "2 test clips without a label (as fffffffe.wav) are left out." in frame.attrs["notes"]


# What is wrong about a folder.

UNREADABLE = [
    (lambda root: audio(root).write_bytes(b""), "unreadable: 00000007.wav: is empty"),
    (lambda root: audio(root).write_bytes(b"no audio"), "unreadable: 00000007.wav: cannot be read as audio"),
    (lambda root: write(root, np.zeros(0)), "unreadable: 00000007.wav: holds no samples"),
    (lambda root: write(root, [0.1, np.nan], subtype="FLOAT"), "unreadable: 00000007.wav: 1 of 2 samples are NaN"),
    (lambda root: audio(root).unlink(), r"missing: train Hi-hat: 1 of 11 recordings \(00000007\)"),
]
MISFIT = [
    (lambda root: write(root, np.zeros((400, 2))), "00000007.wav is 44,100 Hz, 2 channels, 16 bit; expected 44,100 Hz"),
    (lambda root: write(root, np.zeros(800), rate=22050), "other format: 00000007.wav is 22,050 Hz, 1 channel"),
]
EXTRA = [
    (lambda root: write(root, np.zeros(9), f"{CLIP}.FLAC", format="FLAC"), "00000007 is there 2 times: 00000007.FLAC"),
    (lambda root: write(root, np.zeros(9), "abcdef01.wav"), "extra: FSDKaggle2018.audio_train/abcdef01.wav: no table"),
]
TABLE = [
    (
        lambda root: edit(root, "00000007.wav,Hi-hat", "00000007.wav,Miaow"),
        "line 9: 00000007 has the unknown label 'Mi",
    ),
    (lambda root: edit(root, "00000007.wav,", "00000006.wav,"), "line 9: 00000006 is listed already"),
    (
        lambda root: edit(root, table(root).read_text().splitlines()[8] + "\n", ""),
        "lists 32 clips, the published one 33",
    ),
]


def faults(cases):
    return pytest.mark.parametrize(("fault", "words"), cases, ids=[str(i) for i in range(len(cases))])


@faults(UNREADABLE + MISFIT + EXTRA + TABLE)
def test_each_fault_is_named(small_fsdkaggle2018, fault, words):
    fault(small_fsdkaggle2018)
    assert "NOT OK" in str(fsdkaggle2018.check())
    with pytest.raises(CorpusError, match=rf"(?s){words}.*data_prep check fsdkaggle2018 --root.*fsdkaggle2018-subset"):
        fsdkaggle2018.index()


@faults(UNREADABLE)
def test_rest_of_an_incomplete_folder(small_fsdkaggle2018, fault, words):
    before = fsdkaggle2018.index()
    fault(small_fsdkaggle2018)
    frame = fsdkaggle2018.index(allow_incomplete=True)
    assert set(before["clip"]) - set(frame["clip"]) == {CLIP}
    assert fingerprint(frame) != fingerprint(before)
    there = audio(small_fsdkaggle2018).exists()
    assert [name for name, _ in frame.attrs["skipped"]] == [f"{CLIP}.wav"] * there
    assert any("00000007" in note for note in frame.attrs["notes"])


@faults(MISFIT)
def test_other_formats_are_converted_on_request(small_fsdkaggle2018, fault, words):
    fault(small_fsdkaggle2018)
    frame = fsdkaggle2018.index(allow_incomplete=True)
    assert [signal.size for signal in fsdkaggle2018.signals(frame)] == list(frame["n_samples"])
    assert frame.set_index("clip").loc[CLIP, "n_samples"] == (400 if "2 channels" in words else 1600)


def test_tables_that_are_none(small_fsdkaggle2018):
    table(small_fsdkaggle2018).write_text("fname,class\na.wav,Bark\n")
    with pytest.raises(CorpusError, match=r"post_competition.csv lacks the column label; it has fname, class. Get"):
        fsdkaggle2018.check()
    table(small_fsdkaggle2018).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CorpusError, match=r"train_post_competition.csv begins as UTF-16 and is not"):
        fsdkaggle2018.check()


def test_a_table_saved_by_a_spreadsheet(small_fsdkaggle2018):
    """Semicolons, CR, a byte order mark; names without their suffix; flags as floats."""
    before, path = fsdkaggle2018.index(), table(small_fsdkaggle2018)
    text = path.read_text().replace(".wav", "").replace(",0,5", ",0.0,5").replace(",1,5", ",1.0,5").replace(",", ";")
    path.write_bytes(text.replace("\n", "\r").encode("utf-8-sig"))
    after = fsdkaggle2018.index()
    assert after.equals(before)
    assert after["verified"].notna().all()


def test_rows_of_a_table_that_are_not_whole(small_fsdkaggle2018):
    path = table(small_fsdkaggle2018)
    lines = path.read_text().splitlines()
    lines[3] = ",".join(lines[3].split(",")[:2])
    path.write_text("\n".join(lines) + "\n")
    assert "train_post_competition.csv, line 4: 2 cells for 5 columns" in "\n".join(fsdkaggle2018.check().problems)
    lines[3] = lines[3].replace(",", ',"')
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(CorpusError, match=r"competition.csv, line 4: .* opens a double quote that is never closed"):
        fsdkaggle2018.check()


def test_no_corpus():
    with pytest.raises(CorpusError, match=r"(?s)fsdkaggle2018 is not in .*about 5 GB.*fetch fsdkaggle2018 --from PATH"):
        fsdkaggle2018.index()


# Folds.


def published(n_classes=41, n_clips=9473):
    """A frame as the whole corpus's index, without files."""
    label = [clips.LABELS[number % n_classes] for number in range(n_clips + 1600)]
    names = [f"{number * 2654435761 % 2**32:08x}" for number in range(n_clips + 1600)]
    frame = pd.DataFrame({"clip": names, "label": label, "group": [f"g{number // 2}" for number in range(len(label))]})
    return frame.assign(split=["train"] * n_clips + ["test"] * 1600)


def test_published_folds_tile_the_training_clips():
    frame = published()
    seen = Counter()
    for fold in range(10):
        split = clips.with_protocol(frame, "published", fold)["split"]
        assert (split[frame["split"] == "test"] == "test").all()
        held = frame[split == "validation"]
        assert len(held) in (947, 948)
        assert set(held["label"].value_counts()) <= {23, 24}  # of 231 or 232 a class
        assert (split == "train").sum() == 9473 - len(held)
        seen.update(held["clip"])
    assert seen == dict.fromkeys(frame.loc[frame["split"] == "train", "clip"], 1)


def test_folds_depend_on_the_seed_and_not_on_the_fold_that_a_frame_has():
    frame = published()
    second = clips.with_protocol(frame, "published", 2)
    assert clips.with_protocol(second, "published", 0)["split"].equals(clips.with_protocol(frame, "published")["split"])
    assert not clips.with_protocol(frame, "published", 2, seed=1)["split"].equals(second["split"])


def test_grouped_folds_keep_groups_whole():
    frame = published()
    straddling = set(frame.loc[frame["split"] == "test", "group"]) & set(frame.loc[frame["split"] == "train", "group"])
    assert len(straddling) == 1  # 9,473 is odd
    folds = [clips.with_protocol(frame, "grouped", fold) for fold in range(10)]
    for split in folds:
        assert split.groupby("group")["split"].nunique().drop(list(straddling)).eq(1).all()
        assert list(split.loc[split["group"].isin(straddling), "split"]) == ["excluded", "test"]
    assert sum((split["split"] == "validation").sum() for split in folds) == 9473 - 1


# A part of the corpus.


@pytest.fixture
def small_subset(small_fsdkaggle2018, tmp_path):
    """Bark and Oboe of the small corpus as fsdkaggle2018-subset: flac files beside train.csv, which says wav."""
    root = tmp_path / "data" / "fsdkaggle2018_subset"
    root.mkdir()
    rows = pd.read_csv(table(small_fsdkaggle2018)).query("label != 'Hi-hat'")
    rows[["fname", "label"]].to_csv(root / "train.csv", index=False)
    for name in rows["fname"]:
        samples, rate = soundfile.read(small_fsdkaggle2018 / "FSDKaggle2018.audio_train" / name, dtype="int16")
        soundfile.write(root / name.replace("wav", "flac"), samples, rate)
    return root


def test_a_part_does_what_every_corpus_does(small_subset):
    assert not fsdkaggle2018_subset.whole
    check_corpus(fsdkaggle2018_subset)


def test_subset_is_what_is_there(small_subset):
    assert fsdkaggle2018_subset.locate() == small_subset
    assert fsdkaggle2018_subset.CLASSES == ("Bark", "Oboe")
    frame = fsdkaggle2018_subset.index()
    assert Counter(frame["label"]) == {"Bark": 11, "Oboe": 11}
    assert Counter(frame["split"]) == {"train": 19, "validation": 3}
    assert frame["verified"].isna().all()
    with pytest.raises(CorpusError, match="grouped needs groups, and none are known: .* no freesound_id"):
        fsdkaggle2018_subset.with_protocol(frame, "grouped")


def test_subset_is_no_whole_and_is_checked_too(small_subset):
    with pytest.raises(CorpusError, match="fsdkaggle2018 is not in .*fsdkaggle2018_subset"):
        fsdkaggle2018.index(small_subset)
    (small_subset / "00000000.flac").unlink()
    words = r"(?s)missing: train Bark: 1 of 11 recordings \(00000000\).*--root \S+ for the whole report\.$"
    with pytest.raises(CorpusError, match=words.replace(r"--root \S+", r"--root \S+'")):
        fsdkaggle2018_subset.index()
    (small_subset / "00000003.flac").unlink()
    with pytest.raises(CorpusError, match=r"10 folds need 10 clips of each class, one a fold; too few: Bark \(9\)"):
        fsdkaggle2018_subset.index(allow_incomplete=True)


def test_no_subset(tmp_path):
    assert fsdkaggle2018_subset.CLASSES == fsdkaggle2018.CLASSES
    for ask in (fsdkaggle2018_subset.index, fsdkaggle2018_subset.check):
        with pytest.raises(CorpusError, match=r"fsdkaggle2018_subset"):
            ask()


def test_real_subset(real_fsdkaggle2018_subset):
    """Golden: the fingerprint of 200 clips, twenty of each of ten classes, two of each in each fold."""
    frame = fsdkaggle2018_subset.index(real_fsdkaggle2018_subset)
    assert set(Counter(frame["label"]).values()) == {20}
    assert frame["label"].nunique() == 10
    assert fingerprint(frame) == "2d35a1d1184f57d7"
    assert frame.attrs["notes"] == frame.attrs["skipped"] == []
    assert frame["n_samples"].between(44_100, 390_726).all()
    for fold in range(10):
        split = fsdkaggle2018_subset.with_protocol(frame, "published", fold)
        assert set(split.loc[split["split"] == "validation", "label"].value_counts()) == {2}
    signals = fsdkaggle2018_subset.signals(frame.iloc[:3])
    assert [signal.size for signal in signals] == [199_332, 251_370, frame["n_samples"][2]]
    assert all(signal.dtype == np.float32 and np.abs(signal).max() <= 1 for signal in signals)
