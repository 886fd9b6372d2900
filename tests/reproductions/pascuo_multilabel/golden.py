"""Golden values of python_speech_features 0.6, which is no requirement of this project.

Made with ``pip install python_speech_features==0.6`` in an environment of its own and, from the project's root,

    python -m tests.reproductions.pascuo_multilabel.golden
"""

from pathlib import Path

import numpy as np

from data_prep.corpora import fsdd

FILE = Path(__file__).with_name("golden_mfcc.npz")
CASES = {"second": 44100, "paper": 22050, "two channels": 44100}  # sample rate of each


def inputs() -> dict[str, np.ndarray]:
    """Float64: a second at 44.1 kHz (44100,), a sample of variant paper (4410,), and one of two channels (4410, 2).

    A chord that swells over a hum, and a spoken digit; in the last, one on each side. The digit (8 kHz, taken as if it
    were at another rate) fills the sample of variant paper.
    """
    time = np.arange(44100) / 44100
    chord = sum(
        np.sin(2 * np.pi * hertz * time) / k for k, hertz in enumerate((220.5, 1103.0, 4410.7, 12345.0), start=1)
    )
    chord = 0.2 * time * chord + 0.1 * np.cos(2 * np.pi * 50 * time)
    clips = fsdd.clips()
    row = clips[clips["clip"] == "7_theo_12"].assign(path=str(fsdd.EMBEDDED / fsdd.PACK))
    digit = np.resize(fsdd.signals(row)[0].astype(np.float64), 4410)
    return {"second": chord, "paper": digit, "two channels": np.stack([chord[-4410:], digit], axis=1)}


def main() -> None:
    """Write the golden values: float32, shape (99, 13) and twice (19, 13)."""
    import python_speech_features

    values = {}
    for name, signal in inputs().items():
        given = python_speech_features.mfcc(signal, CASES[name], numcep=13, nfilt=26, nfft=2048)
        values[name] = given.astype(np.float32)
    np.savez_compressed(FILE, **values)


if __name__ == "__main__":
    main()
