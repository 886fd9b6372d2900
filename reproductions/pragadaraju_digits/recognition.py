"""Speech to text for the text model: each clip's words from the SpeechRecognition library, recognised once and kept.

    python -m reproductions.pragadaraju_digits.recognition [--backend sphinx | sphinx-digits | google] [--jobs N]

The transcripts stand in ``transcripts/<backend>.csv``, each with the recogniser's own probability, and training reads
them there. A clip takes about 0.55 s of one core with sphinx and 0.25 s with sphinx-digits, the 3,000 clips 14 and 6
minutes on two cores. A clip that has a transcript is not recognised again, so the command can be stopped at any moment
and goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import warnings
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Annotated, NamedTuple

import numpy as np
from pydantic import ConfigDict, Field, TypeAdapter, create_model

from shared.base.csv_files import csv_text
from shared.base.files import atomic_write, cache_root
from shared.base.locks import file_lock
from shared.base.own_files import CRC32, FileError, read_table
from shared.base.processes import in_processes
from shared.base.progress import progress

NOT_RECOGNIZABLE = "Not Recognizable"  # Section 6: "they were termed as 'Not Recognizable'"
CLIP_RATE_HZ = 8000
MODEL_RATE_HZ = 16000  # of the en-US acoustic model
STORE = Path(__file__).with_name("transcripts")
GRAMMAR = Path(__file__).with_name("digits.gram")
COMMAND = "python -m reproductions.pragadaraju_digits.recognition"
PATIENCE = 5  # errors of a recogniser in a row, after which it is not asked again
TIMEOUT_SECONDS = 30.0
NAMED = 3  # clips in an error
REMEDY = "restore it or remove it"
# What the two packages warn of when they work; nothing that this project can change.
HARMLESS = (
    r"'(aifc|audioop)' is deprecated and slated for removal in Python 3\.13",
    r"set_fsg\(\) is deprecated, use add_fsg\(\) instead",
    r"set_search\(\) is deprecated, use activate_search\(\) instead",
)


class RecognitionError(ValueError):
    """Clips without a transcript. The text says which, why, and how to get them."""


class NoAnswerError(RecognitionError):
    """The recogniser failed, and not for the clip: the network is away, or its model cannot be read."""


class Heard(NamedTuple):
    """What a recogniser made of a clip: the text, empty where it understood nothing, and how probable it holds it.

    Of sphinx the probability is the text's posterior, given the sound, among all texts of its lattice; of Google's
    service it is what the service calls its confidence.
    """

    text: str
    probability: float

    def words(self, least_probability: float = 0.0) -> str:
        """The text; "Not Recognizable" where there is none, or one that is less probable than that."""
        return self.text if self.text and self.probability >= least_probability else NOT_RECOGNIZABLE


NOTHING = Heard("", 0.0)


class Transcript(NamedTuple):
    """A row of a store; the probability has five significant digits, and is empty where nothing was understood or it
    was not asked for when the clip was recognised."""

    clip: str
    sha256: str
    backend: str
    version: str
    text: str
    probability: str

    @property
    def heard(self) -> Heard:
        return Heard(self.text, float(self.probability or 0))

    @property
    def lacks_probability(self) -> bool:
        """Whether something was understood, and how probable it was has not been kept."""
        return self.text != NOT_RECOGNIZABLE and not self.probability


PROBABILITY = Annotated[str, Field(pattern=r"^([0-9](\.[0-9]+)?(e-[0-9]{1,3})?)?$")]
ROW = dict.fromkeys(Transcript._fields, str) | {"probability": PROBABILITY, CRC32: (str, "")}
TRANSCRIPTS_FORM = TypeAdapter(list[create_model("TranscriptRow", __config__=ConfigDict(extra="forbid"), **ROW)])


@dataclass(frozen=True)
class Backend:
    """A recogniser: a function from a float32 signal at 8 kHz to what was heard."""

    ask: Callable[[np.ndarray], Heard]
    packages: tuple[str, ...]
    at_once: int  # clips between two saves
    help: str

    def version(self) -> str:
        """For example ``SpeechRecognition 3.17.0, pocketsphinx 5.1.1``.

        Raises
        ------
        RecognitionError
            A package is not installed.
        """
        try:
            return ", ".join(f"{name} {metadata.version(name)}" for name in self.packages)
        except metadata.PackageNotFoundError as error:
            raise RecognitionError(
                f"the package {error.name} is not installed, and the recogniser needs {' and '.join(self.packages)}. "
                "Install the versions that requirements.txt pins: pip install -r requirements.txt"
            ) from None


def sphinx(signal: np.ndarray) -> Heard:
    """Recognise freely, with the en-US models that SpeechRecognition brings along."""
    return _best(_recognised("recognize_sphinx", signal, MODEL_RATE_HZ, show_all=True))


def sphinx_digits(signal: np.ndarray) -> Heard:
    """Recognise one of the ten words of ``digits.gram``."""
    # The library compiles the grammar into a file beside it, and cannot read that file back (SpeechRecognition 3.17
    # with pocketsphinx 5.1): each call gets a folder of its own.
    with tempfile.TemporaryDirectory() as folder:
        grammar = shutil.copy(GRAMMAR, folder)
        return _best(_recognised("recognize_sphinx", signal, MODEL_RATE_HZ, grammar=grammar, show_all=True))


def _best(decoder) -> Heard:
    """The best text of a pocketsphinx.Decoder that has decoded a clip."""
    hypothesis = decoder.hyp()
    return Heard(hypothesis.hypstr, hypothesis.prob) if hypothesis and hypothesis.hypstr else NOTHING


def google(signal: np.ndarray) -> Heard:
    """Ask Google's Web Speech service, which takes 8 kHz as it is."""
    answer = _recognised("recognize_google", signal, CLIP_RATE_HZ, with_confidence=True)
    return Heard(*answer) if answer else NOTHING


BACKENDS = {
    "sphinx": Backend(sphinx, ("SpeechRecognition", "pocketsphinx"), 48, "any English words; offline"),
    "sphinx-digits": Backend(sphinx_digits, ("SpeechRecognition", "pocketsphinx"), 48, "zero to nine only; offline"),
    "google": Backend(google, ("SpeechRecognition",), 8, "sends every clip to Google's Web Speech service"),
}


def _recognised(method: str, signal: np.ndarray, rate_hz: int, **options):
    """What the library's method returns, None where it understood nothing."""
    with warnings.catch_warnings():
        for message in HARMLESS:
            warnings.filterwarnings("ignore", message, DeprecationWarning)
        import speech_recognition

        recogniser = speech_recognition.Recognizer()
        recogniser.operation_timeout = TIMEOUT_SECONDS  # heeded by the network service only
        audio = speech_recognition.AudioData(pcm(signal, rate_hz), rate_hz, sample_width=2)
        try:
            return getattr(recogniser, method)(audio, **options)
        except speech_recognition.UnknownValueError:
            return None
        except (speech_recognition.RequestError, TimeoutError, ConnectionError) as error:
            raise NoAnswerError(str(error)) from None


def pcm(signal: np.ndarray, rate_hz: int) -> bytes:
    """A signal as 16-bit little-endian samples.

    Parameters
    ----------
    signal : ndarray, float32, shape (n,)
        At 8 kHz; what exceeds full scale, 1.0, is clipped.
    rate_hz
        Sample rate of the result; soxr's "HQ" filter, as in :mod:`shared.audio.signals`.
    """
    import soxr

    if rate_hz != CLIP_RATE_HZ:
        signal = soxr.resample(signal, CLIP_RATE_HZ, rate_hz, quality="soxr_hq")
    return np.clip(np.rint(signal * 32768.0), -32768, 32767).astype("<i2").tobytes()


def recognise(
    signals: Sequence[np.ndarray],
    clips: Sequence[str],
    hashes: Sequence[str],
    backend: str = "sphinx",
    n_jobs: int = -1,
    store: Path = STORE,
    again: bool = False,
) -> list[str]:
    """Recognise the clips that have no transcript yet, and keep all transcripts in ``store/<backend>.csv``.

    The work done so far is kept in ``cache/transcripts/<backend>.csv``, and the next call goes on from there. Each
    clip gets a decoder of its own, so neither their order nor the number of processes matters.

    Parameters
    ----------
    signals
        float32, shape (n_samples,), at 8 kHz.
    clips, hashes
        Name of each clip and a hash of its samples: a transcript belongs to both.
    backend
        A key of `BACKENDS`.
    n_jobs
        Processes, as joblib counts them: -1 for one a core.
    again
        Recognise those that have a transcript in the store, too, such as one without a probability.

    Returns
    -------
    list of str
        The texts as the recogniser gave them, in the order of the clips; "Not Recognizable" where it gave none.

    Raises
    ------
    RecognitionError
        The recogniser is not installed; it failed several times in a row; or a clip has no samples, or some that are
        NaN. In the last two cases every other clip's transcript is in the store.
    LockedError
        Another process is at it with the same backend.
    """
    recogniser, wanted = _backend(backend), dict(zip(clips, hashes, strict=True))
    if len(wanted) < len(clips):
        raise ValueError(f"{len(clips) - len(wanted)} names of clips occur more than once")
    path, kept = Path(store) / f"{backend}.csv", cache_root() / "transcripts" / f"{backend}.csv"
    with file_lock(kept.with_suffix(".lock"), f"recognition with {backend}"):
        stored = _read(path)
        known = [
            row for row in (*([] if again else stored), *_read(kept)) if row.sha256 == wanted.get(row.clip, row.sha256)
        ]
        rows = {row.clip: row for row in known}
        todo = {clip: signal for clip, signal in zip(clips, signals, strict=True) if clip not in rows}
        bad = {clip: reason for clip, signal in todo.items() if (reason := _unusable(signal))}
        usable = {clip: signal for clip, signal in todo.items() if clip not in bad}
        version, failure = recogniser.version() if usable else "", ""
        texts = progress(_texts(recogniser, usable, n_jobs), len(usable), f"recognising, {backend}")
        try:
            for n, (clip, heard) in enumerate(texts, start=1):
                probability = f"{heard.probability:.5g}" if heard.text else ""
                rows[clip] = Transcript(clip, wanted[clip], backend, version, heard.words(), probability)
                if n % recogniser.at_once == 0:
                    _write(kept, rows)
        except NoAnswerError as error:
            failure = str(error)
        if sorted(rows.values()) != stored:
            _write(path, rows)
        kept.unlink(missing_ok=True)
    left = f"{len(wanted.keys() - rows.keys()):,} of {len(clips):,} clips"
    state = f"The transcripts of the others are in {path}" if wanted.keys() & rows.keys() else "None is kept"
    if failure:
        raise NoAnswerError(f"{backend} gave no answer ({failure}): {left} are left. {state}; the same command goes on")
    if bad:
        found = _few([f"{clip} {reason}" for clip, reason in bad.items()])
        raise RecognitionError(f"{left} cannot be recognised: {found}. {state}. Repair the corpus")
    return [rows[clip].text for clip in clips]


def _texts(recogniser: Backend, todo: dict[str, np.ndarray], n_jobs: int) -> Iterator[tuple[str, Heard]]:
    """Clip and what was heard, in the clips' order, `at_once` at a time; at the end an error if answers failed."""
    import joblib

    names, failure, in_a_row = list(todo), "", 0
    with in_processes(n_jobs) as parallel:
        for start in range(0, len(names), recogniser.at_once):
            some = names[start : start + recogniser.at_once]
            answers = parallel(joblib.delayed(_answer)(recogniser.ask, todo[name]) for name in some)
            for name, (heard, reason) in zip(some, answers, strict=True):
                failure, in_a_row = (reason, in_a_row + 1) if reason else (failure, 0)
                if in_a_row == PATIENCE:
                    raise NoAnswerError(failure)
                if not reason:
                    yield name, heard
    if failure:
        raise NoAnswerError(failure)


def _answer(ask: Callable[[np.ndarray], Heard], signal: np.ndarray) -> tuple[Heard, str]:
    try:
        return ask(signal), ""
    except NoAnswerError as error:
        return NOTHING, str(error) or "no reason given"


def _unusable(signal: np.ndarray) -> str:
    if signal.size == 0:
        return "holds no samples"
    n_bad = np.count_nonzero(~np.isfinite(signal))
    return f"has {n_bad} samples of {signal.size} that are NaN or infinite" if n_bad else ""


def read_transcripts(
    clips: Sequence[str],
    hashes: Sequence[str],
    backend: str = "sphinx",
    least_probability: float = 0.0,
    store: Path = STORE,
) -> list[str]:
    """The kept transcripts, in the order of the clips; nothing is recognised here.

    What the recogniser held less probable than `least_probability` is "Not Recognizable", as is what it did not
    understand at all.

    Raises
    ------
    RecognitionError
        A clip has no transcript, or one of other audio, or one without the probability that is asked for; names the
        file and the command.
    """
    _backend(backend)
    path = Path(store) / f"{backend}.csv"
    rows = {row.clip: row for row in _read(path)}
    missing = [clip for clip in clips if clip not in rows]
    changed = [clip for clip, sha256 in zip(clips, hashes, strict=True) if clip in rows and rows[clip].sha256 != sha256]
    asked = clips if least_probability > 0 else ()
    unsure = [clip for clip in asked if clip in rows and rows[clip].lacks_probability]
    for names, what, option in (
        (missing, "have no transcript", ""),
        (changed, "have other audio than was recognised", ""),
        (unsure, "have a transcript without its probability", " --again"),
    ):
        if names:
            raise RecognitionError(
                f"{path}: {len(names):,} of {len(clips):,} clips {what} ({_few(names)}). Recognise them with "
                f"'{COMMAND} --backend {backend}{option}'"
            )
    return [rows[clip].heard.words(least_probability) for clip in clips]


def _backend(name: str) -> Backend:
    if name not in BACKENDS:
        raise ValueError(f"unknown backend {name!r}; known are: {', '.join(BACKENDS)}")
    return BACKENDS[name]


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED:,} more" if len(names) > NAMED else "")


def _read(path: Path) -> list[Transcript]:
    if not path.exists():
        return []
    rows = []
    for number, found in enumerate(read_table(path, TRANSCRIPTS_FORM, REMEDY), start=2):
        rows.append(row := Transcript(**found.model_dump(exclude={CRC32})))
        if getattr(found, CRC32) not in ("", _sum(row)):
            raise FileError(f"{path}: line {number} ({row.clip}): was changed since it was written; {REMEDY}")
    return rows


def _write(path: Path, rows: dict[str, Transcript]) -> None:
    text = csv_text([(*Transcript._fields, CRC32), *((*rows[clip], _sum(rows[clip])) for clip in sorted(rows))])
    atomic_write(path, lambda file: file.write(text.encode()))


def _sum(row: Transcript) -> str:
    return f"{zlib.crc32(json.dumps(row, ensure_ascii=False).encode()):08x}"


def parser() -> argparse.ArgumentParser:
    """The command line's grammar."""
    command = argparse.ArgumentParser(
        prog=COMMAND,
        description="Recognise the 3,000 clips of FSDD that have no transcript yet, and keep the transcripts.",
        epilog="It can be stopped at any moment; the same command goes on.",
    )
    choices = "; ".join(f"{name}: {backend.help}" for name, backend in BACKENDS.items())
    command.add_argument("--backend", choices=BACKENDS, default="sphinx", help=f"{choices} (default: sphinx)")
    command.add_argument("--jobs", type=int, default=-1, metavar="N", help="processes (default: one a core)")
    command.add_argument("--again", action="store_true", help="also the clips that have a transcript already")
    return command


def main(argv: list[str] | None = None) -> int:
    """Recognise the corpus. 0: every clip has a transcript; 1: an error, in a line or two; 130: stopped."""
    from data_prep import CorpusError, corpus
    from shared.base.locks import LockedError
    from shared.base.write_errors import DiskFullError

    options = parser().parse_args(argv)
    try:
        fsdd = corpus("fsdd")
        frame = fsdd.index()
        signals, clips, hashes = fsdd.signals(frame), frame["clip"].tolist(), frame["sha256"].tolist()
        texts = recognise(signals, clips, hashes, options.backend, options.jobs, again=options.again)
    except (ValueError, CorpusError, LockedError, DiskFullError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped; the same command goes on where this one stopped", file=sys.stderr)
        return 130
    n_none = texts.count(NOT_RECOGNIZABLE)
    print(
        f"{options.backend}: {len(texts):,} transcripts in {STORE}/{options.backend}.csv, "
        f"{n_none:,} ({n_none / len(texts):.1%}) {NOT_RECOGNIZABLE}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
