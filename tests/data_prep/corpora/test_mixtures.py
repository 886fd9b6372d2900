"""Mixtures of real recordings: made-up recordings whose mixture is known, the pools, and the real subset."""

from collections import Counter

import numpy as np
import pytest
import soundfile

from data_prep import CorpusError, fingerprint
from data_prep.common import label_sets
from data_prep.corpora import mixtures
from tests.data_prep.check_corpus import check_corpus

RATE = 44100
CLASSES = ("Bass", "Cello", "Flute")
N_EACH = 14  # recordings of a class, two a pool


@pytest.fixture
def root(tmp_path):
    """A folder of 42 recordings: a tone each, of a pitch of its own, 0.1 to 0.5 s; some at 22,050 Hz."""
    folder = tmp_path / "data" / "fsdkaggle2018_subset"
    folder.mkdir(parents=True)
    lines = ["fname,label"]
    for number in range(len(CLASSES) * N_EACH):
        rate = 22050 if number % 5 == 0 else RATE
        time = np.arange(int((0.1 + 0.01 * number) * rate)) / rate
        tone = (0.02 + 0.02 * (number % 7)) * np.sin(2 * np.pi * (300 + 50 * number) * time)
        soundfile.write(folder / f"{number:02d}.wav", tone, rate, subtype="PCM_16")
        lines.append(f"{number:02d}.wav,{CLASSES[number % 3]}")
    (folder / "train.csv").write_text("\n".join(lines) + "\n")
    mixtures._recording.cache_clear()
    mixtures._mixed.cache_clear()
    return folder


def pitches(signal):
    """The frequencies of the clear peaks in a signal, in hertz, strongest first."""
    spectrum = np.abs(np.fft.rfft(signal * np.hanning(signal.size)))
    peaks = np.flatnonzero((spectrum[1:-1] > spectrum[:-2]) & (spectrum[1:-1] > spectrum[2:])) + 1
    peaks = peaks[spectrum[peaks] > 0.2 * spectrum.max()]
    return sorted(peaks * RATE / signal.size)


def test_it_does_what_every_corpus_does(root):
    check_corpus(mixtures.CORPUS)


def test_index(root):
    frame = mixtures.index(n_tracks=350)
    assert tuple(frame.columns) == mixtures.COLUMNS == label_sets.COLUMNS
    assert list(frame["clip"].iloc[[0, -1]]) == ["mixtures.00000", "mixtures.00349"]
    assert set(frame["n_samples"]) == {5 * RATE}
    assert mixtures.classes() == label_sets.classes_of(frame["label"]) == CLASSES
    n_labels = frame["label"].map(lambda labels: len(label_sets.split(labels)))
    assert set(n_labels) == {1, 2}
    assert abs((n_labels == 2).mean() - 0.739) < 4 * np.sqrt(0.739 * 0.261 / 350)
    assert list(n_labels) == [len(label_sets.split(path)) for path in frame["path"]]
    assert frame.attrs["notes"] == []


def test_labels_are_those_of_the_recordings(root):
    label_of = {f"{number:02d}.wav": CLASSES[number % 3] for number in range(42)}
    for row in mixtures.index(n_tracks=50).itertuples():
        names = [path.rsplit("/", 1)[1] for path in label_sets.split(row.path)]
        assert label_sets.join(label_of[name] for name in names) == row.label


def test_each_recording_is_heard(root):
    """The tones in a track are those of its recordings, within a bin of 2 Hz that a repeated tone smears."""
    frame = mixtures.index(n_tracks=12)
    for row, signal in zip(frame.itertuples(), mixtures.signals(frame), strict=True):
        assert (signal.dtype, signal.shape) == (np.float32, (5 * RATE,))
        assert np.abs(signal).max() == pytest.approx(0.9, abs=1e-3)
        numbers = [int(path[-6:-4]) for path in label_sets.split(row.path)]
        for expected in (300 + 50 * number for number in numbers):
            assert min(abs(np.array(pitches(signal)) - expected)) < 12


def test_levels_differ_by_12_db_at_most(root):
    frame = mixtures.index(n_tracks=60)
    frame = frame[frame["label"].str.contains("|", regex=False)].iloc[:15]
    for row, signal in zip(frame.itertuples(), mixtures.signals(frame), strict=True):
        spectrum = np.abs(np.fft.rfft(signal)) ** 2
        bands = []
        for path in label_sets.split(row.path):
            centre = (300 + 50 * int(path[-6:-4])) * 5
            bands.append(spectrum[centre - 75 : centre + 75].sum())  # 15 Hz to either side: most of a repeated tone
        assert abs(10 * np.log10(bands[0] / bands[1])) < 12 + 3


def test_signals_of_parts(root):
    frame = mixtures.index(n_tracks=3)
    whole = list(mixtures.signals(frame))
    parts = list(mixtures.signals(frame.iloc[[2, 1]].assign(offset=RATE, n_samples=100)))
    assert np.array_equal(parts[0], whole[2][RATE : RATE + 100])
    assert np.array_equal(parts[1], whole[1][RATE : RATE + 100])


def test_at_half_the_rate_the_same_recordings_are_heard(root):
    frame = mixtures.index(n_tracks=6).assign(n_samples=5 * 22050)
    for row, signal in zip(frame.itertuples(), mixtures.signals(frame, 22050), strict=True):
        assert signal.shape == (5 * 22050,)
        for expected in (300 + 50 * int(path[-6:-4]) for path in label_sets.split(row.path)):
            assert min(abs(np.array(pitches(signal)) / 2 - expected)) < 12


def test_two_channels_are_the_same(root):
    frame = mixtures.index(n_tracks=1)
    (one,), (two,) = mixtures.signals(frame), mixtures.signals(frame, channels=2)
    assert two.shape == (5 * RATE, 2)
    assert (two == one[:, None]).all()


def test_a_track_is_mixed_once_for_neighbouring_rows(root, monkeypatch):
    mixtures._mixed.cache_clear()
    asked = []
    monkeypatch.setattr(mixtures, "_recording", lambda path, rate: asked.append(path) or np.ones(10))
    frame = mixtures.index(n_tracks=1).assign(n_samples=5)
    n = len(label_sets.split(frame["path"].iloc[0]))
    assert len(list(mixtures.signals(frame.iloc[[0, 0, 0]]))) == 3
    assert len(asked) == n
    mixtures._mixed.cache_clear()


def test_grouped_shares_no_recording(root):
    frame = mixtures.index(n_tracks=350)
    for seed in range(4):
        grouped = mixtures.with_protocol(frame, "grouped", seed=seed)
        heard = {
            split: {path for paths in here["path"] for path in label_sets.split(paths)}
            for split, here in grouped.groupby("split")
        }
        assert not heard["train"] & heard["validation"]
        assert Counter(grouped["split"]) == {"train": 300, "validation": 50}
        assert label_sets.classes_of(grouped.loc[grouped["split"] == "validation", "label"]) == CLASSES
    published = mixtures.with_protocol(frame, "published")
    heard = [
        {path for paths in published.loc[published["split"] == split, "path"] for path in label_sets.split(paths)}
        for split in ("train", "validation")
    ]
    assert heard[0] & heard[1]


def test_same_recordings_same_tracks(root, tmp_path):
    """Wherever they lie; a smaller corpus is the beginning of a larger one; other content is another fingerprint."""
    frame = mixtures.index(n_tracks=20)
    moved = root.rename(tmp_path / "elsewhere")
    again = mixtures.index(moved, n_tracks=30).iloc[:20]
    assert fingerprint(again) == fingerprint(frame)
    mixtures._recording.cache_clear()
    mixtures._mixed.cache_clear()
    assert np.array_equal(next(mixtures.signals(again)), next(mixtures.signals(frame.assign(path=again["path"]))))
    soundfile.write(moved / "03.wav", np.ones(9000) / 4, RATE)
    assert fingerprint(mixtures.index(moved, n_tracks=100)) != fingerprint(mixtures.index(moved, n_tracks=99))
    assert fingerprint(mixtures.index(moved, n_tracks=20)) != fingerprint(frame)


def test_silence_and_a_stereo_recording(root):
    soundfile.write(root / "00.wav", np.zeros(5000), RATE)
    soundfile.write(root / "01.wav", np.zeros((5000, 2)) + 0.1, RATE)
    assert all(np.isfinite(signal).all() for signal in mixtures.signals(mixtures.index(n_tracks=40)))


def test_recording_that_cannot_be_read(root):
    (root / "04.wav").write_bytes(b"no audio")
    (root / "05.wav").unlink()
    report = mixtures.check()
    assert not report.ok
    assert report.counts["usable", "Cello"] == 13
    with pytest.raises(
        CorpusError, match=r"(?s)unreadable: 04.wav: cannot be read.*05.wav: no such file.*check mixtures"
    ):
        mixtures.index()
    frame = mixtures.index(allow_incomplete=True, n_tracks=200)
    assert [name for name, _ in frame.attrs["skipped"]] == ["04.wav", "05.wav"]
    assert not frame["path"].str.contains("04.wav|05.wav").any()


def test_repeated_recordings_are_left_out(root):
    """Else one of them could be in a pool to train on and the other in one to validate on."""
    (root / "04.wav").write_bytes((root / "07.wav").read_bytes())
    frame = mixtures.index(n_tracks=300)
    assert frame.attrs["notes"] == ["1 recordings repeat another one and are left out."]
    assert not frame["path"].str.contains("07.wav").any()


def test_too_few_recordings(root):
    lines = (root / "train.csv").read_text().splitlines()
    (root / "train.csv").write_text("\n".join(lines[:19]) + "\n")  # six of each class for seven pools
    with pytest.raises(CorpusError, match="too few recordings: each of 7 pools needs two classes"):
        mixtures.index()
    with pytest.raises(ValueError, match="n_tracks must be 1 or more; received 0"):
        mixtures.index(n_tracks=0)


def test_table_of_another_form(root):
    (root / "train.csv").write_text("file,class\na.wav,Cello\n")
    with pytest.raises(CorpusError, match="has the columns file, class; expected are fname, label"):
        mixtures.index()


def test_no_recordings(tmp_path):
    for ask in (mixtures.locate, mixtures.index, mixtures.check):
        with pytest.raises(CorpusError, match=r"fsdkaggle2018_subset.*train.csv with the columns fname, label"):
            ask()
    assert mixtures.classes() == ()


def test_real_recordings(real_fsdkaggle2018_subset):
    """Golden: 1,000 tracks of 200 recordings of ten classes."""
    mixtures._recording.cache_clear()
    mixtures._mixed.cache_clear()
    frame = mixtures.index(real_fsdkaggle2018_subset)
    assert len(frame) == 1000
    assert fingerprint(frame) == "d902349e711c0bd3"
    assert len(label_sets.count(frame["label"])) == 10
    grouped = mixtures.with_protocol(frame, "grouped")
    validation = grouped[grouped["split"] == "validation"]
    assert len(label_sets.count(validation["label"])) == 10
    assert all(0.85 < np.abs(signal).max() < 0.95 for signal in mixtures.signals(frame.iloc[:5]))
