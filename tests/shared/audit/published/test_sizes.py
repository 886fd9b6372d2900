"""Frames of a window and steps of an epoch, by hand."""

from functools import partial

import pytest

from shared.audit.finding import CONTRADICTION, NOTE
from shared.audit.published.sizes import n_frames
from tests.shared.audit.toys import CORPUS, audit_of, only, table

SETTINGS = """
[settings]
window_seconds = { value = 0.025, origin = "authors' code" }
hop_seconds = { value = 0.01, origin = "authors' code" }
batch_size = { value = 10, origin = "authors' code" }
validation_fraction = { value = 0.2, origin = "authors' code" }
"""


@pytest.fixture
def audit(tmp_path):
    """From the parts of a paper.toml to its audit."""
    return partial(audit_of, tmp_path, CORPUS, table("validation loss", A=["0.21"]), SETTINGS)


def framing(rate_hz, samples, frames):
    return f'[[framings]]\nplace = "3"\nrate_hz = {rate_hz}\nsamples = {samples}\nframes = {frames}\n'


def steps(steps, samples):
    return f'[[step_counts]]\nplace = "a log"\nsteps = {steps}\nsamples = {samples}\n'


@pytest.mark.parametrize(("samples", "expected"), [(1, 1), (400, 1), (401, 2), (560, 2), (561, 3)])
def test_frames(samples, expected):
    assert n_frames(samples, 400, 160) == expected


def test_frames_that_fit(audit):
    audited = audit(framing(16000, 16000, 99))  # 1 + (16000 - 400) / 160 = 98.5
    assert audited.findings == ()
    assert "make 99 of them, as stated" in audited.sound[0]


def test_frames_of_another_rate_or_of_two_channels(audit):
    """4,410 values are 1 + (4410 - 1103) / 441 = 8.5 frames at 44.1 kHz, 18.5 at 22,050, 18.5 of twice as many."""
    found = only(audit(framing(44100, 4410, 19)), "frames of a window")
    assert (found.severity, found.printed) == (CONTRADICTION, "44,100 Hz and 19 frames")
    assert "frames of 1,103 samples, one every 441, make 9 of them, not 19." in found.arithmetic
    assert "at 22,050 Hz or at 44,100 Hz with 2 channels" in found.follows
    assert found.follows.endswith("the document says neither.")


def test_frames_that_nothing_usual_makes(audit):
    found = only(audit(framing(44100, 4410, 100)), "frames of a window")
    assert found.follows == "No usual sample rate and no number of channels makes 100 of it."


def test_frames_that_one_rate_makes(audit):
    found = only(audit(framing(44100, 8000, 49)), "frames of a window")  # 1 + (8000 - 400) / 160 = 48.5 at 16 kHz
    assert found.follows == "49 frames are what it makes at 16,000 Hz; the document does not say so."


@pytest.mark.parametrize(
    ("count", "samples", "severity", "follows"),
    [
        # 8 steps of 10 are 71 to 80 to train on: of 89 floor(0.8 * 89) = 71 are, of 101 floor(0.8 * 101) = 80
        (8, 100, NOTE, "All of them can have been used."),
        (8, 101, NOTE, "All of them can have been used."),
        (8, 110, NOTE, "9 to 21 of the samples were left out."),
        (8, 80, CONTRADICTION, "9 to 21 samples more than that were used."),
    ],
)
def test_steps(audit, count, samples, severity, follows):
    found = only(audit(steps(count, samples)), "steps of an epoch")
    assert (found.severity, found.follows) == (severity, follows)
    assert "8 steps of 10 are 71 to 80 samples to train on, which are the first 80% of 89 to 101" in found.arithmetic


def test_steps_by_trying_all_sizes(audit):
    """Every n whose first 80 % make 8 steps of 10, the last of which may be smaller."""
    fitting = [n for n in range(1, 300) if -(-(n * 8 // 10) // 10) == 8]
    assert (min(fitting), max(fitting)) == (89, 101)
