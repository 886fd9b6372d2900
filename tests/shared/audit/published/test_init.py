"""What an audit finds in the suite's own papers, and the form in which it says so."""

import json

import pytest

from shared.audit.finding import CONTRADICTION, IMPOSSIBLE, NOTE, listed
from shared.audit.published import WIDTH, audit_paper, render_audit
from shared.paper.loading import list_papers, load_paper
from tests.shared.audit.toys import only


@pytest.fixture(scope="module")
def lam():
    return audit_paper(load_paper("lam_ensemble"))


@pytest.fixture(scope="module")
def pragadaraju():
    return audit_paper(load_paper("pragadaraju_digits"))


def test_lam_recall_is_impossible(lam):
    found = only(lam, "recall above accuracy")
    assert (found.severity, found.table, found.row, found.column) == (IMPOSSIBLE, "IV", "2", "validation Recall")
    assert found.printed == "0.8720"
    assert "accuracy 0.8187 and precision 0.8173" in found.arithmetic
    assert "400 answers above one half came from 375 clips" in found.arithmetic  # 375 · 0.8720 / 0.8173 = 400.1


def test_lam_table_iv_has_an_evaluation_of_another_network(lam):
    row, matrix, left = (
        only(lam, kind) for kind in ("same scores for two models", "same matrix for two models", "left over")
    )
    assert (row.severity, row.table, row.row) == (CONTRADICTION, "IV", "2")
    assert row.place == "Table IV, 2 (Model 2), test and Repository README, 1 (Model 1), test"
    assert row.printed == "0.4514, 0.8840, 0.8984, 0.8840"
    assert (matrix.severity, matrix.place) == (
        CONTRADICTION,
        "Fig. 5 (Model 2, test) and cfm_model1.png (Model 1, test)",
    )
    assert (left.severity, left.printed, left.row, left.column) == (NOTE, "0.8720", "2", "validation Recall")
    assert "Repository README, 2 (Model 2), validation Recall" in left.arithmetic


def test_lam_axes_are_swapped(lam):
    found, others = [finding for finding in lam.findings if finding.kind == "axes swapped"]
    assert (found.severity, found.place) == (CONTRADICTION, "Fig. 4, Fig. 5 and Fig. 6, test")
    assert others.place == "cfm_model1.png, cfm_model2.png and cfm_model3.png, test"
    assert "The columns add up to 50 a class" in found.arithmetic
    assert "51, 48, 39, 59 and 53 in Fig. 4" in found.arithmetic
    assert "the rows are the predicted class" in found.follows


def test_lam_traces_and_accuracies_are_sound(lam):
    sound = "\n".join(lam.sound)
    assert "validation: the accuracies are 313, 307 and 324 of 375 clips" in sound
    for figure, trace in (("Fig. 4", "216 of 250, 0.8640"), ("Fig. 5", "221 of 250"), ("Fig. 6", "227 of 250")):
        assert f"{figure}: the diagonal has {trace}" in sound
    for figure, trace in (("1", "221 of 250, 0.8840"), ("2", "225 of 250"), ("3", "233 of 250")):
        assert f"cfm_model{figure}.png: the diagonal has {trace}" in sound
    assert "3 numbers are printed in more than one place and agree there." in sound


def test_lam_averages_over_classes_are_not_what_is_printed(lam):
    found, _ = [finding for finding in lam.findings if finding.kind == "average of a matrix"]
    assert found.severity == NOTE
    # Fig. 4: 47/51, 46/48, 39/39, 41/59 and 43/53 are 0.8772 on the average, 216/250 = 0.8640.
    assert "0.8772 and 0.8640 (Model 1)" in found.arithmetic


def test_verma_says_two_numbers_for_one_network():
    verma = audit_paper(load_paper("verma_genres"))
    found = only(verma, "two values of one quantity")
    assert found.severity == CONTRADICTION
    assert "is 81.62 % (Table Conclusion and Abstract) and 81.67 % (the sentence below the table)" in found.arithmetic
    assert "1 number is printed in more than one place and agrees there." in verma.sound  # Mode 1's


def test_what_is_remarked_as_impossible_in_a_paper_is_what_the_audit_finds():
    for paper in map(load_paper, list_papers()):
        remarked = {(c.table, c.row, c.printed) for c in paper.cells() if c.note_kind == "impossible"}
        found = {(f.table, f.row, f.printed) for f in audit_paper(paper).findings if f.severity == IMPOSSIBLE}
        assert found == remarked, paper.id


def test_pragadaraju_was_split_into_2500_and_500(pragadaraju):
    found = only(pragadaraju, "another split")
    assert "4 give every accuracy of CNN + Spectrogram and RNN + Spectrogram, rounded" in found.arithmetic
    assert "1,940 + 1,060, 2,009 + 991, 2,362 + 638 and 2,500 + 500" in found.arithmetic
    assert "None gives the row RNN + Textual Representation" in found.arithmetic
    assert found.follows.startswith("Only 2,500 + 500 is a simple share (1/6 test)")
    assert "where 2,400 + 600 is stated" in found.follows


def test_pragadaraju_cells_that_the_stated_split_cannot_give(pragadaraju):
    found = {(f.row, f.column): f for f in pragadaraju.findings if f.kind == "no whole number of clips"}
    assert {place: finding.printed for place, finding in found.items()} == {
        ("CNN + Spectrogram", "train Accuracy"): "98.56 %",
        ("CNN + Spectrogram", "test Accuracy"): "88.40 %",
        ("RNN + Spectrogram", "train Accuracy"): "97.16 %",
        ("RNN + Textual Representation", "test Accuracy"): "14.62 %",
    }
    cnn = found["CNN + Spectrogram", "train Accuracy"]
    assert "98.56 % of 2,400 clips would be 2,365.44" in cnn.arithmetic
    assert "2,464 of 2,500" in cnn.follows
    assert found["RNN + Textual Representation", "test Accuracy"].follows == "Not measured on 600 clips, nor on 500."


def test_pragadaraju_text_accuracies_are_the_training_one_twice(pragadaraju):
    found = only(pragadaraju, "one number twice")
    assert found.row == "RNN + Textual Representation"
    assert "351 of 2,400 train clips (exactly 14.625 %, half-way, which Python prints as 14.62)" in found.arithmetic
    assert "no whole number of 600 or 500 test clips" in found.arithmetic
    assert found.follows == "The train accuracy seems to be printed twice; the test one is missing."


def test_pragadaraju_places_disagree(pragadaraju):
    printed = {f.row: f.printed for f in pragadaraju.findings if f.kind == "two values of one quantity"}
    assert printed == {
        "CNN + Spectrogram": "88.40 % against 88 % against 88.5 %",
        "RNN + Textual Representation": "14.62 % against 12 %",
    }


def test_pragadaraju_twelve_percent_is_no_better_than_a_constant(pragadaraju):
    found = only(pragadaraju, "constant predictor")
    assert found.printed == "12 % (RNN + Textual Representation, test)"
    assert "always scores 0.1000" in found.arithmetic
    assert "0.0964 to 0.1484" in found.arithmetic  # Wilson: 72 of 600


def test_pascuo_is_what_the_labels_give():
    pascuo = audit_paper(load_paper("pascuo_multilabel"))
    cut = only(pascuo, "a number and its curve")
    assert (cut.severity, cut.printed) == (NOTE, "0.93")
    assert "Figure 3 has 0.9385 to 0.9387, which no rounding makes 0.93; cut off" in cut.arithmetic
    frames = only(pascuo, "frames of a window")
    assert (frames.severity, frames.printed) == (CONTRADICTION, "44,100 Hz and 19 frames")
    assert "make 9 of them, not 19" in frames.arithmetic
    assert "at 22,050 Hz or at 44,100 Hz with 2 channels" in frames.follows
    steps = only(pascuo, "steps of an epoch")
    assert "85% of 1,221,573 to 1,221,685; 1,221,720 were to be drawn" in steps.arithmetic
    assert steps.follows == "35 to 147 of the samples were left out."
    constant = only(pascuo, "constant predictor")
    assert "has binary accuracy 0.93845, each label's share a cross-entropy of 0.20905" in constant.arithmetic
    assert constant.follows == "0.93 and 0.21 are these, rounded or cut off: no audio is needed."
    beyond = only(pascuo, "beyond hearing nothing")
    assert "ends at cross-entropy 0.21614 and binary accuracy 0.93845, 0.00709 above" in beyond.arithmetic
    assert "0.00844 and 0.01084 better" in beyond.arithmetic
    assert "0.00015 and 0.00025 better" in beyond.arithmetic


# ---- form


@pytest.mark.parametrize("paper_id", list_papers())
def test_the_text_is_no_wider_than_it_says_and_the_worst_comes_first(paper_id):
    audited = audit_paper(load_paper(paper_id))
    assert max(map(len, render_audit(audited).splitlines())) <= WIDTH
    order = [(IMPOSSIBLE, CONTRADICTION, NOTE).index(finding.severity) for finding in audited.findings]
    assert order == sorted(order)
    assert json.loads(json.dumps(audited.as_dict()))["paper"] == paper_id


def test_a_list_in_words():
    assert [listed(names) for names in ([], ["a"], ["a", "b"], [1, 2, 3])] == ["", "a", "a and b", "1, 2 and 3"]
