"""Augmented copies: what is drawn, that they are made once, and what SoX does with them where it is there."""

import importlib.util
import shutil
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import soundfile

from reproductions.shan_tagging import augmentation
from reproductions.shan_tagging.augmentation import Effects, MissingSoxError, apply, copies, drawn_effects
from reproductions.shan_tagging.settings import Augmentation
from shared.paper.loading import load_paper
from shared.paper.settings import read_settings

SETTINGS = load_paper("shan_tagging").settings_for()
STRENGTHS = read_settings(Augmentation, SETTINGS)
RATE_HZ = SETTINGS["sample_rate_hz"]
NO_SOX = shutil.which("sox") is None or importlib.util.find_spec("sox") is None
needs_sox = pytest.mark.skipif(NO_SOX, reason="SoX or the package sox is not installed")


def many_effects():
    return [drawn_effects(f"{number:064x}"[::-1], copy, STRENGTHS) for number in range(250) for copy in range(4)]


def test_strengths_lie_in_their_ranges_and_each_effect_is_as_frequent():
    drawn = many_effects()
    for name in augmentation.RANGES:
        given = [getattr(effects, name) for effects in drawn if getattr(effects, name) is not None]
        low, high = SETTINGS[name]
        assert low <= min(given) < max(given) <= high
        assert abs(len(given) - 8 / 15 * 1000) < 70  # of 15 combinations 8 have it; four standard deviations are 63
        middle = (low * high) ** 0.5 if name in ("tempo", "compression_ratio") else (low + high) / 2
        assert np.mean(np.array(given) < middle) == pytest.approx(0.5, abs=0.09)
    assert Effects() not in drawn


def test_a_copy_depends_on_clip_and_number_only():
    one = drawn_effects("ab" * 32, 0, STRENGTHS)
    assert drawn_effects("ab" * 32, 0, STRENGTHS) == one
    assert drawn_effects("ab" * 32, 1, STRENGTHS) != one
    assert drawn_effects("cd" * 32, 0, STRENGTHS) != one


def test_without_sox_it_is_said_how_to_install_it(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda program: None)
    with pytest.raises(MissingSoxError, match="apt-get install sox.*or run --variant no-augmentation"):
        apply(Effects(tempo=1.1), np.zeros(RATE_HZ, "float32"), STRENGTHS)


@pytest.fixture
def corpus(tmp_path, monkeypatch):
    """Three clips, one of them to test on, and an `apply` that halves them and counts."""
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_CACHE", str(tmp_path))
    made = []

    def halved(effects, signal, settings):
        made.append(effects)
        return signal / 2

    monkeypatch.setattr(augmentation, "apply", halved)
    monkeypatch.setattr(augmentation, "_sox", lambda: None)
    index = pd.DataFrame(
        {"clip": ["a", "b", "c"], "split": ["train", "test", "validation"], "sha256": ["0a" * 32, "0b" * 32, "0c" * 32]}
    )
    signals = {"a": np.full(100, 0.5, "float32"), "b": None, "c": np.full(50, 0.25, "float32")}
    module = SimpleNamespace(SAMPLE_RATE_HZ=RATE_HZ, signals=lambda rows: [signals[clip] for clip in rows["clip"]])
    return SimpleNamespace(module=module, index=index.assign(path=index["clip"]), made=made)


def test_copies_are_made_once_and_what_is_missing_again(corpus):
    files = copies(corpus.module, corpus.index, SETTINGS)
    assert [len(of_clip) for of_clip in files] == [4, 0, 4]  # the test clip has none
    assert len(corpus.made) == 8
    assert soundfile.read(files[0][3])[0].tolist() == [0.25] * 100
    assert soundfile.info(files[2][0]).samplerate == RATE_HZ
    files[2][1].unlink()
    assert copies(corpus.module, corpus.index, SETTINGS) == files
    assert len(corpus.made) == 9
    assert files[2][1].exists()
    others = copies(corpus.module, corpus.index, SETTINGS | {"tempo": [0.9, 1.1]})
    assert len(corpus.made) == 17
    assert not {file for of_clip in others for file in of_clip} & {file for of_clip in files for file in of_clip}


def test_a_clip_of_which_nothing_is_left_is_named(corpus, monkeypatch):
    monkeypatch.setattr(augmentation, "apply", lambda effects, signal, settings: signal[:0])
    with pytest.raises(ValueError, match="a: SoX made nothing of it"):
        copies(corpus.module, corpus.index.iloc[:1], SETTINGS)


def tone(frequency_hz=1000.0, seconds=1.0, amplitude=0.1):
    return (amplitude * np.sin(2 * np.pi * frequency_hz * np.arange(int(seconds * RATE_HZ)) / RATE_HZ)).astype(
        "float32"
    )


def pitch_hz(signal):
    spectrum = np.abs(np.fft.rfft(signal * np.hanning(signal.size)))
    return np.argmax(spectrum) * RATE_HZ / signal.size


@needs_sox
def test_nothing_at_all_leaves_the_signal():
    signal = tone()
    assert apply(Effects(), signal, STRENGTHS) == pytest.approx(signal, abs=1e-6)


@needs_sox
def test_tempo_changes_the_length_and_not_the_pitch():
    made = apply(Effects(tempo=1.25), tone(), STRENGTHS)
    assert made.dtype == np.float32
    assert made.size == pytest.approx(RATE_HZ / 1.25, rel=0.01)
    assert pitch_hz(made) == pytest.approx(1000, abs=15)


@needs_sox
def test_pitch_changes_the_pitch_and_not_the_length():
    made = apply(Effects(pitch_semitones=2.0), tone(), STRENGTHS)
    assert made.size == pytest.approx(RATE_HZ, rel=0.01)
    assert pitch_hz(made) == pytest.approx(1000 * 2 ** (2 / 12), abs=15)


@needs_sox
def test_reverb_sounds_on_after_a_click():
    click = np.zeros(RATE_HZ, "float32")
    click[100:110] = 0.5
    made = apply(Effects(reverberance_percent=50.0), click, STRENGTHS)
    assert made.size == click.size  # one channel
    assert np.abs(made[RATE_HZ // 10 : RATE_HZ // 2]).max() > 1e-4


@needs_sox
def test_compression_brings_loud_and_soft_together_by_its_ratio():
    soft, loud = tone(amplitude=0.1, seconds=3), tone(amplitude=1.0, seconds=3)  # both above the threshold, 20 dB apart
    made = apply(Effects(compression_ratio=4.0), np.concatenate([soft, loud]), STRENGTHS)
    levels = [20 * np.log10(np.abs(made[int(second * RATE_HZ) :][: RATE_HZ // 2]).max()) for second in (2.4, 5.4)]
    assert levels[1] - levels[0] == pytest.approx(20 / 4, abs=0.5)
    assert np.abs(made).max() == pytest.approx(1.0, abs=1e-4)  # the signal's own peak, where the loud part begins


@needs_sox
def test_the_same_copy_is_the_same_again():
    effects = Effects(1.1, -1.0, 30.0, 2.0)
    first, again = (apply(effects, tone(), STRENGTHS) for _ in range(2))
    assert np.array_equal(first, again)
