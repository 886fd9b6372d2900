"""Crops against plain slicing, streamed ones against soundfile, and a redraw against a network that is a lookup."""

import dataclasses
import functools
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import soundfile

from data_prep.common import recordings
from reproductions.shan_tagging import waveforms
from reproductions.shan_tagging.evaluation import confident, trained_as
from reproductions.shan_tagging.waveforms import Clips, Crops, InMemory, Streamed, clips_of
from shared.audio import signals as audio
from shared.paper.loading import load_paper

RATE_HZ = 44100
LENGTH = 1000


@pytest.fixture
def signals():
    """Float32 multiples of a step of 16 bits: one of exactly a crop, a longer one, a shorter one."""
    generator = np.random.default_rng(0)
    return [generator.integers(-32768, 32768, n).astype("float32") / 32768 for n in (LENGTH, 4321, 77)]


def test_a_crop_is_a_slice_and_a_short_clip_ends_in_zeros(signals):
    crops = Crops(InMemory(signals), np.array([0, 1, 2, 1]), np.array([0, 3321, 0, 5]), LENGTH)
    assert crops.shape == (4, LENGTH)
    given = crops[np.array([3, 2, 1, 0])]
    assert given.dtype == np.float32
    expected = [signals[1][5:1005], np.pad(signals[2], (0, LENGTH - 77)), signals[1][3321:], signals[0]]
    assert np.array_equal(given, np.stack(expected))


@pytest.mark.parametrize("suffix", ["wav", "flac"])
def test_streamed_crops_are_soundfiles(signals, tmp_path, suffix):
    paths = [str(tmp_path / f"{number}.{suffix}") for number in range(3)]
    for path, signal in zip(paths, signals, strict=True):
        soundfile.write(path, signal, RATE_HZ, "PCM_16")
    streamed = Streamed(paths, [signal.size for signal in signals])
    numbers, starts = np.array([1, 2, 0, 1]), np.array([3300, 0, 0, 5])
    given = streamed.read(numbers, starts, LENGTH)
    for row, number, start in zip(given, numbers, starts, strict=True):
        expected = soundfile.read(paths[number], dtype="float32")[0][start : start + LENGTH]
        assert np.array_equal(row, np.pad(expected, (0, LENGTH - expected.size)))
    assert np.array_equal(given, InMemory(signals).read(numbers, starts, LENGTH))


def test_draws_are_the_generators_and_reach_every_start():
    n_starts = 5
    clips = Clips(InMemory([np.zeros(LENGTH + n_starts - 1), np.zeros(3)]), np.array([[0], [1]] * 400), LENGTH)
    crops = clips.drawn(np.random.default_rng(1))
    again, other = (clips.drawn(np.random.default_rng(seed)) for seed in (1, 2))
    assert np.array_equal(crops.starts, again.starts)
    assert not np.array_equal(crops.starts, other.starts)
    counts = np.bincount(crops.starts[::2], minlength=n_starts)
    assert len(counts) == n_starts
    assert counts.min() > 50  # 80 expected of each; four standard deviations are 32
    assert not crops.starts[1::2].any()
    assert clips.longer.tolist() == [True, False] * 400


def test_versions_are_drawn_equally_and_crops_fit_the_version():
    recordings = InMemory([np.zeros(n) for n in (2 * LENGTH, LENGTH // 2, 3 * LENGTH)])
    clips = Clips(recordings, np.array([[0, 1, 2]] * 900), LENGTH)
    crops = clips.drawn(np.random.default_rng(0))
    assert np.bincount(crops.numbers).min() > 240  # 300 expected of each; four standard deviations are 57
    assert (crops.starts + LENGTH <= np.maximum(recordings.n_samples[crops.numbers], LENGTH)).all()
    assert set(clips.plain.drawn(np.random.default_rng(0)).numbers) == {0}


def corpus_of(signals, rate_hz, folder):
    paths = [str(folder / f"{number}.wav") for number in range(len(signals))]
    for path, signal in zip(paths, signals, strict=True):
        soundfile.write(path, signal, rate_hz, "PCM_16")
    hashes = [audio.signal_hash(signal, rate_hz) for signal in signals]
    n_samples = [signal.size for signal in signals]
    index = pd.DataFrame({"path": paths, "offset": 0, "n_samples": n_samples, "sha256": hashes})
    read = functools.partial(recordings.read_signals, sample_rate_hz=rate_hz)
    return SimpleNamespace(NAME="own", SAMPLE_RATE_HZ=rate_hz, signals=read), index


def test_a_corpus_that_does_not_fit_is_streamed_and_gives_the_same(signals, tmp_path, monkeypatch):
    module, index = corpus_of(signals, RATE_HZ, tmp_path)
    copies = [[tmp_path / "a.flac", tmp_path / "b.flac"], [], [tmp_path / "c.flac", tmp_path / "d.flac"]]
    for number, file in enumerate(file for files in copies for file in files):
        soundfile.write(file, np.full(LENGTH, number / 8, "float32"), RATE_HZ, "PCM_16")
    inside = clips_of(module, index, RATE_HZ, LENGTH, copies)
    assert inside.versions.tolist() == [[0, 3, 4], [1, 1, 1], [2, 5, 6]]  # a clip without copies is itself
    monkeypatch.setattr(waveforms, "_free_memory", lambda: 1000.0)
    outside = clips_of(module, index, RATE_HZ, LENGTH, copies)
    assert isinstance(inside.recordings, InMemory)
    assert isinstance(outside.recordings, Streamed)
    rows = np.arange(3)
    draws = [clips.drawn(np.random.default_rng(5))[rows] for clips in (inside, outside)]
    assert np.array_equal(*draws)


def test_what_cannot_be_streamed_is_converted_once(signals, tmp_path, monkeypatch):
    module, index = corpus_of(signals, RATE_HZ, tmp_path)
    stereo, other_rate, part = index["path"]
    soundfile.write(stereo, np.stack([signals[0], np.zeros_like(signals[0])], axis=1), RATE_HZ, "PCM_16")
    soundfile.write(other_rate, signals[1], RATE_HZ // 2, "PCM_16")
    index["n_samples"] = [signals[0].size, 2 * signals[1].size, 60]
    index.loc[2, "offset"] = 7
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_CACHE", str(tmp_path / "cache"))
    inside = clips_of(module, index, RATE_HZ, LENGTH)
    monkeypatch.setattr(waveforms, "_free_memory", lambda: 1000.0)
    outside = clips_of(module, index, RATE_HZ, LENGTH)
    draws = [clips.drawn(np.random.default_rng(5))[np.arange(3)] for clips in (inside, outside)]
    assert np.array_equal(*draws)
    assert np.array_equal(draws[0][2, :60], signals[2][7:67])
    monkeypatch.setattr(module, "signals", lambda rows: pytest.fail("converted again"))
    again = clips_of(module, index, RATE_HZ, LENGTH)
    assert again.recordings.paths.tolist() == outside.recordings.paths.tolist()
    assert part not in again.recordings.paths  # seven samples at its beginning are no part of the clip


def test_a_corpus_at_another_rate_is_resampled(signals, tmp_path):
    module, index = corpus_of(signals, RATE_HZ // 2, tmp_path)
    clips = clips_of(module, index, RATE_HZ, LENGTH)
    assert clips.recordings.n_samples.tolist() == [2 * signal.size for signal in signals]


class Loud:
    """A network that is as sure of class 0 as the crop's first sample says."""

    def __init__(self):
        self.heard = 0

    def predict_on_batch(self, x):
        self.heard += len(x)
        return np.stack([x[:, 0], 1 - x[:, 0]], axis=1)


def test_an_uncertain_clip_is_heard_again_until_the_limit():
    sure, unsure = np.full(4 * LENGTH, 0.75), np.full(4 * LENGTH, 0.5)
    mixed = np.where(np.arange(4 * LENGTH) < 2 * LENGTH, 0.5, 0.875)
    recordings = InMemory([sure, unsure, mixed, np.full(LENGTH, 0.5), np.zeros(4 * LENGTH)])
    clips, rows = Clips(recordings, np.arange(5)[:, None], LENGTH), np.array([4, 3, 2, 1, 0])
    network = Loud()
    options = {"below": 0.7, "limit": 30, "batch_size": 2}
    probabilities, draws = confident(network, clips, rows, np.random.default_rng(0), **options)
    assert draws[[4, 1]].tolist() == [1, 1]  # sure at once; no longer than a crop
    assert draws[3] == 31  # never sure
    assert draws[0] == 1  # silence, of which the network is sure to be the other class
    assert 1 <= draws[2] < 31
    assert probabilities[:, 0].tolist() == [0.0, 0.5, 0.875, 0.5, 0.75]
    assert network.heard == draws.sum()
    once = confident(Loud(), clips, rows, np.random.default_rng(0), **options | {"limit": 0})[1]
    assert once.tolist() == [1] * 5


def test_when_no_draw_is_certain_the_most_certain_one_counts():
    slope = np.linspace(0.5, 0.625, 50 * LENGTH)
    clips = Clips(InMemory([slope]), np.zeros((1, 1), int), LENGTH)
    probabilities, draws = confident(
        Loud(), clips, np.zeros(1, int), np.random.default_rng(3), below=0.7, limit=5, batch_size=1
    )
    generator = np.random.default_rng(3)
    firsts = [slope[clips.drawn(generator).starts[0]] for _ in range(6)]
    assert probabilities[0, 0] == pytest.approx(max(firsts), abs=1 / 32768)
    assert draws[0] == 6


def test_what_differs_in_the_evaluation_needs_no_training_of_its_own():
    paper = load_paper("shan_tagging")
    same = {variant: trained_as(paper, variant) for variant in paper.variants}
    assert same["no-redraw"] == "paper"
    assert same["no-augmentation-no-redraw"] == "no-augmentation"
    assert same["settled-no-redraw"] == "settled"
    assert same["best-epoch"] == "best-epoch"
    other = dataclasses.replace(paper, variants={"no-redraw": paper.variants["no-redraw"]})
    assert trained_as(other, "no-redraw") == "no-redraw"
