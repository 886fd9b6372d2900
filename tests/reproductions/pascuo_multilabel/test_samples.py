"""Samples: how they are drawn, their MFCCs, their scale, and what all of it needs of memory."""

import tracemalloc
from types import SimpleNamespace

import librosa
import numpy as np
import pandas as pd
import pytest
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from data_prep import figure1
from reproductions.pascuo_multilabel import samples
from reproductions.pascuo_multilabel.mfcc import mfcc
from shared.paper import load_paper

PAPER = load_paper("pascuo_multilabel")
SETTINGS = PAPER.settings_for()
RATE_HZ = 44100


def tracks(labels, seconds=3.0):
    """An index of tracks with these label sets."""
    clips = [f"track.{number:05d}" for number in range(len(labels))]
    n_samples = int(seconds * RATE_HZ)
    return pd.DataFrame(
        {"clip": clips, "path": clips, "label": labels, "group": clips, "offset": 0, "n_samples": n_samples}
    )


def test_a_track_with_two_labels_is_drawn_twice_as_often():
    index = tracks(["A", "A|B", "B", "A|C"])
    rows = samples.draw(index, 60_000, 1.0)
    shares = rows["track"].value_counts(normalize=True)
    # Of 6 labels, A has 3, B 2 and C 1; a track is drawn through each label that it has.
    assert [shares[clip] for clip in index["clip"]] == pytest.approx([1 / 6, 2 / 6, 1 / 6, 2 / 6], abs=0.01)


def test_samples_lie_in_their_tracks_and_are_the_same_every_time():
    index = tracks(["A", "A|B", "B"])
    rows = samples.draw(index, 200, 0.25)
    assert rows.equals(samples.draw(index, 200, 0.25))
    assert not rows.equals(samples.draw(index, 200, 0.25, seed=1))
    assert rows["clip"].is_unique
    assert (rows["n_samples"] == 11025).all()
    assert rows["offset"].between(0, 3 * RATE_HZ - 11025).all()
    assert rows["offset"].max() > 2.5 * RATE_HZ
    assert rows.sort_values(["track", "offset"]).index.tolist() == list(range(200))
    assert rows["clip"].str.rpartition(".")[0].equals(rows["track"])


def test_a_sample_may_be_the_whole_track_and_shorter_tracks_are_not_drawn_from():
    index = tracks(["A", "B"], seconds=1.0)
    index.loc[1, "n_samples"] = RATE_HZ - 1
    rows = samples.draw(index, 20, 1.0)
    assert set(rows["label"]) == {"A"}
    assert (rows["offset"] == 0).all()
    with pytest.raises(ValueError, match="no track lasts 2 s, the length of a sample"):
        samples.draw(index, 20, 2.0)


def test_one_sample_a_second_but_fewer_of_a_stand_in():
    index = tracks(["A", "B"], seconds=10.0)
    assert len(samples.samples_of(SimpleNamespace(NAME="music_library"), index, SETTINGS)) == 20
    few = SETTINGS | {"stand_in_samples": 7}
    assert len(samples.samples_of(SimpleNamespace(NAME="figure1"), index, few)) == 7


def test_frequent_genres_are_thinned_where_some_are_frequent():
    index = samples.tracks_of(figure1, SETTINGS)
    assert len(index) < SETTINGS["stand_in_tracks"]
    counts = index["label"].value_counts()
    assert counts["Filmscore"] == counts["Filmscore|Pop"] == 10  # 1 % of 1,000
    assert counts["Others"] > 10  # is made of rare genres
    assert "are left out to thin the most frequent genres" in index.attrs["notes"][-1]


def test_without_others():
    index = samples.tracks_of(figure1, SETTINGS | {"drop_others": True})
    assert not index["label"].str.contains("Others").any()
    module = SimpleNamespace(NAME="mixtures", index=lambda n_tracks: tracks(["A", "B"]))
    with pytest.raises(ValueError, match="no track of the corpus mixtures has the label Others"):
        samples.tracks_of(module, SETTINGS | {"drop_others": True})


@pytest.mark.parametrize(("variant", "frames"), [("paper", 99), ("quarter-second", 24), ("librosa-mfcc", 101)])
def test_the_frames_of_a_sample(variant, frames):
    settings = PAPER.settings_for(variant)
    assert samples.n_frames(settings) == frames
    n_samples = round(settings["sample_seconds"] * RATE_HZ)
    signals = 0.1 * np.random.default_rng(0).standard_normal((2, n_samples)).astype(np.float32)
    assert samples.mfccs(signals, settings).shape == (2, frames, 13)


def test_librosas_mfccs_are_each_samples_own():
    signals = np.random.default_rng(0).standard_normal((2, RATE_HZ)).astype(np.float32) * [[0.5], [0.0001]]
    signals = signals.astype(np.float32)
    ours = samples.mfccs(signals, PAPER.settings_for("librosa-mfcc"))
    expected = librosa.feature.mfcc(y=signals[1], sr=RATE_HZ, n_mfcc=13, n_fft=2048, hop_length=441, n_mels=26)
    np.testing.assert_allclose(ours[1], expected.T, rtol=1e-5)


def test_an_unknown_feature_is_refused():
    with pytest.raises(ValueError, match="feature must be one of python_speech_features, librosa; received 'mel'"):
        samples.mfccs(np.zeros((1, RATE_HZ), np.float32), SETTINGS | {"feature": "mel"})


def test_features_are_those_of_each_sample_and_are_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_CACHE", str(tmp_path))
    rows = samples.draw(figure1.index(n_tracks=3), 5, 0.25)
    settings = SETTINGS | {"sample_seconds": 0.25}
    features = samples.features_of("figure1", rows, settings, "0123456789abcdef", n_jobs=1)
    assert features.shape == (5, 24, 13)
    for row, found in zip(figure1.signals(rows), features, strict=True):
        np.testing.assert_allclose(found, mfcc(row[None] * 32768)[0], atol=1e-4)
    monkeypatch.setattr(samples, "compute", None)
    again = samples.features_of("figure1", rows, settings, "0123456789abcdef", n_jobs=1)
    assert np.array_equal(again, features)


def test_chunks_are_of_whole_tracks():
    names = np.repeat(["a", "b", "c", "d"], [40, 40, 100, 3])
    assert list(samples._chunks(names)) == [slice(0, 80), slice(80, 180), slice(180, 183)]
    assert list(samples._chunks(names[:1])) == [slice(0, 1)]


def test_the_scale_of_the_set_is_scikit_learns_of_one_column():
    features = np.random.default_rng(0).normal(5, 3, (7, 4, 13)).astype(np.float32)
    scaled = samples.Scaled(features, samples.scale_of(features, "set", np.arange(2)))
    expected = MinMaxScaler().fit_transform(features.reshape(-1, 1)).reshape(features.shape)
    np.testing.assert_allclose(scaled[np.arange(7)], expected, atol=1e-6)
    assert scaled[np.array([3])].dtype == np.float32
    assert (len(scaled), scaled.shape) == (7, (7, 4, 13))


def test_the_scale_of_each_coefficient_is_scikit_learns_on_the_training_rows(monkeypatch):
    monkeypatch.setattr(samples, "BLOCK", 2)
    features = np.random.default_rng(0).normal(5, np.arange(1, 14), (7, 4, 13)).astype(np.float32)
    training = np.array([0, 2, 3, 5, 6])
    scaled = samples.Scaled(features, samples.scale_of(features, "coefficient", training))
    scaler = StandardScaler().fit(features[training].reshape(-1, 13))
    expected = scaler.transform(features.reshape(-1, 13)).reshape(features.shape)
    np.testing.assert_allclose(scaled[np.arange(7)], expected, atol=1e-5)


def test_a_coefficient_that_never_changes_is_not_divided_by_zero():
    features = np.full((3, 4, 13), 2.0, np.float32)
    for how in ("set", "coefficient"):
        assert (samples.Scaled(features, samples.scale_of(features, how, np.arange(3)))[np.arange(3)] == 0).all()


def test_without_scaling_features_stay_as_they_are():
    features = np.random.default_rng(0).normal(5, 3, (4, 99, 13)).astype("float32")
    scaled = samples.Scaled(features, samples.scale_of(features, "none", np.arange(3)))
    np.testing.assert_array_equal(scaled[[1, 3]], features[[1, 3]])


def test_an_unknown_scaling_is_refused():
    with pytest.raises(ValueError, match="scaling must be one of set, coefficient, none"):
        samples.scale_of(np.zeros((1, 2, 13)), "other", np.arange(1))


def peak_bytes(n_tracks, settings):
    """The most memory while the MFCCs of so many tracks, a sample each, are computed and thrown away."""
    index = tracks(["A"] * n_tracks)
    rows = index.assign(track=index["clip"], n_samples=int(settings["sample_seconds"] * RATE_HZ))
    tracemalloc.start()
    try:
        n = sum(1 for _ in samples.compute("a corpus", rows, settings, n_jobs=1))
        assert n == n_tracks
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_tracks(monkeypatch):
    """Of 10,000 tracks as of 1,000: the samples of a chunk, not those of the set, which would be 88 MB."""
    sound = np.random.default_rng(0).standard_normal(2205).astype(np.float32)
    module = SimpleNamespace(signals=lambda rows: (sound for _ in range(len(rows))))
    monkeypatch.setattr(samples.data_prep, "corpus", lambda name: module)
    settings = SETTINGS | {"sample_seconds": 0.05}
    few, many = (peak_bytes(n, settings) for n in (1_000, 10_000))
    assert many < few + 2e6
    assert many < 24e6
