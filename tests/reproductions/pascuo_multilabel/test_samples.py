"""Samples: how they are drawn and split, their MFCCs, their scale, and what all of it needs of memory."""

import dataclasses
import tracemalloc
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.preprocessing import MinMaxScaler, StandardScaler

import data_prep
from data_prep.common import label_sets
from data_prep.corpora.library_labels import ALL, dealt
from reproductions.pascuo_multilabel import samples
from reproductions.pascuo_multilabel.mfcc import mfcc
from reproductions.pascuo_multilabel.settings import Mfcc, Split, Training
from shared.paper.loading import load_paper
from shared.paper.settings import SettingsError, read_settings
from shared.results.exact import label_rates

PAPER = load_paper("pascuo_multilabel")
SETTINGS = PAPER.settings_for()
SHARES = read_settings(Split, SETTINGS)
RATE_HZ = 44100


def tracks(labels, seconds=3.0):
    """An index of tracks with these label sets."""
    clips = [f"track.{number:05d}" for number in range(len(labels))]
    n_samples = int(seconds * RATE_HZ)
    return pd.DataFrame(
        {"clip": clips, "path": clips, "label": labels, "group": clips, "offset": 0, "n_samples": n_samples}
    )


# ---- drawing


def test_a_track_with_two_labels_is_drawn_twice_as_often():
    index = tracks(["A", "A|B", "B", "A|C"])
    rows = samples.draw(index, 60_000, SETTINGS)
    shares = rows["track"].value_counts(normalize=True)
    # Of 6 labels, A has 3, B 2 and C 1; a track is drawn through each label that it has.
    assert [shares[clip] for clip in index["clip"]] == pytest.approx([1 / 6, 2 / 6, 1 / 6, 2 / 6], abs=0.01)


def test_a_label_is_found_in_the_text_of_another_as_in_the_authors_code():
    """Of 3 labels each has a third; Rock is looked for in all three texts, and found in two of them."""
    rows = samples.draw(tracks(["Rock", "Rock'n'Roll", "Pop"]), 60_000, SETTINGS)
    shares = rows["label"].value_counts(normalize=True)
    expected = [1 / 6, 1 / 6 + 1 / 3, 1 / 3]
    assert [shares[name] for name in ("Rock", "Rock'n'Roll", "Pop")] == pytest.approx(expected, abs=0.01)


def test_a_label_that_stands_twice_counts_twice():
    rows = samples.draw(tracks(["Others|Others", "A"]), 60_000, SETTINGS)
    assert (rows["label"] == "A").mean() == pytest.approx(1 / 3, abs=0.01)


def test_the_drawn_labels_have_the_expected_shares():
    """What `shared.results.exact` expects of the paper's label pairs is what is drawn from the tracks that they
    make."""
    index, n = tracks(list(dealt()), seconds=0.5), 200_000
    rows = samples.draw(index, n, SETTINGS)
    found = label_sets.multi_hot(list(rows["label"]), PAPER.corpus.classes).mean(axis=0)
    expected = np.array(label_rates(PAPER.corpus.drawn, PAPER.corpus.classes))
    assert (np.abs(found - expected) < 4.5 * np.sqrt(expected * (1 - expected) / n)).all()


def test_samples_lie_in_their_tracks_and_are_the_same_every_time():
    index = tracks(["A", "A|B", "B"])
    rows = samples.draw(index, 200, SETTINGS)
    assert rows.equals(samples.draw(index, 200, SETTINGS))
    assert not rows.equals(samples.draw(index, 200, SETTINGS, seed=1))
    assert rows["clip"].is_unique
    assert (rows["n_samples"] == 4410).all()
    assert rows["offset"].between(0, 3 * 22050 - 4410).all()
    assert rows["offset"].max() > 2.5 * 22050
    assert rows.sort_values(["track", "offset"]).index.tolist() == list(range(200))
    assert rows["clip"].str.rpartition(".")[0].equals(rows["track"])
    assert sorted(rows["drawn"]) == list(range(200))
    of_two = samples.draw(index, 200, PAPER.settings_for("two-channels"))
    assert (of_two["n_samples"] == 4410).all()
    assert of_two["offset"].max() > 2.5 * 44100


def test_a_sample_may_be_the_whole_track_and_shorter_tracks_are_not_drawn_from():
    index = tracks(["A", "B"], seconds=0.2)
    index.loc[1, "n_samples"] -= 1
    rows = samples.draw(index, 20, SETTINGS)
    assert set(rows["label"]) == {"A"}
    assert (rows["offset"] == 0).all()
    with pytest.raises(ValueError, match=r"no track lasts 0.4 s, the length of a sample"):
        samples.draw(index, 20, SETTINGS | {"sample_samples": 8820})


def test_one_sample_a_second_but_as_many_as_asked_for_of_a_made_corpus():
    index = tracks(["A", "B"], seconds=10.0)
    assert len(samples.samples_of(SimpleNamespace(NAME="music_library"), index, SETTINGS)) == 20
    asked = SETTINGS | {"made_samples": 7}
    for name in samples.MADE:
        assert len(samples.samples_of(SimpleNamespace(NAME=name), index, asked)) == 7
        assert name in data_prep.CORPORA


def library(labels, seconds):
    index = tracks(labels).assign(n_samples=[int(s * RATE_HZ) for s in seconds])
    return SimpleNamespace(NAME="music_library", index=lambda: index)


def test_shorter_tracks_of_a_library_are_left_out_and_frequent_genres_thinned():
    labels = ["A"] * 90 + ["B"] * 5 + ["A|B"] * 5
    index = samples.tracks_of(library(labels, [40] * 98 + [39.9] * 2), SETTINGS | {"max_per_set_share": 0.1})
    assert index["label"].value_counts().to_dict() == {"A": 10, "B": 5, "A|B": 3}
    assert index.attrs["notes"] == [
        "2 of 100 tracks are shorter than 40 s and left out.",
        "80 of 98 tracks are left out to thin the most frequent genres.",
    ]
    with pytest.raises(ValueError, match="none of the 2 tracks lasts 40 s"):
        samples.tracks_of(library(["A", "B"], [30, 30]), SETTINGS)


def test_without_others():
    settings = SETTINGS | {"drop_others": True}
    index = samples.tracks_of(ALL, settings)
    assert len(index) == sum(n for *pair, n in PAPER.corpus.drawn.pairs if "Others" not in pair)
    assert not index["label"].str.contains("Others").any()
    module = SimpleNamespace(NAME="mixtures", index=lambda n_tracks: tracks(["A", "B"]))
    with pytest.raises(ValueError, match="no track of the corpus mixtures has the label Others"):
        samples.tracks_of(module, settings)


# ---- splits


def test_the_last_that_were_drawn_are_held_out_as_kerass_validation_split_does():
    rows = samples.draw(tracks(["A", "B", "A|B"]), 101, SETTINGS)
    split = samples.split_of(ALL, rows, "published", 0, SHARES)
    held_out = split.loc[split["split"] == "validation", "drawn"]
    assert sorted(held_out) == list(range(85, 101))  # floor(0.85 * 101) are trained on
    assert "split" not in rows
    with pytest.raises(ValueError, match="has fold 0, not 1"):
        samples.split_of(ALL, rows, "published", 1, SHARES)


def test_grouped_leaves_whole_tracks_out():
    rows = samples.draw(tracks(["A", "B"] * 20), 400, SETTINGS)
    split = samples.split_of(ALL, rows, "grouped", 0, SHARES)
    assert (split.groupby("track")["split"].nunique() == 1).all()
    assert 0.1 < (split["split"] == "validation").mean() <= 0.15


def test_some_of_the_validation_samples_are_kept_evenly_spaced_as_drawn():
    split = samples.split_of(ALL, samples.draw(tracks(["A", "B"]), 100, SETTINGS), "published", 0, SHARES)
    kept = samples.kept_of(split, dataclasses.replace(SHARES, kept_predictions=5))
    assert sorted(split["drawn"].iloc[kept]) == [85, 88, 91, 94, 97]
    assert kept.tolist() == sorted(kept)
    every = samples.kept_of(split, SHARES)
    assert split.iloc[every].equals(split[split["split"] == "validation"])


# ---- features


@pytest.mark.parametrize(("variant", "frames"), [("paper", 19), ("two-channels", 19), ("quarter-second", 24)])
def test_the_frames_of_a_sample(variant, frames):
    settings = PAPER.settings_for(variant)
    assert samples.n_frames(settings) == frames
    shape = (2, settings["sample_samples"], settings["channels"])[: 1 + settings["channels"]]
    signals = 0.1 * np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    assert samples.mfccs(signals, settings).shape == (2, frames, 13)


@pytest.mark.parametrize("variant", ["paper", "two-channels"])
def test_features_are_those_of_each_sample_and_are_kept(variant, tmp_path, monkeypatch):
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_CACHE", str(tmp_path))
    settings = PAPER.settings_for(variant)
    rows = samples.draw(ALL.index(n_tracks=3), 5, settings)
    features = samples.features_of(ALL.NAME, rows, settings, "a fingerprint", n_jobs=1)
    assert features.shape == (5, 19, 13)
    signals = np.stack(list(ALL.signals(rows, settings["sample_rate_hz"], settings["channels"])))
    assert signals.shape[1:] == ((4410,) if variant == "paper" else (4410, 2))
    np.testing.assert_allclose(features, mfcc(32768 * signals, read_settings(Mfcc, settings)), atol=1e-4)
    monkeypatch.setattr(samples, "compute", None)
    assert np.array_equal(samples.features_of(ALL.NAME, rows, settings, "a fingerprint"), features)


# ---- scale


def test_the_scale_of_the_set_is_one_for_all_and_looks_at_all_rows():
    features = np.random.default_rng(0).normal(5, 3, (7, 4, 13)).astype("float32")
    scaled = samples.Scaled(features, samples.scale_of(features, "set", np.arange(3)))
    expected = MinMaxScaler().fit_transform(features.reshape(-1, 1)).reshape(features.shape)
    np.testing.assert_allclose(scaled[np.arange(7)], expected, atol=1e-6)
    assert (scaled[np.arange(7)].min(), scaled[np.arange(7)].max()) == (0, 1)
    assert (len(scaled), scaled.shape) == (7, (7, 4, 13))


def test_the_scale_of_each_coefficient_is_of_the_training_rows():
    features = np.random.default_rng(0).normal(5, 3, (7, 4, 13)).astype("float32")
    scaled = samples.Scaled(features, samples.scale_of(features, "coefficient", np.arange(3)))
    scaler = StandardScaler().fit(features[:3].reshape(-1, 13))
    expected = scaler.transform(features.reshape(-1, 13)).reshape(features.shape)
    np.testing.assert_allclose(scaled[np.arange(7)], expected, atol=1e-5)


def test_a_coefficient_that_never_changes_is_not_divided_by_zero():
    features = np.full((3, 4, 13), 2.0, np.float32)
    for how in ("set", "coefficient"):
        assert (samples.Scaled(features, samples.scale_of(features, how, np.arange(3)))[np.arange(3)] == 0).all()


def test_an_unknown_scaling_is_refused():
    with pytest.raises(SettingsError, match="scaling is 'other': expected one of set, coefficient"):
        read_settings(Training, SETTINGS | {"scaling": "other"})


# ---- memory


def peak_bytes(n_tracks, settings):
    """The most memory while the MFCCs of so many tracks, a sample each, are computed and thrown away."""
    index = tracks(["A"] * n_tracks)
    rows = index.assign(track=index["clip"], n_samples=settings["sample_samples"])
    tracemalloc.start()
    try:
        n = sum(1 for _ in samples.compute("a corpus", rows, settings, n_jobs=1))
        assert n == n_tracks
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_tracks(monkeypatch):
    """Of 3,000 tracks as of 300: the samples of a chunk, not those of the set, which would be 26 MB."""
    sound = np.random.default_rng(0).standard_normal(2205).astype(np.float32)
    module = SimpleNamespace(signals=lambda rows, *how: (sound for _ in range(len(rows))))
    monkeypatch.setattr(samples.data_prep, "corpus", lambda name: module)
    settings = SETTINGS | {"sample_samples": 2205}
    few, many = (peak_bytes(n, settings) for n in (300, 3_000))
    assert many < few + 2e6
    assert many < 24e6
