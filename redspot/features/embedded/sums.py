"""Sums of windows from one pass over the events, whose error depends on the window alone."""

from __future__ import annotations

import numpy as np

from redspot.features.embedded.arrays import Floats, Ints
from redspot.features.embedded.folding import State, Windows, fold

TOLERANCE = 1e-11  # of the sum of sizes; what does not keep it is added up again


class Sums:
    """Sums of any window of values that lie in order of keys.

    Each key's values are written as whole numbers of one power of two, so small that the sum of all of them stays
    below 2^62. Differences of running sums are then exact, however large the neighbours are; what is lost is
    half a unit for each value that is no whole number of units. A window where that exceeds `TOLERANCE` times the sum
    of its sizes is folded anew, by additions only.

    Parameters
    ----------
    values
        float64, shape (n,), finite; 0 where nothing is to be added.
    starts
        int64, the first position of each key, ascending.
    """

    def __init__(self, values: Floats, starts: Ints) -> None:
        self._values = values
        counts = np.diff(starts, append=len(values))
        sizes = np.abs(values)
        largest = np.maximum.reduceat(sizes, starts) if len(starts) else np.zeros(0)
        _, exponent = np.frexp(largest)
        _, bits = np.frexp(counts.astype(np.float64))
        power = np.where(largest > 0, np.clip(62 - exponent - bits, -1000, 1000), 0).astype(np.int32)
        self._unit: Floats = np.ldexp(1.0, -power)  # per key
        scaled = values * np.repeat(np.ldexp(1.0, power), counts)
        rounded = np.rint(scaled)
        is_rounded = (rounded != scaled) | ((scaled == 0) & (sizes > 0))  # the second: scaled below all floats
        whole = rounded.astype(np.int64)
        self._running = _running(whole)
        self._running_sizes = self._running if not (values < 0).any() else _running(np.abs(whole))
        self._inexact = _running(is_rounded) if is_rounded.any() else None

    def of(self, windows: Windows) -> Floats:
        """Return the sum of each window, within 1e-9 times the sum of its sizes; 0 of nothing."""
        lo, hi = windows.lo, windows.hi
        if not len(self._values):
            return np.zeros(len(lo))
        unit = self._unit[windows.key]
        found: Floats = (self._running[hi] - self._running[lo]) * unit
        if self._inexact is None:
            return found
        error = (self._inexact[hi] - self._inexact[lo]) * (0.5 * unit)
        sizes = (self._running_sizes[hi] - self._running_sizes[lo]) * unit
        doubtful = np.flatnonzero(error > TOLERANCE * (sizes - error))
        if len(doubtful):
            found[doubtful] = fold((self._values,), _add, (0.0,), windows.only(doubtful))[0]
        return found


def _running(values: np.ndarray[tuple[int], np.dtype[np.int64 | np.bool_]]) -> Ints:
    total = np.zeros(len(values) + 1, np.int64)
    np.cumsum(values, out=total[1:])
    return total


def _add(a: State, b: State) -> State:
    return (a[0] + b[0],)
