"""An audio file, opened: what it is, and all of its samples, or an error about it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from shared.audio.byte_ranges import Bytes
from shared.audio.decoders import Decoder
from shared.audio.errors import AudioError, errors_about, short, shown
from shared.audio.levels import Levels
from shared.audio.pieces import pieces_of
from shared.audio.resampling import resample, resampled

BLOCK_SAMPLES = 1 << 22  # of all channels, decoded at once: 16 MiB
STREAMED_SAMPLES = 1 << 19  # the same where memory must not grow with the file: 2 MiB
LEAD_SECONDS = 0.5  # decoded before the wanted part of an mp3, whose frames need those before them
LEFT_BYTES = 1 << 16  # behind the last sample of a flac file


class Form(NamedTuple):
    """What a file is made of: sample rate in Hz, number of channels, libsndfile's word for the encoding (PCM_16)."""

    rate_hz: int
    n_channels: int
    encoding: str


class AudioFile:
    """An audio file to read, in a ``with`` statement.

    libsndfile decodes it. It trusts a header about the length, guesses where there is none, and reads the first of
    several streams; so it is given pieces that it reads to their end (`shared.audio.pieces`).

    Parameters
    ----------
    path
        Of a format in `shared.audio.decoders.CHECKED`.

    Raises
    ------
    AudioError
        Whatever is wrong with the file, here and in each method: it cannot be opened, is no audio, is not whole, or
        holds samples that are NaN, infinite or far beyond full scale.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)
        with errors_about(self.path):
            _check_file(self.path)
            self._content = Bytes(os.open(self.path, os.O_RDONLY))
            try:
                self._pieces = pieces_of(self._content)
            except BaseException:
                os.close(self._content.descriptor)
                raise

    def __enter__(self) -> AudioFile:
        return self

    def __exit__(self, *_) -> None:
        os.close(self._content.descriptor)

    @property
    def form(self) -> Form:
        """What the file is made of; of several streams, the first."""
        with errors_about(self.path), Decoder(self._content, self._pieces[0]) as decoder:
            return Form(decoder.samplerate, decoder.channels, decoder.subtype)

    def signal(self, sample_rate_hz: int) -> np.ndarray:
        """All samples, channels averaged, at a sample rate: float32 (n,)."""
        with errors_about(self.path):
            blocks = list(self._at_rate(sample_rate_hz, BLOCK_SAMPLES))
            return blocks[0] if len(blocks) == 1 else np.concatenate(blocks)

    def stream(self, sample_rate_hz: int) -> Iterator[np.ndarray]:
        """What `signal` gives, in blocks of some seconds, one after another in memory."""
        with errors_about(self.path):
            yield from self._at_rate(sample_rate_hz, STREAMED_SAMPLES)

    def middle(self, sample_rate_hz: int, seconds: float, channels: int = 1) -> np.ndarray:
        """`seconds` of the middle, or all that there is, cut out at the file's own rate: float32 (n,).

        With several `channels` (n, channels): the file's first ones; a file with fewer has its last one repeated.
        """
        with errors_about(self.path), Decoder(self._content, self._pieces[0]) as decoder:
            rate_hz, n_samples = decoder.samplerate, decoder.n_frames
            known = n_samples is not None and len(self._pieces) == 1
            if not known:
                n_samples = sum(map(len, self.stream(rate_hz)))
            n_wanted = min(round(seconds * rate_hz), n_samples)
            start = (n_samples - n_wanted) // 2
            if known:
                signal = self._part(decoder, start, n_wanted, Levels(channels))
            else:
                signal = _cut(self._at_rate(rate_hz, STREAMED_SAMPLES, channels), start, n_wanted)
            return resample(signal, rate_hz, sample_rate_hz)

    def _at_rate(self, rate_hz: int, block_samples: int, channels: int = 1) -> Iterator[np.ndarray]:
        """All samples, each stream resampled as if it were a file; `block_samples` of all channels at once."""
        levels = Levels(channels)
        for piece in self._pieces:
            with Decoder(self._content, piece) as decoder:
                signals = (levels.kept(block) for block in self._decoded(decoder, block_samples))
                yield from resampled(signals, decoder.samplerate, rate_hz)
        levels.check(decoder.samplerate)

    def _part(self, decoder: Decoder, start: int, n_samples: int, levels: Levels) -> np.ndarray:
        """`n_samples` samples from `start` on; little else is decoded."""
        lead = min(start, int(LEAD_SECONDS * decoder.samplerate)) if decoder.format == "MP3" else 0
        decoder.go_to(start - lead)
        block = decoder.next(lead + n_samples)
        n_read = start - lead + len(block)
        if decoder.format == "FLAC" and len(block) == n_samples:  # nothing before its end shows that it is cut off
            decoder.go_to(decoder.n_frames - 1)
            n_read -= 1 - len(decoder.next(1))
        if n_read < start + n_samples:
            raise short(decoder.n_frames, n_read, decoder.samplerate)
        signal = levels.kept(block[lead:])
        levels.check(decoder.samplerate)
        return signal

    def _decoded(self, decoder: Decoder, block_samples: int) -> Iterator[np.ndarray]:
        """The samples of a piece, float32 (n, n_channels) a block. Raises AudioError where they end too early."""
        n, promised, most = 0, decoder.n_frames, max(block_samples // decoder.channels, 1)
        while promised is None or n < promised:
            block = decoder.next(most if promised is None else min(promised - n, most))
            if not len(block):
                break
            n += len(block)
            yield block
        least = decoder.piece.least_samples or promised or 0
        if n < least:
            raise short(least, n, decoder.samplerate)
        if decoder.format == "FLAC" and promised is not None:
            left = self._content.size - os.lseek(self._content.descriptor, 0, os.SEEK_CUR)
            if left > LEFT_BYTES:
                raise AudioError(
                    f"the header says {n / decoder.samplerate:,.3f} s, and {left:,} bytes of the file come after. It "
                    "was joined or damaged: write it again"
                )


def _check_file(path: Path) -> None:
    if shown(path) != str(path):
        raise AudioError("its name is not UTF-8. Rename it, for example with: convmv -f cp1252 -t utf8 --notest FILE")
    try:
        status = os.stat(path)
    except FileNotFoundError:
        link = f"a link to {os.readlink(path)}, which is not there" if path.is_symlink() else "no such file"
        raise AudioError(f"{link}. Check the name") from None
    if stat.S_ISDIR(status.st_mode):
        raise AudioError("is a folder, not an audio file. Name the files in it")
    if not stat.S_ISREG(status.st_mode):
        what = "a pipe" if stat.S_ISFIFO(status.st_mode) else "a device"
        raise AudioError(f"is {what}, and a file is needed. Write its content to one first")
    if status.st_size == 0:
        raise AudioError("is empty (0 bytes). Fetch or copy it again")


def _cut(blocks: Iterator[np.ndarray], start: int, n_samples: int) -> np.ndarray:
    """`n_samples` samples from `start` on, of a signal that comes in blocks; all of it is taken."""
    cut, n = [], 0
    for block in blocks:
        cut.append(block[max(start - n, 0) : max(start + n_samples - n, 0)].copy())
        n += len(block)
    return np.concatenate(cut)
