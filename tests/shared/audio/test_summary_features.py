"""The 57 features against the plain librosa calls and against GTZAN's public tables, and the tables of many clips."""

import os
import warnings
from pathlib import Path

import librosa
import numpy as np
import pandas as pd
import pytest
import soundfile

from shared.audio import summary_features
from shared.audio.signals import AudioError, load_audio
from shared.audio.summary_features import (
    FEATURES,
    LIBROSA_0_11,
    PUBLIC_TABLE,
    FeatureSettings,
    feature_names,
    features_of,
    table_cuts,
    table_of,
)

RATE_HZ = 22050
# librosa and the public tables hold float32, so each value is off by 1e-7 of it, and more after sums over a thousand
# bins. Measured on 36 tracks and 60 cuts: at most 5e-7 of the root mean square of a row (how that bounds mean and
# variance: `near`).
ROW_TOLERANCE = 1e-6


def plain_features_of(signal: np.ndarray, settings: FeatureSettings) -> np.ndarray:
    """The same 57 numbers, librosa's functions called one after another."""
    framing = {"n_fft": settings.n_fft, "hop_length": settings.hop_length, "pad_mode": settings.pad_mode}
    spectral = {"y": signal, "sr": settings.sample_rate_hz, **framing}
    rate = {"sr": settings.sample_rate_hz, "hop_length": settings.hop_length}
    frames = {"frame_length": settings.n_fft, "hop_length": settings.hop_length}
    feature = librosa.feature
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Trying to estimate tuning from empty frequency set", UserWarning)
        chroma = feature.chroma_stft(**spectral)
    parts = librosa.decompose.hpss(librosa.stft(signal, **framing))
    length = signal.size if settings.tail == "kept" else None
    parts = [librosa.istft(part, hop_length=settings.hop_length, dtype=np.float32, length=length) for part in parts]
    rows = [
        chroma,
        feature.rms(y=signal, pad_mode=settings.pad_mode, **frames),
        feature.spectral_centroid(**spectral),
        feature.spectral_bandwidth(**spectral),
        feature.spectral_rolloff(**spectral),
        feature.zero_crossing_rate(signal, **frames),
        *(librosa.util.fix_length(part, size=signal.size) for part in parts),
    ]
    aggregate = {"median": np.median, "mean": np.mean}[settings.onset_aggregate]
    onsets = librosa.onset.onset_strength(**spectral, aggregate=aggregate)
    tempo = feature.tempo(onset_envelope=onsets, **rate)[0]
    coefficients = feature.mfcc(n_mfcc=settings.n_mfcc, **spectral)
    before, after = ([value for row in some for value in (np.mean(row), np.var(row))] for some in (rows, coefficients))
    return np.array([*before, tempo, *after], np.float64)


def near(ours: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Where features agree.

    If each value of a row is off by at most t of the row's root mean square q, then the mean is off by at most t q and
    the variance by 2 t q s + (t q)^2, s the standard deviation. A mean near zero is so compared with what was averaged.
    The tempo is one of a few hundred values.
    """
    allowed = np.empty(reference.shape)
    pairs = [place for place in range(len(FEATURES)) if FEATURES[place].endswith("_mean")]
    for place in pairs:
        mean, variance = reference[place], reference[place + 1]
        error = ROW_TOLERANCE * np.sqrt(mean**2 + variance)
        allowed[place : place + 2] = error, 2 * error * np.sqrt(variance) + error**2
    tempo = FEATURES.index("tempo")
    allowed[tempo] = 1e-9 * reference[tempo]
    return np.abs(ours - reference) <= allowed


def misses(ours: np.ndarray, reference: np.ndarray) -> set[str]:
    return {name for name, good in zip(FEATURES, near(ours, reference), strict=True) if not good}


def noise(n_samples: int = RATE_HZ, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(n_samples).astype(np.float32)


def tone(n_samples: int = RATE_HZ, pitch_hz: float = 440.0) -> np.ndarray:
    return np.sin(2 * np.pi * pitch_hz * np.arange(n_samples) / RATE_HZ).astype(np.float32)


def music(n_samples: int = 2 * RATE_HZ) -> np.ndarray:
    """Notes a little sharp that decay, clicks between them, and noise far below."""
    time = np.arange(n_samples) / RATE_HZ
    notes = 226 * 2 ** (np.floor(time * 4) * 7 % 12 / 12)
    decay = np.exp(-6 * (time * 4 % 1))
    signal = 0.3 * decay * sum(np.sin(2 * np.pi * k * notes * time) / k for k in range(1, 8))
    signal[RATE_HZ // 3 :: RATE_HZ // 3] += 0.5
    return (signal + 1e-3 * noise(n_samples)).astype(np.float32)


SIGNALS = {
    "noise": noise(),
    "tone": tone(),
    "music": music(),
    "half silent": np.concatenate([music(RATE_HZ), np.zeros(RATE_HZ, np.float32)]),
    "silence": np.zeros(RATE_HZ, np.float32),
    "click": np.eye(1, RATE_HZ, 9000, dtype=np.float32)[0],
    "constant": np.full(RATE_HZ, 0.25, np.float32),
    "faint": 1e-6 * noise(),
    "low": tone(pitch_hz=60.0),
    "one window": noise(2048),
    "a sample more": noise(2049),
    "whole hops": noise(512 * 20),
}


def test_the_names_are_the_tables():
    assert len(FEATURES) == 57
    assert FEATURES[:4] == ("chroma_stft_mean", "chroma_stft_var", "rms_mean", "rms_var")
    assert FEATURES[12:19] == (
        "harmony_mean", "harmony_var", "perceptr_mean", "perceptr_var", "tempo", "mfcc1_mean", "mfcc1_var",
    )  # fmt: skip
    assert FEATURES[-1] == "mfcc20_var"
    assert feature_names(2)[16:] == ("tempo", "mfcc1_mean", "mfcc1_var", "mfcc2_mean", "mfcc2_var")


@pytest.mark.parametrize("settings", [PUBLIC_TABLE, LIBROSA_0_11], ids=["public table", "librosa 0.11"])
@pytest.mark.parametrize("name", SIGNALS)
def test_all_57_are_librosas(name, settings):
    ours = features_of(SIGNALS[name], RATE_HZ, settings)
    assert (ours.dtype, ours.shape) == (np.float64, (57,))
    assert misses(ours, plain_features_of(SIGNALS[name], settings)) == set()


@pytest.mark.parametrize(
    "settings",
    [
        FeatureSettings(sample_rate_hz=8000, n_fft=512, hop_length=128),
        FeatureSettings(sample_rate_hz=16000, n_fft=1024, hop_length=400, pad_mode="constant", tail="kept"),
    ],
    ids=["8 kHz", "16 kHz, hop no part of the window"],
)
def test_other_framings_are_librosas(settings):
    signal = music(3 * settings.sample_rate_hz // 2)
    assert misses(features_of(signal, settings.sample_rate_hz, settings), plain_features_of(signal, settings)) == set()


def test_another_rate_is_resampled_as_librosa_does():
    signal = librosa.resample(music(), orig_sr=RATE_HZ, target_sr=8000)
    expected = plain_features_of(librosa.resample(signal, orig_sr=8000, target_sr=RATE_HZ), PUBLIC_TABLE)
    assert misses(features_of(signal, 8000), expected) == set()


def test_fewer_coefficients_are_the_first_of_twenty():
    np.testing.assert_array_equal(
        features_of(music(), RATE_HZ, FeatureSettings(n_mfcc=3)), features_of(music(), RATE_HZ)[:23]
    )


def test_silence_has_features_and_warns_of_nothing():
    features = dict(zip(FEATURES, features_of(SIGNALS["silence"], RATE_HZ), strict=True))
    assert features["tempo"] == pytest.approx(117.45, abs=0.01)
    assert features["mfcc1_mean"] == pytest.approx(-100 * np.sqrt(128))  # 128 bands at -100 dB, orthonormal transform
    others = {name: value for name, value in features.items() if name not in ("tempo", "mfcc1_mean")}
    assert max(abs(value) for value in others.values()) < 1e-3


@pytest.mark.parametrize(
    ("signal", "message"),
    [
        (noise(2047), r"holds 2047 samples \(93 ms\), and one analysis window takes 93 ms. Give a longer recording"),
        (noise(0), r"holds 0 samples \(0 ms\)"),
        (np.full(4000, np.nan, np.float32), "4000 of 4000 samples are NaN or infinite"),
        (np.full(4000, 1e30, np.float32), r"samples as large as 1e\+30, too large for features. Scale it down"),
        (1e20 * noise(4000), r"samples as large as 3.\d+e\+20, too large"),
        (noise(4000).reshape(2000, 2), r"expected one channel, shape \(n,\); received shape \(2000, 2\)"),
    ],
    ids=["too short", "empty", "NaN", "huge", "large", "stereo"],
)
def test_what_has_no_features_is_refused(signal, message):
    with pytest.raises(AudioError, match=message):
        features_of(signal, RATE_HZ)


def test_unknown_choices_list_the_known():
    with pytest.raises(ValueError, match="pad_mode must be one of reflect, constant; received 'edge'"):
        FeatureSettings(pad_mode="edge")
    with pytest.raises(ValueError, match="tail must be one of silent, kept; received 'cut'"):
        FeatureSettings(tail="cut")


def test_the_signal_is_left_alone():
    signal = music()
    before = signal.copy()
    features_of(signal, RATE_HZ)
    np.testing.assert_array_equal(signal, before)


@pytest.fixture
def songs(tmp_path):
    """Three audio files (44.1 kHz stereo, 22.05 kHz, silent), one that is none, one too short, one missing."""
    soundfile.write(tmp_path / "a.flac", np.stack([music(30_000), music(30_000)], axis=1), 44100)
    soundfile.write(tmp_path / "b.wav", music(30_000), RATE_HZ)
    soundfile.write(tmp_path / "c.wav", np.zeros(9000), RATE_HZ)
    soundfile.write(tmp_path / "d.wav", np.zeros(900), RATE_HZ)
    (tmp_path / "e.wav").write_text("not audio")
    return [tmp_path / name for name in ("e.wav", "a.flac", "d.wav", "b.wav", "gone.wav", "c.wav")]


NAMES = ["e", "a", "d", "b", "gone", "c"]


def test_a_table_has_the_good_and_a_list_the_bad(songs, capfd):
    table, bad = table_of(songs, NAMES, n_jobs=1)
    assert list(table.index) == ["a", "b", "c"]
    assert tuple(table.columns) == FEATURES
    for name, path in (("a", songs[1]), ("b", songs[3]), ("c", songs[5])):
        expected = plain_features_of(load_audio(path, RATE_HZ), PUBLIC_TABLE)
        assert misses(table.loc[name].to_numpy(), expected) == set()
    assert [name for name, _ in bad] == ["e", "d", "gone"]
    assert "e.wav: cannot be read as audio" in bad[0][1]
    assert "holds 900 samples" in bad[1][1]
    assert "gone.wav: no such file" in bad[2][1]
    assert "arning" not in capfd.readouterr().err


def test_two_workers_give_what_one_gives(songs, capfd):
    one, two = (table_of(songs, NAMES, n_jobs=n_jobs) for n_jobs in (1, 2))
    pd.testing.assert_frame_equal(one[0], two[0], check_exact=True)
    assert one[1] == two[1]
    assert "arning" not in capfd.readouterr().err


def test_nothing_but_bad_files_is_an_empty_table(songs):
    table, bad = table_of(songs[:1], ["e"], n_jobs=1)
    assert table.shape == (0, 57)
    assert len(bad) == 1
    assert table_of([], [])[0].shape == (0, 57)


def test_a_table_is_computed_once(songs, tmp_path, monkeypatch):
    first = table_of(songs, NAMES, cache_dir=tmp_path / "cache", n_jobs=1)
    monkeypatch.setattr(summary_features, "_row", None)  # computing a row now would be an error
    again = table_of(songs, NAMES, cache_dir=tmp_path / "cache", n_jobs=1)
    pd.testing.assert_frame_equal(again[0], first[0], check_exact=True)
    assert again[1] == first[1]
    assert len(list((tmp_path / "cache").iterdir())) == 1


@pytest.mark.parametrize("change", ["settings", "names", "file", "damage"])
def test_what_is_kept_belongs_to_content_names_and_settings(songs, tmp_path, monkeypatch, change):
    calls = []
    row = summary_features._row
    monkeypatch.setattr(summary_features, "_row", lambda *arguments: calls.append(arguments) or row(*arguments))
    paths, names, settings = songs[3:4], ["b"], PUBLIC_TABLE
    table_of(paths, names, settings, cache_dir=tmp_path / "cache", n_jobs=1)
    if change == "settings":
        settings = FeatureSettings(tail="kept")
    elif change == "names":
        names = ["other"]
    elif change == "file":
        soundfile.write(paths[0], music(20_000), RATE_HZ)
    else:
        kept = next((tmp_path / "cache").iterdir())
        content = bytearray(kept.read_bytes())
        content[len(content) // 2] ^= 1
        kept.write_bytes(content)
    table, bad = table_of(paths, names, settings, cache_dir=tmp_path / "cache", n_jobs=1)
    assert len(calls) == 2
    assert (list(table.index), bad) == (names, [])


def test_signals_and_functions_that_give_them(tmp_path):
    calls = []

    def signals():
        calls.append(1)
        yield from (music(4000), noise(10), tone(8000))

    arguments = {"rate_hz": RATE_HZ, "cache_dir": tmp_path, "n_jobs": 1}
    tables = [table_of(signals, ["x", "y", "z"], key="toy", **arguments) for _ in range(2)]
    assert len(calls) == 1
    given = table_of(list(signals()), ["x", "y", "z"], **arguments)
    for table, bad in [*tables, given]:
        assert [name for name, _ in bad] == ["y"]
        np.testing.assert_allclose(table.loc["z"], features_of(tone(8000), RATE_HZ), rtol=1e-5)
    with pytest.raises(ValueError, match="needs a key that says what they are"):
        table_of(signals, ["x", "y", "z"], **arguments)
    with pytest.raises(TypeError, match="signals need rate_hz, their sample rate"):
        table_of([tone()], ["x"], n_jobs=1)
    with pytest.raises(ValueError, match="each name may stand once; received 'x' again"):
        table_of([tone(), tone()], ["x", "x"], rate_hz=RATE_HZ)


def test_cuts_are_the_three_second_tables():
    signal = np.arange(661794)
    cuts = table_cuts(signal)
    assert [(cut[0], cut.size) for cut in cuts] == [(66150 * number, 66149) for number in range(10)]
    assert len(table_cuts(signal[:661500])) == 9
    assert len(table_cuts(np.arange(675808))) == 10
    assert table_cuts(signal[:66150]) == []


def _public(name: str) -> pd.DataFrame:
    root = os.environ.get("AUDIO_REPRODUCTIONS_DATA")
    if not root:
        pytest.skip("AUDIO_REPRODUCTIONS_DATA is not set")
    path = Path(root) / "gtzan_features" / name
    if not path.is_file():
        pytest.skip(f"no gtzan_features/{name} in AUDIO_REPRODUCTIONS_DATA")
    return pd.read_csv(path, index_col="filename")


def _track(name: str) -> np.ndarray:
    path = Path(os.environ["AUDIO_REPRODUCTIONS_DATA"]) / "gtzan_subset" / name.partition(".")[0] / f"{name}.flac"
    if not path.is_file():
        pytest.skip(f"no {path.name} in AUDIO_REPRODUCTIONS_DATA")
    return soundfile.read(path, dtype="float32")[0]


SEPARATED = {"harmony_mean", "harmony_var", "perceptr_mean", "perceptr_var"}
FROM_SAMPLES = {"zero_crossing_rate_mean", "zero_crossing_rate_var"}  # whose frames librosa never pads with zeros


@pytest.mark.parametrize("name", ["rock.00008", "jazz.00008"])
def test_all_57_are_the_public_tables(name):
    table = _public("features_30_sec.csv")
    assert tuple(table.columns) == ("length", *FEATURES, "label")
    assert misses(features_of(_track(name), RATE_HZ), table.loc[f"{name}.wav", list(FEATURES)].to_numpy(float)) == set()


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (FeatureSettings(tail="kept"), SEPARATED),
        (FeatureSettings(onset_aggregate="mean"), {"tempo"}),
        (FeatureSettings(pad_mode="constant"), set(FEATURES) - FROM_SAMPLES),
        (LIBROSA_0_11, set(FEATURES) - FROM_SAMPLES),
    ],
    ids=["tail", "onset", "padding", "librosa 0.11"],
)
def test_what_newer_librosas_miss_has_three_causes(settings, expected):
    reference = _public("features_30_sec.csv").loc["rock.00008.wav", list(FEATURES)].to_numpy(float)
    assert misses(features_of(_track("rock.00008"), RATE_HZ, settings), reference) == expected


def test_cuts_have_the_three_second_tables_features():
    table = _public("features_3_sec_3genres.csv")
    for name in ("rock.00008", "classical.00000"):
        cuts = table_cuts(_track(name))
        for number in (0, 7, 9):
            reference = table.loc[f"{name}.{number}.wav", list(FEATURES)].to_numpy(float)
            assert misses(features_of(cuts[number], RATE_HZ), reference) == set()
