"""What the modes see: windows against the corpus's own signals, cuts against the public table's, images."""

import numpy as np
import pandas as pd
import pytest
import soundfile

import data_prep
from data_prep import CorpusError
from data_prep.common import folders
from reproductions.verma_genres.features import FULL_SCALE, Windows, inputs_for, rows_for
from reproductions.verma_genres.model import ANN, CNN_1D, CNN_2D
from reproductions.verma_genres.settings import Images
from shared.audio.log_mel_images import image_of
from shared.audio.summary_features import PUBLIC_TABLE, features_of, table_cuts
from shared.paper.loading import load_paper
from shared.paper.settings import read_settings

gtzan_excerpts = data_prep.corpus("gtzan-excerpts")
gtzan_features_3s_subset = data_prep.corpus("gtzan_features_3s-subset")
gtzan_features_30s = data_prep.corpus("gtzan_features_30s")
gtzan_subset = data_prep.corpus("gtzan-subset")

PAPER = load_paper("verma_genres")
RATE_HZ = 22050
EXCERPT = 15 * RATE_HZ  # samples of one of gtzan-excerpts


@pytest.fixture
def tracks(tmp_path, monkeypatch):
    """Two tracks of each of two genres, as long as GTZAN's shortest, as a part of the corpus; and its index."""
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_CACHE", str(tmp_path / "cache"))
    generator = np.random.default_rng(0)
    for genre in ("blues", "rock"):
        for number in range(2):
            path = tmp_path / genre / f"{genre}.{number:05d}.wav"
            path.parent.mkdir(exist_ok=True)
            soundfile.write(path, generator.uniform(-0.3, 0.3, 661_500), RATE_HZ, "PCM_16")
    return gtzan_subset.index(tmp_path)


def test_windows_are_the_corpus_s_signals_whatever_they_overlap(tracks):
    rows = rows_for(CNN_1D, gtzan_subset, tracks, PAPER.settings_for())
    assert len(rows) == 4 * 29  # two seconds, a second apart, in thirty
    windows = Windows(rows, RATE_HZ)
    assert (windows.shape, len(windows)) == ((116, 44100), 116)
    chosen = np.array([3, 115, 30, 0])
    expected = np.stack(gtzan_subset.signals(rows.iloc[chosen]))
    assert windows[chosen].dtype == np.float32
    assert np.array_equal(windows[chosen], expected)
    assert np.array_equal(windows[np.array([0])][0, RATE_HZ:], windows[np.array([1])][0, :RATE_HZ])


def test_the_whole_corpus_fits_in_memory(tracks):
    windows = Windows(rows_for(CNN_1D, gtzan_subset, tracks, PAPER.settings_for()), RATE_HZ)
    n_bytes = sum(track.nbytes for track in windows.tracks.values())
    assert n_bytes == 4 * 661_500 * 2  # once, 16 bits
    assert n_bytes / 4 * 1000 < 1.4e9  # of a thousand tracks; the task allows 8 GiB


def test_loud_samples_are_not_wrapped_round(tmp_path):
    path = tmp_path / "loud.wav"
    soundfile.write(path, np.array([1.5, -1.5, 0.25], "float32"), RATE_HZ, "FLOAT")
    rows = pd.DataFrame([{"clip": "a", "path": str(path), "offset": 0, "n_samples": 3}])
    windows = Windows(folders.windows(rows, 3, 3), RATE_HZ)
    assert (windows[[0]][0] * FULL_SCALE).tolist() == [32767.0, -32768.0, 8192.0]


def test_cuts_are_those_of_the_public_table(tracks):
    rows = rows_for(ANN, gtzan_subset, tracks, PAPER.settings_for())
    whole = gtzan_subset.signals(tracks[:1])[0]
    cuts = table_cuts(whole)
    of_track = rows[rows["track"] == tracks["clip"][0]]
    assert len(of_track) == len(cuts) == 9
    assert all(np.array_equal(a, b) for a, b in zip(gtzan_subset.signals(of_track), cuts, strict=True))


def test_a_track_of_fifteen_seconds_has_what_it_has(tracks):
    """Excerpts: 14 windows, seven that touch, and five cuts, since their tracks go on, which others would not."""
    index = tracks.assign(n_samples=EXCERPT)
    counts = {CNN_1D: 14, CNN_2D: 7, ANN: 5}
    for model, count in counts.items():
        rows = rows_for(model, gtzan_excerpts, index, PAPER.settings_for())
        assert set(rows.groupby("track").size()) == {count}
        assert (rows["offset"] + rows["n_samples"]).max() <= EXCERPT
        assert list(rows.index) == list(range(4 * count))
    assert len(rows_for(ANN, gtzan_subset, index, PAPER.settings_for())) == 4 * 4


def test_features_of_cuts_are_those_of_the_extraction(tracks):
    rows = rows_for(ANN, gtzan_subset, tracks, PAPER.settings_for())[:3]
    inputs = inputs_for(ANN, gtzan_subset, rows, PAPER.settings_for(), "f" * 16)
    assert (inputs.shape, inputs.dtype) == ((3, 57), np.float32)
    expected = features_of(gtzan_subset.signals(rows[1:2])[0], RATE_HZ, PUBLIC_TABLE)
    assert inputs[1] == pytest.approx(expected, rel=1e-5, abs=1e-7)  # other threads add in another order


def test_images_are_ten_of_the_first_twenty_seconds(tracks):
    settings = PAPER.settings_for()
    rows = rows_for(CNN_2D, gtzan_subset, tracks, settings)
    assert len(rows) == 40
    assert (rows["offset"].max() + rows["n_samples"].max()) / RATE_HZ == 20.0
    images = inputs_for(CNN_2D, gtzan_subset, rows, settings, "f" * 16)
    assert images.shape == (40, *PAPER.models[CNN_2D].input_shape)
    assert np.array_equal(images[13], image_of(gtzan_subset.signals(rows[13:14])[0], read_settings(Images, settings)))


def test_a_table_of_features_is_taken_as_it_is(real_table):
    rows = rows_for(ANN, gtzan_features_30s, real_table, PAPER.settings_for())
    inputs = inputs_for(ANN, gtzan_features_30s, rows, PAPER.settings_for(), "f" * 16)
    assert inputs.shape == (1000, 57)
    assert np.array_equal(inputs[:, 0], real_table["chroma_stft_mean"].to_numpy("float32"))


@pytest.fixture
def real_table():
    try:
        return gtzan_features_30s.index()
    except CorpusError:
        pytest.skip("AUDIO_REPRODUCTIONS_DATA holds no gtzan_features: no real table to test on")


def test_cuts_of_real_excerpts_have_the_features_of_the_public_table(tmp_path, monkeypatch):
    """Five cuts of a track of each genre that the table here has: the table's first five rows of it."""
    try:
        excerpts, table = gtzan_excerpts.index(), gtzan_features_3s_subset.index()
    except CorpusError:
        pytest.skip("AUDIO_REPRODUCTIONS_DATA holds no gtzan_excerpts or no gtzan_features: no real data to test on")
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_CACHE", str(tmp_path / "cache"))
    names = [f"{genre}.00003" for genre in ("classical", "jazz", "rock")]
    rows = rows_for(ANN, gtzan_excerpts, excerpts[excerpts["clip"].isin(names)], PAPER.settings_for())
    ours = inputs_for(ANN, gtzan_excerpts, rows, PAPER.settings_for(), "f" * 16)
    theirs = table.set_index("clip").loc[[f"{name}.{cut}" for name in names for cut in range(5)]]
    assert ours == pytest.approx(gtzan_features_3s_subset.features(theirs), rel=1e-5, abs=1e-5)
