"""Cost of the 57 features against librosa's functions one after another: ``python -m tests.bench.bench_features``.

Ratios are of the fastest of several turns; ours and the reference take turns, so that what else the machine does
hits both. The reference is the plain loop of the tests, with one harmonic-percussive separation for both parts.
"""

import numpy as np

from shared.audio.summary_features import PUBLIC_TABLE, features_of, table_of
from tests.bench.bench_spectrogram import fastest, on_one_core, row_of
from tests.shared.audio.test_summary_features import plain_features_of

RATE_HZ = 22050
TRACK_SECONDS, CUT_SECONDS = 30, 3
TURNS = 4
N_CLIPS, TABLE_TURNS = 16, 2


def _music(seed: int, seconds: int) -> np.ndarray:
    """Notes that decay, over noise: float32 (seconds * 22050,)."""
    generator = np.random.default_rng(seed)
    time_seconds = np.arange(seconds * RATE_HZ) / RATE_HZ
    pitch_hz = 220 * 2 ** (generator.integers(0, 12, 2 * seconds + 1) / 12)[(time_seconds * 2).astype(int)]
    partials = sum(np.sin(2 * np.pi * k * pitch_hz * time_seconds) / k for k in range(1, 6))
    noise = generator.standard_normal(time_seconds.size)
    return (0.2 * np.exp(-5 * (time_seconds * 2 % 1)) * partials + 0.01 * noise).astype(np.float32)


def one_core() -> list[dict]:
    """A clip's features on the core that the process is held to."""
    import threadpoolctl

    clips = [_music(0, seconds) for seconds in (TRACK_SECONDS, CUT_SECONDS)]
    calls = []
    for clip in clips:
        calls += [lambda clip=clip: features_of(clip, RATE_HZ), lambda clip=clip: plain_features_of(clip, PUBLIC_TABLE)]
    with threadpoolctl.threadpool_limits(1):
        track, plain_track, cut, plain_cut = (1000 * seconds for seconds in fastest(calls, TURNS))
    return [
        row_of("57 features of a 30-s clip / plain librosa", track, plain_track, "ms a clip, one core"),
        row_of("57 features of a 3-s clip / plain librosa", cut, plain_cut, "ms a clip, one core"),
    ]


def scaling() -> list[dict]:
    """A table of 30-s clips with two workers, against one and against the plain loop."""
    clips = [_music(seed, TRACK_SECONDS) for seed in range(N_CLIPS)]
    names = [str(number) for number in range(N_CLIPS)]

    def table(n_jobs: int) -> None:
        table_of(clips, names, rate_hz=RATE_HZ, n_jobs=n_jobs)

    calls = [lambda: table(1), lambda: table(2), lambda: plain_features_of(clips[0], PUBLIC_TABLE)]
    one, two, plain = fastest(calls, TABLE_TURNS)  # the first turn starts the workers
    unit = "clips of 30 s a second"
    return [
        row_of("table_of, two workers / one", N_CLIPS / two, N_CLIPS / one, unit),
        row_of("table_of, two workers / plain librosa in one process", N_CLIPS / two, 1 / plain, unit),
    ]


def run() -> list[dict]:
    """Rows of what, ours, reference, ratio (above 1: ours is faster), unit."""
    return on_one_core(one_core) + scaling()


if __name__ == "__main__":
    for row in run():
        print("{what:54} {ours:9.2f} {reference:9.2f} {ratio:7.2f}  {unit}".format(**row))
