"""What is to be decoded of an audio file, so that all of it is heard, and whether the file is whole."""

from __future__ import annotations

from shared.audio.byte_ranges import Bytes
from shared.audio.containers import Link, Sound, links_of, sound_of
from shared.audio.decoders import WHOLE, Decoder, Piece
from shared.audio.errors import AS_IT_IS, CONVERT, AudioError, short
from shared.audio.mpeg_frames import Stream, first_frame, streams_of

STRAY_BYTES = 1 << 10  # behind the last page of an ogg file, as a tag that does not belong there
STRAY_SECONDS = 0.1  # as much sound may lie, of whatever it is, behind the end that a header gives
OTHERS = (b"RIFF", b"RIFX", b"RF64", b"FORM", b"caff", b".snd", b"dns.", b"riff")  # begin no mp3, even if damaged


def pieces_of(content: Bytes) -> list[Piece]:
    """The pieces that a file is decoded in, in its order: one but for streams that were joined into one file.

    Raises
    ------
    AudioError
        A file that is cut off or damaged, as far as it tells itself; without the file's name.
    """
    sound = sound_of(content)
    if sound:
        return _of_sound(content, sound)
    links = links_of(content)
    if links:
        return _of_links(content, links)
    if content.at(0, 4) in OTHERS or content.at(first_frame(content), 4) == b"fLaC":
        return [WHOLE]
    return _of_streams(content, streams_of(content)) or [WHOLE]


def _of_sound(content: Bytes, sound: Sound) -> list[Piece]:
    """Wav and its like: the size that the header gives, against that of the file."""
    size_at, promised = sound.size_at, sound.promised
    if promised == 0 and sound.stray and content.at(0, 4) in (b"RIFF", b".snd"):
        # A header that was not finished; this size in it means that it is not known.
        return [Piece([(0, size_at), b"\xff" * 4, (size_at + 4, content.size)])]
    if promised and promised > sound.held:
        with Decoder(content) as held, Decoder(content, Piece([(0, sound.start + promised)])) as whole:
            raise short(whole.frames, held.frames, held.samplerate)
    if promised and sound.stray:
        with Decoder(content, Piece([(0, sound.start + promised)])) as decoder:
            seconds = decoder.frames / decoder.samplerate
        more = seconds * sound.stray / promised
        if more > STRAY_SECONDS:
            raise AudioError(
                f"the header says {seconds:,.3f} s, the file holds {seconds + more:,.3f} s. Write it again, as with: "
                f"{CONVERT}"
            )
    return [WHOLE]


def _of_links(content: Bytes, links: list[Link]) -> list[Piece]:
    """Ogg, which marks the last page of each stream and numbers all of them."""
    for link in links:
        if link.n_gaps:
            raise AudioError(f"is damaged: pages of it are missing or damaged in {link.n_gaps} places. {AS_IT_IS}")
        if not link.ended:
            with Decoder(content, Piece([(link.start, link.end)])) as decoder:
                after = "" if decoder.n_frames is None else f"after {decoder.n_frames / decoder.samplerate:,.3f} s "
            raise AudioError(f"is cut off: it ends {after}without its last page. {AS_IT_IS}")
    n_stray = content.size - links[-1].end
    if n_stray > STRAY_BYTES and not content.is_zero(links[-1].end, content.size):
        raise AudioError(f"is damaged: {n_stray:,} bytes at its end belong to none of its pages. {AS_IT_IS}")
    return [WHOLE] if len(links) == 1 else [Piece([(link.start, link.end)]) for link in links]


def _of_streams(content: Bytes, streams: list[Stream]) -> list[Piece]:
    """Mp3, whose frames have been counted."""
    for stream in streams:
        a_frame, rate_hz = stream.header.n_samples, stream.header.rate_hz
        # Some encoders count the frame that says it, too; then none is missing.
        uncounted = 0 if stream.cut or stream.n_stray else 1
        if stream.promised is not None and stream.promised > stream.n_frames + uncounted:
            raise short(stream.promised * a_frame, stream.n_samples, rate_hz)
        if stream.cut:
            seconds = stream.n_samples / rate_hz
            raise AudioError(f"is cut off: it ends within a frame, after {seconds:,.3f} s. {AS_IT_IS}")
        if stream.n_stray and stream.promised != stream.n_frames:
            raise AudioError(f"is damaged: {stream.n_stray:,} bytes in it belong to none of its frames. {AS_IT_IS}")
    if len(streams) == 1:
        stream = streams[0]
        if stream.is_file(content):
            return [Piece(None, stream.least_samples)]
        alone = Piece(None, stream.least_samples, stream.n_samples)
        if stream.info is None and stream.ranges[0][0] == first_frame(content) and len(stream.ranges) == 1:
            with Decoder(content, alone) as decoder:
                if decoder.frames >= stream.n_samples:  # guessed by libsndfile, and enough
                    return [alone]
    return [
        Piece(stream.parts(content), stream.least_samples, None if stream.count_at else stream.n_samples)
        for stream in streams
        if stream.n_frames
    ]
