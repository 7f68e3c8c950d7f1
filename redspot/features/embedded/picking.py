"""The first and last values of windows."""

from __future__ import annotations

import numpy as np

from redspot.features.embedded.arrays import Bools, Ints, prefix_counts, ramp


def pick_one(valid: Bools | None, lo: Ints, hi: Ints, *, is_last: bool) -> tuple[Ints, Bools]:
    """Return the position of the first or last value of each window, and where there is none."""
    if valid is None:
        absent = lo >= hi
        return np.where(absent, 0, hi - 1 if is_last else lo), absent
    counts, positions = prefix_counts(valid), np.flatnonzero(valid)
    begin, end = counts[lo], counts[hi]
    absent = begin >= end
    if not len(positions):
        return np.zeros(len(lo), np.int64), absent
    return positions[np.where(absent, 0, end - 1 if is_last else begin)], absent


def pick_several(valid: Bools | None, lo: Ints, hi: Ints, k: int, *, is_last: bool) -> tuple[Ints, Ints]:
    """Return how many values each window gives, at most k, and their positions, from the outermost inwards."""
    if valid is not None:
        counts = prefix_counts(valid)
        lo, hi = counts[lo], counts[hi]
    lengths = np.minimum(k, hi - lo)
    step = ramp(lengths)
    inner = np.repeat(hi - 1, lengths) - step if is_last else np.repeat(lo, lengths) + step
    return lengths, inner if valid is None else np.flatnonzero(valid)[inner]
