"""libsndfile, reading on until nothing comes; what it is given to read; and its errors in words."""

from __future__ import annotations

import os
from typing import NamedTuple

import numpy as np
import soundfile

from shared.audio.byte_ranges import Bytes, Part, Spliced
from shared.audio.errors import AGAIN, CONVERT, AudioError, short

CHECKED = ("AIFF", "AU", "CAF", "FLAC", "MP3", "NIST", "OGG", "RF64", "W64", "WAV", "WAVEX")
LEAST_HZ, MOST_HZ = 1_000, 1_000_000  # a sample rate beyond is a damaged header
UNKNOWN_FRAMES = 1 << 62


class Piece(NamedTuple):
    """What is decoded in one go: parts of a file, or, if None, the file as it is.

    Where its frames were counted, it has `least_samples` samples in each channel at least, and `n_samples` of them if
    the piece does not say it itself.
    """

    parts: list[Part] | None = None
    least_samples: int = 0
    n_samples: int | None = None


WHOLE = Piece()


class Decoder(soundfile.SoundFile):
    """An open piece of a file.

    Raises
    ------
    AudioError
        A format whose length cannot be checked, or an absurd sample rate.
    soundfile.LibsndfileError
        No audio.
    """

    def __init__(self, content: Bytes, piece: Piece = WHOLE):
        if piece.parts is None:
            os.lseek(content.descriptor, 0, os.SEEK_SET)
            super().__init__(content.descriptor, closefd=False)  # not by its name, which need not be UTF-8
        else:
            super().__init__(Spliced(content, piece.parts))
        self.piece = piece
        uncounted = self.format == "MP3" and not piece.least_samples
        if self.format not in CHECKED or uncounted:
            self.close()
            raise AudioError(f"is {self.format}, and whether it is whole cannot be told. Convert it: {CONVERT}")
        if not LEAST_HZ <= self.samplerate <= MOST_HZ:
            self.close()
            expected = f"{LEAST_HZ:,} to {MOST_HZ:,} Hz"
            raise AudioError(f"has {self.samplerate:,} Hz by its header; expected {expected}. {AGAIN}")

    @property
    def n_frames(self) -> int | None:
        """Samples in each channel by the header; None where it does not say."""
        frames = self.piece.n_samples or self.frames
        return frames if frames < UNKNOWN_FRAMES else None

    def seekable(self) -> bool:
        """False, so that soundfile does not seek to where it stands after each read.

        In an mp3 of varying bitrate that changes the samples. `seek` works all the same.
        """
        return False

    def next(self, n_most: int) -> np.ndarray:
        """The next samples, float32 (n, n_channels), n at most `n_most`; none at the end.

        Raises AudioError about what cannot be decoded.
        """
        block = np.empty((n_most, self.channels), np.float32)
        try:
            return block[: self.buffer_read_into(block, "float32")]
        except soundfile.LibsndfileError as error:
            reason = words(error)
        if self.n_frames is not None:
            raise short(self.n_frames, self.tell(), self.samplerate, reason)
        raise AudioError(f"cannot be decoded beyond {self.tell() / self.samplerate:,.3f} s ({reason}). {AGAIN}")

    def go_to(self, frame: int) -> None:
        """Go on at another sample. Raises AudioError where the file has none there."""
        try:
            self.seek(frame)
        except soundfile.LibsndfileError as error:
            seconds = frame / self.samplerate
            raise AudioError(
                f"cannot be decoded at {seconds:,.3f} s ({words(error)}): it is cut off or damaged. {AGAIN}"
            ) from None


def words(error: soundfile.LibsndfileError) -> str:
    """What libsndfile says, without its punctuation."""
    return error.error_string.strip().rstrip(".").removeprefix("Error : ")
