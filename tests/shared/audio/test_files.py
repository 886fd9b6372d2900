"""All of a recording or an error about it: files without a length, with a wrong one, joined, cut off; and every fault.

What the committed recordings hold is known from other decoders; see ``recordings/make.sh``.
"""

import os
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile

from shared.audio import files, signals
from shared.audio.files import AudioFile
from shared.audio.levels import average
from shared.audio.signals import AudioError, load_audio, load_middle, refuse_short, refuse_silence, stream_audio

RATE_HZ = 16000
RECORDINGS = Path(__file__).parent / "recordings"
# Samples at 22,050 Hz, and the root mean square of each seventh of them, by mpg123, oggdec, opusdec and flac.
LEVELS = {
    "without_header.mp3": (56448, [0.175, 0.266, 0.311, 0.257, 0.23, 0.299, 0.308]),
    "quiet_start.mp3": (56448, [0.0, 0.0, 0.0, 0.238, 0.216, 0.284, 0.299]),
    "joined.mp3": (77175, [0.248, 0.252, 0.255, 0.254, 0.251, 0.269, 0.269]),
    "chained.ogg": (77175, [0.259, 0.275, 0.273, 0.27, 0.275, 0.282, 0.28]),
    "chained_rates.ogg": (71663, [0.25, 0.267, 0.266, 0.264, 0.262, 0.265, 0.171]),
    "chained.opus": (77175, [0.261, 0.242, 0.254, 0.206, 0.236, 0.282, 0.272]),
    "piped.flac": (22050, [0.283] * 7),
}
LEVEL_TOLERANCE = 0.001  # they are rounded to three decimals, and other decoders round otherwise
KINDS = {
    "wav": ("WAV", "PCM_16"),
    "24.wav": ("WAV", "PCM_24"),
    "float.wav": ("WAVEX", "FLOAT"),
    "adpcm.wav": ("WAV", "MS_ADPCM"),
    "rf64.wav": ("RF64", "PCM_16"),
    "w64": ("W64", "PCM_16"),
    "aiff": ("AIFF", "PCM_16"),
    "au": ("AU", "PCM_16"),
    "caf": ("CAF", "PCM_16"),
    "sph": ("NIST", "PCM_16"),
    "flac": ("FLAC", "PCM_16"),
    "ogg": ("OGG", "VORBIS"),
    "opus": ("OGG", "OPUS"),
    "mp3": ("MP3", "MPEG_LAYER_III"),
}


def music(n_samples: int = RATE_HZ, n_channels: int = 2, rate_hz: int = RATE_HZ) -> np.ndarray:
    """A tone that rises, another one in each channel, with noise and a rest, so that a bitrate varies."""
    generator = np.random.default_rng(n_samples)
    time = np.arange(n_samples)[:, None] / rate_hz
    tone = 0.3 * np.sin(2 * np.pi * (300 + 200 * time) * time * (1 + np.arange(n_channels)))
    return (tone + 0.1 * generator.standard_normal(tone.shape)) * (np.sin(7 * time) > -0.7)


def written(path: Path, signal: np.ndarray, kind: str = "wav", rate_hz: int = RATE_HZ, **form) -> Path:
    """A file of one of the `KINDS`."""
    soundfile.write(path, signal, rate_hz, format=KINDS[kind][0], subtype=KINDS[kind][1], **form)
    return path


@pytest.mark.parametrize("name", LEVELS)
def test_all_that_other_decoders_find(name):
    n_samples, levels = LEVELS[name]
    signal = load_audio(RECORDINGS / name, 22050)
    assert signal.shape == (n_samples,)
    found = [np.sqrt(np.mean(np.square(part, dtype=float))) for part in np.array_split(signal, 7)]
    np.testing.assert_allclose(found, levels, rtol=0, atol=LEVEL_TOLERANCE)


@pytest.mark.parametrize("name", LEVELS)
def test_the_middle_of_such_files_is_that_of_the_whole(name):
    rate_hz = AudioFile(RECORDINGS / name).form.rate_hz
    whole = load_audio(RECORDINGS / name, rate_hz)
    n = rate_hz // 2
    start = (whole.size - n) // 2
    middle = load_middle(RECORDINGS / name, rate_hz, 0.5)
    np.testing.assert_allclose(middle, whole[start : start + n], rtol=0, atol=1e-6)


# Cut off.


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_is_cut_off_is_refused(tmp_path, kind):
    whole = written(tmp_path / f"whole.{kind}", music(4 * RATE_HZ), kind)
    assert load_audio(whole, RATE_HZ).size >= 4 * RATE_HZ  # an encoder may fill its last block up
    content = whole.read_bytes()
    for left, share in ((len(content) // 2, 0.5), (len(content) - 300, 1.0), (len(content) - 1, 1.0)):
        path = tmp_path / f"cut.{kind}"
        path.write_bytes(content[:left])
        for read in (load_audio, lambda *args: load_middle(*args, 0.5), lambda *args: list(stream_audio(*args))):
            with pytest.raises(AudioError, match=rf"cut\.{kind}: .*(cut off|malformed)") as caught:
                read(path, RATE_HZ)
        if kind.split(".")[-1] in ("wav", "aiff", "au", "w64", "sph") and share == 0.5:
            assert "the header says 4.0" in str(caught.value)
            assert "the file holds 2.0" in str(caught.value) or "the file holds 1.9" in str(caught.value)


def test_one_sample_less_is_said_in_samples(tmp_path):
    path = written(tmp_path / "a.wav", music(n_channels=1))
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(AudioError, match=r"the header says 16,000 samples, the file holds 15,999: it is cut off"):
        load_audio(path, RATE_HZ)


def test_an_ogg_file_with_a_hole(tmp_path):
    """A page is missing, or one bit of it is wrong: a decoder leaves the page out and says nothing."""
    content = written(tmp_path / "a.ogg", music(8 * RATE_HZ), "ogg").read_bytes()
    pages = [place for place in range(len(content)) if content[place : place + 4] == b"OggS"]
    path = tmp_path / "b.ogg"
    path.write_bytes(content[: pages[4]] + content[pages[5] :])
    with pytest.raises(AudioError, match=r"b\.ogg: is damaged: pages of it are missing or damaged in 1 places"):
        load_audio(path, RATE_HZ)
    for place in (pages[4] + 400, pages[-1] + 60):
        path.write_bytes(content[:place] + bytes([content[place] ^ 4]) + content[place + 1 :])
        with pytest.raises(AudioError, match=r"b\.ogg: is (damaged: pages|cut off: it ends)"):
            load_audio(path, RATE_HZ)


@pytest.mark.parametrize("name", ["without_header.mp3", "piped.flac"])
def test_a_hole_where_no_header_says_how_long_it_is(tmp_path, name):
    """As a download leaves it that was not finished."""
    content = bytearray((RECORDINGS / name).read_bytes())
    begin = len(content) * 3 // 4
    content[begin : begin + 1000] = bytes(1000)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(AudioError, match="is damaged: [0-9,]+ bytes in it belong to none|cannot be decoded beyond"):
        load_audio(tmp_path / name, RATE_HZ)
    content[begin:] = bytes(len(content) - begin)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(AudioError, match="is damaged: [0-9,]+ bytes in it belong to none|cannot be decoded beyond"):
        load_audio(tmp_path / name, RATE_HZ)


# A length that is not known, and one that is wrong.


def with_size(path: Path, name: bytes, size: bytes, after: int = 4) -> Path:
    """The file with another size of its chunk `name`."""
    content = path.read_bytes()
    place = content.index(name) + after
    path.write_bytes(content[:place] + size + content[place + len(size) :])
    return path


@pytest.mark.parametrize(
    ("kind", "name", "size"),
    [
        ("wav", b"data", b"\xff\xff\xff\xff"),  # as ffmpeg writes it into a pipe
        ("wav", b"data", b"\x00\xf0\xff\x7f"),  # as sox does
        ("wav", b"data", b"\0\0\0\0"),  # a recorder that was switched off
        ("24.wav", b"data", b"\0\0\0\0"),
        ("aiff", b"SSND", b"\0\0\0\0"),
        ("aiff", b"SSND", b"\x7f\0\0\x08"),
    ],
)
def test_a_header_that_does_not_know_the_length(tmp_path, kind, name, size):
    path = written(tmp_path / "a", music(), kind)
    expected = load_audio(path, RATE_HZ)
    with_size(path, name, size)
    np.testing.assert_array_equal(load_audio(path, RATE_HZ), expected)
    np.testing.assert_array_equal(load_middle(path, RATE_HZ, 0.5), expected[4000:12000])


@pytest.mark.parametrize("size", [b"\xff\xff\xff\xff", b"\0\0\0\0"])
def test_an_au_header_that_does_not_know_the_length(tmp_path, size):
    path = written(tmp_path / "a.au", music(), "au")
    expected = load_audio(path, RATE_HZ)
    with_size(path, b".snd", size, after=8)
    np.testing.assert_array_equal(load_audio(path, RATE_HZ), expected)


def test_a_flac_header_that_does_not_know_the_length(tmp_path):
    path = written(tmp_path / "a.flac", music(), "flac")
    expected = load_audio(path, RATE_HZ)
    content = bytearray(path.read_bytes())
    content[21:26] = bytes([content[21] & 0xF0, 0, 0, 0, 0])  # 36 bits of STREAMINFO
    path.write_bytes(content)
    np.testing.assert_array_equal(load_audio(path, RATE_HZ), expected)
    np.testing.assert_array_equal(load_middle(path, RATE_HZ, 0.5), expected[4000:12000])
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(AudioError, match=r"cannot be decoded beyond 0\.\d+ s .*lost sync"):
        load_audio(path, RATE_HZ)


def test_no_sound_and_chunks_after_it(tmp_path):
    path = written(tmp_path / "a.wav", np.zeros(0))
    path.write_bytes(path.read_bytes() + b"LIST\x08\0\0\0INFOabcd")
    with pytest.raises(AudioError, match="holds no samples"):
        load_audio(path, RATE_HZ)


@pytest.mark.parametrize("after", [b"LIST\x08\0\0\0INFOabcd", b"\0" * 4000, b"TAG" + b"x" * 125])
def test_what_is_no_sound_may_follow_it(tmp_path, after):
    path = written(tmp_path / "a.wav", music())
    expected = load_audio(path, RATE_HZ)
    path.write_bytes(path.read_bytes() + after)
    np.testing.assert_array_equal(load_audio(path, RATE_HZ), expected)


def test_a_header_that_counts_itself(tmp_path):
    path = written(tmp_path / "a.wav", music())
    expected = load_audio(path, RATE_HZ)
    with_size(path, b"data", (path.stat().st_size - 8).to_bytes(4, "little"))
    np.testing.assert_array_equal(load_audio(path, RATE_HZ), expected)


def test_a_header_that_says_less(tmp_path):
    path = written(tmp_path / "a.wav", music(2 * RATE_HZ, n_channels=1))
    with_size(path, b"data", (2 * RATE_HZ).to_bytes(4, "little"))
    with pytest.raises(AudioError, match=r"the header says 1\.000 s, the file holds 2\.000 s"):
        load_audio(path, RATE_HZ)


def test_joined_wav_and_flac_files(tmp_path):
    wav, flac = (written(tmp_path / f"a.{kind}", music(4 * RATE_HZ), kind) for kind in ("wav", "flac"))
    for path in (wav, flac):
        path.write_bytes(path.read_bytes() * 2)
    with pytest.raises(AudioError, match=r"the header says 4\.000 s, the file holds 8\.0"):
        load_audio(wav, RATE_HZ)
    with pytest.raises(AudioError, match=r"the header says 4\.000 s, and [\d,]+ bytes of the file come after"):
        load_audio(flac, RATE_HZ)


def test_a_tag_after_a_flac_file(tmp_path):
    path = written(tmp_path / "a.flac", music(), "flac")
    expected = load_audio(path, RATE_HZ)
    path.write_bytes(path.read_bytes() + b"TAG" + b"x" * 125)
    np.testing.assert_array_equal(load_audio(path, RATE_HZ), expected)
    np.testing.assert_array_equal(load_middle(path, RATE_HZ, 0.5), expected[4000:12000])


# Mp3, whose length is nowhere but in its frames.


@pytest.fixture(scope="module")
def mp3(tmp_path_factory) -> Path:
    """Four seconds of varying bitrate, with an information frame."""
    path = tmp_path_factory.mktemp("mp3") / "a.mp3"
    return written(path, music(4 * RATE_HZ), "mp3", bitrate_mode="VARIABLE", compression_level=0.7)


def info_of(content: bytes) -> tuple[int, int]:
    """Where the first frame ends, which is the information frame, and where in it the number of frames stands."""
    name = max(content.find(b"Xing"), content.find(b"Info"))
    return content.index(content[:2], name), name + 8


def test_without_its_information_frame_an_mp3_is_read_to_its_end(mp3, tmp_path):
    content, path = mp3.read_bytes(), tmp_path / "b.mp3"
    path.write_bytes(content[info_of(content)[0] :])
    whole, stripped = load_audio(mp3, RATE_HZ), load_audio(path, RATE_HZ)
    assert whole.size == 4 * RATE_HZ
    assert 0 < stripped.size - whole.size < 3 * 1152  # what the encoder added at both ends
    delay = int(np.argmax(np.correlate(stripped[:4000], whole[:2000], "valid")))
    np.testing.assert_allclose(stripped[delay:][: whole.size], whole, rtol=0, atol=1e-6)


def test_an_mp3_with_tags_before_and_after(mp3, tmp_path):
    tag = b"ID3\4\0\0\0\0\1\x48" + b"\xff\xfb\x90\x00" * 50  # holds what looks like frames
    path = tmp_path / "b.mp3"
    path.write_bytes(tag + mp3.read_bytes() + b"TAG" + b"x" * 125)
    np.testing.assert_array_equal(load_audio(path, RATE_HZ), load_audio(mp3, RATE_HZ))


@pytest.mark.parametrize("between", [b"", b"TAG" + b"x" * 125, b"ID3\4\0\0\0\0\0\x05abcde", b"\xff\xfb" * 900])
def test_joined_mp3_files_are_read_one_after_another(mp3, tmp_path, between):
    path, alone = tmp_path / "b.mp3", load_audio(mp3, RATE_HZ)
    path.write_bytes(mp3.read_bytes() + between + mp3.read_bytes())
    np.testing.assert_array_equal(load_audio(path, RATE_HZ), np.concatenate([alone, alone]))


def test_an_mp3_of_mono_joined_with_one_of_stereo_and_another_rate(mp3, tmp_path):
    other = written(tmp_path / "c.mp3", music(22050, 1, 22050), "mp3", 22050)
    path = tmp_path / "b.mp3"
    path.write_bytes(mp3.read_bytes() + other.read_bytes())
    expected = np.concatenate([load_audio(mp3, RATE_HZ), load_audio(other, RATE_HZ)])
    np.testing.assert_array_equal(load_audio(path, RATE_HZ), expected)


@pytest.mark.parametrize(("more", "words"), [(-50, None), (0, None), (1, None), (2, "the header says"), (500, "holds")])
def test_the_number_that_an_mp3_gives_against_its_frames(mp3, tmp_path, more, words):
    """Too small: all is read. One more: some encoders count the frame that says it. Beyond: the file is cut off."""
    content = bytearray(mp3.read_bytes())
    _, place = info_of(content)
    content[place : place + 4] = (int.from_bytes(content[place : place + 4], "big") + more).to_bytes(4, "big")
    path = tmp_path / "b.mp3"
    path.write_bytes(content)
    if words:
        with pytest.raises(AudioError, match=words):
            load_audio(path, RATE_HZ)
    else:
        np.testing.assert_array_equal(load_audio(path, RATE_HZ), load_audio(mp3, RATE_HZ))


def test_an_mp3_in_any_blocks_is_the_same(mp3, monkeypatch):
    """libmpg123 guesses places in a file of varying bitrate, so nothing may be sought between two blocks."""
    whole = load_audio(mp3, RATE_HZ)
    monkeypatch.setattr(files, "STREAMED_SAMPLES", 5000)
    np.testing.assert_array_equal(np.concatenate(list(stream_audio(mp3, RATE_HZ))), whole)
    np.testing.assert_allclose(load_middle(mp3, RATE_HZ, 1), whole[24000:40000], rtol=0, atol=1e-6)


# A block after another.


@pytest.mark.parametrize("kind", ["wav", "flac", "ogg", "mp3"])
@pytest.mark.parametrize("rate_hz", [RATE_HZ, 22050, 8000])
def test_a_stream_is_the_signal(tmp_path, kind, rate_hz, monkeypatch):
    path = written(tmp_path / f"a.{kind}", music(3 * RATE_HZ + 77), kind)
    monkeypatch.setattr(files, "STREAMED_SAMPLES", 10_000)
    blocks = list(stream_audio(path, rate_hz))
    assert len(blocks) > 8
    np.testing.assert_array_equal(np.concatenate(blocks), load_audio(path, rate_hz))


def test_memory_does_not_grow_with_a_stream(tmp_path):
    path = written(tmp_path / "a.wav", np.tile(music(), (120, 1)))
    tracemalloc.start()
    n_samples = sum(block.size for block in stream_audio(path, 8000))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert n_samples == 120 * 8000
    assert peak < 120 * RATE_HZ * 8 / 2  # bytes of the decoded file


def test_no_length_is_rounded_up_to_the_one_that_is_needed():
    with pytest.raises(AudioError, match=r"a\.wav: lasts 29\.999 s; at least 30 s are needed"):
        refuse_short("a.wav", 30 * 22050 - 1, 22050, 30)
    refuse_short("a.wav", 30 * 22050, 22050, 30)


# Samples that are no sound, and silence.


@pytest.mark.parametrize(
    ("factor", "words"), [(32767, "reach 9,830 times"), (40, "reach 12 times"), (1e30, r"reach 3e\+29 times")]
)
def test_samples_for_another_scale(tmp_path, factor, words):
    tone = 0.3 * np.sin(np.arange(RATE_HZ) / 10)
    path = written(tmp_path / "a.wav", (factor * tone).astype("float32"), "float.wav")
    with pytest.raises(AudioError, match=rf"a\.wav: samples {words} full scale, which is 1\.0"):
        load_audio(path, RATE_HZ)


def test_samples_somewhat_beyond_full_scale_are_sound(tmp_path):
    path = written(tmp_path / "a.wav", np.full(100, 3.0, "float32"), "float.wav")
    assert load_audio(path, RATE_HZ).max() == 3


@pytest.mark.parametrize("kind", ["wav", "mp3"])
def test_channels_that_cancel_each_other(tmp_path, kind):
    left = music(2 * RATE_HZ, 1)
    path = written(tmp_path / f"a.{kind}", np.concatenate([left, -left], axis=1), kind)
    for read in (load_audio, lambda *args: load_middle(*args, 1), lambda *args: list(stream_audio(*args))):
        with pytest.raises(AudioError, match="its channels cancel each other: averaged, nothing is left"):
            read(path, RATE_HZ)
    assert load_middle(path, RATE_HZ, 1, channels=2).any()
    louder = written(tmp_path / "b.wav", np.concatenate([left, -0.9 * left], axis=1))
    assert load_audio(louder, RATE_HZ).max() > 0.01  # most of it cancels, and something is left


def test_silence_is_named_with_what_is_silent():
    with pytest.raises(AudioError, match=r"a\.wav: is silent\. Give a recording with sound$"):
        refuse_silence("a.wav", np.zeros(9))
    with pytest.raises(AudioError, match=r"a\.wav: its middle 40 s are silent"):
        refuse_silence("a.wav", np.full(9, 1e-5), "middle 40 s")
    refuse_silence("a.wav", np.array([0, -1e-3]))


def test_the_average_of_channels_is_numpys():
    generator = np.random.default_rng(0)
    for n_channels in (1, 2, 3, 7, 8, 9, 12):
        for n_samples in (1, 2, 1000):
            block = generator.standard_normal((n_samples, n_channels)).astype("float32")
            np.testing.assert_array_equal(average(block), np.mean(block.T, axis=0))


def test_several_channels_of_the_middle(tmp_path):
    signal = music(4 * RATE_HZ, 2)
    path = written(tmp_path / "a.wav", signal, "float.wav")
    middle = load_middle(path, 8000, 1, channels=3)
    assert middle.shape == (8000, 3)
    for column, channel in zip(middle.T, (0, 1, 1), strict=True):
        alone = written(tmp_path / "b.wav", signal[:, channel], "float.wav")
        np.testing.assert_array_equal(column, load_middle(alone, 8000, 1))


# Every other fault is one error about one file.


@pytest.mark.parametrize(
    "fault",
    [ValueError("array is too big"), MemoryError(), TypeError("no"), OSError(5, "Input/output error"), IndexError()],
)
def test_whatever_a_decoder_raises_is_about_the_file(tmp_path, monkeypatch, fault):
    path = written(tmp_path / "a.wav", music())

    def broken(*_):
        raise fault

    for place in ("next", "__init__"):
        with monkeypatch.context() as patch:
            patch.setattr(files.Decoder, place, broken)
            for read in (load_audio, lambda *args: load_middle(*args, 1), lambda *args: list(stream_audio(*args))):
                with pytest.raises(AudioError, match=r"a\.wav: ") as caught:
                    read(path, RATE_HZ)
                assert caught.value.file == path


@pytest.mark.parametrize("kind", ["wav", "flac", "aiff"])
@pytest.mark.parametrize("rate_hz", [1, 400])
def test_an_absurd_sample_rate(tmp_path, rate_hz, kind):
    path = written(tmp_path / "a", music(), kind, rate_hz)
    with pytest.raises(AudioError, match=rf"a: has {rate_hz} Hz by its header; expected 1,000 to 1,000,000 Hz"):
        load_audio(path, RATE_HZ)


def test_a_format_that_cannot_be_checked(tmp_path):
    soundfile.write(tmp_path / "a.voc", music(), RATE_HZ, format="VOC")
    with pytest.raises(AudioError, match=r"a\.voc: is VOC, and whether it is whole cannot be told\. Convert it"):
        load_audio(tmp_path / "a.voc", RATE_HZ)


@pytest.mark.parametrize("name", ["a.raw", "a.gsm", "a.mp3"])
def test_sound_without_a_header_whatever_it_is_called(tmp_path, name):
    (tmp_path / name).write_bytes(np.rint(9000 * music()).astype("<i2").tobytes())
    with pytest.raises(AudioError, match=rf"{name}: cannot be read as audio"):
        load_audio(tmp_path / name, RATE_HZ)


def test_a_name_that_is_not_utf8(tmp_path):
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/z\xe9ro.wav"))
    written(tmp_path / "a.wav", music()).rename(path)
    with pytest.raises(AudioError, match=r"z\\xe9ro\.wav: its name is not UTF-8\. Rename it") as caught:
        load_audio(path, RATE_HZ)
    str(caught.value).encode("utf-8")  # can be printed


def test_what_is_no_file(tmp_path):
    os.mkfifo(tmp_path / "pipe.wav")
    with pytest.raises(AudioError, match=r"pipe\.wav: is a pipe, and a file is needed"):
        load_audio(tmp_path / "pipe.wav", RATE_HZ)
    with pytest.raises(AudioError, match="null: is a device"):
        load_audio(os.devnull, RATE_HZ)
    (tmp_path / "link.wav").symlink_to("nowhere.wav")
    with pytest.raises(AudioError, match=r"link\.wav: a link to nowhere\.wav, which is not there"):
        load_audio(tmp_path / "link.wav", RATE_HZ)


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_a_file_that_may_not_be_read(tmp_path):
    path = written(tmp_path / "a.wav", music())
    path.chmod(0)
    with pytest.raises(AudioError, match=r"a\.wav: cannot be read \(Permission denied\)"):
        load_audio(path, RATE_HZ)


def test_files_are_closed(tmp_path):
    good, bad = written(tmp_path / "a.wav", music()), tmp_path / "b.wav"
    bad.write_bytes(good.read_bytes()[:-500])
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        load_audio(good, RATE_HZ)
        with pytest.raises(AudioError):
            signals.load_audio(bad, RATE_HZ)
    assert len(os.listdir("/proc/self/fd")) == before
