"""Online augmentation of spectrogram images as a Keras layer: zoom, height shift and width shift in one resampling.

It does what Keras's legacy ``ImageDataGenerator`` did with ``zoom_range``, ``height_shift_range`` and
``width_shift_range``, in the training graph and many images at a time. Zoom and shift act on each axis alone, so the
affine transform separates: rows are resampled first, columns after them, each as a blend of two neighbours.

That class is wrong on images that are not square: it swaps the axes after the shifts have been scaled and the zoom
has been centred. On 128 x 1292 images ``width_shift_range=0.05`` moves the *mel* axis by up to 64 of 128 rows and
leaves time alone. So "online augmentation" has two readings, and this layer has both:

``legacy``
    what the class does: the row axis takes the width's shift, zoom and centre, the column axis the height's.
``intended``
    what its documentation says: each axis takes its own.
"""

from __future__ import annotations

import functools

import keras
import numpy as np
from keras import ops

from shared.layers.backend import compiled

SEMANTICS = ("legacy", "intended", "none")
FILL_MODES = ("nearest", "constant", "reflect", "wrap")


class ZoomShift(keras.layers.Layer):
    """Draws a zoom and a shift an image and resamples it; does nothing outside training.

    Parameters
    ----------
    zoom : float or (float, float)
        Range of the zoom of each axis: 1 - zoom to 1 + zoom, or the two ends. Above 1 the image shrinks, as in the
        legacy class.
    height_shift, width_shift : float
        Largest shift as a fraction of the height and of the width.
    fill_mode : {"nearest", "constant", "reflect", "wrap"}
        What lies outside the image, as in :func:`scipy.ndimage.affine_transform`.
    fill_value : float
        For ``fill_mode="constant"``.
    semantics : {"legacy", "intended", "none"}
        See the module's text; ``none`` leaves the images alone.
    seed : int, optional

    Notes
    -----
    Input: (batch, height, width, channels), any number type. Output: the same shape in the layer's compute dtype.
    """

    def __init__(
        self,
        zoom=0.0,
        height_shift: float = 0.0,
        width_shift: float = 0.0,
        fill_mode: str = "nearest",
        fill_value: float = 0.0,
        semantics: str = "legacy",
        seed: int | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        for name, value, known in (("semantics", semantics, SEMANTICS), ("fill_mode", fill_mode, FILL_MODES)):
            if value not in known:
                raise ValueError(f"{name} must be one of {', '.join(known)}. Received: {name}={value!r}")
        for name, value in (("height_shift", height_shift), ("width_shift", width_shift)):
            if not 0 <= value < 1:
                raise ValueError(f"{name} must be a fraction in [0, 1). Received: {name}={value!r}")
        self.zoom = (1.0 - zoom, 1.0 + zoom) if np.ndim(zoom) == 0 else tuple(float(end) for end in zoom)
        if len(self.zoom) != 2 or not 0 < self.zoom[0] <= self.zoom[1]:
            raise ValueError(f"zoom must be below 1, or two positive ends in order. Received: zoom={zoom!r}")
        self.height_shift, self.width_shift = height_shift, width_shift
        self.fill_mode, self.fill_value, self.semantics, self.seed = fill_mode, fill_value, semantics, seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, images, training=False):
        if not training or self.semantics == "none":
            return ops.cast(images, self.compute_dtype)
        height, width = images.shape[1:3]
        parameters = self.draw(ops.shape(images)[0], height, width)
        return self.transform(images, parameters)

    def draw(self, n: int, height: int, width: int):
        """Draw the parameters of ``n`` images, float32, shape (n, 4).

        The columns are the legacy class's own, in the order in which it draws them: ``tx`` (height shift, pixels),
        ``ty`` (width shift, pixels), ``zx``, ``zy`` (zoom), each uniform.
        """
        low = (-self.height_shift * height, -self.width_shift * width, self.zoom[0], self.zoom[0])
        high = (self.height_shift * height, self.width_shift * width, self.zoom[1], self.zoom[1])
        low, high = ops.convert_to_tensor(low, "float32"), ops.convert_to_tensor(high, "float32")
        return low + (high - low) * keras.random.uniform((n, 4), dtype="float32", seed=self.seed_generator)

    def transform(self, images, parameters):
        """Resample ``images`` (n, height, width, channels) by ``parameters`` (n, 4) of :meth:`draw`."""
        resample = _compiled(self.semantics, self.fill_mode, float(self.fill_value), self.compute_dtype)
        return resample(images, parameters)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {
            **super().get_config(),
            "zoom": self.zoom,
            "height_shift": self.height_shift,
            "width_shift": self.width_shift,
            "fill_mode": self.fill_mode,
            "fill_value": self.fill_value,
            "semantics": self.semantics,
            "seed": self.seed,
        }


def resample(images, parameters, semantics: str, fill_mode: str, fill_value: float, dtype: str):
    """Zoom and shift a batch of images.

    Output pixel (r, c) is the image at ``(z_r r + s_r, z_c c + s_c)``, blended from the two nearest rows and columns,
    where s centres the zoom and adds the shift.
    """
    height, width = images.shape[1:3]
    tx, ty, zx, zy = (parameters[:, i : i + 1] for i in range(4))
    centre_row, centre_column = (height - 1) / 2, (width - 1) / 2
    if semantics == "legacy":
        rows = _taps(height, zy, ty, centre_column, fill_mode)
        columns = _taps(width, zx, tx, centre_row, fill_mode)
    else:
        rows = _taps(height, zx, tx, centre_row, fill_mode)
        columns = _taps(width, zy, ty, centre_column, fill_mode)
    blended = _blend(_blend(images, *rows[:3], axis=0), *columns[:3], axis=1)
    if fill_mode == "constant":
        inside = rows[3][:, :, None, None] & columns[3][:, None, :, None]
        blended = ops.where(inside, blended, fill_value)
    return ops.cast(blended, dtype)


def _taps(size: int, zoom, shift, centre: float, fill_mode: str):
    """Indices of the two neighbours (n, size), the second one's weight, and whether the position is inside.

    The displacement is kept apart from the position, so that float32 does not lose the fraction at column 1000.
    """
    position = ops.arange(size, dtype="float32")
    displacement = (zoom - 1) * (position - centre) + shift
    whole = ops.floor(displacement)
    weight = displacement - whole
    index = ops.cast(position + whole, "int32")
    after = index + 1
    inside = (index >= 0) & ((after < size) | ((after == size) & (weight == 0)))
    if fill_mode == "reflect":  # d c b a | a b c d | d c b a
        index, after = (ops.minimum(i % (2 * size), 2 * size - 1 - i % (2 * size)) for i in (index, after))
    elif fill_mode == "wrap":  # SciPy's: the last pixel is the first one of the next period
        last = (index == size - 1) & (weight == 0)
        index = ops.where(last, size - 1, index % (size - 1))
        after = index + 1
    return ops.clip(index, 0, size - 1), ops.clip(after, 0, size - 1), weight, inside


def _blend(images, index, after, weight, axis: int):
    """``(1 - weight) * image[index] + weight * image[after]`` along the rows (axis 0) or columns (1) of each image.

    The map over the images matters: XLA turns it into one gather of whole rows or pixels, four times as fast on a CPU
    as a gather by positions that hold the image's number.
    """
    shape = (-1, 1, 1) if axis == 0 else (1, -1, 1)

    def blend_one(one):
        image, index, after, weight = one
        a = ops.cast(ops.take(image, index, axis=axis), "float32")
        b = ops.cast(ops.take(image, after, axis=axis), "float32")
        return a + (b - a) * ops.reshape(weight, shape)

    return ops.vectorized_map(blend_one, (images, index, after, weight))


@functools.cache
def _compiled(semantics: str, fill_mode: str, fill_value: float, dtype: str):
    """:func:`resample` as one compiled step, also where the model around it is not compiled with XLA."""
    function = functools.partial(resample, semantics=semantics, fill_mode=fill_mode, fill_value=fill_value, dtype=dtype)
    return compiled(function)
