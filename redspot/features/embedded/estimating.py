"""Estimates of distinct values of windows, each the estimate of a sketch of its own."""

from __future__ import annotations

import numpy as np

from redspot.features.embedded.arrays import Bools, Ints, ramp
from redspot.features.sketches.distinct import REGISTERS, Hashes, estimate, places

PAIRS = 4_000_000  # of query and event, at a time


def estimate_distinct(hashes: Hashes, valid: Bools | None, lo: Ints, hi: Ints) -> Ints:
    """Return what a `DistinctSketch` of each window's values would estimate.

    Every pair of query and event is looked at, so unlike the exact count this costs the length of the windows.
    """
    register, place = places(hashes)
    found = np.zeros(len(lo), np.int64)
    reached = np.cumsum(hi - lo)
    begin = 0
    while begin < len(lo):
        done = int(reached[begin - 1]) if begin else 0
        end = max(begin + 1, int(np.searchsorted(reached, done + PAIRS, side="right")))
        lengths = (hi - lo)[begin:end]
        query = np.repeat(np.arange(end - begin), lengths)
        event = np.repeat(lo[begin:end], lengths) + ramp(lengths)
        if valid is not None:
            query, event = query[valid[event]], event[valid[event]]
        found[begin:end] = _estimates(query, register[event], place[event], end - begin)
        begin = end
    return found


def _estimates(query: Ints, register: Ints, place: np.ndarray[tuple[int], np.dtype[np.uint8]], queries: int) -> Ints:
    packed = np.sort((query * REGISTERS + register) * 64 + place)
    cell = packed >> 6
    is_greatest = np.ones(len(packed), bool)
    is_greatest[:-1] = cell[1:] != cell[:-1]
    of_query = cell[is_greatest] // REGISTERS
    used = np.bincount(of_query, minlength=queries)
    inverse = np.ldexp(1.0, -(packed[is_greatest] & 63).astype(np.int32))
    zeros = REGISTERS - used
    total = np.bincount(of_query, inverse, minlength=queries).astype(np.float64) + zeros
    return estimate(total, zeros)
