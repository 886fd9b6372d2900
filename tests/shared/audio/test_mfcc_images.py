"""MFCCs against librosa, images against SciPy, and the images of many clips."""

import librosa
import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from shared.audio.mfcc_images import MfccSettings, grey_image, image_of, load_mfcc_images, mfcc
from shared.audio.signals import AudioError

DEFAULTS = MfccSettings()
SMALL = MfccSettings(sample_rate_hz=8000, n_fft=256, hop_length=64, n_mels=40, image_height=32, image_width=48)


def tone(n_samples=4000, rate_hz=8000):
    time = np.arange(n_samples) / rate_hz
    return (0.5 * np.sin(2 * np.pi * (300 + 600 * time) * time)).astype("float32")


def test_it_is_librosas_resampling_and_mfcc_with_their_defaults():
    signal = librosa.resample(tone(), orig_sr=8000, target_sr=22050)  # as librosa.load does
    expected = librosa.feature.mfcc(y=signal, sr=22050)
    ours = mfcc(tone(), 8000)
    assert ours.shape == (20, 1 + 11025 // 512)
    assert np.abs(ours - expected).max() < 1e-3


def test_settings_reach_librosa():
    expected = librosa.feature.mfcc(y=tone(), sr=8000, n_mfcc=20, n_fft=256, hop_length=64, n_mels=40)
    assert np.abs(mfcc(tone(), 8000, SMALL) - expected).max() < 1e-3


def test_an_image_is_the_matrix_between_its_own_ends_stretched_bilinearly():
    """Pixel i of n looks at (i + 1/2) m / n - 1/2 of m values, clamped: interpolated by SciPy."""
    matrix = np.random.default_rng(0).normal(size=(5, 7)).astype("float32")
    image = grey_image(matrix, SMALL)
    assert (image.dtype, image.shape) == (np.uint8, (32, 48))
    places = [(np.arange(n) + 0.5) * m / n - 0.5 for n, m in ((32, 5), (48, 7))]
    grey = 255 * (matrix - matrix.min()) / (matrix.max() - matrix.min())
    expected = map_coordinates(grey, np.meshgrid(*places, indexing="ij"), order=1, mode="nearest")
    assert np.abs(image - expected).max() <= 0.51  # rounded to whole grey levels


def test_the_lowest_coefficient_lies_where_it_should():
    matrix = np.array([[1.0, 1.0], [0.0, 0.0]], "float32")
    top = grey_image(matrix, SMALL)
    assert (top[0] == 255).all()
    assert (top[-1] == 0).all()
    bottom = grey_image(matrix, MfccSettings(image_height=32, image_width=48, low_coefficient_at="bottom"))
    assert np.array_equal(bottom, top[::-1])


def test_a_constant_matrix_is_black_and_a_short_clip_fills_the_width():
    assert not grey_image(np.full((3, 4), 7.0, "float32"), SMALL).any()
    assert image_of(tone(800), 8000).shape == image_of(tone(18000), 8000).shape == (256, 256)


@pytest.mark.parametrize(
    ("signal", "message"),
    [
        (tone(8), "holds 8 samples (1 ms), and one analysis window takes 93 ms. Give a longer recording"),
        (np.zeros(0, "float32"), "holds 0 samples (0 ms)"),
        (np.full(4000, np.nan, "float32"), "4000 of 4000 samples are NaN or infinite"),
        (np.zeros((4000, 2), "float32"), "expected one channel, shape (n,); received shape (4000, 2)"),
    ],
)
def test_what_no_image_can_be_made_of_is_refused(signal, message):
    with pytest.raises(AudioError) as caught:
        mfcc(signal, 8000)
    assert message in str(caught.value)


def test_unknown_choices_list_the_known():
    with pytest.raises(ValueError, match="resize must be one of bilinear, nearest; received 'cubic'"):
        MfccSettings(resize="cubic")


def test_many_images_are_made_once_in_order_and_a_bad_clip_is_named(tmp_path):
    signals, names, calls = [tone(4000), tone(2000), tone(3000)], ["a", "b", "c"], []

    def read():
        calls.append(1)
        return signals

    arguments = {"rate_hz": 8000, "settings": SMALL, "cache_dir": tmp_path, "key": "toy"}
    images = load_mfcc_images(read, names, **arguments)
    assert np.array_equal(images, [image_of(signal, 8000, SMALL) for signal in signals])
    assert np.array_equal(load_mfcc_images(read, names, **arguments), images)
    assert len(calls) == 1
    signals[1] = tone(8)
    with pytest.raises(AudioError, match=r"b: holds 8 samples"):
        load_mfcc_images(read, names, **arguments | {"key": "other"})
    assert not list(tmp_path.glob("*other*"))
