"""Recognition: every clip once, whatever stops it; the recognisers themselves where they are installed."""

import csv
import importlib.util
import os
import signal as signals_
import subprocess
import sys
import time
import warnings
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest

from data_prep.corpora import fsdd
from reproductions.pragadaraju_digits import recognition
from reproductions.pragadaraju_digits.recognition import (
    BACKENDS,
    CLIP_RATE_HZ,
    GRAMMAR,
    NOT_RECOGNIZABLE,
    NOTHING,
    PATIENCE,
    STORE,
    Backend,
    Heard,
    NoAnswerError,
    RecognitionError,
    pcm,
    read_transcripts,
    recognise,
)
from shared.base.own_files import FileError

ROOT = Path(__file__).parents[3]
N_CLIPS, AT_ONCE = 20, 4
CLIPS = [f"clip_{n}" for n in range(N_CLIPS)]
HASHES = [f"{n:016x}" for n in range(N_CLIPS)]
SIGNALS = [np.full(8, n, np.float32) for n in range(N_CLIPS)]
REAL = ("7_george_27", "1_yweweler_49", "6_nicolas_6")  # heard as other than said, as said, and not at all


def stub(signal: np.ndarray) -> Heard:
    """Understands every signal but that of clip_0, and clip_n with a probability of n / 20."""
    return Heard(f"word, {signal[0]:g}", float(signal[0]) / N_CLIPS) if signal[0] else NOTHING


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def asked(monkeypatch) -> list[str]:
    """Puts in the backend ``stub``, and collects what it answers in this process."""
    answers = []

    def ask(signal: np.ndarray) -> Heard:
        answers.append(stub(signal).text)
        return stub(signal)

    monkeypatch.setitem(BACKENDS, "stub", Backend(ask, ("numpy",), AT_ONCE, "for tests"))
    return answers


def fails(monkeypatch, numbers: set[int]) -> None:
    """Puts in a backend ``stub`` that gets no answer for the clips of these numbers."""

    def ask(signal: np.ndarray) -> Heard:
        if int(signal[0]) in numbers:
            raise NoAnswerError("the network is {away}")
        return stub(signal)

    monkeypatch.setitem(BACKENDS, "stub", Backend(ask, ("numpy",), AT_ONCE, "for tests"))


def do(store: Path, order: object = slice(None), n_jobs: int = 1) -> list[str]:
    return recognise(SIGNALS[order], CLIPS[order], HASHES[order], "stub", n_jobs, store)


def rows(store: Path, backend: str = "stub") -> list[dict[str, str]]:
    with (store / f"{backend}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_store(tmp_path, asked):
    texts = do(tmp_path)
    assert texts == [NOT_RECOGNIZABLE, *(f"word, {n}" for n in range(1, N_CLIPS))]
    found = rows(tmp_path)
    assert [row["clip"] for row in found] == sorted(CLIPS)
    assert {row["clip"]: row["text"] for row in found} == dict(zip(CLIPS, texts, strict=True))
    assert {row["clip"]: row["sha256"] for row in found} == dict(zip(CLIPS, HASHES, strict=True))
    assert {(row["backend"], row["version"]) for row in found} == {("stub", f"numpy {np.__version__}")}
    assert {row["clip"]: row["probability"] for row in found} == {
        clip: f"{n / N_CLIPS:.5g}" if n else "" for n, clip in enumerate(CLIPS)
    }
    assert list(found[0]) == ["clip", "sha256", "backend", "version", "text", "probability", "crc32"]
    assert b"\r" not in (tmp_path / "stub.csv").read_bytes()
    assert not list((tmp_path / "cache" / "transcripts").iterdir())


def test_what_is_not_probable_enough_is_not_recognised(tmp_path, asked):
    texts = do(tmp_path)
    assert read_transcripts(CLIPS, HASHES, "stub", store=tmp_path) == texts
    surer = read_transcripts(CLIPS, HASHES, "stub", 0.25, tmp_path)
    assert surer == 5 * [NOT_RECOGNIZABLE] + texts[5:]  # clip_5 has 0.25 itself
    assert set(read_transcripts(CLIPS, HASHES, "stub", 1.0, tmp_path)) == {NOT_RECOGNIZABLE}


def test_a_transcript_without_its_probability_is_no_rejection(tmp_path, asked):
    texts = do(tmp_path)
    path = tmp_path / "stub.csv"
    bare = [{**row, "probability": "", "crc32": ""} for row in rows(tmp_path)]  # as before there was a checksum
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, bare[0])
        writer.writeheader()
        writer.writerows(bare)
    assert read_transcripts(CLIPS, HASHES, "stub", store=tmp_path) == texts  # without a limit nothing is missing
    wanted = r"19 of 20 clips have a transcript without its probability \(clip_1, .*--backend stub --again'"
    with pytest.raises(RecognitionError, match=wanted):
        read_transcripts(CLIPS, HASHES, "stub", 0.25, tmp_path)
    asked.clear()
    do(tmp_path)
    assert asked == []
    assert recognise(SIGNALS, CLIPS, HASHES, "stub", 1, tmp_path, again=True) == texts
    assert len(asked) == N_CLIPS
    assert read_transcripts(CLIPS, HASHES, "stub", 0.25, tmp_path) == 5 * [NOT_RECOGNIZABLE] + texts[5:]


def test_neither_order_nor_processes_matter(tmp_path, asked):
    do(tmp_path / "one")
    texts = do(tmp_path / "two", slice(None, None, -1), n_jobs=2)
    assert texts[0] == f"word, {N_CLIPS - 1}"
    assert (tmp_path / "one" / "stub.csv").read_bytes() == (tmp_path / "two" / "stub.csv").read_bytes()


def test_no_clip_is_recognised_twice(tmp_path, asked, monkeypatch):
    do(tmp_path, slice(5))
    do(tmp_path)
    assert len(asked) == N_CLIPS
    written = (tmp_path / "stub.csv").stat().st_mtime_ns
    monkeypatch.setattr(metadata, "version", None)  # with all there, the recogniser need not be installed
    assert do(tmp_path)[7] == "word, 7"
    assert do(tmp_path, slice(5)) == do(tmp_path)[:5]  # some of the clips leave the others in the store
    assert len(asked) == N_CLIPS
    assert (tmp_path / "stub.csv").stat().st_mtime_ns == written


def test_changed_audio_is_recognised_again(tmp_path, asked):
    do(tmp_path)
    changed = [*HASHES[:3], "f" * 16, *HASHES[4:]]
    with pytest.raises(
        RecognitionError, match=r"stub\.csv: 1 of 20 clips have other audio .*\(clip_3\).*--backend stub"
    ):
        read_transcripts(CLIPS, changed, "stub", store=tmp_path)
    asked.clear()
    recognise(SIGNALS, CLIPS, changed, "stub", 1, tmp_path)
    assert asked == ["word, 3"]
    assert len(rows(tmp_path)) == N_CLIPS
    assert read_transcripts(CLIPS, changed, "stub", store=tmp_path)[3] == "word, 3"


def test_a_killed_run_goes_on(tmp_path, asked):
    """Kill -9 after the first save: what was saved is not recognised again, and the result is the same."""
    script = (
        "import time\n"
        "from pathlib import Path\n"
        "from tests.reproductions.pragadaraju_digits import test_recognition as t\n"
        "def ask(signal):\n"
        "    time.sleep(0.1)\n"
        "    return t.stub(signal)\n"
        "t.BACKENDS['stub'] = t.Backend(ask, ('numpy',), t.AT_ONCE, '')\n"
        f"t.do(Path({str(tmp_path)!r}))\n"
    )
    process = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, env=os.environ, stderr=subprocess.DEVNULL)
    kept = tmp_path / "cache" / "transcripts" / "stub.csv"
    end = time.monotonic() + 60
    while not kept.exists():
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.01)
    process.send_signal(signals_.SIGKILL)
    process.wait()
    n_saved = len(kept.read_text("utf-8").splitlines()) - 1
    assert AT_ONCE <= n_saved < N_CLIPS
    assert not (tmp_path / "stub.csv").exists()
    do(tmp_path)
    assert len(asked) == N_CLIPS - n_saved
    do(tmp_path / "whole")
    assert (tmp_path / "stub.csv").read_bytes() == (tmp_path / "whole" / "stub.csv").read_bytes()
    assert not kept.exists()


def test_a_network_that_is_away_is_not_asked_for_ever(tmp_path, monkeypatch):
    away = set(range(6, N_CLIPS))
    fails(monkeypatch, away)
    with pytest.raises(
        NoAnswerError, match=r"stub gave no answer \(the network is \{away\}\): 14 of 20 clips are left"
    ):
        do(tmp_path)
    assert len(rows(tmp_path)) == 6
    with pytest.raises(RecognitionError, match="14 of 20 clips have no transcript .clip_6, clip_7, clip_8 and 11 more"):
        read_transcripts(CLIPS, HASHES, "stub", store=tmp_path)
    fails(monkeypatch, set())
    assert do(tmp_path)[6:8] == ["word, 6", "word, 7"]
    fails(monkeypatch, {0, *away})
    with pytest.raises(NoAnswerError, match="6 of 6 clips are left. None is kept; the same command goes on"):
        do(tmp_path / "none", slice(6, 12))
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_patience(tmp_path, monkeypatch, n_jobs):
    """One failure less in a row, and the clips behind it are recognised too; so they are after a clip's own failure."""
    fails(monkeypatch, {1, *range(3, 2 + PATIENCE)})
    with pytest.raises(NoAnswerError, match="5 of 20 clips are left"):
        do(tmp_path, n_jobs=n_jobs)
    assert len(rows(tmp_path)) == N_CLIPS - PATIENCE


def test_clips_without_sound_values_are_named_and_the_rest_goes_on(tmp_path, asked):
    signals = [*SIGNALS[:-2], np.zeros(0, np.float32), np.array([0, np.nan, np.inf], np.float32)]
    with pytest.raises(RecognitionError) as error:
        recognise(signals, CLIPS, HASHES, "stub", 1, tmp_path)
    assert str(error.value).startswith(
        "2 of 20 clips cannot be recognised: clip_18 holds no samples, clip_19 has 2 samples of 3 that are NaN or "
        "infinite. The transcripts of the others are in"
    )
    assert len(rows(tmp_path)) == N_CLIPS - 2


def test_two_at_once(tmp_path, asked):
    from shared.base.files import cache_root
    from shared.base.locks import LockedError, file_lock

    with file_lock(cache_root() / "transcripts" / "stub.lock", ""), pytest.raises(LockedError, match="recognition"):
        do(tmp_path)


def test_a_recogniser_that_is_not_installed(tmp_path, monkeypatch):
    monkeypatch.setitem(BACKENDS, "stub", Backend(stub, ("numpy", "no-such-package"), AT_ONCE, ""))
    with pytest.raises(RecognitionError, match="no-such-package is not installed.*pip install -r requirements.txt"):
        do(tmp_path)


def test_what_is_wrong_with_names_and_files(tmp_path, asked):
    with pytest.raises(ValueError, match="unknown backend 'whisper'; known are: sphinx, sphinx-digits, google"):
        recognise([], [], [], "whisper")
    with pytest.raises(ValueError, match="unknown backend 'whisper'"):
        read_transcripts([], [], "whisper")
    with pytest.raises(ValueError, match="1 names of clips occur more than once"):
        recognise(SIGNALS[:2], ["a", "a"], HASHES[:2], "stub", 1, tmp_path)
    (tmp_path / "stub.csv").write_text("clip,text\nclip_0,one\n", "utf-8")
    with pytest.raises(FileError, match="stub.csv: .*; restore it or remove it"):
        do(tmp_path)


def test_a_transcript_that_was_changed_is_named(tmp_path, asked):
    do(tmp_path)
    path = tmp_path / "stub.csv"
    lines = path.read_text("utf-8").splitlines()
    lines[4] = lines[4].replace(",stub,", ",other,")
    path.write_text("\n".join(lines) + "\n", "utf-8")
    words = r"stub\.csv: line 5 \(clip_.*\): was changed since it was written; restore it or remove it"
    with pytest.raises(FileError, match=words):
        read_transcripts(CLIPS, HASHES, "stub", store=tmp_path)


def test_samples_at_the_rate_of_the_clips_are_the_published_ones():
    samples = np.array([0, 1, -1, 32767, -32768, 12345], "<i2")
    assert pcm(samples.astype(np.float32) / 32768, CLIP_RATE_HZ) == samples.tobytes()


def test_samples_are_clipped_and_resampled():
    loud = np.frombuffer(pcm(np.array([1.5, 1.0, -1.0, -2.0], np.float32), CLIP_RATE_HZ), "<i2")
    assert loud.tolist() == [32767, 32767, -32768, -32768]
    sine = {rate_hz: 0.5 * np.sin(2 * np.pi * 440 * np.arange(rate_hz) / rate_hz) for rate_hz in (8000, 16000)}
    doubled = np.frombuffer(pcm(sine[8000].astype(np.float32), 16000), "<i2")
    assert doubled.size == 16000
    assert np.abs(doubled - 32768 * sine[16000])[200:-200].max() < 1  # rounding, and the filter; not at the ends


def committed(backend: str) -> dict[str, dict[str, str]]:
    return {row["clip"]: row for row in rows(STORE, backend)}


@pytest.mark.parametrize("backend", ["sphinx", "sphinx-digits"])
def test_the_committed_transcripts_are_those_of_the_corpus(backend):
    clips = fsdd.clips()
    texts = read_transcripts(clips["clip"].tolist(), clips["sha256"].tolist(), backend)
    found = rows(STORE, backend)
    assert [row["clip"] for row in found] == sorted(clips["clip"])
    assert {row["backend"] for row in found} == {backend}
    assert all(row["version"].startswith("SpeechRecognition ") for row in found)
    assert all(text == NOT_RECOGNIZABLE or (text == text.strip().lower() and text) for text in texts)
    if backend == "sphinx-digits":
        words = GRAMMAR.read_text("utf-8").partition("=")[2].replace("|", " ").replace(";", " ").split()
        assert len(words) == 10
        assert set(texts) <= {*words, NOT_RECOGNIZABLE}


def needs(*modules: str) -> pytest.MarkDecorator:
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    return pytest.mark.skipif(bool(missing), reason=f"not installed: {', '.join(missing)}")


sphinx_installed = needs("speech_recognition", "pocketsphinx")


@pytest.fixture(scope="module")
def real_signals() -> dict[str, np.ndarray]:
    frame = fsdd.index()
    frame = frame[frame["clip"].isin(REAL)]
    return dict(zip(frame["clip"], fsdd.signals(frame), strict=True))


@sphinx_installed
@pytest.mark.parametrize("backend", ["sphinx", "sphinx-digits"])
def test_real_clips_give_the_committed_transcripts(backend, real_signals):
    for clip in reversed(REAL):  # another order than that of the store
        heard, row = BACKENDS[backend].ask(real_signals[clip]), committed(backend)[clip]
        assert heard.words() == row["text"]
        assert heard.probability == pytest.approx(float(row["probability"] or heard.probability), rel=1e-4)  # as kept
    assert [path.name for path in GRAMMAR.parent.glob("digits.*")] == ["digits.gram"]  # and nothing is made beside it


@sphinx_installed
@pytest.mark.parametrize("backend", ["sphinx", "sphinx-digits"])
@pytest.mark.parametrize("n_samples", [1, 8, 200])
def test_too_short_to_understand(backend, n_samples):
    noise = np.random.default_rng(0).normal(0, 0.1, n_samples).astype(np.float32)
    assert BACKENDS[backend].ask(noise) == NOTHING


@sphinx_installed
@pytest.mark.parametrize("backend", ["sphinx", "sphinx-digits"])
def test_silence_is_no_error(backend):
    heard = BACKENDS[backend].ask(np.zeros(2000, np.float32))
    assert isinstance(heard.text, str)
    assert 0 <= heard.probability <= 1


@needs("speech_recognition")
@pytest.mark.parametrize("way", ["heard", "not understood", "away", "slow", "broken off"])
def test_google_without_a_network(monkeypatch, way):
    with warnings.catch_warnings():
        for message in recognition.HARMLESS:
            warnings.filterwarnings("ignore", message, DeprecationWarning)
        import speech_recognition

    errors = {
        "not understood": speech_recognition.UnknownValueError(),
        "away": speech_recognition.RequestError("recognition connection failed"),
        "slow": TimeoutError("timed out"),
        "broken off": ConnectionResetError("reset"),
    }
    received = []

    def ask(recogniser, audio, with_confidence):
        received.append((audio.sample_rate, audio.sample_width, audio.frame_data))
        assert recogniser.operation_timeout == recognition.TIMEOUT_SECONDS
        if way in errors:
            raise errors[way]
        return "Zero", 0.75

    monkeypatch.setattr(speech_recognition.Recognizer, "recognize_google", ask)
    signal = np.array([0.5, -0.5], np.float32)
    if way in ("away", "slow", "broken off"):
        with pytest.raises(NoAnswerError, match=str(errors[way])):
            recognition.google(signal)
    else:
        assert recognition.google(signal) == (Heard("Zero", 0.75) if way == "heard" else NOTHING)
    assert received == [(8000, 2, np.array([16384, -16384], "<i2").tobytes())]


def test_the_command(capsys, monkeypatch):
    """All is there, so it recognises nothing and changes nothing."""
    before = (STORE / "sphinx.csv").read_bytes()
    assert recognition.main([]) == 0
    assert capsys.readouterr().out.startswith("sphinx: 3,000 transcripts in ")
    assert (STORE / "sphinx.csv").read_bytes() == before
    monkeypatch.setattr(
        recognition, "recognise", lambda *_, **__: (_ for _ in ()).throw(NoAnswerError("the network is away"))
    )
    assert recognition.main(["--backend", "google"]) == 1
    assert capsys.readouterr().err == "error: the network is away\n"
    with pytest.raises(SystemExit):
        recognition.main(["--backend", "whisper"])
    assert "invalid choice: 'whisper'" in capsys.readouterr().err


@pytest.mark.parametrize("backend", ["sphinx", "sphinx-digits"])
def test_the_committed_transcripts_have_their_form(backend):
    """Among their probabilities are some such as 5.1475e-05."""
    read = recognition._read(STORE / f"{backend}.csv")
    assert len(read) == 3000
    assert all(0 <= row.heard.probability <= 1 for row in read)
    assert all(row["crc32"] for row in rows(STORE, backend))
