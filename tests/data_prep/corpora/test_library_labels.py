"""The stand-ins with the library's label pairs: labels, sounds, any part of them without the rest, the dial."""

import itertools
from collections import Counter

import numpy as np
import pytest

import data_prep
from data_prep import fingerprint
from data_prep.common import label_sets
from data_prep.corpora import library_labels
from data_prep.corpora.library_labels import sounds as library_sounds
from shared.paper.data import read_pairs
from tests.data_prep.check_corpus import check_corpus

RATE = 44100
DIAL = {"none": 0.0, "little": 0.01, "some": 0.1, "all": 1.0}  # what share of the sound's power depends on the labels
CORPORA = {name: data_prep.corpus(f"library_labels-{name}") for name in DIAL}
SOME = CORPORA["some"]


@pytest.fixture(scope="module")
def frame():
    return SOME.index()


@pytest.mark.parametrize("name", DIAL)
def test_they_do_what_every_corpus_does(name):
    check_corpus(CORPORA[name])


# ---- labels


def test_every_pair_is_there_as_often_as_it_is_counted():
    pairs, _ = read_pairs(library_labels.PAIRS)
    expected = Counter({label_sets.join(filter(None, pair)): 0 for *pair, _ in pairs})
    for *pair, n in pairs:
        expected[label_sets.join(filter(None, pair))] += n  # the two orders of a pair are one set
    assert Counter(library_labels.dealt()) == expected
    assert library_labels.dealt().count("Others|Others") == 156


def test_index(frame):
    assert tuple(frame.columns) == label_sets.COLUMNS
    assert len(frame) == 30_543
    assert list(frame["clip"].iloc[[0, -1]]) == ["library_labels-some.00000", "library_labels-some.30542"]
    assert Counter(frame["split"]) == {"train": 25_962, "validation": 4_581}  # 15 %
    assert frame["clip"].is_unique
    assert frame["sha256"].is_unique
    assert set(frame["n_samples"]) == {40 * RATE}
    assert label_sets.classes_of(frame["label"]) == SOME.CLASSES
    assert len(SOME.CLASSES) == 30


def test_golden(frame):
    """So that nobody changes a corpus without raising the version; each position of the dial is other data."""
    prints = {name: fingerprint(corpus.index(n_tracks=50)) for name, corpus in CORPORA.items()}
    assert len(set(prints.values())) == len(DIAL)
    assert fingerprint(frame) == "05d3b77ac3199922"


def test_fewer_tracks_are_the_first_ones(frame):
    few = SOME.index(n_tracks=100)
    columns = [column for column in few.columns if column != "split"]
    assert few[columns].equals(frame[columns].iloc[:100])
    for n_tracks in (0, 30_544):
        with pytest.raises(ValueError, match=f"1 to 30,543 tracks; received n_tracks = {n_tracks}"):
            SOME.index(n_tracks=n_tracks)


def test_check_knows_the_table_of_pairs(tmp_path, monkeypatch):
    report = SOME.check()
    assert report.ok
    assert report.counts["labels", "Others"] == 4_142
    other = tmp_path / "pairs.csv"
    other.write_text(library_labels.PAIRS.read_text().replace("794", "795"))
    monkeypatch.setattr(library_labels, "PAIRS", other)
    assert not SOME.check().ok


# ---- sounds


@pytest.mark.parametrize("rate", [44100, 22050])
def test_signals_of_parts_are_parts_of_the_whole(frame, rate):
    row, second = frame.iloc[[5]], rate
    (whole,) = SOME.signals(row.assign(offset=0, n_samples=4 * second), rate)
    assert (whole.dtype, whole.shape) == (np.float32, (4 * second,))
    places, lengths = [second, 100, second - 1, 7, 40 * second - 3], [second, second, 2, 0, 3]
    parts = frame.iloc[[5] * 5].assign(clip="library_labels-some.00005.01", offset=places, n_samples=lengths)
    found = list(SOME.signals(parts, rate))
    assert [len(part) for part in found] == lengths
    for part, start, n in zip(found[:-1], places, lengths, strict=False):
        assert np.array_equal(part, whole[start : start + n])


def test_half_the_rate_is_the_lower_half_of_the_same_spectrum():
    full, half = (library_sounds.block((3, 4), 7, 2, 0.5, rate) for rate in (44100, 22050))
    spectra = [np.fft.rfft(sound) / len(sound) for sound in (full, half)]
    np.testing.assert_allclose(spectra[1][:2205], spectra[0][:2205], atol=1e-7)
    with pytest.raises(ValueError, match="a whole part of 44100 Hz; received 16000"):
        library_sounds.block((0,), 0, 0, 0.5, 16000)


def test_two_channels_are_the_same(frame):
    part = frame.iloc[[3]].assign(n_samples=100)
    (one,), (two,) = SOME.signals(part), SOME.signals(part, channels=2)
    assert two.shape == (100, 2)
    assert (two == one[:, None]).all()


@pytest.mark.parametrize("name", DIAL)
def test_each_corpus_has_its_position_of_the_dial(name):
    first = CORPORA[name].index(n_tracks=1).assign(n_samples=RATE // 10)
    genres = tuple(SOME.CLASSES.index(label) for label in label_sets.split(first["label"].item()))
    (sound,) = CORPORA[name].signals(first)
    assert np.array_equal(sound, library_sounds.block(genres, 0, 0, DIAL[name])[: RATE // 10])


def test_blocks_are_made_one_row_after_another(frame, monkeypatch):
    made, block = [], library_sounds.block
    monkeypatch.setattr(library_sounds, "block", lambda *args: made.append(args) or block(*args))
    signals = SOME.signals(frame.assign(n_samples=RATE // 5))
    assert made == []
    next(signals)
    next(signals)
    assert len(made) == 2


def test_sound_is_golden():
    """Some samples, so that nobody changes a sound without raising the version; math libraries may differ a little."""
    sound = library_sounds.block((4, 11), 12, 3, 0.1)
    np.testing.assert_allclose(sound[[0, 1000, 5000, 8819]], [-0.059645, -0.059145, 0.118019, -0.021039], atol=1e-5)


def test_sound_is_as_loud_as_it_says_and_without_a_constant_part():
    sounds = np.stack([library_sounds.block((n % 30,), n, n, 0.1) for n in range(60)])
    levels = 20 * np.log10(sounds.std(axis=1))
    assert (levels > -37.5).all()
    assert (levels < -12.5).all()
    assert np.abs(sounds).max() < 1
    np.testing.assert_allclose(sounds.mean(axis=1), 0, atol=1e-4)


def colours(strength, genres, tracks):
    """Mean log spectra in 16 bands, (genres, tracks, 16), of the first block of tracks with one genre each."""
    edges = np.linspace(1, 4410, 17).astype(int)

    def bands(genre, track):
        power = np.abs(np.fft.rfft(library_sounds.block((genre,), track, 0, strength))) ** 2
        return np.log([power[a:b].mean() for a, b in itertools.pairwise(edges)])

    found = np.array([[bands(genre, 100 * genre + track) for track in range(tracks)] for genre in range(genres)])
    return found - found.mean(axis=2, keepdims=True)  # without the level


@pytest.mark.parametrize(("name", "least", "most"), [("none", 0, 0.26), ("all", 0.95, 1)])
def test_the_dial(name, least, most):
    """The nearest mean spectrum of other tracks tells eight genres apart: nearly always at one end, and at the other as
    often as chance, one in eight of 96, which four standard deviations above is 0.26."""
    spectra = colours(DIAL[name], 8, 12)
    hits = 0
    for track in range(spectra.shape[1]):
        means = np.delete(spectra, track, axis=1).mean(axis=1)
        distance = ((spectra[:, track, None] - means) ** 2).sum(axis=2)
        hits += (distance.argmin(axis=1) == np.arange(8)).sum()
    assert least <= hits / (8 * 12) <= most


def test_at_the_end_of_the_dial_labels_are_all_that_colours_a_sound_and_at_the_other_they_are_nothing():
    one, other = (library_sounds.block((genre,), 5, 0, 0.0) for genre in (1, 2))
    assert np.array_equal(one, other)
    powers = [library_sounds._of_track((3,), track, 1.0)[1] for track in (1, 2)]
    np.testing.assert_allclose(powers[0], powers[1])
    np.testing.assert_allclose(powers[0] ** 2, library_sounds.colour(3))
    first, second = library_sounds._of_track((3, 4), 9, 1.0)[1] ** 2, library_sounds._of_track((4, 3), 9, 1.0)[1] ** 2
    np.testing.assert_allclose(first + second, library_sounds.colour(3) + library_sounds.colour(4))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"clip": "library_labels-all.00001"}, "is not a clip of the corpus library_labels-some"),
        ({"clip": "library_labels-some.x"}, "which are library_labels-some.00000 to library_labels-some.30542"),
        ({"clip": "library_labels-some.30543"}, "is not a clip"),
        ({"offset": 39 * RATE, "n_samples": RATE + 1}, "are not in its 40 s"),
        ({"offset": -1}, "samples -1 to"),
    ],
)
def test_signals_of_what_is_not_there(frame, changed, words):
    with pytest.raises(ValueError, match=words):
        list(SOME.signals(frame.iloc[[0]].assign(**changed)))
