"""Golden values of python_speech_features 0.6, which is no requirement of this project.

Made with ``pip install python_speech_features==0.6`` in an environment of its own and, from the project's root,

    python -m tests.reproductions.pascuo_multilabel.golden
"""

from pathlib import Path

import numpy as np

from data_prep import fsdd

FILE = Path(__file__).with_name("golden_mfcc.npz")
RATE_HZ = 44100


def inputs() -> dict[str, np.ndarray]:
    """One-second samples, float64, shape (44100,): a chord that swells over a hum, and a spoken digit.

    The digit (8 kHz, taken as if it were at 44.1 kHz) ends after 0.4 s; the rest is zeros.
    """
    time = np.arange(RATE_HZ) / RATE_HZ
    chord = sum(
        np.sin(2 * np.pi * hertz * time) / k for k, hertz in enumerate((220.5, 1103.0, 4410.7, 12345.0), start=1)
    )
    chord = 0.2 * time * chord + 0.1 * np.cos(2 * np.pi * 50 * time)
    clips = fsdd.clips()
    digit = np.zeros(RATE_HZ)
    spoken = fsdd.signals(_row(clips, "7_theo_12"))[0]
    digit[: spoken.size] = spoken
    return {"chord": chord, "digit": digit}


def _row(clips, clip):
    return clips[clips["clip"] == clip].assign(path=str(fsdd.EMBEDDED / fsdd.PACK))


def main() -> None:
    """Write the golden values: float32, shape (99, 13) each."""
    import python_speech_features

    values = {}
    for name, signal in inputs().items():
        values[name] = python_speech_features.mfcc(signal, RATE_HZ, numcep=13, nfilt=26, nfft=2048).astype(np.float32)
    np.savez_compressed(FILE, **values)


if __name__ == "__main__":
    main()
