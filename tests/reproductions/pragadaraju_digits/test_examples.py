"""The clips of the report: as committed, small, heard as the corpus has them, and wrong or right as they are shown."""

import numpy as np
import soundfile

import data_prep
from reproductions.pragadaraju_digits.examples import all_wrong_and_all_right, write_examples
from shared.report.examples import EXAMPLES, read_examples
from shared.results.store import results_folder

FOLDER = results_folder("pragadaraju_digits")
MOST_BYTES = 200_000


def test_the_committed_clips_are_what_would_be_written(tmp_path):
    write_examples(tmp_path)
    names = sorted(file.name for file in (FOLDER / EXAMPLES).iterdir())
    assert names == sorted(file.name for file in (tmp_path / EXAMPLES).iterdir())
    made, kept = read_examples(tmp_path), read_examples(FOLDER)
    assert [(one.title, one.text, one.clip) for one in made] == [(one.title, one.text, one.clip) for one in kept]
    assert sum(file.stat().st_size for file in (FOLDER / EXAMPLES).iterdir()) < MOST_BYTES


def test_a_clip_is_the_corpus_own_sample_for_sample():
    fsdd = data_prep.corpus("fsdd")
    index = fsdd.index().set_index("clip", drop=False)
    kept = read_examples(FOLDER)
    signals = fsdd.signals(index.loc[[one.clip for one in kept]])
    for one, signal in zip(kept, signals, strict=True):
        heard, rate_hz = soundfile.read(one.sound, dtype="float32")
        assert rate_hz == fsdd.SAMPLE_RATE_HZ
        np.testing.assert_array_equal(heard, signal)


def test_they_are_all_that_nobody_gets_right_and_one_a_voice_of_the_others():
    wrong, right = all_wrong_and_all_right(FOLDER)
    clips = [one.clip for one in read_examples(FOLDER)]
    assert set(wrong) <= set(clips)
    others = [clip for clip in clips if clip not in wrong]
    assert set(others) <= set(right)
    assert sorted({clip.split("_")[1] for clip in others}) == sorted(data_prep.corpora.fsdd.SPEAKERS)
    assert len({clip.split("_")[0] for clip in others}) == len(others)
