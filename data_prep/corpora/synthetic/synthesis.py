"""Sounds of the corpus `synthetic`: plucked and bowed strings, a voice and drums, made from formulas.

Every sound is a function of the class and two numbers, song and clip, and of nothing else: seeded generators, double
precision, no threads. A song fixes tonic, tempo, timbre and the colour of the recording; a clip has its own melody,
balance, loudness and noise, and a colour not far from the song's. All signals are float64 at 22,050 Hz; an instrument
returns 30 s, shape (661500,).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.signal import butter, lfilter

SAMPLE_RATE_HZ = 22050
SECONDS = 30
N_SAMPLES = SECONDS * SAMPLE_RATE_HZ
SEED = 20231
NYQUIST_HZ = SAMPLE_RATE_HZ / 2

# First three formants in hertz (Peterson and Barney 1952, men, rounded).
VOWELS_HZ = {"a": (730, 1090, 2440), "e": (530, 1840, 2480), "i": (270, 2290, 3010), "o": (570, 840, 2410)}


@dataclass(frozen=True)
class Style:
    """What the songs of a class have in common. Ranges are (low, high); lengths are beats a note is drawn from."""

    scale: tuple[int, ...]  # semitones above the tonic
    tempo_bpm: tuple[float, float]
    tonic_hz: tuple[float, float]
    note_beats: tuple[float, ...]
    helpers: tuple[str, ...]  # instruments that may play along


STYLES = {
    "bowed": Style((0, 3, 5, 7, 10), (55, 95), (230, 340), (0.5, 1, 1, 2, 3), ("plucked", "drums")),
    "drums": Style((0, 2, 5, 7, 9), (80, 150), (180, 260), (1, 2), ("plucked", "voice")),
    "ensemble": Style((0, 2, 5, 7, 9), (70, 120), (190, 280), (0.5, 1, 1, 2), ()),
    "plucked": Style((0, 2, 4, 7, 9), (85, 140), (180, 270), (0.5, 0.5, 0.5, 1, 1, 2), ("bowed", "drums")),
    "voice": Style((0, 2, 5, 7, 10), (45, 80), (150, 290), (0.5, 1, 1, 1.5, 3), ("plucked", "bowed")),
}


@dataclass(frozen=True)
class Song:
    """What the clips of one song share. `brightness` is 0 (dull) to 1; cut-off and echo are the room's."""

    style: Style
    tonic_hz: float
    beat_seconds: float
    brightness: float
    vibrato_hz: float
    vowels: tuple[str, ...]
    drum_hz: float
    pattern: np.ndarray  # (3, 16): chance of a stroke of drum, block and gong on each sixteenth of a bar
    layers: dict[str, float]  # gain of each instrument
    cutoff_hz: float
    echo_seconds: float


@dataclass(frozen=True)
class Note:
    """Start and length in seconds, pitch in hertz."""

    start: float
    seconds: float
    hertz: float


def clip(label: str, song_number: int, number: int) -> np.ndarray:
    """One clip.

    Parameters
    ----------
    label
        Class, a key of `STYLES`.
    song_number, number
        Song and clip, counted from 0 in the class.

    Returns
    -------
    ndarray, int16, shape (661500,)
        30 s, one channel. Peak between 0.2 and 0.9 of full scale.
    """
    song = draw_song(label, song_number)
    rng = np.random.default_rng([SEED, sorted(STYLES).index(label), song_number, number + 1])
    mix = np.zeros(N_SAMPLES)
    for instrument, gain in song.layers.items():
        sound = INSTRUMENTS[instrument](rng, song)
        mix += gain * rng.uniform(0.6, 1.6) * sound / np.sqrt(np.mean(sound**2))
    mix = room(mix, song.echo_seconds, song.cutoff_hz * rng.uniform(0.7, 1.2))
    mix += rng.standard_normal(N_SAMPLES) * np.sqrt(np.mean(mix**2)) * 10 ** (rng.uniform(-50, -18) / 20)
    return np.rint(32767 * rng.uniform(0.2, 0.9) * mix / np.abs(mix).max()).astype(np.int16)


def draw_song(label: str, song_number: int) -> Song:
    """Draw what the clips of a song share."""
    style = STYLES[label]
    rng = np.random.default_rng([SEED, sorted(STYLES).index(label), song_number, 0])
    if label == "ensemble":
        melodies = [("plucked", "bowed"), ("plucked", "voice"), ("bowed", "voice")][rng.integers(3)]
        layers = {instrument: rng.uniform(0.4, 1.0) for instrument in (*melodies, "drums")}
    else:
        layers = {label: 1.0}
        if rng.random() < 0.5:  # half of the soloists have quiet company
            layers[style.helpers[rng.integers(len(style.helpers))]] = rng.uniform(0.15, 0.5)
    return Song(
        style=style,
        tonic_hz=rng.uniform(*style.tonic_hz),
        beat_seconds=60 / rng.uniform(*style.tempo_bpm),
        brightness=rng.random(),
        vibrato_hz=rng.uniform(4.5, 6.5),
        vowels=tuple(rng.permutation(sorted(VOWELS_HZ))[:3]),
        drum_hz=rng.uniform(70, 130),
        pattern=_pattern(rng),
        layers=layers,
        cutoff_hz=rng.uniform(3000, 9000),
        echo_seconds=rng.uniform(0.03, 0.12),
    )


def _pattern(rng: np.random.Generator) -> np.ndarray:
    """Strong beats are likely, sixteenths between them are not; each song has its own mixture."""
    strength = np.tile([1.0, 0.25, 0.5, 0.25], 4) * rng.uniform(0.3, 1.0, (3, 16))
    strength[0, 0] = 1.0
    strength[2] = 0.0
    strength[2, 0] = 0.3  # the gong: on some first beats
    return strength


def melody(rng: np.random.Generator, song: Song, *, octaves: int = 2, breath: float = 0.0) -> list[Note]:
    """A walk over the scale that is drawn back to the tonic.

    `breath` is the chance that a note is followed by a rest of one or two beats.
    """
    scale, notes, degree, start = song.style.scale, [], len(song.style.scale), rng.uniform(0, 0.5)
    top = octaves * len(scale)
    while start < SECONDS:
        seconds = song.beat_seconds * song.style.note_beats[rng.integers(len(song.style.note_beats))]
        semitones = 12 * (degree // len(scale)) + scale[degree % len(scale)]
        notes.append(Note(start, min(seconds, SECONDS - start), song.tonic_hz * 2 ** (semitones / 12)))
        start += seconds + song.beat_seconds * rng.integers(1, 3) * (rng.random() < breath)
        pull = np.sign(len(scale) - degree) * (rng.random() < 0.25)
        degree = int(np.clip(degree + pull + rng.integers(-2, 3), 0, top))
    return notes


def plucked(rng: np.random.Generator, song: Song) -> np.ndarray:
    """A plucked zither: each note a burst of noise that runs round a string (Karplus and Strong 1983)."""
    out, cutoff = np.zeros(N_SAMPLES + 2 * SAMPLE_RATE_HZ), 2000 + 6000 * song.brightness
    smooth = np.exp(-2 * np.pi * cutoff / SAMPLE_RATE_HZ)
    for note in melody(rng, song):
        if rng.random() < 0.08:
            continue
        strokes = 4 if note.seconds > 1.5 * song.beat_seconds and rng.random() < 0.5 else 1  # long notes: a tremolo
        for stroke in range(strokes):
            sound = _string(rng, note.hertz, smooth) * rng.uniform(0.5, 1.0)
            first = int((note.start + stroke * note.seconds / strokes) * SAMPLE_RATE_HZ)
            out[first : first + sound.size] += sound
    return out[:N_SAMPLES]


def _string(rng: np.random.Generator, hertz: float, smooth: float, seconds: float = 1.2) -> np.ndarray:
    # The loop: a whole delay of n samples, an average of two (half a sample), and the rest by linear interpolation.
    delay = SAMPLE_RATE_HZ / hertz - 0.5
    n, rest = int(delay), delay % 1
    loop = np.zeros(n + 3)
    loop[0] = 1.0
    loop[n:] -= 0.996 * np.convolve([0.5, 0.5], [1 - rest, rest])
    burst = np.zeros(int(seconds * SAMPLE_RATE_HZ))
    burst[:n] = lfilter([1 - smooth], [1, -smooth], rng.standard_normal(n))
    burst[:n] -= burst[:n].mean()  # the loop would keep a constant offset longest of all
    return lfilter([1.0], loop, burst) * np.linspace(1, 0, burst.size) ** 0.5


def bowed(rng: np.random.Generator, song: Song) -> np.ndarray:
    """A two-stringed fiddle: twelve harmonics, slides between the notes, vibrato, the noise of the bow."""
    notes = melody(rng, song, octaves=1, breath=0.1)
    hertz, loudness = _tracks(notes, slide_seconds=0.03, attack_seconds=0.06)
    hertz *= 2 ** (_vibrato(rng, song, cents=35) * loudness / 1200)
    harmonics = np.arange(1, 13)
    weights = harmonics ** -(1.6 - song.brightness) * (1 + 0.6 * np.cos(harmonics + 6 * song.brightness))
    bow = lfilter(*butter(2, [1500 / NYQUIST_HZ, 6000 / NYQUIST_HZ], "band"), rng.standard_normal(N_SAMPLES))
    return loudness * (_harmonics(hertz, weights) + 0.05 * bow)


def voice(rng: np.random.Generator, song: Song) -> np.ndarray:
    """A singer: a buzz with sixteen harmonics through the formants of changing vowels, with grace notes and breaths."""
    notes = []
    for note in melody(rng, song, octaves=1, breath=0.25):
        grace = 0.09 if note.seconds > 0.4 and rng.random() < 0.35 else 0.0
        if grace:  # a short turn from the tone above
            notes.append(Note(note.start, grace, note.hertz * 2 ** (2 / 12)))
        notes.append(Note(note.start + grace, note.seconds - grace, note.hertz))
    hertz, loudness = _tracks(notes, slide_seconds=0.05, attack_seconds=0.08)
    hertz *= 2 ** (_vibrato(rng, song, cents=60) * loudness / 1200)
    buzz = _harmonics(hertz, np.arange(1, 17) ** -(1.1 - 0.6 * song.brightness))
    buzz = loudness * (buzz + 0.02 * rng.standard_normal(N_SAMPLES))
    vowel = np.zeros(N_SAMPLES, dtype=int)
    for note in notes:
        vowel[int(note.start * SAMPLE_RATE_HZ) :] = rng.integers(len(song.vowels))
    out = np.zeros(N_SAMPLES)
    for i, name in enumerate(song.vowels):
        out += _smooth((vowel == i).astype(float), 0.04) * _formants(buzz, VOWELS_HZ[name])
    return out


def drums(rng: np.random.Generator, song: Song) -> np.ndarray:
    """A drum, a wood block and a gong in a pattern of sixteenths that is the song's, with strokes left out or added."""
    t = np.arange(2 * SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    fall = song.drum_hz * (t + 0.02 * (1 - np.exp(-t / 0.02)))  # falls by an octave in the first instants
    drum = np.sin(2 * np.pi * fall) * np.exp(-t / 0.18) + 0.2 * rng.standard_normal(t.size) * np.exp(-t / 0.01)
    block = np.sin(2 * np.pi * 9 * song.drum_hz * t) * np.exp(-t / 0.02)
    block += lfilter(*butter(2, [0.12, 0.4], "band"), rng.standard_normal(t.size)) * np.exp(-t / 0.015)
    gong = sum(np.sin(2 * np.pi * 2.3 * song.drum_hz * k * t) * np.exp(-t * k / 0.9) / k for k in (1, 1.47, 2.09, 2.56))
    step = song.beat_seconds / 4
    out = np.zeros(N_SAMPLES + t.size)
    for i in range(int(SECONDS / step)):
        for sound, chance in zip((drum, block, 0.5 * gong), song.pattern[:, i % 16], strict=True):
            if rng.random() < chance:
                first = int((i * step + rng.uniform(0, 0.01)) * SAMPLE_RATE_HZ)
                out[first : first + t.size] += rng.uniform(0.4, 1.0) * sound
    return out[:N_SAMPLES]


INSTRUMENTS = {"bowed": bowed, "drums": drums, "plucked": plucked, "voice": voice}


def room(signal: np.ndarray, echo_seconds: float, cutoff_hz: float) -> np.ndarray:
    """The recording's colour: one echo, and an upper limit as on an old tape."""
    delay = int(echo_seconds * SAMPLE_RATE_HZ)
    echoed = signal.copy()
    echoed[delay:] += 0.3 * signal[:-delay]
    return lfilter(*butter(2, min(cutoff_hz, 0.95 * NYQUIST_HZ) / NYQUIST_HZ), echoed)


def _tracks(notes: list[Note], slide_seconds: float, attack_seconds: float) -> tuple[np.ndarray, np.ndarray]:
    """Pitch in hertz and loudness from 0 to 1, a sample each, of a melody on an instrument that plays one note."""
    octave, loudness = np.full(N_SAMPLES, np.log2(notes[0].hertz)), np.zeros(N_SAMPLES)
    for note in notes:
        first, last = int(note.start * SAMPLE_RATE_HZ), int((note.start + 0.94 * note.seconds) * SAMPLE_RATE_HZ)
        octave[first:] = np.log2(note.hertz)
        loudness[first:last] = 1.0
    start = octave[0]
    return 2 ** (start + _smooth(octave - start, slide_seconds)), _smooth(loudness, attack_seconds)


def _vibrato(rng: np.random.Generator, song: Song, cents: float) -> np.ndarray:
    t = np.arange(N_SAMPLES) / SAMPLE_RATE_HZ
    return cents * rng.uniform(0.6, 1.4) * np.sin(2 * np.pi * song.vibrato_hz * rng.uniform(0.95, 1.05) * t)


def _smooth(track: np.ndarray, seconds: float) -> np.ndarray:
    keep = np.exp(-1 / (seconds * SAMPLE_RATE_HZ))
    return lfilter([1 - keep], [1, -keep], track)


def _harmonics(hertz: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Sum of weights[k - 1] * sin(k * phase), as a polynomial in exp(i phase) (Horner)."""
    # Whole millihertz are added up exactly, so the last bit of a library's power function cannot grow into a sample.
    cycle = 1000 * SAMPLE_RATE_HZ
    turn = np.exp(2j * np.pi * (np.cumsum(np.rint(1000 * hertz).astype(np.int64)) % cycle / cycle))
    total = np.zeros(hertz.size, dtype=complex)
    for weight in weights[::-1]:
        total += weight
        total *= turn
    return total.imag


def _formants(signal: np.ndarray, formants_hz: tuple[int, ...], width_hz: float = 160.0) -> np.ndarray:
    out = np.zeros(signal.size)
    radius = np.exp(-np.pi * width_hz / SAMPLE_RATE_HZ)
    for k, hertz in enumerate(formants_hz):
        pole = -2 * radius * np.cos(2 * np.pi * hertz / SAMPLE_RATE_HZ)
        out += 0.8**k * lfilter([1 - radius], [1, pole, radius**2], signal)
    return out
