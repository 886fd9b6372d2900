"""Audit of a split of 10,000 clips of 30 s, against the limits set for it: ``python -m tests.bench split_audit``.

The audit begins with what is kept of each clip: averages and a fingerprint of 1,875 frames, here random ones, 2,500
tracks of four clips each, of which the averages are so alike that every clip has all its candidates, and a hundred
near duplicates. It runs in a process of its own, so that its peak memory is its own. Reading the audio comes before,
once: that is measured in clips of 30 s a second, from flac files of music-like noise at 22,050 Hz.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
N_CLIPS, N_TRACKS, N_LABELS, N_NEAR, SECONDS = 10_000, 2_500, 10, 100, 30
LIMIT_SECONDS, LIMIT_GIB = 120.0, 4.0
N_FILES, RATE_HZ = 24, 22050


def made_clips():
    """Ten thousand described clips, without audio behind them."""
    from shared.audit.split.clips import Clips
    from shared.audit.split.fingerprints import HOP, N_FEATURES, N_SCREEN, PRINT_BANDS, SAMPLE_RATE_HZ, Prints

    generator = np.random.default_rng(0)
    n_frames = SECONDS * SAMPLE_RATE_HZ // HOP
    track = np.repeat(np.arange(N_TRACKS), N_CLIPS // N_TRACKS)
    values = generator.integers(-60, 61, (N_CLIPS * n_frames, PRINT_BANDS), np.int8)
    screen = generator.normal(0, 2, (N_TRACKS, N_SCREEN))[track] + generator.normal(0, 1, (N_CLIPS, N_SCREEN))
    for near in range(N_NEAR):  # clip 4n + 1 holds clip 4n, ten frames later
        source, copy = (slice(row * n_frames, (row + 1) * n_frames) for row in (4 * near, 4 * near + 1))
        values[copy] = np.roll(values[source], 10, axis=0)
        screen[4 * near + 1] = screen[4 * near]
    prints = Prints(screen.astype(np.float32), values, np.arange(N_CLIPS + 1) * n_frames)
    features = generator.normal(size=(N_TRACKS, N_FEATURES))[track] + generator.normal(size=(N_CLIPS, N_FEATURES))
    names = tuple(f"track{number:04d}_{cut}.wav" for number in range(N_TRACKS) for cut in range(N_CLIPS // N_TRACKS))
    labels = tuple((f"label {number % N_LABELS}",) for number in track)
    split = tuple(np.where(generator.random(N_CLIPS) < 0.2, "test", "train").tolist())
    hashes = tuple(map(str, range(N_CLIPS)))
    groups = tuple(map(str, track))
    return Clips("10,000 clips", names, labels, split, groups, "column group", features, prints, hashes, hashes)


def measurements() -> dict:
    """Seconds by the clock and of the processor, the peak memory of one audit, and what it found."""
    from shared.audit.split import audit_split
    from shared.audit.split.report import render_split

    clips = made_clips()
    start, start_cpu = time.perf_counter(), time.process_time()
    audit = audit_split(clips)
    render_split(audit)
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - start_cpu
    gib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2  # Linux counts in KiB
    return {"seconds": seconds, "cpu_seconds": cpu_seconds, "gib": gib, "near": len(audit.pairs)}


def reading() -> float:
    """Clips of 30 s a second, from files to what is kept of them, on all cores."""
    import soundfile

    from shared.audit.split.extraction import describe_all

    generator = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{number}.flac" for number in range(N_FILES)]
        for path in paths:
            soundfile.write(path, 0.1 * np.cumsum(generator.normal(0, 0.02, SECONDS * RATE_HZ)), RATE_HZ)
        describe_all(paths[:2], "warming up", keep=False)
        start = time.perf_counter()
        describe_all(paths, "reading", keep=False)
        return N_FILES / (time.perf_counter() - start)


def run() -> list[dict]:
    """Rows of what, ours, reference (the limit), ratio, unit."""
    command = [sys.executable, "-m", "tests.bench.bench_split_audit"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    output = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True).stdout
    found = json.loads(output)
    if found["near"] != N_NEAR:
        raise RuntimeError(f"the audit found {found['near']} near duplicates of {N_NEAR}")
    rows = [
        ("split audit of 10,000 clips of 30 s / limit", found["seconds"], LIMIT_SECONDS, "s"),
        ("the same, processor time / limit", found["cpu_seconds"], LIMIT_SECONDS, "s"),
        ("the same, peak memory / limit", found["gib"], LIMIT_GIB, "GiB"),
    ]
    rows = [{"what": w, "ours": o, "reference": r, "ratio": r / o, "unit": u} for w, o, r, u in rows]
    rate = reading()
    what = f"reading clips of 30 s, once ({10_000 / rate / 60:.0f} minutes for 10,000)"
    return [*rows, {"what": what, "ours": rate, "reference": None, "ratio": None, "unit": "clips/s"}]


if __name__ == "__main__":
    print(json.dumps(measurements()))
