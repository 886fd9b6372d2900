"""Words to numbers: fitted on the training clips, padded, cut, and kept."""

import numpy as np

from reproductions.pragadaraju_digits.words import Vocabulary, keep_vocabulary, kept_vocabulary, split

HEARD = ["one", "you know", "one", "Not Recognizable", "you are here", "one"]


def test_words_are_numbered_by_how_often_they_stand_in_the_training_clips():
    vocabulary = Vocabulary.fit(HEARD, length=2)
    assert vocabulary.words == ("one", "you", "Not Recognizable", "are", "know")  # "here" is the third word of a clip
    assert vocabulary.n_numbers == 7


def test_rows_are_padded_with_zero_and_cut_at_the_length():
    encoded = Vocabulary.fit(HEARD, length=2).encode(HEARD)
    assert encoded.dtype == np.int32
    assert encoded.tolist() == [[2, 0], [3, 6], [2, 0], [4, 0], [3, 5], [2, 0]]


def test_a_word_that_training_clips_do_not_have_is_another_word():
    assert Vocabulary.fit(HEARD, 2).encode(["seven", "you seven"]).tolist() == [[1, 0], [3, 1]]


def test_not_recognizable_is_one_word_and_not_two():
    assert split("Not Recognizable") == ["Not Recognizable"]
    assert split("Not a thing") == ["not", "a", "thing"]


def test_a_vocabulary_is_kept_beside_the_weights(tmp_path):
    vocabulary = Vocabulary.fit(HEARD, 2)
    keep_vocabulary(vocabulary, tmp_path)
    assert kept_vocabulary(tmp_path) == vocabulary
