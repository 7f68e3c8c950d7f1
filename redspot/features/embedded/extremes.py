"""The greatest value of windows, from a table of greatest values over powers of two."""

from __future__ import annotations

import numpy as np

from redspot.features.embedded.arrays import Ints, Values


def range_maximum(values: Values, lo: Ints, hi: Ints) -> Values:
    """Return the greatest value of each window that holds any; of an empty window the result means nothing.

    The table is made level by level and kept no longer than it is needed, so it costs one more array, and as many
    levels as the longest window asks for.

    Parameters
    ----------
    values
        int64 or float64 without NaN, shape (n,).
    lo, hi
        int64, shape (queries,), ``0 <= lo <= hi <= n``.
    """
    found = np.zeros_like(values, shape=len(lo))
    lengths = hi - lo
    level = (np.frexp(lengths.astype(np.float64))[1] - 1).astype(np.int8)  # -1: empty
    order = np.argsort(level, kind="stable")
    ends = np.searchsorted(level[order], np.arange(-1, 64), side="right")
    table: Values = values
    for step in range(int(level.max(initial=-1)) + 1):
        if step:
            half = 1 << (step - 1)
            table = np.maximum(table[:-half], table[half:])
        here = order[ends[step] : ends[step + 1]]
        if len(here):
            found[here] = np.maximum(table[lo[here]], table[hi[here] - (1 << step)])
    return found
