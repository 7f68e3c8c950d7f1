"""Windows folded from partial results of aligned blocks: only additions, never a difference."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from redspot.features.embedded.arrays import Floats, Ints

State = tuple[Floats, ...]


@dataclass(frozen=True, slots=True)
class Windows:
    """Windows of events that lie in order of keys.

    Attributes
    ----------
    starts
        int64, shape (keys,), the first position of each key, ascending.
    key
        int64, shape (queries,), which of the starts a window belongs to; anything for an empty one.
    lo, hi
        int64, shape (queries,), its first position and the one after its last.
    """

    starts: Ints
    key: Ints
    lo: Ints
    hi: Ints

    def only(self, which: Ints) -> Windows:
        """Return some of the windows."""
        return Windows(self.starts, self.key[which], self.lo[which], self.hi[which])


def fold(leaves: State, combine: Callable[[State, State], State], identity: Sequence[float], windows: Windows) -> State:
    """Return the combination of the leaves of each window, in their order.

    Each level halves every key's leaves, and a window takes at most two partial results of a level, so it costs the
    logarithm of its length. Blocks are aligned to the keys' own beginnings, so a result does not depend on
    which other keys are there.

    Parameters
    ----------
    leaves
        float64 arrays of shape (n,), one for each part of a state.
    combine
        Joins two states, the earlier one first; associative.
    identity
        The state of nothing.
    windows
        Where to look.
    """
    left = tuple(np.full(len(windows.lo), value) for value in identity)
    right = tuple(np.full(len(windows.lo), value) for value in identity)
    active = np.flatnonzero(windows.lo < windows.hi)
    starts, level = windows.starts, leaves
    counts = np.diff(starts, append=len(leaves[0]))
    key = windows.key
    lo, hi = np.zeros_like(windows.lo), np.zeros_like(windows.hi)
    lo[active] = windows.lo[active] - starts[key[active]]
    hi[active] = windows.hi[active] - starts[key[active]]
    while len(active):
        odd = active[(lo[active] & 1) == 1]
        _put(left, odd, combine(_at(left, odd), _at(level, starts[key[odd]] + lo[odd])))
        lo[odd] += 1
        odd = active[(hi[active] & 1) == 1]
        hi[odd] -= 1
        _put(right, odd, combine(_at(level, starts[key[odd]] + hi[odd]), _at(right, odd)))
        lo[active] >>= 1
        hi[active] >>= 1
        active = active[lo[active] < hi[active]]
        if len(active):
            uneven = counts % 2 == 1
            ends = starts[uneven] + counts[uneven]
            level = tuple(np.insert(part, ends, value) for part, value in zip(level, identity, strict=True))
            level = combine(tuple(part[0::2] for part in level), tuple(part[1::2] for part in level))
            counts = (counts + 1) // 2
            starts = np.cumsum(counts) - counts
    return combine(left, right)


def _at(state: State, where: Ints) -> State:
    return tuple(part[where] for part in state)


def _put(state: State, where: Ints, values: State) -> None:
    for part, value in zip(state, values, strict=True):
        part[where] = value
