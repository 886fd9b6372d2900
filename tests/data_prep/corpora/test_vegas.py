"""The corpus vegas: layouts, what cannot be used, conversion, folds, and beginning a training on it."""

import shutil

import numpy as np
import pytest
import soundfile

from data_prep import CorpusError, fingerprint
from data_prep.common import folders
from data_prep.corpora import vegas
from tests.data_prep.check_corpus import check_corpus

N_CLIPS = 10  # a class, of 300 samples and more


def sound(number: int, n_samples: int) -> np.ndarray:
    return np.random.default_rng(number).integers(-9000, 9000, n_samples, dtype=np.int16)


@pytest.fixture
def root(tmp_path):
    """A small corpus under the data root: drums and dogs, as ``dog/audios/video_00003.wav``."""
    root = tmp_path / "data" / "vegas"
    for label in ("dog", "drum"):
        folder = root / label / "audios"
        folder.mkdir(parents=True)
        for number in range(N_CLIPS):
            samples = sound(number + (100 if label == "drum" else 0), 300 + number)
            soundfile.write(folder / f"video_{number:05d}.wav", samples, 44100, subtype="PCM_16")
        (root / label / "videos").mkdir()
        (root / label / "video_info.csv").write_text("YTID,start_second,end_second\n")
    return root


def test_it_does_what_every_corpus_does(root):
    folder = root / "dog" / "audios"
    soundfile.write(folder / "video_00010.wav", sound(10, 310), 44100, subtype="PCM_16")  # ten are left, one a fold
    check_corpus(vegas.CORPUS)


def test_index(root):
    frame = vegas.index()
    assert tuple(frame.columns) == (*folders.COLUMNS, "offset", "n_samples")
    assert len(frame) == 2 * N_CLIPS
    assert vegas.classes() == ("dog", "drum")
    row = frame.set_index("clip").loc["drum.video_00003"]
    assert tuple(row[["label", "group", "offset", "n_samples"]]) == ("drum", "drum.video_00003", 0, 303)
    assert row["path"] == str(root / "drum" / "audios" / "video_00003.wav")
    assert "the other classes are used" in frame.attrs["notes"][0]
    assert "printer" in frame.attrs["notes"][0]


def test_signals(root):
    frame = vegas.index().iloc[[12, 0]]
    drum, dog = vegas.signals(frame)
    assert np.array_equal(drum * 32768, sound(102, 302))
    assert np.array_equal(dog * 32768, sound(0, 300))


@pytest.mark.parametrize("place", ["data", "VEGAS", "VEGAS/data"])
def test_layouts(root, tmp_path, place):
    before = fingerprint(vegas.index())
    other = tmp_path / "other"
    for label in ("dog", "drum"):
        shutil.copytree(root / label / "audios", other / place / label)  # the files beside one another, no audios/
    assert fingerprint(vegas.index(other)) == before


def test_what_cannot_be_used_is_named_and_left_out(root):
    soundfile.write(root / "dog" / "audios" / "empty.wav", np.zeros(0, "int16"), 44100)
    (root / "drum" / "audios" / "text.mp3").write_text("not audio")
    shutil.copyfile(root / "dog" / "audios" / "video_00001.wav", root / "dog" / "audios" / "video_00001.WAV")
    frame = vegas.index()
    assert len(frame) == 2 * N_CLIPS
    skipped = dict(map(tuple, frame.attrs["skipped"]))
    assert set(skipped) == {"dog/empty.wav", "drum/text.mp3"}
    assert "no samples" in skipped["dog/empty.wav"]
    notes = "\n".join(frame.attrs["notes"])
    assert "unreadable: dog/empty.wav" in notes
    assert "video_00001" in notes
    assert "has the same name" in notes
    assert not vegas.check().ok


def test_a_folder_that_is_mostly_unreadable_is_refused(root):
    for path in sorted((root / "dog" / "audios").iterdir()) + sorted((root / "drum" / "audios").iterdir())[:5]:
        path.write_text("not audio")
    with pytest.raises(CorpusError, match="15 of 20 clips of the corpus vegas .* cannot be used"):
        vegas.index()


def test_other_formats_are_converted_and_counted(root):
    path = root / "dog" / "audios" / "video_00002.wav"
    samples = np.stack([sound(1, 400), sound(2, 400)], axis=1)
    soundfile.write(path, samples, 22050, subtype="PCM_16")
    frame = vegas.index()
    row = frame[frame["clip"] == "dog.video_00002"]
    assert row["n_samples"].item() == 800
    assert vegas.signals(row)[0].size == 800
    assert "1 file is 22,050 Hz, 2 channels, 16 bit, converted to mono 44,100 Hz." in frame.attrs["notes"]


def test_folds_hold_each_clip_out_once_and_keep_repetitions_together(root):
    shutil.copyfile(root / "dog" / "audios" / "video_00000.wav", root / "dog" / "audios" / "video_00010.wav")
    frame = vegas.index()
    assert any("dog.video_00000 = dog.video_00010" in note for note in frame.attrs["notes"])
    held_out = []
    for fold in range(10):
        split = vegas.with_protocol(frame, "published", fold)
        rows = split[split["split"] == "validation"]
        assert set(rows["label"]) == {"dog", "drum"}
        held_out += list(rows["clip"])
        assert not set(rows["group"]) & set(split.loc[split["split"] == "train", "group"])
    assert sorted(held_out) == list(frame["clip"])


def test_a_class_with_fewer_clips_than_folds_is_named(root):
    (root / "drum" / "audios" / "video_00009.wav").unlink()
    with pytest.raises(CorpusError, match=r"too few: drum \(9\)"):
        vegas.index()


def test_no_corpus_says_what_is_expected_and_where(tmp_path):
    (tmp_path / "data" / "vegas" / "dog" / "videos").mkdir(parents=True)
    assert vegas.classes() == vegas.KNOWN
    for call in (vegas.locate, vegas.index, vegas.check):
        with pytest.raises(CorpusError) as error:
            call()
        assert str(tmp_path / "data" / "vegas") in str(error.value)
        assert "dog/audios/video_00001.wav" in str(error.value)
        assert "extract the audio first" in str(error.value)
