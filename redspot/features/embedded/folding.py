"""Windows folded from partial results of aligned blocks: only additions, never a difference."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from redspot.features.embedded.arrays import Floats, Ints

State = tuple[Floats, ...]


def fold(leaves: State, combine: Callable[[State, State], State], identity: Sequence[float], lo: Ints, hi: Ints) -> State:
    """Return the combination of the leaves ``lo … hi - 1`` of each query, in their order.

    Each level halves the leaves, and a query takes at most two partial results of a level, so a query costs the
    logarithm of its window's length.

    Parameters
    ----------
    leaves
        float64 arrays of shape (n,), one for each part of a state.
    combine
        Joins two states, the earlier one first; associative.
    identity
        The state of nothing.
    lo, hi
        int64, shape (queries,), ``0 <= lo <= hi <= n``.
    """
    left = tuple(np.full(len(lo), value) for value in identity)
    right = tuple(np.full(len(lo), value) for value in identity)
    lo, hi = lo.copy(), hi.copy()
    level = leaves
    active = np.flatnonzero(lo < hi)
    while len(active):
        odd = active[(lo[active] & 1) == 1]
        _put(left, odd, combine(_at(left, odd), _at(level, lo[odd])))
        lo[odd] += 1
        odd = active[(hi[active] & 1) == 1]
        hi[odd] -= 1
        _put(right, odd, combine(_at(level, hi[odd]), _at(right, odd)))
        lo[active] >>= 1
        hi[active] >>= 1
        active = active[lo[active] < hi[active]]
        if len(active):
            if len(level[0]) % 2:
                level = tuple(np.append(part, value) for part, value in zip(level, identity, strict=True))
            level = combine(tuple(part[0::2] for part in level), tuple(part[1::2] for part in level))
    return combine(left, right)


def _at(state: State, where: Ints) -> State:
    return tuple(part[where] for part in state)


def _put(state: State, where: Ints, values: State) -> None:
    for part, value in zip(state, values, strict=True):
        part[where] = value
