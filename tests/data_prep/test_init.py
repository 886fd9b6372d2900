"""The list of corpora, where data lies, and the fingerprint."""

from pathlib import Path

import pandas as pd
import pytest

import data_prep
from tests.data_prep.check_corpus import check_facts


@pytest.mark.parametrize("name", data_prep.CORPORA)
def test_every_corpus_says_what_it_is_and_can(name):
    """Of the real ones, which need not be there; `check_corpus` has the rest, on small copies."""
    corpus = data_prep.corpus(name)
    assert name == corpus.NAME
    check_facts(corpus)


def test_of_an_unknown_corpus_those_are_listed_that_are_like_it():
    with pytest.raises(ValueError, match="unknown corpus 'vtnm'; the closest are: vntm, .*Did you mean vntm\\?"):
        data_prep.corpus("vtnm")


def test_data_root(monkeypatch):
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_DATA", "/some/where")
    assert data_prep.data_root() == Path("/some/where")
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_DATA", "")
    assert data_prep.data_root() == Path(__file__).resolve().parents[2] / "data"


def test_fingerprint_is_of_clip_label_and_content_only():
    frame = pd.DataFrame({"clip": ["b", "a"], "label": ["x", "y"], "sha256": ["1", "2"], "split": ["train", "test"]})
    same = frame.iloc[::-1].assign(split="test", path="/elsewhere")
    # sha256sum of "a,y,2\nb,x,1\n"
    assert data_prep.fingerprint(frame) == data_prep.fingerprint(same) == "6723fdd17ee89ebc"
    for column in ("clip", "label", "sha256"):
        assert data_prep.fingerprint(frame.assign(**{column: ["p", "q"]})) != data_prep.fingerprint(frame)
