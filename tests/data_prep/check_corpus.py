"""What holds for every corpus, whatever it is of. The tests of each corpus call this on a small copy of it."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data_prep import Corpus, CorpusError, fingerprint
from data_prep.common import folders, label_sets, windows
from data_prep.common.grouping import EXCLUDED
from shared.audio.resampling import resample

HELD_OUT = ("test", "validation")


def check_corpus(corpus: Corpus, root: Path | None = None) -> None:
    """Fail where a corpus does not do what `Corpus` says. The last thing that is done damages the copy.

    Parameters
    ----------
    corpus
        Of which a small copy that is as it should be is there.
    root
        Its folder; where it is located if None.
    """
    check_facts(corpus)
    frame = _check_index(corpus, root)
    for protocol in corpus.N_FOLDS:
        _check_protocol(corpus, frame, protocol)
    _check_wrong_protocols(corpus, frame)
    if corpus.signals:
        _check_signals(corpus, frame)
        _check_cuts(corpus, frame)
    if corpus.windows:
        _check_windows(corpus, frame)
    if corpus.features:
        _check_features(corpus, frame)
    if frame["path"].all():  # a corpus of files, not of sounds made on the spot
        _check_missing(corpus, root)
        _check_damage(corpus, frame, root)


def check_facts(corpus: Corpus) -> None:
    """Fail where a corpus does not say what it is, or contradicts itself in what it can do."""
    assert all((corpus.TITLE, corpus.SOURCE, corpus.LICENCE, corpus.SIZE))
    assert list(corpus.CLASSES) == sorted(set(corpus.CLASSES))
    assert next(iter(corpus.N_FOLDS)) == "published"
    assert bool(corpus.fetch) != bool(corpus.by_hand), "a corpus is fetched, or it is said how to get it"
    assert corpus.how_to_get
    assert corpus.fetch or not corpus.SOURCES
    assert bool(corpus.signals) == bool(corpus.SAMPLE_RATE_HZ)
    assert corpus.signals or not corpus.windows
    assert bool(corpus.features) == bool(corpus.FEATURES)


def _check_index(corpus: Corpus, root: Path | None) -> pd.DataFrame:
    report = corpus.check(root)
    assert report.ok, str(report)
    assert report.corpus == corpus.NAME
    assert str(report).endswith("OK")
    frame = corpus.index(root)
    assert len(frame)
    assert corpus.CLASSES
    assert tuple(frame.columns[: len(folders.COLUMNS)]) == folders.COLUMNS
    assert frame["clip"].is_unique
    assert frame["clip"].is_monotonic_increasing
    assert set(label_sets.count(frame["label"])) <= set(corpus.CLASSES)
    assert set(frame["split"]) <= {"train", *HELD_OUT}
    assert frame["group"].all()
    assert frame["sha256"].str.fullmatch("[0-9a-f]{16}").all()
    for path in {path for paths in frame["path"] if paths for path in label_sets.split(paths)}:
        assert Path(path).is_absolute()
        assert Path(path).is_file()
    assert all(isinstance(note, str) for note in frame.attrs["notes"])
    again = corpus.index(corpus.locate() if root is None else root)
    assert again.equals(frame)
    assert fingerprint(again) == fingerprint(frame)
    return frame


def _check_protocol(corpus: Corpus, frame: pd.DataFrame, protocol: str) -> None:
    before, folds = frame.copy(), []
    for fold in range(corpus.N_FOLDS[protocol]):
        try:
            split = corpus.with_protocol(frame, protocol, fold)
        except CorpusError:  # what it needs is not there, such as lists or groups
            assert protocol != "published"
            return
        assert frame.equals(before), "the index itself is left as it is"
        assert split.drop(columns="split").equals(frame.drop(columns="split"))
        assert set(split["split"]) <= {"train", *HELD_OUT, EXCLUDED}
        assert "train" in set(split["split"])
        if protocol == "grouped":
            taking_part = split[split["split"] != EXCLUDED]
            assert (taking_part.groupby("group")["split"].nunique() == 1).all()
        shuffled = corpus.with_protocol(frame.sample(frac=1, random_state=fold), protocol, fold)
        assert shuffled["split"].sort_index().equals(split["split"]), "a split depends on the clips, not on their order"
        folds.append({name: set(split.loc[split["split"] == name, "clip"]) for name in HELD_OUT})
    assert any(fold[name] for fold in folds for name in HELD_OUT)
    if protocol == "published":
        assert corpus.with_protocol(frame, protocol)["split"].equals(frame["split"])
    if len(folds) > 1:
        turning = "test" if any(fold["test"] != folds[0]["test"] for fold in folds) else "validation"
        parts = [fold[turning] for fold in folds]
        assert sum(map(len, parts)) == len(set().union(*parts)), "no clip is held out in two folds"


def _check_wrong_protocols(corpus: Corpus, frame: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match=f"unknown protocol 'by chance'; the known are: {', '.join(corpus.N_FOLDS)}$"):
        corpus.with_protocol(frame, "by chance")
    for protocol, n_folds in corpus.N_FOLDS.items():
        for fold in (-1, n_folds):
            with pytest.raises(ValueError, match=f"protocol '{protocol}' has fold 0.*, not {fold}$"):
                corpus.with_protocol(frame, protocol, fold)


def _check_signals(corpus: Corpus, frame: pd.DataFrame) -> None:
    """The last row before the first: samples come in the order of the rows."""
    rows = frame.iloc[[-1, 0]]
    rows = rows.assign(n_samples=rows["n_samples"].clip(upper=4000))
    last, first = corpus.signals(rows)
    (alone,) = corpus.signals(rows.iloc[1:])
    assert np.array_equal(first, alone)
    for signal, n_samples in zip((last, first), rows["n_samples"], strict=True):
        assert (signal.dtype, signal.shape) == (np.float32, (n_samples,))
        assert np.isfinite(signal).all()
        assert np.abs(signal).max() <= 1


def _check_cuts(corpus: Corpus, frame: pd.DataFrame) -> None:
    """Windows of so many seconds at so many hertz, the last clip before the first; they go where their clip goes."""
    clips, rate_hz = frame.iloc[[-1, 0]], corpus.SAMPLE_RATE_HZ // 2
    seconds = clips["n_samples"].min() / corpus.SAMPLE_RATE_HZ / 4
    rows = windows.cut(corpus, clips, rate_hz, seconds, seconds / 2, at_most=3)
    assert rows["clip"].tolist() == [f"{clip}.{number:02d}" for clip in clips["clip"] for number in range(3)]
    length, hop = round(seconds * rate_hz), round(seconds / 2 * rate_hz)
    found = list(windows.signals(corpus, rows))
    for number, signal in enumerate(corpus.signals(clips)):
        whole = resample(signal, corpus.SAMPLE_RATE_HZ, rate_hz)
        for start, window in zip((0, hop, 2 * hop), found[3 * number :], strict=False):
            assert np.array_equal(window, whole[start : start + length])
    for protocol in corpus.N_FOLDS:
        try:
            split_of = corpus.with_protocol(clips, protocol).set_index("clip")["split"]
        except CorpusError:  # what it needs is not there
            continue
        split = windows.with_protocol(corpus, rows, protocol)
        assert split["split"].tolist() == split["track"].map(split_of).tolist()
        assert split.drop(columns="split").equals(rows.drop(columns="split"))


def _check_windows(corpus: Corpus, frame: pd.DataFrame) -> None:
    rows = corpus.windows(frame, 30, 20, 3)
    assert len(rows) == 3 * len(frame)
    assert rows["clip"].is_unique
    assert list(rows["offset"]) == [0, 20, 40] * len(frame)
    assert set(rows["n_samples"]) == {30}
    for column in ("label", "group", "sha256"):
        assert list(rows[column]) == list(frame[column].repeat(3))
    signals = list(corpus.signals(rows[:3]))
    assert np.array_equal(signals[0][20:], signals[1][:10])
    with pytest.raises(CorpusError, match=f"{len(frame)} of {len(frame)} tracks have fewer than the "):
        corpus.windows(frame, 10**9, 1)


def _check_features(corpus: Corpus, frame: pd.DataFrame) -> None:
    features = corpus.features(frame)
    assert (features.dtype, features.shape) == (np.float64, (len(frame), len(corpus.FEATURES)))
    assert np.isfinite(features).all()
    assert np.array_equal(corpus.features(frame.iloc[[-1]])[0], features[-1])


def _check_missing(corpus: Corpus, root: Path | None) -> None:
    nowhere = (corpus.locate() if root is None else root) / "nowhere"
    for ask in (corpus.check, corpus.index):
        with pytest.raises(CorpusError, match="(?s)not in .*nowhere"):
            ask(nowhere)


def _check_damage(corpus: Corpus, frame: pd.DataFrame, root: Path | None) -> None:
    """A file that is empty is named, by `check` and by `index`, and nothing is left out without a word."""
    path = Path(label_sets.split(frame["path"].iloc[0])[0])
    root = corpus.locate() if root is None else root
    path.write_bytes(b"")
    for ask, words_of in ((corpus.check, str), (corpus.index, lambda found: "\n".join(found.attrs["notes"]))):
        try:
            words = words_of(ask(root))
        except CorpusError as error:
            words = str(error)
        assert path.stem in words
