"""The corpus FSDD: the embedded clips, the same from wav files, each way a folder can be wrong, and the protocols."""

import hashlib
import os
import shutil
import wave
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
import soundfile

import data_prep
from data_prep import CorpusError, fingerprint
from data_prep.common import folders
from data_prep.corpora import fsdd
from tests.data_prep.check_corpus import check_corpus

FINGERPRINT = "8fb0df955cde81d2"


def read_wav(path):
    """Samples of a wav file as 16-bit integers, by the standard library."""
    with wave.open(str(path)) as file:
        assert file.getparams()[:3] == (1, 2, 8000)
        return np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")


@pytest.fixture(scope="module")
def frame():
    """Index of the embedded corpus; the tests must not change it."""
    return fsdd.index()


def test_it_does_what_every_corpus_does(small_fsdd, monkeypatch):
    monkeypatch.setitem(fsdd.N_FOLDS, "grouped", len(fsdd.SPEAKERS))
    check_corpus(fsdd.CORPUS, small_fsdd)
    check_corpus(fsdd.CORPUS)


# The embedded corpus.


def test_committed_list():
    clips = fsdd.clips()
    assert tuple(clips.columns) == fsdd.LIST_FIELDS
    assert list(clips["clip"]) == fsdd.clip_names()
    assert len(clips) == 6 * 10 * 50
    for row in clips.itertuples():
        assert row.clip == f"{row.label}_{row.speaker}_{row.take}"
    assert set(Counter(zip(clips["label"], clips["speaker"], strict=True)).values()) == {50}
    assert clips["sha256"].str.fullmatch("[0-9a-f]{16}").all()
    assert clips["sha256"].is_unique
    places = [*clips[["offset", "n_samples"]].itertuples(index=False), (10_498_424, 0)]
    assert places[0][0] == 0
    assert all(offset + n_samples == following for (offset, n_samples), (following, _) in pairwise(places))
    assert (clips["n_samples"].min(), clips["n_samples"].max()) == (1148, 18262)  # 0.14 and 2.28 s


def test_index(frame):
    assert tuple(frame.columns) == (*folders.COLUMNS, "take", "offset", "n_samples")
    row = frame.set_index("clip").loc["7_theo_12"]
    assert tuple(row[["label", "group", "take"]]) == ("7", "theo", 12)
    assert row["path"] == str(fsdd.EMBEDDED / "fsdd.flac")
    assert frame.attrs["notes"] == []
    assert fingerprint(frame) == FINGERPRINT
    assert fsdd.index(fsdd.locate()).equals(frame)


def test_check():
    report = fsdd.check()
    assert report.ok
    assert set(report.counts.values()) == {50}
    lines = str(report).splitlines()
    assert lines[2].split() == ["class", *fsdd.SPEAKERS]
    assert lines[3].split() == ["0", *["50", "of", "50"] * 6]
    assert lines[-1] == "OK"


def test_signals_are_what_the_list_says(frame):
    some = frame.iloc[[2999, 0, 1500]]
    pack, _ = soundfile.read(fsdd.EMBEDDED / "fsdd.flac", dtype="int16")
    for row, signal in zip(some.itertuples(), fsdd.signals(some), strict=True):
        assert signal.dtype == np.float32
        integers = pack[row.offset : row.offset + row.n_samples]
        assert np.array_equal(signal, integers / np.float32(32768))
        text = f"8000:{row.n_samples}:".encode() + integers.astype("<i2").tobytes()
        assert row.sha256 == hashlib.sha256(text).hexdigest()[:16]


def test_attribution():
    text = (fsdd.EMBEDDED / "ATTRIBUTION.md").read_text("utf-8")
    for words in ("Free Spoken Digit Dataset", "Zohar Jackson", "creativecommons.org/licenses/by-sa/4.0", "changed"):
        assert words in text
    assert "CC BY-SA 4.0" in fsdd.CORPUS.LICENCE


# The protocols.


@pytest.mark.parametrize(("protocol", "n_test"), [("published", 600), ("arithmetic", 500), ("official", 300)])
def test_random_and_official_protocols(frame, protocol, n_test):
    split = fsdd.with_protocol(frame, protocol)
    tested = split[split["split"] == "test"]
    assert Counter(split["split"]) == {"test": n_test, "train": 3000 - n_test}
    assert Counter(tested["label"]) == dict.fromkeys(fsdd.CLASSES, n_test // 10)
    assert set(tested["group"]) == set(fsdd.SPEAKERS)  # every speaker is on both sides


def test_official_takes(frame):
    official = fsdd.with_protocol(frame, "official")
    assert set(official.loc[official["split"] == "test", "take"]) == set(range(5))
    assert set(official.loc[official["split"] == "train", "take"]) == set(range(5, 50))


def test_clips_for_the_smaller_test_are_among_the_larger(frame):
    tested = [set(frame["clip"][fsdd.with_protocol(frame, p)["split"] == "test"]) for p in ("arithmetic", "published")]
    assert tested[0] < tested[1]


def test_draw_never_changes(frame):
    """Golden: the first of the 600 clips, and the SHA-256 of all of them, a line each."""
    tested = sorted(frame["clip"][frame["split"] == "test"])
    assert tested[:4] == ["0_george_13", "0_george_15", "0_george_16", "0_george_2"]
    assert hashlib.sha256("\n".join(tested).encode()).hexdigest()[:16] == "f9e780e52dacd4c0"


def test_split_depends_on_the_names_alone(frame):
    shuffled = frame.sample(frac=0.5, random_state=1).assign(path="elsewhere", sha256="")
    for protocol in fsdd.N_FOLDS:
        expected = fsdd.with_protocol(frame, protocol).set_index("clip")["split"]
        found = fsdd.with_protocol(shuffled, protocol).set_index("clip")["split"]
        assert found.equals(expected[found.index])


def test_each_fold_tests_one_speaker(frame):
    tested = Counter()
    for fold, speaker in enumerate(("george", "jackson", "lucas", "nicolas", "theo", "yweweler")):
        grouped = fsdd.with_protocol(frame, "grouped", fold)
        assert set(grouped.loc[grouped["split"] == "test", "group"]) == {speaker}
        assert (grouped.groupby("group")["split"].nunique() == 1).all()
        tested.update(grouped.loc[grouped["split"] == "test", "clip"])
    assert tested == dict.fromkeys(frame["clip"], 1)


# The same clips as wav files.


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """All embedded clips as wav files; the tests must not change them."""
    return data_prep.corpus("fsdd").fetch(tmp_path_factory.mktemp("exported") / "fsdd")


def test_wav_files_are_the_same_corpus(exported, frame):
    from_wav = fsdd.index(exported)
    assert from_wav.attrs["notes"] == []
    assert fingerprint(from_wav) == FINGERPRINT
    same = ["clip", "label", "split", "group", "sha256", "take", "n_samples"]
    assert from_wav[same].equals(frame[same])
    assert from_wav["path"].is_unique
    order = np.random.default_rng(0).permutation(3000)[:300]
    paths = from_wav["path"].iloc[order]
    both = [fsdd.signals(index.iloc[order]) for index in (frame, from_wav)]
    for embedded, wav, path in zip(*both, paths, strict=True):
        assert np.array_equal(embedded, wav)
        assert np.array_equal(wav, read_wav(path) / np.float32(32768))


def test_export_brings_the_terms(exported):
    assert (exported / "ATTRIBUTION.md").read_bytes() == (fsdd.EMBEDDED / "ATTRIBUTION.md").read_bytes()
    assert sorted(os.listdir(exported)) == ["ATTRIBUTION.md", "recordings"]
    assert len(os.listdir(exported / "recordings")) == 3000


def test_embedded_files_are_made_again_from_wav_files(exported, tmp_path):
    assert fsdd.write_list(exported, tmp_path) == 3000
    assert (tmp_path / "fsdd_clips.csv").read_bytes() == fsdd.LIST.read_bytes()
    made, committed = (soundfile.read(folder / "fsdd.flac", dtype="int16")[0] for folder in (tmp_path, fsdd.EMBEDDED))
    assert np.array_equal(made, committed)


def test_every_sample_is_the_published_one(real_fsdd, frame):
    assert {path.stem for path in real_fsdd.glob("*.wav")} == set(frame["clip"])
    for clip, signal in zip(frame["clip"], fsdd.signals(frame), strict=True):
        assert np.array_equal(signal * 32768, read_wav(real_fsdd / f"{clip}.wav")), clip


def test_published_files_have_the_same_fingerprint(real_fsdd):
    frame = fsdd.index(real_fsdd)
    assert fingerprint(frame) == FINGERPRINT
    assert frame.attrs["notes"] == []
    assert fsdd.check(real_fsdd.parent).ok  # the folder that holds recordings/ will do


def test_export_is_the_published_files_byte_for_byte(real_fsdd, exported):
    for path in real_fsdd.glob("*.wav"):
        assert path.read_bytes() == (exported / "recordings" / path.name).read_bytes(), path.name


# A folder that is not what it should be.

CLIP = "1_theo_1"


def rewrite(root, **how):
    """Write `CLIP` anew with the same samples in another form."""
    path = root / f"{CLIP}.wav"
    samples, _ = soundfile.read(path, dtype="int16")
    rate, channels = how.pop("rate", 8000), how.pop("channels", 1)
    samples = np.repeat(samples[:, None], channels, axis=1) / 32768
    soundfile.write(path, samples, rate, **{"subtype": "PCM_16", **how})


def write(root, samples, **how):
    soundfile.write(root / f"{CLIP}.wav", np.asarray(samples), 8000, **{"subtype": "PCM_16", **how})


def remove(root, *clips):
    for clip in clips:
        (root / f"{clip}.wav").unlink()


def copy(root, source, goal):
    shutil.copyfile(root / source, root / goal)


UNREADABLE = [
    (lambda root: (root / f"{CLIP}.wav").write_bytes(b""), "unreadable: 1_theo_1.wav: is empty"),
    (lambda root: (root / f"{CLIP}.wav").write_bytes(b"no audio"), "unreadable: 1_theo_1.wav: cannot be read as audio"),
    (lambda root: write(root, np.zeros(0)), "unreadable: 1_theo_1.wav: holds no samples"),
    (lambda root: write(root, [0.1, np.nan], subtype="FLOAT"), "unreadable: 1_theo_1.wav: 1 of 2 samples are NaN"),
    (lambda root: remove(root, CLIP), r"missing: theo 1: 1 of 2 recordings \(1_theo_1\)"),
]
CHANGED = [
    (
        lambda root: write(root, np.full(8, 0.5)),
        "changed: 1_theo_1 is not the published recording: 8 samples; expected 1,",
    ),
    (lambda root: write(root, np.zeros(1900)), "is not the published recording: other samples, though 1,900 as"),
    (lambda root: copy(root, "0_george_1.wav", "1_theo_1.wav"), "changed: 1_theo_1 holds the recording of 0_george_1"),
    (lambda root: rewrite(root, rate=44100), "1_theo_1.wav is 44,100 Hz, 1 channel, 16 bit; expected 8,000 Hz, 1 ch"),
]
SAME_SAMPLES = [
    (lambda root: rewrite(root, channels=2), "other format: 1_theo_1.wav is 8,000 Hz, 2 channels, 16 bit; expected"),
    (lambda root: rewrite(root, subtype="PCM_24"), "other format: 1_theo_1.wav is 8,000 Hz, 1 channel, 24 bit"),
    (lambda root: rewrite(root, subtype="FLOAT"), "other format: 1_theo_1.wav is 8,000 Hz, 1 channel, 32-bit float"),
]
EXTRA = [
    (lambda root: copy(root, "1_theo_1.wav", "one_theo_1.wav"), "extra: one_theo_1.wav: not named digit_speaker_take"),
    (lambda root: copy(root, "1_theo_1.wav", "1_theo_1 (2).wav"), r"extra: 1_theo_1 \(2\).wav: not named digit"),
    (
        lambda root: copy(root, "1_theo_1.wav", "1_bob_1.wav"),
        r"extra: 1_bob_1.wav: no such clip \(speakers george, theo; takes 0 to 1\)",
    ),
    (lambda root: copy(root, "1_theo_1.wav", "1_theo_01.wav"), "extra: 1_theo_01.wav: no such clip"),
    (lambda root: copy(root, "1_theo_1.wav", "1_theo_1.WAV"), "1_theo_1 is there 2 times: 1_theo_1.WAV, 1_theo_1.wav"),
    (lambda root: (root / "notes.txt").write_text("x"), "extra: notes.txt: not a wav file"),
    (lambda root: (root / "1_theo_1").mkdir(), "extra: 1_theo_1: a folder"),
]


def faults(cases):
    return pytest.mark.parametrize(("fault", "words"), cases, ids=[str(i) for i in range(len(cases))])


@faults(UNREADABLE + CHANGED + SAME_SAMPLES + EXTRA)
def test_each_fault_is_named(small_fsdd, fault, words):
    fault(small_fsdd)
    report = fsdd.check(small_fsdd)
    assert not report.ok
    assert "NOT OK" in str(report)
    with pytest.raises(CorpusError, match=rf"(?s){words}.*data_prep check fsdd --root"):
        fsdd.index(small_fsdd)


def test_a_folder_of_something_else_is_not_to_be_emptied(tmp_path):
    (tmp_path / "README.md").write_text("x")
    (tmp_path / "docs").mkdir()
    with pytest.raises(CorpusError, match=r"the corpus fsdd is not in .*(?s:.*)fetch fsdd --to DIR") as refused:
        fsdd.index(tmp_path)
    assert "remove" not in str(refused.value)
    assert "whole report" not in str(refused.value), "there is none"


@faults(UNREADABLE)
def test_rest_of_an_incomplete_folder(small_fsdd, fault, words):
    before = fsdd.index(small_fsdd)
    fault(small_fsdd)
    frame = fsdd.index(small_fsdd, allow_incomplete=True)
    assert set(before["clip"]) - set(frame["clip"]) == {CLIP}
    assert fingerprint(frame) != fingerprint(before)
    assert "1 of the 12 published recordings are not there as published" in frame.attrs["notes"][0]
    assert len(fsdd.signals(frame)) == 11


@faults(CHANGED)
def test_changed_clip_is_another_fingerprint(small_fsdd, fault, words):
    before = fsdd.index(small_fsdd)
    fault(small_fsdd)
    frame = fsdd.index(small_fsdd, allow_incomplete=True)
    assert list(frame["clip"]) == list(before["clip"])
    assert fingerprint(frame) != fingerprint(before)
    assert "1 of the 12 published recordings are not there as published" in frame.attrs["notes"][0]
    assert [signal.size for signal in fsdd.signals(frame)] == list(frame["n_samples"])


@faults(SAME_SAMPLES)
def test_other_format_with_the_published_samples(small_fsdd, fault, words):
    before = fsdd.index(small_fsdd)
    fault(small_fsdd)
    frame = fsdd.index(small_fsdd, allow_incomplete=True)
    assert fingerprint(frame) == fingerprint(before)
    assert len(frame.attrs["notes"]) == 1
    assert all(np.array_equal(a, b) for a, b in zip(fsdd.signals(frame), fsdd.signals(before), strict=True))


@faults(EXTRA)
def test_what_does_not_belong_there_changes_nothing(small_fsdd, fault, words):
    before = fsdd.index(small_fsdd)
    fault(small_fsdd)
    frame = fsdd.index(small_fsdd, allow_incomplete=True)
    assert fingerprint(frame) == fingerprint(before)
    assert len(frame) == 12


def test_two_clips_that_changed_places(small_fsdd):
    before = fingerprint(fsdd.index(small_fsdd))
    for source, goal in (("0_george_0", "kept"), ("2_theo_1", "0_george_0"), ("kept", "2_theo_1")):
        (small_fsdd / f"{source}.wav").rename(small_fsdd / f"{goal}.wav")
    assert fsdd.check(small_fsdd).changed == [
        ("0_george_0", "holds the recording of 2_theo_1"),
        ("2_theo_1", "holds the recording of 0_george_0"),
    ]
    frame = fsdd.index(small_fsdd, allow_incomplete=True)
    assert fingerprint(frame) != before
    assert "2 of the 12" in frame.attrs["notes"][0]


def test_all_faults_are_collected_and_cut_off(small_fsdd):
    remove(small_fsdd, "2_george_0", "2_george_1")
    write(small_fsdd, np.zeros(0))
    for number in range(30):
        (small_fsdd / f"stray{number}.txt").write_text("")
    with pytest.raises(CorpusError) as error:
        fsdd.index(small_fsdd)
    for words in ("missing: george 2: 2 of 2", "unreadable: 1_theo_1.wav", "and 18 more of this kind"):
        assert words in str(error.value)


@pytest.mark.parametrize("name", [".DS_Store", "._1_theo_1.wav", "Thumbs.db"])
def test_hidden_files_are_ignored(small_fsdd, name):
    (small_fsdd / name).write_bytes(b"x")
    assert fsdd.check(small_fsdd).ok


def test_folder_without_the_corpus(tmp_path):
    with pytest.raises(CorpusError, match=r"(?s)not in .*nowhere .*7_theo_12\.wav.*fetch fsdd --to"):
        fsdd.index(tmp_path / "nowhere")
    (tmp_path / "seven.wav").write_bytes(b"")
    with pytest.raises(CorpusError, match=r"seven\.wav: not named digit_speaker_take"):
        fsdd.check(tmp_path)


def test_nothing_usable_is_an_error_even_on_request(small_fsdd):
    for path in small_fsdd.iterdir():
        path.write_bytes(b"")
    with pytest.raises(CorpusError, match="not as it should be"):
        fsdd.index(small_fsdd, allow_incomplete=True)


# The embedded files, damaged.


def test_small_corpus_is_like_the_whole(small_fsdd):
    assert fingerprint(fsdd.index()) == fingerprint(fsdd.index(small_fsdd))
    first = fsdd.signals(fsdd.index())[0]
    assert (first[0], first[1]) == (-1.0, np.float32(32767 / 32768))


@pytest.mark.parametrize("name", ["fsdd.flac", "fsdd_clips.csv"])
def test_missing_embedded_file(small_fsdd, name):
    (fsdd.EMBEDDED / name).unlink()
    with pytest.raises(CorpusError, match=rf"(?s){name}.*git checkout -- "):
        fsdd.index()


def test_cut_embedded_file(small_fsdd):
    path = fsdd.EMBEDDED / "fsdd.flac"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(CorpusError, match=r"(?s)fsdd.flac.*git checkout -- "):
        fsdd.index()


def test_changed_embedded_file(small_fsdd):
    path = fsdd.EMBEDDED / "fsdd.flac"
    samples, _ = soundfile.read(path, dtype="int16")
    samples[-1] ^= 1
    soundfile.write(path, samples, 8000, subtype="PCM_16")
    with pytest.raises(CorpusError, match=r"(?s)changed: 2_theo_1 is not the published.*git checkout -- "):
        fsdd.index()


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (lambda root: remove(root, CLIP), "missing: 1_theo_1.wav"),
        (lambda root: rewrite(root, channels=2), "1_theo_1.wav: 8,000 Hz, 2 channels, 16 bit"),
        (lambda root: write(root, np.zeros(0)), "1_theo_1.wav: holds no samples"),
        (lambda root: copy(root, "1_theo_1.wav", "7_theo_1.wav"), "7_theo_1.wav: no such clip"),
        (lambda root: copy(root, "1_theo_1.wav", "1_theo_1.WAV"), "there twice: 1_theo_1.wav"),
    ],
    ids=["missing", "stereo", "empty", "extra", "twice"],
)
def test_no_list_is_written_from_a_bad_folder(small_fsdd, fault, words):
    before = {path.name: path.read_bytes() for path in fsdd.EMBEDDED.iterdir()}
    fault(small_fsdd)
    with pytest.raises(CorpusError, match=words):
        fsdd.write_list(small_fsdd)
    assert {path.name: path.read_bytes() for path in fsdd.EMBEDDED.iterdir()} == before
