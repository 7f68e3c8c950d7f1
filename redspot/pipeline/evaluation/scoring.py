"""Metrics as functions of weights: prepared once on the rows, then computed for many weightings together.

Weights of one give the metric itself, counts of draws with replacement give the bootstrap. What is not defined for a
weighting is NaN there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Weights = NDArray[np.float64]
Scores = Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True, slots=True, eq=False)
class Scorer:
    """The metrics of one outcome.

    Attributes
    ----------
    units
        How many things are weighted: rows, or queries where whole lists are judged.
    passes
        How often computing goes over the weights, roughly.
    compute
        Takes weights, shape (weightings, units), whole numbers; returns one number for each weighting by metric.
    """

    units: int
    passes: int
    compute: Callable[[Weights], Scores]


class Grouping:
    """Sums of weights over rows that have the same code."""

    def __init__(self, codes: NDArray[np.int64]) -> None:
        self._order = np.argsort(codes, kind="stable")
        ordered = codes[self._order]
        self._starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
        self.codes: NDArray[np.int64] = ordered[self._starts]

    def sums(self, weights: Weights) -> NDArray[np.float64]:
        """Return the sum of the weights for each of `codes`, shape (weightings, codes)."""
        summed: NDArray[np.float64] = np.add.reduceat(weights[:, self._order], self._starts, axis=1)
        return summed


def share(part: NDArray[Any], whole: NDArray[Any]) -> NDArray[np.float64]:
    """Return part / whole, NaN where there is no whole."""
    shares: NDArray[np.float64] = np.full(np.broadcast(part, whole).shape, np.nan)
    np.divide(part, whole, out=shares, where=whole != 0)
    return shares


def roc_auc(is_positive: NDArray[np.bool_], scores: NDArray[np.float64]) -> Callable[[Weights], NDArray[np.float64]]:
    """Return what computes the area under the ROC curve; rows that tie count half."""
    positive, steps = is_positive.astype(np.float64), Grouping(_descending(scores))

    def compute(weights: Weights) -> NDArray[np.float64]:
        above = steps.sums(weights * positive)
        below = steps.sums(weights) - above
        before = np.cumsum(above, axis=1) - above
        return share((below * (before + above / 2)).sum(axis=1), above.sum(axis=1) * below.sum(axis=1))

    return compute


def average_precision(
    is_positive: NDArray[np.bool_], scores: NDArray[np.float64]
) -> Callable[[Weights], NDArray[np.float64]]:
    """Return what computes the area under the steps of the precision-recall curve."""
    positive, steps = is_positive.astype(np.float64), Grouping(_descending(scores))

    def compute(weights: Weights) -> NDArray[np.float64]:
        hits = steps.sums(weights * positive)
        precision = share(np.cumsum(hits, axis=1), np.cumsum(steps.sums(weights), axis=1))
        # A threshold above which nothing was drawn has no precision and adds no recall.
        return share((hits * np.nan_to_num(precision)).sum(axis=1), hits.sum(axis=1))

    return compute


def _descending(scores: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the rank of each row by its score, from the highest; rows that tie share one."""
    _, codes = np.unique(-scores, return_inverse=True)
    return codes.astype(np.int64)
