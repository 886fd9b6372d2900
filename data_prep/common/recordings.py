"""What corpora of short recordings share: one file a clip or all packed into one, and what is right about them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from data_prep.common.hashing import signal_hash
from shared.audio.signals import AudioError, is_silent, load_audio
from shared.base.files import atomic_write

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from data_prep.common.check_report import CheckReport

N_NAMES = 6  # in one sentence
ENCODING = "PCM_16"
ENCODINGS = {"PCM_U8": "8 bit", "PCM_S8": "8 bit", "PCM_16": "16 bit", "PCM_24": "24 bit", "PCM_32": "32 bit"}
ENCODINGS |= {"FLOAT": "32-bit float", "DOUBLE": "64-bit float"}


@dataclass(frozen=True)
class Recording:
    """Where one clip lies and what its samples are, or why it cannot be used.

    ``form`` is empty for mono 16 bit at the corpus's sample rate; otherwise it says what the file is, and the samples
    are those after conversion by `shared.audio.signals.load_audio`. ``silent`` says that none of them reaches
    `shared.audio.signals.SILENCE`.
    """

    path: Path
    offset: int = 0
    n_samples: int = 0
    sha256: str = ""
    form: str = ""
    error: str = ""
    silent: bool = False


def read_recording(path: Path, sample_rate_hz: int) -> Recording:
    """Read one file as one clip. Never raises for a bad file: the reason is in ``error``."""
    from shared.audio.files import AudioFile

    try:
        with AudioFile(path) as file:
            signal, found = file.signal(sample_rate_hz), file.form
    except AudioError as error:
        return Recording(path, error=error.reason)
    form = "" if found == (sample_rate_hz, 1, ENCODING) else describe(*found)
    return Recording(path, 0, signal.size, signal_hash(signal, sample_rate_hz), form, silent=is_silent(signal))


def silence_note(
    found: Iterable[tuple[str, Recording]], what: str = "is silent", several: str = "are silent"
) -> list[str]:
    """A sentence that names the recordings, by (name, recording), in which nothing is heard; none if there are none."""
    names = [name for name, recording in found if recording.silent]
    if not names:
        return []
    shown = ", ".join(names[:N_NAMES]) + (f" and {len(names) - N_NAMES} more" if len(names) > N_NAMES else "")
    return [f"{len(names):,} {f'recording {what}' if len(names) == 1 else f'recordings {several}'}: {shown}."]


def read_recordings(paths: Sequence[Path], sample_rate_hz: int, name: str) -> list[Recording]:
    """Read many files in parallel, each as one clip, in the order of `paths`; `name` is the corpus's, for progress."""
    from joblib import Parallel, delayed

    from shared.base.progress import progress

    # Threads: decoding and hashing both release Python's lock, and threads start at once.
    work = (delayed(read_recording)(path, sample_rate_hz) for path in paths)
    results = Parallel(n_jobs=-1, prefer="threads", return_as="generator")(work)
    return list(progress(results, len(paths), f"reading {name}"))


def describe(sample_rate_hz: int, n_channels: int = 1, encoding: str = ENCODING) -> str:
    """Words for a format: ``44,100 Hz, 2 channels, 24 bit``."""
    channels = "1 channel" if n_channels == 1 else f"{n_channels} channels"
    return f"{sample_rate_hz:,} Hz, {channels}, {ENCODINGS.get(encoding, encoding)}"


def read_pack(path: Path, clips: pd.DataFrame, sample_rate_hz: int) -> list[Recording]:
    """Read clips that lie one after another in one file.

    Parameters
    ----------
    path
        The file, written by `write_pack`.
    clips
        Columns offset and n_samples, in samples.
    sample_rate_hz
        The clips' sample rate.

    Returns
    -------
    list of Recording
        One a row.

    Raises
    ------
    AudioError
        The file is not there or cannot be decoded.
    """
    whole, found = load_audio(path, sample_rate_hz), []
    for offset, n_samples in zip(clips["offset"], clips["n_samples"], strict=True):
        signal = whole[offset : offset + n_samples]
        if signal.size < n_samples or not n_samples:
            found.append(Recording(path, error=f"the file ends after {whole.size:,} samples, too early"))
        else:
            sha256, silent = signal_hash(signal, sample_rate_hz), is_silent(signal)
            found.append(Recording(path, offset, n_samples, sha256, silent=silent))
    return found


def write_pack(path: Path, signals: Sequence[np.ndarray], sample_rate_hz: int) -> None:
    """Write clips one after another as FLAC: mono, 16 bit, compressed as far as it goes; whole or not at all.

    Parameters
    ----------
    path
        The file to write.
    signals
        The clips, float32 (n,), exact multiples of 1/32768.
    sample_rate_hz
        Their sample rate.
    """
    import numpy as np
    import soundfile

    samples = (np.concatenate(signals) * np.float32(32768)).astype(np.int16)
    options = {"format": "FLAC", "subtype": ENCODING, "compression_level": 1.0}
    atomic_write(path, lambda file: soundfile.write(file, samples, sample_rate_hz, **options))


def read_signals(frame: pd.DataFrame, sample_rate_hz: int) -> list[np.ndarray]:
    """The clips' samples.

    Parameters
    ----------
    frame
        Columns path, offset and n_samples. Neighbouring rows of one path have it decoded once.
    sample_rate_hz
        The clips' sample rate.

    Returns
    -------
    list of ndarray, float32, shape (n_samples,)
        One a row, in the frame's order, in [-1, 1): 16-bit integers divided by 32,768.

    Raises
    ------
    AudioError
        A file that cannot be read, or that has become shorter since it was indexed.
    """
    opened, whole, found = None, None, []
    for path, offset, n_samples in zip(frame["path"], frame["offset"], frame["n_samples"], strict=True):
        if path != opened:
            opened, whole = path, load_audio(path, sample_rate_hz)
        signal = whole[offset : offset + n_samples].copy()
        if signal.size != n_samples:
            raise AudioError(
                f"{path}: has {whole.size:,} samples, expected {offset + n_samples:,}; it has changed since it was "
                "indexed. Make the index again"
            )
        found.append(signal)
    return found


def compare(
    found: dict[str, list[Recording]], expected: pd.DataFrame, sample_rate_hz: int, report: CheckReport
) -> list[tuple[str, Recording]]:
    """Compare recordings with the published ones.

    Parameters
    ----------
    found
        For each clip's name the recordings that bear it.
    expected
        Columns clip, part, label, n_samples, sha256 of the published recordings.
    sample_rate_hz
        Of the published recordings, which are mono, 16 bit.
    report
        Receives what is missing, unreadable, of another format, changed or there twice.

    Returns
    -------
    list of (clip, Recording)
        What can be used: one a clip, readable; perhaps changed or to be converted, which the report says.
    """
    usable, owner = [], dict(zip(expected["sha256"], expected["clip"], strict=True))
    for row in expected.itertuples():
        report.expect(row.part, row.label)
        here = found.get(row.clip, [])
        report.counts[row.part, row.label] += len(here)
        if not here:
            report.missing.append((row.part, row.label, row.clip))
        if len(here) > 1:
            names = ", ".join(recording.path.name for recording in here)
            report.extra.append(f"{row.clip} is there {len(here)} times: {names}; remove all but one")
        for recording in here[:1]:
            if recording.error:
                report.unreadable.append((recording.path.name, recording.error))
                continue
            if recording.form:
                report.misfit.append(f"{recording.path.name} is {recording.form}; expected {describe(sample_rate_hz)}")
            elif recording.sha256 != row.sha256:
                report.changed.append((row.clip, _difference(recording, row, owner)))
            usable.append((row.clip, recording))
    as_published = {(clip, recording.sha256) for clip, recording in usable}
    n_other = sum(pair not in as_published for pair in zip(expected["clip"], expected["sha256"], strict=True))
    if n_other:
        report.notes.append(
            f"{n_other} of the {len(expected)} published recordings are not there as published, so the fingerprint "
            "is not that of the published corpus."
        )
    report.notes += silence_note(usable)
    return usable


def _difference(recording: Recording, published, owner: dict[str, str]) -> str:
    if recording.sha256 in owner:
        return f"holds the recording of {owner[recording.sha256]}"
    if recording.n_samples != published.n_samples:
        return f"is not the published recording: {recording.n_samples:,} samples; expected {published.n_samples:,}"
    return f"is not the published recording: other samples, though {recording.n_samples:,} as published"
