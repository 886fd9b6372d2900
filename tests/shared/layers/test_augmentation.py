"""The fused layer against the legacy class that it replaces and against SciPy."""

import keras
import numpy as np
import pytest
from scipy import ndimage, stats

from shared.layers.augmentation import FILL_MODES, ZoomShift

# Grey levels up to 255. A displacement below 256 pixels is known to 1.5e-5 in float32, which a step of 255 between two
# neighbours turns into 4e-3; rows and columns add up. (The legacy class computes in float64.)
TOLERANCE = 8e-3
SHAPES = [(32, 32, 3), (24, 90, 3), (90, 24, 1), (128, 1292, 3)]
PAPER = {"zoom": 0.025, "height_shift": 0.05, "width_shift": 0.05}


def images_of(shape, n=4, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (n, *shape)).astype("uint8")


def legacy_generator(**options):
    from keras.src.legacy.preprocessing.image import ImageDataGenerator

    return ImageDataGenerator(**options)


def parameters_of(drawn):
    """The layer's four columns from the legacy class's dictionaries."""
    return np.array([[one[name] for name in ("tx", "ty", "zx", "zy")] for one in drawn], "float32")


def dictionaries_of(parameters):
    fixed = {"theta": 0, "shear": 0, "flip_horizontal": False, "flip_vertical": False}
    fixed |= {"channel_shift_intensity": None, "brightness": None}
    return [fixed | dict(zip(("tx", "ty", "zx", "zy"), map(float, row), strict=True)) for row in parameters]


def apply_legacy(generator, images, parameters):
    return np.stack(
        [
            generator.apply_transform(image.astype("float32"), one)
            for image, one in zip(images, dictionaries_of(parameters), strict=True)
        ]
    )


@pytest.mark.filterwarnings("ignore:Please import `affine_transform`:DeprecationWarning")  # the legacy class's own
class TestAgainstTheLegacyClass:
    @pytest.mark.parametrize("shape", SHAPES, ids=str)
    @pytest.mark.parametrize("fill_mode", FILL_MODES)
    def test_same_image_for_the_same_parameters(self, shape, fill_mode):
        options = {"zoom_range": 0.2, "height_shift_range": 0.2, "width_shift_range": 0.2, "fill_mode": fill_mode}
        generator = legacy_generator(**options, cval=7.0)
        images = images_of(shape)
        np.random.seed(1)
        parameters = parameters_of([generator.get_random_transform(shape) for _ in images])
        layer = ZoomShift(0.2, 0.2, 0.2, fill_mode=fill_mode, fill_value=7.0, semantics="legacy")
        ours = keras.ops.convert_to_numpy(layer.transform(images, parameters))
        theirs = apply_legacy(generator, images, parameters)
        # Where a position falls within rounding of the image's edge, "constant" may come out on either side of it.
        apart = np.abs(ours - theirs) > TOLERANCE
        assert apart.mean() < (1e-3 if fill_mode in ("constant", "wrap") else 1e-9), np.abs(ours - theirs).max()

    def test_draws_have_the_same_distributions(self):
        generator = legacy_generator(zoom_range=0.025, height_shift_range=0.05, width_shift_range=0.05)
        np.random.seed(0)
        theirs = parameters_of([generator.get_random_transform((128, 1292, 3)) for _ in range(4000)])
        ours = keras.ops.convert_to_numpy(ZoomShift(**PAPER, seed=0).draw(4000, 128, 1292))
        for column in range(4):
            assert stats.ks_2samp(ours[:, column], theirs[:, column]).pvalue > 1e-3
        assert np.abs(np.corrcoef(ours.T) - np.eye(4)).max() < 0.06
        assert np.allclose(ours.min(0), [-6.4, -64.6, 0.975, 0.975], rtol=0.01)
        assert np.allclose(ours.max(0), [6.4, 64.6, 1.025, 1.025], rtol=0.01)

    def test_width_shift_moves_the_mel_axis(self):
        """What the legacy class does to a 128 x 1292 image: a width shift of 5 % moves 64 of 128 rows."""
        image = np.zeros((1, 128, 1292, 1), "float32")
        image[0, 100] = 1.0  # one mel band
        parameters = np.array([[0.0, 64.0, 1.0, 1.0]], "float32")
        moved = keras.ops.convert_to_numpy(ZoomShift(**PAPER, semantics="legacy").transform(image, parameters))
        assert np.flatnonzero(moved[0, :, 0, 0]).tolist() == [36]
        kept = keras.ops.convert_to_numpy(ZoomShift(**PAPER, semantics="intended").transform(image, parameters))
        assert np.flatnonzero(kept[0, :, 0, 0]).tolist() == [100]


@pytest.mark.parametrize("fill_mode", FILL_MODES)
@pytest.mark.parametrize("shape", SHAPES[:3], ids=str)
def test_intended_is_scipys_transform_about_the_centre(shape, fill_mode):
    images = images_of(shape, seed=2)
    layer = ZoomShift(0.2, 0.2, 0.2, fill_mode=fill_mode, fill_value=3.0, semantics="intended", seed=3)
    parameters = keras.ops.convert_to_numpy(layer.draw(len(images), *shape[:2]))
    ours = keras.ops.convert_to_numpy(layer.transform(images, parameters))
    for image, (tx, ty, zx, zy), got in zip(images, parameters.astype(float), ours, strict=True):
        centre = (np.array(shape[:2]) - 1) / 2
        offset = np.array([tx, ty]) + centre * (1 - np.array([zx, zy]))
        for channel in range(shape[2]):
            expected = ndimage.affine_transform(
                image[..., channel].astype(float), [zx, zy], offset, order=1, mode=fill_mode, cval=3.0
            )
            apart = np.abs(got[..., channel] - expected) > TOLERANCE
            assert apart.mean() < (1e-3 if fill_mode in ("constant", "wrap") else 1e-9)


@pytest.mark.parametrize("semantics", ["legacy", "intended"])
@pytest.mark.parametrize("fill_mode", FILL_MODES)
def test_zero_strength_is_the_identity(semantics, fill_mode):
    images = images_of((16, 40, 3))
    out = ZoomShift(0.0, 0.0, 0.0, fill_mode=fill_mode, semantics=semantics)(images, training=True)
    assert np.array_equal(keras.ops.convert_to_numpy(out), images.astype("float32"))


@pytest.mark.parametrize(("semantics", "training"), [("none", True), ("legacy", False)])
def test_nothing_happens_without_training_or_semantics(semantics, training):
    images = images_of((16, 40, 3))
    out = ZoomShift(0.2, 0.2, 0.2, semantics=semantics)(images, training=training)
    assert np.array_equal(keras.ops.convert_to_numpy(out), images.astype("float32"))


def test_seed_decides_and_each_image_has_its_own_draw():
    images = np.repeat(images_of((16, 40, 3), n=1), 3, axis=0)

    def augmented(seed):
        return keras.ops.convert_to_numpy(ZoomShift(**PAPER, seed=seed)(images, training=True))

    assert np.array_equal(augmented(1), augmented(1))
    assert not np.array_equal(augmented(1), augmented(2))
    assert not np.array_equal(augmented(1)[0], augmented(1)[1])


def test_shape_and_dtype_follow_the_policy():
    layer = ZoomShift(**PAPER, dtype="mixed_bfloat16")
    out = layer(images_of((16, 40, 3)), training=True)
    assert keras.backend.standardize_dtype(out.dtype) == "bfloat16"
    assert tuple(out.shape) == (4, 16, 40, 3)


def test_config_round_trip():
    layer = ZoomShift(zoom=(0.9, 1.2), height_shift=0.1, fill_mode="wrap", semantics="intended", seed=5)
    again = ZoomShift.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"semantics": "both"}, "semantics must be one of legacy, intended, none. Received: semantics='both'"),
        ({"fill_mode": "mirror"}, "fill_mode must be one of"),
        ({"height_shift": 5}, "height_shift must be a fraction"),
        ({"zoom": 1.5}, "zoom must be below 1"),
        ({"zoom": (1.2, 0.8)}, "two positive ends in order"),
    ],
)
def test_bad_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        ZoomShift(**options)


def test_inside_a_training_step_the_last_smaller_batch_too():
    inputs = keras.Input((16, 40, 3), dtype="uint8")
    x = keras.layers.GlobalAveragePooling2D()(ZoomShift(**PAPER, seed=0)(inputs))
    model = keras.Model(inputs, keras.layers.Dense(2, activation="softmax")(x))
    model.compile("adam", "categorical_crossentropy", jit_compile=False)
    labels = np.eye(2, dtype="float32")[[0, 1, 0, 1, 0]]
    history = model.fit(images_of((16, 40, 3), n=5), labels, batch_size=4, verbose=0).history
    assert np.isfinite(history["loss"][0])


def test_jax_gives_the_same_image(on_jax, tmp_path):
    images, parameters = images_of((24, 90, 3)), np.array([[1.5, -7.2, 0.98, 1.02]] * 4, "float32")
    np.savez(tmp_path / "in.npz", images=images, parameters=parameters)
    code = (
        "import numpy as np, keras; from shared.layers.augmentation import ZoomShift\n"
        "data = np.load(folder / 'in.npz')\n"
        "layer = ZoomShift(0.1, 0.1, 0.1)\n"
        "out = layer.transform(data['images'], data['parameters'])\n"
        "model = keras.Sequential([ZoomShift(0.1, 0.1, 0.1, seed=0), keras.layers.Flatten(), keras.layers.Dense(1)])\n"
        "model.compile('sgd', 'mse')\n"
        "model.fit(data['images'] / 255.0, np.zeros((4, 1)), verbose=0)\n"
        "np.save(folder / 'out.npy', np.asarray(out))\n"
    )
    on_jax(code, tmp_path)
    ours = keras.ops.convert_to_numpy(ZoomShift(0.1, 0.1, 0.1).transform(images, parameters))
    assert np.abs(np.load(tmp_path / "out.npy") - ours).max() < TOLERANCE
