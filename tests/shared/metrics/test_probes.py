"""The probe against SciPy, matplotlib and, where they are at hand, the real images."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from PIL import Image
from scipy.stats import pearsonr

from shared.metrics import probes
from shared.metrics.probes import nearest_neighbour, time_averaged

IMAGES = Path(os.environ.get("AUDIO_REPRODUCTIONS_DATA") or "data") / "vntm_images"


def coloured(levels, cmap="viridis"):
    """RGB pixels of grey levels 0..255."""
    return matplotlib.colormaps[cmap](np.asarray(levels, dtype=np.uint8), bytes=True)[..., :3]


class TestTimeAveraged:
    # viridis has two colours that stand twice among its 256 once they are rounded to 8 bits.
    @pytest.mark.parametrize(("cmap", "tolerance"), [("viridis", 1), ("magma", 0), ("inferno", 0)])
    def test_every_level_of_a_map_is_found(self, cmap, tolerance):
        levels = np.arange(256).reshape(1, 256, 1)
        found = time_averaged(coloured(levels, cmap), cmap)
        assert np.abs(found - levels[..., 0]).max() <= tolerance

    def test_mean_over_time_keeps_frequency(self):
        levels = [[[0, 10, 20], [100, 100, 130]], [[255, 255, 255], [1, 2, 3]]]  # 2 images, 2 rows, 3 columns
        np.testing.assert_allclose(time_averaged(coloured(levels)), [[10, 110], [255, 2]])

    def test_a_colour_of_another_map(self):
        images = coloured(np.zeros((3, 2, 4)))
        images[2, 1, 3] = (255, 0, 0)
        with pytest.raises(ValueError, match=r"image 2 has the colour \[255, 0, 0\] at row 1, column 3.* viridis"):
            time_averaged(images)

    def test_unknown_map(self):
        with pytest.raises(ValueError, match="unknown colour map 'virids'"):
            time_averaged(coloured(np.zeros((1, 2, 2))), cmap="virids")

    @pytest.mark.parametrize("images", [np.zeros((2, 4, 4, 3)), np.zeros((4, 4, 3), np.uint8), np.zeros((0, 4, 4, 3))])
    def test_other_shapes_and_types(self, images):
        with pytest.raises(ValueError, match=r"expected uint8 images \(n, h, w, 3\)"):
            time_averaged(images)


class TestNearestNeighbour:
    def test_against_scipy(self):
        rng = np.random.default_rng(0)
        train, test = rng.normal(size=(30, 12)), rng.normal(size=(9, 12)) * 5 + 40
        labels = rng.choice(["a", "b", "c"], size=30)
        expected = np.array([[pearsonr(a, b).statistic for b in train] for a in test])
        found = nearest_neighbour(train, labels, test)
        np.testing.assert_array_equal(found.index, expected.argmax(axis=1))
        np.testing.assert_allclose(found.similarity, expected.max(axis=1), atol=1e-11)
        np.testing.assert_array_equal(found.labels, labels[expected.argmax(axis=1)])

    def test_level_and_gain_do_not_matter(self):
        train = np.array([[1.0, 2, 3, 1], [3.0, 1, 1, 0]])
        found = nearest_neighbour(train, ["rise", "fall"], 100 + 7 * train[::-1])
        assert found.labels.tolist() == ["fall", "rise"]
        np.testing.assert_allclose(found.similarity, 1)

    def test_a_tie_goes_to_the_lower_index(self):
        train = np.array([[3.0, 1, 2], [1.0, 2, 3], [2.0, 4, 6], [1.0, 2, 3]])
        assert nearest_neighbour(train, [0, 1, 2, 3], [[10.0, 20, 30]]).index.tolist() == [1]

    def test_silence_is_similar_to_nothing(self):
        found = nearest_neighbour([[0.1, 0.1, 0.1], [1.0, 2, 3]], ["silence", "rise"], [[0.7, 0.7, 0.7], [3.0, 2, 1]])
        assert found.similarity.tolist() == [0, 0]
        assert found.labels.tolist() == ["silence", "silence"]

    @pytest.mark.parametrize(
        ("train", "labels", "test", "words"),
        [
            ([[1, 2]], ["a", "b"], [[1, 2]], r"labels of shape \(2,\) for 1 training clips"),
            ([[1, 2]], ["a"], [[1, 2, 3]], "training clips have 2 values, test clips 3"),
            ([[1, 2], [np.nan, 1]], ["a", "b"], [[1, 2]], "finite training features, but clip 1 has NaN"),
            ([[1, 2]], ["a"], [[np.inf, 2]], "finite test features, but clip 0 has NaN"),
            (np.empty((0, 2)), [], [[1, 2]], r"training features of shape \(clips, values\), got shape \(0, 2\)"),
            ([1, 2], ["a", "b"], [[1, 2]], r"training features of shape \(clips, values\), got shape \(2,\)"),
        ],
    )
    def test_bad_input(self, train, labels, test, words):
        with pytest.raises(ValueError, match=words):
            nearest_neighbour(train, labels, test)


@pytest.mark.skipif(not (IMAGES / "test").is_dir(), reason="no vntm_images under AUDIO_REPRODUCTIONS_DATA")
def test_published_split_is_solved_by_the_average_spectrum():
    """lam_ensemble: 248 of the 250 test clips have their nearest training clip in the right class (99.2 %)."""

    def average(path):
        with Image.open(path) as image:
            return time_averaged(np.asarray(image.convert("RGB"))[None])[0]

    def split(name):
        paths = sorted((IMAGES / name).glob("*/*.png"))
        with ThreadPoolExecutor() as pool:
            return np.array(list(pool.map(average, paths))), np.array([path.parent.name for path in paths])

    (train, train_labels), (test, test_labels) = split("train"), split("test")
    found = nearest_neighbour(train, train_labels, test)
    assert (len(train), len(test)) == (1875, 250)
    assert (found.labels == test_labels).sum() == 248


def test_logistic_regression_finds_a_line_and_its_probabilities_add_up():
    generator = np.random.default_rng(0)
    labels = np.arange(300) % 3
    features = generator.normal(size=(300, 4))
    features[:, 0] += 6 * labels
    probabilities = probes.linear(features[:200] * 1000, labels[:200], features[200:] * 1000)
    assert probabilities.shape == (100, 3)
    assert np.allclose(probabilities.sum(axis=1), 1)
    assert (probabilities.argmax(axis=1) == labels[200:]).mean() > 0.97


def test_logistic_regression_needs_every_class():
    with pytest.raises(ValueError, match=r"expected the classes 0 to 1, each at least once; got \[0, 2\]"):
        probes.linear(np.zeros((2, 1)), np.array([0, 2]), np.zeros((1, 1)))
