"""Features of a block: which kernel answers which aggregation."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pyarrow as pa

from redspot.features.aggregation import Aggregation, Function
from redspot.features.embedded.arrays import Bools, Ints, Values, prefix_counts, ramp
from redspot.features.embedded.block import Block, Coded, as_floats
from redspot.features.embedded.estimating import estimate_distinct
from redspot.features.embedded.extremes import range_maximum
from redspot.features.embedded.moments import central_moments
from redspot.features.embedded.ordering import count_distinct, kth_smallest
from redspot.features.embedded.picking import pick_one, pick_several
from redspot.features.window import Window

Kernel = Callable[[Block, Aggregation, Window], pa.Array]


def evaluate(block: Block, aggregation: Aggregation, window: Window, *, whole_rows: bool = False) -> pa.Array:
    """Return one feature for each query of a block, in the block's order.

    Parameters
    ----------
    block
        Events and queries.
    aggregation, window
        What is computed.
    whole_rows
        Whether `last` takes the value of the last event even where it is missing, as for snapshots and changes.
    """
    with np.errstate(all="ignore"):
        if aggregation.bucket is not None:
            return _by_bucket(block, aggregation, window)
        if whole_rows:
            return _last_row(block, aggregation, window)
        return KERNELS[aggregation.function](block, aggregation, window)


def _by_bucket(block: Block, aggregation: Aggregation, window: Window) -> pa.Array:
    assert aggregation.bucket is not None  # noqa: S101  the caller asked
    inner, here, bucket = block.by_bucket(aggregation.bucket)
    counts = inner.counts(aggregation.column, window)
    values = KERNELS[aggregation.function](inner, aggregation, window)
    kept = np.flatnonzero(counts > 0)
    kept = kept[np.lexsort((bucket[kept], here[kept]))]
    offsets = np.searchsorted(here[kept], np.arange(len(block.query_code) + 1)).astype(np.int32)
    names = block.columns[aggregation.bucket].decode(bucket[kept], None)
    return pa.MapArray.from_arrays(pa.array(offsets), names, values.take(pa.array(kept)))


def _count(block: Block, aggregation: Aggregation, window: Window) -> pa.Array:
    return pa.array(block.counts(aggregation.column, window))


def _sum(block: Block, aggregation: Aggregation, window: Window) -> pa.Array:
    name = str(aggregation.column)
    return pa.array(block.totals(name, window), mask=block.counts(name, window) == 0)


def _mean(block: Block, aggregation: Aggregation, window: Window) -> pa.Array:
    name = str(aggregation.column)
    counts = block.counts(name, window)
    return pa.array(block.totals(name, window) / np.maximum(counts, 1), mask=counts == 0)


def _maximum(block: Block, aggregation: Aggregation, window: Window) -> pa.Array:
    lo, hi = block.bounds(window)
    column = block.column(str(aggregation.column))
    found = range_maximum(_filled(column, sign=1), lo, hi)
    return column.decode(found, block.counts(aggregation.column, window) == 0)


def _minimum(block: Block, aggregation: Aggregation, window: Window) -> pa.Array:
    lo, hi = block.bounds(window)
    column = block.column(str(aggregation.column))
    turned = _filled(column, sign=-1)
    absent = block.counts(aggregation.column, window) == 0
    if turned.dtype == np.float64:
        return column.decode(-range_maximum(-turned, lo, hi), absent)
    # -x of the smallest int64 is itself; -1 - x turns the order of whole numbers round without that.
    return column.decode(-1 - range_maximum(-1 - turned, lo, hi), absent)


def _filled(column: Coded, *, sign: int) -> Values:
    if column.valid is None:
        return column.values
    if column.values.dtype == np.float64:
        return np.where(column.valid, column.values, -sign * np.inf)
    limits = np.iinfo(np.int64)
    return np.where(column.valid, column.values, limits.min if sign > 0 else limits.max)


def _spread(block: Block, aggregation: Aggregation, window: Window) -> pa.Array:
    column = block.in_tie_order(str(aggregation.column))
    values = as_floats(column.values)
    valid = np.isfinite(values) if column.valid is None else column.valid & np.isfinite(values)
    order = 2 if aggregation.function in (Function.VARIANCE, Function.STD) else 4
    counts, _, second, *higher = central_moments(values, None if valid.all() else valid, order, block.windows(window))
    holds_infinite = block.counts(aggregation.column, window) > counts
    match aggregation.function:
        case Function.VARIANCE | Function.STD:
            found, absent = second / np.maximum(counts - 1, 1), counts < 2
            if aggregation.function is Function.STD:
                found = np.sqrt(found)
        case Function.SKEW:
            found, absent = np.sqrt(counts) * higher[0] / second**1.5, second <= 0
        case _:
            found, absent = counts * higher[1] / second**2 - 3, second <= 0
    found[holds_infinite] = np.nan
    return pa.array(found, mask=absent & ~holds_infinite)


def _one(block: Block, aggregation: Aggregation, window: Window) -> pa.Array:
    lo, hi = block.bounds(window)
    column = block.in_tie_order(str(aggregation.column))
    where, absent = pick_one(column.valid, lo, hi, is_last=aggregation.function is Function.LAST)
    return _at(column, where, absent)


def _last_row(block: Block, aggregation: Aggregation, window: Window) -> pa.Array:
    lo, hi = block.bounds(window)
    column = block.in_tie_order(str(aggregation.column))
    where, absent = pick_one(None, lo, hi, is_last=True)
    if column.valid is not None and len(column.valid):
        absent = absent | ~column.valid[where]
    return _at(column, where, absent)


def _at(column: Coded, where: Ints, absent: Bools) -> pa.Array:
    if not len(column.values):
        return column.decode(np.zeros_like(column.values, shape=len(where)), absent)
    return column.decode(column.values[where], absent)


def _several(block: Block, aggregation: Aggregation, window: Window) -> pa.Array:
    lo, hi = block.bounds(window)
    column = block.in_tie_order(str(aggregation.column))
    is_last = aggregation.function is Function.LAST_K
    lengths, where = pick_several(column.valid, lo, hi, aggregation.k or 1, is_last=is_last)
    return _listed(lengths, column.decode(column.values[where], None))


def _listed(lengths: Ints, flat: pa.Array) -> pa.Array:
    offsets = np.zeros(len(lengths) + 1, np.int32)
    np.cumsum(lengths, out=offsets[1:])
    return pa.ListArray.from_arrays(pa.array(offsets), flat)


def _ranked(block: Block, name: str, window: Window) -> tuple[Values, Ints, Ints, Ints]:
    """Return a column's distinct values, ranks of those that are there, and the windows among these."""
    column = block.column(name)
    lo, hi = block.bounds(window)
    if column.valid is not None:
        running = block.valid_counts(name)
        assert running is not None  # noqa: S101  some are missing
        lo, hi = running[lo], running[hi]
    distinct, ranks = block.ranks(name)
    return distinct, ranks, lo, hi


def _extreme_values(block: Block, aggregation: Aggregation, window: Window) -> pa.Array:
    name = str(aggregation.column)
    distinct, ranks, lo, hi = _ranked(block, name, window)
    lengths = np.minimum(aggregation.k or 1, hi - lo)
    step = ramp(lengths)
    begin, end = np.repeat(lo, lengths), np.repeat(hi, lengths)
    k = end - begin - 1 - step if aggregation.function is Function.TOP_K else step
    found = kth_smallest(ranks, begin, end, k)
    return _listed(lengths, block.columns[name].decode(distinct[found], None))


def _distinct(block: Block, aggregation: Aggregation, window: Window) -> pa.Array:
    _, ranks, lo, hi = _ranked(block, str(aggregation.column), window)
    return pa.array(count_distinct(ranks, lo, hi))


def _approx_distinct(block: Block, aggregation: Aggregation, window: Window) -> pa.Array:
    lo, hi = block.bounds(window)
    column = block.column(str(aggregation.column))
    return pa.array(estimate_distinct(column.identity(column.values), column.valid, lo, hi))


def _quantile(block: Block, aggregation: Aggregation, window: Window) -> pa.Array:
    distinct, ranks, lo, hi = _ranked(block, str(aggregation.column), window)
    counts = hi - lo
    some = np.flatnonzero(counts > 0)
    place = (counts[some] - 1) * (aggregation.share or 0.0)
    below = np.floor(place).astype(np.int64)
    values = as_floats(distinct)
    lower = values[kth_smallest(ranks, lo[some], hi[some], below)]
    upper = values[kth_smallest(ranks, lo[some], hi[some], np.minimum(below + 1, counts[some] - 1))]
    found = np.zeros(len(lo))
    between = lower + (upper - lower) * (place - below)
    stays = (place == below) | (lower == upper) | (np.isinf(lower) & np.isfinite(upper))
    found[some] = np.where(stays, lower, between)
    return pa.array(found, mask=counts == 0)


def _histogram(block: Block, aggregation: Aggregation, window: Window) -> pa.Array:
    lo, hi = block.bounds(window)
    column = block.column(str(aggregation.column))
    values, edges = as_floats(column.values), np.array(aggregation.edges)
    bins = len(edges) - 1
    place = np.searchsorted(edges, values, side="right") - 1
    place[values == edges[-1]] = bins - 1
    if column.valid is not None:
        place[~column.valid] = -1
    found = np.zeros((len(lo), bins), np.int64)
    for index in range(bins):
        running = prefix_counts(place == index)
        found[:, index] = running[hi] - running[lo]
    return _listed(np.full(len(lo), bins), pa.array(found.reshape(-1)))


def _time_since_last(block: Block, aggregation: Aggregation, window: Window) -> pa.Array:
    lo, hi = block.bounds(window)
    absent = lo >= hi
    if not len(block.at):
        return pa.array(np.zeros(len(lo)), mask=absent)
    since = block.query_time - block.sorted_time[np.where(absent, 0, hi - 1)]
    return pa.array(since / 1e6, mask=absent)


KERNELS: Mapping[Function, Kernel] = {
    Function.COUNT: _count,
    Function.SUM: _sum,
    Function.MEAN: _mean,
    Function.MIN: _minimum,
    Function.MAX: _maximum,
    Function.VARIANCE: _spread,
    Function.STD: _spread,
    Function.SKEW: _spread,
    Function.KURTOSIS: _spread,
    Function.FIRST: _one,
    Function.LAST: _one,
    Function.FIRST_K: _several,
    Function.LAST_K: _several,
    Function.TOP_K: _extreme_values,
    Function.BOTTOM_K: _extreme_values,
    Function.DISTINCT: _distinct,
    Function.APPROX_DISTINCT: _approx_distinct,
    Function.HISTOGRAM: _histogram,
    Function.QUANTILE: _quantile,
    Function.TIME_SINCE_LAST: _time_since_last,
}
