"""In what precision a training computes: float32, or bfloat16 where the machine is faster in it."""

from __future__ import annotations

import time
from pathlib import Path

import keras

from shared.layers import backend

PRECISIONS = ("auto", "float32", "bfloat16")


BFLOAT16_FLAGS = {"amx_bf16", "avx512_bf16"}


# --- precision -------------------------------------------------------------------------------------------------------
def resolve_precision(precision: str) -> str:
    """``auto`` -> ``bfloat16`` where the hardware multiplies it faster, else ``float32``.

    The processor is asked for its flags (amx_bf16 on Intel, avx512_bf16 on AMD's Zen 4 and later, each measured at
    about twice float32 on this suite's networks); a GPU counts as having it; where nothing can be asked, a small
    product is timed.
    """
    if precision not in PRECISIONS:
        raise ValueError(f"precision {precision!r}: expected one of {', '.join(PRECISIONS)}")
    if precision != "auto":
        return precision
    if backend.accelerator() != "cpu":
        return "bfloat16"
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        return "bfloat16" if BFLOAT16_FLAGS & set(cpuinfo.read_text().split()) else "float32"
    return "bfloat16" if product_seconds("bfloat16") < 0.7 * product_seconds("float32") else "float32"


def product_seconds(dtype: str, size: int = 1024, repeats: int = 5) -> float:
    """What a product of two square matrices takes here: the shortest of several times, which tells machines apart."""
    a = keras.ops.ones((size, size), dtype)
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        float(keras.ops.cast(keras.ops.matmul(a, a)[0, 0], "float32"))
        times.append(time.perf_counter() - start)
    return min(times)


def policy_precision() -> str:
    """The precision that models built now would compute in."""
    return keras.config.dtype_policy().compute_dtype


def set_precision(precision: str) -> str:
    """Set Keras's policy for the models built from here on; return ``float32`` or ``bfloat16``."""
    precision = resolve_precision(precision)
    keras.config.set_dtype_policy("mixed_bfloat16" if precision == "bfloat16" else "float32")
    return precision
