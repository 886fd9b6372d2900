"""Class weights against examples worked by hand and scikit-learn."""

import numpy as np
import pytest
from sklearn.utils.class_weight import compute_class_weight

from shared.training.class_weights import balanced, balanced_labels, first_label_weights, multi_label, sample_weights

ONE_HOT = np.eye(3)[[0, 0, 0, 1, 1, 2]]
MULTI_HOT = np.array([[1, 1, 0], [1, 0, 0], [1, 0, 1], [0, 1, 0]])  # label counts 3, 2, 1


def test_balanced_by_hand():
    assert balanced(ONE_HOT) == pytest.approx({0: 6 / 9, 1: 6 / 6, 2: 6 / 3})


def test_balanced_classes_weigh_one():
    assert balanced(np.eye(5).repeat(50, axis=0)) == dict.fromkeys(range(5), 1.0)


def test_balanced_gives_each_class_the_same_share_of_all_clips():
    weights = np.array(list(balanced(ONE_HOT).values()))
    np.testing.assert_allclose(weights * ONE_HOT.sum(axis=0), 6 / 3)


def test_balanced_is_what_keras_takes():
    weights = balanced(ONE_HOT)
    assert all(type(key) is int and type(value) is float for key, value in weights.items())


def test_balanced_refuses_several_labels():
    with pytest.raises(ValueError, match="exactly one label a clip, but row 0 has 2"):
        balanced(MULTI_HOT)


@pytest.mark.parametrize("function", [balanced, multi_label])
def test_a_class_without_a_clip(function):
    with pytest.raises(ValueError, match="no clip has class 1, 3"):
        function(np.eye(4)[[0, 2, 2]])


@pytest.mark.parametrize("function", [balanced, multi_label])
def test_no_clip(function):
    with pytest.raises(ValueError, match="at least one clip"):
        function(np.empty((0, 3)))


def test_multi_label_is_the_balanced_rule_on_the_list_of_labels():
    expected = compute_class_weight("balanced", classes=np.arange(3), y=np.nonzero(MULTI_HOT)[1])
    np.testing.assert_allclose(multi_label(MULTI_HOT), expected)
    np.testing.assert_allclose(multi_label(MULTI_HOT), [6 / 9, 6 / 6, 6 / 3])


def test_multi_label_with_one_label_a_clip_is_balanced():
    np.testing.assert_allclose(multi_label(ONE_HOT), list(balanced(ONE_HOT).values()))


def test_sample_weight_is_the_mean_over_a_clips_labels():
    np.testing.assert_allclose(sample_weights(MULTI_HOT, [0.5, 1.0, 3.0]), [0.75, 0.5, 1.75, 1.0])


def test_sample_weight_of_a_clip_without_label():
    np.testing.assert_allclose(sample_weights([[0, 0], [0, 1]], [2.0, 3.0]), [1.0, 3.0])


def test_sample_weights_of_another_number_of_classes():
    with pytest.raises(ValueError, match=r"weights of shape \(2,\) for labels of shape \(4, 3\)"):
        sample_weights(MULTI_HOT, [1.0, 2.0])


def test_balanced_labels_are_scikit_learns_balanced_weights_of_each_column():
    positive, negative = balanced_labels(MULTI_HOT)
    for label, column in enumerate(MULTI_HOT.T):
        expected = compute_class_weight("balanced", classes=np.array([0, 1]), y=column)
        np.testing.assert_allclose([negative[label], positive[label]], expected)


def test_balanced_labels_refuse_a_label_of_every_clip():
    with pytest.raises(ValueError, match="every clip has label 1"):
        balanced_labels(np.array([[1, 1], [0, 1]]))


def test_refused_labels_are_named_where_they_have_names():
    with pytest.raises(ValueError, match="no clip has class 'Jazz'"):
        multi_label(np.array([[1, 0], [1, 0]]), ["Blues", "Jazz"])
    with pytest.raises(ValueError, match="every clip has label 'Blues'"):
        balanced_labels(np.array([[1, 1], [1, 0]]), ["Blues", "Jazz"])


def test_first_label_weights_are_what_keras_makes_of_class_weight():
    from keras.src.trainers.data_adapters.data_adapter_utils import class_weight_to_sample_weights

    weights = multi_label(MULTI_HOT)
    ours = first_label_weights(MULTI_HOT, weights)
    assert ours == pytest.approx([2 / 3, 2 / 3, 2 / 3, 1.0])  # 6 labels over 3 x 3 and 3 x 2
    theirs = class_weight_to_sample_weights(MULTI_HOT, dict(enumerate(weights.tolist())))
    np.testing.assert_allclose(ours, theirs, rtol=1e-6)  # Keras's are float32


def test_first_label_weights_refuse_another_number_of_weights():
    with pytest.raises(ValueError, match="weights of shape"):
        first_label_weights(MULTI_HOT, np.ones(2))
