"""The embedded corpus: made once, in the layout of the real ones, the same each time."""

import wave
from collections import Counter

import numpy as np
import pytest
from PIL import Image

from data_prep import CorpusError, fingerprint
from data_prep.common import folders
from data_prep.corpora import synthetic
from shared.audio.signals import load_audio
from shared.base.files import cache_root
from tests.data_prep.check_corpus import check_corpus


def four_a_class():
    """The first two songs of each class."""
    clips = CLIPS()
    return clips[clips["clip"].map(folders.clip_number) < 4].reset_index(drop=True)


CLIPS = synthetic.clips


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A corpus of 20 clips; the tests must not change it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(synthetic, "clips", four_a_class)
        return synthetic.fetch(tmp_path_factory.mktemp("made") / "corpus")


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(synthetic, "clips", four_a_class)


def test_clips():
    clips = synthetic.clips()
    assert len(clips) == 100
    assert clips["clip"].is_unique
    counts = Counter(zip(clips["label"], clips["split"], strict=True))
    assert counts == {(c, s): n for c in synthetic.CLASSES for s, n in synthetic.PER_CLASS.items()}


@pytest.fixture
def frame():
    clips = synthetic.clips()
    return clips.assign(group=[synthetic.group(row.label, row.clip) for row in clips.itertuples()])


def test_published_split_parts_songs(frame):
    assert set(frame.groupby("group").size()) == {2}
    held_out = frame[frame["split"] != "train"]
    assert held_out["group"].is_unique
    assert set(held_out["group"]) <= set(frame.loc[frame["split"] == "train", "group"])


@pytest.mark.parametrize("fold", range(5))
def test_grouped_keeps_songs_together(frame, fold):
    grouped = synthetic.with_protocol(frame, "grouped", fold)
    assert (grouped.groupby("group")["split"].nunique() == 1).all()
    counts = Counter(zip(grouped["label"], grouped["split"], strict=True))
    assert counts == {(c, s): n for c in synthetic.CLASSES for s, n in synthetic.PER_CLASS.items()}


def test_folds_tile_the_corpus(frame):
    tested = Counter()
    for fold in range(5):
        grouped = synthetic.with_protocol(frame, "grouped", fold)
        tested.update(grouped.loc[grouped["split"] == "test", "clip"])
    assert tested == dict.fromkeys(frame["clip"], 1)


def test_layout_on_disk(made, small):
    frame = synthetic.index(made)
    assert list(frame.columns) == [*folders.COLUMNS, "audio_path", "offset", "n_samples"]
    assert list(frame["clip"]) == sorted(four_a_class()["clip"])
    row = frame.set_index("clip").loc["voice.003"]
    assert tuple(row[["label", "split", "group"]]) == ("voice", "test", "voice/1")
    assert row["path"] == str(made / "images/test/voice/voice.003.png")
    assert row["audio_path"] == str(made / "test/voice/voice.003.wav")
    with wave.open(row["audio_path"]) as file:
        assert file.getparams()[:4] == (1, 2, 22050, 661500)
    with Image.open(row["path"]) as image:
        assert image.size == (1292, 128)
    assert "plucked" in (made / "README.txt").read_text()


def test_images_are_those_of_the_audio(made, small):
    import librosa
    import matplotlib.pyplot as plt
    import soundfile

    row = synthetic.index(made).iloc[0]
    signal, _ = soundfile.read(row["audio_path"], dtype="float32")
    decibels = librosa.amplitude_to_db(librosa.feature.melspectrogram(y=signal, sr=22050), ref=np.max)
    colours = plt.get_cmap("viridis")(plt.Normalize()(decibels), bytes=True)[..., :3]
    with Image.open(row["path"]) as image:
        pixels = np.asarray(image.convert("RGB"))
    # Single-precision Fourier transforms differ in the last bit; that moves an entry by one colour at most.
    assert (pixels == colours).mean() > 0.999
    assert np.abs(pixels.astype(int) - colours).max() <= 8


def test_made_twice_the_same(made, small, tmp_path):
    again = synthetic.fetch(tmp_path / "again")
    for path in made.rglob("*.wav"):
        assert path.read_bytes() == (again / path.relative_to(made)).read_bytes()
    assert fingerprint(synthetic.index(again)) == fingerprint(synthetic.index(made))


def test_check(made, small):
    report = synthetic.check(made)
    assert report.ok
    assert sum(report.counts.values()) == 20
    assert report.identical == []


def write_noise(label, number, path):
    """Half a second in the place of a clip."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 22050, 0, "NONE", ""))
        file.writeframes(
            np.random.default_rng([number, len(label)]).integers(-9000, 9000, 11025).astype("<i2").tobytes()
        )


@pytest.fixture
def quick(small, monkeypatch):
    """Making the corpus takes no time, since its clips are short noises."""
    monkeypatch.setattr(synthetic, "write_clip", write_noise)


def test_it_does_what_every_corpus_does(quick, monkeypatch):
    monkeypatch.setattr(synthetic, "N_SAMPLES", 4000)
    monkeypatch.setattr(synthetic, "N_CLIPS", 4)
    monkeypatch.setattr(synthetic, "PER_CLASS", {"train": 2, "validation": 0, "test": 2})
    monkeypatch.setitem(synthetic.N_FOLDS, "grouped", 2)
    check_corpus(synthetic.CORPUS)


def test_made_on_first_use_and_then_kept(quick):
    assert not synthetic.locate().exists()
    first = synthetic.index()
    assert synthetic.locate() == cache_root() / "corpora" / "synthetic-v1"
    stamp = (synthetic.locate() / "README.txt").stat().st_mtime_ns
    assert synthetic.index().equals(first)
    assert (synthetic.locate() / "README.txt").stat().st_mtime_ns == stamp
    assert [path.name for path in synthetic.locate().parent.iterdir()] == ["synthetic-v1"]


@pytest.mark.parametrize("damage", ["unlink", "cut"])
def test_damaged_cache_is_made_again(quick, damage):
    before = synthetic.index()
    image = synthetic.locate() / "images/train/drums/drums.000.png"
    whole = image.read_bytes()
    image.unlink() if damage == "unlink" else image.write_bytes(whole[:200])
    assert synthetic.index().equals(before)


def test_windows_follow_their_clip(quick, monkeypatch):
    monkeypatch.setattr(synthetic, "N_SAMPLES", 4000)
    index = synthetic.index()
    rows = synthetic.windows(index, 1500, 1000)
    assert len(rows) == 3 * len(index)
    assert rows["clip"].tolist()[:4] == ["bowed.000.00", "bowed.000.01", "bowed.000.02", "bowed.001.00"]
    whole = load_audio(index["audio_path"][0], synthetic.SAMPLE_RATE_HZ)
    assert np.array_equal(synthetic.signals(rows[:3])[2], whole[2000:3500])
    for protocol, fold in (("published", 0), ("grouped", 3)):
        split_of = dict(zip(index["clip"], synthetic.with_protocol(index, protocol, fold)["split"], strict=True))
        split = synthetic.with_protocol(rows, protocol, fold)
        assert split["split"].tolist() == split["track"].map(split_of).tolist()


def test_damaged_folder_of_the_user_is_an_error(quick, tmp_path):
    root = synthetic.fetch(tmp_path / "mine")
    (root / "images/train/drums/drums.000.png").write_bytes(b"junk")
    with pytest.raises(CorpusError, match=r"(?s)unreadable: train/drums/drums.000.png.*fetch synthetic"):
        synthetic.index(root)


def test_half_made_leftover_is_replaced(quick):
    leftover = synthetic.locate().with_name(".synthetic-v1.partial")
    leftover.mkdir(parents=True)
    (leftover / "stray").write_text("x")
    synthetic.index()
    assert not (synthetic.locate() / "stray").exists()
    assert not leftover.exists()


def test_folder_in_use_is_left_alone(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(CorpusError, match="is not empty"):
        synthetic.fetch(tmp_path)
    with pytest.raises(CorpusError, match=r"not in .*fetch synthetic --to"):
        synthetic.index(tmp_path)
    assert (tmp_path / "notes.txt").read_text() == "mine"
