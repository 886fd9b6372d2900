"""The log-mel and MFCC layers against librosa, clip by clip, on both backends and under both precisions."""

import keras
import librosa
import numpy as np
import pytest

from shared.layers.spectral import MFCC, LogMel

RATE_HZ, N_SAMPLES = 44100, 88200  # the paper's: 2 s
# Ours transforms in float32, which is wrong by some 1e-7 of a frame's greatest amplitude. 80 dB further down that is
# 1e-3 of an amplitude, 0.01 dB in a bin at worst, and less in a band of several bins.
TOLERANCE_DB = 2e-3


def noise(n_samples=N_SAMPLES, seed=0, level=0.1):
    return (level * np.random.default_rng(seed).standard_normal(n_samples)).astype("float32")


def tones(n_samples=N_SAMPLES, rate_hz=RATE_HZ):
    """A sweep and a steady tone that decay, with pauses of true silence."""
    seconds = np.arange(n_samples) / rate_hz
    sweep = np.sin(2 * np.pi * 2000 * seconds**2) + 0.3 * np.sin(2 * np.pi * 440 * seconds)
    return (0.5 * sweep * np.exp(-3 * (4 * seconds % 1)) * (seconds % 0.5 < 0.4)).astype("float32")


def librosa_log_mel(signal, ref=1.0, amin=1e-10, top_db=80.0, n_mels=80, **settings):
    """One clip by librosa, float32 (frames, n_mels)."""
    mel = librosa.feature.melspectrogram(y=signal, n_mels=n_mels, **{"sr": RATE_HZ, **settings})
    return librosa.power_to_db(mel, ref=np.max if ref == "max" else ref, amin=amin, top_db=top_db).T


def librosa_mfcc(signal, n_mfcc=80, **settings):
    return librosa.feature.mfcc(y=signal, n_mfcc=n_mfcc, **{"sr": RATE_HZ, **settings}).T


def as_numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


def model_of(layer, n_samples=N_SAMPLES):
    return keras.Sequential([keras.Input((n_samples,)), layer])


def assert_close(ours, theirs, tolerance=TOLERANCE_DB):
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).max() <= tolerance


# The paper's settings, in a model.


@pytest.fixture(scope="module")
def paper_model():
    return model_of(LogMel())


CLIPS = {
    "noise": noise(),
    "tones": tones(),
    "quiet": 1e-3 * tones(),
    "very quiet": noise(level=1e-6),
    "loud": noise(level=20.0),
    "silence": np.zeros(N_SAMPLES, "float32"),
    "impulse": (np.arange(N_SAMPLES) == 40_000).astype("float32"),
    "impulse at the start": (np.arange(N_SAMPLES) == 0).astype("float32"),
    "half of it zeros": tones() * (np.arange(N_SAMPLES) < N_SAMPLES // 2),
    "constant": np.ones(N_SAMPLES, "float32"),
}


@pytest.mark.parametrize("clip", CLIPS)
def test_papers_log_mel(paper_model, clip):
    ours = paper_model.predict_on_batch(CLIPS[clip][None])
    assert (ours.shape, ours.dtype) == ((1, 173, 80), np.float32)
    assert_close(ours[0], librosa_log_mel(CLIPS[clip]))


def test_batch_of_different_loudness_is_a_loop_over_librosa(paper_model):
    """The quiet clips lie more than 80 dB below the loud one, so one floor for the batch would swallow them."""
    batch = np.stack(list(CLIPS.values()))
    expected = np.stack([librosa_log_mel(clip) for clip in batch])
    assert_close(paper_model.predict_on_batch(batch), expected)
    assert_close(paper_model.predict_on_batch(batch[::-1]), expected[::-1])
    assert np.ptp(expected.max(axis=(1, 2))) > 140


@pytest.mark.parametrize("n_clips", [1, 8, 19])  # fewer than a call takes, just as many, and a rest after two calls
def test_any_number_of_clips(paper_model, n_clips):
    batch = np.stack([noise(seed=seed) for seed in range(n_clips)])
    assert_close(paper_model.predict_on_batch(batch), np.stack([librosa_log_mel(clip) for clip in batch]))


def test_papers_mfcc():
    batch = np.stack(list(CLIPS.values()))
    ours = model_of(MFCC()).predict_on_batch(batch)
    assert (ours.shape, ours.dtype) == ((len(CLIPS), 173, 80), np.float32)
    assert_close(ours, np.stack([librosa_mfcc(clip) for clip in batch]))


def test_first_coefficient_by_hand():
    """Of the orthonormal DCT-II: the sum of the bands over the root of their number."""
    clip = tones()[None]
    log_mel = as_numpy(LogMel(n_mels=40).features(clip))
    coefficients = as_numpy(MFCC(n_mfcc=3, n_mels=40).features(clip))
    assert np.allclose(coefficients[..., 0], log_mel.sum(axis=-1) / np.sqrt(40), atol=1e-3)
    angles = np.pi * 2 * (2 * np.arange(40) + 1) / 80
    assert np.allclose(coefficients[..., 2], np.sqrt(2 / 40) * (log_mel * np.cos(angles)).sum(axis=-1), atol=1e-3)


# Other settings.

GRID = [
    {"ref": "max"},
    {"ref": 0.5, "top_db": 40.0},
    {"n_fft": 1024, "hop_length": 320, "n_mels": 64, "sample_rate_hz": 32000},
    {"n_fft": 2048, "hop_length": 2048, "n_mels": 17, "fmin_hz": 50.0, "fmax_hz": 8000.0},
    {"n_fft": 512, "hop_length": 100, "n_mels": 20, "sample_rate_hz": 8000, "amin": 1e-5},
    {"n_fft": 2048, "hop_length": 512, "n_mels": 128, "sample_rate_hz": 22050, "top_db": 0.0},
]


def for_librosa(settings):
    names = {"sample_rate_hz": "sr", "fmin_hz": "fmin", "fmax_hz": "fmax"}
    return {names.get(name, name): value for name, value in settings.items()}


@pytest.mark.parametrize("settings", GRID, ids=str)
@pytest.mark.parametrize("n_samples", [2048, 9001, 22050])
def test_log_mel_over_settings(settings, n_samples):
    batch = np.stack([noise(n_samples), tones(n_samples, settings.get("sample_rate_hz", RATE_HZ))])
    layer = LogMel(**settings)
    ours = as_numpy(layer.features(batch))
    assert ours.shape == layer.compute_output_shape(batch.shape)
    assert_close(ours, np.stack([librosa_log_mel(clip, **for_librosa(settings)) for clip in batch]))


@pytest.mark.parametrize(("n_mfcc", "n_mels"), [(1, 1), (13, 40), (20, 128), (80, 80), (128, 128)])
def test_mfcc_over_settings(n_mfcc, n_mels):
    batch = np.stack([noise(9001), tones(9001)])
    layer = MFCC(n_mfcc=n_mfcc, n_mels=n_mels)
    ours = as_numpy(layer(batch))
    assert ours.shape == layer.compute_output_shape(batch.shape) == (2, 18, n_mfcc)
    assert_close(ours, np.stack([librosa_mfcc(clip, n_mfcc, n_mels=n_mels) for clip in batch]))


def test_without_a_floor():
    """White noise fills every band, so nothing lies so far down that float32 would show."""
    clip = noise()
    assert_close(as_numpy(LogMel(top_db=None).features(clip[None]))[0], librosa_log_mel(clip, top_db=None))


def test_not_a_number_stays_in_its_clip(paper_model):
    batch = np.stack([noise(), noise(), tones()])
    batch[1, 5000] = np.nan
    ours = paper_model.predict_on_batch(batch)
    assert np.isnan(ours[1]).any()
    assert_close(ours[[0, 2]], np.stack([librosa_log_mel(clip) for clip in batch[[0, 2]]]))


def test_integers_are_taken_as_they_are():
    clip = np.round(3000 * tones()).astype("int16")
    assert_close(as_numpy(LogMel()(clip[None]))[0], librosa_log_mel(clip.astype("float32")))


# As part of a model.


def test_features_stay_in_float32_under_mixed_bfloat16(paper_model):
    before = keras.config.dtype_policy()
    batch = np.stack([noise(), tones()])
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        inputs = keras.Input((N_SAMPLES,))
        features = LogMel()(inputs)
        dense = keras.layers.Dense(3)
        model = keras.Model(inputs, [features, dense(features)])
    finally:
        keras.config.set_dtype_policy(before)
    ours, _ = model.predict_on_batch(batch)
    assert dense.compute_dtype == "bfloat16"  # the rest of the model is not in float32
    assert ours.dtype == np.float32
    assert np.array_equal(ours, paper_model.predict_on_batch(batch))


def test_training_behind_the_layer():
    """Tones against noise, by the mean of the bands."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((8192,)),
            MFCC(n_mfcc=10, n_mels=20),
            keras.layers.GlobalAveragePooling1D(),
            keras.layers.BatchNormalization(),
            keras.layers.Dense(2, activation="softmax"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.1), "sparse_categorical_crossentropy", jit_compile=False)
    x = np.stack([noise(8192, seed) for seed in range(4)] + [tones(8192 + seed)[seed:] for seed in range(4)])
    losses = [float(model.train_on_batch(x, np.arange(8) // 4)) for _ in range(8)]
    assert losses[-1] < 0.5 * losses[0]
    assert model.layers[0].weights == []


@pytest.mark.parametrize("layer", [LogMel(n_mels=30, ref="max", top_db=None), MFCC(n_mfcc=5, fmax_hz=9000.0)])
def test_config_gives_the_layer_again(layer, tmp_path):
    batch = noise(4096)[None]
    model = model_of(layer, 4096)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert again.layers[0].get_config() == layer.get_config()
    assert np.array_equal(again.predict_on_batch(batch), model.predict_on_batch(batch))


def test_jax_gives_the_same_numbers(on_jax, tmp_path):
    batch = np.stack(list(CLIPS.values()))
    np.save(tmp_path / "in.npy", batch)
    code = (
        "import numpy as np, keras; from shared.layers.spectral import MFCC, LogMel\n"
        "x = np.load(folder / 'in.npy')\n"
        "for layer in (LogMel(), MFCC()):\n"
        "    model = keras.Sequential([keras.Input(x.shape[1:]), layer])\n"
        "    np.save(folder / f'{type(layer).__name__}.npy', model.predict(x, verbose=0))\n"
    )
    on_jax(code, tmp_path)
    assert_close(np.load(tmp_path / "LogMel.npy"), np.stack([librosa_log_mel(clip) for clip in batch]))
    assert_close(np.load(tmp_path / "MFCC.npy"), np.stack([librosa_mfcc(clip) for clip in batch]))


# What cannot be done.


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_fft": 2047}, "n_fft must be a positive even integer. Received: n_fft=2047"),
        ({"hop_length": 0}, "hop_length must be a positive integer. Received: hop_length=0"),
        ({"n_mels": 80.0}, "n_mels must be a positive integer. Received: n_mels=80.0"),
        ({"sample_rate_hz": "44100"}, "sample_rate_hz must be a positive integer. Received: sample_rate_hz='44100'"),
        ({"ref": 0.0}, "ref must be 'max' or a power above 0. Received: ref=0.0"),
        ({"ref": "min"}, "ref must be 'max' or a power above 0. Received: ref='min'"),
        ({"amin": 0.0}, "amin must be above 0. Received: amin=0.0"),
        ({"top_db": -1.0}, "top_db must be None, 0 or more. Received: top_db=-1.0"),
        ({"dtype": "mixed_bfloat16"}, "LogMel computes in float32. Received: dtype='bfloat16'"),
    ],
)
def test_wrong_settings(settings, message):
    with pytest.raises(ValueError, match=message):
        LogMel(**settings)


@pytest.mark.parametrize("n_mfcc", [0, 41, 2.5])
def test_wrong_number_of_coefficients(n_mfcc):
    with pytest.raises(ValueError, match="n_mfcc must be an integer from 1 to n_mels=40. Received: n_mfcc="):
        MFCC(n_mfcc=n_mfcc, n_mels=40)


def test_wrong_waveforms():
    words = "at least one window of 2048 samples; pad shorter clips with zeros. Received: n_samples=2047"
    for layer in (LogMel(), MFCC()):
        with pytest.raises(ValueError, match=f"{type(layer).__name__} needs {words}"):
            layer(np.zeros((2, 2047), "float32"))
    for shape in ((None,), (N_SAMPLES, 1)):
        with pytest.raises(ValueError, match=r"LogMel needs waveforms \(batch, n_samples\) of one known length"):
            LogMel()(keras.Input(shape))
