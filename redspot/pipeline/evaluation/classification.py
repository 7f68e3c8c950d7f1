"""Metrics of classifiers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from redspot.pipeline.evaluation.outcome import Outcome
from redspot.pipeline.evaluation.scoring import Grouping, Scorer, Scores, Weights, average_precision, roc_auc, share

TOP = 3


def classification_scorer(outcome: Outcome) -> Scorer:
    """Return the metrics of a classifier.

    Of every classifier: ``accuracy``, ``f1_macro`` and ``balanced_accuracy`` (mean recall of the classes that occur).
    Where every true label has a probability: ``log_loss``. Of two classes, the second being the positive one:
    ``precision``, ``recall``, ``f1`` and from probabilities ``roc_auc``, ``pr_auc`` (average precision) and ``brier``.
    Of more classes: ``roc_auc_ovr``, the mean over classes of each against the rest where all occur, and with more
    than three classes ``top_3_accuracy``.
    """
    labels = np.unique(np.concatenate([outcome.truth, outcome.predicted]))
    truth = np.searchsorted(labels, outcome.truth)
    predicted = np.searchsorted(labels, outcome.predicted)
    is_right = (truth == predicted).astype(np.float64)
    by_truth, by_predicted = Grouping(truth), Grouping(predicted)
    likely = _Likely(outcome) if outcome.probabilities is not None and outcome.is_known else None
    is_binary = outcome.task == "binary" and outcome.is_known
    positive = int(np.searchsorted(labels, outcome.positive)) if is_binary else -1

    def compute(weights: Weights) -> Scores:
        shape = (len(weights), len(labels))
        actual, given, right = np.zeros(shape), np.zeros(shape), np.zeros(shape)
        actual[:, by_truth.codes] = by_truth.sums(weights)
        right[:, by_truth.codes] = by_truth.sums(weights * is_right)
        given[:, by_predicted.codes] = by_predicted.sums(weights)
        scores = {
            "accuracy": share(right.sum(axis=1), actual.sum(axis=1)),
            "f1_macro": _mean_known(share(2 * right, actual + given)),
        }
        if likely is not None:
            scores["log_loss"] = share(weights @ likely.losses, weights.sum(axis=1))
        scores["balanced_accuracy"] = _mean_known(share(right, actual))
        if is_binary:
            some = positive < len(labels) and labels[positive] == outcome.positive
            hits, meant, said = (
                each[:, positive] if some else np.zeros(len(weights)) for each in (right, actual, given)
            )
            scores["precision"] = share(hits, said)
            scores["recall"] = share(hits, meant)
            scores["f1"] = share(2 * hits, meant + said)
        if likely is not None:
            scores.update(likely.scores(weights))
        return scores

    passes = 5 if likely is None else 6 + 3 * likely.curves
    return Scorer(len(outcome), passes, compute)


class _Likely:
    """What probabilities tell."""

    def __init__(self, outcome: Outcome) -> None:
        classes, given = np.asarray(outcome.classes), np.asarray(outcome.probabilities, dtype=np.float64)
        order = np.argsort(classes)
        truth = order[np.searchsorted(classes, outcome.truth, sorter=order)]
        of_truth = given[np.arange(len(given)), truth]
        eps = np.finfo(np.float64).eps
        self.losses: NDArray[np.float64] = -np.log(np.clip(of_truth, eps, 1 - eps))
        self._is_binary = outcome.task == "binary"
        self._squares = (given[:, 1] - (truth == 1)) ** 2 if self._is_binary else np.empty(0)
        chosen = [1] if self._is_binary else range(len(classes))
        self._areas = [roc_auc(truth == code, given[:, code]) for code in chosen]
        self._precision = average_precision(truth == 1, given[:, 1]) if self._is_binary else None
        self.curves = len(self._areas) + self._is_binary
        # Of classes that tie, the first comes first.
        ahead = (given > of_truth[:, np.newaxis]).sum(axis=1)
        ties = (given == of_truth[:, np.newaxis]) & (np.arange(len(classes)) < truth[:, np.newaxis])
        self._is_near = ((ahead + ties.sum(axis=1)) < TOP).astype(np.float64)
        self._has_top = len(classes) > TOP

    def scores(self, weights: Weights) -> dict[str, NDArray[np.float64]]:
        areas = np.array([area(weights) for area in self._areas])
        if self._precision is not None:
            return {
                "roc_auc": areas[0],
                "pr_auc": self._precision(weights),
                "brier": share(weights @ self._squares, weights.sum(axis=1)),
            }
        scores = {"roc_auc_ovr": areas.mean(axis=0)}
        if self._has_top:
            scores[f"top_{TOP}_accuracy"] = share(weights @ self._is_near, weights.sum(axis=1))
        return scores


def _mean_known(values: NDArray[np.float64]) -> NDArray[np.float64]:
    known = ~np.isnan(values)
    return share(np.where(known, values, 0.0).sum(axis=1), known.sum(axis=1).astype(np.float64))
