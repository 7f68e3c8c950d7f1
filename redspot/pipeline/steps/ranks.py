"""Numbers as the share of training numbers below them: `scale("quantile")`."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from redspot.pipeline.column import Table
from redspot.pipeline.node import State
from redspot.pipeline.rowcode import RowCode, Value
from redspot.pipeline.steps.values import numeral


def fit_ranks(columns: Sequence[NDArray[np.float64]], quantiles: int) -> State:
    """Learn the distinct quantiles of each column, and at each the lowest and the highest share that falls there.

    All columns lie one behind the other in each array; `starts` says where each begins.
    """
    knots: list[NDArray[np.float64]] = [np.empty(0)]
    lows: list[NDArray[np.float64]] = [np.empty(0)]
    highs: list[NDArray[np.float64]] = [np.empty(0)]
    starts = [0]
    for known in columns:
        if len(known):
            shares = np.linspace(0.0, 1.0, min(quantiles, len(known)))
            values = _quantiles(np.sort(known), len(shares))
            distinct, first = np.unique(values, return_index=True)
            last = np.append(first[1:], len(values)) - 1
            knots.append(distinct)
            lows.append(shares[first])
            highs.append(shares[last])
        starts.append(starts[-1] + (len(knots[-1]) if len(known) else 0))
    return {
        "knots": np.concatenate(knots),
        "lows": np.concatenate(lows),
        "highs": np.concatenate(highs),
        "starts": np.array(starts, dtype=np.int64),
    }


def _quantiles(ordered: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Return quantiles at equal distances.

    `numpy.quantile` misses a whole position by a rounding error at times, and equal numbers then differ in a digit.
    """
    positions = np.linspace(0.0, len(ordered) - 1, count)
    below = positions.astype(np.intp)
    above = np.minimum(below + 1, len(ordered) - 1)
    values = ordered[below] + (ordered[above] - ordered[below]) * (positions - below)
    return np.maximum.accumulate(np.where(np.isfinite(values), values, ordered[below]))


def apply_ranks(table: Table, state: State) -> Table:
    """Return the shares."""
    ranked = tuple(
        column.numeric(_ranked(column.floats(), *_part(state, index))) for index, column in enumerate(table.columns)
    )
    return Table(ranked, table.rows)


def rank_row(code: RowCode, inputs: Sequence[Value], state: State) -> list[Value]:
    """Write down the share of each value."""
    outputs = []
    for index, value in enumerate(inputs):
        function = code.constant(_ranker(*_part(state, index)))
        outputs.append(code.number(value, f"{function}({numeral(code, value)})"))
    return outputs


def _part(state: State, index: int) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    start, stop = state["starts"][index : index + 2]
    return state["knots"][start:stop], state["lows"][start:stop], state["highs"][start:stop]


def _ranked(
    values: NDArray[np.float64], knots: NDArray[np.float64], lows: NDArray[np.float64], highs: NDArray[np.float64]
) -> NDArray[np.float64]:
    if not len(knots):
        return np.full(len(values), np.nan)
    # Index of the last knot that is not above; -1 below all of them.
    places = np.searchsorted(knots, values, side="right") - 1
    left = np.clip(places, 0, len(knots) - 1)
    right = np.minimum(left + 1, len(knots) - 1)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        share = (values - knots[left]) / (knots[right] - knots[left])
        between = highs[left] + (lows[right] - highs[left]) * share
    # Where many training numbers are equal, a step of shares stands on one knot; its middle is taken.
    ranks = np.where(values == knots[left], (lows[left] + highs[left]) / 2.0, between)
    ranks = np.where(values >= knots[-1], 1.0, ranks)
    ranks = np.where(values <= knots[0], 0.0, ranks)
    return np.where(np.isnan(values), np.nan, ranks)


def _ranker(
    knots: NDArray[np.float64], lows: NDArray[np.float64], highs: NDArray[np.float64]
) -> Callable[[float], float]:
    at, low, high = knots.tolist(), lows.tolist(), highs.tolist()
    end = len(at) - 1

    def rank(value: float) -> float:
        if value != value or end < 0:
            return math.nan
        if value <= at[0]:
            return 0.0
        if value >= at[end]:
            return 1.0
        place = bisect_right(at, value) - 1
        if value == at[place]:
            return float((low[place] + high[place]) / 2.0)
        share = (value - at[place]) / (at[place + 1] - at[place])
        return float(high[place] + (low[place + 1] - high[place]) * share)

    return rank
