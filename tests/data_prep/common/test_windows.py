"""Windows of clips: how they are cut, read and split; `tests.data_prep.check_corpus` asks the same of every corpus."""

import librosa
import numpy as np
import pytest

from data_prep import CorpusError
from data_prep.common import windows
from data_prep.corpora import fsdd, vntm

SHORTEST, LONGEST = "6_yweweler_3", "9_theo_16"  # of 1,148 and 18,262 samples at 8,000 Hz


@pytest.fixture(scope="module")
def frame():
    return fsdd.index()


@pytest.fixture(scope="module")
def two(frame):
    return frame.set_index("clip", drop=False).loc[[SHORTEST, LONGEST]]


def test_windows_of_a_clip_at_another_rate_are_those_that_librosa_gives(two):
    rows = windows.cut(fsdd.CORPUS, two, 22050, 0.5, 0.25, fill=True)
    short, long = (librosa.resample(signal, orig_sr=8000, target_sr=22050) for signal in fsdd.signals(two))
    length, hop = 11025, 5512  # half of a second, and a quarter of one, rounded to even
    n_windows = (len(long) - length) // hop + 1
    assert rows["clip"].tolist() == [f"{SHORTEST}.00", *(f"{LONGEST}.{number:02d}" for number in range(n_windows))]
    first, *others = windows.signals(fsdd.CORPUS, rows)
    assert np.array_equal(first, np.pad(short, (0, length - len(short)))), "filled up with zeros"
    assert len(others) == n_windows
    for number, window in enumerate(others):
        np.testing.assert_allclose(window, long[number * hop :][:length], atol=1e-6)


def test_a_signal_is_cut_as_a_clip_is(two):
    rows = windows.cut(fsdd.CORPUS, two, 8000, 0.5, 0.25, fill=True)
    short, long = (windows.of_signal(signal, 8000, 0.5, 0.25) for signal in fsdd.signals(two))
    assert np.array_equal([*short, *long], list(windows.signals(fsdd.CORPUS, rows)))


def test_a_clip_that_is_too_short_is_named(two):
    message = rf"1 of 2 clips of corpus fsdd are shorter than a window of 1 s; .*\n  {SHORTEST}: 0\.14 s$"
    with pytest.raises(CorpusError, match=message):
        windows.cut(fsdd.CORPUS, two, 8000, 1.0)


def test_so_many_windows_at_most(two):
    rows = windows.cut(fsdd.CORPUS, two, 8000, 0.1, at_most=2)
    assert rows["track"].tolist() == [SHORTEST, LONGEST, LONGEST]
    assert rows["offset"].tolist() == [0, 0, 800]


def test_windows_of_a_clip_are_never_on_both_sides(frame):
    rows = windows.cut(fsdd.CORPUS, frame[::10], 8000, 0.2, 0.1, fill=True)
    assert rows["clip"].is_unique
    split = windows.with_protocol(fsdd.CORPUS, rows, "grouped", 2)
    assert (split.groupby("track")["split"].nunique() == 1).all()
    assert set(split.loc[split["split"] == "test", "group"]) == {"lucas"}


def test_any_order_of_the_rows_is_read(frame):
    rows = windows.cut(fsdd.CORPUS, frame[:4], 8000, 0.1)
    mixed = rows.sample(frac=1, random_state=1)
    found = dict(zip(mixed["clip"], windows.signals(fsdd.CORPUS, mixed), strict=True))
    assert all(
        np.array_equal(found[c], s) for c, s in zip(rows["clip"], windows.signals(fsdd.CORPUS, rows), strict=True)
    )


def test_a_corpus_of_images_and_lengths_without_a_sample_are_refused(two):
    with pytest.raises(ValueError, match="corpus vntm has no audio to cut into windows"):
        windows.cut(vntm.CORPUS, two, 8000, 1.0)
    with pytest.raises(ValueError, match=r"windows of 1e-05 s, None s apart, at 8000 Hz hold no sample"):
        windows.cut(fsdd.CORPUS, two, 8000, 1e-5)
