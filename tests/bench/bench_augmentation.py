"""Images augmented a second: the fused layer against the legacy class, both on both cores.

128 x 1292 x 3, batch 32, the paper's ranges. The legacy class works in two threads, as ``fit`` with two workers has it.
"""

import time
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np

from shared.layers.augmentation import ZoomShift

SHAPE, BATCH, TURNS, BATCHES_A_TURN = (128, 1292, 3), 32, 5, 8
RANGES = {"zoom": 0.025, "height_shift": 0.05, "width_shift": 0.05}


def run() -> list[dict]:
    """One row a semantics; the fastest of several turns, taken in turns."""
    from keras.src.legacy.preprocessing.image import ImageDataGenerator

    images = np.random.default_rng(0).integers(0, 256, (BATCH, *SHAPE)).astype("uint8")
    tensor = keras.ops.convert_to_tensor(images)
    generator = ImageDataGenerator(zoom_range=0.025, height_shift_range=0.05, width_shift_range=0.05)

    def theirs(image):
        return generator.random_transform(image.astype("float32"))

    rows = []
    for semantics in ("legacy", "intended"):
        layer = ZoomShift(**RANGES, semantics=semantics, seed=0)

        def ours(layer=layer):
            for _ in range(BATCHES_A_TURN):
                out = layer(tensor, training=True)
            return np.asarray(out[0, 0, 0])

        with ThreadPoolExecutor(2) as threads:
            rates = np.zeros(2)
            ours()
            for _ in range(TURNS):
                start = time.perf_counter()
                ours()
                middle = time.perf_counter()
                list(threads.map(theirs, images))
                end = time.perf_counter()
                rate = (BATCH * BATCHES_A_TURN / (middle - start), BATCH / (end - middle))
                rates = np.maximum(rates, rate)
        rows.append(
            {
                "what": f"augmentation ({semantics}) / ImageDataGenerator, two threads",
                "ours": rates[0],
                "reference": rates[1],
                "ratio": rates[0] / rates[1],
                "unit": "images a second",
            }
        )
    return rows
