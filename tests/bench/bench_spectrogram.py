"""Cost of a spectrogram image against librosa and matplotlib: ``python -m tests.bench.bench_spectrogram``.

Ratios are of the fastest of several turns; ours and the reference take turns, so that what else the machine does
hits both.
"""

import io
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from shared.audio.log_mel_images import SpectrogramSettings, image_of, log_mel, make_images, to_image

RATE_HZ = 22050
N_SAMPLES = 30 * RATE_HZ
TURNS = 12
FILES_A_TURN = 4
N_SONGS, SONG_TURNS = 48, 3


def _music(seed: int) -> np.ndarray:
    """Notes that decay, over pink noise: float32 (661500,).

    imsave's time depends on how well the image compresses. The noise makes its PNG 150 kB; those of recorded music
    are 80 to 270 kB.
    """
    generator = np.random.default_rng(seed)
    seconds = np.arange(N_SAMPLES) / RATE_HZ
    pitch_hz = 220 * 2 ** (generator.integers(0, 12, 61) / 12)[(seconds * 2).astype(int)]
    tone = np.exp(-5 * (seconds * 2 % 1)) * sum(np.sin(2 * np.pi * k * pitch_hz * seconds) / k for k in range(1, 6))
    spectrum = np.fft.rfft(generator.standard_normal(N_SAMPLES))
    noise = np.fft.irfft(spectrum / np.sqrt(np.maximum(np.arange(spectrum.size), 30)), N_SAMPLES)
    return (0.2 * tone + 0.02 * noise / noise.std()).astype(np.float32)


def fastest(calls: list[Callable[[], object]], turns: int) -> list[float]:
    """Seconds of the fastest turn of each call; one turn of each comes first and is not counted."""
    seconds = np.empty((turns + 1, len(calls)))
    for turn in range(turns + 1):
        for number, call in enumerate(calls):
            start = time.perf_counter()
            call()
            seconds[turn, number] = time.perf_counter() - start
    return seconds[1:].min(axis=0).tolist()


def on_one_core(measure: Callable[[], list[dict]]) -> list[dict]:
    """Measure with one core, where the system can say so."""
    if not hasattr(os, "sched_setaffinity"):
        return measure()
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        return measure()
    finally:
        os.sched_setaffinity(0, cores)


def row_of(what: str, ours: float, reference: float, unit: str) -> dict:
    """A row whose ratio is 2 when ours is twice as good: less time, or more of whatever else the unit counts."""
    ratio = reference / ours if unit.startswith("ms") else ours / reference
    return {
        "what": what,
        "ours": round(ours, 3),
        "reference": round(reference, 3),
        "ratio": round(ratio, 2),
        "unit": unit,
    }


def one_core() -> list[dict]:
    """From a clip to pixels and from a file to a file, on the core that the process is held to."""
    import librosa
    import soundfile
    import threadpoolctl
    from matplotlib import pyplot

    clip = _music(0)

    def librosa_mel(signal=clip):
        mel = librosa.feature.melspectrogram(y=signal, sr=RATE_HZ)
        return librosa.amplitude_to_db(mel, ref=np.max)

    matrix = librosa_mel()

    def imsave(values=matrix, file=None):
        pyplot.imsave(file or io.BytesIO(), values, cmap="viridis", format="png")

    with tempfile.TemporaryDirectory() as folder, threadpoolctl.threadpool_limits(1):
        songs = [Path(folder) / f"{number}.flac" for number in range(FILES_A_TURN)]
        for song in songs:
            soundfile.write(song, clip, RATE_HZ)

        def ours_from_files():
            for song in songs:
                song.with_suffix(".png").unlink(missing_ok=True)
            make_images([(song, song.with_suffix(".png")) for song in songs], n_jobs=1)

        def theirs_from_files():
            for song in songs:
                imsave(librosa_mel(librosa.load(song, sr=RATE_HZ)[0]), Path(folder) / "theirs.png")

        calls = [
            (lambda: image_of(clip), lambda: imsave(librosa_mel())),
            (lambda: log_mel(clip), librosa_mel),
            (lambda: to_image(matrix), imsave),
            (ours_from_files, theirs_from_files),
        ]
        seconds = fastest([call for pair in calls for call in pair], TURNS)
    seconds[-2:] = [both / FILES_A_TURN for both in seconds[-2:]]
    names = [
        "30-s clip to pixels / librosa + imsave",
        "30-s clip to log-mel / librosa",
        "log-mel to pixels / imsave",
        "flac to PNG, a file / librosa + imsave",
    ]
    return [
        row_of(name, 1000 * ours, 1000 * reference, "ms a clip, one core")
        for name, ours, reference in zip(names, seconds[::2], seconds[1::2], strict=True)
    ]


def scaling() -> list[dict]:
    """Audio files to PNG files with two workers, against one."""
    import soundfile

    with tempfile.TemporaryDirectory() as folder:
        songs = [Path(folder) / f"{number}.flac" for number in range(N_SONGS)]
        for number, song in enumerate(songs):
            soundfile.write(song, _music(number % 4), RATE_HZ)

        def make(n_jobs: int) -> None:
            for image in Path(folder).glob("*.png"):
                image.unlink()
            make_images([(song, song.with_suffix(".png")) for song in songs], SpectrogramSettings(), n_jobs)

        one, two = fastest([lambda: make(1), lambda: make(2)], SONG_TURNS)
    return [row_of("make_images, two workers / one", N_SONGS / two, N_SONGS / one, "clips a second, flac to PNG")]


def run() -> list[dict]:
    """Rows of what, ours, reference, ratio (above 1: ours is faster), unit."""
    return on_one_core(one_core) + scaling()


if __name__ == "__main__":
    for row in run():
        print("{what:40} {ours:9.2f} {reference:9.2f} {ratio:7.2f}  {unit}".format(**row))
