"""What several predictions say together: votes by track or by clip, means over folds, ensembles.

Clips and classes are matched by their names. Nothing is opened here: what is derived opens the predictions that it
follows from when it is opened itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from shared.metrics.ensembles import ENSEMBLES, fit_weights, weighted_geometric_mean
from shared.paper.fields import VOTES
from shared.paper.schema import Ensemble, Paper
from shared.results.answer import Answer, checksum_over
from shared.runs.predictions import Predictions
from shared.runs.units import CONDITIONS, ResultsError, combined_record, slug

ALL_FOLDS = -1  # the fold of a record that is the mean of all
FOLDS_AVERAGED = ", folds averaged"
TEST, HELD_OUT = "test", "validation"
FITTED = "fitted_geometric_mean"  # the rule of an ensemble whose weights are fitted on the other folds
RULES = ENSEMBLES | {FITTED: weighted_geometric_mean}
FOLD = CONDITIONS.index("fold")
SAME = ("model", *(name for name in CONDITIONS if name != "fold"))
WINDOWS, SEGMENTS = VOTES  # a record's clips_are: its clips are parts of tracks or of clips, named <track>.<number>

Groups = dict[tuple, dict[str, Answer]]


def derived(paper: Paper, answers: Sequence[Answer]) -> list[Answer]:
    """What the answers of units give together: of whole tracks or clips where a unit's clips are parts of them, of the
    mean over all folds on the test clips, and of each ensemble whose members are all there."""
    voted = [_voted(answer) for answer in answers if answer.record.get("clips_are") in VOTES]
    averaged = fold_averages(answers, paper.corpus.folds)
    return [_named(answer) for answer in (*voted, *averaged, *_ensembles(paper, [*answers, *averaged]))]


def _named(answer: Answer) -> Answer:
    """A mean over folds, or an ensemble of such means, under a model name that says so."""
    record = answer.record
    averaged = record["fold"] == ALL_FOLDS
    return replace(answer, record=record | {"model": record["model"] + FOLDS_AVERAGED}) if averaged else answer


# ---------------------------------------------------------------- votes


def _voted(answer: Answer) -> Answer:
    record, ending = answer.record, VOTES[answer.record["clips_are"]]
    record = record | {"model": f"{record['model']}{ending}", "key": f"{record['key']}{ending}"}
    checksum = checksum_over("by track", answer.checksum)
    return replace(answer, record=record, checksum=checksum, open_=lambda: track_means(answer.predictions))


def track_means(predictions: Predictions) -> Predictions:
    """What predictions of windows say of whole tracks: the mean of the probabilities for the track's windows.

    A window's clip is called after its track, ``jazz.00003.07``. A track has windows in several splits where windows
    were split without regard to it; each split then has a vote of its own.
    """
    tracks = np.array([clip.rpartition(".")[0] for clip in predictions.clips])
    names, first, member = np.unique(
        np.char.add(np.char.add(predictions.split, "/"), tracks), return_index=True, return_inverse=True
    )
    y_prob = np.zeros((len(names), len(predictions.classes)))
    np.add.at(y_prob, member, predictions.y_prob)
    y_prob /= np.bincount(member)[:, None]
    return Predictions(predictions.split[first], tracks[first], predictions.y_true[first], y_prob, predictions.classes)


# ---------------------------------------------------------------- means over folds


def fold_averages(answers: Sequence[Answer], n_folds: int) -> list[Answer]:
    """The mean of the probabilities for each training whose folds are all there.

    Parameters
    ----------
    n_folds : int
        Folds of the paper's protocol; with a single one there is nothing to average.

    Returns
    -------
    list of Answer
        With the members' model and `ALL_FOLDS` as fold, on the test clips; without clips where the folds have none, or
        have test clips of their own.
    """
    groups: dict[tuple, dict[int, Answer]] = {}
    for answer in answers:
        groups.setdefault(tuple(answer.record[name] for name in SAME), {})[answer.record["fold"]] = answer
    averaged = []
    for of_fold in groups.values():
        if n_folds < 2 or set(of_fold) != set(range(n_folds)):
            continue
        members = [of_fold[fold] for fold in sorted(of_fold)]
        key = f"{members[0].record['key']} and {n_folds - 1} folds"
        record = combined_record([member.record for member in members], fold=ALL_FOLDS, key=key)
        checksum = checksum_over("mean over folds", [member.checksum for member in members])
        opened = members[0].opened
        averaged.append(Answer(record, checksum, lambda members=members: _mean_on_test(members), opened))
    return averaged


def _mean_on_test(members: Sequence[Answer]) -> Predictions:
    """The members' mean on the test clips; no clips where they do not have the same."""
    first, *others = (member.predictions.on(TEST) for member in members)
    clips = set(first.clips)
    if any(set(other.clips) != clips for other in others):
        return first.on("")
    alike = [first, *(_like(other, first, member) for other, member in zip(others, members[1:], strict=True))]
    return replace(first, y_prob=np.mean([one.y_prob for one in alike], axis=0))


def _like(predictions: Predictions, first: Predictions, member: Answer) -> Predictions:
    """`Predictions.like`, whose errors name the unit."""
    try:
        return predictions.like(first)
    except ResultsError as error:
        raise ResultsError(f"{member.record['key']} does not go with the others: {error}") from None


# ---------------------------------------------------------------- ensembles


def _ensembles(paper: Paper, answers: Sequence[Answer]) -> list[Answer]:
    """An answer for each of the paper's ensembles whose members are all there."""
    groups: Groups = {}
    for answer in answers:
        conditions = tuple(answer.record[name] for name in CONDITIONS)
        groups.setdefault(conditions, {})[answer.record["model"]] = answer
    fused = []
    for conditions, of_model in groups.items():
        for name, ensemble in paper.ensembles.items():
            if not of_model.keys() >= set(ensemble.members):
                continue
            members = [of_model[member] for member in ensemble.members]
            others = _held_out(groups, conditions, ensemble, paper.corpus.folds) if ensemble.rule == FITTED else []
            if others is None:
                continue
            key = f"{slug(name)} of {len(members)}"
            record = combined_record([member.record for member in members], model=name, key=key)
            of_others = [[member.checksum for member in of_fold] for of_fold in others]
            of_members = [member.checksum for member in members]
            checksum = checksum_over(name, ensemble.rule, list(ensemble.weights), of_members, of_others)

            def fuse(members=members, ensemble=ensemble, others=others) -> Predictions:
                return _fused(members, ensemble, others)

            fused.append(Answer(record, checksum, fuse, members[0].opened))
    return fused


def _held_out(groups: Groups, conditions: tuple, ensemble: Ensemble, n_folds: int) -> list[list[Answer]] | None:
    """The members in each of the other folds, which weights are fitted on; None where a fold or a member is missing.

    For the mean over all folds, which is about the test clips, all folds count.
    """
    others = [fold for fold in range(n_folds) if fold != conditions[FOLD]]
    found = [groups.get((*conditions[:FOLD], fold, *conditions[FOLD + 1 :]), {}) for fold in others]
    if not found or not all(of_model.keys() >= set(ensemble.members) for of_model in found):
        return None
    return [[of_model[member] for member in ensemble.members] for of_model in found]


def _fused(members: Sequence[Answer], ensemble: Ensemble, others: Sequence[Sequence[Answer]]) -> Predictions:
    """The members' predictions by the ensemble's rule; no clips where there are none to fit weights on."""
    for member in members:
        if not len(member.predictions.clips):
            return member.predictions
    first, *_ = alike = _alike(members)
    weights = ensemble.weights
    if ensemble.rule == FITTED:
        weights = _fitted(others)
        if weights is None:
            return first.on("")
    options = {"weights": weights} if len(weights) else {}
    return replace(first, y_prob=RULES[ensemble.rule]([one.y_prob for one in alike], **options))


def _fitted(others: Sequence[Sequence[Answer]]) -> np.ndarray | None:
    """Weights with the least cross-entropy on the clips that the other folds hold out; None where they hold out none.

    Returns
    -------
    ndarray of float64, shape (n_members,), or None
    """
    classes = others[0][0].predictions.classes
    held_out = [[one.by_class(classes) for one in _alike(of_fold, HELD_OUT)] for of_fold in others]
    y_prob = [np.concatenate([one.y_prob for one in of_member]) for of_member in zip(*held_out, strict=True)]
    y_true = np.concatenate([of_fold[0].y_true for of_fold in held_out])
    return fit_weights(y_prob, y_true) if len(y_true) else None


def _alike(members: Sequence[Answer], split: str = "") -> list[Predictions]:
    """The members' predictions, on one split or all, with clips and classes in the order of the first member's."""
    found = [member.predictions.on(split) if split else member.predictions for member in members]
    return [found[0], *(_like(one, found[0], member) for one, member in zip(found[1:], members[1:], strict=True))]
