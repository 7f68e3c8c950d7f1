"""Metrics of lists that are ordered by a predicted score."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from redspot.pipeline.errors import InvalidTargetError
from redspot.pipeline.evaluation.outcome import Outcome
from redspot.pipeline.evaluation.scoring import Scorer, Scores, Weights, share

DEPTH = 10


def ranking_scorer(outcome: Outcome) -> Scorer:
    """Return the metrics of lists, each the rows of one query; a query counts as much as any other.

    The truth is how relevant a row is, zero or more. ``ndcg@10`` takes it as the gain and shares the gain among rows
    with the same score; for ``map`` (mean average precision) and ``mrr`` (mean of 1 / place of the first relevant row)
    a row is relevant or not, and among equal scores the relevant rows come last, so that a score that is the same for
    all gains nothing from the order of the rows. A query without a relevant row says nothing and is left out.

    Raises
    ------
    InvalidTargetError
        When a row is less relevant than zero.
    """
    relevance, score = outcome.truth.astype(np.float64), outcome.predicted.astype(np.float64)
    if (relevance < 0).any():
        raise InvalidTargetError("In a ranking the target says how relevant a row is, zero or more; some are negative.")
    _, queries = np.unique(np.asarray(outcome.groups), return_inverse=True)
    count = int(queries.max()) + 1 if len(queries) else 0
    by_query = {
        f"ndcg@{DEPTH}": _ndcg(queries, relevance, score, count),
        "map": _average_precision(queries, relevance, score, count),
        "mrr": _reciprocal_rank(queries, relevance, score, count),
    }

    def compute(weights: Weights) -> Scores:
        return {
            name: share(weights @ np.nan_to_num(values), weights @ (~np.isnan(values)).astype(np.float64))
            for name, values in by_query.items()
        }

    return Scorer(count, 6, compute)


def _ndcg(
    queries: NDArray[np.intp], relevance: NDArray[np.float64], score: NDArray[np.float64], count: int
) -> NDArray[np.float64]:
    order = np.lexsort((-score, queries))
    gained = relevance[order]
    is_new = np.append(True, (np.diff(queries[order]) != 0) | (np.diff(score[order]) != 0))[: len(order)]
    ties = np.cumsum(is_new) - 1
    shared = (np.bincount(ties, weights=gained) / np.maximum(np.bincount(ties), 1))[ties] if len(ties) else gained
    ideal_order = np.lexsort((-relevance, queries))
    gain = np.bincount(queries[order], weights=shared * _discount(queries[order]), minlength=count)
    ideal = np.bincount(queries[order], weights=relevance[ideal_order] * _discount(queries[order]), minlength=count)
    return share(gain, ideal)


def _average_precision(
    queries: NDArray[np.intp], relevance: NDArray[np.float64], score: NDArray[np.float64], count: int
) -> NDArray[np.float64]:
    ordered, is_relevant = _worst_order(queries, relevance, score)
    place, hits = _places(ordered) + 1, np.cumsum(is_relevant)
    before = np.concatenate([[0], hits])[np.searchsorted(ordered, np.arange(count))]
    precision = np.where(is_relevant, (hits - before[ordered]) / place, 0.0)
    return share(
        np.bincount(ordered, weights=precision, minlength=count),
        np.bincount(ordered, weights=is_relevant, minlength=count),
    )


def _reciprocal_rank(
    queries: NDArray[np.intp], relevance: NDArray[np.float64], score: NDArray[np.float64], count: int
) -> NDArray[np.float64]:
    ordered, is_relevant = _worst_order(queries, relevance, score)
    best = np.full(count, np.nan)
    found = np.flatnonzero(is_relevant)
    # From the back, so that the first hit of a query is written last.
    best[ordered[found][::-1]] = 1 / (_places(ordered)[found][::-1] + 1)
    return best


def _worst_order(
    queries: NDArray[np.intp], relevance: NDArray[np.float64], score: NDArray[np.float64]
) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    order = np.lexsort((relevance, -score, queries))
    return queries[order], relevance[order] > 0


def _places(ordered: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the place of each row within its query, from 0; rows of a query lie together."""
    return np.arange(len(ordered)) - np.searchsorted(ordered, ordered, side="left")


def _discount(ordered: NDArray[np.intp]) -> NDArray[np.float64]:
    places = _places(ordered)
    return np.where(places < DEPTH, 1 / np.log2(places + 2.0), 0.0)
