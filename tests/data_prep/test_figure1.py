"""The stand-in with figure 1's label sets: its counts, its sounds, any part of them without the rest."""

from collections import Counter

import numpy as np
import pytest

from data_prep import CorpusError, figure1, figure1_sounds, fingerprint, label_sets

RATE = 44100


@pytest.fixture(scope="module")
def frame():
    return figure1.index()


def test_counts_of_the_figure():
    """By hand, from the report: the first and the last, how many tracks and how many labels."""
    counts = figure1.counts()
    assert len(counts) == 55
    assert sum(counts.values()) == 77_772
    assert counts["Filmscore"] == max(counts.values()) == 12_730
    assert counts["40ies"] == min(counts.values()) == 38
    assert counts["Swing"] == 458
    assert list(counts)[28] == "Drone"  # the last that is kept by name (section 3)


def test_dealt_label_sets_have_the_figures_counts():
    dealt = figure1._dealt()
    assert len(dealt) == 48_411
    assert label_sets.count(dealt) == figure1.counts()
    assert Counter(len(label_sets.split(labels)) for labels in dealt) == {2: 77_772 - 48_411, 1: 2 * 48_411 - 77_772}
    assert figure1.check().ok


def test_pairs_are_as_random_as_the_counts_allow():
    """The pairs lie close to x_a x_b, fitted so that each genre is in as many pairs as it is and never meets itself."""
    pairs = [label_sets.split(labels) for labels in figure1._dealt() if "|" in labels]
    genres = list(figure1.counts())
    found = np.zeros((55, 55))
    for a, b in pairs:
        found[genres.index(a), genres.index(b)] += 1
    found += found.T
    x = np.sqrt(found.sum(axis=1))
    for _ in range(500):
        x = np.sqrt(x * found.sum(axis=1) / (x.sum() - x))
    expected = np.outer(x, x) * (1 - np.eye(55))
    assert np.allclose(expected.sum(axis=1), found.sum(axis=1))
    assert (np.abs(found - expected) < 0.08 * expected + 5 * np.sqrt(expected) + 3).all()


def test_index(frame):
    assert tuple(frame.columns) == figure1.COLUMNS == label_sets.COLUMNS
    assert len(frame) == 48_411
    assert list(frame["clip"].iloc[[0, -1]]) == ["figure1.00000", "figure1.48410"]
    assert Counter(frame["split"]) == {"train": 41_149, "validation": 7_262}  # 15 %
    assert frame["clip"].is_unique
    assert frame["sha256"].is_unique
    assert set(frame["n_samples"]) == {40 * RATE}
    assert len(figure1.CLASSES) == 30
    assert label_sets.classes_of(frame["label"]) == figure1.CLASSES


def test_golden(frame):
    """So that nobody changes the corpus without raising its version."""
    assert fingerprint(frame) == "30a7b8e826f56de0"
    assert list(frame["label"].iloc[:3]) == ["Classical Music|Electronica", "Filmscore", "Pop|World Music"]


def test_fewer_tracks_are_the_first_ones(frame):
    few = figure1.index(n_tracks=100)
    columns = [column for column in few.columns if column != "split"]
    assert few[columns].equals(frame[columns].iloc[:100])
    assert Counter(few["split"]) == {"train": 85, "validation": 15}
    for n_tracks in (0, 48_412):
        with pytest.raises(ValueError, match=f"1 to 48,411 tracks; received n_tracks = {n_tracks}"):
            figure1.index(n_tracks=n_tracks)


def test_thinned(frame):
    thin = figure1.index(max_per_set=200)
    assert "are left out to thin the most frequent genres" in thin.attrs["notes"][0]
    before, after = label_sets.count(frame["label"]), label_sets.count(thin["label"])
    assert after["Drone"] == before["Drone"]
    assert after["Filmscore"] < before["Filmscore"] / 2
    assert Counter(thin["label"])["Filmscore"] == 200


def test_another_number_of_genres():
    labels = set(figure1.index(n_tracks=2000, n_genres=3)["label"])
    assert {"Atmosphere|Filmscore", "Others", "Electronica|Others"} <= labels
    assert label_sets.classes_of(labels) == ("Atmosphere", "Electronica", "Filmscore", "Others")


# Sounds.


def test_signals_of_parts_are_parts_of_the_whole(frame):
    row = frame.iloc[[5]]
    (whole,) = figure1.signals(row.assign(n_samples=4 * RATE))
    assert (whole.dtype, whole.shape) == (np.float32, (4 * RATE,))
    assert 0.15 < np.abs(whole).max() < 1
    parts = frame.iloc[[5, 5, 5, 5]].assign(
        clip="figure1.00005.01", offset=[RATE, 100, RATE - 1, 7], n_samples=[RATE, RATE, 2, 0]
    )
    found = list(figure1.signals(parts))
    for part, start, n in zip(found, [RATE, 100, RATE - 1, 7], [RATE, RATE, 2, 0], strict=True):
        assert np.array_equal(part, whole[start : start + n])


def test_signals_are_made_one_after_another(frame, monkeypatch):
    made, second = [], figure1_sounds.second
    monkeypatch.setattr(figure1_sounds, "second", lambda *args: made.append(args) or second(*args))
    signals = figure1.signals(frame.assign(n_samples=RATE))
    assert made == []
    next(signals)
    next(signals)
    assert len(made) == 2


def test_sound_is_golden(frame):
    """Some samples, so that nobody changes a sound without raising the version; math libraries may differ a little."""
    (signal,) = figure1.signals(frame.iloc[[0]].assign(offset=RATE, n_samples=RATE))
    np.testing.assert_allclose(
        signal[[0, 1000, 20_000, 44_099]], [0.015880, -0.074800, -0.097264, -0.068840], atol=1e-5
    )


def test_sound_differs_by_track_and_second_and_genre():
    sounds = [
        figure1_sounds.second(genres, track, number)
        for genres, track, number in (((0,), 0, 0), ((0,), 0, 1), ((0,), 1, 0), ((1,), 0, 0), ((0, 1), 0, 0))
    ]
    assert all(np.isfinite(sound).all() and sound.shape == (RATE,) for sound in sounds)
    for number, sound in enumerate(sounds):
        assert all(np.abs(sound - other).max() > 0.05 for other in sounds[:number])
    assert np.array_equal(figure1_sounds.second((0,), 0, 0), sounds[0])


def test_timbre_depends_on_the_genres():
    """The nearest mean log spectrum of other tracks tells eight genres apart far better than chance, one in eight."""
    from scipy.signal import welch

    genres, n_tracks = range(8), 6

    def spectrum(genre, track):
        sound = figure1_sounds.second((genre,), track, 0)
        return np.log(welch(sound, RATE, nperseg=2048)[1])

    spectra = np.array([[spectrum(genre, 100 * genre + track) for track in range(n_tracks)] for genre in genres])
    hits = 0
    for track in range(n_tracks):
        means = np.delete(spectra, track, axis=1).mean(axis=1)
        distance = ((spectra[:, track, None] - means) ** 2).sum(axis=2)
        hits += (distance.argmin(axis=1) == np.arange(8)).sum()
    assert hits > 0.6 * 8 * n_tracks


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"clip": "vntm.00001"}, "'vntm.00001' is not a clip of the corpus figure1"),
        ({"clip": "figure1.48411"}, "'figure1.48411' is not a clip"),
        ({"clip": "figure1"}, "'figure1' is not a clip"),
        ({"offset": 40 * RATE, "n_samples": 1}, "samples 1764000 to 1764001 are not in its 40 s"),
        ({"offset": -1}, "samples -1 to"),
    ],
)
def test_wrong_rows(frame, changed, words):
    with pytest.raises(ValueError, match=words):
        list(figure1.signals(frame.iloc[[0]].assign(**changed)))


def test_nothing_is_on_disk(tmp_path):
    assert figure1.fetch() == figure1.locate() == figure1.FOLDER
    with pytest.raises(CorpusError, match="not written to a folder; leave --to out"):
        figure1.fetch(tmp_path / "x")
    with pytest.raises(AttributeError, match="has no attribute 'LABELS'"):
        _ = figure1.LABELS


def test_damaged_counts(monkeypatch, tmp_path):
    dealt = figure1._dealt()
    (tmp_path / "genres.csv").write_text(figure1.LIST.read_text().replace("12730", "12731"))
    monkeypatch.setattr(figure1, "LIST", tmp_path / "genres.csv")
    monkeypatch.setattr(figure1, "_dealt", lambda: dealt)
    report = figure1.check()
    assert not report.ok
    assert "do not add up to the counts of" in str(report)
