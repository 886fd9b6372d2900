"""``load_audio`` and ``load_middle`` against librosa and whole files, and every kind of file that is no audio."""

import os
from pathlib import Path

import librosa
import numpy as np
import pytest
import soundfile

from shared.audio.signals import AudioError, load_audio, load_middle, segments

SAMPLE_RATE_HZ = 22050
# librosa.load imports audioread, which imports modules that Python 3.13 drops.
pytestmark = pytest.mark.filterwarnings("ignore:'(aifc|audioop|sunau)' is deprecated:DeprecationWarning")


def _music(sample_rate_hz: int, n_channels: int, seconds: float = 0.61) -> np.ndarray:
    """A chord with noise, another one in each channel; 0.61 s is not a whole number of samples at every rate."""
    generator = np.random.default_rng(n_channels)
    time = np.arange(int(seconds * sample_rate_hz))[:, None] / sample_rate_hz
    tone = np.sin(2 * np.pi * 440 * time * (1 + np.arange(n_channels)))
    return 0.4 * tone + 0.1 * generator.standard_normal(tone.shape)


@pytest.mark.parametrize(
    ("file_rate_hz", "n_channels", "kind"),
    [
        (8000, 1, ("WAV", "PCM_16")),
        (22050, 1, ("WAV", "PCM_16")),
        (22050, 2, ("WAV", "PCM_16")),
        (44100, 1, ("WAV", "PCM_16")),
        (44100, 2, ("WAV", "PCM_24")),
        (48000, 3, ("WAV", "FLOAT")),
        (16000, 9, ("WAV", "PCM_16")),
        (44100, 1, ("WAV", "PCM_U8")),
        (44100, 2, ("FLAC", "PCM_16")),
        (16000, 1, ("FLAC", "PCM_24")),
        (44100, 2, ("OGG", "VORBIS")),
        (44100, 2, ("MP3", "MPEG_LAYER_III")),
    ],
)
def test_a_file_is_read_as_librosa_reads_it(tmp_path, file_rate_hz, n_channels, kind):
    path = tmp_path / f"music.{kind[0].lower()}"
    soundfile.write(path, _music(file_rate_hz, n_channels), file_rate_hz, format=kind[0], subtype=kind[1])
    expected, _ = librosa.load(path, sr=SAMPLE_RATE_HZ)
    signal = load_audio(path, SAMPLE_RATE_HZ)
    assert signal.dtype == np.float32
    assert signal.flags.c_contiguous
    np.testing.assert_array_equal(signal, expected)


@pytest.mark.parametrize("n_samples", [1, 2, 7])
def test_a_file_of_a_few_samples_has_librosas_length(tmp_path, n_samples):
    path = tmp_path / "short.wav"
    soundfile.write(path, np.full(n_samples, 0.25), 8000)
    expected, _ = librosa.load(path, sr=SAMPLE_RATE_HZ)
    np.testing.assert_array_equal(load_audio(path, SAMPLE_RATE_HZ), expected)


def test_silence_is_audio(tmp_path):
    path = tmp_path / "silence.wav"
    soundfile.write(path, np.zeros(44100), 44100)
    np.testing.assert_array_equal(load_audio(path, SAMPLE_RATE_HZ), np.zeros(22050, np.float32))


def test_a_missing_file_a_folder_and_an_empty_file_are_told_apart(tmp_path):
    with pytest.raises(AudioError, match=r"song\.wav: no such file"):
        load_audio(tmp_path / "song.wav", SAMPLE_RATE_HZ)
    with pytest.raises(AudioError, match="is a folder"):
        load_audio(tmp_path, SAMPLE_RATE_HZ)
    (tmp_path / "empty.wav").touch()
    with pytest.raises(AudioError, match=r"empty\.wav: is empty \(0 bytes\)"):
        load_audio(tmp_path / "empty.wav", SAMPLE_RATE_HZ)


@pytest.mark.parametrize("name", ["notes.wav", "notes.mp3", "notes"])
def test_a_text_file_is_not_audio_and_its_first_bytes_are_shown(tmp_path, name):
    path = tmp_path / name
    path.write_text("a list of songs\n" * 10)
    with pytest.raises(AudioError, match=rf"{name}: cannot be read as audio .*160 bytes.*b'a list of so'.*wav, flac"):
        load_audio(path, SAMPLE_RATE_HZ)


def test_a_file_without_samples_is_refused(tmp_path):
    path = tmp_path / "nothing.wav"
    soundfile.write(path, np.zeros(0), 44100)
    with pytest.raises(AudioError, match="holds no samples"):
        load_audio(path, SAMPLE_RATE_HZ)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_samples_that_are_not_finite_are_counted(tmp_path, value):
    signal = np.zeros(100, np.float32)
    signal[[3, 50]] = value
    soundfile.write(tmp_path / "bad.wav", signal, 44100, subtype="FLOAT")
    with pytest.raises(AudioError, match=r"bad\.wav: 2 of 100 samples are NaN or infinite"):
        load_audio(tmp_path / "bad.wav", SAMPLE_RATE_HZ)


def test_segments_drops_the_remainder():
    cut = segments(np.arange(25, dtype=np.float32), sample_rate_hz=10, seconds=0.5)
    np.testing.assert_array_equal(cut, np.arange(25, dtype=np.float32).reshape(5, 5))
    cut = segments(np.arange(29, dtype=np.float32), sample_rate_hz=10, seconds=1)
    assert cut.shape == (2, 10)
    assert cut[-1, -1] == 19


def test_a_signal_shorter_than_a_segment_has_none():
    assert segments(np.zeros(661_499, np.float32), SAMPLE_RATE_HZ, 30).shape == (0, 661_500)


def test_segments_refuses_stereo_and_no_length():
    with pytest.raises(ValueError, match=r"received shape \(2, 50\)"):
        segments(np.zeros((2, 50)), 10, 1)
    with pytest.raises(ValueError, match="holds no sample"):
        segments(np.zeros(50), 10, 0)


def _real(folder: str) -> Path:
    if not os.environ.get("AUDIO_REPRODUCTIONS_DATA"):
        pytest.skip("AUDIO_REPRODUCTIONS_DATA is not set")
    path = Path(os.environ["AUDIO_REPRODUCTIONS_DATA"]) / folder
    if not path.is_dir():
        pytest.skip(f"no {folder} in AUDIO_REPRODUCTIONS_DATA")
    return path


@pytest.mark.parametrize("pattern", ["fsdd/recordings/0_*_0.wav", "gtzan_subset/rock/*.flac"])
def test_real_recordings_are_read_as_librosa_reads_them(pattern):
    folder, _, name = pattern.rpartition("/")
    paths = sorted(_real(folder).glob(name))[:6]
    assert paths
    for path in paths:
        np.testing.assert_array_equal(load_audio(path, SAMPLE_RATE_HZ), librosa.load(path, sr=SAMPLE_RATE_HZ)[0])


def test_gtzans_unreadable_file_is_named():
    with pytest.raises(AudioError, match=r"jazz\.00054\.wav: cannot be read as audio"):
        load_audio(_real("gtzan_subset/jazz") / "jazz.00054.wav", SAMPLE_RATE_HZ)


# The middle of a file.


@pytest.mark.parametrize("kind", [("WAV", "PCM_16"), ("FLAC", "PCM_16"), ("OGG", "VORBIS"), ("MP3", "MPEG_LAYER_III")])
@pytest.mark.parametrize("file_rate_hz", [44100, 22050])
def test_the_middle_is_that_of_the_whole_file(tmp_path, kind, file_rate_hz):
    path = tmp_path / f"music.{kind[0].lower()}"
    soundfile.write(path, _music(file_rate_hz, 2, 3.7), file_rate_hz, format=kind[0], subtype=kind[1])
    whole = load_audio(path, file_rate_hz)
    start = (whole.size - 2 * file_rate_hz) // 2
    expected = librosa.resample(
        whole[start : start + 2 * file_rate_hz], orig_sr=file_rate_hz, target_sr=44100, res_type="soxr_hq"
    )
    signal = load_middle(path, 44100, 2)
    assert (signal.dtype, signal.shape) == (np.float32, (88200,))
    np.testing.assert_allclose(signal, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize(("n_samples", "start"), [(11, 3), (10, 2), (5, 0), (4, 0)])
def test_the_middle_is_exact(tmp_path, n_samples, start):
    """Five of eleven samples leave three out on either side; of ten, two and three; of five or fewer, none."""
    soundfile.write(tmp_path / "a.wav", np.arange(n_samples) / 32768, 1000, subtype="PCM_16")
    middle = load_middle(tmp_path / "a.wav", 1000, 0.005)
    assert (middle * 32768).tolist() == list(range(start, min(start + 5, n_samples)))


def test_the_middle_in_several_channels(tmp_path):
    """The file's channels side by side at the same places as their mean; a file of one has it twice."""
    music = _music(22050, 2, 3.0)
    soundfile.write(tmp_path / "two.wav", music, 22050, subtype="FLOAT")
    soundfile.write(tmp_path / "one.wav", music[:, 0], 22050, subtype="FLOAT")
    two = load_middle(tmp_path / "two.wav", 44100, 1, channels=2)
    assert (two.dtype, two.shape) == (np.float32, (44100, 2))
    np.testing.assert_allclose(two.mean(axis=1), load_middle(tmp_path / "two.wav", 44100, 1), atol=1e-6)
    assert np.abs(two[:, 0] - two[:, 1]).max() > 0.01
    one = load_middle(tmp_path / "one.wav", 44100, 1, channels=2)
    assert np.array_equal(one, np.repeat(load_middle(tmp_path / "one.wav", 44100, 1)[:, None], 2, axis=1))
    np.testing.assert_allclose(one[:, 0], two[:, 0], atol=1e-6)


def test_only_the_middle_is_decoded(tmp_path):
    """NaN outside of it is not seen, and memory does not grow with the file."""
    import tracemalloc

    signal = np.full(30 * 8000, np.nan, np.float32)
    signal[14 * 8000 : 16 * 8000] = 0.5
    soundfile.write(tmp_path / "a.wav", signal, 8000, subtype="FLOAT")
    tracemalloc.start()
    middle = load_middle(tmp_path / "a.wav", 8000, 2)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (middle == 0.5).all()
    assert peak < signal.nbytes / 2
    with pytest.raises(AudioError, match=r"a\.wav: 16000 of 32000 samples are NaN or infinite"):
        load_middle(tmp_path / "a.wav", 8000, 4)


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "is empty"), (b"ID3 and then nothing", "cannot be read as audio"), (None, "no such file")],
)
def test_a_file_without_a_middle(tmp_path, content, words):
    if content is not None:
        (tmp_path / "a.mp3").write_bytes(content)
    with pytest.raises(AudioError, match=rf"a\.mp3: {words}"):
        load_middle(tmp_path / "a.mp3", 44100, 40)


def test_a_file_that_is_cut_off(tmp_path):
    path = tmp_path / "a.flac"
    soundfile.write(path, _music(8000, 1, 20), 8000, subtype="PCM_16")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])
    with pytest.raises(
        AudioError, match=r"a\.flac: the header says 20\.000 s, the file holds 6\.\d+ s .*cut off or damaged"
    ):
        load_middle(path, 8000, 18)
