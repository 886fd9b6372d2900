"""Fingerprints against a plain loop, their bounds, and real recordings in other encodings."""

import io
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from shared.audit.split.fingerprints import (
    HOP,
    N_BANDS,
    N_FEATURES,
    N_SCREEN,
    PRINT_BANDS,
    Prints,
    band_levels,
    describe_signal,
)
from shared.audit.split.matching import SIMILARITY, candidates, near_duplicates, similarity
from tests.shared.audit.split.conftest import RATE_HZ, sound

DATA = Path(os.environ.get("AUDIO_REPRODUCTIONS_DATA") or "data")


def recoded(signal, rate_hz, form):
    """The samples after mp3 or ogg at libsndfile's default rate."""
    file = io.BytesIO()
    soundfile.write(file, signal, rate_hz, format=form)
    file.seek(0)
    return soundfile.read(file, dtype="float32")[0]


def plain_similarity(first, second):
    """The definition, in a loop over lags; every lag with half of the shorter one and of its energy, and a like one."""
    first, second, best = first.astype(float), second.astype(float), (0.0, 0)
    least = int(np.ceil(0.5 * min(len(first), len(second))))

    def energy(x):
        return (x**2).sum()

    for lag in range(least - len(second), len(first) - least + 1):
        a = first[max(lag, 0) : len(second) + lag]
        b = second[max(-lag, 0) : max(-lag, 0) + len(a)]
        part, whole = (a, first) if len(first) <= len(second) else (b, second)
        if energy(part) >= energy(whole) / 2 and 1 / 4 <= energy(a) / energy(b) <= 4:
            best = max(best, ((a * b).sum() / np.sqrt(energy(a) * energy(b)), lag))
    return best


@pytest.mark.parametrize("lengths", [(40, 40), (40, 25), (7, 30)])
def test_against_a_plain_loop(lengths):
    generator = np.random.default_rng(0)
    whole = generator.integers(-100, 101, (80, PRINT_BANDS)).astype(np.int8)
    first, second = whole[: lengths[0]], whole[3 : 3 + lengths[1]]
    value, lag = similarity(first, second)
    expected = plain_similarity(first, second)
    assert value == pytest.approx(expected[0], abs=1e-5)  # float32 transforms
    assert lag == expected[1]


def test_shapes_and_levels():
    levels = band_levels(sound(0), RATE_HZ)
    assert levels.shape == (1 + sound(0).size // HOP, N_BANDS)
    assert levels.max() == pytest.approx(0, abs=1e-5)
    described = describe_signal(sound(0), RATE_HZ)
    assert described.print.shape == (levels.shape[0] - 1, PRINT_BANDS)
    assert (described.features.size, described.screen.size) == (N_FEATURES, N_SCREEN)


def test_bands_against_librosa():
    import librosa

    power = librosa.feature.melspectrogram(
        y=sound(0), sr=RATE_HZ, n_fft=1024, hop_length=HOP, n_mels=N_BANDS, fmin=50, fmax=8000, pad_mode="constant"
    )
    expected = np.maximum(librosa.power_to_db(power, ref=np.max, top_db=None), -80).T
    np.testing.assert_allclose(np.maximum(band_levels(sound(0), RATE_HZ), -80), expected, atol=0.01)


@pytest.mark.parametrize("n_samples", [1, 255, 1023, 1024])
def test_a_clip_shorter_than_a_window_has_a_fingerprint(n_samples):
    described = describe_signal(sound(0)[1000 : 1000 + n_samples], RATE_HZ)
    assert len(described.print) >= 3
    assert np.isfinite(described.features).all()


def test_silence_is_like_nothing():
    silent = describe_signal(np.zeros(RATE_HZ, np.float32), RATE_HZ).print
    assert not silent.any()
    assert similarity(silent, describe_signal(sound(0), RATE_HZ).print)[0] == 0
    assert similarity(silent, silent)[0] == 0


def test_different_recordings_are_far_apart():
    prints = [describe_signal(sound(seed), RATE_HZ).print for seed in range(20)]
    values = [similarity(prints[a], prints[b])[0] for a in range(20) for b in range(a)]
    assert max(values) < 0.5 < SIMILARITY


def test_the_lag_is_where_the_second_begins():
    first, second = (describe_signal(x, RATE_HZ).print for x in (sound(0), sound(0)[12 * HOP :]))
    assert similarity(first, second)[1] == 12


def test_candidates_are_the_nearest_each_pair_once():
    generator = np.random.default_rng(0)
    screen = generator.normal(size=(700, 5)).astype(np.float32)  # more than one block
    rows = np.arange(0, 700, 2)
    distance = np.square(screen[rows, None] - screen[rows]).sum(axis=2)
    np.fill_diagonal(distance, np.inf)
    expected = {tuple(sorted((rows[i], rows[j]))) for i in range(len(rows)) for j in distance[i].argsort()[:3]}
    assert set(candidates(screen, rows, 3)) == expected


def test_candidates_of_few_clips():
    assert candidates(np.zeros((3, 2), np.float32), np.array([1])) == []
    assert candidates(np.zeros((3, 2), np.float32), np.array([0, 2])) == [(0, 2)]
    assert candidates(np.array([[0.0], [1000]], np.float32), np.array([0, 1])) == [], "too far apart"


@pytest.mark.skipif(not (DATA / "gtzan_subset").is_dir(), reason="no gtzan_subset under AUDIO_REPRODUCTIONS_DATA")
def test_real_tracks_in_other_encodings_are_found_and_no_two_tracks_are_one():
    paths = sorted((DATA / "gtzan_subset").glob("*/*.flac"))[::9]
    described = []
    for path in paths:
        signal, rate_hz = soundfile.read(path, 5 * 22050, dtype="float32")
        quieter = 0.3 * signal[round(0.05 * rate_hz) :]
        forms = [signal, recoded(signal, rate_hz, "MP3"), recoded(signal, rate_hz, "OGG")]
        forms.append(recoded(quieter, rate_hz, "MP3"))
        described += [describe_signal(form, rate_hz) for form in forms]
    found = near_duplicates(Prints.of_clips(described), np.arange(len(described)), threshold=0.5)
    of_one_track = [match for match in found if match.first // 4 == match.second // 4]
    assert len(of_one_track) == len(found) == 6 * len(paths)
    assert min(match.similarity for match in found) > SIMILARITY


def test_takes_of_one_speaker_and_word_are_not_one_recording():
    """Twelve takes of each of six words by each of two speakers: 792 pairs as alike as speech can be."""
    from data_prep.corpora import fsdd

    clips = fsdd.clips()
    clips = clips[clips["speaker"].isin(["theo", "yweweler"]) & (clips["take"] < 12) & (clips["label"] < "6")]
    clips["path"] = str(fsdd.EMBEDDED / fsdd.PACK)
    prints = [describe_signal(signal, fsdd.SAMPLE_RATE_HZ).print for signal in fsdd.signals(clips)]
    words = list(zip(clips["label"], clips["speaker"], strict=True))
    values = [similarity(prints[a], prints[b])[0] for a in range(len(prints)) for b in range(a) if words[a] == words[b]]
    assert len(values) == 792
    assert max(values) < SIMILARITY
