"""Metrics of predicted numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from redspot.pipeline.evaluation.outcome import Outcome
from redspot.pipeline.evaluation.scoring import Scorer, Scores, Weights, share

# What rounding leaves of a sum of squares that is zero.
_ROUNDING = 1e-12


def regression_scorer(outcome: Outcome) -> Scorer:
    """Return the metrics of a regressor.

    ``mae`` and ``medae`` are the mean and the median absolute error, ``rmse`` the root of the mean squared error,
    ``bias`` the mean of predicted minus true, ``mape`` the mean of the absolute error over the absolute true value,
    of those rows whose true value is not zero. ``r2`` and ``explained_variance`` are there when the truth varies.
    """
    truth, predicted = outcome.truth.astype(np.float64), outcome.predicted.astype(np.float64)
    error = predicted - truth
    size = np.abs(error)
    centred = truth - truth.mean() if len(truth) else truth
    is_nonzero = truth != 0
    relative = np.divide(size, np.abs(truth), out=np.zeros(len(truth)), where=is_nonzero)
    order = np.argsort(size, kind="stable")
    ordered = size[order]

    def compute(weights: Weights) -> Scores:
        rows = weights.sum(axis=1)
        squares, bias = weights @ size**2, share(weights @ error, rows)
        raw = weights @ centred**2
        total = raw - share((weights @ centred) ** 2, rows)
        total = np.where(total > _ROUNDING * raw, total, 0.0)
        return {
            "mae": share(weights @ size, rows),
            "rmse": np.sqrt(share(squares, rows)),
            "r2": 1 - share(squares, total),
            "medae": _median(ordered, weights[:, order]),
            "mape": share(weights @ relative, weights @ is_nonzero.astype(np.float64)),
            "bias": bias,
            "explained_variance": 1 - share(np.maximum(squares - rows * bias**2, 0.0), total),
        }

    return Scorer(len(outcome), 9, compute)


def _median(ordered: NDArray[np.float64], weights: Weights) -> NDArray[np.float64]:
    """Return the median of ascending values that each count as often as their weight says."""
    medians = np.full(len(weights), np.nan)
    for index, cumulated in enumerate(np.cumsum(weights, axis=1)):
        if len(cumulated) and cumulated[-1] > 0:
            middle = np.array([(cumulated[-1] - 1) // 2, cumulated[-1] // 2])
            medians[index] = ordered[np.searchsorted(cumulated, middle, side="right")].mean()
    return medians
