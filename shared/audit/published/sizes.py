"""Stated sizes against each other: frames of a window, and steps of an epoch."""

from __future__ import annotations

import math
from fractions import Fraction

from shared.audit.finding import CONTRADICTION, NOTE, AuditFinding
from shared.paper.schema import Framing, Paper, StepCount

FRAMES, STEPS = "frames of a window", "steps of an epoch"
RATES_HZ = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 96000)
CHANNELS = (2, 6)


def audit_sizes(paper: Paper) -> tuple[list[AuditFinding], list[str]]:
    """Frames and steps that the paper or its log states, recomputed from the other sizes."""
    findings, sound = [], []
    for check, rows in ((_framing, paper.framings), (_steps, paper.step_counts)):
        for row in rows:
            finding, sentence = check(paper, row)
            findings += [finding] if finding else []
            sound += [sentence] if sentence else []
    return findings, sound


def n_frames(samples: int, window: int, hop: int) -> int:
    """Frames of a signal, the last filled up with zeros: one, and another as long as samples are left over."""
    return 1 + max(0, math.ceil((samples - window) / hop))


def _lengths(paper: Paper, rate_hz: int) -> tuple[int, int]:
    """Samples of a frame and from one to the next at a rate, a half rounded up."""
    seconds = (paper.setting("window_seconds"), paper.setting("hop_seconds"))
    return tuple(math.floor(value * rate_hz + 0.5) for value in seconds)


def _framing(paper: Paper, stated: Framing) -> tuple[AuditFinding | None, str]:
    """Whether so many samples at this rate make so many frames; if not, which rate or number of channels does."""
    window, hop = _lengths(paper, stated.rate_hz)
    n = n_frames(stated.samples, window, hop)
    arithmetic = (
        f"{stated.samples:,} samples at {stated.rate_hz:,} Hz are {stated.samples / stated.rate_hz:g} s; frames of "
    )
    arithmetic += f"{window:,} samples, one every {hop:,}, make {n} of them"
    if n == stated.frames:
        return None, f"{stated.place}: {arithmetic}, as stated."
    rates = [rate for rate in RATES_HZ if n_frames(stated.samples, *_lengths(paper, rate)) == stated.frames]
    channels = [k for k in CHANNELS if n_frames(k * stated.samples, window, hop) == stated.frames]
    ways = [f"{rate:,} Hz" for rate in rates]
    ways += [
        f"{stated.rate_hz:,} Hz with {k} channels whose values are taken in turns, as one signal" for k in channels
    ]
    follows = f"{stated.frames} frames are what it makes at {' or at '.join(ways)}; the document says neither."
    if not ways:
        follows = f"No usual sample rate and no number of channels makes {stated.frames} of it."
    elif len(ways) == 1:
        follows = follows.replace("says neither", "does not say so")
    printed = f"{stated.rate_hz:,} Hz and {stated.frames} frames"
    return AuditFinding(
        FRAMES, CONTRADICTION, stated.place, printed, f"{arithmetic}, not {stated.frames}.", follows
    ), ""


def _steps(paper: Paper, stated: StepCount) -> tuple[AuditFinding, str]:
    """How many samples so many steps an epoch mean, of which the last may be smaller, beside those that were drawn."""
    batch, held_out = paper.setting("batch_size"), Fraction(str(paper.setting("validation_fraction")))
    least, most = (stated.steps - 1) * batch + 1, stated.steps * batch  # samples to train on
    share = 1 - held_out  # of n samples the first floor(share n) are trained on
    low, high = math.ceil(least / share), math.ceil((most + 1) / share) - 1
    arithmetic = (
        f"{stated.steps:,} steps of {batch} are {least:,} to {most:,} samples to train on, which are the first "
    )
    arithmetic += f"{float(share):.0%} of {low:,} to {high:,}; {stated.samples:,} were to be drawn."
    fewest, largest = stated.samples - high, stated.samples - low
    if fewest > 0:
        follows = (
            f"{fewest:,} to {largest:,} of the samples were left out." if fewest < largest else f"{fewest:,} left out."
        )
    elif largest >= 0:
        follows = "All of them can have been used."
    else:
        follows = f"{-largest:,} to {-fewest:,} samples more than that were used."
    severity = NOTE if largest >= 0 else CONTRADICTION
    return AuditFinding(STEPS, severity, stated.place, f"{stated.steps:,} steps", arithmetic, follows), ""
